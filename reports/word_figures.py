"""Figures of a report on when the words of a title decide together with a photo.

A title decides if the photo gives its kind at least a certain probability, the minimum share.
training/evaluation/title_shares.py measures which; inference/title_rule.py is the rule that uses it. Plain
values.
"""

from typing import Annotated

from pydantic import Field

from inference.contract import NetworkName
from inference.posterior import FormulaFigures
from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares
from model_store.manifest import FrozenModel, Share, describe_schema

Count = Annotated[int, Field(ge=0)]


class WordsOf(FrozenModel):
    """The effect of words on one set of photos at one share."""

    model_config = describe_schema("What words on one set of photos show at one share.")

    n: Count = Field(description="Photos that carry a right word.")
    confirmed: Count
    wrong_n: Count = Field(description="Photos that carry a wrong word.")
    wrong_confirmed: Count = Field(description="Of these, where each has the worst one.")
    right: Share | None = Field(
        default=None,
        description="Share of the answers so accepted that is right at least, where some titles are wrong, "
        "each in the worst way; null where the set decides nothing.",
    )
    needed: Share | None = Field(default=None, description="Of that; null likewise.")


class WordsAt(FrozenModel):
    """The effect of words at one share."""

    model_config = describe_schema("What one share shows.")

    share: Share = Field(description="Of the photo, which the words need at least.")
    sets: dict[str, WordsOf] = Field(description="By tier, or by what else the photos are.")
    beside: dict[str, WordsOf] = Field(
        default_factory=dict,
        exclude_if=lambda sets: not sets,
        description="Sets that decide nothing; absent without any.",
    )

    @property
    def is_shown(self) -> bool:
        """Whether every set shows the share that it needs."""
        return bool(self.sets) and all((of.right or 0) >= (of.needed or 1) for of in self.sets.values())


class WordsPromise(FrozenModel):
    """The effect of words of one sort at each share that was tried."""

    model_config = describe_schema("What words of one sort show at each share that was tried.")

    least: Share | None = Field(
        description="The smallest share that is shown; null where such words accept nothing."
    )
    at: tuple[WordsAt, ...]

    @property
    def figures(self) -> WordsAt:
        """The figures at the minimum share; at the largest share that was tried, if none is shown."""
        return next((figures for figures in self.at if figures.share == self.least), self.at[-1])


class WordFigures(FrozenModel):
    """The effect of words of a list beside the answers of one network."""

    model_config = describe_schema("What words of a list show beside the answers of one network.")

    network: NetworkName
    wrong_titles: Share = Field(description="Share of titles that is assumed to be wrong.")
    named: WordsPromise = Field(description="Of words for kinds that have a label of their own.")
    other: WordsPromise | None = Field(
        default=None,
        json_schema_extra=lambda schema: schema.update(oneOf=schema.pop("anyOf")),
        description="Of words for kinds that have none; null where nothing answers `other`.",
    )


def read_minimum_shares(figures: WordFigures | None, network: NetworkName) -> MinimumShares:
    """Return the probabilities that a photo must give to the kinds in a title for the title to decide.

    Args:
        figures: the figures of the report; None if it has none.
        network: the network that answered the photo.

    Returns:
        The minimum shares; NO_MINIMUM_SHARES if the figures are missing or about another network.
    """
    if figures is None or figures.network != network:
        return NO_MINIMUM_SHARES
    return MinimumShares(named=figures.named.least, other=figures.other.least if figures.other else None)


def read_formula_figures(figures: WordFigures | None, network: NetworkName) -> FormulaFigures | None:
    """Return the numbers with which words and photos decide together.

    Args:
        figures: the figures of the report; None if it has none.
        network: the network that answered the photo.

    Returns:
        The numbers; None if words can only contradict the photo, because the report has no figures about
        this network, or because words accept nothing.
    """
    return None if read_minimum_shares(figures, network) == NO_MINIMUM_SHARES else FormulaFigures()

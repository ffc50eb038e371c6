"""Figures of a report about titles: when the words of a title or a category decide together with a photo.

A kind is the sort of garment that a word names, such as `skirt`. Its probability is that of the photo, times
a factor for each word that names other kinds (inference/posterior.py), scaled to sum 1. A report keeps these
factors, and the threshold from which such a probability is accepted.
"""

from typing import Annotated, Final

from pydantic import AliasChoices, Field

from inference.contract import NetworkName
from inference.posterior import (
    WRONG_BROAD_WORD,
    WRONG_PERSON,
    WRONG_WORD,
    FormulaFigures,
)
from model_store.manifest import FrozenModel, Share, make_schema_config
from reports.field_types import Count, is_none

Factor = Annotated[float, Field(gt=0, le=1)]
"""Factor by which the probability of a kind is multiplied if a word names other kinds, such as .01."""

NEEDED_LOWER_BOUND_KEYS: Final = AliasChoices("needed_lower_bound", "needed")
"""Keys of the lower bound that is enough: today's, and that of schema 11 and before."""


class WordsOf(FrozenModel):
    """Figures on photos of one set that are decided about together with right and with wrong words."""

    model_config = make_schema_config("Figures about words on one set of photos at one threshold.")

    n: Count = Field(description="Number of photos with a right word.")
    accepted: Count = Field(
        description="Number of these photos about which an answer with the right word is accepted."
    )
    wrong_n: Count = Field(description="Number of photos with a wrong word.")
    wrong_accepted: Count = Field(
        description=(
            "Number of these photos about which an answer with the wrong word that suits the photo "
            "best is accepted."
        )
    )
    right_lower_bound: Share | None = Field(
        default=None,
        validation_alias=AliasChoices("right_lower_bound", "right"),
        description=(
            "Share of the accepted answers that is right at least, if a few words are wrong; null for "
            "a set that does not decide. Called `right` in older reports."
        ),
    )
    needed_lower_bound: Share | None = Field(
        default=None,
        validation_alias=NEEDED_LOWER_BOUND_KEYS,
        description=(
            "Smallest `right_lower_bound` that is enough; null for a set that does not decide. Called "
            "`needed` in older reports."
        ),
    )


class WordsAt(FrozenModel):
    """Figures on all sets of photos, if an answer with words is accepted from one threshold on."""

    model_config = make_schema_config(
        "Figures about words if an answer is accepted from one threshold of probability on."
    )

    threshold: Share = Field(description="Smallest probability of an accepted kind.")
    sets: dict[str, WordsOf] = Field(
        description="Figures of each set of photos, by tier or by what else they are."
    )
    beside: dict[str, WordsOf] = Field(
        default_factory=dict,
        exclude_if=lambda sets: not sets,
        description=(
            "Figures of further sets of photos, which do not decide whether the threshold is enough; "
            "absent without any."
        ),
    )

    @property
    def is_shown(self) -> bool:
        """Whether enough accepted answers are right in every set."""
        return bool(self.sets) and all(
            (of.right_lower_bound or 0) >= (of.needed_lower_bound or 1) for of in self.sets.values()
        )


class WordsPromise(FrozenModel):
    """The chosen threshold for answers with words of one sort, and the figures at each that was tried."""

    model_config = make_schema_config(
        "The chosen threshold for answers with words of one sort, and the figures at each "
        "threshold that was tried."
    )

    threshold: Share | None = Field(
        description="Smallest threshold that is enough; null if such words accept nothing."
    )
    at: tuple[WordsAt, ...]

    @property
    def figures(self) -> WordsAt:
        """The figures at the chosen threshold; without one, those at the largest that was tried."""
        return next((figures for figures in self.at if figures.threshold == self.threshold), self.at[-1])

    def find_figures(self, threshold: float) -> WordsAt | None:
        """Return the figures at a threshold; None if it was not tried."""
        return next((figures for figures in self.at if figures.threshold == threshold), None)


class OutsideKinds(FrozenModel):
    """The accepted kinds of photos that belong to none of the classes."""

    model_config = make_schema_config(
        "Photos whose accepted kind belongs to none of the classes, while their class is in review."
    )

    n: Count = Field(description="Number of such photos from sources that the network had not learnt.")
    right: Count = Field(description="Number of these photos that show none of the classes.")
    lower_bound: Share = Field(
        description="One-sided 95% lower bound of the share of these photos that shows none of the classes."
    )
    needed_lower_bound: Share = Field(
        validation_alias=NEEDED_LOWER_BOUND_KEYS,
        description=(
            "Smallest `lower_bound` with which the class of such photos is `none of these`. Called `needed` "
            "in older reports."
        ),
    )

    @property
    def is_shown(self) -> bool:
        """Whether enough of these kinds are right."""
        return self.lower_bound >= self.needed_lower_bound


class WordFigures(FrozenModel):
    """Figures on how the words of a list and the answers of one network decide together."""

    model_config = make_schema_config(
        "Figures on how the words of a list and the answers of one network decide together."
    )

    network: NetworkName
    wrong_titles: Share = Field(description="Share of titles that is assumed to be wrong.")
    wrong_word: Factor = Field(
        default=WRONG_WORD,
        description="Factor of the probability of each kind that a title or a category does not name.",
    )
    wrong_broad_word: Factor = Field(
        default=WRONG_BROAD_WORD, description="The same factor for words that name three kinds or more."
    )
    wrong_person: Factor = Field(
        default=WRONG_PERSON, description="The same factor if a person said what the words mean."
    )
    named: WordsPromise = Field(description="Figures about words for kinds that have a label of their own.")
    other: WordsPromise | None = Field(
        default=None,
        json_schema_extra=lambda schema: schema.update(oneOf=schema.pop("anyOf")),
        description="Figures about words for kinds without a label; null if no label is `other`.",
    )
    outside: OutsideKinds | None = Field(
        default=None,
        json_schema_extra=lambda schema: schema.update(oneOf=schema.pop("anyOf")),
        description="Figures about accepted kinds that belong to no class; null if they were not measured.",
    )
    parts: WordsPromise | None = Field(
        default=None,
        exclude_if=is_none,
        json_schema_extra=lambda schema: schema.update(oneOf=schema.pop("anyOf")),
        description=(
            "Figures about kinds that words name and that parts of the photo show (second look); absent if "
            "they were not measured."
        ),
    )

    @property
    def can_accept_other(self) -> bool:
        """Whether words for kinds that have no label of their own are reliable enough to decide, too."""
        if self.other is None or self.named.threshold is None:
            return False
        figures = self.other.find_figures(self.named.threshold)
        return figures is not None and figures.is_shown


def read_formula_figures(figures: WordFigures | None, network: NetworkName) -> FormulaFigures | None:
    """Return the numbers with which words and photos decide together.

    Args:
        figures: the figures of the report; None if it has none.
        network: the network that answered the photo.

    Returns:
        The numbers; None if words can only contradict the photo, because nothing was measured for this
        network, or because no threshold was enough.
    """
    if figures is None or figures.network != network or figures.named.threshold is None:
        return None
    return FormulaFigures(
        wrong_word=figures.wrong_word,
        wrong_broad_word=figures.wrong_broad_word,
        wrong_person=figures.wrong_person,
        threshold=figures.named.threshold,
        can_accept_other=figures.can_accept_other,
        can_accept_outside=figures.outside is not None and figures.outside.is_shown,
        second_threshold=figures.parts.threshold if figures.parts else None,
    )

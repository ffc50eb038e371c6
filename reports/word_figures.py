"""From which share of a photo the words of a list may decide: what a report keeps of it.

words.py measures it; inference/title_rule.py is the rule that uses the shares. Plain values.
"""

from typing import Annotated

from pydantic import Field

from inference.contract import NetworkName
from inference.title_rule import NO_SHARES, Shares
from model_store.manifest import Frozen, Share

Count = Annotated[int, Field(ge=0)]


class WordsOf(Frozen):
    """What words on one set of photos show at one share.

    Attributes:
        n: photos that carry a right word.
        confirmed: of these.
        wrong_n: photos that carry a wrong word.
        wrong_confirmed: of these, where each has the worst one.
        right: share of the answers so accepted that is right at least, where some of the titles are wrong,
            each in the worst way; None where the set decides nothing.
        needed: of that; None likewise.
    """

    n: Count
    confirmed: Count
    wrong_n: Count
    wrong_confirmed: Count
    right: Share | None = None
    needed: Share | None = None


class WordsAt(Frozen):
    """What one share shows.

    Attributes:
        share: of the photo, which the words need at least.
        sets: by tier, or by what else the photos are.
        beside: sets that decide nothing.
    """

    share: Share
    sets: dict[str, WordsOf]
    beside: dict[str, WordsOf] = Field(default_factory=dict, exclude_if=lambda sets: not sets)

    @property
    def is_shown(self) -> bool:
        """Whether every set shows what it needs."""
        return bool(self.sets) and all((of.right or 0) >= (of.needed or 1) for of in self.sets.values())


class WordsPromise(Frozen):
    """What words of one sort show at each share that was tried.

    Attributes:
        least: the smallest share that is shown; None where such words accept nothing.
        at: by rising share.
    """

    least: Share | None
    at: tuple[WordsAt, ...]


class WordFigures(Frozen):
    """What words of a list show beside the answers of one network.

    Attributes:
        network: that answered.
        wrong_titles: share of titles that is assumed to be wrong.
        named: of words for kinds that have a label of their own.
        other: of words for kinds that have none; None where nothing answers `other`.
    """

    network: NetworkName
    wrong_titles: Share
    named: WordsPromise
    other: WordsPromise | None = None


def shares_of(figures: WordFigures | None, network: NetworkName) -> Shares:
    """From which shares words decide beside the answers of a network."""
    if figures is None or figures.network != network:
        return NO_SHARES
    return Shares(named=figures.named.least, other=figures.other.least if figures.other else None)

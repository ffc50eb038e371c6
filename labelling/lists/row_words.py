"""The words of a list about one row, and the kinds of garment that they allow.

For the title "Pleated skirt" and the category "Women > Dresses" they are

    RowWords(
        meaning=ListMeaning(kinds={"skirt"}),         for columns, cards and the summary
        title=Words(kinds={"skirt"}),                 for the decision
        category=Words(kinds={"dress"}),              for the decision
    )

A kind is a garment as shops name it. If the titles of one product share no kind, or the title and an
explained category do not, the meaning has a conflict, and a person has to look.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from inference.garment_evidence import NO_WORDS, WordEvidence
from inference.reasons import Reason
from labelling.lists.own_words import Meaning, combine_meanings


class ListMeaning(NamedTuple):
    """The kinds of garment that a product can be, by what the list says about it.

    Attributes:
        kinds: the kinds that the words allow, such as {"skirt"}; empty if the words say nothing.
        conflict: why a person has to look, whatever the photo shows; None if the words agree.
    """

    kinds: Meaning = frozenset()
    conflict: Reason | None = None


NO_MEANING: Final = ListMeaning()
"""The meaning of a row whose words say nothing about kinds."""


class TitleWords(NamedTuple):
    """The words of one title, or of all titles of a product.

    Attributes:
        meaning: the kinds for columns, review cards and the summary. "Set Anna" names none here.
        words: the kinds for the decision about the product, in which "Set Anna" is a `set`; none if no word
            is known, or if the titles contradict each other.
    """

    meaning: ListMeaning = NO_MEANING
    words: WordEvidence = NO_WORDS


NO_TITLE_WORDS: Final = TitleWords()
"""The words of a title in which no word is known."""


class RowWords(NamedTuple):
    """The words of a list about one row.

    Attributes:
        meaning: the kinds for columns, review cards and the summary, from title and category together.
        title: the kinds that the title names, for the decision about the product.
        category: the kinds of the category for this decision: as a person explained it, or by its known word.
    """

    meaning: ListMeaning = NO_MEANING
    title: WordEvidence = NO_WORDS
    category: WordEvidence = NO_WORDS


NO_ROW_WORDS: Final = RowWords()
"""The words of a row in which no word is known."""


def combine_titles(titles: Sequence[TitleWords]) -> TitleWords:
    """Return the kinds of garment that all titles of one product name; titles that name none are ignored.

    If they have none in common ("Leggings", "T-shirt"), two articles probably share one article number. Then
    the result is marked with the conflict CONTRADICTING.

    Args:
        titles: the words of each different title of the product.
    """
    meaning = _combine_title_meanings([title.meaning for title in titles if title.meaning.kinds])
    if meaning.conflict:
        return TitleWords(meaning)
    known_words = [title.words for title in titles if title.words.kinds]
    if not meaning.kinds:  # words for sets alone
        return TitleWords(meaning, known_words[0] if known_words else NO_WORDS)
    # A word that a person confirmed confirms the shared kinds only if it means exactly these.
    telling_words = [words for words in known_words if words.kinds >= meaning.kinds]
    is_confirmed = any(words.is_confirmed and words.kinds == meaning.kinds for words in telling_words)
    is_broad = all(words.is_broad for words in telling_words)
    return TitleWords(meaning, WordEvidence(meaning.kinds, is_confirmed, is_broad))


def _combine_title_meanings(meanings: Sequence[ListMeaning]) -> ListMeaning:
    """Return the kinds that all meanings share, or all kinds with a conflict if they share none."""
    if len(meanings) < 2:
        return meanings[0] if meanings else NO_MEANING
    shared_kinds = frozenset.intersection(*(title.kinds for title in meanings))
    conflict = next((title.conflict for title in meanings if title.conflict), None)
    if shared_kinds:
        return ListMeaning(shared_kinds, conflict)
    return ListMeaning(frozenset[str]().union(*(title.kinds for title in meanings)), Reason.CONTRADICTING)


def combine_with_explained(title: ListMeaning, explained: Meaning) -> ListMeaning:
    """Return the kinds that a title and an explained category allow together, or a conflict between them."""
    if title.conflict:
        return title
    common_kinds = combine_meanings(title.kinds, explained)
    return ListMeaning(common_kinds) if common_kinds else merge_conflict([title.kinds, explained])


def merge_conflict(meanings: Iterable[Meaning]) -> ListMeaning:
    """Return the kinds of contradicting words as a conflict, with all of them for a person to choose from."""
    return ListMeaning(frozenset[str]().union(*meanings), Reason.TITLE_CONFLICT)

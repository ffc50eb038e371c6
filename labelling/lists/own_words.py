"""The shop's own words: the kinds that a shop means by its categories, and by phrases in its titles.

This module is pure. A person answers "What are these? *Gömlek*" on a review sheet, or writes a file of words
(words_file.py). One word means one of these:

    top, shirt           one or several kinds: a photo of one of these can be accepted
    NO_KIND              none of the kinds, as for perfume: an accepted kind becomes a review
    nothing              the word does not say: "Sale", "Women", a brand. It is never asked about again

Words alone accept no product: the photo has to give their kinds the share that the release shows
(inference/garment_decision.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.kinds import KINDS, sort_kinds
from inference.language_files import COMPOUND_END_SIGN, load_languages
from inference.plain_text import shorten_text
from inference.release_labels import NONE
from inference.tokens import split_title
from inference.vocabulary import (
    NamedKinds,
    WordTable,
    find_words,
    make_word_table,
    merge_word_tables,
    select_named_kinds,
)
from labelling.lists.categories import CategoryPath, level_key

NO_KIND: Final = NONE
"""The meaning of a word for things that are none of the kinds, and how files write it."""

KIND_SEPARATOR: Final = "|"
"""The sign between several kinds in a cell of a file of words, as in `top|shirt`."""

Meaning: TypeAlias = frozenset[str]
"""The kinds that a word stands for, or NO_KIND alone; empty if the word says nothing."""

Place: TypeAlias = Literal["category", "title", ""]
"""Place where a word is valid: as a whole level of a category, anywhere in a title, or in both (empty)."""

CATEGORY_PLACE: Final[Place] = "category"
TITLE_PLACE: Final[Place] = "title"
BOTH_PLACES: Final[Place] = ""

PLACES: Final[tuple[Place, ...]] = (CATEGORY_PLACE, TITLE_PLACE, BOTH_PLACES)
"""All places where a word can be valid."""


class OwnWord(NamedTuple):
    """A word or phrase of a shop, and the kinds of garment that the shop means by it.

    Attributes:
        words: the category level or the phrase, as the shop writes it. In titles, a phrase that begins with
            COMPOUND_END_SIGN is also the end of a compound, such as `-hemd`.
        meaning: the kinds that it stands for.
        place: the place where it is valid.
    """

    words: str
    meaning: Meaning
    place: Place = BOTH_PLACES


class CategoryAnswer(NamedTuple):
    """The answer of a person who was asked which kinds of garment a category means.

    Attributes:
        category: the level of the category, as the list writes it.
        meaning: the kinds that the person chose.
        answered_at: the time of the answer in UTC, as text that sorts by time.
    """

    category: str
    meaning: Meaning
    answered_at: str


def parse_meaning(text: str) -> Meaning:
    """Return the meaning that a cell of a file of words gives to a word: a set of kinds, perhaps empty.

    Args:
        text: kinds with `|` between, such as `top|shirt`; or NO_KIND; or an empty text.

    Raises:
        ValueError: the text names something that is no kind. The message lists the possible values.
    """
    names = [name.strip() for name in text.split(KIND_SEPARATOR) if name.strip()]
    if names == [NO_KIND]:
        return frozenset(names)
    if unknown := [name for name in names if name not in KINDS]:
        possible = f"It can be kinds with `|` between ({', '.join(KINDS)}), {NO_KIND!r} alone, or empty."
        raise ValueError(f"{shorten_text(unknown[0])!r} is no kind. {possible}")
    return frozenset(names)


def format_meaning(meaning: Meaning) -> str:
    """Return the text of a meaning in a file of words, which `parse_meaning` reads.

    It is kinds with `|` between, NO_KIND, or empty.
    """
    return NO_KIND if NO_KIND in meaning else KIND_SEPARATOR.join(sort_kinds(meaning))


@dataclass(frozen=True)
class OwnWords:
    """The words of a shop's categories and titles whose meaning people explained.

    Attributes:
        file_rows: the rows of a file of words.
        category_answers: the answers of people about categories, which replace rows of the file.
        language: the code of the list's language, which says whether accents matter in titles.
    """

    file_rows: tuple[OwnWord, ...] = ()
    category_answers: tuple[CategoryAnswer, ...] = ()
    language: str = ""

    @cached_property
    def category_meanings(self) -> Mapping[str, Meaning]:
        """The explained meaning of each category level, by its key (`level_key`)."""
        rows = {level_key(row.words): row.meaning for row in self.file_rows if row.place != TITLE_PLACE}
        return rows | {level_key(answer.category): answer.meaning for answer in self.category_answers}

    @cached_property
    def has_empty_meanings(self) -> bool:
        """Whether people said of a category level that it says nothing about kinds."""
        return not all(self.category_meanings.values())

    @cached_property
    def title_phrases(self) -> WordTable:
        """The explained phrases of titles, in the form in which `find_words` looks them up."""
        rows = [
            (row.words, tokens, row.meaning)
            for row in self.file_rows
            if row.place != CATEGORY_PLACE and (tokens := tuple(self._tokens(row.words)))
        ]
        meanings_by_tokens = {tokens: meaning for _, tokens, meaning in rows}
        return WordTable(
            meanings_by_tokens,
            {"".join(tokens): meaning for words, tokens, meaning in rows if words[0] == COMPOUND_END_SIGN},
            {tokens[0]: len(tokens) for tokens in sorted(meanings_by_tokens, key=len)},
        )

    def is_title_phrase(self, word: str) -> bool:
        """Return whether a word of a title is one of the explained phrases, or a compound that ends with one.

        Args:
            word: the word or phrase as a reading of the title returns it, in small letters.
        """
        return any(isinstance(item, NamedKinds) for item in find_words(word.split(), self.title_phrases))

    def _tokens(self, text: str) -> list[str]:
        language = load_languages().get(self.language)
        return language.tokens(text) if language else split_title(text)

    def is_level_explained(self, level: str) -> bool:
        """Return whether people explained a category level, even if they said that it means nothing."""
        return level_key(level) in self.category_meanings

    def find_category_meaning(self, paths: Iterable[CategoryPath]) -> Meaning:
        """Return the kinds that people explained for the categories of a product; empty without any.

        Of each category, the deepest level whose explanation names kinds is used. The kinds of several
        categories are joined.

        Args:
            paths: the categories of the product, each as a tuple of levels.
        """
        return frozenset[str]().union(*(self._path_meaning(path) for path in paths))

    def _path_meaning(self, path: CategoryPath) -> Meaning:
        meanings = (self.category_meanings.get(level_key(level), frozenset()) for level in reversed(path))
        return next(filter(None, meanings), frozenset())

    def add_to_words(self, language: str) -> WordTable:
        """Return the known garment words of a language, with the shop's phrases added.

        Args:
            language: the code of a language that has a file of words, such as `de`.
        """
        if language not in self._words:
            self._words[language] = merge_word_tables(make_word_table(language), self.title_phrases)
        return self._words[language]

    @cached_property
    def _words(self) -> dict[str, WordTable]:
        return {}

    def find_phrase_meanings(self, title: str) -> list[Meaning]:
        """Return the meaning of each of the shop's phrases that a title contains, in the order of the title.

        Phrases that say nothing are left out. If several phrases begin at one word, the longest is used.

        Args:
            title: the title as the list writes it.
        """
        return [
            item.kinds for item in select_named_kinds(find_words(self._tokens(title), self.title_phrases))
        ]

    def make_rows(self) -> list[OwnWord]:
        """Return all explained words as rows of a file of words, which the shop can use with its next list.

        The answer of a person replaces the file's row for the same category. If that row is valid in titles,
        too, it stays for titles.
        """
        answered_keys = {level_key(answer.category) for answer in self.category_answers}
        rows = list[OwnWord]()
        for row in self.file_rows:
            if level_key(row.words) not in answered_keys or row.place == TITLE_PLACE:
                rows.append(row)
            elif row.place == BOTH_PLACES:
                rows.append(row._replace(place=TITLE_PLACE))
        return [
            *rows,
            *(OwnWord(answer.category, answer.meaning, CATEGORY_PLACE) for answer in self.category_answers),
        ]


NO_OWN_WORDS: Final = OwnWords()
"""The own words of a shop that explained none."""


def combine_meanings(title: Meaning, category: Meaning) -> Meaning:
    """Return the kinds that both title and category of a product allow.

    If one of the two names no kind, the kinds of the other are returned. The result is empty if they
    contradict each other, or if neither names a kind.

    Args:
        title: the kinds that the title names; empty if it names none.
        category: the meaning that the shop gave to the category; empty if it gave none.
    """
    if not title or not category:
        return title or category
    return title & category

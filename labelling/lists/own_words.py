"""The shop's own words: the garments that a shop means by its categories and by phrases in its titles.

A person answers "What are these? *Gömlek*" on a review sheet, or writes a file of words. The meaning of a
word is one of these:

    {"top", "shirt"}         one or several kinds: a photo of one of them can be accepted
    {"none of these"}        no garment, as for perfume: a person has to look at an accepted garment
    empty                    the word does not say ("Sale", "Women", a brand). Nobody is asked about it again

Words alone accept no product: the photo is evidence, too, and may contradict them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.release_labels import NONE
from inference.text.plain_text import shorten_text
from inference.words.kinds import KINDS, sort_kinds
from inference.words.language_files import COMPOUND_END_SIGN, load_languages
from inference.words.tokens import split_title
from inference.words.vocabulary import (
    GarmentWord,
    Vocabulary,
    make_vocabulary,
    merge_vocabularies,
    replace_known_words,
    select_garment_words,
)
from labelling.lists.categories import CategoryPath, make_category_key

KIND_SEPARATOR: Final = "|"
"""The sign between several kinds in a cell of a file of words, as in `top|shirt`."""

Meaning: TypeAlias = frozenset[str]
"""The kinds that a word stands for, such as {"top", "shirt"}, or NONE alone; empty if it says nothing."""

Place: TypeAlias = Literal["category", "title", ""]
"""Place where a word is valid: as a whole level of a category, anywhere in a title, or in both (empty)."""

CATEGORY_PLACE: Final[Place] = "category"
"""The place of a word that is a whole level of a category."""

TITLE_PLACE: Final[Place] = "title"
"""The place of a phrase that is anywhere in a title."""

BOTH_PLACES: Final[Place] = ""
"""The place of a word that is valid in categories and in titles."""

PLACES: Final[tuple[Place, ...]] = (CATEGORY_PLACE, TITLE_PLACE, BOTH_PLACES)
"""All places in which a word can be valid."""


class ShopWord(NamedTuple):
    """A word or phrase of a shop, and the kinds of garment that the shop means by it.

    Attributes:
        words: the category or the phrase as the shop writes it, such as "Gömlek". In titles, `-hemd` is also
            the end of longer words, such as "Leinenhemd".
        meaning: the kinds that the word stands for.
        place: the place in which the word is valid.
    """

    words: str
    meaning: Meaning
    place: Place = BOTH_PLACES

    @property
    def category_key(self) -> str:
        """The key of the category that the word explains, such as "shirts"; empty for a word of titles."""
        if self.place == TITLE_PLACE:
            return ""
        # `-hemd` for both places is about the end of words in titles, and explains the category "Hemd". For
        # categories alone, the sign is part of the shop's name.
        is_sign = self.place == BOTH_PLACES and self.words.startswith(COMPOUND_END_SIGN)
        return make_category_key(self.words.removeprefix(COMPOUND_END_SIGN) if is_sign else self.words)


class CategoryAnswer(NamedTuple):
    """The answer of a person who was asked which kinds of garment a category means.

    Attributes:
        category: a level of the category column, or a path of several levels, as the list writes it.
        meaning: the kinds that the person chose.
        answered_at: the time of the answer in UTC, as a text whose order is that of time.
    """

    category: str
    meaning: Meaning
    answered_at: str


def parse_meaning(text: str) -> Meaning:
    """Return the meaning in a cell of a file of words: {"top", "shirt"} for `top|shirt`.

    Raises:
        ValueError: the text names something that is no kind. The message lists the possible values.
    """
    names = [name.strip() for name in text.split(KIND_SEPARATOR) if name.strip()]
    if names == [NONE]:
        return frozenset(names)
    if unknown := [name for name in names if name not in KINDS]:
        possible = f"It can be kinds with `|` between ({', '.join(KINDS)}), {NONE!r} alone, or empty."
        raise ValueError(f"{shorten_text(unknown[0])!r} is no kind. {possible}")
    return frozenset(names)


def format_meaning(meaning: Meaning) -> str:
    """Return the text of a meaning for a file of words: `top|shirt` for {"top", "shirt"}."""
    return NONE if NONE in meaning else KIND_SEPARATOR.join(sort_kinds(meaning))


@dataclass(frozen=True)
class ShopWords:
    """The words of a shop whose meaning people explained, in a file and on review sheets.

    Attributes:
        file_rows: the rows of the file of words.
        category_answers: the answers on review sheets. For the same category, they replace a row of the file.
        language: the code of the list's language, which says whether accents matter in titles.
    """

    file_rows: tuple[ShopWord, ...] = ()
    category_answers: tuple[CategoryAnswer, ...] = ()
    language: str = ""

    @cached_property
    def category_meanings(self) -> Mapping[str, Meaning]:
        """The meaning of each explained category: {"clothing > shirts": {"shirt"}}."""
        # Answers on a review sheet come last, so that they replace rows of the file.
        rows = {row.category_key: row.meaning for row in self.file_rows if row.category_key}
        return rows | {make_category_key(answer.category): answer.meaning for answer in self.category_answers}

    @cached_property
    def most_explained_levels(self) -> int:
        """The number of levels of the longest explained category: 2 for "Women > Tops"."""
        return max((key.count(" > ") + 1 for key in self.category_meanings), default=0)

    @cached_property
    def has_empty_meanings(self) -> bool:
        """Whether people said of some category, such as "Sale", that it says nothing about kinds."""
        return not all(self.category_meanings.values())

    @cached_property
    def title_phrases(self) -> Vocabulary:
        """The explained phrases, in a table that finds them in the words of a title."""
        rows = [
            (row.words, tokens, row.meaning)
            for row in self.file_rows
            if row.place != CATEGORY_PLACE and (tokens := tuple(self.split_title(row.words)))
        ]
        meanings_by_tokens = {tokens: meaning for _, tokens, meaning in rows}
        # Sorted by length, so that the length of the longest phrase stays for each first word.
        return Vocabulary(
            meanings_by_tokens,
            {"".join(tokens): meaning for words, tokens, meaning in rows if words[0] == COMPOUND_END_SIGN},
            {tokens[0]: len(tokens) for tokens in sorted(meanings_by_tokens, key=len)},
        )

    def is_title_phrase(self, word: str) -> bool:
        """Return whether a word of a title is an explained phrase, or a compound that ends with one.

        Args:
            word: the word or phrase in small letters.
        """
        return any(
            isinstance(item, GarmentWord) for item in replace_known_words(word.split(), self.title_phrases)
        )

    def split_title(self, text: str) -> list[str]:
        """Return the words and signs of a title or a phrase, with accents if the language needs them."""
        language = load_languages().get(self.language)
        return language.tokenize(text) if language else split_title(text)

    def find_level_meanings(self, path: CategoryPath) -> list[Meaning | None]:
        """Return the explained meaning of each level: [None, {"top"}] for ("Women", "Tops").

        An explained level ("Tops") has its meaning in all categories. An explained path ("Women > Tops")
        gives the last level its meaning in categories that end with it; the longest such path wins.

        Args:
            path: the levels of the category, the top level first.
        """
        meanings = [self.category_meanings.get(make_category_key(level)) for level in path]
        keys = list_category_keys(path, self.most_explained_levels)[len(path) :]
        explained_key = next((key for key in keys if key in self.category_meanings), None)
        if explained_key is not None:
            meanings[-1] = self.category_meanings[explained_key]
        return meanings

    def is_category_explained(self, path: CategoryPath) -> bool:
        """Return whether people explained the last level of a category, even as one that says nothing."""
        return self.find_level_meanings(path)[-1] is not None

    def find_category_meaning(self, paths: Iterable[CategoryPath]) -> Meaning:
        """Return the kinds of garment that people gave to the categories of a product; empty without any.

        Of each category, the deepest level with kinds is used.

        Args:
            paths: the categories of the product, such as (("Clothing", "Shirts"),).
        """
        return frozenset[str]().union(*(self._find_path_meaning(path) for path in paths))

    def _find_path_meaning(self, path: CategoryPath) -> Meaning:
        return next(filter(None, reversed(self.find_level_meanings(path))), frozenset())

    def make_extended_vocabulary(self, language: str) -> Vocabulary:
        """Return the garment words of a language, such as `de`, with the shop's phrases added."""
        if language not in self._words_by_language:
            self._words_by_language[language] = merge_vocabularies(
                make_vocabulary(language), self.title_phrases
            )
        return self._words_by_language[language]

    @cached_property
    def _words_by_language(self) -> dict[str, Vocabulary]:
        """The tables that `make_extended_vocabulary` made, since each of the list's titles needs one."""
        return {}

    def find_phrase_meanings(self, title: str) -> list[Meaning]:
        """Return the meaning of each of the shop's phrases that a title contains, in the order of the title.

        Phrases that say nothing are left out. If several phrases begin at one word, the longest is used.
        """
        return [
            item.kinds
            for item in select_garment_words(replace_known_words(self.split_title(title), self.title_phrases))
        ]

    def make_rows(self) -> list[ShopWord]:
        """Return all explained words as rows of a file of words, for the shop's next list.

        An answer on a review sheet replaces the row for the same category. If that row is also valid in
        titles, it stays for titles.
        """
        answered_keys = {make_category_key(answer.category) for answer in self.category_answers}
        rows = list[ShopWord]()
        for row in self.file_rows:
            if row.category_key not in answered_keys:
                rows.append(row)
            elif row.place == BOTH_PLACES:
                rows.append(row._replace(place=TITLE_PLACE))
        return [
            *rows,
            *(ShopWord(answer.category, answer.meaning, CATEGORY_PLACE) for answer in self.category_answers),
        ]


NO_OWN_WORDS: Final = ShopWords()
"""The own words of a shop that explained none."""


def list_category_keys(path: CategoryPath, most_levels: int) -> list[str]:
    """Return the explanations that would be about a category: "women", "dresses" and "women > dresses".

    The levels come first, then the ends of the path, the longest one first. A cell can have a thousand
    levels, so that all ends of its path would take much memory.

    Args:
        path: the levels of the category, the top level first.
        most_levels: the largest number of levels of an end.
    """
    keys = [make_category_key(level) for level in path]
    first = max(len(keys) - most_levels, 0)
    return [*keys, *(" > ".join(keys[start:]) for start in range(first, len(keys) - 1))]


def combine_meanings(title: Meaning, category: Meaning) -> Meaning:
    """Return the kinds that both title and category of a product allow.

    If one of them is empty, the other is returned. The result is empty if they contradict each other.
    """
    if not title or not category:
        return title or category
    return title & category

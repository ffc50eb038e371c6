"""Read the meaning of a row's words: title, category, and the shop's own words together.

This module is pure. It reads, in this order:

- The title names kinds in the list's language, or has phrases of a file of words.
- The category was explained by a person or a file of words. Title and category then allow the kinds that they
  share. If they share none, a person has to look.
- The category has a known word. It is read if the title names no garment: in the list's language, or in all
  languages if that one does not know the words.
- The names of folders are used as the category, if the list has no such columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final, NamedTuple

from inference.language_files import UNDETERMINED_LANGUAGE, list_readable_languages, load_languages
from inference.reasons import Reason
from inference.recognition import count_known_words
from inference.vocabulary import list_known_tokens, list_whole_words
from inference.words import read_category_garments, read_title_garments
from labelling.lists.categories import NO_FOLDERS, CategoryColumn, CategoryPath, FolderCategories
from labelling.lists.own_words import NO_OWN_WORDS, Meaning, OwnWords, combine_meanings
from labelling.lists.titles import ListWords


class ListMeaning(NamedTuple):
    """The meaning of a list's words about one row: which kinds of garment its product can be.

    Attributes:
        kinds: the kinds (garments as shops name them) that the words allow; empty if they say nothing.
        conflict: why a person has to look, whatever the photo shows; None if the words agree.
    """

    kinds: Meaning = frozenset()
    conflict: Reason | None = None


NO_MEANING: Final = ListMeaning()
"""The meaning of a row whose words say nothing about kinds."""


@lru_cache(maxsize=8192)
def read_level_kinds(level: str, language: str) -> Meaning:
    """Return the kinds that a category level names, read in every language that knows all of its words.

    Kinds name garments as shops do, such as `skirt`. The result has the kinds on which these languages agree,
    from whole words, not from the ends of compounds. It is empty in these cases:

    1. No language knows all words, or the languages share no kind.
    2. A word is typical of the list's own language or of English, in which the level names no garment
       ("Golf", "New Look").

    Args:
        language: the code of the list's language, such as `de`.
    """
    if any(map(partial(_is_other_word, level), {language, "en"} & load_languages().keys())):
        return frozenset()
    known_words = count_known_words(level)
    knowing = (
        code
        for code in list_readable_languages()
        if known_words.known_counts.get(code, 0) + known_words.shared_count >= known_words.word_count
    )
    said = list(
        filter(None, (read_category_garments(level, code, list_whole_words(code)).kinds for code in knowing))
    )
    return frozenset.intersection(*said) if said else frozenset()


def _is_other_word(level: str, code: str) -> bool:
    """Return whether a level has a word that is typical of a language, and names no garment in it."""
    is_known = not list_known_tokens(code).isdisjoint(load_languages()[code].tokens(level))
    return is_known and not (code in list_readable_languages() and read_category_garments(level, code).kinds)


@dataclass(frozen=True, kw_only=True)
class ListReader:
    """A reader of the words that a list has about a row: its title, its category, its folder.

    Attributes:
        list_words: the columns of titles and categories, and their language.
        own_words: the words that the shop explained.
        category_column: the way in which the category column is written, from all its cells.
        folder_categories: the folders that are categories, for a source without such columns.
        folder_language: the language of the names of folders.
        can_read_known_words: whether known words are read, which people can switch off.
    """

    list_words: ListWords = field(default_factory=ListWords)
    own_words: OwnWords = NO_OWN_WORDS
    category_column: CategoryColumn = field(default_factory=CategoryColumn)
    folder_categories: FolderCategories = NO_FOLDERS
    folder_language: str = UNDETERMINED_LANGUAGE
    can_read_known_words: bool = True

    @property
    def has_words(self) -> bool:
        """Whether the list has any words, or the shop explained any, that can say which kind a product is."""
        has_own_words = bool(self.own_words.file_rows or self.own_words.category_answers)
        return self.list_words.is_read or has_own_words or self.has_categories

    @property
    def has_categories(self) -> bool:
        """Whether rows have categories whose words are read."""
        return self.can_read_known_words and bool(
            self.list_words.categories or self.folder_categories.names_by_depth
        )

    def find_category_paths(self, cells: Mapping[str, str], folder: str) -> tuple[CategoryPath, ...]:
        """Return the categories of a row, each as a tuple of levels; empty if the row has none.

        Args:
            cells: the cells of its list, by column.
            folder: the folder of its first photo, with `/` between the parts.
        """
        if self.folder_categories.names_by_depth:
            path = self.folder_categories.find_category(folder)
            return (path,) if path else ()
        category = self.list_words.read_category(cells)
        return self.category_column.split_cell(category) if category else ()

    def is_garment_level(self, level: str) -> bool:
        """Return whether a category level has a known word for a garment, and needs no explanation."""
        return bool(self._level_kinds(level) or read_level_kinds(level, self._language))

    @property
    def _language(self) -> str:
        """The language of the categories."""
        return self.folder_language if self.folder_categories.names_by_depth else self.list_words.language

    def _level_kinds(self, level: str) -> Meaning:
        """Return the kinds of a level in the language of the categories, or in all if that is not read."""
        if self._language in list_readable_languages():
            return read_category_garments(level, self._language).kinds
        return read_level_kinds(level, self._language)

    def is_explained(self, path: CategoryPath) -> bool:
        """Return whether the meaning of a category is known, so that no person has to explain it.

        Args:
            path: the levels of the category; the question would be about the last one.
        """
        return self.own_words.is_level_explained(path[-1]) or any(map(self.is_garment_level, path))

    def read_meaning(
        self, cells: Mapping[str, str], folder: str, title: ListMeaning | None = None
    ) -> ListMeaning:
        """Return the kinds that title and category of a row allow together, or a conflict between them.

        Args:
            cells: the cells of its list, by column.
            folder: the folder of its first photo, with `/` between the parts.
            title: the meaning of all titles of a product; None to read the title among the cells.
        """
        title = title or self.read_title_meaning(cells)
        if title.conflict:
            return title
        if explained := self._explained(cells, folder):
            common_kinds = combine_meanings(title.kinds, explained)
            return ListMeaning(common_kinds) if common_kinds else _conflict([title.kinds, explained])
        if title.kinds or not self.can_read_known_words:
            return title
        if self.list_words.is_read:
            return ListMeaning(self.list_words.read_words_and_kinds(cells).kinds)
        return ListMeaning(self._deepest_kinds(self.find_category_paths(cells, folder)))

    def _deepest_kinds(self, paths: Iterable[CategoryPath]) -> Meaning:
        """Return the kinds that the deepest telling level of each path names, those of all paths together."""
        deepest = (next(filter(None, map(self._level_kinds, reversed(path))), frozenset()) for path in paths)
        return frozenset[str]().union(*deepest)

    def _explained(self, cells: Mapping[str, str], folder: str) -> Meaning:
        if not self.own_words.category_meanings:
            return frozenset()
        return self.own_words.find_category_meaning(self.find_category_paths(cells, folder))

    def read_title_meaning(self, cells: Mapping[str, str]) -> ListMeaning:
        """Return the kinds that the title of a row names, whatever its category is.

        In a language that has a file of words, the shop's phrases are used like its words. In another
        language, only the shop's phrases are used: the result has the kinds that all phrases of the title
        share, or a conflict if they share none.

        Args:
            cells: the cells of the row, by column.
        """
        if not self.own_words.title_phrases.phrases:
            return ListMeaning(self.list_words.read_title_kinds(cells))
        title = self.list_words.read_title(cells)
        if self.list_words.is_read:
            language = self.list_words.find_title_language(cells)
            return ListMeaning(
                read_title_garments(title, language, self.own_words.add_to_words(language)).kinds
            )
        said = self.own_words.find_phrase_meanings(title)
        if not said:
            return NO_MEANING
        shared_kinds = frozenset.intersection(*said)
        return ListMeaning(shared_kinds) if shared_kinds else _conflict(said)


def combine_title_meanings(titles: Sequence[ListMeaning]) -> ListMeaning:
    """Return the kinds that all titles of one product share, among titles that name a kind.

    If they share none, the result has the conflict CONTRADICTING: probably two articles have one number,
    and a person has to look.

    Args:
        titles: the meanings of the titles of all rows of the product.
    """
    said = [title for title in titles if title.kinds]
    if len(said) < 2:
        return said[0] if said else NO_MEANING
    shared_kinds = frozenset.intersection(*(title.kinds for title in said))
    conflict = next((title.conflict for title in said if title.conflict), None)
    if shared_kinds:
        return ListMeaning(shared_kinds, conflict)
    return ListMeaning(frozenset[str]().union(*(title.kinds for title in said)), Reason.CONTRADICTING)


def _conflict(meanings: Iterable[Meaning]) -> ListMeaning:
    """Return all kinds of words that contradict each other, so that a person can choose."""
    return ListMeaning(frozenset[str]().union(*meanings), Reason.TITLE_CONFLICT)

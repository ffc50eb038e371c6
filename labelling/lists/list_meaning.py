"""Read the words of a list about a row: its title, its category, and the shop's own words.

The title "Pleated skirt" and the category "Women > Dresses" of a row are read as

    RowWords(
        meaning=ListMeaning(kinds={"skirt"}),         for columns, cards and the summary
        title=Words(kinds={"skirt"}),                 for the decision
        category=Words(kinds={"dress"}),              for the decision
    )

The decision needs title and category apart. All else needs one meaning:

1. If a person explained the category, it is the kinds that this explanation and the title share.
2. Otherwise it is the kinds that the title names.
3. If the title names none, it is the kinds of the category's own word.

A kind is a garment as shops name it, such as `skirt`. A level is one part of a category: `Dresses` in
"Women > Dresses". If the list has no column of categories, the names of folders are used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

from inference.garment_evidence import NO_WORDS, WordEvidence
from inference.words.language_files import UNDETERMINED_LANGUAGE, list_readable_languages, load_languages
from inference.words.recognition import count_known_words
from inference.words.vocabulary import list_known_tokens, make_whole_word_vocabulary
from inference.words.words import (
    read_category_garments,
    read_garments,
    read_set_garments,
    read_title_garments,
)
from labelling.lists.categories import (
    NO_FOLDERS,
    CategoryColumn,
    CategoryPath,
    FolderCategories,
    make_level_key,
)
from labelling.lists.own_words import NO_OWN_WORDS, Meaning, ShopWords
from labelling.lists.row_words import (
    NO_TITLE_WORDS,
    ListMeaning,
    RowWords,
    TitleWords,
    combine_with_explained,
    merge_conflict,
)
from labelling.lists.titles import ListWords
from labelling.lists.woocommerce import is_product_type


@lru_cache(maxsize=8192)
def read_level_kinds(level: str, language: str) -> Meaning:
    """Return the kinds that a level such as "Skirts" names in every language that knows all of its words.

    Shops use words of other languages, too. Only whole words count, not the ends of compounds. The result is
    empty in these cases:

    1. No language knows all words of the level, or the languages that do share no kind.
    2. A word is typical of the list's own language or of English, and the level names no garment there.
       "Golf" is a pullover in Polish, and a sport in English.

    Args:
        language: the code of the list's language, such as `de`.
    """
    if any(map(partial(_has_other_meaning, level), {language, "en"} & load_languages().keys())):
        return frozenset()
    known_words = count_known_words(level)
    knowing_codes = (
        code
        for code in list_readable_languages()
        if known_words.known_counts.get(code, 0) + known_words.shared_count >= known_words.word_count
    )
    meanings = list(
        filter(
            None,
            (
                read_category_garments(level, code, make_whole_word_vocabulary(code)).kinds
                for code in knowing_codes
            ),
        )
    )
    return frozenset.intersection(*meanings) if meanings else frozenset()


def _has_other_meaning(level: str, code: str) -> bool:
    """Return whether a level such as "Golf" has a word of a language, but no garment of it."""
    is_known = not list_known_tokens(code).isdisjoint(load_languages()[code].tokenize(level))
    return is_known and not (code in list_readable_languages() and read_category_garments(level, code).kinds)


@dataclass(frozen=True, kw_only=True)
class ListReader:
    """A reader of the words that a list has about a row: its title, its category, its folder.

    Attributes:
        list_words: the columns of titles and categories, and their language.
        own_words: the words whose meaning people of the shop explained, such as "Gömlek" for `shirt`.
        category_column: the way in which the list writes categories, learnt from all cells of the column.
        folder_categories: the folders that are used as categories if the list has no column of them.
        folder_language: the code of the language of the names of folders.
        can_read_known_words: whether the words of the language files are used. People can switch them off;
            the shop's own words stay.
        is_language_uncertain: whether the language was guessed from so few texts that it may be another one.
            Its words then count for less in a decision.
    """

    list_words: ListWords = field(default_factory=ListWords)
    own_words: ShopWords = NO_OWN_WORDS
    category_column: CategoryColumn = field(default_factory=CategoryColumn)
    folder_categories: FolderCategories = NO_FOLDERS
    folder_language: str = UNDETERMINED_LANGUAGE
    can_read_known_words: bool = True
    is_language_uncertain: bool = False

    @property
    def has_words(self) -> bool:
        """Whether there are any words, of the list or of people, that can say which garment a product is."""
        has_own_words = bool(self.own_words.file_rows or self.own_words.category_answers)
        return self.list_words.is_readable or has_own_words or self.has_categories

    @property
    def has_categories(self) -> bool:
        """Whether rows have categories whose words are read."""
        return self.can_read_known_words and bool(
            self.list_words.categories or self.folder_categories.names_by_depth
        )

    def find_category_paths(self, cells: Mapping[str, str], folder: str) -> tuple[CategoryPath, ...]:
        """Return the categories of a row, such as (("Women", "Dresses"),); empty if the row has none.

        Args:
            cells: the cells of the row, by column.
            folder: the folder of its first photo, with `/` between the parts.
        """
        if self.folder_categories.names_by_depth:
            path = self.folder_categories.find_category(folder)
            return (path,) if path else ()
        category = self.list_words.read_category(cells)
        return self._split_category(category) if category else ()

    @cached_property
    def _split_category(self) -> Callable[[str], tuple[CategoryPath, ...]]:
        # Many rows have the same category, and each row is read several times.
        return lru_cache(maxsize=8192)(self.category_column.split_cell)

    def find_category_keys(self, cells: Mapping[str, str], folder: str) -> tuple[str, ...]:
        """Return the keys of a product's categories, such as ("dresses",), to find other products in them.

        What other products of a category are is evidence about this one. The result is empty if the category
        does not say what a product is: a column with one value, with a value for nearly each row, or
        WooCommerce's `Type` ("simple").

        Args:
            cells: the cells of the row, by column.
            folder: the folder of its first photo, with `/` between the parts.
        """
        if not self.has_categories:
            return ()
        if not self.folder_categories.names_by_depth:
            filled = (column for column in self.list_words.categories if (cells.get(column) or "").strip())
            column = next(filled, "")
            if not column or not self.category_column.has_groups or is_product_type(column, cells[column]):
                return ()
        paths = self.find_category_paths(cells, folder)
        return tuple(dict.fromkeys(make_level_key(path[-1]) for path in paths))

    def is_garment_level(self, level: str) -> bool:
        """Return whether a level of a category, such as "Dresses", has a known word for a garment."""
        return bool(self._find_level_kinds(level) or read_level_kinds(level, self._language))

    @property
    def _language(self) -> str:
        """The code of the language of the categories, which may be names of folders."""
        return self.folder_language if self.folder_categories.names_by_depth else self.list_words.language

    def _find_level_kinds(self, level: str) -> Meaning:
        """Return the kinds of a level in the language of the categories; in all if that one is not read."""
        if self._language in list_readable_languages():
            return read_category_garments(level, self._language).kinds
        return read_level_kinds(level, self._language)

    def is_category_explained(self, path: CategoryPath) -> bool:
        """Return whether nobody has to explain a category: a person did, or a level has a known word."""
        return self.own_words.is_category_explained(path) or any(map(self.is_garment_level, path))

    def find_known_level(self, path: CategoryPath) -> str | None:
        """Return the deepest level of a category with a known word for a garment; None without one.

        Levels that a person explained are left out, since the explanation replaces the word.
        """
        levels = reversed(self._find_unexplained_levels(path))
        return next(filter(self._find_level_kinds, levels), None) if self.can_read_known_words else None

    def _find_unexplained_levels(self, path: CategoryPath) -> CategoryPath:
        meanings = self.own_words.find_level_meanings(path)
        return tuple(level for level, meaning in zip(path, meanings, strict=True) if meaning is None)

    def read_row_words(
        self, cells: Mapping[str, str], folder: str, title: TitleWords | None = None
    ) -> RowWords:
        """Return the words of a row: its title, its category, and the kinds that both together mean.

        Args:
            cells: the cells of the row, by column.
            folder: the folder of its first photo, with `/` between the parts.
            title: the words of all titles of the product, if its rows differ; None to read the title of this
                row.
        """
        title_words = title or self.read_title_words(cells)
        # A person's explanation comes first, and replaces the known word of the category.
        if explained := self._find_explained(cells, folder):
            meaning = combine_with_explained(title_words.meaning, explained)
            return RowWords(meaning, title_words.words, WordEvidence(explained, is_confirmed=True))
        kinds = self._read_known_category(cells, folder) if self.can_read_known_words else frozenset()
        category = WordEvidence(kinds, is_broad=self.is_language_uncertain) if kinds else NO_WORDS
        # The category is read for the common meaning only if the title names nothing.
        meaning = title_words.meaning
        if not meaning.kinds and self.can_read_known_words:
            meaning = ListMeaning(self._read_set_or_category(cells, folder, kinds))
        return RowWords(meaning, title_words.words, category)

    def _find_explained(self, cells: Mapping[str, str], folder: str) -> Meaning:
        """Return the kinds that people gave the categories of a row; empty without an explanation."""
        if not self.own_words.category_meanings:
            return frozenset()
        return self.own_words.find_category_meaning(self.find_category_paths(cells, folder))

    def _read_known_category(self, cells: Mapping[str, str], folder: str) -> Meaning:
        """Return the kinds that known words name in the categories of a row.

        In "Women > Tops > Blouses", only the deepest word is used.
        """
        if self.list_words.is_readable:
            language = self.list_words.find_title_language(cells)
            return _read_category_kinds(self._read_category_text(cells, folder), language)
        known_levels = filter(None, map(self.find_known_level, self.find_category_paths(cells, folder)))
        return frozenset[str]().union(*map(self._find_level_kinds, known_levels))

    def _read_set_or_category(self, cells: Mapping[str, str], folder: str, category: Meaning) -> Meaning:
        """Return the kind `set` for a title such as "Set Anna" among clothes, or the category's kinds."""
        if not self.list_words.is_readable:
            return category
        title = self.list_words.read_title(cells)
        language = self.list_words.find_title_language(cells)
        return read_garments(title, self._read_category_text(cells, folder), language).kinds

    def _read_category_text(self, cells: Mapping[str, str], folder: str) -> str:
        """Return the text of a row's category without levels such as "Sale" that people explained."""
        if not self.own_words.has_empty_meanings:
            return self.list_words.read_category(cells)
        paths = map(self._find_unexplained_levels, self.find_category_paths(cells, folder))
        return " > ".join(level for path in paths for level in path)

    def read_title_words(self, cells: Mapping[str, str]) -> TitleWords:
        """Return the kinds that the title of a row names, whatever its category is.

        In a language that is read, the phrases that the shop explained are added to the known words. In any
        other language, these phrases are all that is known. If they share no kind, the result is a conflict.

        Args:
            cells: the cells of the row, by column.
        """
        title = self.list_words.read_title(cells)
        if self.list_words.is_readable:
            return self._read_title_in(title, self.list_words.find_title_language(cells))
        meanings = self.own_words.find_phrase_meanings(title)
        if not meanings:
            return NO_TITLE_WORDS
        shared_kinds = frozenset.intersection(*meanings)
        if not shared_kinds:
            return TitleWords(merge_conflict(meanings))
        return TitleWords(ListMeaning(shared_kinds), WordEvidence(shared_kinds, is_confirmed=True))

    def _read_title_in(self, title: str, language: str) -> TitleWords:
        """Return the kinds that a title names in a language whose garments are known, such as `de`."""
        phrases = self.own_words.title_phrases.phrases
        if phrases:
            garments = read_title_garments(title, language, self.own_words.make_extended_vocabulary(language))
        else:
            garments = read_garments(title, "", language)
        is_confirmed = any(map(self.own_words.is_title_phrase, garments.words))
        kinds = garments.kinds or _read_set_kinds(title, language)
        words = WordEvidence(kinds, is_confirmed, is_broad=self.is_language_uncertain) if kinds else NO_WORDS
        return TitleWords(ListMeaning(garments.kinds), words)


@lru_cache(maxsize=8192)
def _read_set_kinds(title: str, language: str) -> Meaning:
    """Return the kind `set` for a title that names a set and no garment ("Set Anna"); otherwise nothing."""
    return read_set_garments(title, language).kinds


@lru_cache(maxsize=8192)
def _read_category_kinds(category: str, language: str) -> Meaning:
    return read_category_garments(category, language).kinds

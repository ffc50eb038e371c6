"""Find the columns of titles and categories of a list and their language, and read the cells of a row.

Columns are known by their usual names, such as `title` or `Kategorie`. If the titles there name no garment,
another column is chosen by its cells. The result reads the title, the category and the garments of each row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Final

from inference.words.language_files import LANGUAGE_OFF, UNDETERMINED_LANGUAGE, list_readable_languages
from inference.words.language_tags import LanguagePart, select_tagged_text
from inference.words.recognition import (
    MAX_TITLES_READ,
    count_known_words,
    find_second_language,
    is_in_second_language,
)
from inference.words.tokens import decode_entities
from inference.words.words import (
    NO_NAMED_GARMENTS,
    NamedGarments,
    read_garments,
    read_set_part_kinds,
    read_title_garments,
)
from labelling.lists.categories import cut_category_cell
from labelling.lists.column_names import fold_column_name, list_usual_column_names
from labelling.lists.list_language import find_list_language, has_few_letters
from labelling.lists.title_columns import ReadColumns, choose_title_column, read_text_columns

MIN_LANGUAGE_TEXTS: Final = 5
"""Number of different texts with known words from which the language of a list is certain. With fewer, the
words count for less in a decision."""


@dataclass(frozen=True, kw_only=True)
class ListWords:
    """The columns of a list that have titles and categories, and the language in which they are read.

    Attributes:
        titles: the columns of titles; in each row, the first one that is not empty is used.
        categories: the columns of categories; in each row, the first one that is not empty is used.
        language: the code of the language of the words, such as `de`; LANGUAGE_OFF if they are not read.
        second_language: the code of a second language, in which some titles are; empty if all are in one.
        is_chosen: whether the column of titles was chosen by its cells, and not by its name.
        has_few_letters: whether the language is not known because the titles have too few words ("Item 12").
        is_guessed_from_few: whether the language was found by fewer than MIN_LANGUAGE_TEXTS different texts.
    """

    titles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = LANGUAGE_OFF
    second_language: str = ""
    is_chosen: bool = False
    is_guessed_from_few: bool = False
    has_few_letters: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the words are in a language whose garments are known, as those of German are."""
        return self.language in list_readable_languages()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of titles, then the columns of categories."""
        return (*self.titles, *self.categories)

    def choose_language(
        self,
        language: str,
        rows: Iterable[Mapping[str, str]],
        other_columns: Iterable[Collection[str]] = (),
    ) -> "ListWords":
        """Return the same columns with a language: the given one, or the one of the first rows.

        Args:
            language: the code of a language, such as `de`; empty to find the language of the cells.
            rows: the cells of the columns of titles and categories, row by row.
            other_columns: the cells of each other column, which show whether the list really is in the
                language of its categories.
        """
        if not self.columns:
            return self
        if language:
            return replace(self, language=language)
        cells = list(islice(rows, MAX_TITLES_READ))
        titles = [_find_first_text(self.titles, row) for row in cells]
        categories = [_find_first_text(self.categories, row) for row in cells]
        found_language = find_list_language(titles, categories, other_columns)
        # Only titles, if there are any: a shop with titles in one language may have categories in another.
        texts = [*filter(None, titles)] or list(dict.fromkeys(categories))
        second = _find_second_language(texts, found_language)
        is_guessed = _is_guessed_from_few([*titles, *categories], found_language)
        has_few = found_language == UNDETERMINED_LANGUAGE and has_few_letters(titles)
        return replace(
            self,
            language=found_language,
            second_language=second,
            is_guessed_from_few=is_guessed,
            has_few_letters=has_few,
        )

    def read_title(self, cells: Mapping[str, str]) -> str:
        """Return the title of a row; empty if the row has none.

        Some shops write a title in several languages, as in "[:en]Dress[:de]Kleid[:]". Then the part in the
        list's language is returned.
        """
        return self._choose_part(_find_first_text(self.titles, cells)).text

    def _choose_part(self, text: str) -> LanguagePart:
        return _choose_part(text, self.language, self.second_language)

    def _choose_category_part(self, cells: Mapping[str, str]) -> LanguagePart:
        # Decoded before it is divided into levels: "Shoes &gt; Sneakers" has two.
        cell = decode_entities(_find_first_text(self.categories, cells))
        return self._choose_part(cut_category_cell(cell))

    def find_title_language(self, cells: Mapping[str, str]) -> str:
        """Return the code of the language of a row's title, or of its category if the title is empty.

        It is the list's second language if the text has more words of that.
        """
        title = self._choose_part(_find_first_text(self.titles, cells))
        part = title if title.text else self._choose_category_part(cells)
        if part.code in list_readable_languages():
            return part.code
        is_second = self.second_language and is_in_second_language(
            part.text, self.language, self.second_language
        )
        return self.second_language if is_second else self.language

    def read_category(self, cells: Mapping[str, str]) -> str:
        """Return the text of a row's category, such as "Women > Dresses"; empty if the row has none."""
        return self._choose_category_part(cells).text

    def read_set_part_kinds(self, cells: Mapping[str, str]) -> frozenset[str]:
        """Return the kinds of all parts of a set in a title: {"top", "skirt"} for "Top and skirt set".

        One photo of the set may show one part alone.
        """
        return (
            read_set_part_kinds(self.read_title(cells), self.find_title_language(cells))
            if self.is_readable
            else frozenset()
        )

    def read_words_and_kinds(self, cells: Mapping[str, str]) -> NamedGarments:
        """Return the garments that title and category of a row name: the words, and the kinds that they mean.

        Without any, the result is NO_NAMED_GARMENTS.
        """
        if not self.is_readable:
            return NO_NAMED_GARMENTS
        return read_garments(
            self.read_title(cells), self.read_category(cells), self.find_title_language(cells)
        )


def _is_guessed_from_few(texts: Iterable[str], language: str) -> bool:
    """Return whether fewer than MIN_LANGUAGE_TEXTS different texts have a known word of the language."""
    if language not in list_readable_languages():
        return False
    different_texts = dict.fromkeys(filter(None, texts))
    known_texts = (text for text in different_texts if language in count_known_words(text).known_counts)
    return len(list(islice(known_texts, MIN_LANGUAGE_TEXTS))) < MIN_LANGUAGE_TEXTS


def _find_second_language(titles: Sequence[str], language: str) -> str:
    """Return the code of the second language of a list; empty if there is none."""
    return find_second_language(titles, language) if language in list_readable_languages() else ""


def find_word_columns(columns: Iterable[str]) -> ListWords:
    """Return the columns with usual names for titles and categories. Their language is not looked for."""
    names = tuple(columns)
    return ListWords(
        titles=_find_columns(list_usual_column_names("title"), names),
        categories=_find_columns(list_usual_column_names("category"), names),
    )


def find_list_words(
    columns: Sequence[str], rows: ReadColumns, language: str, title: str, excluded_columns: Collection[str]
) -> ListWords:
    """Find the columns of a list that have titles and categories, and the language in which to read them.

    Columns are known by their names. If the titles there name no garment, a column is chosen by its cells.

    Args:
        columns: the columns of the list, in its order.
        rows: a function that reads the cells of given columns, row by row.
        language: the code of a language, such as `de`, or LANGUAGE_OFF; empty to find the language.
        title: the column that a person named as the title; empty to find it.
        excluded_columns: columns that are used as something else, such as the article number.
    """
    named_words = find_word_columns(columns)
    words = replace(named_words, titles=(title,)) if title else named_words
    if language == LANGUAGE_OFF:
        return words
    possible_columns = [name for name in columns if name not in {*excluded_columns, *words.columns}]
    other_columns = map(itemgetter(1), read_text_columns(possible_columns, rows))
    # The language comes before the check: without it, no word of a title is known.
    words = words.choose_language(language, rows(words.columns), other_columns)
    is_named = words.is_readable and any(
        read_title_garments(words.read_title(row), words.language).kinds for row in rows(words.titles)
    )
    # A column that a person named is used, even if no word in it is known.
    if title or is_named:
        return words
    chosen_column = choose_title_column(possible_columns, rows, language, words.columns)
    if chosen_column is None:
        return words
    cells = (row.get(chosen_column.name) or "" for row in rows((chosen_column.name,)))
    texts = list(islice(cells, MAX_TITLES_READ))
    return replace(
        words,
        titles=(chosen_column.name,),
        language=chosen_column.language,
        second_language="" if language else _find_second_language(texts, chosen_column.language),
        is_chosen=True,
        is_guessed_from_few=not language and _is_guessed_from_few(texts, chosen_column.language),
    )


def _find_columns(wanted_names: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a list whose names are wanted, in the order of the wanted names."""
    ranked_columns = [
        (wanted_names.index(name), column)
        for column in columns
        if (name := fold_column_name(column)) in wanted_names
    ]
    return tuple(column for _, column in sorted(ranked_columns, key=itemgetter(0)))


@lru_cache(maxsize=8192)
def _choose_part(text: str, language: str, second: str) -> LanguagePart:
    """Return the part of a text in a language of the list; the whole text if it has no language tags."""
    # Cached, because the title and the category of a row are read several times.
    part = select_tagged_text(text, (language, second, *list_readable_languages()))
    return part._replace(text=part.text.strip())


def _find_first_text(columns: Iterable[str], cells: Mapping[str, str]) -> str:
    return next((text for column in columns if (text := (cells.get(column) or "").strip())), "")

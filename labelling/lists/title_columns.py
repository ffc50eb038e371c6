"""Choose the column of titles by its cells, for a list whose columns have no names that are known.

    a       b               c
    A-17    Pleated skirt   A skirt of light wool with a hidden zip, lined, ...
    A-18    Blue dress      This dress ...

Here it is `b`. A title names garments of several kinds, and says more than their names. If several columns do
so, the shortest one is the title; the longer ones are descriptions. A kind is a garment as shops name it,
such as `skirt`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from inference.words.language_files import list_readable_languages
from inference.words.recognition import recognise_category_language, recognise_language
from inference.words.tokens import split_title
from inference.words.words import read_title_garments
from labelling.lists.cells import find_addresses, is_picture_cell
from labelling.lists.column_names import fold_column_name
from labelling.lists.list_language import has_texts_of_other_language, is_running_text

ReadColumns: TypeAlias = Callable[[Sequence[str]], Iterable[Mapping[str, str]]]
"""A function that reads the cells of some columns, row by row, from the first row with each call."""

OTHER_COLUMN_NAMES: Final = frozenset({"split", "group", "tier", "source", "checked", "label"})
"""Names of columns that other commands read, which are never chosen as the column of titles."""

MAX_SEARCHED_COLUMNS: Final = 200
"""Largest number of columns whose cells are read to find the titles."""

MAX_SEARCHED_ROWS: Final = 2_000
"""Largest number of rows whose cells are read to find the titles."""

MAX_LANGUAGE_CELLS: Final = 200
"""Largest number of different cells by which the language of a column is recognised."""

MAX_LANGUAGE_CHARACTERS: Final = 300
"""Largest number of characters of a cell that are read to recognise its language."""

MIN_SHARE_WITH_KIND: Final = 0.2
"""Smallest share of a title column's cells that name a kind, and that say more than the kind."""

MIN_KIND_VARIETY: Final = 0.5
"""Smallest number of different kinds in a title column, as a share of those in the column that has most. A
column of materials names few: "denim" and "knit" can be garments, too."""

MIN_KIND_RATIO: Final = 0.8
"""Smallest number of a title column's cells that name a kind, as a share of those in the column with most.
Without it, the shortest column would win even if far fewer of its cells name a kind."""


class TitleColumn(NamedTuple):
    """A column that may have the titles, with figures about its cells.

    Attributes:
        name: the name of the column.
        language: the code of the language in which its cells are read.
        filled_cells: the number of cells that are not empty.
        cells_with_kind: the number of cells that name a kind, such as "Skirt" and "Pleated skirt".
        cells_with_more_words: the number of cells that say more than the kind, such as "Pleated skirt".
        kind_sets: the number of different kinds, or sets of possible kinds, that the cells name.
        mean_length: the mean length of a cell in characters.
    """

    name: str
    language: str
    filled_cells: int
    cells_with_kind: int
    cells_with_more_words: int
    kind_sets: int
    mean_length: float


def choose_title_column(
    columns: Iterable[str], rows: ReadColumns, language: str, named_columns: Iterable[str] = ()
) -> TitleColumn | None:
    """Return the column of a list that most probably has the titles; None if no column names garments.

    Args:
        columns: the names of the columns to choose from.
        rows: a function that reads the cells of given columns, row by row.
        language: the code of the language of the titles; empty to find the language of each column.
        named_columns: columns that are something else by their names. They are not chosen, but their texts
            show in which language the list is.
    """
    possible_columns = dict(read_text_columns(columns, rows))
    best = _choose_best_column(list(_read_columns(possible_columns, language)))
    if best is None or language or not _has_categories(possible_columns[best.name]):
        return best
    # A few repeated words, such as "bluza", are garments in several languages. Texts in another one deny
    # them.
    named_cells = [cells for _, cells in read_text_columns(named_columns, rows)]
    others = [cells for name, cells in possible_columns.items() if name != best.name]
    return None if has_texts_of_other_language(best.language, [*others, *named_cells]) else best


def read_text_columns(columns: Iterable[str], rows: ReadColumns) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of columns that may have texts, each with the filled cells of the first rows.

    Columns are left out if most of their cells are pictures, names such as `blue-dress-42`, or lists of tags.

    Args:
        columns: the names of the columns to read.
        rows: a function that reads the cells of given columns, row by row.
    """
    searched_names = [name for name in columns if fold_column_name(name) not in OTHER_COLUMN_NAMES]
    cells: dict[str, list[str]] = {name: [] for name in searched_names[:MAX_SEARCHED_COLUMNS]}
    for row in islice(rows(tuple(cells)), MAX_SEARCHED_ROWS):
        for name, texts in cells.items():
            if text := (row.get(name) or "").strip():
                texts.append(text)
    for name, texts in cells.items():
        counts = Counter(texts)
        if texts and not any(_is_mostly(counts, is_other) for is_other in (_is_picture, _is_slug, _is_list)):
            yield name, texts


def _read_columns(columns: Mapping[str, Sequence[str]], language: str) -> Iterator[TitleColumn]:
    """Yield the figures of each column whose cells are in a language with known garments."""
    for name, cells in columns.items():
        counts = Counter(cells)
        first_texts = [text[:MAX_LANGUAGE_CHARACTERS] for text in islice(counts, MAX_LANGUAGE_CELLS)]
        recognise = recognise_category_language if _has_categories(cells) else recognise_language
        cell_language = language or recognise(first_texts)
        if cell_language in list_readable_languages():
            yield _read_column(name, cell_language, counts)


def _has_categories(cells: Sequence[str]) -> bool:
    """Return whether a column has categories: at most half of its cells differ, and few are whole texts."""
    return 2 * len({*cells}) <= len(cells) and 2 * sum(map(is_running_text, cells)) < len(cells)


def _read_column(name: str, language: str, counts: Counter[str]) -> TitleColumn:
    """Return the figures of a column.

    Args:
        counts: the number of cells with each text.
    """
    kinds = set[frozenset[str]]()
    cells_with_kind = 0
    more_words_count = 0
    for text, count in counts.items():
        meaning = read_title_garments(text, language)
        if meaning.kinds:
            kinds.add(meaning.kinds)
            cells_with_kind += count
            kind_word_count = sum(len(word.split()) for word in meaning.words)
            if len(split_title(text)) > kind_word_count:
                more_words_count += count
    length = sum(len(text) * count for text, count in counts.items()) / counts.total()
    return TitleColumn(name, language, counts.total(), cells_with_kind, more_words_count, len(kinds), length)


def _choose_best_column(columns: Sequence[TitleColumn]) -> TitleColumn | None:
    """Return the column of titles among some columns; None if none of them names kinds."""
    # The order matters: two limits are relative to the best of the columns that are still left.
    candidates = [
        column for column in columns if column.cells_with_kind >= MIN_SHARE_WITH_KIND * column.filled_cells
    ]
    # One word in all cells is no title: "short" can mean the sleeves.
    candidates = [
        column
        for column in candidates
        if column.kind_sets > 1 or column.cells_with_more_words >= MIN_SHARE_WITH_KIND * column.filled_cells
    ]
    max_kind_sets = max((column.kind_sets for column in candidates), default=0)
    candidates = [column for column in candidates if column.kind_sets >= MIN_KIND_VARIETY * max_kind_sets]
    # Columns that say more than the kind come first. If there are none, bare kinds ("Skirt") are the titles.
    candidates = [
        column
        for column in candidates
        if column.cells_with_more_words >= MIN_SHARE_WITH_KIND * column.filled_cells
    ] or candidates
    best = max((column.cells_with_kind for column in candidates), default=0)
    candidates = [column for column in candidates if column.cells_with_kind >= MIN_KIND_RATIO * best]
    return min(candidates, key=lambda column: column.mean_length, default=None)


def _is_mostly(counts: Counter[str], is_other: Callable[[str], bool]) -> bool:
    return 2 * sum(count for text, count in counts.items() if is_other(text)) > counts.total()


def _is_picture(text: str) -> bool:
    return is_picture_cell(text) or bool(find_addresses(text))


def _is_slug(text: str) -> bool:
    """Return whether a text is a name for an address, such as `blue-dress-42`."""
    return not re.search(r"\s", text) and len(re.findall("[-_/]", text)) >= 2


def _is_list(text: str) -> bool:
    return text.count(",") >= 2 or ">" in text

"""Choose the column of titles by its cells, for a list whose columns have no names that are known.

    a       b               c
    A-17    Pleated skirt   A skirt of light wool with a hidden zip, lined, ...
    A-18    Blue dress      This dress ...

Here it is `b`. A title names garments of several kinds, and says more than their names. If several columns do
so, the shortest one is the title; the longer ones are descriptions.
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
from labelling.lists.list_language import has_texts_of_other_language, is_text

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
"""Smallest share of a column's filled cells that name a kind, so that the column can have the titles; also
the smallest share that say more than the kind."""

MIN_KIND_VARIETY: Final = 0.5
"""Number of different sets of kinds that a column has to name, relative to the column that names most."""

MIN_KIND_RATIO: Final = 0.8
"""Number of cells of a column that have to name a kind, relative to the column with most such cells."""


class TitleColumn(NamedTuple):
    """A column that may have the titles, with figures about its cells.

    Attributes:
        name: the name of the column.
        language: the language in which its cells are read.
        filled_cells: the number of cells that are not empty.
        cells_with_kind: the number of cells that name a kind.
        cells_with_more_words: the number of cells that name a kind and say more than the kind.
        kind_sets: the number of different sets of kinds that the cells name.
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
    """Return the column of a list that most probably has the titles of products, judged by its cells.

    None is returned if no column names enough kinds, which are garments as shops name them.

    Args:
        columns: the names of the columns to choose from.
        rows: a function that reads the cells of given columns, row by row.
        language: the code of the language of the titles; empty to find the language of each column.
        named_columns: columns that are known by their names. They are not chosen, but show whether the list
            is in the language of a chosen column of categories.
    """
    possible_columns = dict(read_text_columns(columns, rows))
    best = _choose_best_column(list(_read_columns(possible_columns, language)))
    if best is None or language or not _has_categories(possible_columns[best.name]):
        return best
    named_cells = [cells for _, cells in read_text_columns(named_columns, rows)]
    others = [cells for name, cells in possible_columns.items() if name != best.name]
    return None if has_texts_of_other_language(best.language, [*others, *named_cells]) else best


def read_text_columns(columns: Iterable[str], rows: ReadColumns) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of columns that may have words of the shop, and the filled cells of their first rows.

    Columns of pictures, of addresses, and of tags or category paths are left out.

    Args:
        columns: the names of the columns to read.
        rows: a function that reads the cells of given columns, row by row.
    """
    named = [name for name in columns if fold_column_name(name) not in OTHER_COLUMN_NAMES]
    cells: dict[str, list[str]] = {name: [] for name in named[:MAX_SEARCHED_COLUMNS]}
    for row in islice(rows(tuple(cells)), MAX_SEARCHED_ROWS):
        for name, texts in cells.items():
            if text := (row.get(name) or "").strip():
                texts.append(text)
    for name, texts in cells.items():
        counts = Counter(texts)
        if texts and not any(_is_mostly(counts, is_other) for is_other in (_is_picture, _is_slug, _is_list)):
            yield name, texts


def _read_columns(columns: Mapping[str, Sequence[str]], language: str) -> Iterator[TitleColumn]:
    """Yield the columns that may be titles."""
    for name, cells in columns.items():
        counts = Counter(cells)
        begin = [text[:MAX_LANGUAGE_CHARACTERS] for text in islice(counts, MAX_LANGUAGE_CELLS)]
        recognise = recognise_category_language if _has_categories(cells) else recognise_language
        spoken = language or recognise(begin)
        if spoken in list_readable_languages():
            yield _read_column(name, spoken, counts)


def _has_categories(cells: Sequence[str]) -> bool:
    """Return whether a column has categories: a few words that repeat, and no texts."""
    return 2 * len({*cells}) <= len(cells) and 2 * sum(map(is_text, cells)) < len(cells)


def _read_column(name: str, language: str, counts: Counter[str]) -> TitleColumn:
    kinds = set[frozenset[str]]()
    cells_with_kind = 0
    more = 0
    for text, count in counts.items():
        meaning = read_title_garments(text, language)
        if meaning.kinds:
            kinds.add(meaning.kinds)
            cells_with_kind += count
            more += count * (len(split_title(text)) > sum(len(word.split()) for word in meaning.words))
    length = sum(len(text) * count for text, count in counts.items()) / counts.total()
    return TitleColumn(name, language, counts.total(), cells_with_kind, more, len(kinds), length)


def _choose_best_column(columns: Sequence[TitleColumn]) -> TitleColumn | None:
    """Return the title among some columns; None if none names kinds.

    A column whose cells have nothing but one and the same word is no title. "short" can mean the sleeves.
    """
    # The order matters: two limits are relative to the best of the columns that are still left.
    naming = [
        column for column in columns if column.cells_with_kind >= MIN_SHARE_WITH_KIND * column.filled_cells
    ]
    naming = [
        column
        for column in naming
        if column.kind_sets > 1 or column.cells_with_more_words >= MIN_SHARE_WITH_KIND * column.filled_cells
    ]
    most = max((column.kind_sets for column in naming), default=0)
    naming = [column for column in naming if column.kind_sets >= MIN_KIND_VARIETY * most > 0]
    naming = [
        column
        for column in naming
        if column.cells_with_more_words >= MIN_SHARE_WITH_KIND * column.filled_cells
    ] or naming
    best = max((column.cells_with_kind for column in naming), default=0)
    naming = [column for column in naming if column.cells_with_kind >= MIN_KIND_RATIO * best]
    return min(naming, key=lambda column: column.mean_length, default=None)


def _is_mostly(counts: Counter[str], is_other: Callable[[str], bool]) -> bool:
    return 2 * sum(count for text, count in counts.items() if is_other(text)) > counts.total()


def _is_picture(text: str) -> bool:
    return is_picture_cell(text) or bool(find_addresses(text))


def _is_slug(text: str) -> bool:
    return not re.search(r"\s", text) and len(re.findall("[-_/]", text)) >= 2


def _is_list(text: str) -> bool:
    return text.count(",") >= 2 or ">" in text

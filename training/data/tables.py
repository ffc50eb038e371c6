"""List the pictures of a table with the columns `path,label[,tier][,group][,source][,checked][,split]`.

The table may also have columns of attributes, such as `colour`. No picture is opened here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.plain_text import choose_form, format_count, shorten_text
from inference.text.spreadsheets import unescape_spreadsheet_text
from labelling.errors import ListUnusable
from labelling.lists.identifiers import NO_VALUE_TEXT, UNKNOWN_VALUE_TEXTS, read_identifier
from labelling.lists.list_files import OpenList, open_list
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from labelling.lists.list_rows import ListFile, ListRow
from labelling.lists.title_notes import describe_contradictions
from labelling.lists.titles import ListWords, find_word_columns
from training.data.listing import (
    MAX_FOLDERS_NAMED,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    SPLIT_COLUMN,
    TEST_FOLDER_NAMES,
    TRAIN_FOLDER_NAMES,
    UNCHECKED_CELLS,
    VALIDATION_FOLDER_NAMES,
    DataSetPart,
    ListedPicture,
    Listing,
    map_names_to_parts,
    read_label,
)
from training.errors import DataError

WORD_SEPARATORS: Final = re.compile("[,;|/]")
"""Signs between words in a cell of an attribute, such as `blue, white`."""

_LabelledWords: TypeAlias = tuple[Mapping[str, str], str]
"""The words of a table's row, by column, and its label."""


def list_table_pictures(path: Path, attributes: Sequence[str], list_options: ListOptions) -> Listing:
    """List the pictures of a table, with their labels, groups and parts.

    Args:
        attributes: the columns of further labels, such as `colour`, which are read if the table has them.
        list_options: the way in which the table is read, such as the encoding and the names of columns.

    Raises:
        DataError: the table cannot be read, has another header, or has a row that does not fit the header or
            has no path; or a row has no label or tier, or a label that cannot be shown.
    """
    table = open_picture_table(path, attributes, list_options)
    columns = tuple(name for name in table.columns if name != list_options.product_column)
    present_attributes = [name for name in attributes if name in columns]
    parts = read_table_parts(table)
    reserved_columns = {
        *REQUIRED_COLUMNS,
        *OPTIONAL_COLUMNS,
        SPLIT_COLUMN,
        *list_options.path_columns,
        list_options.product_column,
    }
    # To know the names of columns of words, all languages are loaded, which takes a quarter of a second.
    words = find_word_columns(table.columns) if set(table.columns) - reserved_columns else ListWords()
    labelled_words = list[_LabelledWords]()
    pictures = list[ListedPicture]()
    left_out = list[Path]()
    unknown_labels = Counter[str]()
    for line in table.read_rows():
        labelled_words.append(({name: line.cells[name] for name in words.columns}, line.cells[LABEL].strip()))
        part = parts.get(line.cells.get(SPLIT_COLUMN, "").strip().casefold())
        for row in _make_row_pictures(table, line, present_attributes, part):
            if not row.tier and _is_no_class(row.label):
                left_out.append(row.path)
                unknown_labels[row.label] += row.label != NONE
                continue
            if not row.tier:  # a photo in a tier may have no label, if it shows none of the classes
                read_label(row.label, line.row_place)
            pictures.append(row)
    notes = table.notes + _describe_unknown_cells(f"{path}, column `label`", unknown_labels)
    for name in present_attributes:
        pictures, column_notes = _clear_unusable_cells(pictures, name, f"{path}, column `{name}`")
        notes += column_notes
    if words.columns and (
        contradiction := describe_contradictions(
            words.choose_language("", (cells for cells, _ in labelled_words)), labelled_words
        )
    ):
        notes += (f"{path}: {contradiction}",)
    return Listing(
        path,
        tuple(pictures),
        tuple(left_out),
        columns=columns,
        attributes=tuple(attributes),
        notes=notes,
    )


def _is_no_class(label: str) -> bool:
    """Tell whether a label says that the picture shows no class, or that the class is not known."""
    return label in {NONE, NO_VALUE_TEXT} or label.casefold() in UNKNOWN_VALUE_TEXTS


def _describe_unknown_cells(message_start: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a sentence on cells whose label is not known, with texts and counts; empty if there are none."""
    cells = [f"{shorten_text(cell)!r} ({count:,})" for cell, count in counts.items() if count]
    return (f"{message_start}: cells that are not known: {', '.join(cells)}.",) if cells else ()


def read_table_parts(table: ListFile) -> dict[str, DataSetPart]:
    """Return which part (train or test) each cell of the column `split` stands for.

    Returns:
        The part by cell, in small letters; empty if the table has no such column or is not divided. A table
        of one part is used as a whole.

    Raises:
        DataError: a cell is not the name of a part.
    """
    if SPLIT_COLUMN not in table.columns or table.list_options.product_column == SPLIT_COLUMN:
        return {}
    cells = {row.cells[SPLIT_COLUMN].strip() for row in table.read_rows()}
    names = {cell.casefold() for cell in cells}
    if unknown_cells := sorted(
        cell
        for cell in cells
        if cell.casefold() not in TRAIN_FOLDER_NAMES | VALIDATION_FOLDER_NAMES | TEST_FOLDER_NAMES
    ):
        raise DataError(
            f"{table.path}: the column `{SPLIT_COLUMN}` has {shorten_text(unknown_cells[0])!r}, which "
            "is none of `train`, "
            "`val` and `test`. Rename the column, if it does not divide the pictures, or fill it."
        )
    return {} if names <= TRAIN_FOLDER_NAMES else map_names_to_parts(names | TRAIN_FOLDER_NAMES)


def _make_row_pictures(
    table: ListFile, row: ListRow, attributes: Sequence[str], part: DataSetPart | None
) -> Iterator[ListedPicture]:
    """Yield the pictures of a table's row. If the row has several pictures, they are in one group.

    The group is the one that the row names, or else its product, or else the row itself.
    """
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    paths = [path for name in table.list_options.path_columns if (path := cells[name])]
    if not paths:
        raise DataError(f"{row.row_place}: names no picture.")
    tier, group, source, checked_cell = (cells.get(column, "") for column in OPTIONAL_COLUMNS)
    product = read_identifier(cells.get(table.list_options.product_column, ""))
    group = read_identifier(group) or product or (row.row_place if len(paths) > 1 else "")
    labels = {name: unescape_spreadsheet_text(cells[name]) for name in (LABEL, *attributes)}
    labels = {name: cell and read_label(cell, row.row_place) for name, cell in labels.items()}
    labels |= {name: "" for name in attributes if labels[name] == NONE}  # not known, as in a correction
    for path in paths:
        yield ListedPicture(
            Path(table.resolve_path(path)),
            labels,
            part,
            tier,
            group,
            source,
            product=product,
            is_checked=checked_cell.casefold() not in UNCHECKED_CELLS,
        )


def _clear_unusable_cells(
    pictures: Sequence[ListedPicture], attribute: str, message_start: str
) -> tuple[list[ListedPicture], tuple[str, ...]]:
    """Clear an attribute of pictures whose cell says "not known", or has several words without a separator.

    Returns:
        The pictures, and sentences about these cells.
    """
    counts = Counter(row.labels[attribute] for row in pictures)
    words = Counter(word for cell in counts for word in _split_words(cell))
    unknown_words = [cell for cell in counts if cell.casefold() in UNKNOWN_VALUE_TEXTS]
    # A cell such as `blue, white` is cleared if one of its words is in another cell, too. It means several
    # labels, which only `/` separates. Otherwise the comma is part of one label.
    unseparated_cells = [
        cell
        for cell in counts
        if re.search("[,;|]", cell)
        and (len(_split_words(cell)) < 2 or any(words[word] > 1 for word in _split_words(cell)))
    ]
    unusable_cells = {*unknown_words, *unseparated_cells}
    rows = [
        replace(row, labels={**row.labels, attribute: ""}) if row.labels[attribute] in unusable_cells else row
        for row in pictures
    ]
    notes = _describe_unknown_cells(
        message_start, {cell: counts[cell] for cell in (*unknown_words, NO_VALUE_TEXT)}
    )
    if unseparated_cells:
        count = sum(counts[cell] for cell in unseparated_cells)
        examples = ", ".join(map(repr, unseparated_cells[:MAX_FOLDERS_NAMED]))
        notes += (
            f"{message_start}: {format_count(count, 'cell')} such as {examples} "
            f"{choose_form(count, 'is', 'are')} not known: several words are separated by /.",
        )
    return rows, notes


def _split_words(cell: str) -> set[str]:
    """Return the words of a cell between WORD_SEPARATORS, in small letters."""
    return {word.strip().casefold() for word in WORD_SEPARATORS.split(cell)} - {""}


def open_picture_table(
    path: Path,
    attributes: Sequence[str] = (),
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    open_function: OpenList = open_list,
) -> ListFile:
    """Open a table of pictures, and check its header and rows.

    Args:
        attributes: the columns of further labels, which may be missing.
        list_options: the way in which the table is read, such as the encoding and the names of columns.
        open_function: the function that opens the list; `open_header` reads the header without the rows.

    Raises:
        DataError: the table cannot be read, or a row does not fit the header.
    """
    try:
        table = open_function(
            path,
            (*list_options.path_columns, LABEL),
            replace(list_options, identifier_columns=("group",)),
            (*OPTIONAL_COLUMNS, SPLIT_COLUMN, *attributes),
        )
    except ListUnusable as error:
        raise DataError(str(error)) from error
    if list_options.product_column and list_options.product_column not in table.columns:
        raise DataError(
            f"{path}: has no column `{list_options.product_column}` for --product-column; it has "
            f"{', '.join(table.columns)}."
        )
    return table

"""Find the columns of a list that have the colour of its products, by their headings and cells.

color, Farbe                      a usual heading
Hauptfarbe, Shade                 read if enough of its cells name colours
Option1 Name, Attribute 1 name    options and attributes in exports of shop systems
Lining color                      not read, and named in the summary if no other column is
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, TypeAlias

from labelling.lists import magento, woocommerce
from labelling.lists.colour_cells import split_colour_cell
from labelling.lists.colour_columns import Cells, ColourColumns, read_attribute_colours
from labelling.lists.colour_headings import (
    COLOUR_PATTERN,
    CUSTOM_COLOUR,
    has_colour_word,
    is_colour_heading,
    is_shade_heading,
    read_metafield,
)
from labelling.lists.colour_words import is_colour_in_any_language
from labelling.lists.column_names import fold_column_name, is_colour_name, list_usual_column_names
from labelling.lists.identifiers import read_identifier
from labelling.lists.option_columns import find_option_columns

MIN_COLOUR_CELLS_SHARE: Final = 0.5
"""Smallest share of a column's different cells that name colours, so that a heading such as `Main color` is
believed. Shops also have colours of their own ("Cult"), so not all cells can be asked for."""

MIN_COLOURS_TO_CHOOSE: Final = 4
"""Smallest number of colours in one cell of a column, from which on several colours in its other cells are
those that a buyer chooses from, too. No garment is described by four colours."""

MAX_SEARCHED_CELLS: Final = 200
"""Number of different cells of a column, from the first on, that are searched for colours."""

MAX_SEARCHED_ROWS: Final = 20_000
"""Number of rows, from the first on, whose cells are read to find the column of colours."""

MAX_OPTION_CHARACTERS: Final = 200
"""Longest cell that is searched for the name of an option. Longer ones are descriptions."""

_OPTION_END: Final = re.compile(r"[\[\]{}()=:;,|\"']+")
"""Signs around the name of an option, as in `[RB]Color=Burgundy`."""

_MANY_PARTS: Final = re.compile(
    rf"(?:(?:[/,;|&+]|\b(?:and|und|et|y)\b).*?){{{MIN_COLOURS_TO_CHOOSE - 1}}}", re.IGNORECASE | re.DOTALL
)
"""Pattern of a cell with enough signs or words between colours to be one of MIN_COLOURS_TO_CHOOSE."""

ReadColumns: TypeAlias = Callable[[Sequence[str]], Iterator[Cells]]
"""A function that yields the cells of the given columns, row by row. Each call begins with the first row."""


def find_colour_columns(columns: Sequence[str], rows: ReadColumns, named_column: str = "") -> ColourColumns:
    """Find the columns of a list that have the colour of its products, by their headings and cells.

    Args:
        columns: the columns of the list, in its order.
        rows: a function that reads the cells of given columns, row by row. It is called only if a heading may
            mean the colour.
        named_column: the column that a person named; empty to find it.
    """
    metafields = {column: field for column in columns if (field := read_metafield(column))}
    usual_names = list_usual_column_names("colour")
    plain_columns = [column for column in columns if column not in metafields]
    usual_columns = sorted(
        (column for column in plain_columns if is_colour_name(column)),
        key=lambda column: usual_names.index(fold_column_name(column)),
    )
    found_columns = [] if named_column else _find_unusual_columns(plain_columns, usual_columns, rows)
    preferred = [named_column] if named_column else []
    # If two columns look like the colour, neither is read: nothing says which one is meant.
    if len(found_columns) == 1:
        preferred = found_columns
    found = ColourColumns(
        columns=tuple(dict.fromkeys((*preferred, *usual_columns))),
        reason="named" if named_column else "found" if len(found_columns) == 1 else "usual",
        options=tuple(find_option_columns(columns)),
        attribute_columns=tuple(_find_attribute_columns(columns)),
        metafields=tuple(
            column
            for wanted in (COLOUR_PATTERN, CUSTOM_COLOUR)
            for column, field in metafields.items()
            if field == wanted
        ),
        unread_metafields=tuple(
            column
            for column, field in metafields.items()
            if column != named_column
            and field not in {COLOUR_PATTERN, CUSTOM_COLOUR}
            and has_colour_word(field.key)
        ),
        rivals=tuple(found_columns) if len(found_columns) > 1 else (),
    )
    return replace(
        found,
        choice_columns=frozenset(_find_choice_columns(found, rows)),
        unread_columns=tuple(_find_unread_columns(columns, found, rows)),
    )


def _find_unread_columns(columns: Sequence[str], found: ColourColumns, rows: ReadColumns) -> list[str]:
    """Return the columns whose heading or cells have a word for colour, if no column of the list is read."""
    mentioned_columns = {*found.rivals, *found.unread_metafields}
    if found.columns or found.metafields or mentioned_columns:
        return []
    coloured_columns = {column for column in columns if has_colour_word(column)}
    for row in islice(rows(columns), MAX_SEARCHED_CELLS) if columns else ():
        coloured_columns.update(column for column in columns if _names_colour_option(row[column]))
    # Options and attributes are read, so that nothing is missing if one of them is the colour.
    if not coloured_columns.isdisjoint(found.read_columns):
        return []
    return [column for column in columns if column in coloured_columns]


def _names_colour_option(cell: str) -> bool:
    """Return whether a cell has the name of an option that is the colour: "Color=Burgundy", "Farbe: Rot"."""
    return len(cell) <= MAX_OPTION_CHARACTERS and any(map(is_colour_name, _OPTION_END.split(cell)))


def _find_choice_columns(found: ColourColumns, rows: ReadColumns) -> set[str]:
    """Return the columns of which a cell has MIN_COLOURS_TO_CHOOSE colours or more.

    Metafields are none: what they have is about one garment. Neither is the value of an option, of which a
    buyer chooses a whole one. The columns of attributes are one column, since numbers of attributes differ.
    """
    columns = [column for column in found.columns if not read_metafield(column)]
    names = tuple(dict.fromkeys((*columns, *found.attribute_columns)))
    choice_columns = set[str]()
    for row in rows(names) if names else ():
        # Few cells have so many signs between words, and the check is quick.
        long_columns = [column for column in names if _MANY_PARTS.search(row[column])]
        for column in columns:
            if column in long_columns and len(split_colour_cell(row[column])) >= MIN_COLOURS_TO_CHOOSE:
                choice_columns.add(column)
        if (
            long_columns
            and found.attribute_columns
            and len(read_attribute_colours(row)) >= MIN_COLOURS_TO_CHOOSE
        ):
            choice_columns.update(found.attribute_columns)
    return choice_columns


def _find_unusual_columns(
    columns: Sequence[str], usual_columns: Sequence[str], rows: ReadColumns
) -> list[str]:
    """Return columns such as `Main color`, whose cells name colours, unless a usual column has cells."""
    unusual_columns = [column for column in columns if column not in usual_columns]
    colours = [column for column in unusual_columns if is_colour_heading(column)]
    shades = [column for column in unusual_columns if is_shade_heading(column) and column not in colours]
    # Programs export empty columns; one of a usual name does not hide a filled one.
    if (colours or shades) and _has_filled_cells(usual_columns, rows):
        return []
    # Beside a column "Main color", a column "Shade" may be a detail of it.
    return _find_by_cells(colours, rows) or _find_by_cells(shades, rows)


def _has_filled_cells(columns: Sequence[str], rows: ReadColumns) -> bool:
    """Return whether any cell of some columns has a text other than "n/a" and the like."""
    read_rows = islice(rows(columns), MAX_SEARCHED_ROWS) if columns else ()
    return any(read_identifier(row[column]) for row in read_rows for column in columns)


def _find_by_cells(columns: Sequence[str], rows: ReadColumns) -> list[str]:
    """Return the columns in which at least MIN_COLOUR_CELLS_SHARE of the different cells name a colour."""
    cells: dict[str, dict[str, None]] = {column: {} for column in columns}
    for row in islice(rows(columns), MAX_SEARCHED_ROWS) if columns else ():
        for column, different_colours in cells.items():
            text = read_identifier(row[column])
            if text and len(different_colours) < MAX_SEARCHED_CELLS:
                different_colours[text] = None
    return [
        column
        for column, different_colours in cells.items()
        if different_colours and _has_colour_cells(list(different_colours))
    ]


def _has_colour_cells(cells: Sequence[str]) -> bool:
    """Return whether enough of a column's different cells name a colour, in any language."""
    named_count = sum(any(map(is_colour_in_any_language, split_colour_cell(cell))) for cell in cells)
    return named_count >= MIN_COLOUR_CELLS_SHARE * len(cells)


def _find_attribute_columns(columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns with attributes of WooCommerce or Magento, and WooCommerce's column `Type`."""
    has_attributes = any(woocommerce.translate_header(column) for column in columns)
    for column in columns:
        is_read = woocommerce.translate_header(column) or woocommerce.is_type_column(column)
        if (has_attributes and is_read) or magento.is_attribute_column(column):
            yield column

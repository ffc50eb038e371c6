"""Sentences for the summary of a table about the shop's list: its titles, products and colours.

`Summary.notes` has them, and `wardrobe label` prints them after a run.
"""

from typing import Final

from inference.plain_text import join_first_items
from labelling.decide.decisions import Decisions
from labelling.lists.titles import LANGUAGE_OFF, describe_title_column
from labelling.write.counts import RowCounts

MAX_NAMED_PRODUCTS: Final = 3
"""Largest number of products with contradicting titles that a sentence names."""

MAX_NAMED_CELLS: Final = 3
"""Largest number of cells without a colour that a sentence names."""

MAX_CONTRADICTING_SHARE: Final = 0.2
"""Share of products with contradicting titles above which the user is asked whether --by names the right
column."""

FOLDERS_READ_NOTE: Final = "The names of folders are read as categories. --language none turns this off."


def describe_list(decisions: Decisions, counts: RowCounts, products: RowCounts | None) -> list[str]:
    """Return sentences about a list that a person should know.

    Args:
        decisions: the decided rows of the table.
        counts: the counts of products; without products, of photos.
        products: the counts of products; None for a table without products.
    """
    title = describe_titles(decisions)
    is_title_alone = bool(title) and decisions.list_words.language == LANGUAGE_OFF
    return [
        *([title] if is_title_alone else []),
        *([FOLDERS_READ_NOTE] if decisions.list_reader.folder_categories.names_by_depth else []),
        *_describe_contradicting_products(decisions, products.rows if products else 0),
        *_describe_cells_without_colour(decisions, counts),
    ]


def describe_titles(decisions: Decisions) -> str:
    """Return a sentence that names the columns of titles; empty if a person turned titles off."""
    run = decisions.settings
    if run.language == LANGUAGE_OFF:
        return ""
    return describe_title_column(decisions.list_words, run.further, run.title)


def _describe_contradicting_products(decisions: Decisions, product_count: int) -> list[str]:
    """Name products whose titles contradict each other, in a sentence; empty without such products."""
    names = decisions.context.titles.contradicting_products
    if not names or not product_count or decisions.settings.by is None:
        return []
    shown = join_first_items([f"`{name}`" for name in names], MAX_NAMED_PRODUCTS)
    note = f"{len(names):,} of {product_count:,} products have titles that name different garments: {shown}."
    is_often = len(names) > MAX_CONTRADICTING_SHARE * product_count
    return [note + (f" Does --by {decisions.settings.by.column} name the right column?" if is_often else "")]


def _describe_cells_without_colour(decisions: Decisions, counts: RowCounts) -> list[str]:
    """Count cells of colours that name no colour, in a sentence; empty without such cells."""
    cells = counts.cells_without_colour
    if not cells or not decisions.context.colour_head:
        return []
    shown = join_first_items([f"`{cell}`" for cell in cells], MAX_NAMED_CELLS)
    return [f"{cells.total():,} cells for the colour name no colour ({shown}), so the photos decide."]

"""The page about tables explains every column that a table may have."""

import re
from collections.abc import Callable, Iterable
from itertools import product

import pytest

from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.column_descriptions import (
    BOTH_TABLES,
    COLUMN_DESCRIPTIONS,
    PHOTO_TABLE,
    PRODUCT_TABLE,
)
from labelling.write.columns import TableColumn, make_photo_columns, make_product_columns

ATTRIBUTES = ("colour", "kind")
RUN = RunSettings(
    source="here",
    version="v1",
    heads={"label": ("Dress", "Coat"), "colour": ("red", "blue"), "kind": ("dress", "skirt")},
    categories={head: {"Dress": ("1", "Dresses")} for head in ("label", *ATTRIBUTES)},
    by=ProductGrouping(column="article", folder=None, proven=()),
)


def find_missing(columns: Iterable[TableColumn], *tables: str) -> list[str]:
    """The columns that no description names, whichever attribute it takes as its example."""
    names = {
        name
        for description in COLUMN_DESCRIPTIONS
        if description.table in tables
        for name in re.findall(r"`([^`]+)`", description.names)
    }
    named = {
        re.sub(f"^{one}(?=$|_)", other, name)
        for name in names
        for one, other in product(ATTRIBUTES, repeat=2)
    }
    return [column.name for column in columns if re.sub("^p_.*", "p_<label>", column.name) not in named]


@pytest.mark.parametrize(
    ("make_columns", "table"), [(make_photo_columns, PHOTO_TABLE), (make_product_columns, PRODUCT_TABLE)]
)
def test_the_page_about_tables_explains_each_column(
    make_columns: Callable[..., list[TableColumn]], table: str
) -> None:
    columns = make_columns(RUN, has_human_answers=True, has_shop_words=True)

    assert find_missing(columns, table, BOTH_TABLES) == []

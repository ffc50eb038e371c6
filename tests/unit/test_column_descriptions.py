"""The page about tables explains every column that a table may have."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product

import pytest

from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.column_descriptions import (
    BOTH_TABLES,
    COLUMN_DESCRIPTIONS,
    PHOTO_TABLE,
    PRODUCT_TABLE,
)
from labelling.write.columns import (
    TableColumn,
    make_photo_columns,
    make_product_columns,
    name_list_columns,
)

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


@pytest.mark.parametrize("make_columns", [make_photo_columns, make_product_columns])
def test_a_list_with_columns_called_like_all_of_ours_gets_no_name_twice(
    make_columns: Callable[..., list[TableColumn]],
) -> None:
    run = replace(RUN, by=ProductGrouping(column="folder", folder="here", proven=()))
    ours = [column.name for column in make_columns(run, has_human_answers=True, has_shop_words=True)]
    further = name_list_columns(ours, run.heads["label"], ATTRIBUTES)

    columns = make_columns(replace(run, further=further), has_human_answers=True, has_shop_words=True)

    names = [column.name for column in columns]
    assert len(names) > len(ours)
    assert sorted(names) == sorted({*names})

"""Write a feed: the colours of products in the columns that a sales platform such as Google imports.

    id,color
    A-17,Navy/White

A feed leaves out a product whose colour is doubtful, because an empty cell would remove the colour that the
shop gave it on the platform. For a product of several photos, a colour may be less certain than in the table;
the result says how many of such colours are right.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from inference.reasons import Reason
from inference.text.plain_text import format_count, join_first_items, shorten_text
from labelling.decide.decisions import RunDecisions
from labelling.decide.row_decision import find_colour_head
from labelling.errors import TableUnusable
from labelling.journal.journal_file import Journal
from labelling.lists.woocommerce import read_woocommerce_attributes
from labelling.rows import TableRow
from labelling.run_settings import ProductGrouping
from labelling.write.feed_articles import FeedArticles
from labelling.write.feed_categories import FeedCategories
from labelling.write.feed_customers import FeedCustomers
from labelling.write.feed_files import make_categories_path, make_customer_path, make_feed_path
from labelling.write.outputs import replace_files
from labelling.write.platforms import (
    FEED_PLATFORMS,
    find_lacking_column,
    find_product_spellings,
)

MAX_NAMED_IN_FEED: Final = 5
"""Largest number of left out products that a sentence names."""

DOUBTFUL_COLOUR: Final = "Not in the feed: {n:,} with a doubtful colour."
NO_READABLE_PHOTO: Final = "Not in the feed: {n:,} without a photo that can be read ({named})."
LOSING_VARIATIONS: Final = (
    "Not in the feed: {n:,} with variations or several colours of their own, which the import would remove."
)
SEVERAL_COLOURS: Final = "Not in the feed: {n:,} sold in several colours ({named})."
LACKING_CELL: Final = "Not in the feed: {n:,} without a cell that the platform needs ({named})."
TWO_SPELLINGS: Final = "Not in the feed: {n:,} with two spellings in the list ({named})."
LONG_COLOUR: Final = "Not in the feed: {n:,} with a colour that is too long for the platform ({named})."
DIFFERENT_COLOURS: Final = "Not in the feed: {n:,} with articles of different colours."
LEFT_OUT_REASONS: Final = (
    DOUBTFUL_COLOUR,
    NO_READABLE_PHOTO,
    LOSING_VARIATIONS,
    SEVERAL_COLOURS,
    LACKING_CELL,
    TWO_SPELLINGS,
    LONG_COLOUR,
    DIFFERENT_COLOURS,
)
"""The reasons why products are not in a feed: sentences with places for their number and some names."""

REASONS_WITH_COLOUR: Final = (
    LACKING_CELL,
    TWO_SPELLINGS,
    LOSING_VARIATIONS,
    SEVERAL_COLOURS,
    LONG_COLOUR,
    DIFFERENT_COLOURS,
)
"""The reasons for leaving out a product that remain if a person gives it a colour."""


class FeedResult(NamedTuple):
    """The result of writing a feed, which is the file of products that a sales platform imports.

    Attributes:
        file: the path of the feed.
        row_count: the number of its rows.
        likely_count: the number of rows whose colour is certain enough for a feed, but not for the table.
        right_share: the share of these likely colours that is right at least, such as .87; 0 without them.
        left_out_products: the names of the products that are not in the feed, by each of LEFT_OUT_REASONS.
        categories: the file of the products' categories, and how many products have one; None without any.
        customers: the files with genders and age groups, each with the number of its products.
        note: a sentence for the user; empty for none.
    """

    file: Path
    row_count: int
    likely_count: int
    right_share: float
    left_out_products: Mapping[str, list[str]]
    categories: tuple[Path, int] | None
    customers: tuple[tuple[Path, int], ...]
    note: str


def require_feed_attribute(platform: str, columns: Iterable[str], attributes: Iterable[str]) -> str:
    """Check that a feed for a platform is possible, before any picture is labelled.

    Args:
        platform: the name of the platform, such as `google`.
        columns: the columns of the list.
        attributes: the names of the attributes that the release answers.

    Returns:
        The name of the release's attribute that answers the colour.

    Raises:
        TableUnusable: the release answers no colour, or the list lacks a column that the platform needs.
    """
    head = find_colour_head(attributes)
    if not head:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    small_columns = {column.casefold() for column in columns}
    if lacking_columns := [
        names[0] for names in FEED_PLATFORMS[platform].needed_columns if small_columns.isdisjoint(names)
    ]:
        raise TableUnusable(
            f"--feed {platform}: the list has no column `{lacking_columns[0]}`. Add it to the list."
            if small_columns
            else f"--feed {platform}: a folder has no column `{lacking_columns[0]}`. --write-list list.csv, "
            "in place of --feed and --out, writes a list of its pictures. Add the column to it."
        )
    return head


class FeedRows:
    """A collector of products for the feed of a platform.

    Attributes:
        platform: the name of the platform, such as `google`.
        articles: the products that have what the feed needs.
        categories: the rows of the file of categories.
        customers: the rows of each file of genders or age groups.
        left_out: the names of the products that the feed leaves out, by each of LEFT_OUT_REASONS.
        count: the number of all products.
    """

    def __init__(self, platform: str, decisions: RunDecisions) -> None:
        """Create a collector without products."""
        run = decisions.settings
        self.platform = platform
        self.articles = FeedArticles()
        self.categories = FeedCategories(platform, run, decisions.list_reader)
        self.customers = [FeedCustomers(platform, file, run) for file in FEED_PLATFORMS[platform].customers]
        self.left_out = {reason: list[str]() for reason in LEFT_OUT_REASONS}
        self.count = 0
        self._grouping = run.by

    def add_row(self, row: TableRow) -> None:
        """Read the row of a product."""
        self.count += 1
        self.categories.add_row(row)
        for customer_file in self.customers:
            customer_file.add_row(row)
        if why := find_left_out_reason(row, self.platform, self._grouping):
            reason, product = why
            self.left_out[reason].append(product)
        else:
            self.articles.add_product(row, self.platform, self._grouping)


def write_feed(feed_rows: FeedRows, table: Path, decisions: RunDecisions, advice: str = "") -> FeedResult:
    """Write the feed of a finished table, with a row for each product, and the files beside it.

    The files are `TABLE-PLATFORM.csv`, `TABLE-PLATFORM-categories.csv`, and those of genders and age groups.
    The main colour of a product comes first.

    Args:
        feed_rows: the collector of a platform, which has read all products of the run.
        table: the table of photos of a run with products.
        decisions: the decided rows of the table.
        advice: a sentence for the error message if no product has a colour.

    Raises:
        TableUnusable: the release or the list does not suit the platform, no product would be in the feed, or
            a file cannot be written.
    """
    run = decisions.settings
    platform = feed_rows.platform
    categories = feed_rows.categories
    head = require_feed_attribute(platform, run.further, run.attributes)
    # Some are known only after all products: a later one can have the same key and another colour.
    left_out = {**feed_rows.left_out, DIFFERENT_COLOURS: feed_rows.articles.differing_keys}
    fed_articles = feed_rows.articles.included_articles
    if not fed_articles:
        products = format_count(feed_rows.count, "product")
        reason = f"no {head} of {products} is accepted, or given by a person. {advice}"
        raise _make_empty_feed_error(platform, left_out, reason)
    file = make_feed_path(table, platform)
    categories_file = make_categories_path(table, platform)
    columns = list(dict.fromkeys(chain.from_iterable(each.columns for each in fed_articles)))
    rows = categories.make_rows()
    files: dict[Path, tuple[Sequence[str], Iterable[Sequence[str]]]] = {
        file: (columns, (article.select_cells(columns) for article in fed_articles))
    }
    if categories.header:
        files[categories_file] = (categories.header, rows)
    customer_rows = {
        make_customer_path(table, platform, each.file): (each.header, each.make_rows())
        for each in feed_rows.customers
    }
    # An earlier file is replaced by an empty one, so that nobody imports it by mistake.
    files |= {path: content for path, content in customer_rows.items() if content[1] or path.exists()}
    _write_tables(decisions.journal, files)
    likely_count = sum(article.is_likely for article in fed_articles)
    return FeedResult(
        file=file,
        row_count=len(fed_articles),
        likely_count=likely_count,
        right_share=run.by.likely[head][1] if likely_count and run.by else 0.0,
        left_out_products=left_out,
        categories=(categories_file, len(rows)) if rows else None,
        customers=tuple((path, len(made)) for path, (_, made) in customer_rows.items() if made),
        note="" if read_woocommerce_attributes(run.further) else FEED_PLATFORMS[platform].note,
    )


def _make_empty_feed_error(
    platform: str, left_out: Mapping[str, Sequence[str]], missing_colour: str
) -> TableUnusable:
    """Return the error for a feed without products.

    Args:
        left_out: the names of the products by each of LEFT_OUT_REASONS.
        missing_colour: the reason and the advice if all products just lack a colour.
    """
    # The advice to answer about colours would not help a product that is left out for another reason.
    if not any(left_out[reason] for reason in REASONS_WITH_COLOUR):
        return TableUnusable(f"--feed {platform}: {missing_colour}")
    sentences = [describe_left_out(reason, products) for reason, products in left_out.items() if products]
    return TableUnusable(f"--feed {platform}: {' '.join(sentences)}")


def describe_left_out(reason: str, products: Sequence[str]) -> str:
    """Return a sentence about products that are not in a feed.

    Args:
        reason: an item of LEFT_OUT_REASONS.
        products: the names of the products that were left out for this reason.
    """
    return reason.format(
        n=len(products), named=join_first_items(list(map(shorten_text, products)), MAX_NAMED_IN_FEED)
    )


def find_left_out_reason(
    row: TableRow, platform: str, grouping: ProductGrouping | None
) -> tuple[str, str] | None:
    """Return the reason why a product is not in a feed; None if it is in the feed.

    Args:
        platform: the name of the platform, such as `google`.

    Returns:
        One of LEFT_OUT_REASONS, and the name of the product for the sentence.
    """
    product = row.record.product
    # Asked first: such a product has no colour for the feed either, but "doubtful" would be the wrong reason.
    if row.is_sold_in_several_colours:
        is_losing = FEED_PLATFORMS[platform].has_loss(row)
        return LOSING_VARIATIONS if is_losing else SEVERAL_COLOURS, product
    if not row.feed_colours:
        return NO_READABLE_PHOTO if row.class_decision.reason == Reason.NO_PHOTO else DOUBTFUL_COLOUR, product
    if FEED_PLATFORMS[platform].has_loss(row):
        return LOSING_VARIATIONS, product
    if lacking_column := find_lacking_column(platform, row):
        return LACKING_CELL, f"{product} (`{lacking_column}`)"
    if len(find_product_spellings(row, grouping)) > 1:
        return TWO_SPELLINGS, product
    return None if FEED_PLATFORMS[platform].can_take_colours(row.feed_colours) else (LONG_COLOUR, product)


def _write_tables(
    journal: Journal, tables: Mapping[Path, tuple[Sequence[str], Iterable[Sequence[str]]]]
) -> None:
    """Write several CSV files, each with its columns and rows, or none of them."""
    try:
        with replace_files(journal, list(tables)) as new:
            for file, (columns, rows) in zip(new, tables.values(), strict=True):
                with file.open("w", encoding="utf-8", newline="") as opened:
                    writer = csv.writer(opened)
                    writer.writerow(columns)
                    writer.writerows(rows)
    except OSError as error:
        # A failed rename names its target in filename2; filename would be the unfinished file.
        file = error.filename2 or next(iter(tables))
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error

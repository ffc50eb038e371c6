"""A feed: the colours and categories of products in the columns that a shop's platform imports.

A feed leaves out a product whose colour is doubtful: an empty cell would take away what a person gave it
there. Of products of several photos it takes what is likely, which is less than a table accepts, and says how
many of such are right. Reads the journal; the columns are those of the platforms' own pages
(docs/how-to/feeds.md). WooCommerce's rows: woocommerce.py.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.kinds import KIND
from inference.plain_text import join_first
from inference.reasons import Reason
from inference.recognition import label_kinds, language_of
from inference.title_rule import OTHER
from labelling.decisions import Decisions
from labelling.errors import TableUnusable
from labelling.identifiers import read_listed_cell
from labelling.journal import Journal
from labelling.outputs import replace_files
from labelling.row_decision import find_colour_head
from labelling.rows import Category, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.taxonomies import find_kind_category
from labelling.woocommerce import REPLACES, loses_variations, make_colour_attribute, read_attributes

NAMED: Final = 5
"""Products that a sentence names."""

DOUBTFUL: Final = "{n:,} are in no feed: their colour is doubtful."
UNSEEN: Final = "{n:,} are in no feed, as no photo of them can be read: {named}."
LOSING: Final = (
    "{n:,} are in no feed: they have variations or several colours of their own, which the import would take "
    "away."
)
LACKING: Final = "{n:,} lack what it needs, and are in no feed: {named}."
SPELT_TWICE: Final = "{n:,} have two spellings in the list, and are in no feed: {named}."
DIFFERING: Final = "{n:,} have articles of different colours, and are in no feed."
REASONS: Final = (DOUBTFUL, UNSEEN, LOSING, LACKING, SPELT_TWICE, DIFFERING)
"""Why products are in no feed, as a sentence of how many and of some names."""


class Feed(NamedTuple):
    """What became of a feed.

    Attributes:
        file: where it is.
        products: rows of it.
        likely: rows whose colour several photos name, though less is shown of such than a table promises.
        right: how many of these are right at least; 0 where there are none.
        left_out: the names of other products, by each of REASONS.
        categories: where the categories of products are, and how many have one; None where none has.
        note: what a person should know of it; empty for nothing.
    """

    file: Path
    products: int
    likely: int
    right: float
    left_out: Mapping[str, list[str]]
    categories: tuple[Path, int] | None
    note: str


class CategoryFile(NamedTuple):
    """What a platform imports of a product's category.

    Attributes:
        column: the column of the category.
        choose: returns what the platform takes of a category's id and name; None if it has none.
        other_columns: the cells of the feed that stand in this file, too, between the key and the category.
    """

    column: str
    choose: Callable[[Category], str | None]
    other_columns: tuple[str, ...] = ()


class Platform(NamedTuple):
    """What a platform imports.

    Attributes:
        key: the column by which the platform knows a product. Products with the same key are one.
        read_key: returns the key of a product, from its name in the list and its row.
        colour_cells: returns the cells of the colour, by column.
        other_cells: returns all other cells of a row, by column. A column of the colour may be among them: it
            keeps its place, and gets the cell of the colour.
        needs: columns of the list that it needs, each by any of these names, in small letters.
        categories: what it imports of categories; None if its feed has none.
        loses: tells whether its import would take away what a product has there; such products are left out.
        note: on a list without attributes.
    """

    key: str
    read_key: Callable[[str, TableRow], str]
    colour_cells: Callable[[TableRow], dict[str, str]]
    other_cells: Callable[[TableRow], dict[str, str]] = lambda _: {}
    needs: tuple[tuple[str, ...], ...] = ()
    categories: CategoryFile | None = None
    loses: Callable[[TableRow], bool] = lambda _: False
    note: str = ""

    def make_cells(self, name: str, row: TableRow) -> dict[str, str]:
        """Return a row of the feed, by column.

        Args:
            name: the name of the product in the list.
            row: the row of the product.
        """
        return {self.key: self.read_key(name, row), **self.other_cells(row), **self.colour_cells(row)}


_HANDLE: Final = ("handle", "url handle")
_TITLE: Final = ("title",)
"""Names of the columns that Shopify needs."""

FEEDS: Final[Mapping[str, Platform]] = {
    "google": Platform(
        key="id",
        read_key=lambda name, _: name,
        colour_cells=lambda row: {"color": "/".join(row.feed_colours)},
        categories=CategoryFile("google_product_category", itemgetter(0)),
    ),
    "shopify": Platform(
        key="URL handle",
        read_key=lambda _, row: _cell(row, _HANDLE),
        colour_cells=lambda row: {"Color (product.metafields.custom.color)": ", ".join(row.feed_colours)},
        other_cells=lambda row: {"Title": _cell(row, _TITLE)},
        needs=(_HANDLE, _TITLE),
        categories=CategoryFile("Product category", itemgetter(1), other_columns=("Title",)),
    ),
    "woocommerce": Platform(
        key="SKU",
        read_key=lambda name, _: name,
        colour_cells=lambda row: make_colour_attribute(row.record.cells, row.feed_colours),
        other_cells=lambda row: read_attributes(row.record.cells),
        loses=lambda row: loses_variations(row.record.cells),
        note=REPLACES,
    ),
}


def check_feed(platform: str, columns: Iterable[str], attributes: Iterable[str]) -> str:
    """Refuse a feed that a table cannot have, before anything is labelled.

    Args:
        platform: of FEEDS.
        columns: of the list.
        attributes: that the release answers.

    Returns:
        the attribute that is the colour.

    Raises:
        TableUnusable: the release answers no colour, or a column is missing that the platform needs.
    """
    head = find_colour_head(attributes)
    if not head:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    there = {column.casefold() for column in columns}
    if lacking := [names[0] for names in FEEDS[platform].needs if there.isdisjoint(names)]:
        raise TableUnusable(f"--feed {platform}: the list has no column `{lacking[0]}`. Add it to the list.")
    return head


def feed_path(table: Path, platform: str) -> Path:
    """Where the feed of a table is."""
    return table.with_name(f"{table.stem}-{platform}.csv")


def categories_path(table: Path, platform: str) -> Path:
    """Where the categories of a table's products are."""
    return table.with_name(f"{table.stem}-{platform}-categories.csv")


def feed_files(table: Path, platform: str) -> list[Path]:
    """All that a feed of this platform writes; none without a platform."""
    return [feed_path(table, platform), categories_path(table, platform)] if platform else []


def write_feed(platform: str, table: Path, decisions: Decisions, advice: str = "") -> Feed:
    """Write the feed of a finished table, a row a product, the main colour first, and its categories.

    To `TABLE-PLATFORM.csv` and `TABLE-PLATFORM-categories.csv`, in one pass over the products.

    Args:
        platform: of FEEDS.
        table: of photos, with products.
        decisions: of the table.
        advice: what to do where the feed would be empty.

    Raises:
        TableUnusable: see `check_feed`; none is accepted or given by a person, or all of these lack a cell
            that the platform needs; or a file cannot be read or written.
    """
    run = decisions.settings
    head = check_feed(platform, run.further, run.attributes)
    of_keys, categories = defaultdict[str, list[Article]](list), FeedCategories(platform, run)
    left_out, count = {reason: list[str]() for reason in REASONS}, 0
    for row in decisions.product_rows():
        count += 1
        categories.take(row)
        if why := find_left_out_reason(row, platform, run.by):
            reason, product = why
            left_out[reason].append(product)
        else:
            article = _article(row, platform, run.by)
            of_keys[article.key].append(article)
    fed = [articles for articles in of_keys.values() if not _differ(articles)]
    left_out[DIFFERING] = [key for key, articles in of_keys.items() if _differ(articles)]
    if not fed:
        why_none = f"no {head} of {count:,} products is accepted, or given by a person. {advice}"
        if any(left_out[reason] for reason in (LACKING, SPELT_TWICE, LOSING)):
            why_none = " ".join(describe_left_out(*each) for each in left_out.items() if each[1])
        raise TableUnusable(f"--feed {platform}: {why_none}")
    rows, of_categories = [articles[0].cells for articles in fed], categories.rows()
    file, of_platform = feed_path(table, platform), categories_path(table, platform)
    files = {file: (list(dict.fromkeys(chain.from_iterable(rows))), rows)}
    files |= {of_platform: (categories.header, of_categories)} if categories.header else {}
    _write(decisions.journal, files)
    likely = sum(all(article.is_likely for article in articles) for articles in fed)
    return Feed(
        file=file,
        products=len(fed),
        likely=likely,
        right=run.by.likely[head][1] if likely and run.by else 0.0,
        left_out=left_out,
        categories=(of_platform, len(of_categories)) if of_categories else None,
        note="" if read_attributes(run.further) else FEEDS[platform].note,
    )


def describe_left_out(reason: str, products: Sequence[str]) -> str:
    """The sentence on products that are in no feed for one of REASONS."""
    return reason.format(n=len(products), named=join_first(products, NAMED))


def find_left_out_reason(row: TableRow, platform: str, by: ProductGrouping | None) -> tuple[str, str] | None:
    """Why a product is in no feed, one of REASONS, and what a sentence calls it; None where it is in it."""
    product = row.record.product
    if not row.feed_colours:
        return UNSEEN if row.class_decision.reason == Reason.NO_PHOTO else DOUBTFUL, product
    if FEEDS[platform].loses(row):
        return LOSING, product
    if lacking := _lacking(platform, row):
        return LACKING, f"{product} (`{lacking}`)"
    return (SPELT_TWICE, product) if len(find_spellings(row, by)) > 1 else None


class Article(NamedTuple):
    """A product as a row of a feed; several may have one key there.

    Attributes:
        key: by which the platform knows it.
        is_likely: see TableRow.
    """

    key: str
    cells: dict[str, str]
    colours: tuple[str, ...]
    is_likely: bool


def _article(row: TableRow, platform: str, by: ProductGrouping | None) -> Article:
    [name] = find_spellings(row, by)
    of_platform = FEEDS[platform]
    cells = of_platform.make_cells(name, row)
    return Article(cells[of_platform.key], cells, row.feed_colours, row.is_likely)


def _differ(articles: Sequence[Article]) -> bool:
    return len({article.colours for article in articles}) > 1


class FeedCategories:
    """The categories of products whose kind is accepted, by the shipped taxonomies.

    A product for which the list has a category is left out, and so are products of one key with different
    categories: an empty cell would take away what the shop has.

    Attributes:
        header: the columns that name a product, and its category; none if the platform has no categories.
    """

    def __init__(self, platform: str, run: RunSettings) -> None:
        """Of the products of a run."""
        of_platform = FEEDS[platform]
        file = of_platform.categories
        self.header = [of_platform.key, *file.other_columns, file.column] if file else []
        self._platform, self._run = platform, run
        self._rows, self._categories = dict[str, dict[str, str]](), defaultdict[str, set[str]](set)
        self._kinds = label_kinds(run.heads[LABEL], language_of(run.heads[LABEL]))

    def take(self, row: TableRow) -> None:
        """Take the category of a product that has one."""
        of_platform = FEEDS[self._platform]
        if (file := of_platform.categories) is None:
            return
        spellings = find_spellings(row, self._run.by)
        kinds = _kinds_of(row, self._kinds, self._run.heads.get(KIND, ()))
        category = file.choose(find_kind_category(self._platform, kinds))
        is_own = _has_own(row, file.column)
        if category is None or len(spellings) > 1 or _lacking(self._platform, row) or is_own:
            return
        cells = of_platform.make_cells(spellings[0], row) | {file.column: category}
        key = cells[of_platform.key]
        self._categories[key].add(category)
        self._rows.setdefault(key, {column: cells[column] for column in self.header})

    def rows(self) -> list[dict[str, str]]:
        """The cells of each product of one category."""
        return [row for key, row in self._rows.items() if len(self._categories[key]) == 1]


def _kinds_of(row: TableRow, kinds: Mapping[str, frozenset[str]], names: Sequence[str]) -> frozenset[str]:
    """The kinds of a product by its accepted kind or class, or a person's.

    For OTHER those that the list names and the head lacks: a skirt by its title is none, if the answer has
    `skirt` and is OTHER.
    """
    of_kind = row.decision_on(KIND)
    if of_kind.is_settled and of_kind.label:
        return row.title_kinds.difference(names) if of_kind.label == OTHER else frozenset({of_kind.label})
    return (
        kinds.get(row.class_decision.label or "", frozenset())
        if row.class_decision.is_settled
        else frozenset()
    )


def _has_own(row: TableRow, column: str) -> bool:
    names = (column.casefold(), column.casefold().replace("_", " "))
    return bool(_cell(row, names))


def find_spellings(row: TableRow, by: ProductGrouping | None) -> list[str]:
    """How the list spells a product: a platform knows it by the list's own cell; of a folder its name."""
    if by is None or by.folder is not None:
        return [row.record.product]
    return list(dict.fromkeys(read_listed_cell(photo.cells[by.column]) for photo in row.record.photos))


def _write(
    journal: Journal, tables: Mapping[Path, tuple[Sequence[str], Sequence[Mapping[str, str]]]]
) -> None:
    """Write files, each with its columns and rows."""
    try:
        with replace_files(journal, list(tables)) as new:
            for file, (columns, rows) in zip(new, tables.values(), strict=True):
                with file.open("w", encoding="utf-8", newline="") as opened:
                    writer = csv.DictWriter(opened, columns, restval="")
                    writer.writeheader()
                    writer.writerows(rows)
    except OSError as error:
        file = error.filename2 or next(iter(tables))
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error


def _cell(row: TableRow, names: Sequence[str]) -> str:
    """The cell of a column of the list, in whatever capitals; empty where it has nothing."""
    cells = (
        read_listed_cell(cell) for column, cell in row.record.cells.items() if column.casefold() in names
    )
    return next(filter(None, cells), "")


def _lacking(platform: str, row: TableRow) -> str:
    """The first column that the platform needs and a row has nothing in; empty where there is none."""
    return next((names[0] for names in FEEDS[platform].needs if not _cell(row, names)), "")

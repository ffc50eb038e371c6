"""A feed: the colours of a table's products in the columns that a shop's platform imports.

What is doubtful is in none: an empty cell would take away what a person gave the product there. Of products
of several photos a feed takes what is likely, which is less than a table accepts, and says how many of such
are right. WooCommerce takes away every attribute that a row lacks, so that its feed carries those of the
list. Reads the journal; the columns are those of the platforms' own pages (docs/how-to/your-shop.md).
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from labelling.decide import COLOURS, NO_PHOTO, colour_of
from labelling.decided import PERSON
from labelling.errors import TableUnusable
from labelling.identifiers import as_listed
from labelling.journal import Journal
from labelling.row import ACCEPT, NO_ANSWER, By, HeadAnswer, Row
from labelling.rows import product_rows
from model_store.files import write_whole

NEEDED: Final = {"shopify": (("handle", "url handle"), ("title",))}
"""Columns of the list that a platform needs, each by any of these names, in small letters."""

ATTRIBUTE: Final = re.compile(r"Attribute \d+ (name|value\(s\)|visible|global|default)")
"""The columns of WooCommerce that hold attributes."""

REPLACES: Final = (
    "WooCommerce replaces all attributes of a product by those of its row, and the list has no columns "
    "`Attribute 1 name` and so on: label the export of the shop, whose attributes then stay."
)


class Feed(NamedTuple):
    """What became of a feed.

    Attributes:
        file: where it is.
        products: rows of it.
        likely: rows whose colour several photos name, though less is shown of such than a table promises.
        right: how many of these are right at least; 0 where there are none.
        left_out: products whose colour is doubtful, or not known.
        without_photo: those of which no photo can be read.
        incomplete: products with a colour that lack a cell which the platform needs, each with its column;
            they are left out.
        contradicting: rows that would come more than once, with different colours, and are left out.
        spelt_twice: products with a colour whose photos the list gives two spellings; they are left out.
        note: what a person should know of it; empty for nothing.
    """

    file: Path
    products: int
    likely: int
    right: float
    left_out: int
    without_photo: tuple[str, ...]
    incomplete: tuple[str, ...]
    contradicting: int
    spelt_twice: tuple[str, ...]
    note: str


def _google(row: Row) -> dict[str, str]:
    return {"id": row.path, "color": "/".join(colours_of(row))}


def _shopify(row: Row) -> dict[str, str]:
    handle, title = (_cell(row, names) for names in NEEDED["shopify"])
    colour = "Color (product.metafields.custom.color)"
    return {"URL handle": handle, "Title": title, colour: ", ".join(colours_of(row))}


def _woocommerce(row: Row) -> dict[str, str]:
    """The colour goes to the attribute of that name, or to the first that has none."""
    own = {column: cell for column, cell in row.further.items() if ATTRIBUTE.fullmatch(column)}
    of_colour = (column for column in own if column.endswith("name") and own[column].casefold() in COLOURS)
    free = (column for number in count(1) if not own.get(column := f"Attribute {number} name"))
    name = next(of_colour, None) or next(free)
    visible, shared = (name.removesuffix("name") + end for end in ("visible", "global"))
    return {
        "SKU": row.path,
        **own,
        name: own.get(name) or "Color",
        name.removesuffix("name") + "value(s)": ", ".join(
            colour.replace(",", r"\,") for colour in colours_of(row)
        ),
        visible: own.get(visible) or "1",
        shared: own.get(shared) or "1",
    }


FEEDS: Final[Mapping[str, Callable[[Row], dict[str, str]]]] = {
    "google": _google,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}
"""The cells of a product by platform, of its row as `decided` gives it."""


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
    head = colour_of(attributes)
    if not head:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    there = {column.casefold() for column in columns}
    if lacking := [names[0] for names in NEEDED.get(platform, ()) if there.isdisjoint(names)]:
        raise TableUnusable(f"--feed {platform}: the list has no column `{lacking[0]}`. Add it to the list.")
    return head


def feed_of(table: Path, platform: str) -> Path:
    """Where the feed of a table is."""
    return table.with_name(f"{table.stem}-{platform}.csv")


def is_feed(platform: str) -> Callable[[Path], bool]:
    """Whether a file has the header that a feed of this platform has."""
    needed = {name: "-" for names in NEEDED.get(platform, ()) for name in names}
    ours = list(FEEDS[platform](Row(path="", further=needed)))

    def is_ours(file: Path) -> bool:
        with file.open(encoding="utf-8", errors="replace", newline="") as opened:
            header = next(csv.reader([opened.readline(1 << 16)]), [])
        if platform == "woocommerce":  # whose feed has as many attributes as the list
            return header[:1] == ["SKU"] and len(header) > 1 and all(map(ATTRIBUTE.fullmatch, header[1:]))
        return header == ours

    return is_ours


def write_feed(platform: str, table: Path, journal: Journal, advice: str = "") -> Feed:
    """Write the feed of a finished table to `TABLE-PLATFORM.csv`: a row a product, the main colour first.

    Args:
        platform: of FEEDS.
        table: of photos, with products.
        journal: of the table.
        advice: what to do where the feed would be empty.

    Raises:
        TableUnusable: see `check_feed`; none is accepted or given by a person, or all of these lack a cell
            that the platform needs; or a file cannot be read or written.
    """
    run = journal.run
    head = check_feed(platform, run.further, run.attributes)
    rows = list(product_rows(journal))
    coloured = [row for row in rows if colours_of(row)]
    incomplete = {row.product: lacking for row in coloured if (lacking := _lacking(platform, row))}
    complete = [row for row in coloured if row.product not in incomplete]
    if incomplete and not complete:
        product, column = next(iter(incomplete.items()))
        raise TableUnusable(
            f"--feed {platform}: {len(incomplete):,} products have a colour, and nothing in a column that it "
            f"needs, such as {product!r} in `{column}`. Add it to the list."
        )
    spellings = {row.product: spellings_of(row, run.by) for row in complete}
    spelt_twice = tuple(product for product, cells in spellings.items() if len(cells) > 1)
    sendable = [replace(row, path=cells[0]) for row in complete if len(cells := spellings[row.product]) == 1]
    if spelt_twice and not sendable:
        raise TableUnusable(
            f"--feed {platform}: {len(spelt_twice):,} products have a colour, and two spellings in the list, "
            f"such as {spelt_twice[0]!r}. Give each of them one."
        )
    articles, contradicting = _articles(platform, sendable)
    if not articles:
        raise TableUnusable(
            f"--feed {platform}: no {head} of {len(rows):,} products is accepted, or given by a person. "
            f"{advice}"
        )
    likely = sum(not any(map(_is_sure, article)) for article in articles)
    without_photo = tuple(row.product for row in rows if row.label.reason == NO_PHOTO and not colours_of(row))
    keeps = platform != "woocommerce" or any(map(ATTRIBUTE.fullmatch, run.further))
    return Feed(
        file=_written(feed_of(table, platform), [FEEDS[platform](article[0]) for article in articles]),
        products=len(articles),
        likely=likely,
        right=run.by.likely[head][1] if likely and run.by else 0.0,
        left_out=len(rows) - len(coloured) - len(without_photo),
        without_photo=without_photo,
        incomplete=tuple(f"{product} (`{column}`)" for product, column in incomplete.items()),
        contradicting=contradicting,
        spelt_twice=spelt_twice,
        note="" if keeps else REPLACES,
    )


def _articles(platform: str, products: Iterable[Row]) -> tuple[list[list[Row]], int]:
    """The products of each row of a feed, and how many rows would come more than once, with other colours."""
    articles: dict[str, list[Row]] = defaultdict(list)
    for product in products:
        articles[next(iter(FEEDS[platform](product).values()))].append(product)
    agreeing = [rows for rows in articles.values() if len({tuple(colours_of(row)) for row in rows}) == 1]
    return agreeing, len(articles) - len(agreeing)


def spellings_of(row: Row, by: By | None) -> list[str]:
    """How the list spells a product: a platform knows it by the list's own cell; of a folder its name."""
    if by is None or by.folder is not None:
        return [row.product]
    return list(dict.fromkeys(as_listed(photo.further[by.column]) for photo in row.photos))


def _written(file: Path, feed: Sequence[Mapping[str, str]]) -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for cells in feed for name in cells)), restval="")
    writer.writeheader()
    writer.writerows(feed)
    try:
        write_whole(file, text.getvalue().encode())
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    return file


def colours_of(row: Row) -> tuple[str, ...]:
    """The main colour of a product and further ones; none where they are doubtful."""
    return _of_colour(row).fed


def _is_sure(row: Row) -> bool:
    """Whether a table accepts a product's colour, or a person gave it."""
    answer = _of_colour(row)
    return answer.decided_by == PERSON or answer.decision == ACCEPT


def _of_colour(row: Row) -> HeadAnswer:
    return next((row.heads[head] for head in COLOURS if head in row.heads), NO_ANSWER)


def _cell(row: Row, names: Sequence[str]) -> str:
    """The cell of a column of the list, in whatever capitals; empty where it has nothing."""
    cells = (as_listed(cell) for column, cell in row.further.items() if column.casefold() in names)
    return next(filter(None, cells), "")


def _lacking(platform: str, row: Row) -> str:
    """The first column that the platform needs and a row has nothing in; empty where there is none."""
    return next((names[0] for names in NEEDED.get(platform, ()) if not _cell(row, names)), "")

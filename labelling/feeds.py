"""A feed: the colours of a table's products in the columns that a shop's platform imports.

What is doubtful is in none: an empty cell would take away what a person gave the product there. WooCommerce
takes away every attribute that a row lacks, so that its feed carries those of the list. Reads the table of
products; the columns are those of the platforms' own pages (docs/how-to/your-shop.md).
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from labelling.errors import TableUnusable
from labelling.products import PHOTOS, ProductSummary
from labelling.review.corrections import NONE
from labelling.table import ALSO, DECISION, decided_columns, read_rows
from model_store.files import write_whole
from reports.answers import ACCEPT

COLOURS: Final = ("colour", "color")
"""What a release may call the attribute."""

MOST: Final = 3
"""Colours of a product that Google takes."""

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
        left_out: products whose colour is doubtful, or not known.
        contradicting: rows that would come more than once, with different colours, and are left out.
        note: what a person should know of it; empty for nothing.
    """

    file: Path
    products: int
    left_out: int
    contradicting: int
    note: str


def _google(product: str, colours: Sequence[str], _: Mapping[str, Any]) -> dict[str, str]:
    return {"id": product, "color": "/".join(colours)}


def _shopify(product: str, colours: Sequence[str], row: Mapping[str, Any]) -> dict[str, str]:
    handle, title = (_cell(row, names, product) for names in NEEDED["shopify"])
    colour = "Color (product.metafields.custom.color)"
    return {"URL handle": handle, "Title": title, colour: ", ".join(colours)}


def _woocommerce(product: str, colours: Sequence[str], row: Mapping[str, Any]) -> dict[str, str]:
    """The colour goes to the attribute of that name, or to the first that has none."""
    own = {column: str(cell or "") for column, cell in row.items() if ATTRIBUTE.fullmatch(column)}
    of_colour = (one for one, cell in own.items() if one.endswith("name") and cell.casefold() in COLOURS)
    free = (one for number in count(1) if not own.get(one := f"Attribute {number} name"))
    name = next(of_colour, None) or next(free)
    visible, shared = (name.removesuffix("name") + end for end in ("visible", "global"))
    return {
        "SKU": product,
        **own,
        name: own.get(name) or "Color",
        name.removesuffix("name") + "value(s)": ", ".join(one.replace(",", r"\,") for one in colours),
        visible: own.get(visible) or "1",
        shared: own.get(shared) or "1",
    }


PLATFORMS: Final[Mapping[str, Callable[[str, Sequence[str], Mapping[str, Any]], dict[str, str]]]] = {
    "google": _google,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}
"""The cells of a product, by its name, its colours and its row."""


def check_feed(platform: str, table: Path, columns: Iterable[str], attributes: Iterable[str]) -> str:
    """Refuse a feed that a table cannot have, before anything is labelled.

    Args:
        platform: of PLATFORMS.
        table: of photos.
        columns: of the list.
        attributes: that the release answers.

    Returns:
        the attribute that is the colour.

    Raises:
        TableUnusable: the release answers no colour, a column is missing that the platform needs, or the feed
            would replace a file that is none.
    """
    head = next((one for one in attributes if one in COLOURS), None)
    if head is None:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    there = {one.casefold() for one in columns}
    if lacking := [names[0] for names in NEEDED.get(platform, ()) if there.isdisjoint(names)]:
        raise TableUnusable(f"--feed {platform}: the list has no column `{lacking[0]}`. Add it to the list.")
    if not _is_free(file := _feed_of(table, platform), platform):
        raise TableUnusable(
            f"{file}: is there already and is no such feed, which would replace it. Name another table with "
            "--out, or move that file away."
        )
    return head


def _feed_of(table: Path, platform: str) -> Path:
    return table.with_name(f"{table.stem}-{platform}.csv")


def _is_free(file: Path, platform: str) -> bool:
    """Whether nothing is there, or a file with the header that a feed of this platform has."""
    if not file.exists():
        return True
    if not file.is_file():
        return False
    with file.open(encoding="utf-8", errors="replace", newline="") as opened:
        header = next(csv.reader([opened.readline(1 << 16)]), [])
    ours = PLATFORMS[platform]("", (), {name: "-" for names in NEEDED.get(platform, ()) for name in names})
    if platform == "woocommerce":  # whose feed has as many attributes as the list
        return header[:1] == ["SKU"] and len(header) > 1 and all(map(ATTRIBUTE.fullmatch, header[1:]))
    return header == list(ours)


def write_feed(platform: str, table: Path, products: ProductSummary, attributes: Iterable[str]) -> Feed:
    """Write the feed of a finished table to `TABLE-PLATFORM.csv`: a row a product, the main colour first.

    Args:
        platform: of PLATFORMS.
        table: of photos.
        products: of its table of products.
        attributes: that the release answers.

    Raises:
        TableUnusable: see `check_feed`; none is accepted or given by a person, a cell is empty that the
            platform needs, or a file cannot be read or written.
    """
    rows = list(read_rows(Path(products.table), (PHOTOS,)))
    columns = rows[0] if rows else ()
    head = check_feed(platform, table, columns, attributes)
    found: dict[str, dict[tuple[str, ...], dict[str, str]]] = defaultdict(dict)
    known = [(row, colours) for row in rows if (colours := _colours(row, head))]
    for row, colours in known:
        cells = PLATFORMS[platform](next(iter(row.values())), colours, row)
        found[next(iter(cells.values()))].setdefault(tuple(colours), cells)
    feed = [cells for ones in found.values() for cells in ones.values() if len(ones) == 1]
    if not feed:
        raise TableUnusable(
            f"--feed {platform}: no {head} of {len(rows):,} products is accepted, or given by a person. Look "
            "through the sheet of --review first."
        )
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for cells in feed for name in cells)), restval="")
    writer.writeheader()
    writer.writerows(feed)
    file = _feed_of(table, platform)
    try:
        write_whole(file, text.getvalue().encode())
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    keeps = platform != "woocommerce" or any(map(ATTRIBUTE.fullmatch, columns))
    return Feed(file, len(feed), len(rows) - len(known), len(found) - len(feed), "" if keeps else REPLACES)


def _colours(row: Mapping[str, Any], head: str) -> list[str]:
    """The main colour of a product and further ones; none where they are doubtful."""
    by_person = row.get(decided_columns([head])[0]) == "person"
    if not row[head] or row[head] == NONE or not (by_person or row[head + DECISION] == ACCEPT):
        return []
    return [row[head], *filter(None, (row[head + ALSO] or "").split("/"))][:MOST]


def _cell(row: Mapping[str, Any], names: Sequence[str], product: str) -> str:
    """The cell of a column of the list, in whatever capitals."""
    found = next((cell for column, cell in row.items() if cell and column.casefold() in names), None)
    if found is None:
        raise TableUnusable(
            f"--feed shopify: {product!r} has nothing in a column `{names[0]}` of the list, by which Shopify "
            "finds products. Add it to the list."
        )
    return str(found)

"""A feed: the colours of a table's products in the columns that a shop's platform imports.

What is doubtful is in none: an empty cell would take away what a person gave the product there. Reads the
table of products; the columns are those of the platforms' own pages (docs/how-to/your-shop.md).
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
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


class Feed(NamedTuple):
    """What became of a feed.

    Attributes:
        file: where it is.
        products: rows of it.
        left_out: products whose colour is doubtful, or not known.
    """

    file: Path
    products: int
    left_out: int


def _google(product: str, colours: Sequence[str], _: Mapping[str, Any]) -> dict[str, str]:
    return {"id": product, "color": "/".join(colours)}


def _shopify(product: str, colours: Sequence[str], row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "URL handle": _cell(row, "handle", product),
        "Title": _cell(row, "title", product),
        "Color (product.metafields.custom.color)": ", ".join(colours),
    }


def _woocommerce(product: str, colours: Sequence[str], _: Mapping[str, Any]) -> dict[str, str]:
    return {
        "SKU": product,
        "Attribute 1 name": "Color",
        "Attribute 1 value(s)": ", ".join(one.replace(",", r"\,") for one in colours),
        "Attribute 1 visible": "1",
        "Attribute 1 global": "1",
    }


PLATFORMS: Final[Mapping[str, Callable[[str, Sequence[str], Mapping[str, Any]], dict[str, str]]]] = {
    "google": _google,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}
"""The cells of a product, by its name, its colours and its row."""


def write_feed(platform: str, table: Path, products: ProductSummary, attributes: Iterable[str]) -> Feed:
    """Write the feed of a finished table to `TABLE-PLATFORM.csv`: a row a product, the main colour first.

    Args:
        platform: of PLATFORMS.
        table: of photos.
        products: of its table of products.
        attributes: that the release answers.

    Raises:
        TableUnusable: the release answers no colour, none is accepted or given by a person, a column is
            missing that the platform needs, or a file cannot be read or written.
    """
    head = next((one for one in attributes if one in COLOURS), None)
    if head is None:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    rows = list(read_rows(Path(products.table), (PHOTOS, head)))
    cells = [
        PLATFORMS[platform](next(iter(row.values())), found, row)
        for row in rows
        if (found := _colours(row, head))
    ]
    if not cells:
        raise TableUnusable(
            f"--feed {platform}: no {head} of {len(rows):,} products is accepted, or given by a person. Look "
            "through the sheet of --review first."
        )
    file = table.with_name(f"{table.stem}-{platform}.csv")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(cells[0]))
    writer.writeheader()
    writer.writerows(cells)
    try:
        write_whole(file, text.getvalue().encode())
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    return Feed(file, len(cells), len(rows) - len(cells))


def _colours(row: Mapping[str, Any], head: str) -> list[str]:
    """The main colour of a product and further ones; none where they are doubtful."""
    by_person = row.get(decided_columns([head])[0]) == "person"
    if not row[head] or row[head] == NONE or not (by_person or row[head + DECISION] == ACCEPT):
        return []
    return [row[head], *filter(None, (row[head + ALSO] or "").split("/"))][:MOST]


def _cell(row: Mapping[str, Any], name: str, product: str) -> str:
    """The cell of a column of the list, in whatever capitals."""
    found = next((column for column in row if column.casefold() == name), None)
    if found is None or not row[found]:
        raise TableUnusable(
            f"--feed shopify: {product!r} has nothing in a column `{name}` of the list, by which Shopify "
            "finds products. Add it to the list."
        )
    return str(row[found])

"""A feed: the colours and categories of products in the columns that a shop's platform imports.

A feed leaves out a product whose colour is doubtful: an empty cell would take away what a person gave it
there. Of products of several photos it takes what is likely, which is less than a table accepts, and says how
many of such are right. Reads the journal; the columns are those of the platforms' own pages
(docs/how-to/feeds.md). WooCommerce's rows: woocommerce.py.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.listed import LIST, OTHER
from inference.words import KIND, label_kinds, language_of
from labelling.colours import own_colours
from labelling.decide import NO_PHOTO, Decisions, colour_of
from labelling.decided import PERSON
from labelling.errors import TableUnusable
from labelling.identifiers import as_listed
from labelling.journal import Journal
from labelling.outputs import replaced
from labelling.row import ACCEPT, NO_ANSWER, By, Category, HeadAnswer, Row
from labelling.taxonomies import kind_category
from labelling.woocommerce import REPLACES, attributes_of, loses_variations, woocommerce_cells
from reports.products import COLOURS

LOSING: Final = "have variations or several colours of their own, which the import would take away"


class Feed(NamedTuple):
    """What became of a feed.

    Attributes:
        file: where it is.
        products: rows of it.
        likely: rows whose colour several photos name, though less is shown of such than a table promises.
        right: how many of these are right at least; 0 where there are none.
        left_out: products whose colour is doubtful, or not known.
        without_photo: those of which no photo can be read.
        losing: products with a colour that the platform's import would take variations or colours from.
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
    losing: int
    incomplete: tuple[str, ...]
    contradicting: int
    spelt_twice: tuple[str, ...]
    note: str


class Platform(NamedTuple):
    """What a platform imports.

    Attributes:
        cells: of a product, of its row as decide.py left it: the first names the product there.
        needs: columns of the list that it needs, each by any of these names, in small letters.
        category: its column of a product's category, and what it takes of a category's id and name; None
            where it has none of its own.
        loses: whether its import would take away what a product has there; such products are left out.
        note: on a list without attributes.
    """

    cells: Callable[[Row], dict[str, str]]
    needs: tuple[tuple[str, ...], ...] = ()
    category: tuple[str, Callable[[Category], str | None]] | None = None
    loses: Callable[[Row], bool] = lambda _: False
    note: str = ""


def _google(row: Row) -> dict[str, str]:
    return {"id": row.path, "color": "/".join(colours_of(row))}


_OF_SHOPIFY: Final = (("handle", "url handle"), ("title",))


def _shopify(row: Row) -> dict[str, str]:
    handle, title = (_cell(row, names) for names in _OF_SHOPIFY)
    colour = "Color (product.metafields.custom.color)"
    return {"URL handle": handle, "Title": title, colour: ", ".join(colours_of(row))}


FEEDS: Final[Mapping[str, Platform]] = {
    "google": Platform(_google, category=("google_product_category", itemgetter(0))),
    "shopify": Platform(_shopify, _OF_SHOPIFY, category=("Product category", itemgetter(1))),
    "woocommerce": Platform(
        lambda row: woocommerce_cells(row, colours_of(row)), loses=loses_variations, note=REPLACES
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
    head = colour_of(attributes)
    if not head:
        raise TableUnusable(
            f"--feed {platform}: the release answers no attribute `colour`, which a feed has."
        )
    there = {column.casefold() for column in columns}
    if lacking := [names[0] for names in FEEDS[platform].needs if there.isdisjoint(names)]:
        raise TableUnusable(f"--feed {platform}: the list has no column `{lacking[0]}`. Add it to the list.")
    return head


def feed_of(table: Path, platform: str) -> Path:
    """Where the feed of a table is."""
    return table.with_name(f"{table.stem}-{platform}.csv")


def categories_file(table: Path, platform: str) -> Path:
    """Where the categories of a table's products are."""
    return table.with_name(f"{table.stem}-{platform}-categories.csv")


def feed_files(table: Path, platform: str) -> list[Path]:
    """All that a feed of this platform writes; none without a platform."""
    return [feed_of(table, platform), categories_file(table, platform)] if platform else []


def write_feed(platform: str, table: Path, decisions: Decisions, advice: str = "") -> Feed:
    """Write the feed of a finished table to `TABLE-PLATFORM.csv`: a row a product, the main colour first.

    Args:
        platform: of FEEDS.
        table: of photos, with products.
        decisions: of the table.
        advice: what to do where the feed would be empty.

    Raises:
        TableUnusable: see `check_feed`; none is accepted or given by a person, or all of these lack a cell
            that the platform needs; or a file cannot be read or written.
    """
    run, journal = decisions.run, decisions.journal
    head = check_feed(platform, run.further, run.attributes)
    rows = list(decisions.products())
    with_colour = [row for row in rows if colours_of(row)]
    coloured = [row for row in with_colour if not FEEDS[platform].loses(row)]
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
    if not articles and with_colour and not coloured:
        raise TableUnusable(f"--feed {platform}: all {len(with_colour):,} products with a colour {LOSING}.")
    if not articles:
        raise TableUnusable(
            f"--feed {platform}: no {head} of {len(rows):,} products is accepted, or given by a person. "
            f"{advice}"
        )
    likely = sum(not any(map(_is_sure, article)) for article in articles)
    without_photo = tuple(row.product for row in rows if row.label.reason == NO_PHOTO and not colours_of(row))
    fed = [FEEDS[platform].cells(article[0]) for article in articles]
    return Feed(
        file=_written(journal, feed_of(table, platform), list(dict.fromkeys(chain.from_iterable(fed))), fed),
        products=len(articles),
        likely=likely,
        right=run.by.likely[head][1] if likely and run.by else 0.0,
        left_out=len(rows) - len(with_colour) - len(without_photo),
        losing=len(with_colour) - len(coloured),
        without_photo=without_photo,
        incomplete=tuple(f"{product} (`{column}`)" for product, column in incomplete.items()),
        contradicting=contradicting,
        spelt_twice=spelt_twice,
        note="" if attributes_of(run.further) else FEEDS[platform].note,
    )


def _articles(platform: str, products: Iterable[Row]) -> tuple[list[list[Row]], int]:
    """The products of each row of a feed, and how many rows would come more than once, with other colours."""
    articles: dict[str, list[Row]] = defaultdict(list)
    for product in products:
        articles[next(iter(FEEDS[platform].cells(product).values()))].append(product)
    agreeing = [rows for rows in articles.values() if len({colours_of(row) for row in rows}) == 1]
    return agreeing, len(articles) - len(agreeing)


def write_categories(platform: str, table: Path, decisions: Decisions) -> tuple[Path, int] | None:
    """Write the categories of products whose kind is accepted to `TABLE-PLATFORM-categories.csv`.

    By the shipped taxonomies. A product for which the list has a category is left out, and so are products of
    one name there with different ones: an empty cell would take away what the shop has.

    Returns:
        the file, and how many products it has; None where the platform has no categories.

    Raises:
        TableUnusable: the file cannot be written.
    """
    run, of_platform = decisions.run, FEEDS[platform]
    if of_platform.category is None:
        return None
    column, taken = of_platform.category
    kinds = label_kinds(run.heads[LABEL], language_of(run.heads[LABEL]))
    rows = dict[str, set[tuple[str, ...]]]()
    for product in decisions.products():
        spellings = spellings_of(product, run.by)
        category = taken(kind_category(platform, _kinds_of(product, kinds, run.heads.get(KIND, ()))))
        if category is None or len(spellings) > 1 or _lacking(platform, product) or _has_own(product, column):
            continue
        *key, _ = of_platform.cells(replace(product, path=spellings[0])).values()
        rows.setdefault(key[0], set()).add((*key, category))
    header = _columns_of_categories(platform)
    agreeing = [dict(zip(header, *cells, strict=True)) for cells in rows.values() if len(cells) == 1]
    return _written(decisions.journal, categories_file(table, platform), header, agreeing), len(agreeing)


def _columns_of_categories(platform: str) -> list[str]:
    """The columns that name a product, as those before the colour in its feed, and its category."""
    *key, _ = FEEDS[platform].cells(Row(path=""))
    category = FEEDS[platform].category
    return [*key, category[0]] if category else []


def _kinds_of(row: Row, kinds: Mapping[str, frozenset[str]], names: Sequence[str]) -> frozenset[str]:
    """The kinds of a product by its accepted kind or class, or a person's.

    For OTHER those that the list names and the head lacks: a skirt by its title is none, if the answer has
    `skirt` and is OTHER.
    """
    of_kind = row.heads.get(KIND, NO_ANSWER)
    if is_decided(of_kind) and of_kind.label:
        return row.listed.difference(names) if of_kind.label == OTHER else frozenset({of_kind.label})
    return kinds.get(row.label.label or "", frozenset()) if is_decided(row.label) else frozenset()


def _has_own(row: Row, column: str) -> bool:
    names = (column.casefold(), column.casefold().replace("_", " "))
    return bool(_cell(row, names))


def spellings_of(row: Row, by: By | None) -> list[str]:
    """How the list spells a product: a platform knows it by the list's own cell; of a folder its name."""
    if by is None or by.folder is not None:
        return [row.product]
    return list(dict.fromkeys(as_listed(photo.further[by.column]) for photo in row.photos))


def _written(journal: Journal, file: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    try:
        with replaced(journal, [file]) as [new]:
            new.write_bytes(text.getvalue().encode())
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    return file


def colours_of(row: Row) -> tuple[str, ...]:
    """The main colour of a product and further ones; none where they are doubtful."""
    return _of_colour(row).fed


def _is_sure(row: Row) -> bool:
    """Whether a table accepts a product's colour, or a person or the list gave it."""
    answer = _of_colour(row)
    return (
        answer.decided_by == LIST
        or is_decided(answer)
        or bool(own_colours(row.further, [photo.further for photo in row.photos]))
    )


def is_decided(answer: HeadAnswer) -> bool:
    """Whether an answer is accepted, or a person gave it."""
    return answer.decided_by == PERSON or answer.decision == ACCEPT


def _of_colour(row: Row) -> HeadAnswer:
    return next((row.heads[head] for head in COLOURS if head in row.heads), NO_ANSWER)


def _cell(row: Row, names: Sequence[str]) -> str:
    """The cell of a column of the list, in whatever capitals; empty where it has nothing."""
    cells = (as_listed(cell) for column, cell in row.further.items() if column.casefold() in names)
    return next(filter(None, cells), "")


def _lacking(platform: str, row: Row) -> str:
    """The first column that the platform needs and a row has nothing in; empty where there is none."""
    return next((names[0] for names in FEEDS[platform].needs if not _cell(row, names)), "")

"""Read what a list says about each product: its titles, its category, and the photos that it lists.

`read_product_titles` yields one `ProductTitle` for each product. It has, for example, the title "Pleated
skirt", its kind of garment {"skirt"}, the SHA-256 of the product's photos, and the keys of its categories.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from inference.words.kinds import GARMENT_SET_KIND
from labelling.lists.list_meaning import ListReader
from labelling.lists.own_words import Meaning
from labelling.lists.row_words import RowWords, combine_titles
from labelling.rows import PhotoRecord


class ProductTitle(NamedTuple):
    """A product as its list describes it.

    Attributes:
        product: the name of the product.
        number: the position of its first photo in the source, counted from 0.
        title: its title; empty without one.
        words: the kinds of garments that its titles and its category name.
        shown_kinds: the kinds that its photos may show: the kinds of `words`, and the parts of a set ("Top
            and shorts").
        photo_hashes: the sha256 of its photos that have an answer.
        category_keys: the categories whose other products are evidence about it, in the spelling that is used
            for comparisons.
    """

    product: str
    number: int
    title: str
    words: RowWords
    shown_kinds: Meaning
    photo_hashes: frozenset[str]
    category_keys: tuple[str, ...] = ()


def read_product_titles(reader: ListReader, rows: Iterable[PhotoRecord]) -> Iterator[ProductTitle]:
    """Yield each product as its list describes it: title, kinds of garments, photos and categories.

    The kinds of a product are those that all its titles share. Of its other cells, the first filled one of
    each column is used.

    Args:
        reader: the reader that finds kinds of garments in titles and categories.
        rows: the rows of the list, each with its cells and without the answers of its photo. A photo that
            has none has no sha256. The rows of a product follow one another.
    """
    for _, group in groupby(rows, attrgetter("product")):
        yield _read_product_title(reader, list(group))


def _read_product_title(reader: ListReader, rows: Sequence[PhotoRecord]) -> ProductTitle:
    list_words, first = reader.list_words, rows[0]
    cells = {
        column: next((row.cells[column] for row in rows if row.cells[column]), "") for column in first.cells
    }
    # Equal rows are read once: a product has a row for each photo or size, mostly with the same title.
    different = {tuple(row.cells.values()): row.cells for row in rows}
    titles = {reader.read_title_words(cells_of_row) for cells_of_row in different.values()}
    folder = find_parent_folder(first.path)
    row_words = reader.read_row_words(cells, folder, combine_titles(list(titles)))
    kinds = row_words.meaning.kinds
    return ProductTitle(
        product=first.product,
        number=first.number,
        title=list_words.read_title(cells),
        words=row_words,
        shown_kinds=kinds
        | (list_words.read_set_part_kinds(cells) if kinds == {GARMENT_SET_KIND} else frozenset()),
        photo_hashes=frozenset(row.sha256 for row in rows if row.sha256),
        category_keys=reader.find_category_keys(cells, folder),
    )


def find_parent_folder(path: str) -> str:
    """Return the folder of a picture by its path in the table: `a/b` for `a/b/1.jpg`; empty for none."""
    return path.rpartition("/")[0]

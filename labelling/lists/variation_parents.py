"""Complete the rows of WooCommerce's export about variations, which are sizes and colours of a product.

    ID  Type       SKU    Name      Categories        Parent
    7   variable   TEE    Tee       Women > T-shirts
    8   variation  TEE-R  Tee, red                    TEE
    9   variation  TEE-B                              id:7

A variation has no category, no description, and sometimes no title. It gets those of its parent, which the
column `Parent` names by its SKU or, with `id:` before it, by its ID. The values of `Type` are English in
every shop. So the columns are found by their cells, whatever the language of the headings is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from labelling.lists.cells import find_addresses
from labelling.lists.list_reading import ListOptions
from labelling.lists.titles import find_word_columns
from labelling.lists.woocommerce import PRODUCT_TYPES, split_attribute_values

VARIABLE_TYPE: Final = "variable"
"""The value of `Type` for a product with variations."""

VARIATION_TYPE: Final = "variation"
"""The value of `Type` for a variation."""

ID_SIGN: Final = "id:"
"""The sign before the ID of a parent that has no SKU."""

MIN_KNOWN_PARENTS: Final = 0.5
"""Smallest share of variations whose parents a column has to name, so that it is the column `Parent`."""

MAX_SAMPLED_VARIATIONS: Final = 200
"""Largest number of variations by which the column `Parent` is found."""

MIN_DESCRIPTION_CHARACTERS: Final = 20
"""Smallest mean length of the cells of products, so that a column is a description that variations lack."""

MAX_KEY_CHARACTERS: Final = 100
"""Longest cell that can be the SKU or the ID of a product. Titles and descriptions are not kept as keys."""

Row: TypeAlias = Mapping[str, str]
ReadRows: TypeAlias = Callable[[], Iterable[Row]]


class VariationParents:
    """The products with variations in WooCommerce's export, and the cells that their variations inherit."""

    def __init__(self, columns: Sequence[str], options: ListOptions, read_rows: ReadRows) -> None:
        """Find the columns of types and parents, and read the products with variations.

        Args:
            columns: the columns of the list.
            options: the way in which the list is read, with the columns that a person named.
            read_rows: a function that reads the rows of the list from its beginning.
        """
        self._type_column = _find_type_column(columns, read_rows)
        self._parent_column = ""
        self._rows_by_key: dict[str, Row] = {}
        self._inherited_columns: list[str] = []
        own_columns = {*options.path_columns, options.product_column, self._type_column}
        self._possible_columns = [name for name in columns if name not in own_columns]
        if self._type_column:
            self._read_parents(read_rows, {*find_word_columns(columns).columns, *options.named_columns})

    def complete_row(self, cells: Row) -> Row:
        """Return the cells of a row; a variation has the titles and categories of its parent, too."""
        if not self._parent_column or not _has_type(cells[self._type_column], VARIATION_TYPE):
            return cells
        parent_cells = self._rows_by_key.get(cells[self._parent_column].strip(), {})
        added_cells = {
            name: parent_cells[name]
            for name in self._inherited_columns
            if parent_cells.get(name, "").strip() and not cells[name].strip()
        }
        return {**cells, **added_cells}

    def _read_parents(self, read_rows: ReadRows, word_columns: Collection[str]) -> None:
        parents = list[Row]()
        variations = list[Row]()
        for cells in read_rows():
            if _has_type(cells[self._type_column], VARIABLE_TYPE):
                parents.append({name: cell.strip() for name, cell in cells.items() if cell.strip()})
            elif len(variations) < MAX_SAMPLED_VARIATIONS and _has_type(
                cells[self._type_column], VARIATION_TYPE
            ):
                variations.append({name: cell.strip() for name, cell in cells.items() if cell.strip()})
        found = _find_parent_column(variations, _find_unique_keys(parents))
        if not found:
            return
        self._parent_column, *key_columns = found
        self._inherited_columns = [
            name
            for name in self._possible_columns
            if name in word_columns or _is_description(name, parents, variations)
        ]
        for row in parents:
            inherited_cells = {name: row[name] for name in self._inherited_columns if name in row}
            for sign, name in zip(("", ID_SIGN), key_columns, strict=True):
                if key := row.get(name, ""):
                    self._rows_by_key[sign + key] = inherited_cells


def _find_unique_keys(parents: Iterable[Row]) -> dict[str, set[str]]:
    """Return the short cells that only one product has, by column: its ID and its SKU are among them.

    A cell that two products have, such as "1" for "published", names neither of them.
    """
    counts_by_column = defaultdict[str, Counter[str]](Counter)
    for cells in parents:
        for name, cell in cells.items():
            if len(cell) <= MAX_KEY_CHARACTERS:
                counts_by_column[name][cell] += 1
    return {
        name: {key for key, count in counts.items() if count == 1}
        for name, counts in counts_by_column.items()
    }


def _is_description(name: str, parents: Iterable[Row], variations: Iterable[Row]) -> bool:
    """Return whether a column has texts of products, and nothing in the rows of variations."""
    texts = [cells[name] for cells in parents if name in cells]
    if not texts or any(name in cells for cells in variations) or any(map(find_addresses, texts)):
        return False
    return sum(map(len, texts)) >= MIN_DESCRIPTION_CHARACTERS * len(texts)


def _has_type(cell: str, product_type: str) -> bool:
    """Return whether a cell such as "variation, virtual" names a type."""
    return product_type in cell.casefold() and product_type in _split_types(cell)


def _split_types(cell: str) -> set[str]:
    return {value.casefold() for value in split_attribute_values(cell)}


def _find_type_column(columns: Sequence[str], read_rows: ReadRows) -> str:
    """Return the column whose cells are types of products, a variation among them; empty without one."""
    possible = dict.fromkeys(columns)
    with_variations = set[str]()
    for cells in read_rows():
        for name in [name for name in possible if not set() < _split_types(cells[name]) <= PRODUCT_TYPES]:
            del possible[name]
        if not possible:
            return ""
        with_variations |= {name for name in possible if VARIATION_TYPE in cells[name].casefold()}
    return next((name for name in possible if name in with_variations), "")


def _find_parent_column(
    variations: Sequence[Row], unique_keys: Mapping[str, set[str]]
) -> tuple[str, str, str] | None:
    """Return the column that names parents, and the columns of their SKUs and IDs; None without one.

    Args:
        variations: the cells of each variation that may name a product.
        unique_keys: the cells that only one product with variations has, by column.
    """
    names = dict.fromkeys(name for cells in variations for name in cells)
    best = (0, 0, "", "", "")
    for name in names:
        texts = [
            cells[name]
            for cells in variations
            if len(cells.get(name, "")) in range(1, MAX_KEY_CHARACTERS + 1)
        ]
        ids = [text.removeprefix(ID_SIGN) for text in texts if text.startswith(ID_SIGN)]
        skus = [text for text in texts if not text.startswith(ID_SIGN)]
        sku_count, sku_column = _find_key_column(skus, unique_keys, excluded=name)
        id_count, id_column = _find_key_column(ids, unique_keys, excluded=name)
        # Of two columns that name as many products, the one with the longer cells: "1" may be anything.
        rank = sku_count + id_count, sum(map(len, texts))
        best = max(best, (*rank, name, sku_column, id_column), key=lambda one: one[:2])
    count, _, parent_column, sku_column, id_column = best
    is_found = count >= MIN_KNOWN_PARENTS * len(variations) > 0
    return (parent_column, sku_column, id_column) if is_found else None


def _find_key_column(
    texts: Sequence[str], unique_keys: Mapping[str, set[str]], excluded: str
) -> tuple[int, str]:
    """Return how many texts name a product by the best column of keys, and this column."""
    if not texts:
        return 0, ""
    counts = {
        name: sum(text in keys for text in texts) for name, keys in unique_keys.items() if name != excluded
    }
    column = max(counts, key=lambda name: counts[name], default="")
    return counts.get(column, 0), column

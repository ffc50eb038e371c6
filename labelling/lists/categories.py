"""Split the cells of a category column into the levels by which a shop sorts its products.

    "Giyim > Üst > Gömlek"                  one path of three levels
    "Clothing, Clothing > Shirts"           WooCommerce writes several paths, with commas between
    "Shirts, blouses"                       one level, if its parts do not occur in other cells

A comma or a slash separates paths in one list and belongs to a name in another. Only all cells of the column
together tell, so they are counted before the first one is split. If a source has no list, the names of its
folders can be levels: `photos/shirts/1.jpg`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Final, Self, TypeAlias

from inference.words.tokens import MAX_HTML_CHARACTERS, decode_entities, fold_text
from labelling.lists.cells import ADDRESS_PATTERN
from labelling.lists.identifiers import clean_list_cell, read_identifier

CategoryPath: TypeAlias = tuple[str, ...]
"""The levels of one category, the top level first: ("Clothing", "Shirts")."""

LEVEL_SEPARATORS: Final = re.compile(r"[>»\u203a\u2192|\\]")
"""Signs that separate levels in any list, as `>` does in "Clothing > Shirts"."""

PATH_SEPARATORS: Final = (",", "/")
"""Signs that separate categories or levels in some lists, and belong to a name in others ("Shirts,
blouses")."""

_ANY_SEPARATOR: Final = re.compile(rf"{LEVEL_SEPARATORS.pattern}|[{''.join(PATH_SEPARATORS)}]")

MAX_CELL_LENGTH: Final = MAX_HTML_CHARACTERS
"""Number of characters of a category cell that are read, so that one cell cannot take unlimited time."""

MAX_LEVEL_LENGTH: Final = 200
"""Largest number of characters of one level, such as "Shirts". A longer text is a description."""

NO_LETTERS_PATTERN: Final = re.compile(r"[\W\d_]*")
"""Pattern of a text without letters, such as `2024`, `10-15` or `€`."""

MAX_VALUES_SHARE: Final = 0.5
"""Largest share of different cells in a category column: at most 50 for 100 rows. A column with more of them
names single products, not groups of products."""

MIN_CATEGORY_FOLDERS: Final = 2
"""Smallest number of folders beside each other whose names are used as categories. A single folder tells no
products apart."""

MIN_PRODUCTS_OF_FOLDER: Final = 2
"""Smallest number of products in a folder whose name is used as a category. A folder of one product is named
after the product."""


@lru_cache(maxsize=8192)
def make_level_key(level: str) -> str:
    """Return the form in which a category level is compared: "t-shirts" for " T-Shirts".

    Accents stay, since they tell words of some languages apart.
    """
    return " ".join(fold_text(level, keep_accents=True).split())


@lru_cache(maxsize=8192)
def make_category_key(category: str) -> str:
    """Return the form in which an explained category is compared: "clothing > shirts" for "Clothing/Shirts".

    A person may write other signs between the levels than the list does, so each sign becomes `>`.

    Args:
        category: one level ("Shirts"), or several levels, the top level first.
    """
    levels = re.split(rf"{LEVEL_SEPARATORS.pattern}|/", decode_entities(category))
    level_keys = map(make_level_key, levels)
    return " > ".join(filter(None, level_keys))


def has_letters(category: str) -> bool:
    """Return whether a category has a letter. A category such as "2024" cannot be explained by a person."""
    return any(map(str.isalpha, make_category_key(category)))


def cut_category_cell(cell: str) -> str:
    """Return the beginning of a category cell, up to the last level that ends within MAX_CELL_LENGTH."""
    if len(cell) <= MAX_CELL_LENGTH:
        return cell
    ends = [match.start() for match in _ANY_SEPARATOR.finditer(cell, 0, MAX_CELL_LENGTH + 1)]
    return cell[: ends[-1] if ends else MAX_CELL_LENGTH]


def is_category_level(level: str) -> bool:
    """Return whether a text can be a level of a category, unlike a number, an address or a description."""
    if not read_identifier(level) or len(level) > MAX_LEVEL_LENGTH:
        return False
    return not (NO_LETTERS_PATTERN.fullmatch(level) or ADDRESS_PATTERN.match(level) or "@" in level)


@dataclass(frozen=True)
class CategoryColumn:
    """The way in which a list writes categories, learnt from all cells of its category column.

    If "Shirts" and "blouses" also stand alone in other cells, the comma of "Shirts, blouses" separates two
    categories. Otherwise it belongs to the name of one.

    Attributes:
        cells_by_level: the number of different cells with each possible level, such as {"shirts": 12}. Both
            "shirts, blouses" and its two parts are counted. The keys are small, as from `make_level_key`.
        row_count: the number of rows of the list.
        value_count: the number of different cells that are not empty.
    """

    cells_by_level: Mapping[str, int] = field(default_factory=dict)
    row_count: int = 0
    value_count: int = 0

    @property
    def has_groups(self) -> bool:
        """Whether the column sorts products into groups: it has several values, but far fewer than rows."""
        return 1 < self.value_count <= MAX_VALUES_SHARE * self.row_count

    @classmethod
    def learn_from_cells(cls, cells: Iterable[str]) -> Self:
        """Count the levels in the cells of all rows of a category column."""
        counts, different_cells, row_count = Counter[str](), set[str](), 0
        for cell in cells:
            different_cells.add(cell)
            row_count += 1
        for cell in different_cells:
            text = clean_list_cell(cell)
            # Both readings of a comma are counted: "Shirts, blouses" as one level, and as two.
            texts = [text, *(part for sign in PATH_SEPARATORS for part in text.split(sign))]
            counts.update({make_level_key(level) for part in texts for level in _split_levels(part)} - {""})
        return cls(counts, row_count, len(different_cells - {""}))

    def split_cell(self, cell: str) -> tuple[CategoryPath, ...]:
        """Return the categories in a cell: (("Clothing", "Shirts"),) for "Clothing, Clothing > Shirts".

        "Clothing" is left out there, because it says nothing beside "Clothing > Shirts". Levels that are
        numbers or addresses are left out, too.
        """
        # Commas first, since they separate whole paths. A slash separates levels within a path.
        written_paths = self._split_at_sign(clean_list_cell(cell), PATH_SEPARATORS[0])
        paths = dict.fromkeys(self._split_cell(text) for text in written_paths)
        # In sorted order, a path stands directly before those that begin with it.
        beginnings = {path for path, next_path in pairwise(sorted(paths)) if next_path[: len(path)] == path}
        return tuple(path for path in paths if path and path not in beginnings)

    def _split_cell(self, text: str) -> CategoryPath:
        levels = [level.strip() for part in _split_levels(text) for level in self._split_at_sign(part, "/")]
        return tuple(level for level in levels if is_category_level(level))

    def _split_at_sign(self, text: str, sign: str) -> list[str]:
        """Split a text at a sign if most of its parts have levels that occur in other cells, too.

        Otherwise the sign is a part of a name, as in "Shirts, blouses".
        """
        parts = text.split(sign)
        shared_count = sum(
            any(self.cells_by_level.get(make_level_key(level), 0) > 1 for level in _split_levels(part))
            for part in parts
        )
        return parts if 2 * shared_count > len(parts) > 1 else [text]


def _split_levels(text: str) -> list[str]:
    return LEVEL_SEPARATORS.split(text)


@dataclass(frozen=True)
class FolderCategories:
    """The folders of a source that are used as categories of its pictures.

    For `photos/2026/shirts/1.jpg` and `photos/2026/dresses/2.jpg`, `common_depth` is 2, and `names_by_depth`
    is {0: {"shirts", "dresses"}}.

    Attributes:
        common_depth: the number of folders at the beginning of all paths, which say nothing about a picture.
        names_by_depth: the names that are levels of a category, by the number of folders between them and the
            common ones.
    """

    common_depth: int = 0
    names_by_depth: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def find_category(self, folder: str) -> CategoryPath:
        """Return the category that a folder stands for, such as ("shirts",); empty if it stands for none.

        Args:
            folder: the folder of a picture, such as `photos/2026/shirts`.
        """
        parts = _split_folders(folder)[self.common_depth :]
        return tuple(name for level, name in enumerate(parts) if name in self.names_by_depth.get(level, ()))


NO_FOLDERS: Final = FolderCategories()
"""Folders of a source that are not used as categories."""


def find_folder_categories(
    paths: Callable[[], Iterable[tuple[str, str]]], sorted_names: Collection[str]
) -> FolderCategories:
    """Find the folders of a source whose names are categories, such as `shirts`; NO_FOLDERS if none are.

    A name is used if it is no number, its folder has MIN_PRODUCTS_OF_FOLDER products, and there are
    MIN_CATEGORY_FOLDERS such folders at the same depth. Folders into which `label --into` sorted the pictures
    are not used: their names are answers of the model, and no words of the shop.

    Args:
        paths: a function that yields the folder of each picture, with `/` between its parts, and its product.
            Each call begins with the first picture. A picture without a product is a product of its own.
        sorted_names: the names of the folders that `label --into` makes.
    """
    # The pictures are listed twice, since a million paths would take much memory.
    depth = _count_common_folders(_split_folders(folder) for folder, _ in paths())
    products: dict[tuple[int, str], set[str]] = defaultdict(set)
    for folder, product in paths():
        for level, name in enumerate(_split_folders(folder)[depth:]):
            folder_products = products[level, name]
            if len(folder_products) < MIN_PRODUCTS_OF_FOLDER:  # there can be a million more
                folder_products.add(product)
    if {name for level, name in products if level == 0} <= {*sorted_names}:
        return NO_FOLDERS
    levels: dict[int, set[str]] = defaultdict(set)
    for (level, name), folder_products in products.items():
        if len(folder_products) >= MIN_PRODUCTS_OF_FOLDER and is_category_level(name):
            levels[level].add(name)
    names = {
        level: frozenset(level_names)
        for level, level_names in levels.items()
        if len(level_names) >= MIN_CATEGORY_FOLDERS
    }
    return FolderCategories(depth, names) if names else NO_FOLDERS


def _split_folders(folder: str) -> tuple[str, ...]:
    return tuple(part for part in folder.split("/") if part not in {"", "."})


def _count_common_folders(folders: Iterable[tuple[str, ...]]) -> int:
    """Return how many parts all folders begin with: 2 for `photos/2026/shirts` and `photos/2026/dresses`."""
    common: tuple[str, ...] | None = None
    for parts in folders:
        common = parts if common is None else common
        equal_pairs = takewhile(lambda pair: pair[0] == pair[1], zip(common, parts, strict=False))
        common = common[: sum(1 for _ in equal_pairs)]
    return len(common or ())

"""Split the cells of a category column into the levels by which a shop sorts its products.

    "Giyim > Üst > Gömlek"                  one path of three levels
    "Clothing, Clothing > Shirts"           WooCommerce writes several paths, with commas between
    "Shirts, blouses"                       one level, if its parts do not occur in other cells

Whether a comma or a slash separates paths or belongs to a name is decided by the other cells of the column:
`CategoryColumn` has read all of them. The names of the folders of a source are read as levels, too
(`find_folder_categories`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Final, Self, TypeAlias

from inference.words.tokens import MAX_HTML_CHARACTERS, fold_text
from labelling.lists.cells import ADDRESS_PATTERN
from labelling.lists.identifiers import read_identifier, read_listed_cell

CategoryPath: TypeAlias = tuple[str, ...]
"""The levels of one category, the top level first."""

LEVEL_SEPARATORS: Final = re.compile(r"[>»\u203a\u2192|\\]")
"""Signs that separate levels in any list, as `>` does in "Clothing > Shirts"."""

PATH_SEPARATORS: Final = (",", "/")
"""Signs that separate paths or levels in some lists, and belong to a name in others."""

_ANY_SEPARATOR: Final = re.compile(rf"{LEVEL_SEPARATORS.pattern}|[{''.join(PATH_SEPARATORS)}]")

MAX_CELL_LENGTH: Final = MAX_HTML_CHARACTERS
"""Number of characters of a category cell that are read, as many as of a title with HTML. The time for a cell
would otherwise grow without limit."""

MAX_LEVEL_LENGTH: Final = 200
"""Largest number of characters of a category level; a longer text is a description."""

NO_LETTERS_PATTERN: Final = re.compile(r"[\W\d_]*")
"""Pattern of a text without letters, such as `2024`, `10-15` or `€`."""

MAX_VALUES_SHARE: Final = 0.5
"""Largest number of values of a category column, as a share of its rows. A column with more values names each
product, and not what it has in common with others."""

MIN_CATEGORY_FOLDERS: Final = 2
"""Number of folders of one depth that must each have MIN_PRODUCTS_OF_FOLDER products, so that the names of
folders of that depth are used as categories. A single folder tells no products apart."""

MIN_PRODUCTS_OF_FOLDER: Final = 2
"""Number of products in a folder, so that the name of the folder can be a category."""


@lru_cache(maxsize=8192)
def make_level_key(level: str) -> str:
    """Return the key by which a category level is compared: without capitals and superfluous blanks.

    Accents stay, since they tell words of some languages apart.

    Args:
        level: a level of a category as a list writes it, such as "T-Shirts" in "Clothing > T-Shirts".
    """
    return " ".join(fold_text(level, keep_accents=True).split())


@lru_cache(maxsize=8192)
def make_category_key(category: str) -> str:
    """Return the key by which a category is compared that a person explained: its levels with `>` between.

    For a single level this is its `make_level_key`. All signs between levels are equal here, as a person may
    write `Clothing/Shirts` for `Clothing > Shirts`.

    Args:
        category: one level, or several levels of a path, the top level first.
    """
    levels = (make_level_key(level) for level in re.split(rf"{LEVEL_SEPARATORS.pattern}|/", category))
    return " > ".join(filter(None, levels))


def has_letters(category: str) -> bool:
    """Return whether a category has a letter, as each category has that a person can explain."""
    return any(map(str.isalpha, make_category_key(category)))


def cut_category_cell(cell: str) -> str:
    """Return the beginning of a category cell, up to the last whole level within MAX_CELL_LENGTH characters.

    Args:
        cell: the cell of the category column, of any length.
    """
    if len(cell) <= MAX_CELL_LENGTH:
        return cell
    ends = [match.start() for match in _ANY_SEPARATOR.finditer(cell, 0, MAX_CELL_LENGTH + 1)]
    return cell[: ends[-1] if ends else MAX_CELL_LENGTH]


def is_category_level(level: str) -> bool:
    """Return whether a text can be a level of a category: no empty text, number, address or description."""
    if not read_identifier(level) or len(level) > MAX_LEVEL_LENGTH:
        return False
    return not (NO_LETTERS_PATTERN.fullmatch(level) or ADDRESS_PATTERN.match(level) or "@" in level)


@dataclass(frozen=True)
class CategoryColumn:
    """The way in which a list writes categories, learnt from all cells of its category column.

    It decides whether commas and slashes separate levels or belong to a name.

    Attributes:
        cells_by_level: the number of different cells in which each level occurs, by `make_level_key`, with
            commas and slashes as separators and without.
        row_count: the number of rows.
        value_count: the number of different cells that are not empty.
    """

    cells_by_level: Mapping[str, int] = field(default_factory=dict)
    row_count: int = 0
    value_count: int = 0

    @property
    def has_groups(self) -> bool:
        """Whether the column sorts products into groups: it has several values, and fewer than every row."""
        return 1 < self.value_count <= MAX_VALUES_SHARE * self.row_count

    @classmethod
    def learn_from_cells(cls, cells: Iterable[str]) -> Self:
        """Learn from the cells of a category column how categories are written in it.

        Args:
            cells: the cells of all rows; equal ones are counted once.
        """
        counts, different_cells, row_count = Counter[str](), set[str](), 0
        for cell in cells:
            different_cells.add(cell)
            row_count += 1
        for cell in different_cells:
            text = read_listed_cell(cell)
            # Both readings of a comma are counted. Only after all cells is it known whether "Shirts, blouses"
            # is one level.
            texts = [text, *(part for sign in PATH_SEPARATORS for part in text.split(sign))]
            counts.update({make_level_key(level) for part in texts for level in _split_levels(part)} - {""})
        return cls(counts, row_count, len(different_cells - {""}))

    def split_cell(self, cell: str) -> tuple[CategoryPath, ...]:
        """Return the categories in a cell, each as a tuple of its levels, the top level first.

        Levels that are numbers or addresses are left out. A category that another one of the cell begins with
        is left out, too: "Clothing" says nothing beside "Clothing > Shirts".

        Args:
            cell: the cell of the category column, such as "Clothing, Clothing > Shirts".
        """
        # Commas first, since they separate whole paths. A slash separates levels within a path.
        written_paths = self._split_at_sign(read_listed_cell(cell), PATH_SEPARATORS[0])
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
    """The folders of a source as categories of its pictures.

    Attributes:
        common_depth: the number of folders that all paths have in common, which are left out.
        names_by_depth: the names of folders that are levels of a category, by their depth below the common
            folders.
    """

    common_depth: int = 0
    names_by_depth: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def find_category(self, folder: str) -> CategoryPath:
        """Return the category that the folder of a picture stands for; empty if it stands for none.

        Args:
            folder: the folder of the picture, with `/` between its parts.
        """
        parts = _split_folders(folder)[self.common_depth :]
        return tuple(name for level, name in enumerate(parts) if name in self.names_by_depth.get(level, ()))


NO_FOLDERS: Final = FolderCategories()
"""The value for a source whose folders are not used as categories."""


def find_folder_categories(
    paths: Callable[[], Iterable[tuple[str, str]]], sorted_names: Collection[str]
) -> FolderCategories:
    """Find out which folders of a source have names that are categories; NO_FOLDERS if none have.

    A folder is a level if it is not a number and occurs for several products. A depth is used only if at
    least MIN_CATEGORY_FOLDERS of its folders have MIN_PRODUCTS_OF_FOLDER products each. If the folders were
    sorted by class, as `label --into` does it, none is used, because their names are answers of the model and
    not words of the shop.

    Args:
        paths: yields the folder of each picture, with `/` between its parts, and its product. Each call
            begins with the first picture. A picture without a product counts as a product of its own.
        sorted_names: the names of folders that `label --into` sorts pictures into.
    """
    # Folders above all pictures, such as `photos/2026`, say nothing about one of them.
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
    """Return how many parts all folders begin with."""
    common: tuple[str, ...] | None = None
    for parts in folders:
        common = parts if common is None else common
        equal_pairs = takewhile(lambda pair: pair[0] == pair[1], zip(common, parts, strict=False))
        common = common[: sum(1 for _ in equal_pairs)]
    return len(common or ())

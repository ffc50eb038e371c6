"""Make the file of categories that a platform such as Google imports beside a feed.

    id,google_product_category
    A-17,1581

1581 is Google's number for skirts.
"""

from collections.abc import Mapping, Sequence

from inference.contract import LABEL
from inference.release_labels import OTHER_KIND
from inference.words.kinds import KIND
from inference.words.recognition import find_label_kinds, recognise_language
from labelling.rows import TableRow
from labelling.run_settings import RunSettings
from labelling.write.platforms import FEED_PLATFORMS, find_lacking_column, find_spellings, read_list_cell
from labelling.write.taxonomies import find_kind_category


class FeedCategories:
    """The categories that a sales platform has for the products of a feed, as rows of a file to import.

    Only products whose kind of garment or class is accepted have one. The categories are those in
    taxonomies.json. A product is left out if the list has a category for it, or if products with the same key
    have different categories, because an empty cell would remove the shop's own category.

    Attributes:
        header: the columns that name a product, and its category; empty if the platform has no categories.
    """

    def __init__(self, platform: str, run: RunSettings) -> None:
        """Create an empty collection.

        Args:
            platform: the name of the platform, one of FEED_PLATFORMS.
            run: the settings of a run with products.
        """
        feed_platform = FEED_PLATFORMS[platform]
        file = feed_platform.categories
        self.header = [feed_platform.key, *file.other_columns, file.column] if file else []
        self._platform = platform
        self._run = run
        self._rows = dict[str, tuple[str, ...]]()
        self._differing = set[str]()
        self._kinds = find_label_kinds(run.heads[LABEL], recognise_language(run.heads[LABEL]))

    def add_row(self, row: TableRow) -> None:
        """Add the category of a product, unless none is known or the list has a category for it.

        Args:
            row: the decided row of the product.
        """
        feed_platform = FEED_PLATFORMS[self._platform]
        if (file := feed_platform.categories) is None:
            return
        spellings = find_spellings(row, self._run.by)
        kinds = _find_product_kinds(row, self._kinds, self._run.heads.get(KIND, ()))
        category = file.choose_cell(find_kind_category(self._platform, kinds))
        is_own = _has_own_category(row, file.column)
        if category is None or len(spellings) > 1 or find_lacking_column(self._platform, row) or is_own:
            return
        cells = feed_platform.make_cells(spellings[0], row) | {file.column: category}
        key = cells[feed_platform.key]
        cells_of_file = tuple(cells[column] for column in self.header)
        if self._rows.setdefault(key, cells_of_file)[-1] != category:  # the last column is the category
            self._differing.add(key)

    def make_rows(self) -> list[tuple[str, ...]]:
        """Return a row for each product with exactly one category: its cells, in the order of `header`."""
        return [row for key, row in self._rows.items() if key not in self._differing]


def _find_product_kinds(
    row: TableRow, kinds: Mapping[str, frozenset[str]], names: Sequence[str]
) -> frozenset[str]:
    """Return the kinds of a product, by its accepted kind or class, or by a person's answer.

    For OTHER_KIND, these are the kinds that the list names and the head lacks. A skirt by its title is not
    one of them, if the head has `skirt` and answered OTHER_KIND.
    """
    kind_decision = row.find_decision(KIND)
    if kind_decision.is_settled and kind_decision.label:
        return (
            row.title_kinds.difference(names)
            if kind_decision.label == OTHER_KIND
            else frozenset({kind_decision.label})
        )
    return (
        kinds.get(row.class_decision.label or "", frozenset())
        if row.class_decision.is_settled
        else frozenset()
    )


def _has_own_category(row: TableRow, column: str) -> bool:
    names = (column.casefold(), column.casefold().replace("_", " "))
    return bool(read_list_cell(row, names))

"""Make the file of categories that a platform such as Google imports beside a feed.

    id,google_product_category
    A-17,1581

1581 is Google's number for skirts. A feed is the file of products that a sales platform imports.
"""

from collections.abc import Mapping, Sequence

from inference.contract import LABEL
from inference.release_labels import OTHER_KIND
from inference.words.kinds import KIND
from inference.words.recognition import find_label_kinds, recognise_language
from labelling.decide.product_titles import find_parent_folder
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_word import find_list_garment_word
from labelling.rows import Category, TableRow
from labelling.run_settings import RunSettings
from labelling.write.feed_rows import DistinctFeedRows
from labelling.write.platforms import (
    FEED_PLATFORMS,
    find_lacking_column,
    find_product_spellings,
    read_list_cell,
)
from labelling.write.taxonomies import find_product_category


class FeedCategories:
    """The categories that a sales platform has for the products of a feed, as rows of a file to import.

    A product is left out in these cases, because an empty cell would remove the category that the shop gave
    it:

    1. Neither its kind of garment nor its class is accepted.
    2. The list has a category of the platform for it.
    3. Products with the same key have different categories.

    Attributes:
        header: the names of the columns, the category last; empty if the platform imports no categories.
    """

    def __init__(self, platform: str, run: RunSettings, reader: ListReader | None = None) -> None:
        """Create an empty collection.

        Args:
            platform: the name of the platform, such as `google`.
            run: the settings of a run that groups photos into products.
            reader: the reader of the list's words, which choose finer categories; None to use kinds alone.
        """
        self._reader = reader
        feed_platform = FEED_PLATFORMS[platform]
        file = feed_platform.categories
        self.header = [feed_platform.key, *file.other_columns, file.column] if file else []
        self._platform = platform
        self._run = run
        self._rows = DistinctFeedRows(value_count=1)
        self._kinds = find_label_kinds(run.heads[LABEL], recognise_language(run.heads[LABEL]))

    def add_row(self, row: TableRow) -> None:
        """Add the category of a product, unless none is known or the list has one already."""
        feed_platform = FEED_PLATFORMS[self._platform]
        if (file := feed_platform.categories) is None:
            return
        spellings = find_product_spellings(row, self._run.by)
        kinds = _find_product_kinds(row, self._kinds, self._run.heads.get(KIND, ()))
        category = file.choose_cell(self._find_category(row, kinds))
        has_own = _has_own_category(row, file.column)
        # Products with several spellings, or without a cell that the platform needs, are not in the feed
        # either.
        if category is None or len(spellings) > 1 or find_lacking_column(self._platform, row) or has_own:
            return
        cells = feed_platform.make_cells(spellings[0], row) | {file.column: category}
        self._rows.add_row(cells[feed_platform.key], [cells[column] for column in self.header])

    def _find_category(self, row: TableRow, kinds: frozenset[str]) -> Category:
        listed_word = ""
        if self._reader is not None:
            photos = row.record.photos
            folder = find_parent_folder(photos[0].path)
            found = find_list_garment_word(self._reader, (photo.cells for photo in photos), folder)
            listed_word = found.word if found else ""
        return find_product_category(self._platform, kinds, listed_word, row.customers.age_group.value)

    def make_rows(self) -> list[tuple[str, ...]]:
        """Return a row for each product with exactly one category: its cells, in the order of `header`."""
        return self._rows.make_rows()


def _find_product_kinds(
    row: TableRow, kinds: Mapping[str, frozenset[str]], names: Sequence[str]
) -> frozenset[str]:
    """Return the kinds of garments that a product can be: its settled kind, or those of its settled class.

    If its kind is OTHER_KIND, "none of the kinds that the release has", these are the kinds in its title that
    the release lacks.

    Args:
        kinds: the kinds that belong to each class of the release.
        names: the kinds that the release has.
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
    """Return whether the list has a category of the platform in a column of the same name."""
    names = (column.casefold(), column.casefold().replace("_", " "))
    return bool(read_list_cell(row, names))

"""Make the files with the gender and the age group of products that a platform imports beside a feed.

    id,gender
    A-17,female

A feed is the file of products that a sales platform imports.
"""

from labelling.lists.customer_columns import Topic, find_customer_columns
from labelling.rows import TableRow
from labelling.run_settings import RunSettings
from labelling.write.feed_rows import DistinctFeedRows
from labelling.write.platforms import (
    FEED_PLATFORMS,
    CustomerFile,
    find_lacking_column,
    find_product_spellings,
    get_customer_value,
    read_list_cell,
)


class FeedCustomers:
    """The rows of one file that tells a sales platform for whom products are made.

    A product is left out in these cases, because an empty cell would remove the value that the shop gave it,
    and a filled one would replace it:

    1. The list has all values of the file for it.
    2. A value is not known: nothing says it, or the words of the list contradict each other.
    3. Products with the same key have different values.

    Attributes:
        file: the columns of the file.
        header: the names of its columns, those of the values last.
    """

    def __init__(self, platform: str, file: CustomerFile, run: RunSettings) -> None:
        """Create an empty collection.

        Args:
            platform: the name of the platform, such as `google`.
            run: the settings of a run that groups photos into products.
        """
        self.file = file
        self.header = [FEED_PLATFORMS[platform].key, *file.other_columns, *file.value_columns.values()]
        self._platform = platform
        self._grouping = run.by
        self._columns = find_customer_columns(tuple(run.further))
        self._rows = DistinctFeedRows(len(file.value_columns))

    def add_row(self, row: TableRow) -> None:
        """Add the values of a product, unless one is not known or the list has all of them."""
        own_values = {topic: self._read_own_value(row, topic) for topic in self.file.value_columns}
        values = {topic: own or get_customer_value(row, topic) for topic, own in own_values.items()}
        spellings = find_product_spellings(row, self._grouping)
        if all(own_values.values()) or not all(values.values()) or len(spellings) > 1:
            return
        if find_lacking_column(self._platform, row):
            return
        cells = FEED_PLATFORMS[self._platform].make_cells(spellings[0], row)
        cells |= {self.file.value_columns[topic]: value for topic, value in values.items()}
        self._rows.add_row(cells[self.header[0]], [cells[column] for column in self.header])

    def make_rows(self) -> list[tuple[str, ...]]:
        """Return a row for each product of the file: its cells, in the order of `header`."""
        return self._rows.make_rows()

    def _read_own_value(self, row: TableRow, topic: Topic) -> str:
        """Return the value that the list itself has about a subject for the platform; empty without one."""
        if self.file.is_exported:
            return read_list_cell(row, (self.file.value_columns[topic].casefold(),))
        rows = [photo.cells for photo in row.record.photos]
        own_cells = next(iter(self._columns.read_cells(topic, rows)), [])
        return own_cells[0].text if own_cells else ""

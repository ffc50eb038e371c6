"""Collect the rows of a file that a platform imports, one for each product that the platform knows.

rows = DistinctFeedRows(value_count=1)
rows.add_row("A-17", ("A-17", "female"))
rows.make_rows()    # [("A-17", "female")]
"""

from collections.abc import Sequence


class DistinctFeedRows:
    """The rows of a file to import, by the key that identifies a product on the platform, such as its SKU.

    Several products may have the same key. If their values differ, the file has none of them; otherwise it
    has the first one.
    """

    def __init__(self, value_count: int) -> None:
        """Create an empty collection.

        Args:
            value_count: the number of cells at the end of each row that products with one key share.
        """
        self._value_count = value_count
        self._rows = dict[str, tuple[str, ...]]()
        self._differing_keys = set[str]()

    def add_row(self, key: str, cells: Sequence[str]) -> None:
        """Add the cells of a product."""
        row = tuple(cells)
        if self._rows.setdefault(key, row)[-self._value_count :] != row[-self._value_count :]:
            self._differing_keys.add(key)

    def make_rows(self) -> list[tuple[str, ...]]:
        """Return the row of each key whose products have the same values, in the order of the table."""
        return [row for key, row in self._rows.items() if key not in self._differing_keys]

"""Give each decided row of a run to every output that reads it, so that no row is decided twice.

    collectors = RowCollectors(products=[feed_rows], reviewable=[sheet_rows])
    write_tables(table, decisions, collectors=collectors)

The tables are written row by row. Meanwhile, the collectors of the other outputs keep what they need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from labelling.decide.decisions import RunDecisions
from labelling.rows import TableRow


class RowCollector(Protocol):
    """An object that keeps what one output needs of the decided rows."""

    def add_row(self, row: TableRow) -> None:
        """Read one decided row."""


@dataclass(frozen=True, kw_only=True)
class RowCollectors:
    """The collectors of a run, in a group for each sort of rows that they read.

    Attributes:
        photos: collectors that read each row of the table of photos.
        products: collectors that read each row of the table of products.
        reviewable: collectors that read the rows of products, and those of photos without a product.
    """

    photos: Sequence[RowCollector] = ()
    products: Sequence[RowCollector] = ()
    reviewable: Sequence[RowCollector] = ()

    def add_photo_row(self, row: TableRow) -> None:
        """Give a row of the table of photos to the collectors that read it."""
        for collector in self.photos:
            collector.add_row(row)
        if not row.record.product:
            for collector in self.reviewable:
                collector.add_row(row)

    def add_product_row(self, row: TableRow) -> None:
        """Give a row of the table of products to the collectors that read it."""
        for collector in (*self.products, *self.reviewable):
            collector.add_row(row)

    def read_rows(self, decisions: RunDecisions) -> None:
        """Decide the rows and give them to the collectors, if the tables are not written again."""
        if self.photos:
            for row in decisions.read_photo_rows():
                self.add_photo_row(row)
            for row in decisions.read_product_rows():
                self.add_product_row(row)
            return
        # Photos that belong to a product are not decided, since nobody reads their rows.
        for row in decisions.read_reviewable_rows() if self.products or self.reviewable else ():
            if row.record.product:
                self.add_product_row(row)
            else:
                self.add_photo_row(row)


NO_COLLECTORS = RowCollectors()

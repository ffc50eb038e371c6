"""A run decides each product and each photo once, whatever outputs it writes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labelling.decide.decisions import RunDecisions
from labelling.journal.journal_file import Journal
from labelling.review.questions import SheetSettings
from labelling.review.sheet_rows import SheetRows
from labelling.rows import HeadAnswer, PhotoRecord, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.feeds import FeedRows
from labelling.write.row_collectors import RowCollectors
from labelling.write.run_tables import write_tables
from labelling.write.sorted_folders import PictureLabels
from tests.journals import fill

HEADS = {"label": ("Shirt", "Bag"), "colour": ("red", "blue")}
GROUPED = RunSettings(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads=HEADS,
    further={"article": "article"},
    by=ProductGrouping(column="article", folder=None, proven=()),
)
ANSWERS = {
    "label": HeadAnswer(label="Shirt", confidence=0.9, probabilities=(0.9, 0.1)),
    "colour": HeadAnswer(label="red", confidence=0.9, probabilities=(0.9, 0.1)),
}
PHOTOS = [
    PhotoRecord(path=f"{number}.png", sha256=f"of {number}", answers=ANSWERS, cells={"article": article})
    for number, article in enumerate(("A", "A", "A", "B", ""))
]
"""Photos of two products, and one that belongs to none."""


class CountedDecisions(RunDecisions):
    """Decisions that count the rows that are decided."""

    count = 0

    def read_photo_rows(self) -> Iterator[TableRow]:
        return map(self._count_row, super().read_photo_rows())

    def read_product_rows(self) -> Iterator[TableRow]:
        return map(self._count_row, super().read_product_rows())

    def read_reviewable_rows(self) -> Iterator[TableRow]:
        return map(self._count_row, super().read_reviewable_rows())

    def _count_row(self, row: TableRow) -> TableRow:
        self.count += 1
        return row


def collect(decisions: RunDecisions, *, is_sorted: bool) -> tuple[RowCollectors, SheetRows, FeedRows]:
    sheet = SheetRows(decisions, SheetSettings(Path("sheet.html"), 10, 0, ("colour",), "colour", {}, ""))
    feed = FeedRows("google", decisions)
    pictures = [PictureLabels()] if is_sorted else []
    return RowCollectors(photos=pictures, products=[feed], reviewable=[sheet]), sheet, feed


@pytest.mark.parametrize(
    ("by", "is_sorted", "first", "again"),
    [
        (GROUPED.by, False, 5 + 2, 2 + 1),  # the tables stay: two products, and a photo without one
        (GROUPED.by, True, 5 + 2, 5 + 2),
        (None, True, 5, 5),
    ],
)
def test_table_sheet_feed_and_folders_share_one_decision_of_each_row(
    by: ProductGrouping | None, is_sorted: bool, first: int, again: int, tmp_path: Path
) -> None:
    run = replace(GROUPED, by=by)
    with Journal(tmp_path / "table.csv", run) as journal:
        fill(journal, run, PHOTOS)
        for count in (first, again):
            decisions = CountedDecisions(journal)
            collectors, sheet, feed = collect(decisions, is_sorted=is_sorted)
            write_tables(tmp_path / "table.csv", decisions, collectors=collectors)

            assert decisions.count == count
            assert sheet.choices[0].answered_count == (3 if by else 5)
            assert feed.count == (2 if by else 0)

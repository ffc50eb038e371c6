"""Choose what a person should look at, most doubtful first, and write the page for it.

Reads the finished table and the pictures that were chosen. What the page looks like: review_page.py.
"""

import heapq
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from inference.decode import prepare_opencv
from labelling.errors import TableUnusable, Unreadable
from labelling.review_page import Card, page_of
from labelling.rows import Row, as_told, read_rows
from labelling.run import Job
from labelling.sources import Item
from labelling.thumbnails import thumbnail
from model_store.files import write_whole


class Doubtful(NamedTuple):
    """A row that needs a person; the largest is the most doubtful, and of equals the earlier one.

    Attributes:
        doubt: 0..1; what is unfamiliar is more doubtful than what is ambiguous.
        before_end: minus the row's number.
    """

    doubt: float
    before_end: int
    row: Row


def write_review(page: Path, job: Job, limit: int) -> int:
    """Write the page of a finished table.

    Args:
        page: replaced if it is there.
        job: what made the table.
        limit: pictures that the page holds at most.

    Returns:
        How many it holds.

    Raises:
        TableUnusable: the page cannot be written.
        SourceUnusable, StoreError: the source cannot be listed any more.
    """
    prepare_opencv()
    chosen = most_doubtful(read_rows(job.table), limit)
    cards = list(_cards(chosen, job))
    text = page_of(cards, job.labels, f"{job.table.name}, release {job.release.version}")
    try:
        write_whole(page, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise TableUnusable(f"{page}: cannot be written ({error.strerror}).") from error
    return len(cards)


def most_doubtful(rows: Iterator[Row], limit: int) -> list[Doubtful]:
    """The rows that need a person, most doubtful first; memory holds `limit` of them and no more."""
    found = (
        Doubtful(doubt_of(row), -number, row) for number, row in enumerate(rows) if row.reason is not None
    )
    return heapq.nlargest(limit, found)


def doubt_of(row: Row) -> float:
    """How doubtful an answer is, 0..1: how strange the picture is, or how unsure the model."""
    known = row.familiarity if row.reason == "unfamiliar" else row.confidence
    return 1.0 - (known or 0.0)


def _cards(chosen: list[Doubtful], job: Job) -> Iterator[Card]:
    """A card for each, with its picture read again from the source: row and picture have one number."""
    wanted = {-one.before_end for one in chosen}
    items = {number: item for number, item in enumerate(job.source.items()) if number in wanted}
    read = job.source.reader()
    for one in chosen:
        item = items.get(-one.before_end)
        if item is not None and as_told(item.name) == one.row.path:  # else the source has changed since
            [upload] = read([item.place])
            picture = "" if isinstance(upload, Unreadable) else thumbnail(upload)
            yield Card(one.row, picture, _path_for_training(item, job))


def _path_for_training(item: Item, job: Job) -> str:
    """A path that is right from any folder; of what is in an archive or a store, the one inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return item.name.removeprefix(f"{job.source.address}/")

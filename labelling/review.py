"""Choose the rows that need review, most doubtful first, and write the review page.

Reads the finished table and the chosen pictures. The page's HTML is in review_page.py.
"""

import heapq
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from inference.decode import prepare_opencv
from labelling.errors import TableUnusable, Unreadable
from labelling.review_page import Card, page_of
from labelling.rows import Row, path_in_table, read_rows, safe_in_a_spreadsheet
from labelling.run import Job
from labelling.sources import Item
from labelling.thumbnails import thumbnail
from model_store.files import write_whole


class Numbered(NamedTuple):
    """A row that needs review, with its place in the table, from 0."""

    number: int
    row: Row


def write_review(page: Path, job: Job, limit: int) -> int:
    """Write the page of a finished table.

    Args:
        page: the file to write; an existing one is replaced.
        job: the finished labelling run.
        limit: the most pictures on the page.

    Returns:
        The number of pictures on the page.

    Raises:
        TableUnusable: the page cannot be written.
        SourceUnusable, StoreError: the source can no longer be listed.
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


def most_doubtful(rows: Iterator[Row], limit: int) -> list[Numbered]:
    """The rows that need review, most doubtful first; at most `limit` of them are held in memory.

    Unfamiliar pictures come before ambiguous ones. Within each, the measure that decided is compared first,
    the other one on ties, then the order of the table.
    """
    doubtful = (Numbered(number, row) for number, row in enumerate(rows) if row.reason is not None)
    return heapq.nsmallest(limit, doubtful, key=lambda one: _certainty(one.row))


def _certainty(row: Row) -> tuple[bool, float, float]:
    confidence, familiarity = row.confidence or 0.0, row.familiarity or 0.0
    if row.reason == "unfamiliar":
        return False, familiarity, confidence
    return True, confidence, familiarity


def _cards(chosen: list[Numbered], job: Job) -> Iterator[Card]:
    """A card for each row, with its picture read again from the source by the row's number."""
    wanted = {one.number for one in chosen}
    items = {number: item for number, item in enumerate(job.source.items()) if number in wanted}
    read = job.source.reader()
    for one in chosen:
        item = items.get(one.number)
        if item is not None and path_in_table(item.name) == one.row.path:  # else the source has changed since
            [upload] = read([item.place])
            picture = "" if isinstance(upload, Unreadable) else thumbnail(upload)
            yield Card(one.row, picture, _path_for_training(item, job))


def _path_for_training(item: Item, job: Job) -> str:
    """An absolute path; for a picture in an archive or a store, the path inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return safe_in_a_spreadsheet(item.name.removeprefix(f"{job.source.address}/"))

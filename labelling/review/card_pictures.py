"""Read the pictures that the cards of a review sheet show or name.

An answer is about the content of a picture. So a picture whose file has changed since it was labelled is not
shown.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeGuard

from inference.text.spreadsheets import escape_spreadsheet_path
from labelling.errors import PictureUnreadable
from labelling.review.cards import ReviewCardPhoto
from labelling.review.page import make_thumbnail
from labelling.rows import PhotoRecord, make_table_path
from labelling.sources.items import PictureItem, Source

PICTURES_PER_READ: Final = 16
"""Number of pictures that are read at a time. Those of a bucket or the web are then fetched in parallel."""


def read_card_pictures(
    photos: Iterable[PhotoRecord], named_photos: Iterable[PhotoRecord], source: Source
) -> dict[str, ReviewCardPhoto]:
    """Return pictures of the source by their paths in the table, read in one pass, some at a time.

    Args:
        photos: the photos that cards show.
        named_photos: further photos, of which cards need the path alone. They are not read.
    """
    hashes = {photo.path: photo.sha256 for photo in photos}
    named_hashes = {photo.path: photo.sha256 for photo in named_photos if photo.path not in hashes}
    read_pictures = source.open_reader()
    shown = dict[str, ReviewCardPhoto]()

    def choose_shown_items() -> Iterator[PictureItem]:
        for item in source.iterate_pictures():
            path = make_table_path(item.name)
            if path in hashes:
                yield item
            elif path in named_hashes and path not in shown:
                shown[path] = ReviewCardPhoto(_choose_training_path(item, source), "", named_hashes[path])

    wanted_items = choose_shown_items() if hashes else iter(())
    while part := list(islice(wanted_items, PICTURES_PER_READ)):
        new = {make_table_path(item.name): item for item in part if make_table_path(item.name) not in shown}
        uploads = read_pictures([item.place for item in new.values()])
        for (path, item), upload in zip(new.items(), uploads, strict=True):
            picture = make_thumbnail(upload) if _is_as_labelled(upload, hashes[path]) else ""
            shown[path] = ReviewCardPhoto(_choose_training_path(item, source), picture, hashes[path])
    return shown


def _is_as_labelled(upload: bytes | PictureUnreadable, sha256: str) -> TypeGuard[bytes]:
    """Return whether a picture has the content of its row, since answers are about that content."""
    return isinstance(upload, bytes) and hashlib.sha256(upload).hexdigest() == sha256


def _choose_training_path(item: PictureItem, source: Source) -> str:
    """Return the path that a correction will name, so that a training finds the picture.

    It is absolute. For a picture in an archive or a store, it is the path inside it.
    """
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return escape_spreadsheet_path(item.name.removeprefix(f"{source.address}/"))

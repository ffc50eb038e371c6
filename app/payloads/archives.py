"""Unpack a ZIP of pictures in memory, within the limits of a request. inference/zip_file.py reads it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import BadRequest, RequestError, TooLarge
from app.payloads.marks import count_of
from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.file_names import has_clutter, is_folder
from inference.inflate import Pause, no_pause
from inference.zip_file import DIRECTORY_ENTRY, Entry, content_of, entries_of

ENTRIES_PER_PICTURE, FILES_PER_PICTURE = 16, 4
"""Entries allowed for each picture: in all, such as ten thumbnails that a system adds; and of a person, as
folders."""


@dataclass(frozen=True)
class Member:
    """One file of the archive.

    Attributes:
        name: as the archive has it, in Unicode.
        content: its bytes, or why they could not be had.
        unpacked: how many bytes that took at most: what cannot be read may have been unpacked to its limit.
    """

    name: str
    content: bytes | RequestError
    unpacked: int


def unpack(body: bytes, max_files: int, max_member_bytes: int, pause: Pause = no_pause) -> Iterator[Member]:
    """The archive's files in its own order; folders and the files that desktops hide are passed over.

    Each is unpacked when its turn comes, so that the caller can stop at a sum.

    Args:
        body: the archive.
        max_files: how many of its files the caller will take; more may come, but not many more.
        max_member_bytes: the largest file, unpacked; a larger one is an error of its own.
        pause: called between files, and between steps of one.

    Raises:
        BadRequest: the archive cannot be read.
        TooLarge: it lists far more than `max_files`.
    """
    # Python makes an object of every entry, so 200 MB of entries would take gigabytes and half a minute.
    if count_of(DIRECTORY_ENTRY, body) > max_files * ENTRIES_PER_PICTURE:
        raise TooLarge(f"The ZIP lists far more than {max_files} pictures (MAX_BATCH). Send several.")
    try:
        members = [entry for entry in entries_of(io.BytesIO(body)) if not has_clutter(entry.name)]
    except ArchiveUnreadable as error:
        raise BadRequest(f"The ZIP cannot be read: {error}. Was it cut short?") from error
    if len(members) > max_files * FILES_PER_PICTURE:
        raise TooLarge(f"The ZIP lists far more than {max_files} pictures (MAX_BATCH). Send several.")
    for entry in members:
        if is_folder(entry.name):
            continue
        pause()
        content = _read(body, entry, max_member_bytes, pause)
        most = min(entry.size, max_member_bytes + 1)
        yield Member(entry.name, content, len(content) if isinstance(content, bytes) else most)


def _read(body: bytes, entry: Entry, limit: int, pause: Pause) -> bytes | RequestError:
    view = memoryview(body)
    try:
        return content_of(lambda start, count: view[start : start + count], entry, limit, pause)
    except MemberTooLarge:
        return TooLarge(f"Unpacked it has more than {limit:,} bytes (MAX_UPLOAD_BYTES).")
    except MemberUnreadable as error:
        return BadRequest(str(error))

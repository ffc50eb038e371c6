"""Unpack a ZIP of pictures in memory, never trusting what it says of itself.

Sizes in a ZIP's directory can lie, so every member is read up to its limit and no further, and what cannot
be read counts too. Answers repeat the names, which are never used as paths. An archive inside an archive
is not opened.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import BadRequest, RequestError, TooLarge
from app.payloads.marks import count_of
from inference.file_names import has_clutter, is_folder, name_in_zip

MEMBER = b"PK\x03\x04"
"""What each member of a ZIP begins with (APPNOTE.TXT 4.3.7)."""

MAGICS = (MEMBER, b"PK\x05\x06")
"""A first member, or an empty archive's directory (APPNOTE.TXT 4.3.16)."""

DIRECTORY_ENTRY = b"PK\x01\x02"
"""What each entry of the directory begins with (APPNOTE.TXT 4.3.12); counting these costs no memory."""

ENTRIES_PER_PICTURE, FILES_PER_PICTURE = 16, 4
"""Entries allowed for each picture: in all, such as ten thumbnails that a system adds; and of a person, as
folders."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How a member may be packed. Python unpacks bzip2 and LZMA without a limit: 1.5 kB became 3.9 GB."""


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


def is_zip(body: bytes) -> bool:
    """Whether these bytes begin as a ZIP does."""
    return body.startswith(MAGICS)


def unpack(body: bytes, max_files: int, max_member_bytes: int) -> Iterator[Member]:
    """The archive's files in its own order; folders and the files that desktops hide are passed over.

    Each is unpacked when its turn comes, so that the caller can stop at a sum.

    Args:
        body: the archive.
        max_files: how many of its files the caller will take; more may come, but not many more.
        max_member_bytes: the largest file, unpacked; a larger one is an error of its own.

    Raises:
        BadRequest: the archive cannot be read.
        TooLarge: it lists far more than `max_files`.
    """
    # Python makes an object of every entry, so 200 MB of entries would take gigabytes and half a minute.
    if count_of(DIRECTORY_ENTRY, body) > max_files * ENTRIES_PER_PICTURE:
        raise TooLarge(f"The ZIP lists far more than {max_files} pictures (MAX_BATCH). Send several.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadRequest(f"The ZIP cannot be read: {error}. Was it cut short?") from error
    with archive:
        members = [(info, name) for info in archive.infolist() if not has_clutter(name := name_in_zip(info))]
        if len(members) > max_files * FILES_PER_PICTURE:
            raise TooLarge(f"The ZIP lists far more than {max_files} pictures (MAX_BATCH). Send several.")
        for info, name in members:
            if is_folder(name):
                continue
            content = _read(archive, info, max_member_bytes)
            most = min(info.file_size, max_member_bytes + 1)
            yield Member(name, content, len(content) if isinstance(content, bytes) else most)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes | RequestError:
    if info.compress_type not in METHODS:
        return BadRequest(f"It is packed by method {info.compress_type}. Pack it by deflate.")
    try:
        with archive.open(info) as file:
            data = file.read(limit + 1)
    except _UNREADABLE as error:
        return BadRequest(f"This member of the ZIP cannot be read: {error}.")
    if len(data) > limit:
        return TooLarge(f"Unpacked it has more than {limit:,} bytes (MAX_UPLOAD_BYTES).")
    return data


_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # encrypted
    NotImplementedError,  # patched, or packed in a way that no Python knows
    ValueError,  # a place before the archive's beginning
)
"""What zipfile raises at a member that it cannot read."""

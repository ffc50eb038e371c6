"""Unpack a ZIP of pictures in memory, never trusting what it says of itself.

Sizes in a ZIP's directory can lie, so every member is read up to its limit and no further. Names are told
back and never used as paths.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import BadRequest, RequestError, TooLarge

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
"""A first member, or an empty archive's directory (APPNOTE.TXT 4.3.7 and 4.3.16)."""


@dataclass(frozen=True)
class Member:
    """One file of the archive: its bytes, or why they could not be had."""

    name: str
    content: bytes | RequestError


def is_zip(body: bytes) -> bool:
    """Whether these bytes begin as a ZIP does."""
    return body.startswith(MAGICS)


def unpack(body: bytes, max_member_bytes: int, max_total_bytes: int) -> Iterator[Member]:
    """The archive's files in its own order; folders and the files that desktops hide are passed over.

    Raises:
        BadRequest: the archive cannot be read.
        TooLarge: its files unpack to more than `max_total_bytes`.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadRequest(f"The ZIP cannot be read: {error}. Was it cut short?") from error
    total = 0
    with archive:
        for info in filter(_is_wanted, archive.infolist()):
            member = _read(archive, info, max_member_bytes)
            total += len(member.content) if isinstance(member.content, bytes) else 0
            if total > max_total_bytes:
                raise TooLarge(f"The ZIP unpacks to more than {max_total_bytes:,} bytes (MAX_BATCH_BYTES).")
            yield member


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    last = info.filename.rsplit("/", 1)[-1]
    return not info.is_dir() and not last.startswith(".") and not info.filename.startswith("__MACOSX/")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Member:
    try:
        with archive.open(info) as file:
            data = file.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        # RuntimeError is zipfile's word for an encrypted member, NotImplementedError for an odd method.
        return Member(info.filename, BadRequest(f"This member of the ZIP cannot be read: {error}."))
    if len(data) > limit:
        return Member(
            info.filename, TooLarge(f"Unpacked it has more than {limit:,} bytes (MAX_UPLOAD_BYTES).")
        )
    return Member(info.filename, data)

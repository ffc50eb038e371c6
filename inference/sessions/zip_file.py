"""Read a ZIP that a stranger made, with zipfile and the checks that zipfile leaves to its callers.

A small ZIP can claim, or unpack to, any size. `read_member` unpacks at most the size that the directory of
the ZIP declares for a member, so a caller can add up these sizes and refuse the ZIP before it reads. Names of
members are never used as paths on the disk.
"""

import zipfile
import zlib
from typing import IO, Final

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.sessions.inflate import PACKED_PER_UNPACKED, SPARE_BYTES, Buffer

MEMBER_SIGNATURE: Final = b"PK\x03\x04"
"""First bytes of each member of a ZIP (APPNOTE.TXT 4.3.7)."""

ZIP_SIGNATURES: Final = (MEMBER_SIGNATURE, b"PK\x05\x06")
"""First bytes of a ZIP: of its first member, or of the directory of an empty one (APPNOTE.TXT 4.3.16)."""

ENTRY_SIGNATURE: Final = b"PK\x01\x02"
"""First bytes of each entry of the directory (APPNOTE.TXT 4.3.12).

Counting them in the bytes of a ZIP tells how many members it has. zipfile would first make an object for
each.
"""

UTF8_FLAG: Final = 1 << 11
"""Flag of a member whose name is UTF-8 (APPNOTE.TXT, appendix D). Without it, Python reads code page 437."""

MAX_REASON_CHARACTERS: Final = 200
"""Limit for the characters of zipfile's errors in a message, since they quote names."""

_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,  # an encrypted member
    ValueError,
)


def is_zip(content: Buffer) -> bool:
    """Return whether bytes begin like a ZIP."""
    return bytes(content[:4]) in ZIP_SIGNATURES


def open_zip(file: str | IO[bytes]) -> zipfile.ZipFile:
    """Open a ZIP archive for reading.

    Raises:
        ArchiveUnreadable: the file is damaged, or no ZIP.
    """
    try:
        return zipfile.ZipFile(file)
    except _ERRORS as error:
        raise ArchiveUnreadable(str(error)[:MAX_REASON_CHARACTERS]) from error


ENCRYPTED_FLAG: Final = 1
"""Bit in the flags of a member that needs a password."""


def read_member_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member, in UTF-8 even without the flag, or in code page 850 of Windows."""
    if member.flag_bits & UTF8_FLAG:
        return member.filename
    try:
        name_bytes = member.filename.encode("cp437")
    except UnicodeEncodeError:  # newer Pythons read the Unicode name of the extra field (0x7075)
        return member.filename
    try:
        return name_bytes.decode()
    except UnicodeDecodeError:
        return name_bytes.decode("cp850")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """Return the content of a member, with the size that the directory declares.

    Args:
        limit: the limit for the bytes of the content.

    Raises:
        MemberTooLarge: the member declares more bytes; nothing was unpacked.
        MemberUnreadable: the member is encrypted, damaged, or packed by another method than deflate.
    """
    size = member.file_size
    if size > limit:
        raise MemberTooLarge(f"Unpacked it has {size:,} bytes; at most {limit:,} are read.")
    if member.flag_bits & ENCRYPTED_FLAG:
        raise MemberUnreadable("It has a password. Unpack the archive, and give the folder.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MemberUnreadable(
            f"It is packed by method {member.compress_type}, which is not read. Pack it by deflate, or "
            "unpack it and give the folder."
        )
    if member.compress_size > PACKED_PER_UNPACKED * size + SPARE_BYTES:
        raise _make_member_error(f"{member.compress_size:,} packed bytes hold {size:,}")
    try:
        with archive.open(member) as file:
            content = file.read(size)  # without a size, zipfile unpacks all that is there
    except _ERRORS as error:
        raise _make_member_error(str(error)[:MAX_REASON_CHARACTERS]) from error
    if len(content) != size:
        raise _make_member_error("it holds less than it declares")
    return content


def _make_member_error(fault: str) -> MemberUnreadable:
    return MemberUnreadable(f"This member of the ZIP cannot be read: {fault}.")

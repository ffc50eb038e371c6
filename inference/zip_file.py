"""Read a ZIP that a stranger made: zipfile does it, behind the checks that it leaves to its callers.

Of clients, of catalogues, of models. A member is unpacked up to the size that the directory declares, so that
callers bound the sum of these sizes before they read. Names are never used as paths. An archive inside an
archive is not opened.
"""

import zipfile
import zlib
from typing import IO, Final

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.inflate import PACKED_PER_UNPACKED, SPARE_BYTES, Buffer

MEMBER_SIGNATURE: Final = b"PK\x03\x04"
"""What each member of a ZIP begins with (APPNOTE.TXT 4.3.7)."""

ZIP_SIGNATURES: Final = (MEMBER_SIGNATURE, b"PK\x05\x06")
"""A first member, or an empty archive's directory (APPNOTE.TXT 4.3.16)."""

ENTRY_SIGNATURE: Final = b"PK\x01\x02"
"""What each entry of the directory begins with (APPNOTE.TXT 4.3.12); counting these costs no memory."""

UTF8_FLAG: Final = 1 << 11
"""Of a member: its name is UTF-8 (APPNOTE.TXT, appendix D). Without it, Python reads code page 437."""

MAX_REASON_CHARACTERS: Final = 200
"""Characters of zipfile's errors that are repeated: they quote names."""

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
    """Whether these bytes begin as a ZIP does."""
    return bytes(content[:4]) in ZIP_SIGNATURES


def open_zip(file: str | IO[bytes]) -> zipfile.ZipFile:
    """Open an archive; its members are in its own order.

    Raises:
        ArchiveUnreadable: it is damaged, or no ZIP.
    """
    try:
        return zipfile.ZipFile(file)
    except _ERRORS as error:
        raise ArchiveUnreadable(str(error)[:MAX_REASON_CHARACTERS]) from error


def read_member_name(member: zipfile.ZipInfo) -> str:
    """A member's name: marked as UTF-8 or not, what is none is in code page 850, as Windows wrote it."""
    if member.flag_bits & UTF8_FLAG:
        return member.filename
    try:
        written = member.filename.encode("cp437")
    except UnicodeEncodeError:  # newer Pythons read the Unicode name of the extra field (0x7075)
        return member.filename
    try:
        return written.decode()
    except UnicodeDecodeError:
        return written.decode("cp850")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of a member, of the size that its directory declares.

    Args:
        archive: of `open_zip`.
        member: one of its members.
        limit: bytes that the content may have.

    Raises:
        MemberTooLarge: it declares more; nothing was unpacked.
        MemberUnreadable: it is encrypted, packed otherwise than by deflate, or damaged.
    """
    size = member.file_size
    if size > limit:
        raise MemberTooLarge(f"Unpacked it has {size:,} bytes; at most {limit:,} are read.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MemberUnreadable(f"It is packed by method {member.compress_type}. Pack it by deflate.")
    if member.compress_size > PACKED_PER_UNPACKED * size + SPARE_BYTES:
        raise _damaged(f"{member.compress_size:,} packed bytes hold {size:,}")
    try:
        with archive.open(member) as file:
            content = file.read(size)  # without a size, zipfile unpacks all that is there
    except _ERRORS as error:
        raise _damaged(str(error)[:MAX_REASON_CHARACTERS]) from error
    if len(content) != size:
        raise _damaged("it holds less than it declares")
    return content


def _damaged(what: str) -> MemberUnreadable:
    return MemberUnreadable(f"This member of the ZIP cannot be read: {what}.")

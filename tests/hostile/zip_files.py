"""ZIPs: bombs, lies, and names that point elsewhere (PKWARE's APPNOTE.TXT 6.3)."""

import bz2
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from tests.hostile.deflated import zeros
from tests.hostile.entry import BAD, READ, TOO_LARGE, UNKNOWN, Entry
from tests.hostile.png_files import png

STORED, DEFLATED, BZIP2 = 0, 8, 12
MEGABYTE = 1_000_000
READ_OR_BAD = READ | BAD


@dataclass(frozen=True)
class Packed:
    """One member: what is in the file, and what the archive says of it."""

    name: bytes
    data: bytes = png()
    method: int = STORED
    size: int | None = None
    crc: int | None = None
    flags: int = 0

    def record(self) -> bytes:
        """The fields that the local header and the directory share."""
        said = len(self.data) if self.size is None else self.size
        checksum = zlib.crc32(self.data) if self.crc is None else self.crc
        sizes = struct.pack("<IIIHH", checksum, len(self.data), said, len(self.name), 0)
        return struct.pack("<HHHHH", 20, self.flags, self.method, 0, 0x21) + sizes


def archive(*members: Packed, repeated: int = 1, comment: bytes = b"") -> bytes:
    """The archive; its directory lists every member `repeated` times."""
    body, directory = b"", b""
    for member in members:
        local = b"PK\x03\x04" + member.record() + member.name + member.data
        where = struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        directory += (b"PK\x01\x02\x14\0" + member.record() + where + member.name) * repeated
        body += local
    count = len(members) * repeated & 0xFFFF
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), len(comment))
    return body + directory + b"PK\x05\x06" + end + comment


def entries() -> Iterable[Entry]:
    """All of them; `/predict` takes no archives."""
    for expected, group in (
        (READ, _named()),
        (
            READ_OR_BAD,
            {"slip-hidden": archive(Packed(b"..\\..\\slipped.png")), "name-dots": archive(Packed(b".."))},
        ),
        (READ, _each_with_its_own_error()),
        (TOO_LARGE, _too_large()),
        (READ_OR_BAD, _lying()),
    ):
        for name, body in group.items():
            yield Entry(name=f"zip/{name}.zip", body=body, statuses=UNKNOWN, batch=expected)


def _named() -> dict[str, bytes]:
    names = {
        "slip": b"../../../../tmp/slipped.png",
        "slip-absolute": b"/tmp/slipped.png",
        "slip-backslashes": b"a\\..\\..\\slipped.png",
        "slip-drive": b"C:\\slipped.png",
        "slip-unc": b"\\\\server\\share\\slipped.png",
        "name-nul": b"a.png\0.exe",
        "name-9000-long": b"a" * 9000,
        "name-empty": b"",
        "name-newlines": b"a\r\nSet-Cookie: x=1\r\n\r\n.png",
        "name-escape-codes": b"\x1b[2J\x1b]0;owned\x07.png",
        "name-html": b"<img src=x onerror=alert(1)>.png",
        "name-not-utf-8": b"\xff\xfe\x80.png",
        "name-template": b"{{7*7}}${jndi:ldap://127.0.0.1/a}.png",
        "name-sql": b"'; DROP TABLE pictures; --.png",
    }
    return {name: archive(Packed(path)) for name, path in names.items()} | {
        "name-said-to-be-utf-8": archive(Packed(b"good.png"), Packed(b"\xc3\xa9.png", flags=0x800)),
        "same-name-twice": archive(Packed(b"a.png"), Packed(b"a.png")),
    }


def _each_with_its_own_error() -> dict[str, bytes]:
    inside = archive(Packed(b"a.png"))
    for _ in range(20):
        inside = archive(Packed(b"inner.zip", inside))
    bomb = bz2.compress(bytes(50 * MEGABYTE), 9)
    good = Packed(b"good.png")
    return {
        "zip-in-zip-20-deep": inside,
        "encrypted": archive(good, Packed(b"secret.png", flags=1)),
        "bzip2-bomb": archive(good, Packed(b"bomb.png", bomb, BZIP2, size=50 * MEGABYTE, crc=0)),
        "lzma": archive(good, Packed(b"a.png", bytes(30), 14, size=5000)),
        "method-99": archive(good, Packed(b"a.png", method=99)),
        "wrong-checksum": archive(good, Packed(b"a.png", crc=0xDEADBEEF)),
        "deflate-junk": archive(good, Packed(b"a.png", b"\xff" * 50, DEFLATED, size=99)),
        "member-of-21-mb": archive(good, _zeros(21 * MEGABYTE)),
        "said-to-be-4-gb": archive(good, Packed(b"a.png", zeros(1000), DEFLATED, size=0xFFFFFFFE)),
        "members-that-are-no-pictures": archive(Packed(b"passwd", b"root:x:0:0\n"), Packed(b"empty", b"")),
    }


def _zeros(count: int) -> Packed:
    return Packed(b"bomb.png", zeros(count), DEFLATED, size=count, crc=zlib.crc32(bytes(count)))


def _too_large() -> dict[str, bytes]:
    return {
        "bomb-250-mb-by-overlap": archive(_zeros(MEGABYTE), repeated=250),
        "bomb-of-wrong-checksums": archive(
            Packed(b"a.png", zeros(MEGABYTE), DEFLATED, size=MEGABYTE, crc=1), repeated=250
        ),
        "257-pictures": archive(Packed(b"a.png"), repeated=257),
        "1030-entries": archive(Packed(b"a.png"), repeated=1030),
        "1030-folders": archive(Packed(b"folder/", b""), repeated=1030),
    }


def _lying() -> dict[str, bytes]:
    sound = archive(Packed(b"a.png"))
    end = sound.rindex(b"PK\x05\x06")
    return {
        "said-to-be-1-byte": archive(Packed(b"a.png", size=1)),
        "said-to-be-more": archive(Packed(b"a.png", size=10**6)),
        "names-differ": sound.replace(b"a.png", b"b.png", 1),
        "directory-beyond-the-end": sound[: end + 16] + b"\xff\xff\xff\x7f" + sound[end + 20 :],
        "directory-larger-than-the-file": sound[: end + 12] + b"\xff\xff\xff\x7f" + sound[end + 16 :],
        "member-beyond-the-end": _with_offset(sound, 0x7FFFFFFF),
        "member-is-the-directory": _with_offset(sound, sound.index(b"PK\x01\x02")),
        "zip64-without-its-fields": archive(Packed(b"a.png", size=0xFFFFFFFF)),
        "several-disks": sound[: end + 4] + b"\x07\0\x09\0" + sound[end + 8 :],
        "no-directory": sound[:end],
        "only-the-mark": b"PK\x03\x04",
        "empty": archive(),
        "comment-of-20-kb": archive(Packed(b"a.png"), comment=b"PK\x05\x06" * 5000),
        "version-9999": sound.replace(b"\x14\0\0\0", b"\xff\xff\0\0"),
        "date-nonsense": sound.replace(b"\0\0\x21\0", b"\xff\xff\xff\xff"),
        "only-a-folder": archive(Packed(b"folder/", b"")),
        "only-hidden-files": archive(Packed(b"__MACOSX/._a.png"), Packed(b".DS_Store")),
    }


def _with_offset(sound: bytes, offset: int) -> bytes:
    place = sound.index(b"PK\x01\x02") + 42
    return sound[:place] + struct.pack("<I", offset) + sound[place + 4 :]

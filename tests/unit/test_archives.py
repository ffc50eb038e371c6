"""ZIPs of pictures, of clients and of catalogues: read in order, and never believed."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.errors import BadRequest, RequestTooLarge
from app.payloads.body import CONTENT_CODINGS, RequestBody
from app.payloads.limits import make_batch_limits
from app.payloads.request_items import Upload
from app.payloads.zip_archives import open_zip_archive
from app.settings import Settings
from inference.pictures.decode import MAX_BYTES
from inference.sessions.zip_file import ENTRY_SIGNATURE
from labelling.errors import PictureUnreadable, SourceUnusable
from labelling.sources.archives import ZipSource
from tests.uploads import zipped


def in_a_batch(packed: bytes, _: Path) -> list[bytes | str]:
    items = open_zip_archive(packed, 64, MAX_BYTES).iterate_items()
    return [item.data if isinstance(item, Upload) else str(item.error) for item in items]


def in_a_catalogue(packed: bytes, folder: Path) -> list[bytes | str]:
    (folder / "shop.zip").write_bytes(packed)
    source = ZipSource(str(folder / "shop.zip"))
    found = source.open_reader()([item.place for item in source.iterate_pictures()])
    return [str(one) if isinstance(one, PictureUnreadable) else one for one in found]


READERS = pytest.mark.parametrize("read", [in_a_batch, in_a_catalogue])
Read = Callable[[bytes, Path], list[bytes | str]]

NOTHING = b"\0\0\0\xff\xff"
"""A block of deflate that holds nothing (RFC 1951, section 3.2.4)."""


def changed(packed: bytes, **fields: int) -> bytes:
    """A ZIP whose first member has other flags or another method in both heads, or other facts in one."""
    new, entry = bytearray(packed), packed.index(ENTRY_SIGNATURE)
    places = {"flags": (6, entry + 8), "method": (8, entry + 10), "begin": (0,)}
    places |= {"crc": (entry + 16,), "packed": (entry + 20,), "size": (entry + 24,)}
    for name, value in fields.items():
        form = "<H" if name in {"flags", "method", "begin"} else "<I"
        for place in places[name]:
            struct.pack_into(form, new, place, value)
    return bytes(new)


def deflated(stream: bytes, content: bytes) -> bytes:
    """A ZIP whose first member is packed as this stream."""
    facts = {"method": zipfile.ZIP_DEFLATED, "crc": zlib.crc32(content), "size": len(content)}
    return changed(zipped(zipfile.ZIP_STORED, **{"a.png": stream, "b.png": b"whole"}), **facts)


def flushed(content: bytes) -> bytes:
    """Content as a client packs it that writes little at a time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = [content[at : at + 20] for at in range(0, len(content), 20)]
    return b"".join(packer.compress(one) + packer.flush(zlib.Z_SYNC_FLUSH) for one in pieces) + packer.flush()


WORDS = b"some words of a client that writes little at a time. " * 100
TWO = zipped(**{"a.png": bytes(3000), "b.png": b"whole"})


@READERS
@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (zipped(**{"a.png": bytes(MAX_BYTES + 1), "b.png": b"whole"}), "20,000"),
        (changed(TWO, method=zipfile.ZIP_BZIP2), "packed by method 12"),
        (changed(TWO, flags=1), "has a password. Unpack the archive"),
        (changed(TWO, flags=1 << 5), "compressed patched data"),
        (changed(TWO, crc=7), "Bad CRC-32"),
        (changed(TWO, size=3), "Bad CRC-32"),
        (changed(TWO, size=3001), "holds less than it declares"),
        (changed(TWO, begin=0), "Bad magic number"),
        (deflated(NOTHING * 400_000, b""), "2,000,000 packed bytes hold 0"),
        (deflated(NOTHING * 400_000, b"x"), "2,000,000 packed bytes hold 1"),
        (deflated(NOTHING * 400_000, bytes(2_000_000)), "Bad CRC-32"),
    ],
)
def test_a_member_that_lies_or_is_packed_otherwise_is_an_error_of_its_own(
    packed: bytes, words: str, read: Read, tmp_path: Path
) -> None:
    refused, whole = read(packed, tmp_path)

    assert words in str(refused)
    assert whole == b"whole"


@READERS
def test_a_member_that_was_flushed_often_is_read(read: Read, tmp_path: Path) -> None:
    assert read(deflated(flushed(WORDS), WORDS), tmp_path) == [WORDS, b"whole"]


def with_entries(packed: bytes, entries: Sequence[bytes]) -> bytes:
    """A ZIP with another directory."""
    start = packed.index(ENTRY_SIGNATURE)
    directory = b"".join(entries)
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", len(entries), len(entries), len(directory), start, 0)
    return packed[:start] + directory + end


def test_members_that_share_their_bytes_count_each_and_are_no_catalogue(tmp_path: Path) -> None:
    packed = zipped(**{"a.png": bytes(9_000_000)})
    entry = packed[packed.index(ENTRY_SIGNATURE) : packed.rindex(b"PK\5\6")]
    overlapping = with_entries(packed, [entry] * 30)

    assert open_zip_archive(overlapping, 64, MAX_BYTES).size == 30 * 9_000_000
    with pytest.raises(SourceUnusable, match="its members overlap"):
        in_a_catalogue(overlapping, tmp_path)


@READERS
@pytest.mark.parametrize("written", ["utf-8", "cp850"])
def test_a_name_is_read_as_utf_8_or_as_windows_wrote_it(written: str, read: Read, tmp_path: Path) -> None:
    packed = zipped(**{f"gr{'#' * len('ü'.encode(written))}ne Jacke.png": b"a"})
    packed = packed.replace(b"#" * len("ü".encode(written)), "ü".encode(written))

    assert read(packed, tmp_path) == [b"a"]
    (tmp_path / "shop.zip").write_bytes(packed)
    names = [item.name for item in open_zip_archive(packed, 1, 9).iterate_items()]
    assert (
        names
        == [item.name for item in ZipSource(f"{tmp_path}/shop.zip").iterate_pictures()]
        == ["grüne Jacke.png"]
    )


def test_folders_and_what_desktops_hide_are_passed_over_and_long_names_cut() -> None:
    packed = zipped(
        **{
            "in/": b"",
            "in/a.png": b"a",
            "__MACOSX/in/._a.png": b"x",
            "in/.DS_Store": b"x",
            "./a.png": b"a",
            "./.a.png": b"x",
            "./__MACOSX/a": b"x",
            "shop\\": b"",
            "shop\\b.png": b"b",
            "shop\\Thumbs.db": b"x",
            f"{'a' * 9000}.png": b"c",
        },
        **{f"@eaDir/a.png/{size}.jpg": b"x" for size in range(20)},
    )

    names = [item.name for item in open_zip_archive(packed, 3, 100).iterate_items()]

    assert names == ["in/a.png", "./a.png", "shop\\b.png", "a" * 255]


@pytest.mark.parametrize(("name", "count"), [("folder-{}/", 5), ("@eaDir/{}.jpg", 17)])
def test_a_zip_of_many_more_entries_than_pictures_is_refused(name: str, count: int) -> None:
    packed = zipped(**{name.format(number): b"" for number in range(count)})

    with pytest.raises(RequestTooLarge, match=r"far more than 1 pictures"):
        open_zip_archive(packed, 1, 100)


def test_what_a_zip_unpacks_to_is_known_before_and_too_large_a_file_is_not_unpacked() -> None:
    packed = zipped(**{"a.png": bytes(50), "b.png": bytes(101), "c.png": bytes(100)})

    assert open_zip_archive(packed, 10, 100).size == 150


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_whose_coding_holds_nothing_is_not_inflated_to_its_end(coding: str) -> None:
    packer = zlib.compressobj(wbits=CONTENT_CODINGS[coding])
    begin = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)

    with pytest.raises(BadRequest, match=r"its first [\d,]+ bytes hold 0"):
        RequestBody(
            begin + NOTHING * 1_000_000, limits=make_batch_limits(Settings()), coding=coding
        ).decompress()

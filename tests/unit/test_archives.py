"""ZIPs of pictures: read in memory, in order, and never believed."""

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

import pytest

from app.errors import BadRequest, ClientGone, RequestError, TooLarge
from app.payloads.archives import unpack
from app.payloads.body import CODINGS, UNPACK_SECONDS, Body, Unpacking
from inference.zip_file import DIRECTORY_ENTRY
from tests.uploads import zipped


def test_folders_and_what_desktops_hide_are_passed_over() -> None:
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
        },
        **{f"@eaDir/a.png/{size}.jpg": b"x" for size in range(20)},
    )

    assert [member.name for member in unpack(packed, 3, 100)] == ["in/a.png", "./a.png", "shop\\b.png"]


@pytest.mark.parametrize(("name", "count"), [("folder-{}/", 5), ("@eaDir/{}.jpg", 17)])
def test_a_zip_of_many_more_entries_than_pictures_is_refused(name: str, count: int) -> None:
    packed = zipped(**{name.format(number): b"" for number in range(count)})

    with pytest.raises(TooLarge, match=r"far more than 1 pictures"):
        list(unpack(packed, 1, 100))


def test_a_name_in_an_old_code_page_is_shown_as_it_was_written() -> None:
    packed = zipped(**{"gr#ne Jacke.png": b"a"}).replace(b"#", "ü".encode("cp850"))

    assert [(member.name, member.content) for member in unpack(packed, 1, 9)] == [("grüne Jacke.png", b"a")]


@pytest.mark.parametrize(("limit", "counted"), [(100, 50), (20, 21)], ids=["damaged", "too large"])
def test_a_member_that_cannot_be_had_counts_as_what_it_may_have_unpacked_to(limit: int, counted: int) -> None:
    packed = bytearray(zipped(a=bytes(50)))
    at = packed.index(DIRECTORY_ENTRY) + 16
    packed[at : at + 4] = b"none"  # for the sum of its content (APPNOTE.TXT 4.3.12)

    [member] = unpack(bytes(packed), 10, limit)

    assert isinstance(member.content, RequestError)
    assert member.unpacked == counted


def with_entries(packed: bytes, entries: Sequence[bytes]) -> bytes:
    """A ZIP with another directory."""
    start = packed.index(DIRECTORY_ENTRY)
    directory = b"".join(entries)
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", len(entries), len(entries), len(directory), start, 0)
    return packed[:start] + directory + end


def entries_in(packed: bytes) -> list[bytes]:
    """The entries of a ZIP's directory."""
    return [DIRECTORY_ENTRY + rest for rest in packed[: packed.rindex(b"PK\5\6")].split(DIRECTORY_ENTRY)[1:]]


def test_members_that_share_bytes_are_refused_and_the_others_are_read() -> None:
    packed = zipped(**{"a.png": b"first", "b.png": bytes(5000), "c.png": b"last"})
    first, shared, last = entries_in(packed)

    members = list(unpack(with_entries(packed, [first, *[shared] * 30, last]), 64, 10_000))

    assert [one.content for one in members if one.name != "b.png"] == [b"first", b"last"]
    refused = [one.content for one in members if one.name == "b.png"]
    assert {str(one) for one in refused} == {
        "This member of the ZIP overlaps another one: their bytes are the same."
    }
    assert len(refused) == 30


def test_a_member_within_another_one_and_the_one_around_it_are_refused() -> None:
    inner = zipped(**{"in.png": b"content"})
    packed = zipped(
        zipfile.ZIP_STORED, **{"a.png": b"first", "around.png": inner[: inner.index(DIRECTORY_ENTRY)]}
    )
    [within] = entries_in(inner)
    at = packed.index(b"in.png") - 30
    moved = within[:42] + struct.pack("<I", at) + within[46:]

    members = list(unpack(with_entries(packed, [*entries_in(packed), moved]), 64, 10_000))

    assert members[0].content == b"first"
    assert ["overlaps another one" in str(one.content) for one in members[1:]] == [True, True]


NOTHING = b"\0\0\0\xff\xff"
"""A block of deflate that holds nothing (RFC 1951, section 3.2.4)."""


def deflated(name: str, stream: bytes, content: bytes) -> bytes:
    """A ZIP of one member whose content is packed as this stream."""
    packed = bytearray(zipped(zipfile.ZIP_STORED, **{name: stream}))
    entry = packed.index(DIRECTORY_ENTRY)
    struct.pack_into("<H", packed, 8, zipfile.ZIP_DEFLATED)
    struct.pack_into("<H", packed, entry + 10, zipfile.ZIP_DEFLATED)
    struct.pack_into("<I", packed, entry + 16, zlib.crc32(content))
    struct.pack_into("<I", packed, entry + 24, len(content))
    return bytes(packed)


@pytest.mark.parametrize("claimed", [b"", b"x", bytes(9_000_000)], ids=["nothing", "a byte", "megabytes"])
def test_blocks_that_hold_nothing_are_not_unpacked_to_their_end(claimed: bytes) -> None:
    steps = list[None]()
    packed = deflated("a.png", NOTHING * 2_000_000, claimed)

    [member] = unpack(packed, 1, 10_000_000, lambda: steps.append(None))

    assert re.match(
        r"This member of the ZIP is damaged: its first [\d,]+ bytes hold 0\.", str(member.content)
    )
    assert len(steps) < 5


def test_a_member_that_was_flushed_often_is_read() -> None:
    content = b"some words of a client that writes little at a time. " * 100
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = [content[at : at + 20] for at in range(0, len(content), 20)]
    flushed = b"".join(packer.compress(one) + packer.flush(zlib.Z_SYNC_FLUSH) for one in pieces)

    [member] = unpack(deflated("a.png", flushed + packer.flush(), content), 1, 10_000)

    assert member.content == content


def test_the_work_ends_between_two_steps_of_a_member_when_its_client_has_left() -> None:
    left = iter([False] * 10)

    def pause() -> None:
        if next(left, True):
            raise ClientGone

    with pytest.raises(ClientGone):
        list(unpack(zipped(**{"a.png": bytes(50_000_000)}), 1, 60_000_000, pause))


def test_the_work_ends_when_it_took_all_the_time_that_it_may() -> None:
    now = iter([0.0, 0.0, UNPACK_SECONDS - 0.1, UNPACK_SECONDS + 0.1])
    unpacking = Unpacking(has_left=lambda: False, clock=lambda: next(now))

    unpacking.pause()
    unpacking.pause()
    with pytest.raises(TooLarge, match="of the processor"):
        unpacking.pause()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_whose_coding_holds_nothing_is_not_inflated_to_its_end(coding: str) -> None:
    packer = zlib.compressobj(wbits=CODINGS[coding])
    begin = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)

    with pytest.raises(BadRequest, match=r"its first [\d,]+ bytes hold 0"):
        Body(begin + NOTHING * 1_000_000, coding=coding, limit=10_000_000).inflated()

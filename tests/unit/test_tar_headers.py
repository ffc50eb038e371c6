"""Headers of a TAR that were made to work without end, and those that other programs write."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from labelling.tar_headers import DamagedTar, Member, members_of


def header(name: str = "a.png", size: int = 0, kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """A header, with its checksum."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    for field, value in fields.items():
        setattr(member, field, value)
    return member.tobuf(tarfile.GNU_FORMAT)


def changed(block: bytes, at: int, field: bytes) -> bytes:
    """A header with other bytes at a place, and its checksum."""
    new = bytearray(block)
    new[at : at + len(field)] = field
    new[148:156] = b" " * 8
    new[148:156] = b"%06o\0 " % sum(new)
    return bytes(new)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def pax(records: bytes) -> bytes:
    return header("pax", len(records), tarfile.XHDTYPE) + padded(records)


def members(archive: bytes, steps: int = 1000) -> list[Member]:
    """What is read of an archive in at most so many steps."""
    left: Iterator[int] = iter(range(steps))

    def read_at(start: int, count: int) -> bytes:
        next(left)
        if start > len(archive):
            raise DamagedTar("it ends within a member")
        return archive[start : start + count]

    return list(members_of(read_at))


END = bytes(1024)
SPARSE = b"28 GNU.sparse.name=real.png\n" + b"22 GNU.sparse.major=1\n"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("name", ["a.png", "Größe/ü.png", f"{'n' * 90}/{'m' * 90}.png"])
def test_names_and_sizes_of_every_form_are_read(form: int, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for content in (b"x" * 700, b""):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    first, second = members(packed.getvalue())

    assert (first.name, first.size, first.kind) == (name, 700, "file")
    assert packed.getvalue()[first.offset :].startswith(b"x" * 700)
    assert (second.name, second.size) == (name, 0)


def test_a_size_beyond_eight_gigabytes_is_read() -> None:
    with pytest.raises(DamagedTar, match="within a member"):
        members(header(size=9 << 30) + b"x" * 512)


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (changed(header(), 124, b"\xff" * 12), "a size that is no number"),
        (changed(header(), 124, b"\xff" * 4 + b"\xf0" * 8), "a size that is no number"),
        (changed(header(), 124, b"-0000001000\0"), "a size that is no number"),
        (changed(header(), 124, b"\x80" + b"\xff" * 11), "a size that is no number"),
        (pax(b"12 size=-12\n") + header(), "a size that is no number"),
        (pax(b"12 size=1_0\n") + header(), "a size that is no number"),
        (pax(b"40 size=" + b"9" * 31 + b"\n") + header(), "a size that is no number"),
        (pax(b"1" * 60_000) + header(), "has damaged records"),
        (pax(b"0 path=a\n") + header(), "has damaged records"),
        (pax(b"2 \n") + header(), "has damaged records"),
        (pax(b"99 path=a\n") + header(), "has damaged records"),
        (pax(b"-9 path=a\n") + header(), "has damaged records"),
        (header(kind=tarfile.XHDTYPE, size=70_000) + bytes(70_144), "70,000 bytes of records"),
        (header(kind=tarfile.GNUTYPE_LONGNAME, size=1 << 40), "bytes of records"),
        (header(kind=tarfile.XGLTYPE, size=70_000) + bytes(70_144), "70,000 bytes of records"),
        (b"", "it is empty"),
        (header()[:300], "ends at byte 0, within a header"),
        (header() + b"x" * 512, "the header at byte 512 is damaged"),
        (changed(header(kind=b"S"), 482, b"\1") + b"\1" * 512, "within a header"),
    ],
)
def test_headers_that_lie_are_refused_in_few_steps(archive: bytes, words: str) -> None:
    with pytest.raises(DamagedTar, match=words):
        members(archive, steps=20)


@pytest.mark.parametrize(
    "sparse",
    [
        header(size=4, kind=b"S") + padded(b"data"),
        changed(header(size=4, kind=b"S"), 482, b"\1") + b"\1" * 1024 + bytes(512) + padded(b"data"),
        pax(SPARSE) + header("GNUSparseFile.1/real.png", 4) + padded(b"data"),
    ],
    ids=["GNU", "GNU with a longer map", "pax"],
)
def test_a_sparse_member_is_named_and_the_next_one_is_read(sparse: bytes) -> None:
    found = members(sparse + header("b.png", 3) + padded(b"abc") + END)

    assert [(one.kind, one.name) for one in found][1:] == [("file", "b.png")]
    assert found[0].kind == "sparse file"


def test_links_name_their_targets() -> None:
    long = "t" * 200
    found = members(
        header("a", kind=tarfile.LNKTYPE, linkname="b.png")
        + header("c", kind=tarfile.SYMTYPE, linkname="../d.png", size=512)  # without content all the same
        + header("././@LongLink", len(long), tarfile.GNUTYPE_LONGLINK)
        + padded(long.encode())
        + header("e", kind=tarfile.SYMTYPE)
        + END
    )

    assert [(one.kind, one.target) for one in found] == [
        ("hard link", "b.png"),
        ("symbolic link", "../d.png"),
        ("symbolic link", long),
    ]


def test_a_name_that_records_give_is_that_of_one_member() -> None:
    found = members(pax(b"14 path=b.png\n") + header() + header() + END)

    assert [one.name for one in found] == ["b.png", "a.png"]

"""ISO base media files that hold pictures (ISO/IEC 14496-12 and 23008-12): the items of their box `meta`.

An item is a coded picture, a grid of such, or metadata; its properties say its size, how it is coded and how
it is turned. Nothing is followed outside of the file, and what `meta` lists is bounded by its own length.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from inference.errors import BrokenPicture, UnknownFormat

_META_MAX = 1 << 19
"""Bytes of `meta`; phones write 5 to 50 kB. They bound the time that reading takes: 0.3 s for nothing but
properties of items."""

_PROPERTIES_MAX = 64
"""Of one picture; cameras write five."""

_BOXES_MAX = 64
"""Boxes before `meta`; cameras write one or two."""

_BRANDS_MAX = 256

_IN_FILE, _IN_IDAT = 0, 1
"""Where an item's data are (14496-12, section 8.11.3): an offset in the file, or in `meta`'s box `idat`."""

Property: TypeAlias = tuple[bytes, bytes]
"""The kind of the box and what it contains."""

Extent: TypeAlias = tuple[int, int]
"""Where in the file a part of an item begins, and where it ends."""


@dataclass
class Item:
    """One item.

    Attributes:
        kind: such as `hvc1`, `av01` or `grid`; empty where the file names none.
        properties: in the order in which the file associates them.
        extents: the parts of its data; they may lie beyond the end of the file.
    """

    kind: bytes = b""
    properties: list[Property] = field(default_factory=list)
    extents: list[Extent] = field(default_factory=list)

    def first(self, kind: bytes) -> bytes | None:
        """What its first property of this kind contains."""
        return next((body for found, body in self.properties if found == kind), None)


@dataclass(frozen=True)
class Items:
    """What `meta` says.

    Attributes:
        primary: the item that is the picture, by number.
        items: all items by number.
        references: of each pair of kind and item, the items that it refers to.
    """

    primary: int
    items: defaultdict[int, Item]
    references: dict[tuple[bytes, int], list[int]]


class _Fields:
    """Big-endian numbers, one after the other; struct.error where the box ends too early."""

    def __init__(self, box: memoryview) -> None:
        self._box = box
        self.at = 0

    def number(self, length: int) -> int:
        self.at += length
        if self.at > len(self._box):
            raise struct.error("The box ends too early.")
        return int.from_bytes(self._box[self.at - length : self.at], "big")

    def version(self) -> tuple[int, int]:
        """Version and flags, with which many boxes begin."""
        return self.number(1), self.number(3)


def brands(upload: bytes) -> set[bytes]:
    """The brands of a file that begins with `ftyp`; none of another one."""
    if upload[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(upload[:4], "big"), len(upload), _BRANDS_MAX)
    return {upload[8:12], *(upload[place : place + 4] for place in range(16, end - 3, 4))}


def read_items(upload: bytes) -> Items:
    """Read `meta`.

    Raises:
        UnknownFormat: there is none: a video.
        BrokenPicture: it is too long, or names no primary item.
        struct.error: the file, or a box, ends too early.
    """
    start, meta = _meta(upload)
    boxes = {kind: (place, body) for kind, place, body in reversed(list(_boxes(meta[4:])))}
    if not boxes.keys() >= {b"pitm", b"iinf", b"iloc", b"iprp"}:
        raise BrokenPicture(
            "This file names no picture, or not where it is (pitm, iinf, iloc, iprp). Save it again."
        )
    items: defaultdict[int, Item] = defaultdict(Item)
    idat, length = boxes.get(b"idat", (0, b""))
    _read_kinds(boxes[b"iinf"][1], items)
    _read_places(boxes[b"iloc"][1], items, (start + 4 + idat, start + 4 + idat + len(length)))
    _read_properties(boxes[b"iprp"][1], items)
    references = _references(boxes[b"iref"][1]) if b"iref" in boxes else {}
    pitm = _Fields(boxes[b"pitm"][1])
    version, _ = pitm.version()
    return Items(pitm.number(4 if version else 2), items, references)


def _meta(upload: bytes) -> tuple[int, memoryview]:
    """Where the content of `meta` begins, and the content."""
    for count, (kind, start, body) in enumerate(_boxes(memoryview(upload), whole=False)):
        if kind == b"meta" and len(body) <= _META_MAX:
            return start, body
        if kind == b"meta" or count > _BOXES_MAX:
            raise BrokenPicture(
                f"This file has a description of more than {_META_MAX:,} bytes. Save it again."
            )
    raise UnknownFormat("This file holds a video, and no picture beside it. Send a still picture.")


def _boxes(data: memoryview, *, whole: bool = True) -> Iterator[tuple[bytes, int, memoryview]]:
    """The kind of each box, where its content begins, and the content; a box that is cut short is an error.

    Args:
        data: boxes and nothing else.
        whole: whether a box that goes to the end, whatever its length, is an error; not so in a file.
    """
    start = 0
    while start < len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        begin = start + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        elif length == 0 and not whole:
            length = len(data) - start
        end = start + length
        if end < begin or end > len(data):
            raise struct.error("A box ends too early.")
        yield kind, begin, data[begin:end]
        start = end


def _read_kinds(iinf: memoryview, items: defaultdict[int, Item]) -> None:
    fields = _Fields(iinf)
    version, _ = fields.version()
    fields.number(4 if version else 2)
    for kind, _, infe in _boxes(iinf[fields.at :]):
        entry = _Fields(infe)
        version, _ = entry.version()
        if kind == b"infe" and version in (2, 3):  # earlier ones name no kind
            item = items[entry.number(2 if version == 2 else 4)]
            entry.number(2)
            item.kind = entry.number(4).to_bytes(4, "big")


def _read_places(iloc: memoryview, items: defaultdict[int, Item], idat: Extent) -> None:
    fields = _Fields(iloc)
    version, _ = fields.version()
    sizes = fields.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    long = 4 if version == 2 else 2
    for _ in range(fields.number(long)):
        item = items[fields.number(long)]
        method = fields.number(2) & 15 if version else _IN_FILE
        elsewhere = fields.number(2)
        start = fields.number(base)
        parts = []
        count = fields.number(2)
        if count > 1 and not (index if version else 0) + offset + length:
            raise BrokenPicture("This file lists parts of a picture that take no bytes. Save it again.")
        for _ in range(count):
            fields.number(index if version else 0)
            begin = start + fields.number(offset)
            parts.append((begin, begin + fields.number(length)))
        if method == _IN_IDAT:
            parts = [(idat[0] + begin, idat[0] + end) for begin, end in parts if idat[0] + end <= idat[1]]
        # Another file, or another item: no camera writes these.
        item.extents = [] if elsewhere or method > _IN_IDAT else parts


def _read_properties(iprp: memoryview, items: defaultdict[int, Item]) -> None:
    boxes = list(_boxes(iprp))
    found = [
        (kind, bytes(body)) for box, _, ipco in boxes if box == b"ipco" for kind, _, body in _boxes(ipco)
    ]
    for box, _, ipma in boxes:
        if box != b"ipma":
            continue
        fields = _Fields(ipma)
        version, flags = fields.version()
        long, mask = (2, 0x7FFF) if flags & 1 else (1, 0x7F)  # the uppermost bit says: essential
        for _ in range(fields.number(4)):
            item = items[fields.number(4 if version else 2)]
            for _ in range(fields.number(1)):
                number = fields.number(long) & mask
                if 1 <= number <= len(found):  # 0 is none
                    item.properties.append(found[number - 1])
            if len(item.properties) > _PROPERTIES_MAX:
                raise BrokenPicture(
                    f"This file gives one picture more than {_PROPERTIES_MAX} properties. Save it again."
                )


def _references(iref: memoryview) -> dict[tuple[bytes, int], list[int]]:
    fields = _Fields(iref)
    version, _ = fields.version()
    long = 4 if version else 2
    references = {}
    for kind, _, body in _boxes(iref[4:]):
        entry = _Fields(body)
        origin = entry.number(long)
        references[kind, origin] = [entry.number(long) for _ in range(entry.number(2))]
    return references

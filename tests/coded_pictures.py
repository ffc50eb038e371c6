"""HEIC and AVIF uploads: encoded ones, and files put together box by box from the specifications.

Only an encoder can write HEVC and AV1; what says how large a picture is, where it is and how it is turned is
written here, so that the reader under test is not also the judge.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Picture
from tests.pictures import encoded, exif

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def heic(samples: NDArray[np.generic], orientation: int = 1, **options: object) -> bytes:
    """By x265 of pillow-heif: grey, RGB or RGBA; 16 bits become 10. `tile_size` makes a grid."""
    channels = samples.shape[2] if samples.ndim == 3 else 1
    mode = _MODES[channels] + (";16" if samples.dtype == np.uint16 else "")
    turned = {} if orientation == 1 else {"exif": b"Exif\0\0" + exif(orientation)}
    chosen = {"quality": 95, "chroma": 444, **turned, **options}
    file = io.BytesIO()
    pillow_heif.encode(mode, samples.shape[1::-1], samples.tobytes(), file, **chosen)
    return file.getvalue()


def avif(samples: NDArray[np.generic], depth: int = 8) -> bytes:
    """By OpenCV; quality 100 is lossless."""
    return encoded(".avif", samples, cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, depth)


def avif_turned(picture: Picture, orientation: int) -> bytes:
    """By Pillow, which writes irot and imir."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "AVIF", quality=90, subsampling="4:4:4", exif=exif(orientation))
    return file.getvalue()


@dataclass(frozen=True)
class Held:
    """An item of a handmade file: its kind, its data, and its properties as whole boxes."""

    kind: bytes
    data: bytes
    properties: Sequence[bytes] = ()


def taken_from(upload: bytes, kind: bytes = b"hvc1") -> Held:
    """The only item of an encoded file, to put into another one."""
    configuration = {b"hvc1": b"hvcC", b"av01": b"av1C"}[kind]
    boxes = [_find(upload, name) for name in (b"ispe", configuration, b"mdat")]
    return Held(kind, boxes[2][8:], boxes[:2])


def _find(upload: bytes, kind: bytes) -> bytes:
    start = upload.index(kind) - 4
    return upload[start : start + int.from_bytes(upload[start : start + 4], "big")]


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def ispe(width: int, height: int) -> bytes:
    return box(b"ispe", bytes(4), struct.pack(">II", width, height))


def heif(*items: Held, references: bytes = b"", long: bool = False, brand: bytes = b"heic") -> bytes:
    """A file of items 1, 2, ..., of which the first one is the picture.

    Args:
        items: at least one.
        references: what the box iref contains.
        long: the versions of the boxes with numbers of 32 bits, sizes of 64 bits, and the data first.
        brand: the major one.
    """
    ftyp = box(b"ftyp", brand, bytes(4), b"mif1")
    data = b"".join(item.data for item in items)
    mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + len(data)) + data if long else box(b"mdat", data)
    if long:
        return ftyp + mdat + _meta(items, references, len(ftyp) + 16, long)
    after = len(ftyp) + len(_meta(items, references, 0, long)) + 8
    return ftyp + _meta(items, references, after, long) + mdat


def _meta(items: Sequence[Held], references: bytes, offset: int, long: bool) -> bytes:
    version, number = (bytes([1, 0, 0, 0]), ">I") if long else (bytes(4), ">H")
    iloc, infe, ipma, properties = b"", b"", b"", list[bytes]()
    for place, item in enumerate(items, 1):
        key, extent = struct.pack(number, place), struct.pack(">HII", 1, offset, len(item.data))
        iloc += key + bytes(4 if long else 2) + extent
        infe += box(b"infe", bytes([3 if long else 2, 0, 0, 0]), key, bytes(2), item.kind, b"\0")
        own = range(len(properties) + 1, len(properties) + 1 + len(item.properties))
        ipma += key + bytes([len(own)]) + b"".join(struct.pack(">H", 0x8000 | index) for index in own)
        properties += item.properties
        offset += len(item.data)
    count = struct.pack(number, len(items))
    return box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", version, struct.pack(number, 1)),
        box(b"iloc", bytes([2 if long else 0, 0, 0, 0, 0x44, 0]), count, iloc),
        box(b"iinf", version, count, infe),
        box(b"iprp", box(b"ipco", *properties), _ipma(version, len(items), ipma)),
        box(b"iref", version, references) if references else b"",
    )


def _ipma(version: bytes, count: int, entries: bytes) -> bytes:
    return box(b"ipma", version[:3], b"\1", struct.pack(">I", count), entries)


def grid(rows: int, columns: int, width: int, height: int) -> Held:
    return Held(b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height))


def dimg(*tiles: int) -> bytes:
    """The reference from item 1, a grid, to its tiles."""
    return box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles))


def opacity(item: Held) -> Held:
    """The item as the opacity of another one."""
    return Held(
        item.kind, item.data, [*item.properties, box(b"auxC", bytes(4), b"urn:mpeg:hevc:2015:auxid:1\0")]
    )


AUXL = box(b"auxl", struct.pack(">HHH", 2, 1, 1))
"""The reference from item 2, the opacity, to item 1."""


def bits(*fields: tuple[int, int]) -> bytes:
    """Numbers, each with its count of bits; 0 bits stand for Exp-Golomb. Padded to whole bytes."""
    text = "".join(f"{number:0{count}b}" if count else _exp_golomb(number) for number, count in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _exp_golomb(number: int) -> str:
    binary = f"{number + 1:b}"
    return "0" * (len(binary) - 1) + binary


def sps(width: int, height: int, *, layers: int = 0, cropped: int = 0) -> bytes:
    """The beginning of a sequence parameter set in 4:2:0 of 8 bits (ITU-T H.265, section 7.3.2.2)."""
    sub_layers = [(3, 2)] * layers + [(0, 2)] * (8 - layers) * bool(layers) + [(0, 96)] * layers
    window = [(1, 1), *[(cropped, 0)] * 4]
    profile = [(1, 32), (0x90, 16), (0, 40), (90, 8)]
    fields = [
        (0, 4),
        (layers, 3),
        (1, 1),
        *profile,
        *sub_layers,
        (0, 0),
        (1, 0),
        (width, 0),
        (height, 0),
        *window,
    ]
    plain = bits(*fields, (0, 0), (0, 0), (1, 8))
    return b"\x42\1" + plain.replace(b"\0\0\0", b"\0\0\3\0").replace(b"\0\0\1", b"\0\0\3\1")


def hvcc(*units: bytes, chroma: int = 1) -> bytes:
    """The box hvcC with these NAL units, each in a list of its own."""
    header = b"\1" + bytes(15) + bytes([0xFC | chroma, 0xF8, 0xF8, 0, 0, 0x0F, len(units)])
    lists = (struct.pack(">BHH", unit[0] >> 1, 1, len(unit)) + unit for unit in units)
    return box(b"hvcC", header, *lists)


def hevc_item(width: int, height: int, *configuration: bytes, says: tuple[int, int] | None = None) -> Held:
    """An item with a slice of nothing, whose parameter sets say width x height."""
    sets = configuration or (hvcc(sps(width, height)),)
    return Held(b"hvc1", struct.pack(">I", 3) + b"\x28\1\x80", (ispe(*(says or (width, height))), *sets))


def sequence_header(width: int, height: int, *, reduced: bool = True, timing: bool = False) -> bytes:
    """An OBU that begins as AV1's section 5.5.1 says."""
    size = [(15, 4), (15, 4), (width - 1, 16), (height - 1, 16)]
    video = [(0, 3), (0, 1), (0, 1), (timing, 1), (1, 1), (0, 5), (0, 12), (9, 5), (1, 1), (1, 1), (5, 4)]
    return obu(1, bits(*([(0, 3), (1, 1), (1, 1), (0, 5)] if reduced else video), *size))


def obu(kind: int, content: bytes) -> bytes:
    """With a size below 128."""
    return bytes([kind << 3 | 2, len(content)]) + content


def av1_item(width: int, height: int, *units: bytes, says: tuple[int, int] | None = None) -> Held:
    """An item with one frame of nothing, whose sequence header says width x height."""
    data = b"".join(units) or sequence_header(width, height) + obu(6, bytes(8))
    return Held(b"av01", data, (ispe(*(says or (width, height))), box(b"av1C", b"\x81\0\x0c\0")))

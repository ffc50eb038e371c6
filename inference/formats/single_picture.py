"""Write one coded picture as the smallest HEIC or AVIF that holds it.

Decoders read these files instead of the upload: they parse boxes that were written here, decode one picture,
and have no way to read another size, place or number of items than was checked.
"""

import struct

from inference.formats import av1, heif, hevc
from inference.formats.isobmff import Property

_BRANDS = {b"hvc1": b"heic", b"av01": b"avif"}


def single_picture(upload: bytes, tile: heif.Tile) -> bytes:
    """The file of one tile, neither cropped nor turned.

    Args:
        upload: the whole upload.
        tile: of the upload.

    Raises:
        BrokenPicture: its data are not one picture.
    """
    data = heif.data_of(upload, tile.extents)
    if tile.kind == b"hvc1":
        # The configuration's byte 21 holds the count of bytes of the lengths, less one.
        data = hevc.slices(data, (tile.configuration[1][21] & 3) + 1)
    else:
        data = av1.single_frame(data)
    brand = _BRANDS[tile.kind]
    ftyp = _box((b"ftyp", brand + bytes(4) + b"mif1" + brand))
    # `meta` is as long with any offset in it.
    offset = len(ftyp) + len(_meta(tile, 0, len(data))) + 8
    return ftyp + _meta(tile, offset, len(data)) + _box((b"mdat", data))


def _meta(tile: heif.Tile, offset: int, length: int) -> bytes:
    properties = [(b"ispe", bytes(4) + struct.pack(">II", *tile.decoded)), tile.configuration]
    if tile.colour:
        properties.append(tile.colour)
    essential = [
        0x80 * (kind == tile.configuration[0]) + place for place, (kind, _) in enumerate(properties, 1)
    ]
    ipma = bytes(4) + struct.pack(">IHB", 1, 1, len(properties)) + bytes(essential)
    boxes = (
        (b"hdlr", bytes(8) + b"pict" + bytes(13)),
        (b"pitm", bytes(4) + struct.pack(">H", 1)),
        # One item, in one extent, with offset and length of four bytes.
        (b"iloc", bytes(4) + struct.pack(">HHHHHII", 0x4400, 1, 1, 0, 1, offset, length)),
        (b"iinf", bytes(4) + struct.pack(">H", 1) + _box((b"infe", b"\2\0\0\0\0\1\0\0" + tile.kind + b"\0"))),
        (b"iprp", _box((b"ipco", b"".join(map(_box, properties)))) + _box((b"ipma", ipma))),
    )
    return _box((b"meta", bytes(4) + b"".join(map(_box, boxes))))


def _box(box: Property) -> bytes:
    kind, body = box
    return struct.pack(">I4s", 8 + len(body), kind) + body

"""HEIC and AVIF (ISO/IEC 23008-12): the primary picture, what decoding it takes, and how to turn it.

Thumbnails, depth maps, gain maps and further pictures are left alone. The orientation is the one of the
file's own boxes; these formats ask readers not to apply EXIF's. single_picture.py comes next: a decoder never
sees the upload itself.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats import av1, ends_too_early, hevc
from inference.formats.isobmff import Extent, Item, Items, Property, read_items

Kind: TypeAlias = Literal[b"hvc1", b"av01"]

TILES_MAX = 1024
"""A telephone's 200 megapixels have 768 tiles of 512 x 512. Each takes 0.3 ms, however small it is."""

_GRID_BYTES = 12
"""The longest description of a grid (section 6.6.2.3)."""

_NO_GRID = "This file has a grid without a size. Send the whole file, or save it again."

_FRAMES = {b"hvc1": 1, b"av01": 2}
"""How many times its pixels a tile counts: the AV1 decoder takes up to 29 bytes a pixel, HEVC's up to 16."""

_SHARED = 2
"""How often the same bytes of the file may be decoded."""

_CONFIGURATIONS: dict[bytes, tuple[Kind, bytes]] = {b"hvc1": (b"hvc1", b"hvcC"), b"av01": (b"av01", b"av1C")}

_TURNS = (b"clap", b"irot", b"imir")
_TURNS_MAX = 3

_ALPHA = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
    b"urn:mpeg:avc:2015:auxid:1",
)


@dataclass(frozen=True)
class Tile:
    """A coded picture: one of a grid, or all there is.

    Attributes:
        kind: `hvc1` (HEVC) or `av01` (AV1).
        width: of the part that counts, at the upper left, in pixels.
        height: likewise.
        decoded: width and height of what the decoder returns, at least these.
        pixels: what is decoded.
        configuration: the box hvcC or av1C.
        colour: the box colr, if it says how colours are coded (nclx); else None.
        extents: where its data are.
    """

    kind: Kind
    width: int
    height: int
    decoded: tuple[int, int]
    pixels: int
    configuration: Property
    colour: Property | None
    extents: tuple[Extent, ...]

    @property
    def is_grey(self) -> bool:
        """Whether an AV1 picture has no colours; of HEVC its decoder says so."""
        return self.kind == b"av01" and bool(self.configuration[1][2] & 0x10)


@dataclass(frozen=True)
class Plane:
    """Tiles of one size, row by row, that cover a picture; those at its right and lower edge may overhang."""

    width: int
    height: int
    columns: int
    tiles: tuple[Tile, ...]

    @property
    def pixels(self) -> int:
        """What decoding takes: the picture, or the largest tile, or half of what all tiles cover.

        One tile is decoded at a time; those at the edges overhang, up to twice the picture in all.
        """
        largest = max(tile.pixels * _FRAMES[tile.kind] for tile in self.tiles)
        return max(largest, sum(tile.pixels for tile in self.tiles) // 2, self.width * self.height)


@dataclass(frozen=True)
class Still:
    """The primary picture of a file.

    Attributes:
        colours: the picture itself.
        alpha: its opacity, of the same size; None without.
        turns: the properties that crop, turn and mirror it, in the order to apply them.
    """

    colours: Plane
    alpha: Plane | None
    turns: tuple[Property, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored, before the picture is cropped and turned."""
        return self.colours.width, self.colours.height

    @property
    def pixels(self) -> int:
        """The pixels that decoding takes."""
        return max(plane.pixels for plane in (self.colours, self.alpha) if plane)


def fault(upload: bytes, still: Still) -> str | None:
    """What is wrong with where the tiles are, as it fits after "This HEIC"; None when nothing is."""
    tiles = still.colours.tiles + (still.alpha.tiles if still.alpha else ())
    extents = [extent for tile in tiles for extent in tile.extents]
    if any(end > len(upload) for _, end in extents):
        return ends_too_early(upload)
    if sum(end - begin for begin, end in extents) > _SHARED * len(upload):
        return "decodes the same bytes more than twice"
    return None


def data_of(upload: bytes, extents: tuple[Extent, ...]) -> bytes:
    """The data of an item, of which parts may be missing."""
    return b"".join(upload[begin:end] for begin, end in extents)


def read_still(upload: bytes) -> Still:
    """Read what `meta` says of the primary picture, and the size that its own data say.

    Args:
        upload: the whole of a file that begins with `ftyp`.

    Raises:
        UnknownFormat: a video, or a picture that is coded in another way than HEVC or AV1.
        BrokenPicture: no picture, or none whose size is known.
        struct.error: the file ends within what describes the picture.
    """
    found = read_items(upload)
    primary = found.items[found.primary]
    turns = tuple(entry for entry in primary.properties if entry[0] in _TURNS)
    if len(turns) > _TURNS_MAX:
        raise BrokenPicture(f"This file turns its picture more than {_TURNS_MAX} times. Save it again.")
    alpha = _alpha(found)
    return Still(
        colours=_plane(upload, found, found.primary),
        alpha=None if alpha is None else _plane(upload, found, alpha),
        turns=turns,
    )


def _alpha(found: Items) -> int | None:
    """The item that holds the opacity of the primary one."""
    for (kind, origin), targets in found.references.items():
        named = found.items[origin].first(b"auxC") if kind == b"auxl" and found.primary in targets else None
        if named is not None and named[4:].partition(b"\0")[0] in _ALPHA:
            return origin
    return None


def _plane(upload: bytes, found: Items, number: int) -> Plane:
    item = found.items[number]
    if item.kind != b"grid":
        tile = _tile(upload, item)
        return Plane(tile.width, tile.height, 1, (tile,))
    if sum(end - begin for begin, end in item.extents) > _GRID_BYTES:
        raise BrokenPicture(_NO_GRID)
    rows, columns, width, height = _grid(data_of(upload, tuple(item.extents)))
    numbers = found.references.get((b"dimg", number), [])
    if len(numbers) != rows * columns or len(numbers) > TILES_MAX:
        raise BrokenPicture(
            f"This file has a grid of {rows} x {columns} tiles, and {len(numbers)} of them; "
            f"at most {TILES_MAX} are read. Save it again."
        )
    made = {tile: _tile(upload, found.items[tile]) for tile in set(numbers)}
    tiles = tuple(made[tile] for tile in numbers)
    across, down = tiles[0].width, tiles[0].height
    if {(tile.width, tile.height) for tile in tiles} != {(across, down)} or (
        (columns, rows) != (-(-width // across), -(-height // down))
    ):
        raise BrokenPicture("This file has a grid whose tiles do not fit it. Save it again.")
    colour = _colour(item)
    return Plane(width, height, columns, tuple(replace(tile, colour=tile.colour or colour) for tile in tiles))


def _grid(data: bytes) -> tuple[int, int, int, int]:
    """Rows, columns, width and height (section 6.6.2.3)."""
    long = 4 if len(data) > 1 and data[1] & 1 else 2
    if len(data) != 4 + 2 * long or data[0] != 0:
        raise BrokenPicture(_NO_GRID)
    width, height = int.from_bytes(data[4 : 4 + long], "big"), int.from_bytes(data[4 + long :], "big")
    return data[2] + 1, data[3] + 1, width, height


def _tile(upload: bytes, item: Item) -> Tile:
    """Read one coded picture."""
    ispe = item.first(b"ispe")
    if item.kind not in _CONFIGURATIONS:
        coding = item.kind.decode("ascii", "replace")
        raise UnknownFormat(f"This file holds a picture coded as {coding!r}. Send one coded as HEVC or AV1.")
    kind, config_kind = _CONFIGURATIONS[item.kind]
    config = item.first(config_kind)
    if ispe is None or len(ispe) != 12 or config is None or not item.extents:
        raise BrokenPicture("This file does not say how large its picture is, or where. Save it again.")
    width, height = int.from_bytes(ispe[4:8], "big"), int.from_bytes(ispe[8:12], "big")
    configuration, decoded, pixels = _decoded(upload, item, config)
    if not (1 <= width <= decoded[0] and 1 <= height <= decoded[1]):
        raise BrokenPicture(
            f"This file says that its picture is {width} x {height} pixels, and holds "
            f"{decoded[0]} x {decoded[1]}. Save it again."
        )
    return Tile(
        kind, width, height, decoded, pixels, (config_kind, configuration), _colour(item), tuple(item.extents)
    )


def _decoded(upload: bytes, item: Item, config: bytes) -> tuple[bytes, tuple[int, int], int]:
    """The configuration without what is not needed, what the decoder returns, and what it decodes."""
    if item.kind == b"hvc1":
        parameters = hevc.parameters(config)
        return parameters.box, (parameters.width, parameters.height), parameters.pixels
    if len(config) < 4:
        raise BrokenPicture("This file does not say how its picture is coded. Save it again.")
    begin, end = item.extents[0]
    width, height = av1.frame_size(upload[begin : min(end, begin + av1.HEADER_BYTES)])
    return config[:4], (width, height), width * height


def _colour(item: Item) -> Property | None:
    """The first colr that names a way to code colours; a colour profile stays behind, as of other formats."""
    named = (entry for entry in item.properties if entry[0] == b"colr")
    return next((entry for entry in named if entry[1][:4] == b"nclx" and len(entry[1]) == 11), None)

"""Decode a HEIC or AVIF tile by tile: HEVC with pillow-heif, AV1 with OpenCV.

Each tile goes to its decoder as a file of its own, which single_picture.py writes. Putting the tiles
together, opacity, cropping and turning are done here, so that both decoders give the same picture.
"""

import struct
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats.heif import Plane, Still, Tile
from inference.formats.single_picture import single_picture

_Samples = NDArray[np.uint8]


def decode_coded(upload: bytes, still: Still) -> _Samples | None:
    """Decode the primary picture.

    Args:
        upload: a HEIC or AVIF whose size and faults were looked for.
        still: what its header says of the picture (inference/header.py).

    Returns:
        uint8, upright: (H, W), or (H, W, 3 or 4) in OpenCV's order BGR(A); None when a decoder refuses it.

    Raises:
        BrokenPicture: its parts do not fit each other.
        UnknownFormat: a HEIC, where pillow-heif is not installed.
    """
    stored = _plane(upload, still.colours)
    if stored is not None and still.alpha:
        stored = _with_opacity(stored, _plane(upload, still.alpha))
    return None if stored is None else _turned(stored, still)


def _plane(upload: bytes, plane: Plane) -> _Samples | None:
    """Decode all tiles; whatever the first one is, grey or colours, the others have to be."""
    canvas = None
    for number, tile in enumerate(plane.tiles):
        samples = _tile(upload, tile)
        if samples is None or len(plane.tiles) == 1:
            return samples
        if canvas is None:
            canvas = np.empty((plane.height, plane.width, *samples.shape[2:]), np.uint8)
        top, left = tile.height * (number // plane.columns), tile.width * (number % plane.columns)
        place = canvas[top : top + tile.height, left : left + tile.width]
        if place.ndim != samples.ndim:
            raise BrokenPicture("This picture has tiles with colours and tiles without. Save it again.")
        place[...] = samples[: place.shape[0], : place.shape[1]]
    return canvas


def _tile(upload: bytes, tile: Tile) -> _Samples | None:
    """Decode one tile, cropped to its size."""
    file = single_picture(upload, tile)
    samples = _hevc(file) if tile.kind == b"hvc1" else _av1(file, tile)
    if samples is None or samples.shape[1::-1] != tile.decoded:
        return None
    return samples[: tile.height, : tile.width]


def _hevc(file: bytes) -> _Samples | None:
    try:
        # Imported at the first HEIC: a service that sees none starts faster, and needs less memory.
        import pillow_heif  # noqa: PLC0415
    except ImportError as error:
        raise UnknownFormat(
            "HEIC is not read by this installation, which has no pillow-heif. Send JPEG."
        ) from error
    pillow_heif.options.DECODE_THREADS = 1  # there are as many workers as cores
    try:
        samples: NDArray[Any] = np.asarray(pillow_heif.open_heif(file, bgr_mode=True))
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError):
        return None
    # 10 and 12 bits become 8 there, except in a picture without colours, which comes with 16.
    return (samples >> 8).astype(np.uint8) if samples.dtype == np.uint16 else samples


def _av1(file: bytes, tile: Tile) -> _Samples | None:
    # IMREAD_UNCHANGED would return samples of 10 bits as such.
    flags = cv2.IMREAD_GRAYSCALE if tile.is_grey else cv2.IMREAD_COLOR
    try:
        samples = cv2.imdecode(np.frombuffer(file, np.uint8), flags)
    except cv2.error:
        return None
    return None if samples is None else samples.astype(np.uint8, copy=False)


def _with_opacity(colours: _Samples, opacity: _Samples | None) -> _Samples | None:
    if opacity is None:
        return None
    if opacity.shape != colours.shape[:2]:
        raise BrokenPicture("This picture has an opacity of another size. Save it again.")
    bgr = colours if colours.ndim == 3 else cv2.cvtColor(colours, cv2.COLOR_GRAY2BGR)
    return cv2.merge((bgr, opacity)).astype(np.uint8, copy=False)


def _turned(stored: _Samples, still: Still) -> _Samples:
    """Crop, turn and mirror as the file says (ISO/IEC 23008-12, section 6.5)."""
    for kind, body in still.turns:
        if kind == b"clap":
            stored = _cropped(stored, body)
        elif kind == b"irot":
            stored = np.rot90(stored, int.from_bytes(body[:1], "big") & 3)  # against the clock
        else:
            stored = np.flip(
                stored, int.from_bytes(body[:1], "big") & 1
            )  # 0 exchanges top and bottom, 1 left and right
    return np.ascontiguousarray(stored)


def _cropped(stored: _Samples, clap: bytes) -> _Samples:
    """The clean aperture: width, height, and how far its middle is from the middle of what is stored."""
    try:
        fields = struct.unpack(">IIIIiIiI", clap)
        width, height, right, down = (Fraction(*fields[at : at + 2]) for at in range(0, 8, 2))
    except (struct.error, ZeroDivisionError) as error:
        raise _badly_cropped(stored) from error
    left = round(right + (stored.shape[1] - width) / 2)
    top = round(down + (stored.shape[0] - height) / 2)
    kept = stored[max(top, 0) : top + int(height), max(left, 0) : left + int(width)]
    if kept.size == 0 or kept.shape[:2] != (int(height), int(width)):
        raise _badly_cropped(stored)
    return kept


def _badly_cropped(stored: _Samples) -> BrokenPicture:
    height, width = stored.shape[:2]
    return BrokenPicture(
        f"This picture of {width} x {height} pixels is cropped to what it has not. Save it again."
    )

"""An upload to a picture: upright, RGB, 8 bits, alpha laid over white.

One decoder, OpenCV's, which runs only after header.py has read format and size. Bytes in, arrays out;
what happens to the picture next: convert.py.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture, Pixels
from inference.contract import EDGE
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat
from inference.formats.bmp import OS2_HEADER
from inference.formats.tiff import first_ifd
from inference.header import Header, find_fault, read_header

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is not reduced while it is decoded.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels.
"""

TRANSPARENT_SHARE = 0.5
"""Share of the border that has to be transparent for the transparency to tell where the garment is."""

_REDUCTIONS = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}

_ORIENTATION_TAG = 274
"""EXIF 2.32, section 4.6.4 A: 1 is upright, 2 to 8 are mirrored or turned."""

_ROTATIONS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}

_Samples: TypeAlias = NDArray[np.integer[Any] | np.floating[Any]]


@dataclass(frozen=True)
class Decoded:
    """A decoded upload.

    Attributes:
        samples: uint8, (H, W, 3), RGB, upright; a large JPEG comes at a half, a quarter or an eighth. Or
            (28, 28), when the upload is a single-channel picture of just that size.
        garment: uint8, (H, W), the opacity of an upload that is transparent around something: it says itself
            where its garment is. None otherwise.
    """

    samples: Picture | Pixels
    garment: Mask | None = None

    @property
    def pixels(self) -> Pixels | None:
        """The pixels of an upload that has just these: they are taken as they are, light on black."""
        return self.samples if self.samples.ndim == 2 else None

    @property
    def picture(self) -> Picture:
        """What there is to look at: uint8, (H, W, 3), RGB. Of pixels it is made here: no answer needs it."""
        return self.samples if self.pixels is None else _rgb_over_white(self.pixels)


def prepare_opencv() -> None:
    """Settle OpenCV for a server; call it once, where the program is put together.

    One thread, since there are as many workers as cores. No messages of its own: what it would print
    about a damaged upload is in the BrokenPicture that the sender gets.
    """
    cv2.setNumThreads(0)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def decode(upload: bytes, max_pixels: int) -> Decoded:
    """Decode an upload; of an animation, the first frame.

    OpenCV has limits of its own (2^30 pixels, 2^20 a side; `OPENCV_IO_MAX_IMAGE_PIXELS` and its kin in
    the environment), which `max_pixels` is meant to stay far below.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP or TIFF.
        max_pixels: largest width x height, as the header names it.

    Raises:
        UnknownFormat: no picture that is read here, or one of samples that are not 8 or 16 bits.
        PictureTooLarge: more than `max_pixels`; nothing was decoded.
        BrokenPicture: truncated or damaged.
    """
    header = read_header(upload)
    check_size(header, max_pixels)
    fault = find_fault(upload, header)
    if fault is not None:
        raise _broken(header, fault)
    samples = _decode_samples(upload, header)
    _refuse_other_types(samples, header)
    if samples.shape == (EDGE, EDGE):
        return Decoded(np.ascontiguousarray(_eight_bits(samples)))
    return Decoded(_picture(samples), _garment(samples))


def check_size(header: Header, max_pixels: int) -> None:
    """Refuse a picture whose decoding takes more pixels than allowed.

    Raises:
        PictureTooLarge: more than `max_pixels`, of the picture or of a TIFF's tiles.
    """
    if header.pixels <= max_pixels:
        return
    said = f"{header.width} x {header.height}"
    size = f"{said} in tiles that take" if header.tiled_pixels > header.width * header.height else f"{said} ="
    raise PictureTooLarge(
        f"The picture is {size} {header.pixels:,} pixels; at most {max_pixels:,} are read. "
        f"Send a smaller one: {EDGE} x {EDGE} is what the model sees."
    )


def _decode_samples(upload: bytes, header: Header) -> _Samples:
    """The stored samples, upright: (H, W) or (H, W, 3 or 4) in OpenCV's order BGR(A)."""
    flags = _flags(upload, header)
    try:
        stored, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(upload, np.uint8), flags=flags)
    except cv2.error as error:
        raise _broken(header, _UNDECODABLE) from error
    if stored is None:
        raise _broken(header, _UNDECODABLE)
    if header.format == "TIFF":
        return stored  # OpenCV has turned it: of TIFF alone the orientation is its decoder's affair
    if cv2.IMAGE_METADATA_EXIF not in kinds:
        return stored
    exif = dict(zip(kinds, blocks, strict=True))[cv2.IMAGE_METADATA_EXIF]
    return _upright(stored, exif_orientation(exif.tobytes()))


_UNDECODABLE = "is damaged, or compressed in a way that is not read here"


def exif_orientation(exif: bytes) -> int:
    """The orientation that an EXIF block names.

    Args:
        exif: the block, with or without its `Exif` mark; anything else may come too.

    Returns:
        1 to 8; 1 (upright) when the block names none or is damaged, since the picture is still a picture.
    """
    try:
        orientation = first_ifd(exif.removeprefix(b"Exif\0\0"), {_ORIENTATION_TAG}).get(_ORIENTATION_TAG, 1)
    except (struct.error, KeyError):
        return 1
    return orientation if orientation is not None and 1 <= orientation <= 8 else 1


def _upright(stored: _Samples, orientation: int) -> _Samples:
    """Turn an array as the orientation asks.

    Args:
        stored: (H, W) or (H, W, channels).
        orientation: 1 to 8.

    Returns:
        the same samples; height and width are swapped for 5 to 8.
    """
    # 2, 4, 5 and 7 are the mirror images of 1, 3, 6 and 8, seen from the other side.
    match orientation:
        case 2:
            return cv2.flip(stored, 1)
        case 4:
            return cv2.flip(stored, 0)
        case 5:
            return cv2.transpose(stored)
        case 7:
            return cv2.rotate(cv2.transpose(stored), cv2.ROTATE_180)
    return cv2.rotate(stored, _ROTATIONS[orientation]) if orientation in _ROTATIONS else stored


def _flags(upload: bytes, header: Header) -> int:
    """How to decode: everything that is stored, but a large JPEG only as large as is needed."""
    if header.format == "JPEG":
        for factor, flag in _REDUCTIONS.items():
            if max(header.width, header.height) >= factor * REDUCED_EDGE:
                return flag | cv2.IMREAD_IGNORE_ORIENTATION
    if header.format == "BMP" and upload[14] == OS2_HEADER:
        return cv2.IMREAD_COLOR  # OpenCV takes these for grey unless it is told
    return cv2.IMREAD_UNCHANGED


def _refuse_other_types(samples: _Samples, header: Header) -> None:
    if samples.dtype not in (np.uint8, np.uint16):
        raise UnknownFormat(
            f"This {header.format} has samples of type {samples.dtype}. Send one with 8 or 16 bits a sample."
        )


def _picture(samples: _Samples) -> Picture:
    """Samples to a picture, some rows at a time: 16 bits and alpha take several times its memory."""
    if samples.shape[0] * samples.shape[1] <= _BAND_PIXELS:
        return _rgb_over_white(_eight_bits(samples))
    picture = np.empty((*samples.shape[:2], 3), np.uint8)
    for band in _bands(samples):
        picture[band] = _rgb_over_white(_eight_bits(samples[band]))
    return picture


def _bands(samples: _Samples) -> Iterator[slice]:
    height, width = samples.shape[:2]
    rows = max(1, _BAND_PIXELS // width)
    return (slice(top, top + rows) for top in range(0, height, rows))


_BAND_PIXELS = 1 << 18
"""Few enough for a processor's cache, many enough for the loop not to count."""


def _eight_bits(samples: _Samples) -> NDArray[np.uint8]:
    if samples.dtype == np.uint8:
        return samples.astype(np.uint8, copy=False)
    # 65535 / 257 = 255 exactly, where a shift by 8 would come out darker; rounded, not cut off.
    return cv2.convertScaleAbs(samples, alpha=1 / 257).astype(np.uint8, copy=False)


def _rgb_over_white(samples: NDArray[np.uint8]) -> Picture:
    # OpenCV's BGR ends here: everything after this is RGB.
    if samples.ndim == 2:
        return cv2.cvtColor(samples, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    rgb = cv2.cvtColor(samples, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    if samples.shape[2] == 3:
        return rgb
    alpha = samples[..., 3:].astype(np.uint16)
    # Whole numbers, rounded: at most 255 x 255 + 127, which 16 bits hold.
    return ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _garment(samples: _Samples) -> Mask | None:
    """The opacity, where most of the border is transparent and something within is not.

    Else the channel is about something else: rounded corners, a shadow, or nothing at all.
    """
    if samples.ndim != 3 or samples.shape[2] != 4:
        return None
    stored = samples[..., 3]
    border = _eight_bits(np.concatenate((stored[0], stored[-1], stored[:, 0], stored[:, -1])))
    if np.mean(border < _HALF) <= TRANSPARENT_SHARE:
        return None
    opacity = np.empty(stored.shape, np.uint8)
    for band in _bands(samples):
        opacity[band] = _eight_bits(stored[band])
    return opacity if opacity.max() >= _HALF else None


_HALF = 128
"""Opacity, of 255, from which a pixel is more garment than background."""


def _broken(header: Header, what: str) -> BrokenPicture:
    return BrokenPicture(
        f"This {header.format} of {header.width} x {header.height} pixels {what}. "
        "Send the whole file, or save it again."
    )

"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

OpenCV decodes, after header.py has read format and size; coded_pictures.py prepares HEIC and AVIF for their
decoders. Bytes in, arrays out; convert.py is the next step.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture, Pixels
from inference.coded_pictures import decode_coded
from inference.contract import EDGE, GREY_28, InputContract
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat
from inference.formats import gif
from inference.formats.bmp import OS2_HEADER
from inference.header import Header, find_fault, read_header

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""

TRANSPARENT_SHARE = 0.5
"""Share of the border above which transparency marks the background of a garment."""

_REDUCTIONS = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}

_UPRIGHT = cv2.IMREAD_COLOR | cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
"""As IMREAD_UNCHANGED, but turned as EXIF says; OpenCV's own tests of the orientation read so."""

_Samples: TypeAlias = NDArray[np.integer[Any] | np.floating[Any]]


@dataclass(frozen=True)
class Decoded:
    """A decoded upload.

    Attributes:
        samples: uint8, (H, W, 3), RGB, upright; a large JPEG at a half, a quarter or an eighth of its size.
            Or of the size of a grey input, (H, W), when the upload is a single-channel picture of that size.
        garment: uint8, (H, W), the opacity of an upload whose background is transparent; else None.
    """

    samples: Picture | Pixels
    garment: Mask | None = None

    @property
    def pixels(self) -> Pixels | None:
        """The samples of a single-channel upload that has the size of a grey input, used as they are."""
        return self.samples if self.samples.ndim == 2 else None

    @property
    def is_photo(self) -> bool:
        """Whether it has to be converted to pixels."""
        return self.pixels is None

    @property
    def picture(self) -> Picture:
        """uint8, (H, W, 3), RGB; for pixels, computed at each access."""
        return self.samples if self.pixels is None else _rgb_over_white(self.pixels)


def prepare_opencv() -> None:
    """Configure OpenCV for a server; call it once, at the composition root.

    One thread, since there are as many workers as cores. No messages: BrokenPicture reports a damaged upload
    to its sender.
    """
    cv2.setNumThreads(0)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def decode(upload: bytes, max_pixels: int, contract: InputContract = GREY_28) -> Decoded:
    """Decode an upload; of an animation, the first frame.

    OpenCV has further limits (2^30 pixels, 2^20 a side; `OPENCV_IO_MAX_IMAGE_PIXELS` and similar variables),
    which should stay far above `max_pixels`.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        max_pixels: largest width x height that the header may declare.
        contract: of the release that reads the picture.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: more than `max_pixels`; nothing was decoded.
        BrokenPicture: truncated or damaged.
    """
    header = read_header(upload)
    check_size(header, max_pixels, contract.shape)
    fault = find_fault(upload, header)
    if fault is not None:
        raise _broken(header, fault)
    edge = max(REDUCED_EDGE, 2 * max(contract.shape))
    samples = _eight_bits(_decode_samples(upload, header, edge), header)
    if samples.shape == contract.array_shape and samples.ndim == 2:
        return Decoded(np.ascontiguousarray(samples))
    return Decoded(_rgb_over_white(samples), _garment(samples))


def check_size(header: Header, max_pixels: int, shape: tuple[int, int]) -> None:
    """Refuse a picture whose decoding takes more pixels than allowed.

    Raises:
        PictureTooLarge: more than `max_pixels`, of the picture or of a TIFF's tiles.
    """
    if header.pixels <= max_pixels:
        return
    said = f"{header.width} x {header.height}"
    is_more = header.tiled_pixels > header.width * header.height
    size = f"{said}; decoding it takes as much memory as" if is_more else f"{said} ="
    raise PictureTooLarge(
        f"The picture is {size} {header.pixels:,} pixels; at most {max_pixels:,} are read. "
        f"Send a smaller one: {shape[1]} x {shape[0]} is what the model sees."
    )


def _decode_samples(upload: bytes, header: Header, edge: int) -> _Samples:
    """The stored samples, upright: (H, W) or (H, W, 3 or 4) in OpenCV's order BGR(A)."""
    if header.still:
        coded = decode_coded(upload, header.still)
        if coded is None:
            raise _broken(header, _UNDECODABLE)
        return coded
    flags = _flags(upload, header, edge)
    if header.format == "GIF":
        upload = gif.with_known_background(upload)
    try:
        stored = cv2.imdecode(np.frombuffer(upload, np.uint8), flags)
    except cv2.error as error:
        raise _broken(header, _UNDECODABLE) from error
    if stored is None:
        raise _broken(header, _UNDECODABLE)
    return stored


_UNDECODABLE = "is damaged, or compressed in a way that is not read here"


def _flags(upload: bytes, header: Header, edge: int) -> int:
    """Flags for OpenCV: keep all stored samples, but reduce a large JPEG, to no less than `edge` pixels."""
    if header.format == "JPEG":
        for factor, flag in _REDUCTIONS.items():
            if max(header.width, header.height) >= factor * edge:
                return flag
    if header.format == "BMP" and upload[14] == OS2_HEADER:
        return cv2.IMREAD_COLOR  # _UPRIGHT would return grey for these
    return _UPRIGHT


def _eight_bits(samples: _Samples, header: Header) -> NDArray[np.uint8]:
    if samples.dtype == np.uint16:
        # 65535 / 257 = 255 exactly; a shift by 8 bits would be darker. Rounded to nearest.
        samples = cv2.convertScaleAbs(samples, alpha=1 / 257)
    elif samples.dtype != np.uint8:
        raise UnknownFormat(
            f"This {header.format} has samples of type {samples.dtype}. Send one with 8 or 16 bits a sample."
        )
    return samples.astype(np.uint8, copy=False)


def _rgb_over_white(samples: NDArray[np.uint8]) -> Picture:
    # OpenCV's BGR ends here: everything after this is RGB.
    if samples.ndim == 2:
        return cv2.cvtColor(samples, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    rgb = cv2.cvtColor(samples, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    if samples.shape[2] == 3:
        return rgb
    opacity = cv2.cvtColor(cv2.extractChannel(samples, 3), cv2.COLOR_GRAY2RGB)
    cv2.multiply(rgb, opacity, rgb, 1 / 255)  # in place, as a picture may have 50 million pixels
    return cv2.add(rgb, cv2.bitwise_not(opacity, opacity), rgb).astype(np.uint8, copy=False)


def _garment(samples: NDArray[np.uint8]) -> Mask | None:
    """Return the opacity if most of the border is transparent and some of the picture is not.

    Otherwise the alpha channel holds something else: rounded corners, a shadow, or nothing.
    """
    if samples.ndim != 3 or samples.shape[2] != 4:
        return None
    opacity = cv2.extractChannel(samples, 3).astype(np.uint8, copy=False)
    border = np.concatenate((opacity[0], opacity[-1], opacity[:, 0], opacity[:, -1]))
    if np.mean(border < _HALF) <= TRANSPARENT_SHARE:
        return None
    return opacity if opacity.max() >= _HALF else None


_HALF = 128
"""Opacity, of 255, from which a pixel is more garment than background."""


def _broken(header: Header, what: str) -> BrokenPicture:
    return BrokenPicture(
        f"This {header.format} of {header.width} x {header.height} pixels {what}. "
        "Send the whole file, or save it again."
    )

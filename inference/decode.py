"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

Pillow reads every format: `open_picture` names the format and checks the size before anything is decoded,
`decode_opened` decodes. What bounds a hostile file: docs/decisions/0006-pillow-reads-files.md. Bytes in,
arrays out; signatures.py names what is no picture, convert.py is the next step.
"""

import contextlib
import io
import signal
import struct
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    ExifTags,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,  # noqa: F401 - registers itself
)

from inference.arrays import Mask, Picture, Pixels
from inference.contract import EDGE, GREY_28, InputContract
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat, UploadError
from inference.signatures import Format, format_of, unknown_format

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""

SENSIBLE_EDGE = 1000
"""Longest edge, in pixels, that a refusal recommends: more than any release looks at."""

TRANSPARENT_SHARE = 0.5
"""Share of the border above which transparency marks the background of a garment."""

LIGHT_BORDER = 128
"""Mean of the border, of 255, from which a single-channel picture is no input of a model that reads light on
black. The largest of Fashion-MNIST's 70,000 pictures is below."""

SMALL_BYTES, SMALL_PIXELS = 16 * 1024, 32 * 32
"""Most that a PNG or JPEG may have to be decoded without a change of threads."""

_SCANS, _SCANNED_PIXELS = 40, 1_000_000_000
"""Scans that any JPEG may have, and pixels times scans of one that has more.

Encoders write up to 18. Each is a pass over all pixels, of about a nanosecond each.
"""

_SCAN_COST = 50_000
"""What a scan of no pixels costs, in pixels."""

_TEXT_BYTES = 1_000_000
"""What all texts of a PNG may inflate to."""

OpenedPicture: TypeAlias = ImageFile.ImageFile
"""A picture whose header was read and checked, and nothing else."""

_Stored: TypeAlias = NDArray[np.uint8]
"""uint8, upright: (H, W), or (H, W, 3) RGB, or (H, W, 4) RGBA."""


@dataclass(frozen=True)
class Decoded:
    """A decoded upload.

    Attributes:
        samples: uint8, (H, W, 3), RGB, upright; a large JPEG at a half, a quarter or an eighth of its size.
            Or of the size of a grey input, (H, W): a single-channel picture of that size, which has to be
            light on black where the model reads that.
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


def prepare_decoders(max_pixels: int = MAX_PIXELS) -> None:
    """Configure OpenCV and Pillow; call it once, at the composition root.

    One thread, since there are as many workers as cores. No messages: BrokenPicture reports a damaged upload
    to its sender. Pillow itself refuses what declares more than twice `max_pixels`.
    """
    cv2.setNumThreads(0)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # exceptions decide
    Image.MAX_IMAGE_PIXELS = max_pixels
    PngImagePlugin.MAX_TEXT_MEMORY = _TEXT_BYTES
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.preinit()  # what is not imported above; `init` would load forty formats that are not read


def decode(upload: bytes, max_pixels: int, contract: InputContract = GREY_28) -> Decoded:
    """Decode an upload; of an animation, the first frame.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        max_pixels: largest width x height that the header may declare.
        contract: of the release that reads the picture.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: more than `max_pixels`; nothing was decoded.
        BrokenPicture: truncated or damaged.
    """
    opened = open_picture(upload, max_pixels)
    if is_isolated(opened):
        return decode_isolated(upload, opened, max_pixels, contract)
    return decode_opened(opened, contract)


def open_small(upload: bytes, max_pixels: int) -> OpenedPicture | None:
    """Open a PNG or JPEG of so few bytes that its header takes less time than a change of threads.

    Returns:
        As `open_picture`; None for every other upload, whose header belongs in a native thread.

    Raises:
        UploadError: as `open_picture`.
    """
    name = format_of(upload) if len(upload) <= SMALL_BYTES else None
    return _opened(upload, name, max_pixels) if name in ("PNG", "JPEG") else None


def is_small(upload: bytes, opened: OpenedPicture) -> bool:
    """Whether `decode_opened` takes less time than a change of threads."""
    few = len(upload) <= SMALL_BYTES and opened.width * opened.height <= SMALL_PIXELS
    return few and opened.format in ("PNG", "JPEG")


def open_picture(upload: bytes, max_pixels: int) -> OpenedPicture:
    """Read the header of an upload, and check what decoding it would take; nothing is decoded.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: it declares more than `max_pixels`.
        BrokenPicture: the header is truncated or damaged, or the file asks for work without bound.
    """
    name = format_of(upload)
    if name is None:
        raise unknown_format(upload)
    return _opened(upload, name, max_pixels)


def _opened(upload: bytes, name: Format, max_pixels: int) -> OpenedPicture:
    if name == "PNG" and upload.count(b"iCCP") > 1:  # each may take 2 ms
        raise BrokenPicture("This PNG has more than one colour profile. Save it again.")
    try:
        opened = Image.open(io.BytesIO(upload), formats=_readers(name))
    except Image.DecompressionBombError as error:
        raise _too_large(f"has more than {2 * max_pixels:,} pixels", max_pixels) from error
    except Exception as error:
        raise _unopened(name, len(upload)) from error
    _check_size(opened, max_pixels)
    _check_work(upload, opened)
    return opened


def _readers(name: Format) -> tuple[str, ...]:
    """Pillow's names of the formats that may begin so."""
    if name != "HEIC":
        return (name.upper(),)
    try:
        # Imported at the first HEIC: a service that sees none starts faster, and needs less memory.
        import pillow_heif  # noqa: PLC0415
    except ImportError:
        return ("AVIF",)  # its major brand may be that of HEIF in general
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    return ("HEIF", "AVIF")


def _unopened(name: Format, length: int) -> UploadError:
    if name == "HEIC" and "HEIF" not in _readers(name):
        return UnknownFormat("HEIC is not read by this installation, which has no pillow-heif. Send JPEG.")
    return BrokenPicture(
        f"This {name} of {length:,} bytes has a header that is truncated, damaged, or of a kind that is not "
        "read here. Send the whole file, or save it again."
    )


def _check_size(opened: OpenedPicture, max_pixels: int) -> None:
    """Refuse a picture, or a tile of a TIFF, of more pixels than allowed."""
    width, height = opened.size
    if width * height > max_pixels:
        raise _too_large(f"has {width} x {height} = {width * height:,} pixels", max_pixels)
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        across, down = (opened.tag_v2.get(tag, 1) for tag in _TILE)
        if across * down > max_pixels:
            raise _too_large(f"is stored in tiles of {across} x {down} pixels", max_pixels)


_TILE = (322, 323)
"""TileWidth and TileLength (TIFF 6.0, section 15)."""


def _too_large(what: str, max_pixels: int) -> PictureTooLarge:
    return PictureTooLarge(
        f"The picture {what}; at most {max_pixels:,} pixels are read. "
        f"Scale it to about {SENSIBLE_EDGE:,} pixels on its longest edge."
    )


def _check_work(upload: bytes, opened: OpenedPicture) -> None:
    """Refuse samples that are not read, a HEIC without its end, and a JPEG of too many scans.

    Scans are counted by their mark, so that a video behind a photo may add some by chance.
    """
    if is_isolated(opened) and _ends_too_early(upload):
        raise _broken(opened, "is truncated")
    if opened.mode in ("I", "F"):
        raise UnknownFormat(
            f"This {_name_of(opened)} has samples of 32 bits. Send one with 8 or 16 bits a sample."
        )
    if not isinstance(opened, JpegImagePlugin.JpegImageFile):
        return
    scans = upload.count(b"\xff\xda")
    if scans > _SCANS and scans * (opened.width * opened.height + _SCAN_COST) > _SCANNED_PIXELS:
        raise _broken(opened, f"has {scans} scans, which no camera writes")


def _ends_too_early(upload: bytes) -> bool:
    """Whether the box of the coded data is longer than the file: libheif would leave missing tiles blank."""
    at = 0
    while at + 8 <= len(upload):
        size, kind = struct.unpack_from(">I4s", upload, at)
        if kind == b"mdat" or size < 8:
            return bool(kind == b"mdat" and at + size > len(upload))
        at += size
    return at > len(upload)


def decode_opened(opened: OpenedPicture, contract: InputContract = GREY_28) -> Decoded:
    """Decode what `open_picture` returned, reduced if it is much larger than needed.

    Raises:
        BrokenPicture: truncated or damaged.
    """
    edge = _edge(contract)
    try:
        if factor := next((factor for factor in (8, 4, 2) if max(opened.size) >= factor * edge), 0):
            # A JPEG's decoder reduces it while it decodes, as far as both edges of the size allow.
            opened.draft(None, (opened.width // factor, max(1, opened.height // factor)))
        opened.load()
        with contextlib.suppress(Exception):  # metadata that cannot be read turn nothing
            if ExifTags.Base.Orientation in opened.getexif():
                ImageOps.exif_transpose(opened, in_place=True)
        samples = _samples(opened, edge)
    except Exception as error:
        raise _broken(opened, _UNDECODABLE) from error
    return _decoded(samples, contract, opened.format)


_UNDECODABLE = "is truncated, damaged, or stored in a way that is not read here"


def is_isolated(opened: OpenedPicture) -> bool:
    """Whether `decode` reads it in a process of its own: HEIC or AVIF, whose decoders nothing else bounds."""
    return opened.format in ("HEIF", "AVIF")


def decode_isolated(
    upload: bytes, opened: OpenedPicture, max_pixels: int, contract: InputContract = GREY_28
) -> Decoded:
    """Decode a HEIC or AVIF in a process of its own, and wait for it.

    Under gevent call this on the event loop, which watches child processes, and not in a native thread.

    Args:
        upload: all of it.
        opened: the same, from `open_picture`.
        max_pixels: bounds the memory of the process.
        contract: of the release that reads the picture.

    Raises:
        BrokenPicture: truncated or damaged.
        PictureTooLarge: it takes more memory or time than a photo does.
    """
    edge = _edge(contract)
    limits = [_ISOLATED_MEGABYTES + 16 * max_pixels // 2**20, max(opened.size) // edge]
    command = [sys.executable, "-I", str(_ISOLATED_DECODER), *map(str, limits)]
    done = subprocess.run(command, input=upload, capture_output=True, check=False)  # noqa: S603 - our own file
    if done.returncode == -signal.SIGXCPU or b"memory" in done.stderr.lower():
        raise PictureTooLarge(
            f"This {_name_of(opened)} of {opened.width} x {opened.height} pixels takes more time or memory "
            "to decode than a photo does. Send it as JPEG."
        )
    if done.returncode:
        raise _broken(opened, _UNDECODABLE)
    head, _, body = done.stdout.partition(b"\n")
    mode, width, height = head.decode().split()
    image = Image.frombytes(mode, (int(width), int(height)), body)
    return _decoded(_samples(image, edge), contract, opened.format)


_ISOLATED_DECODER = Path(__file__).with_name("isolated_decoder.py")

_ISOLATED_MEGABYTES = 300
"""Address space of that process before it decodes."""


def _edge(contract: InputContract) -> int:
    return max(REDUCED_EDGE, 2 * max(contract.shape))


def _samples(image: Image.Image, edge: int) -> _Stored:
    """The samples in 8 bits; means of squares where the longest edge is twice `edge` or more."""
    if image.mode.startswith("I;16"):
        # 65535 / 257 = 255 exactly; Pillow's own conversion would clip. Rounded to nearest.
        grey = cv2.convertScaleAbs(np.asarray(image).astype(np.uint16, copy=False), alpha=1 / 257)
        return grey.astype(np.uint8, copy=False)
    grey_or_rgb = "L" if image.mode in ("1", "L") else "RGB"
    mode = "RGBA" if image.has_transparency_data else grey_or_rgb
    if image.mode != mode:
        image = image.convert(mode)
    factor = max(image.size) // edge
    return np.asarray(image.reduce(factor) if factor > 1 else image)


def _decoded(samples: _Stored, contract: InputContract, name: str | None) -> Decoded:
    is_input = samples.ndim == 2 and samples.shape == contract.array_shape and name != "GIF"
    if is_input and not (
        contract.polarity == "light-on-black" and cv2.mean(_border(samples))[0] >= LIGHT_BORDER
    ):
        return Decoded(np.ascontiguousarray(samples))
    return Decoded(_rgb_over_white(samples), _garment(samples))


def _border(samples: _Stored) -> _Stored:
    """The outermost samples of (H, W)."""
    return np.concatenate((samples[0], samples[-1], samples[:, 0], samples[:, -1]))


def _rgb_over_white(samples: _Stored) -> Picture:
    if samples.ndim == 2:
        return cv2.cvtColor(samples, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    if samples.shape[2] == 3:
        return samples
    rgb = cv2.cvtColor(samples, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)
    opacity = cv2.cvtColor(cv2.extractChannel(samples, 3), cv2.COLOR_GRAY2RGB)
    cv2.multiply(rgb, opacity, rgb, 1 / 255)  # in place, as a picture may have 50 million pixels
    return cv2.add(rgb, cv2.bitwise_not(opacity, opacity), rgb).astype(np.uint8, copy=False)


def _garment(samples: _Stored) -> Mask | None:
    """Return the opacity if most of the border is transparent and some of the picture is not.

    Otherwise the alpha channel holds something else: rounded corners, a shadow, or nothing.
    """
    if samples.ndim != 3 or samples.shape[2] != 4:
        return None
    opacity = cv2.extractChannel(samples, 3).astype(np.uint8, copy=False)
    if np.mean(_border(opacity) < _HALF) <= TRANSPARENT_SHARE:
        return None
    return opacity if opacity.max() >= _HALF else None


_HALF = 128
"""Opacity, of 255, from which a pixel is more garment than background."""


def _broken(opened: OpenedPicture, what: str) -> BrokenPicture:
    return BrokenPicture(
        f"This {_name_of(opened)} of {opened.width} x {opened.height} pixels {what}. "
        "Send the whole file, or save it again."
    )


def _name_of(opened: OpenedPicture) -> str:
    name = str(opened.format)
    return _PILLOW_NAMES.get(name, name)


_PILLOW_NAMES: dict[str, Format] = {"WEBP": "WebP", "MPO": "JPEG", "HEIF": "HEIC"}
"""Formats whose names differ in Pillow; MPO is a JPEG with further pictures behind it."""

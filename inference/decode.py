"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

Four ways, each for one reason. A PNG of the model's own input is decoded by OpenCV (`decode_input`), in less
than half of Pillow's time. Any other PNG or JPEG of few bytes and pixels is opened and decoded where it is
(`open_small`, `decode_opened`): a change of threads would cost more. Every other picture goes the same way in
a native thread (`open_picture`, `decode_opened`). A HEIC or AVIF is opened and decoded by a process of its
own (`decode_in_child`, `decoded_by_child`), since nothing else bounds its decoder. `decode` takes whichever
applies. Bytes in, arrays out; opening.py is the step before, convert.py the next one.
"""

import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    Image,
    PngImagePlugin,
    WebPImagePlugin,  # noqa: F401 - registers itself
)

from inference import isolated_decoder
from inference.arrays import Picture, Pixels
from inference.contract import EDGE, GREY_28, InputContract
from inference.errors import BrokenPicture, DecoderStopped, PictureTooLarge, UnknownFormat
from inference.opening import (
    SMALL_BYTES,
    OpenedPicture,
    broken,
    broken_picture,
    check_pixels,
    ends_too_early,
    is_bare_png,
    open_picture,
    unopened,
    usual_name,
)
from inference.signatures import Format, format_of

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""

LIGHT_BORDER = 128
"""Mean of the border, of 255, from which a single-channel picture is no input of a model that reads light on
black. The largest of Fashion-MNIST's 70,000 pictures is below."""

_TEXT_BYTES = 1_000_000
"""What all texts of a PNG may inflate to."""

_Stored: TypeAlias = NDArray[np.uint8]
"""uint8, upright: (H, W), or (H, W, 3) RGB, or (H, W, 4) RGBA."""


@dataclass(frozen=True)
class Decoded:
    """A decoded upload.

    Attributes:
        samples: uint8, (H, W, 3), RGB, upright; a large JPEG at a half, a quarter or an eighth of its size.
            Or of the size of a grey input, (H, W): a single-channel picture of that size, which has to be
            light on black where the model reads that.
    """

    samples: Picture | Pixels

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
        DecoderStopped: the process of a HEIC or AVIF was ended by the system.
    """
    if (decoded := decode_input(upload, max_pixels, contract)) is not None:
        return decoded
    opened = open_picture(upload, max_pixels)
    if opened is None:
        return decoded_by_child(decode_in_child(upload, max_pixels, contract), contract)
    return decode_opened(opened, contract)


def decode_input(upload: bytes, max_pixels: int, contract: InputContract) -> Decoded | None:
    """Decode a PNG of a grey model's own input, `is_bare_png`, by OpenCV.

    Returns:
        None for every other upload, and for one that OpenCV refuses or that is too large: Pillow decides.
    """
    height, width = contract.shape
    if contract.channels > 1 or len(upload) > SMALL_BYTES or height * width > max_pixels:
        return None
    if not is_bare_png(upload, height, width):
        return None
    samples = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if samples is None else _decoded(samples.astype(np.uint8, copy=False), contract, "PNG")


def decode_opened(opened: OpenedPicture, contract: InputContract = GREY_28) -> Decoded:
    """Decode what `open_picture` returned, reduced if it is much larger than needed.

    Raises:
        BrokenPicture: truncated or damaged.
    """
    edge = _edge(contract)
    try:
        if factor := next((factor for factor in (8, 4, 2) if max(opened.size) >= factor * edge), 0):
            # A JPEG's decoder reduces it while it decodes, as far as both edges of the size allow.
            opened.draft(None, (max(1, opened.width // factor), max(1, opened.height // factor)))
        opened.load()
        samples = _samples(isolated_decoder.upright(opened), edge)
    except Exception as error:
        raise broken(opened, _UNDECODABLE) from error
    return _decoded(samples, contract, opened.format)


_UNDECODABLE = "is truncated, damaged, or stored in a way that is not read here"


@dataclass(frozen=True)
class Isolated:
    """What the process of a HEIC or AVIF wrote: header and samples, not yet looked at.

    Attributes:
        width: in pixels, as the header says.
        height: likewise.
        output: mode, width and height in a line, then the samples.
    """

    width: int
    height: int
    output: bytes


def decode_in_child(upload: bytes, max_pixels: int, contract: InputContract = GREY_28) -> Isolated:
    """Open and decode a HEIC or AVIF in a process of its own, and wait for it.

    Under gevent call this on the event loop, which watches child processes, and not in a native thread; what
    follows, `decoded_by_child`, belongs in one.

    Args:
        upload: all of it.
        max_pixels: largest width x height; bounds the memory of the process.
        contract: of the release that reads the picture.

    Raises:
        UnknownFormat: a HEIC, and its decoder is not installed.
        BrokenPicture: truncated or damaged.
        PictureTooLarge: more than `max_pixels`, or it takes more memory or time than a photo does.
        DecoderStopped: the system ended the process, or it did not end.
    """
    name = format_of(upload) or "HEIC"
    if ends_too_early(upload):
        raise BrokenPicture(f"This {name} of {len(upload):,} bytes is truncated. Send the whole file.")
    limits = [_CHILD_MEGABYTES + 16 * max_pixels // 2**20, max_pixels, _edge(contract)]
    reads_heic = find_spec("pillow_heif") is not None
    formats = (
        "HEIF,AVIF" if name == "HEIC" and reads_heic else "AVIF"
    )  # a HEIC's brand may be HEIF's in general
    command = [sys.executable, "-I", str(_CHILD), *map(str, limits), formats]
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            command, input=upload, capture_output=True, check=False, timeout=CHILD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise _stopped(name, f"did not end within {CHILD_SECONDS} s") from error
    if done.returncode == -signal.SIGKILL:
        raise _stopped(name, "was ended by the system, as for lack of memory")
    header, _, output = done.stdout.partition(b"\n")
    if not header and name == "HEIC" and not reads_heic:
        raise UnknownFormat("HEIC is not read by this installation, which has no pillow-heif. Send JPEG.")
    return _child_result(upload, name, done.returncode, header.decode().split(), output, max_pixels)


def _child_result(  # noqa: PLR0913, PLR0917 - what the process left
    upload: bytes, name: Format, code: int, header: list[str], output: bytes, max_pixels: int
) -> Isolated:
    """What the process wrote, or why it wrote no samples."""
    if code in (-signal.SIGXCPU, isolated_decoder.OUT_OF_MEMORY):
        size = f"{header[1]} x {header[2]} pixels" if header else f"{len(upload):,} bytes"
        raise PictureTooLarge(
            f"This {name} of {size} takes more time or memory to decode than a photo does. Send it as JPEG."
        )
    if not header:
        raise unopened(upload, name)
    kind, (width, height) = usual_name(header[0]), map(int, header[1:])
    check_pixels(width, height, max_pixels)
    if code:
        raise broken_picture(kind, width, height, _UNDECODABLE)
    return Isolated(width, height, output)


def _stopped(name: str, why: str) -> DecoderStopped:
    return DecoderStopped(f"The process that decodes this {name} {why}. Try again, or send JPEG.")


def decoded_by_child(isolated: Isolated, contract: InputContract = GREY_28) -> Decoded:
    """The samples that `decode_in_child` got."""
    head, _, body = isolated.output.partition(b"\n")
    mode, width, height = head.decode().split()
    image = Image.frombytes(mode, (int(width), int(height)), body)
    return _decoded(_samples(image, _edge(contract)), contract, None)


_CHILD = Path(isolated_decoder.__file__)

CHILD_SECONDS: Final = 20
"""Wall time of the process, whose processor time is bounded by itself: a busy machine gives it a tenth."""

_CHILD_MEGABYTES: Final = 300
"""Address space of that process before it decodes."""


def _edge(contract: InputContract) -> int:
    return max(REDUCED_EDGE, 2 * max(contract.shape))


def _samples(image: Image.Image, edge: int) -> _Stored:
    """The samples in 8 bits; means of squares where the longest edge is twice `edge` or more."""
    image = isolated_decoder.in_8_bits(image)
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
    return Decoded(_rgb_over_white(samples))


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

"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

Two lanes, by who bounds the work. Pillow decodes a JPEG, PNG or WebP where it is, after opening.py has
scanned it; a PNG that is nothing but a grey model's own input goes to OpenCV, in less than half of the
time. Any other format is decoded by a process of its own (child_decoder.py), whose time and memory the
kernel bounds. Bytes in, arrays out; convert.py is the next step.
"""

import io
import warnings
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    Image,
    WebPImagePlugin,  # noqa: F401 - registers itself
)

from inference.arrays import Picture, Pixels
from inference.child_decoder import Spent, decode_in_child, spent_by_nobody
from inference.contract import EDGE, GREY_28, InputContract
from inference.isolated_decoder import in_8_bits, reduced, turned
from inference.opening import Opened, broken_picture, open_picture

MAX_PIXELS = 51_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""

LIGHT_BORDER = 128
"""Mean of the border, of 255, from which a single-channel picture is no input of a model that reads light on
black. The largest of Fashion-MNIST's 70,000 pictures is below."""

FLAT = 4
"""Levels between edge and middle of a garment up to which it has one lightness, as a silhouette."""

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
    Image.preinit()  # what is not imported above; `init` would load forty formats that are not read


def decode(
    upload: bytes, max_pixels: int, contract: InputContract = GREY_28, spent: Spent = spent_by_nobody
) -> Decoded:
    """Decode an upload; of an animation, the first frame.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        max_pixels: largest width x height that the header may declare.
        contract: of the release that reads the picture.
        spent: receives what a process of its own took.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: more than `max_pixels`, or more work than a picture of its size.
        BrokenPicture: truncated or damaged.
        DecoderStopped: the process of a picture was ended by the system.
    """
    return decode_opened(open_picture(upload, max_pixels, contract), max_pixels, contract, spent)


def decode_opened(
    opened: Opened,
    max_pixels: int,
    contract: InputContract = GREY_28,
    spent: Spent = spent_by_nobody,
) -> Decoded:
    """Decode what `open_picture` returned, reduced if it is much larger than needed. See `decode`."""
    edge = max(REDUCED_EDGE, 2 * max(contract.shape))
    if opened.lane == "bare":
        samples = cv2.imdecode(np.frombuffer(opened.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if samples is not None:  # what OpenCV refuses, Pillow decides
            return _decoded(samples.astype(np.uint8, copy=False), contract, "PNG")
    if opened.lane == "isolated":
        image = decode_in_child(opened, max_pixels, edge, spent)
    elif opened.format == "JPEG" and not opened.data.endswith(_END):
        image = _without_end(opened, edge)
    else:
        image = _by_pillow(opened, edge)
    return _decoded(np.asarray(image), contract, opened.format)


_END = b"\xff\xd9"
"""The last two bytes of a JPEG (ITU-T T.81, section B.1.1.3)."""

_SAMPLES = b"\xa7\x5c\xe3\x19" * 64
"""What changes a picture that lacks samples, and no other."""


def _without_end(opened: Opened, edge: int) -> Image.Image:
    """A JPEG that lacks its end and no sample: what follows its samples then makes no difference."""
    data = opened.data.rstrip(b"\xff")
    one, other = (_by_pillow(replace(opened, data=data + more + _END), edge) for more in (b"", _SAMPLES))
    if one != other:
        raise broken_picture("JPEG", *opened.size)
    return one


def _by_pillow(opened: Opened, edge: int) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(opened.data), formats=(opened.format.upper(),))
        if factor := next((factor for factor in (8, 4, 2) if max(image.size) >= factor * edge), 0):
            # A JPEG's decoder reduces it while it decodes, as far as both edges of the size allow.
            image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
        image.load()
        return reduced(in_8_bits(turned(image, opened.orientation)), edge)
    except Exception as error:
        raise broken_picture(opened.format, *opened.size) from error


def _decoded(samples: _Stored, contract: InputContract, name: str | None) -> Decoded:
    if samples.shape[:2] == (EDGE, EDGE) and _reads_the_data_set(contract):
        return Decoded(np.ascontiguousarray(_as_in_the_data_set(samples)))
    grey = _as_input(samples, contract, lossy=name in _LOSSY)
    if grey is not None and not (
        contract.polarity == "light-on-black" and cv2.mean(_border(grey))[0] >= LIGHT_BORDER
    ):
        return Decoded(np.ascontiguousarray(grey))
    return Decoded(_rgb_over_white(samples))


def _reads_the_data_set(contract: InputContract) -> bool:
    """Whether a model reads pictures as Fashion-MNIST has them: 28 x 28, grey, light on black."""
    reads = (contract.shape, contract.channels, contract.polarity)
    return reads == ((EDGE, EDGE), 1, "light-on-black")


def _as_in_the_data_set(samples: _Stored) -> _Stored:
    """A picture of 28 x 28, which is no photo, as Fashion-MNIST has it: its lightness, on a dark border.

    A garment on a transparent ground is laid over the ground that it was drawn on: over black or over white.

    Args:
        samples: uint8, (28, 28), RGB or RGBA as well.

    Returns:
        uint8, (28, 28), light on black.
    """
    if samples.ndim == 3 and samples.shape[2] == 4:
        grey = cv2.cvtColor(samples, cv2.COLOR_RGBA2GRAY).astype(np.uint8, copy=False)
        opacity = np.ascontiguousarray(samples[..., 3])
        is_clear = opacity.any() and cv2.mean(_border(opacity))[0] < LIGHT_BORDER
        if is_clear and _was_on_black(grey, opacity >= LIGHT_BORDER):
            return (grey * (opacity / 255.0)).round().astype(np.uint8)
    if samples.ndim == 3:
        samples = cv2.cvtColor(_rgb_over_white(samples), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    is_light = cv2.mean(_border(samples))[0] >= LIGHT_BORDER
    return cv2.bitwise_not(samples).astype(np.uint8, copy=False) if is_light else samples


def _was_on_black(grey: _Stored, garment: NDArray[np.bool_]) -> bool:
    """Whether a garment that was cut out fades to black at its edge, not to white.

    Of 5,000 training pictures of Fashion-MNIST, on black and negated, this is right for .997.
    """
    inner = cv2.erode(garment.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    edge = grey[garment & ~inner].mean() if (garment & ~inner).any() else 0.0
    middle = grey[inner].mean() if inner.any() else edge
    if abs(middle - edge) < FLAT:
        return bool(middle >= LIGHT_BORDER)
    return bool(3 * edge < 2 * middle + LIGHT_BORDER)


_LOSSY = frozenset({"JPEG", "WebP", "AVIF", "HEIC"})
"""Formats that store a grey picture with channels that differ a little."""

CHANNELS_APART, CHANNELS_APART_ON_AVERAGE = 8, 2.0
"""Levels by which the channels of a grey picture may differ in such a format."""

FEWEST_LEVELS = 9
"""Of an enlarged picture: an icon of few levels is no picture of the data set."""


def _as_input(samples: _Stored, contract: InputContract, *, lossy: bool) -> _Stored | None:
    """The grey samples of a picture that is a grey model's own input, in whatever mode it was saved.

    That is one of the input's size whose channels are equal; and, for 28 x 28, one that was enlarged by a
    whole factor without smoothing, as notebooks show the data set.

    Returns:
        uint8, of the contract's shape; None for any other picture.
    """
    if contract.channels > 1:
        return None
    if samples.shape[:2] == contract.shape:
        return _grey_of(samples, lossy=lossy)
    factor, rest = divmod(samples.shape[0], EDGE)
    if rest or factor < 2 or contract.shape != (EDGE, EDGE) or samples.shape[:2] != (factor * EDGE,) * 2:
        return None
    grey = _grey_of(samples, lossy=False)
    if grey is None:
        return None
    small = grey[::factor, ::factor]
    same = np.array_equal(grey, small.repeat(factor, axis=0).repeat(factor, axis=1))
    return small if same and len(np.unique(small)) >= FEWEST_LEVELS else None


def _grey_of(samples: _Stored, *, lossy: bool) -> _Stored | None:
    """The one channel of an opaque picture whose channels are equal, uint8 (H, W); None of any other."""
    if samples.ndim == 2:
        return samples
    if samples.shape[2] == 4 and np.ptp(samples[..., 3]):
        return None
    rgb = _rgb_over_white(samples)
    apart = np.ptp(rgb, axis=2)
    most, on_average = (CHANNELS_APART, CHANNELS_APART_ON_AVERAGE) if lossy else (0, 0.0)
    if int(apart.max()) > most or float(apart.mean()) > on_average:
        return None
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _border(samples: _Stored) -> _Stored:
    """The outermost samples of (H, W)."""
    return np.concatenate((samples[0], samples[-1], samples[:, 0], samples[:, -1]))


def _rgb_over_white(samples: _Stored) -> Picture:
    if samples.ndim == 2:
        return cv2.cvtColor(samples, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    if samples.shape[2] == 3:
        return samples
    rgb = cv2.cvtColor(samples, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)
    alpha = cv2.extractChannel(samples, 3)
    if not alpha.any():  # 32 bits a pixel of which 8 are not used, as Windows and TGA write them
        return rgb
    opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    cv2.multiply(rgb, opacity, rgb, 1 / 255)  # in place, as a picture may have 50 million pixels
    return cv2.add(rgb, cv2.bitwise_not(opacity, opacity), rgb).astype(np.uint8, copy=False)

"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

Two lanes, by who bounds the work. Pillow decodes a JPEG, PNG or WebP where it is, after picture_opening.py
has scanned it; a PNG that is nothing but a grey model's own input goes to OpenCV, in less than half of the
time. Any other format is decoded by a process of its own (child_decoder.py), whose time and memory the
kernel bounds. Bytes in, arrays out; convert.py is the next step.
"""

import io
import warnings
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import (
    Image,
    WebPImagePlugin,  # noqa: F401 - registers itself
)

from inference.arrays import Picture, Pixels
from inference.child_decoder import CostListener, decode_in_child, ignore_cost
from inference.contract import EDGE, GREY_28, InputContract
from inference.fashion_picture import StoredSamples, blend_over_white, find_own_input
from inference.picture_opening import OpenedPicture, make_damage_error, open_picture
from inference.samples import apply_orientation, convert_to_8_bits, reduce_image

MAX_PIXELS = 51_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

MAX_BYTES = 20_000_000
"""Largest file or upload that is read, in bytes, unless an operator says otherwise, as for MAX_PIXELS."""

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""


@dataclass(frozen=True)
class DecodedPicture:
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
        return self.samples if self.pixels is None else blend_over_white(self.pixels)


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


def decode_image(
    upload: bytes, max_pixels: int, contract: InputContract = GREY_28, report_cost: CostListener = ignore_cost
) -> DecodedPicture:
    """Decode an upload; of an animation, the first frame.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        max_pixels: largest width x height that the header may declare.
        contract: of the release that reads the picture.
        report_cost: receives what a process of its own took.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: more than `max_pixels`, or more work than a picture of its size.
        BrokenPicture: truncated or damaged.
        DecoderStopped: the process of a picture was ended by the system.
    """
    return decode_opened_image(open_picture(upload, max_pixels, contract), max_pixels, contract, report_cost)


def decode_opened_image(
    opened: OpenedPicture,
    max_pixels: int,
    contract: InputContract = GREY_28,
    report_cost: CostListener = ignore_cost,
) -> DecodedPicture:
    """Decode what `open_picture` returned, reduced if it is much larger than needed. See `decode`."""
    edge = max(REDUCED_EDGE, 2 * max(contract.shape))
    if opened.lane == "bare":
        samples = cv2.imdecode(np.frombuffer(opened.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if samples is not None:  # what OpenCV refuses, Pillow decides
            return _decoded(samples.astype(np.uint8, copy=False), contract, "PNG")
    if opened.lane == "isolated":
        image = decode_in_child(opened, max_pixels, edge, report_cost)
    elif opened.format == "JPEG" and not opened.data.endswith(_END):
        image = _without_end(opened, edge)
    else:
        image = _by_pillow(opened, edge)
    return _decoded(np.asarray(image), contract, opened.format)


_END = b"\xff\xd9"
"""The last two bytes of a JPEG (ITU-T T.81, section B.1.1.3)."""

_SAMPLES = b"\xa7\x5c\xe3\x19" * 64
"""What changes a picture that lacks samples, and no other."""


def _without_end(opened: OpenedPicture, edge: int) -> Image.Image:
    """A JPEG that lacks its end and no sample: what follows its samples then makes no difference."""
    data = opened.data.rstrip(b"\xff")
    picture, other = (_by_pillow(replace(opened, data=data + more + _END), edge) for more in (b"", _SAMPLES))
    if picture != other:
        raise make_damage_error("JPEG", *opened.size)
    return picture


def _by_pillow(opened: OpenedPicture, edge: int) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(opened.data), formats=(opened.format.upper(),))
        if factor := next((factor for factor in (8, 4, 2) if max(image.size) >= factor * edge), 0):
            # A JPEG's decoder reduces it while it decodes, as far as both edges of the size allow.
            image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
        image.load()
        return reduce_image(convert_to_8_bits(apply_orientation(image, opened.orientation)), edge)
    except Exception as error:
        raise make_damage_error(opened.format, *opened.size) from error


_LOSSY = frozenset({"JPEG", "WebP", "AVIF", "HEIC"})
"""Formats that store a grey picture with channels that differ a little."""


def _decoded(samples: StoredSamples, contract: InputContract, name: str | None) -> DecodedPicture:
    own_pixels = find_own_input(samples, contract, is_lossy=name in _LOSSY)
    return DecodedPicture(blend_over_white(samples) if own_pixels is None else own_pixels)

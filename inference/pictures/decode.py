"""Decode an upload into a picture: upright, RGB, 8 bits, alpha composited over white.

There are two lanes. A JPEG, PNG or WebP was scanned by picture_opening.py, so its work is bounded, and Pillow
decodes it in this process. (A PNG that is nothing but a grey model's own input goes to OpenCV, which takes
less than half of the time.) Any other format is decoded in a separate process (child_decoder.py), whose time
and memory the kernel limits. Bytes in, arrays out. convert.py is the next step.
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
from inference.contract import EDGE, GREY_28, InputContract
from inference.pictures.child_decoder import CostListener, decode_in_child, ignore_cost
from inference.pictures.fashion_picture import StoredSamples, blend_over_white, extract_ready_pixels
from inference.pictures.picture_opening import OpenedPicture, make_damage_error, open_picture
from inference.pictures.samples import apply_orientation, convert_to_8_bits, reduce_image
from inference.pictures.signatures import Format

MAX_PIXELS = 51_000_000
"""Default limit for width x height of a picture, in serving and in training."""

MAX_BYTES = 20_000_000
"""Default limit for the bytes of a file or an upload, in serving and in training."""

REDUCED_EDGE = 16 * EDGE
"""Longest edge, in pixels, below which a JPEG is decoded at its full size.

A garment that fills only an eighth of the photo then still has two samples for each of the 28 pixels. Larger
inputs need a larger picture: two samples for each of their pixels.
"""


@dataclass(frozen=True)
class DecodedPicture:
    """A decoded upload.

    Attributes:
        samples: the picture, uint8, (H, W, 3), RGB, upright; a large JPEG at a half, a quarter or an eighth
            of its size. A single-channel picture of the size of a grey input stays as it is, (H, W); it is
            light on black if the model reads that.
        original_size: width and height of the upload, upright, before it was reduced; None if they are those
            of the samples.
    """

    samples: Picture | Pixels
    original_size: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Width of the upload in pixels, upright, before it was reduced: 4000 for a photo of 4000 x 3000."""
        return self.original_size[0] if self.original_size else self.samples.shape[1]

    @property
    def height(self) -> int:
        """Height of the upload in pixels, upright, before it was reduced: 3000 for a photo of 4000 x 3000."""
        return self.original_size[1] if self.original_size else self.samples.shape[0]

    @property
    def pixels(self) -> Pixels | None:
        """The samples of a single-channel upload of the size of a grey input; None for any other upload."""
        return self.samples if self.samples.ndim == 2 else None

    @property
    def picture(self) -> Picture:
        """The picture, uint8, (H, W, 3), RGB. If the upload has pixels, each access computes it."""
        return self.samples if self.pixels is None else blend_over_white(self.pixels)


def prepare_decoders(max_pixels: int = MAX_PIXELS) -> None:
    """Configure OpenCV and Pillow for this process. Call this once, when the program starts.

    OpenCV uses one thread, since there are as many workers as cores, and prints no messages, since
    BrokenPicture tells the sender of a damaged upload. Pillow itself refuses pictures that declare more than
    twice `max_pixels`.
    """
    cv2.setNumThreads(0)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # exceptions decide
    Image.MAX_IMAGE_PIXELS = max_pixels
    Image.preinit()  # what is not imported above; `init` would load forty formats that are not read


def decode_image(
    upload: bytes, max_pixels: int, contract: InputContract = GREY_28, report_cost: CostListener = ignore_cost
) -> DecodedPicture:
    """Decode an upload into a picture; of an animation, the first frame.

    Args:
        upload: the bytes of a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        max_pixels: the largest width x height that the header may declare.
        contract: the input of the network that reads pixels.
        report_cost: a function that receives the cost, if the upload is decoded in a separate process.

    Raises:
        UnknownPictureFormat: the upload is no accepted format, or has samples of neither 8 nor 16 bits.
        PictureTooLarge: the picture has more than `max_pixels`, or takes more work than others of its size.
        BrokenPicture: the upload is truncated or damaged.
        DecoderStopped: the system ended the process that decodes the picture.
    """
    return decode_opened_image(open_picture(upload, max_pixels, contract), max_pixels, contract, report_cost)


def decode_opened_image(
    picture: OpenedPicture,
    max_pixels: int,
    contract: InputContract = GREY_28,
    report_cost: CostListener = ignore_cost,
) -> DecodedPicture:
    """Decode an opened picture, and reduce it if it is much larger than the network needs.

    Arguments and errors are those of `decode_image`.
    """
    edge = max(REDUCED_EDGE, 2 * max(contract.shape))
    if picture.lane == "bare":
        samples = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if samples is not None:  # what OpenCV refuses, Pillow decides
            return _keep_own_input(samples.astype(np.uint8, copy=False), picture.size, contract, "PNG")
    size = picture.upright_size
    if picture.lane == "isolated":
        image, size = decode_in_child(picture, max_pixels, edge, report_cost)
    elif picture.format == "JPEG" and not picture.data.endswith(_END):
        image = _decode_without_end(picture, edge)
    else:
        image = _decode_with_pillow(picture, edge)
    return _keep_own_input(np.asarray(image), size, contract, picture.format)


_END = b"\xff\xd9"
"""The last two bytes of a JPEG (ITU-T T.81, section B.1.1.3)."""

_SAMPLES = b"\xa7\x5c\xe3\x19" * 64
"""Bytes that change a picture that lacks samples, and no other picture."""


def _decode_without_end(opened: OpenedPicture, edge: int) -> Image.Image:
    """Decode a JPEG that lacks its end, and refuse it if it lacks samples, too.

    Bytes behind the samples make no difference to a picture that has all its samples.
    """
    data = opened.data.rstrip(b"\xff")
    picture = _decode_with_pillow(replace(opened, data=data + _END), edge)
    other_picture = _decode_with_pillow(replace(opened, data=data + _SAMPLES + _END), edge)
    if picture != other_picture:
        raise make_damage_error("JPEG", *opened.size)
    return picture


def _decode_with_pillow(opened: OpenedPicture, edge: int) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(opened.data), formats=(opened.format.upper(),))
        if factor := next((factor for factor in (8, 4, 2) if max(image.size) >= factor * edge), 0):
            # A JPEG's decoder reduces it while it decodes, as far as both edges of the size allow.
            image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
        image.load()
        return reduce_image(convert_to_8_bits(apply_orientation(image, opened.orientation)), edge)
    except Exception as error:
        raise make_damage_error(opened.format, *opened.size) from error


_LOSSY: frozenset[Format] = frozenset({"JPEG", "WebP", "AVIF", "HEIC"})
"""Formats that store a grey picture with channels that differ a little."""


def _keep_own_input(
    samples: StoredSamples, size: tuple[int, int], contract: InputContract, name: Format
) -> DecodedPicture:
    """Return a picture that already is a grey model's input as it is, and any other one in RGB over white."""
    own_pixels = extract_ready_pixels(samples, contract, is_lossy=name in _LOSSY)
    return DecodedPicture(blend_over_white(samples) if own_pixels is None else own_pixels, size)

"""Convert a picture into pixels, the way that the release's input contract names.

`cut-out` is the way Fashion-MNIST was made: find the garment, convert it to grey, light on black, and frame
it, one function each, which `convert` calls in order. `whole` resizes the picture. Pure functions of arrays.
garment/foreground.py finds, framing.py frames, docs/explanation/conversion.md says where
this differs from the paper and why.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from inference.arrays import Grey, Mask, Picture, Pixels
from inference.contract import EDGE, Cascade, Ground, Imaging, InputContract, network_for
from inference.crops import ModelInput
from inference.decode import REDUCED_EDGE, Decoded
from inference.framing import bounding_box, centre, fit_whole, no_larger_than, shrink
from inference.garment.border import look_at_border
from inference.garment.foreground import Found, find_garment, find_worn, is_plain


@dataclass(frozen=True)
class Conversion:
    """The results of all steps from a picture to pixels.

    Attributes:
        picture: the decoded picture, reduced if it was larger than needed.
        found: the garment on it; None when the upload already was pixels.
        grey: the garment, cropped, light on black; None likewise, and when no garment was found.
        pixels: what the model reads.
        worn: what it reads in addition of a person: the garment that is worn; None where there is none.
    """

    picture: Picture
    found: Found | None
    grey: Grey | None
    pixels: Pixels
    worn: Pixels | None = None

    @property
    def is_cluttered(self) -> bool:
        """Whether there is more around the garment than one colour."""
        return self.found is not None and self.found.cluttered


def to_model_input(
    decoded: Decoded, contract: InputContract, photos: InputContract | None = None
) -> ModelInput:
    """All that a release reads of an upload: `decoded_to_pixels`, and the garment that is worn.

    Args:
        decoded: from decode.py, by `contract`.
        contract: the input of the first network.
        photos: of the second one, which reads the pictures that are not the first's pixels.
    """
    shape = None if decoded.pixels is None else decoded.pixels.shape
    if photos is not None and network_for(shape, contract, photos) == "photos":
        return replace(to_model_input(Decoded(decoded.picture, decoded.garment), photos), network="photos")
    if decoded.pixels is not None or contract.framing == "whole":
        pixels, enlarged = decoded_to_pixels(decoded, contract), is_enlarged(decoded, contract)
        return ModelInput(
            pixels, enlarged=enlarged, shown=ground_of(decoded) if decoded.is_photo else "pixels"
        )
    done = convert(decoded, contract.imaging)
    return ModelInput(done.pixels, done.worn, shown="cluttered" if done.is_cluttered else "plain")


def ground_of(decoded: Decoded) -> Ground:
    """Whether one colour surrounds what a photo shows; less of it need be seen where it is white or black."""
    if decoded.garment is not None:
        return "plain"
    border = look_at_border(decoded.picture, Imaging().border_tolerance)
    return "plain" if is_plain(border, Cascade()) else "cluttered"


def decoded_to_pixels(decoded: Decoded, contract: InputContract) -> Pixels:
    """Return the pixels of an upload as they are, if it has them; else convert its picture.

    A picture in which nothing differs from the border becomes black when it is cut out. That raises no error
    here: such pixels have a low familiarity.

    Args:
        decoded: from decode.py.
        contract: of the release.

    Returns:
        uint8, of the contract's `array_shape`, C-contiguous.
    """
    if decoded.pixels is not None:
        return decoded.pixels
    if contract.framing == "cut-out":
        return convert(decoded, contract.imaging).pixels
    picture = decoded.picture
    return fit_whole(as_grey(picture) if contract.channels == 1 else picture, contract.shape)


def is_enlarged(decoded: Decoded, contract: InputContract) -> bool:
    """Whether a whole picture is smaller than the input, so that `decoded_to_pixels` enlarges it."""
    height, width = decoded.samples.shape[:2]
    return contract.framing == "whole" and height < contract.shape[0] and width < contract.shape[1]


def convert(decoded: Decoded, imaging: Imaging) -> Conversion:
    """Cut out the garment, and return the result of each step."""
    if decoded.pixels is not None:
        return Conversion(decoded.picture, None, None, decoded.pixels)
    picture, transparency = decoded.picture, decoded.garment
    if imaging.cascade is not None:
        # 448 = 16 x 28 bounds the cost; an eighth of it still has two samples for each pixel.
        picture = no_larger_than(picture, REDUCED_EDGE)
        transparency = None if transparency is None else no_larger_than(transparency, REDUCED_EDGE)
    found = find_garment(picture, transparency, imaging)
    worn = find_worn(picture, found, imaging)
    done = converted(picture, found, imaging)
    return done if worn is None else replace(done, worn=converted(picture, worn, imaging).pixels)


def converted(picture: Picture, found: Found, imaging: Imaging) -> Conversion:
    """Convert a garment that was found.

    Args:
        picture: uint8, (H, W, 3), RGB.
        found: the garment on it.
        imaging: the parameters that the model was made with.
    """
    box = _WHOLE if found.way == "framed" else bounding_box(found.mask)
    if box is None:
        return Conversion(picture, found, None, np.zeros((EDGE, EDGE), np.uint8))
    grey = as_grey(picture[box])
    if found.negate:
        grey = negated(grey)
    mask = np.ascontiguousarray(found.mask[box])
    if found.lift and imaging.cascade and is_faint(grey, mask, imaging.cascade):
        grey = lifted(grey, imaging.cascade.faint_floor)
    grey = on_black(grey, mask)
    return Conversion(picture, found, grey, centre(shrink(grey, imaging)))


_WHOLE = (slice(None), slice(None))


def as_grey(picture: Picture) -> Grey:
    """Return the lightness of each pixel (ITU-R BT.601)."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def negated(grey: Grey) -> Grey:
    """Swap light and dark."""
    return cv2.bitwise_not(grey).astype(np.uint8, copy=False)


def is_faint(grey: Grey, garment: Mask, cascade: Cascade) -> bool:
    """Whether the median of a garment hardly differs from black.

    The data set has no white products, because they are invisible on white; users photograph them.
    """
    inside = cv2.threshold(garment, 127, 255, cv2.THRESH_BINARY)[1]
    counts = cv2.calcHist([grey], [0], inside, [256], [0, 256]).ravel()
    median = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    return median < cascade.faint_below


def lifted(grey: Grey, floor: int) -> Grey:
    """Scale grey values to `floor`..255: the silhouette becomes visible and the folds remain."""
    return cv2.convertScaleAbs(grey, alpha=(255 - floor) / 255, beta=floor).astype(np.uint8, copy=False)


def on_black(grey: Grey, garment: Mask) -> Grey:
    """Set everything but the garment to 0, gradually where the mask is soft."""
    return cv2.multiply(grey, garment, scale=1 / 255).astype(np.uint8, copy=False)

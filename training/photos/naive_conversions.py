"""The ways in which a photo is commonly made 28 x 28, to be set beside the service's own conversion.

Pure; nothing is served with the naive ones. Ours: inference/convert.py. Who compares them:
benchmarks/conversions.py.
"""

from dataclasses import replace

import cv2
import numpy as np

from inference.arrays import Pixels
from inference.contract import EDGE, Imaging
from inference.decode import Decoded
from training.data.picture_files import Convert, as_served


def conversions(imaging: Imaging) -> dict[str, Convert]:
    """Each way by its name, the most naive first.

    Args:
        imaging: how the release wants pictures converted, for the last way; and for the one before, which
            reads plain backgrounds alone, as the data set's own pictures were made (arXiv 1708.07747).
    """
    return {
        "naive": grey_resized,
        "inverted": inverted,
        "paper pipeline": as_served(replace(imaging, cascade=None)),
        "ours": as_served(imaging),
    }


def grey_resized(decoded: Decoded) -> Pixels:
    """Grey, squeezed into the square: what a service does that was told no more than the model's shape.

    Returns:
        uint8, (28, 28).
    """
    grey = cv2.cvtColor(np.ascontiguousarray(decoded.picture), cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (EDGE, EDGE), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def inverted(decoded: Decoded) -> Pixels:
    """The same, negated, whatever the background: shops' is white, the data set's black.

    Returns:
        uint8, (28, 28).
    """
    return np.asarray(255 - grey_resized(decoded), np.uint8)

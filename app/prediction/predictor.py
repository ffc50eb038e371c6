"""What an upload goes through: a slot, decoding, conversion, one run of the model.

Called by every route that classifies, whatever its dialect. Knows requests only as the items that reading.py
found.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from app.errors import RequestError, without_frames
from app.middleware.timing import Timing
from app.payloads.items import Item, Ready, Rows, Unreadable, Upload
from app.prediction.slots import Slots
from app.releases.serving import Served
from app.settings import Settings
from inference.arrays import Pixels
from inference.classifier import Prediction
from inference.contract import Imaging
from inference.convert import decoded_to_pixels
from inference.decode import decode
from inference.errors import UploadError
from inference.pixel_rows import rows_to_pixels


@dataclass(frozen=True)
class Classified:
    """One picture's answer: what the model saw, and what it said."""

    pixels: Pixels
    prediction: Prediction


@dataclass(frozen=True)
class Failed:
    """One picture of a batch that has an error in place of an answer."""

    error: UploadError | RequestError


Outcome: TypeAlias = Classified | Failed


class Predictor:
    """Classifies items within the worker's slots."""

    def __init__(self, settings: Settings, slots: Slots) -> None:
        self._settings = settings
        self._slots = slots

    def place(self) -> AbstractContextManager[None]:
        """A place in this worker, to be had before a request's body is read.

        Raises:
            Busy: on entering, when every place is taken.
        """
        return self._slots.place()

    def one(self, item: Upload | Rows, served: Served, timing: Timing) -> Classified:
        """Classify one picture.

        Raises:
            Busy: no slot was free in time.
            UploadError: the picture cannot be read.
            ModelError: the model failed.
        """
        timing.begin("queue")
        with self._slots.hold():
            pixels = self._pixels(item, served.contract.input.imaging, timing)
            timing.begin("infer")
            (prediction,) = served.classifier.classify(pixels[np.newaxis])
            timing.end()
        return Classified(pixels, prediction)

    def many(self, items: list[Item], served: Served, timing: Timing) -> list[Outcome]:
        """Classify a batch with one run of the model; a bad item gets its own error and spoils nothing.

        Raises:
            Busy: no slot was free in time.
            ModelError: the model failed.
        """
        imaging = served.contract.input.imaging
        timing.begin("queue")
        with self._slots.hold():
            read = [self._pixels_or_failure(item, imaging, timing) for item in items]
            good = [pixels for pixels in read if not isinstance(pixels, Failed)]
            timing.begin("infer")
            predictions = iter(served.classifier.classify(np.stack(good)) if good else [])
            timing.end()
        return [
            pixels if isinstance(pixels, Failed) else Classified(pixels, next(predictions)) for pixels in read
        ]

    def _pixels_or_failure(self, item: Item, imaging: Imaging, timing: Timing) -> Pixels | Failed:
        if isinstance(item, Unreadable):
            return Failed(item.error)
        try:
            return self._pixels(item, imaging, timing)
        except UploadError as error:
            return Failed(without_frames(error))

    def _pixels(self, item: Upload | Rows | Ready, imaging: Imaging, timing: Timing) -> Pixels:
        timing.begin("decode")
        if isinstance(item, Ready):
            return item.pixels
        if isinstance(item, Rows):
            return rows_to_pixels(item.value)
        decoded = decode(item.data, self._settings.max_pixels)
        timing.begin("convert")
        return decoded_to_pixels(decoded, imaging)

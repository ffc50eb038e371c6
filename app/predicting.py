"""What an upload goes through: a slot, decoding, conversion, one run of the model.

Called by every route that classifies, whatever its dialect. Knows requests only as the items that reading.py
found; timing goes to whoever asks for it.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from app.errors import RequestError, without_frames
from app.items import Item, Rows, Unreadable, Upload
from app.serving import Served
from app.settings import Settings
from app.slots import Slots
from inference.arrays import Pixels
from inference.classifier import Prediction
from inference.contract import Imaging
from inference.convert import decoded_to_pixels
from inference.decode import decode
from inference.errors import UploadError
from inference.pixel_rows import rows_to_pixels


@dataclass
class Timing:
    """Milliseconds that one request spent in each stage, added up over its pictures."""

    milliseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the block's wall time to the stage `name`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            elapsed = (time.perf_counter() - began) * 1000
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + elapsed


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
        with self._held(timing):
            pixels = self._pixels(item, served.contract.input.imaging, timing)
            with timing.stage("infer"):
                (prediction,) = served.classifier.classify(pixels[np.newaxis])
        return Classified(pixels, prediction)

    def many(self, items: list[Item], served: Served, timing: Timing) -> list[Outcome]:
        """Classify a batch with one run of the model; a bad item gets its own error and spoils nothing.

        Raises:
            Busy: no slot was free in time.
            ModelError: the model failed.
        """
        imaging = served.contract.input.imaging
        with self._held(timing):
            read = [self._pixels_or_failure(item, imaging, timing) for item in items]
            good = [pixels for pixels in read if not isinstance(pixels, Failed)]
            with timing.stage("infer"):
                predictions = iter(served.classifier.classify(np.stack(good)) if good else [])
        return [
            pixels if isinstance(pixels, Failed) else Classified(pixels, next(predictions)) for pixels in read
        ]

    @contextmanager
    def _held(self, timing: Timing) -> Iterator[None]:
        with ExitStack() as held:
            with timing.stage("queue"):
                held.enter_context(self._slots.hold())
            yield

    def _pixels_or_failure(self, item: Item, imaging: Imaging, timing: Timing) -> Pixels | Failed:
        if isinstance(item, Unreadable):
            return Failed(item.error)
        try:
            return self._pixels(item, imaging, timing)
        except UploadError as error:
            return Failed(without_frames(error))

    def _pixels(self, item: Upload | Rows, imaging: Imaging, timing: Timing) -> Pixels:
        if isinstance(item, Rows):
            with timing.stage("decode"):
                return rows_to_pixels(item.value)
        with timing.stage("decode"):
            decoded = decode(item.data, self._settings.max_pixels)
        with timing.stage("convert"):
            return decoded_to_pixels(decoded, imaging)

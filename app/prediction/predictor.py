"""From items to predictions: decode, convert, classify, each request within the concurrency limit.

Every route that classifies calls this, in any protocol. Large pictures and large bodies are worked on in a
native thread, so that the event loop serves other requests meanwhile; for small ones the change of threads
would cost more than the work. Knows requests only as the items that reading.py found.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from app.errors import ClientGone, RequestError, TooLarge, without_frames
from app.native_threads import run_in_native_thread
from app.payloads.items import Ready, RefusedItem, RequestItem, Rows, Upload
from app.prediction.admission import Admission, Slot
from app.prediction.timing import Timing
from app.releases.serving import Served
from app.settings import Settings
from inference.classifier import Classifier, Prediction
from inference.crops import ModelInput
from inference.decode import (
    Decoded,
    OpenedPicture,
    decode_isolated,
    decode_opened,
    is_isolated,
    is_small,
    open_picture,
    open_small,
)
from inference.errors import UploadError
from inference.explanation import Drops, explain
from inference.pixels import shape_of_rows

LARGE_RUN = 8 * 28 * 28
"""From so many numbers on, the model runs in one: eight pictures of 28 x 28, or one of 64 x 64 in RGB."""

LARGE_AT_A_TIME = 2
"""Large pictures that a worker decodes at a time: each takes up to 16 bytes a pixel, whatever has a slot.

Large runs of the model are among them: they take memory, too.
"""


@dataclass(frozen=True)
class Classified:
    """One picture with its answer."""

    model_input: ModelInput
    prediction: Prediction


@dataclass(frozen=True)
class Failed:
    """One picture of a batch that has an error in place of an answer."""

    error: UploadError | RequestError


Outcome: TypeAlias = Classified | Failed


class Predictor:
    """Classifies items, as many requests at a time as `admission` lets work."""

    def __init__(self, settings: Settings, admission: Admission) -> None:
        self._settings = settings
        self._admission = admission
        self._large = threading.BoundedSemaphore(LARGE_AT_A_TIME)

    @contextmanager
    def admitted(self, timing: Timing) -> Iterator[Slot]:
        """Hold a slot for the block: from parsing the body, which has been read, to the prediction.

        Raises:
            Busy: on entering, when the queue is full or the wait was too long.
        """
        timing.begin("queue")
        with self._admission.admit() as slot:
            timing.end()
            yield slot

    def one(self, item: Upload | Rows, served: Served, timing: Timing, slot: Slot) -> Classified:
        """Classify one picture.

        Raises:
            Busy: it is large, and the wait for its place was too long.
            UploadError: the picture cannot be read.
            ModelError: the model failed.
        """
        model_input = self._prepare(item, served.classifier, timing, slot)
        # Ready requests run the model one after another, then answer one after another: each change between
        # the model and Python empties the processor's cache.
        timing.end()
        _let_ready_requests_run()
        timing.begin("infer")
        (prediction,) = self._classify([model_input], served, slot)
        timing.end()
        _let_ready_requests_run()
        return Classified(model_input, prediction)

    def explain(self, classified: Classified, served: Served, timing: Timing, slot: Slot) -> Drops:
        """Measure what each part of a picture adds to its answer, at the cost of a large picture.

        Raises:
            Busy: the wait for its place was too long.
            ModelError: the model failed.
        """
        timing.begin("queue")
        with slot.with_place(self._large):
            timing.begin("explain")
            model_input, class_id = classified.model_input, classified.prediction.class_id
            drops = run_in_native_thread(explain, served.classifier, model_input, class_id)
        timing.end()
        return drops

    def many(
        self,
        items: list[RequestItem],
        served: Served,
        timing: Timing,
        slot: Slot,
        has_left: Callable[[], bool],
    ) -> list[Outcome]:
        """Classify a batch with one run of the model; a bad item gets its own error and spoils nothing.

        Between two pictures, requests that wait go first.

        Args:
            items: of the request.
            served: the release that answers it.
            timing: of the request.
            slot: that it holds.
            has_left: whether its client has gone, so that the rest is not worth the work.

        Raises:
            TooLarge: the pictures have more than MAX_BATCH_PIXELS in all; nothing was decoded.
            Busy: the wait for the place of a large picture was too long.
            ClientGone: the client has left.
            ModelError: the model failed.
        """
        opened = run_in_native_thread(self._check_pixels, items)
        prepared: list[ModelInput | Failed] = []
        for item, small in zip(items, opened, strict=True):
            if prepared:
                timing.begin("queue")
                slot.give_way()
                _let_ready_requests_run()  # else this batch is again the next to decode a large picture
            if has_left():
                raise ClientGone(
                    "The client closed its connection, or its side of it, before its batch was finished. "
                    "Keep both open until the answer has come; `nc -N` closes one."
                )
            prepared.append(self._prepare_or_fail(item, small, served.classifier, timing, slot))
        good = [one for one in prepared if not isinstance(one, Failed)]
        timing.begin("infer")
        predictions = iter(self._classify(good, served, slot) if good else [])
        timing.end()
        return [one if isinstance(one, Failed) else Classified(one, next(predictions)) for one in prepared]

    def _check_pixels(self, items: list[RequestItem]) -> list[OpenedPicture | None]:
        """The items with their headers read, where they are small; others would take memory until their turn.

        Raises:
            TooLarge: as `many`.
        """
        total, small = 0, list[OpenedPicture | None]()
        for item in items:
            upload = item.data if isinstance(item, Upload) else b""
            opened = self._opened(upload)
            total += opened.width * opened.height if opened else 0
            small.append(opened if opened and is_small(upload, opened) else None)
        if total > self._settings.max_batch_pixels:
            raise TooLarge(
                f"The pictures have {total:,} pixels in all; at most {self._settings.max_batch_pixels:,} are "
                "decoded for one request (MAX_BATCH_PIXELS). Send them in several batches, or smaller."
            )
        return small

    def _opened(self, upload: bytes) -> OpenedPicture | None:
        """None for a picture that is refused by itself, and never decoded."""
        try:
            return open_picture(upload, self._settings.max_pixels)
        except UploadError:
            return None

    def _prepare_or_fail(
        self,
        item: RequestItem,
        opened: OpenedPicture | None,
        classifier: Classifier,
        timing: Timing,
        slot: Slot,
    ) -> ModelInput | Failed:
        if isinstance(item, RefusedItem):
            return Failed(item.error)
        try:
            return self._prepare(item, classifier, timing, slot, opened)
        except UploadError as error:
            return Failed(without_frames(error))

    def _prepare(
        self,
        item: Upload | Rows | Ready,
        classifier: Classifier,
        timing: Timing,
        slot: Slot,
        opened: OpenedPicture | None = None,
    ) -> ModelInput:
        if isinstance(item, Upload):
            return self._prepare_upload(item.data, opened, classifier, timing, slot)
        timing.begin("decode")
        if isinstance(item, Ready):
            return ModelInput(item.pixels)
        is_large = math.prod(shape_of_rows(item.value)) >= LARGE_RUN
        check = partial(classifier.rows_input, item.value)
        return run_in_native_thread(check) if is_large else check()

    def _prepare_upload(
        self,
        upload: bytes,
        opened: OpenedPicture | None,
        classifier: Classifier,
        timing: Timing,
        slot: Slot,
    ) -> ModelInput:
        opened = opened or open_small(upload, self._settings.max_pixels)
        if opened is None or not is_small(upload, opened):
            timing.begin("queue")
            with slot.with_place(self._large):
                return self._prepare_large(upload, opened, classifier, timing)
        timing.begin("decode")
        return _converted(decode_opened(opened, classifier.contract.input), classifier, timing)

    def _prepare_large(
        self, upload: bytes, opened: OpenedPicture | None, classifier: Classifier, timing: Timing
    ) -> ModelInput:
        timing.begin("decode")
        limit = self._settings.max_pixels

        def converted() -> ModelInput | OpenedPicture:
            picture = opened or open_picture(upload, limit)
            if is_isolated(picture):
                return picture
            return _converted(decode_opened(picture, classifier.contract.input), classifier, timing)

        done = run_in_native_thread(converted)
        if isinstance(done, ModelInput):
            return done
        # The event loop waits for its process.
        decoded = decode_isolated(upload, done, limit, classifier.contract.input)
        return run_in_native_thread(_converted, decoded, classifier, timing)

    def _classify(self, inputs: Sequence[ModelInput], served: Served, slot: Slot) -> list[Prediction]:
        if sum(one.pixels.size * (1 if one.worn is None else 2) for one in inputs) < LARGE_RUN:
            return served.classifier.classify_inputs(inputs)
        with slot.with_place(self._large):
            return run_in_native_thread(served.classifier.classify_inputs, inputs)


def _let_ready_requests_run() -> None:
    """Give every other ready request a turn. Under gevent `time.sleep` is its own; elsewhere 0 is no wait."""
    time.sleep(0)


def _converted(decoded: Decoded, classifier: Classifier, timing: Timing) -> ModelInput:
    timing.begin("convert")
    return classifier.model_input(decoded)

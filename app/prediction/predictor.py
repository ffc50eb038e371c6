"""From items to answers: each request within the concurrency limit, each picture in one place.

Every route that classifies calls this, in any protocol. `answer_picture` takes one picture all the way: open,
decode, convert, classify, encode what was asked for. It runs on the event loop for pixels and for pictures so
small that a change of threads would cost more, and else as a whole in a native thread, so that the event loop
serves other requests meanwhile. The process of a HEIC or AVIF alone is awaited on the loop, before it. Knows
requests only as the items that reading.py found.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.errors import Busy, ClientGone, RequestError, TooLarge, without_frames
from app.native_threads import run_in_native_thread
from app.payloads.items import Ready, RefusedItem, RequestItem, Rows, Upload
from app.prediction.admission import Admission, Slot
from app.prediction.parameters import WITHOUT_QUERY, Parameters
from app.prediction.timing import QUEUE, Timing
from app.releases.serving import Served
from app.settings import Settings
from inference.classifier import Classifier, Prediction
from inference.convert import ModelInput
from inference.decode import (
    Decoded,
    Isolated,
    decode,
    decode_in_child,
    decode_input,
    decode_opened,
    decoded_by_child,
)
from inference.errors import DecoderStopped, PictureTooLarge, UploadError
from inference.explanation import Drops, explain, heat_map
from inference.opening import (
    SMALL_BYTES,
    SMALL_PIXELS,
    OpenedPicture,
    is_isolated,
    is_small,
    open_picture,
    open_small,
)
from inference.pixels import pixels_to_png, shape_of_rows

LARGE_RUN = 8 * 28 * 28
"""From so many numbers on, the model runs in one: eight pictures of 28 x 28, or one of 64 x 64 in RGB."""

LARGE_AT_A_TIME = 2
"""Large pictures that a worker decodes at a time: each takes up to 16 bytes a pixel, whatever has a slot.

Large runs of the model are among them: they take memory, too.
"""


DECODER_SECONDS = 2
"""Retry-After where the system ended the process of a HEIC or AVIF."""

Source: TypeAlias = Rows | Ready | Upload | OpenedPicture | Isolated | Decoded
"""A picture before it is decoded, or what its own process or OpenCV left of it."""


@dataclass(frozen=True)
class Explained:
    """What each part of a picture adds to its answer, and the same as a PNG."""

    drops: Drops
    heat_map: bytes


@dataclass(frozen=True)
class Classified:
    """One picture with its answer.

    Attributes:
        seen: a PNG of the pixels that the model read, if it was asked for.
        explained: likewise.
    """

    model_input: ModelInput
    prediction: Prediction
    seen: bytes | None = None
    explained: Explained | None = None


@dataclass(frozen=True)
class Failed:
    """One picture of a batch that has an error in place of an answer."""

    error: UploadError | RequestError


Outcome: TypeAlias = Classified | Failed


@dataclass
class PixelBudget:
    """The pixels that the pictures of a batch may still have."""

    left: int


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
        timing.begin(QUEUE)
        with self._admission.admit() as slot:
            timing.end()
            yield slot

    def one(
        self,
        item: Upload | Rows,
        served: Served,
        timing: Timing,
        slot: Slot,
        parameters: Parameters = WITHOUT_QUERY,
    ) -> Classified:
        """Answer one picture.

        Raises:
            Busy: it is large, and the wait for its place was too long; or the system ended its decoder.
            UploadError: the picture cannot be read.
            ModelError: the model failed.
        """
        source = self._opened_small(item, served.classifier, timing)
        if _is_light(source, served.classifier) and not parameters.explain:
            return answer_picture(
                source, served, timing, parameters, self._settings.max_pixels, _let_ready_requests_run
            )
        timing.begin(QUEUE)
        with slot.with_place(self._large):
            if isinstance(source, Upload) and is_isolated(source.data):
                timing.begin("decode")
                source = self._by_child(source.data, served.classifier)
            return run_in_native_thread(
                answer_picture, source, served, timing, parameters, self._settings.max_pixels
            )

    def _opened_small(self, item: Upload | Rows, classifier: Classifier, timing: Timing) -> Source:
        """The item, opened or decoded already where that takes less than a change of threads."""
        if not isinstance(item, Upload) or len(item.data) > SMALL_BYTES:
            return item
        timing.begin("decode")
        decoded = decode_input(item.data, self._settings.max_pixels, classifier.contract.input)
        return decoded or open_small(item.data, self._settings.max_pixels) or item

    def _by_child(self, upload: bytes, classifier: Classifier) -> Isolated:
        try:
            return decode_in_child(upload, self._settings.max_pixels, classifier.contract.input)
        except DecoderStopped as error:
            raise Busy(str(error), DECODER_SECONDS) from error

    def many(  # noqa: PLR0913, PLR0917 - a request, its place, and what it asks for
        self,
        items: list[RequestItem],
        served: Served,
        timing: Timing,
        slot: Slot,
        has_left: Callable[[], bool],
        parameters: Parameters = WITHOUT_QUERY,
    ) -> list[Outcome]:
        """Answer a batch with one run of the model; a bad item gets its own error and spoils nothing.

        Between two pictures, requests that wait go first.

        Args:
            items: of the request.
            served: the release that answers it.
            timing: of the request.
            slot: that it holds.
            has_left: whether its client has gone, so that the rest is not worth the work.
            parameters: of its query.

        Raises:
            TooLarge: the pictures have more than MAX_BATCH_PIXELS in all; nothing was decoded. A HEIC or AVIF
                counts when its turn comes, and gets this error alone.
            Busy: the wait for the place of a large picture was too long.
            ClientGone: the client has left.
            ModelError: the model failed.
        """
        timing.begin("decode")
        opened, budget = run_in_native_thread(self._check_pixels, items)
        prepared: list[ModelInput | Failed] = []
        for item, small in zip(items, opened, strict=True):
            if prepared:
                timing.begin(QUEUE)
                slot.give_way()
                _let_ready_requests_run()  # else this batch is again the next to decode a large picture
            if has_left():
                raise ClientGone(
                    "The client closed its connection, or its side of it, before its batch was finished. "
                    "Keep both open until the answer has come; `nc -N` closes one."
                )
            if isinstance(item, RefusedItem):
                prepared.append(Failed(item.error))
                continue
            try:
                prepared.append(self._prepare(small or item, served.classifier, timing, slot, budget))
            except (UploadError, TooLarge) as error:
                prepared.append(Failed(without_frames(_waitable(error))))
        good = [one for one in prepared if not isinstance(one, Failed)]
        timing.begin("infer")
        answers = iter(self._answer_all(good, served, slot, parameters) if good else [])
        timing.end()
        return [one if isinstance(one, Failed) else next(answers) for one in prepared]

    def _check_pixels(self, items: list[RequestItem]) -> tuple[list[OpenedPicture | None], PixelBudget]:
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
        return small, PixelBudget(self._settings.max_batch_pixels - total)

    def _opened(self, upload: bytes) -> OpenedPicture | None:
        """None for a picture that is refused by itself, and never decoded; and for a HEIC or AVIF."""
        try:
            return open_picture(upload, self._settings.max_pixels)
        except UploadError:
            return None

    def _prepare(
        self, source: Source, classifier: Classifier, timing: Timing, slot: Slot, budget: PixelBudget
    ) -> ModelInput:
        """The pixels of one picture of a batch."""
        if _is_light(source, classifier):
            return _model_input(source, classifier, timing, self._settings.max_pixels)
        timing.begin(QUEUE)
        with slot.with_place(self._large):
            if isinstance(source, Upload) and is_isolated(source.data):
                timing.begin("decode")
                source = self._within(source.data, classifier, budget)
            return run_in_native_thread(_model_input, source, classifier, timing, self._settings.max_pixels)

    def _within(self, upload: bytes, classifier: Classifier, budget: PixelBudget) -> Isolated:
        """Decode a HEIC or AVIF of a batch, within the pixels that its pictures may have."""
        limit = self._settings.max_pixels
        try:
            done = decode_in_child(upload, min(limit, budget.left), classifier.contract.input)
        except PictureTooLarge as error:
            if budget.left >= limit:
                raise
            raise TooLarge(
                f"With this picture, those of the request have more than {self._settings.max_batch_pixels:,} "
                "pixels (MAX_BATCH_PIXELS), or it has too many itself. Send it by itself."
            ) from error
        budget.left -= done.width * done.height
        return done

    def _answer_all(
        self, inputs: Sequence[ModelInput], served: Served, slot: Slot, parameters: Parameters
    ) -> list[Classified]:
        numbers = sum(one.pixels.size for one in inputs)
        if numbers < LARGE_RUN and not parameters.seen:
            return _answered(inputs, served, parameters)
        with slot.with_place(self._large):
            return run_in_native_thread(_answered, inputs, served, parameters)


def answer_picture(  # noqa: PLR0913, PLR0917 - a picture, who answers it, and what was asked for
    source: Source,
    served: Served,
    timing: Timing,
    parameters: Parameters,
    max_pixels: int,
    pause: Callable[[], None] = lambda: None,
) -> Classified:
    """Take one picture to its answer, in the thread of the caller.

    Args:
        source: the picture.
        served: the release that answers.
        timing: of the request.
        parameters: of its query: what is encoded, too.
        max_pixels: largest width x height.
        pause: called before the model runs, and after. On the event loop, ready requests then run the model
            one after another, and answer one after another: each change between the model and Python
            empties the processor's cache.

    Raises:
        UploadError: the picture cannot be read.
        ModelError: the model failed.
    """
    model_input = _model_input(source, served.classifier, timing, max_pixels)
    timing.end()
    pause()
    timing.begin("infer")
    (classified,) = _answered([model_input], served, parameters)
    if parameters.explain:
        timing.begin("explain")
        classified = replace(classified, explained=_explained(classified, served))
    timing.end()
    pause()
    return classified


def _explained(classified: Classified, served: Served) -> Explained:
    model_input, class_id = classified.model_input, classified.prediction.class_id
    drops = explain(served.classifier, model_input, class_id)
    height, width = model_input.pixels.shape[:2]
    return Explained(drops, heat_map(drops, height, width))


def _answered(inputs: Sequence[ModelInput], served: Served, parameters: Parameters) -> list[Classified]:
    """Classify, and encode what the model read if that was asked for."""
    predictions = served.classifier.classify_inputs(inputs)
    return [
        Classified(one, prediction, pixels_to_png(one.pixels) if parameters.seen else None)
        for one, prediction in zip(inputs, predictions, strict=True)
    ]


def _model_input(source: Source, classifier: Classifier, timing: Timing, max_pixels: int) -> ModelInput:
    """What is read of a picture. Under gevent, a HEIC or AVIF comes here as `Isolated`."""
    contract = classifier.contract.input
    timing.begin("decode")
    match source:
        case Ready():
            return ModelInput(source.pixels)
        case Rows():
            return classifier.rows_input(source.value)
        case Upload():
            decoded = decode(source.data, max_pixels, contract)
        case Isolated():
            decoded = decoded_by_child(source, contract)
        case Decoded():
            decoded = source
        case _:
            decoded = decode_opened(source, contract)
    timing.begin("convert")
    return classifier.model_input(decoded)


def _is_light(source: Source, classifier: Classifier) -> bool:
    """Whether a picture takes less time, all the way, than a change of threads."""
    shape = classifier.contract.input.array_shape
    match source:
        case Upload() | Isolated():
            return False
        case Rows():
            return math.prod(shape_of_rows(source.value)) < LARGE_RUN
        case Ready():
            return source.pixels.size < LARGE_RUN
        case Decoded():
            return source.samples.size < LARGE_RUN
    if math.prod(shape) >= LARGE_RUN or source.width * source.height > SMALL_PIXELS:
        return False
    # The second network takes milliseconds for whatever is no input of the first.
    return classifier.photos is None or (source.mode in ("1", "L") and (source.height, source.width) == shape)


def _waitable(error: UploadError | TooLarge) -> UploadError | RequestError:
    """The error of an item; that of a stopped decoder says that it may work later."""
    return Busy(str(error), DECODER_SECONDS) if isinstance(error, DecoderStopped) else error


def _let_ready_requests_run() -> None:
    """Give every other ready request a turn. Under gevent `time.sleep` is its own; elsewhere 0 is no wait."""
    time.sleep(0)

"""From items to answers: each request within the concurrency limit, each picture in one place.

Every route that classifies calls this, in any protocol. `answer_picture` takes one picture all the way: open,
decode, convert, classify, encode what was asked for. It runs on the event loop for pixels and for pictures so
small that a change of threads would cost more, and else as a whole in a native thread, so that the event loop
serves other requests meanwhile. Knows requests only as the items that reading.py found.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from app.errors import Busy, RequestError, TooLarge, without_frames
from app.native_threads import run_in_native_thread
from app.payloads.body import stop_if
from app.payloads.items import Ready, RefusedItem, RequestItem, Rows, Upload
from app.prediction.admission import Admission, Places, Slot
from app.prediction.parameters import WITHOUT_QUERY, Parameters
from app.prediction.timing import QUEUE, Timing
from app.releases.serving import Served
from app.settings import Settings
from inference.classifier import Prediction
from inference.contract import InputContract
from inference.convert import ModelInput
from inference.decode import Decoded, decode_opened
from inference.errors import DecoderStopped, PictureTooLarge, UploadError
from inference.explanation import Drops, explain, heat_map
from inference.networks import Networks
from inference.opening import SMALL_BYTES, OpenedPicture, is_bare_png, open_picture
from inference.pixels import pixels_to_png, shape_of_rows

LARGE_RUN = 8 * 28 * 28
"""From so many numbers on, the model runs in one: eight pictures of 28 x 28, or one of 64 x 64 in RGB."""

RUN_NUMBERS = 1_000_000
"""At most so many numbers of a batch are in one run of the model, after which other requests get their turn:
nine photos of 192 x 192, or 1,275 pictures of 28 x 28."""

MOST_SEEN_BYTES = 8_000_000
"""Of pixels that an answer to a batch shows as PNGs, which are about as large."""

LARGE_AT_A_TIME = 2
"""At most so many large pictures are decoded at once in a worker; each needs up to 16 bytes a pixel.

Large runs of the model are among them: they take memory, too.
"""

DECODER_SECONDS = 2
"""Retry-After where the system gave a picture's decoder no process, or ended it."""

CHILD_SECONDS = 10.0
"""Processor time that the pictures of a batch may take in processes of their own."""

Source: TypeAlias = Rows | Ready | Upload | OpenedPicture
"""A picture as it was sent; opened, if its header was read before its turn."""


@dataclass(frozen=True)
class Explained:
    """What each part of a picture adds to its answer, and the same as a PNG."""

    drops: Drops
    heat_map: bytes


@dataclass(frozen=True)
class Classified:
    """One picture with its answer.

    It holds no pixels: a client may take long to read its answer.

    Attributes:
        enlarged: as `ModelInput.enlarged`.
        seen: a PNG of the pixels that the model read, if it was asked for.
        explained: likewise.
    """

    prediction: Prediction
    enlarged: bool = False
    seen: bytes | None = None
    explained: Explained | None = None


@dataclass(frozen=True)
class Failed:
    """One picture of a batch that has an error in place of an answer."""

    error: UploadError | RequestError


Outcome: TypeAlias = Classified | Failed


@dataclass
class Budget:
    """What the pictures of one request may still take.

    Attributes:
        pixels: width x height of one picture, or of all that are left of a batch.
        seconds: of the processor, by processes of their own.
    """

    pixels: int
    seconds: float

    def spend(self, pixels: int, seconds: float) -> None:
        """Count what a process took."""
        self.pixels -= pixels
        self.seconds -= seconds


class Predictor:
    """Classifies items, as many requests at a time as `admission` lets work."""

    def __init__(
        self, settings: Settings, admission: Admission, child_seconds: float = CHILD_SECONDS
    ) -> None:
        self._settings = settings
        self._admission = admission
        self._child_seconds = child_seconds
        self._large = Places(LARGE_AT_A_TIME)

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
        source: Source = item
        if isinstance(item, Upload) and len(item.data) <= SMALL_BYTES:
            timing.begin("decode")
            source = open_picture(item.data, self._settings.max_pixels)
        answer = partial(answer_picture, source, served, timing, parameters, self._settings.max_pixels)
        if _is_light(source, served.networks) and not parameters.explain:
            return answer(_let_ready_requests_run)
        timing.begin(QUEUE)
        with slot.with_place(self._large):
            try:
                return run_in_native_thread(answer)
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
        """Answer a batch; a bad item gets its own error and spoils nothing.

        Between two pictures, and between two runs of the model, requests that wait go first.

        Args:
            items: of the request.
            served: the release that answers it.
            timing: of the request.
            slot: that it holds.
            has_left: whether its client has gone, so that the rest is not worth the work.
            parameters: of its query.

        Raises:
            TooLarge: the JPEG, PNG and WebP have more than MAX_BATCH_PIXELS in all; nothing was decoded. Any
                other picture counts when its turn comes, and gets this error alone. Or what `seen` shows
                has more than MOST_SEEN_BYTES.
            Busy: the wait for the place of a large picture was too long.
            ClientGone: the client has left.
            ModelError: the model failed.
        """
        timing.begin("decode")
        sources, budget = self._opened_all(items, slot)
        prepared: list[ModelInput | Failed] = []
        for source in sources:
            if prepared:
                timing.begin(QUEUE)
                slot.give_way()
                _let_ready_requests_run()  # else this batch is again the next to decode a large picture
            stop_if(has_left)
            prepared.append(self._prepared(source, served.networks, timing, slot, budget))
        good = [one for one in prepared if not isinstance(one, Failed)]
        timing.begin("infer")
        answers = iter(self._answer_all(good, served, slot, has_left, parameters) if good else [])
        timing.end()
        return [one if isinstance(one, Failed) else next(answers) for one in prepared]

    def _opened_all(self, items: list[RequestItem], slot: Slot) -> tuple[list[Source | Failed], Budget]:
        """The items with their headers read, where they are small; others would take memory until their turn.

        Raises:
            TooLarge: as `many`.
        """
        limit, pixels, sources = self._settings.max_batch_pixels, 0, list[Source | Failed]()
        for item in items:
            source: Source | Failed = Failed(item.error) if isinstance(item, RefusedItem) else item
            if isinstance(item, Upload):
                try:
                    opened = self._opened(item.data, slot)
                    pixels += opened.pixels
                    source = opened if opened.is_small else item
                except UploadError as error:
                    source = Failed(without_frames(error))
            sources.append(source)
        if pixels > limit:
            raise TooLarge(
                f"The pictures have {pixels:,} pixels in all; at most {limit:,} are "
                "decoded for one request (MAX_BATCH_PIXELS). Send them in several batches, or smaller."
            )
        return sources, Budget(limit - pixels, self._child_seconds)

    def _opened(self, upload: bytes, slot: Slot) -> OpenedPicture:
        if len(upload) <= SMALL_BYTES:
            _let_ready_requests_run()
            return open_picture(upload, self._settings.max_pixels)
        with slot.with_place(self._large):
            return run_in_native_thread(open_picture, upload, self._settings.max_pixels)

    def _prepared(
        self, source: Source | Failed, networks: Networks, timing: Timing, slot: Slot, budget: Budget
    ) -> ModelInput | Failed:
        """The pixels of one picture of a batch."""
        if isinstance(source, Failed):
            return source
        prepare = partial(_model_input, source, networks, timing, self._settings.max_pixels, budget)
        try:
            if _is_light(source, networks):
                return prepare()
            timing.begin(QUEUE)
            with slot.with_place(self._large):
                return run_in_native_thread(prepare)
        except (UploadError, TooLarge) as error:
            return Failed(without_frames(_waitable(error)))

    def _answer_all(
        self,
        inputs: Sequence[ModelInput],
        served: Served,
        slot: Slot,
        has_left: Callable[[], bool],
        parameters: Parameters,
    ) -> list[Classified]:
        """Answer pictures in runs of the model, each in the place of one large picture."""
        numbers = sum(one.pixels.size for one in inputs)
        if parameters.seen and numbers > MOST_SEEN_BYTES:
            raise TooLarge(
                f"What the model reads of these pictures has {numbers:,} bytes in all; `seen` shows at most "
                f"{MOST_SEEN_BYTES:,} in one answer. Send fewer pictures, or leave `seen` out."
            )
        if numbers < LARGE_RUN and not parameters.seen:
            return _answered(inputs, served, parameters)
        answered: list[Classified] = []
        for run in _runs(inputs):
            if answered:
                slot.give_way()
                _let_ready_requests_run()
                stop_if(has_left)
            with slot.with_place(self._large):
                answered += run_in_native_thread(_answered, run, served, parameters)
        return answered


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
        pause: called before the model runs, and after. On the event loop it groups the model runs
            of ready requests, then their responses: alternating them evicts the processor's cache.

    Raises:
        UploadError: the picture cannot be read.
        ModelError: the model failed.
    """
    model_input = _model_input(source, served.networks, timing, max_pixels)
    timing.end()
    pause()
    timing.begin("infer")
    (classified,) = _answered([model_input], served, parameters)
    if parameters.explain:
        timing.begin("explain")
        explained = _explained(model_input, classified.prediction.answer.class_id, served)
        classified = replace(classified, explained=explained)
    timing.end()
    pause()
    return classified


def _explained(model_input: ModelInput, class_id: int, served: Served) -> Explained:
    drops = explain(served.networks, model_input, class_id)
    height, width = model_input.pixels.shape[:2]
    return Explained(drops, heat_map(drops, height, width))


def _answered(inputs: Sequence[ModelInput], served: Served, parameters: Parameters) -> list[Classified]:
    """Classify, and encode what the model read if that was asked for."""
    predictions = served.networks.classify(inputs)
    return [
        Classified(prediction, one.enlarged, pixels_to_png(one.pixels) if parameters.seen else None)
        for one, prediction in zip(inputs, predictions, strict=True)
    ]


def _model_input(
    source: Source, networks: Networks, timing: Timing, max_pixels: int, budget: Budget | None = None
) -> ModelInput:
    """What is read of a picture; of a batch, within its budget."""
    timing.begin("decode")
    match source:
        case Ready():
            return ModelInput(source.pixels)
        case Rows():
            return networks.rows_input(source.value)
        case Upload():
            opened = open_picture(source.data, max_pixels)
        case _:
            opened = source
    budget = budget or Budget(max_pixels, CHILD_SECONDS)
    decoded = _decoded(opened, networks.contract.input, max_pixels, budget)
    timing.begin("convert")
    return networks.model_input(decoded)


def _decoded(opened: OpenedPicture, contract: InputContract, max_pixels: int, budget: Budget) -> Decoded:
    """Decode a picture; one whose header a process of its own reads, within what is left of the budget."""
    if opened.scanned is None and budget.seconds <= 0:
        raise TooLarge(
            "The pictures of this request that are no JPEG, PNG or lossy WebP took as much of "
            "the processor as they may have. Send it by itself, or as JPEG."
        )
    try:
        return decode_opened(opened, min(max_pixels, budget.pixels), contract, budget.spend)
    except PictureTooLarge as error:
        if budget.pixels >= max_pixels:
            raise
        raise TooLarge(
            "With this picture, those of the request have more pixels than MAX_BATCH_PIXELS, or it has too "
            "many itself. Send it by itself."
        ) from error


def _is_light(source: Source, networks: Networks) -> bool:
    """Whether a picture takes less time, all the way, than a change of threads."""
    reads = networks.contract.input
    match source:
        case Upload():
            return False
        case Rows():
            return math.prod(shape_of_rows(source.value)) < LARGE_RUN
        case Ready():
            return source.pixels.size < LARGE_RUN
    if math.prod(reads.array_shape) >= LARGE_RUN or not source.is_small:
        return False
    # The network that answers photos takes milliseconds for whatever is no input of the other one.
    return len(networks) == 1 or (reads.channels == 1 and is_bare_png(source.data, *reads.shape))


def _runs(inputs: Sequence[ModelInput]) -> Iterator[list[ModelInput]]:
    """The inputs of one run of the model after another: RUN_NUMBERS, or one picture that has more."""
    run: list[ModelInput] = []
    numbers = 0
    for one in inputs:
        if run and numbers + one.pixels.size > RUN_NUMBERS:
            yield run
            run, numbers = [], 0
        run.append(one)
        numbers += one.pixels.size
    yield run


def _waitable(error: UploadError | TooLarge) -> UploadError | RequestError:
    """The error of an item; that of a stopped decoder says that it may work later."""
    return Busy(str(error), DECODER_SECONDS) if isinstance(error, DecoderStopped) else error


def _let_ready_requests_run() -> None:
    """Give every other ready request a turn. Under gevent `time.sleep` is its own; elsewhere 0 is no wait."""
    time.sleep(0)

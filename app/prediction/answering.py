"""From items to answers: one picture, and many, in the same steps.

Each item is opened, decoded and made the input of a network; then the model runs. Every route that
classifies calls `answer`, in any protocol. Small things are done on the event loop, in less time than a
change of threads takes, and all else in native threads, so that the event loop serves other requests
meanwhile. Knows requests only as the items that reading.py found.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from app.errors import Busy, RequestError, TooLarge, without_frames
from app.native_threads import run_in_native_thread
from app.payloads.connection import stop_if
from app.payloads.items import Ready, RefusedItem, RequestItem, Rows, Upload
from app.payloads.limits import RequestLimits
from app.prediction.admission import Turn
from app.prediction.parameters import WITHOUT_QUERY, Parameters
from app.prediction.timing import QUEUE, Timing
from app.releases.serving import Served
from inference.classifier import Prediction
from inference.convert import ModelInput
from inference.decode import Decoded, decode_opened
from inference.errors import DecoderStopped, PictureTooLarge, UploadError
from inference.explanation import Drops, explain, heat_map
from inference.networks import Networks
from inference.opening import SMALL_BYTES, Opened, open_picture
from inference.pixels import pixels_to_png, shape_of_rows

LARGE_RUN = 8 * 28 * 28
"""From so many numbers on, the model runs in a native thread: eight pictures of 28 x 28, or one of 64 x 64 in
RGB."""

RUN_NUMBERS = 1_000_000
"""At most so many numbers of a batch are in one run of the model, after which other requests get their turn:
nine photos of 192 x 192, or 1,275 pictures of 28 x 28."""

MOST_SEEN_BYTES = 8_000_000
"""Of pixels that an answer to a batch shows as PNGs, which are about as large."""

DECODER_SECONDS = 2
"""Retry-After where the system gave a picture's decoder no process, or ended it."""

CHILD_SECONDS = 10.0
"""Processor time that the pictures of a request may take in processes of their own."""


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
    """One picture that has an error in place of an answer."""

    error: UploadError | RequestError


Outcome: TypeAlias = Classified | Failed


class Budget:
    """What the pictures of one request may still take.

    Args:
        limits: of the request.
        seconds: of the processor, by processes of their own.
    """

    def __init__(self, limits: RequestLimits, seconds: float = CHILD_SECONDS) -> None:
        self.each, self.all = limits.picture_pixels, limits.pixels
        self.pixels = limits.pixels
        self.seconds = seconds

    def spend(self, pixels: int, seconds: float = 0.0) -> None:
        """Count what a picture takes."""
        self.pixels -= pixels
        self.seconds -= seconds


Pause: TypeAlias = Literal["heavy", "others"]
"""Why the steps of a request stop: what comes next is for a native thread, or others go first."""


def answer(  # noqa: PLR0913, PLR0917 - a request, its place, and what it asks for
    items: Sequence[RequestItem],
    served: Served,
    timing: Timing,
    turn: Turn,
    budget: Budget,
    has_left: Callable[[], bool],
    parameters: Parameters = WITHOUT_QUERY,
) -> list[Outcome]:
    """Answer the pictures of a request; a bad one gets its own error and spoils nothing.

    Between two pictures, and between two runs of the model, requests that wait go first.

    Args:
        items: of the request.
        served: the release that answers it.
        timing: of the request.
        turn: that it holds; what is large moves to the large things.
        budget: of the request.
        has_left: whether its client has gone, so that the rest is not worth the work.
        parameters: of its query.

    Raises:
        TooLarge: the JPEG, PNG and WebP have more than MAX_BATCH_PIXELS in all; any other picture that is
            too much gets this error alone. Or what `seen` shows has more than MOST_SEEN_BYTES.
        Busy: the wait for a turn at large things was too long.
        ClientGone: the client has left.
        ModelError: the model failed.
    """
    work = _Work(items, served, timing, turn, budget, parameters)
    steps = work.steps()
    while pause := run_in_native_thread(next, steps, None) if turn.is_heavy else next(steps, None):
        timing.begin(QUEUE)
        if pause == "heavy":
            turn.become_heavy()
        else:
            turn.give_way()
            time.sleep(0)  # under gevent, every other ready request gets a turn; elsewhere this is no wait
            if len(items) > 1:
                stop_if(has_left)
    timing.end()
    return work.outcomes


@dataclass(frozen=True)
class _Work:
    """The steps of one request; a step that raises ends it."""

    items: Sequence[RequestItem]
    served: Served
    timing: Timing
    turn: Turn
    budget: Budget
    parameters: Parameters
    outcomes: list[Outcome] = field(default_factory=list)

    def steps(self) -> Generator[Pause, None, None]:
        """Make the outcomes; yields where the thread is to be changed, or others go first."""
        inputs: list[ModelInput | Failed] = []
        for item in self.items:
            if inputs and not self.turn.is_heavy:
                yield "others"
            self.timing.begin("decode")
            inputs.append((yield from self._input_of(item)))
        good = [one for one in inputs if not isinstance(one, Failed)]
        answers: list[Classified] = []
        if self._is_large(good):
            yield from self._heavy()
        for run in _runs(good):
            if answers or (len(self.items) > 1 and not self.turn.is_heavy):
                yield "others"
            answers += self._answered(run)
        found = iter(answers)
        self.outcomes.extend(one if isinstance(one, Failed) else next(found) for one in inputs)

    def _heavy(self) -> Iterator[Pause]:
        """Go on in a native thread."""
        if not self.turn.is_heavy:
            yield "heavy"
            self.timing.begin("decode")

    def _input_of(self, item: RequestItem) -> Generator[Pause, None, ModelInput | Failed]:
        """What the model reads of an item, or why it cannot."""
        try:
            match item:
                case Upload():
                    return (yield from self._of_upload(item.data))
                case Rows():
                    if math.prod(shape_of_rows(item.value)) >= LARGE_RUN:
                        yield from self._heavy()
                    return self.served.networks.rows_input(item.value)
                case Ready():
                    return ModelInput(item.pixels)
                case RefusedItem():
                    return Failed(item.error)
        except UploadError as error:
            return Failed(without_frames(_waitable(error)))

    def _of_upload(self, upload: bytes) -> Generator[Pause, None, ModelInput]:
        networks = self.served.networks
        if len(upload) > SMALL_BYTES:
            yield from self._heavy()
        opened = open_picture(upload, self.budget.each, networks["pixels"].contract.input)
        if not _is_light(opened, networks):
            yield from self._heavy()
            if len(self.items) > 1:  # else this request is again the next to decode a large picture
                yield "others"
                self.timing.begin("decode")
        return networks.model_input(_decoded(opened, networks, self.budget))

    def _is_large(self, inputs: Sequence[ModelInput]) -> bool:
        """Whether a run of the model, and what is made of it, takes long.

        Raises:
            TooLarge: `seen` would show too much.
        """
        numbers = sum(one.pixels.size for one in inputs)
        if self.parameters.seen and numbers > MOST_SEEN_BYTES:
            raise TooLarge(
                f"What the model reads of these pictures has {numbers:,} bytes in all; `seen` shows at most "
                f"{MOST_SEEN_BYTES:,} in one answer. Send fewer pictures, or leave `seen` out."
            )
        return numbers >= LARGE_RUN or self.parameters.explain

    def _answered(self, run: Sequence[ModelInput]) -> list[Classified]:
        """Classify, and encode what was asked for."""
        self.timing.begin("infer")
        predictions = self.served.networks.classify(run)
        answered = [
            Classified(prediction, one.enlarged, pixels_to_png(one.pixels) if self.parameters.seen else None)
            for one, prediction in zip(run, predictions, strict=True)
        ]
        if not self.parameters.explain:
            return answered
        self.timing.begin("explain")
        return [
            replace(classified, explained=_explained(one, classified.prediction.answer.class_id, self.served))
            for one, classified in zip(run, answered, strict=True)
        ]


def _decoded(opened: Opened, networks: Networks, budget: Budget) -> Decoded:
    """Decode a picture within what is left of the request's budget.

    Raises:
        TooLarge: with this one, pictures whose headers are read here have too many pixels.
        UploadError: it cannot be read, or is too much for the request.
    """
    contract = networks["pixels"].contract.input
    if opened.lane != "isolated":
        budget.spend(opened.pixels)
        if budget.pixels < 0:
            raise TooLarge(
                f"The pictures have {budget.all - budget.pixels:,} pixels in all, or more; at most "
                f"{budget.all:,} are decoded for one request (MAX_BATCH_PIXELS). Send them in several "
                "batches, or smaller."
            )
        return decode_opened(opened, budget.each, contract)
    if budget.seconds <= 0:
        raise PictureTooLarge(
            "The pictures of this request that are no JPEG, PNG or lossy WebP took as much of "
            "the processor as they may have. Send it by itself, or as JPEG."
        )
    try:
        return decode_opened(opened, min(budget.each, budget.pixels), contract, budget.spend)
    except PictureTooLarge as error:
        if budget.pixels >= budget.each:
            raise
        raise PictureTooLarge(
            "With this picture, those of the request have more pixels than MAX_BATCH_PIXELS, or it has too "
            "many itself. Send it by itself."
        ) from error


def _is_light(opened: Opened, networks: Networks) -> bool:
    """Whether a picture takes less time, all the way, than a change of threads.

    The network that answers photos takes milliseconds for whatever is no input of the other one.
    """
    few = math.prod(networks["pixels"].contract.input.array_shape) < LARGE_RUN
    return few and (opened.lane == "bare" or (opened.lane == "light" and len(networks) == 1))


def _explained(model_input: ModelInput, class_id: int, served: Served) -> Explained:
    drops = explain(served.networks, model_input, class_id)
    height, width = model_input.pixels.shape[:2]
    return Explained(drops, heat_map(drops, height, width))


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
    if run:
        yield run


def _waitable(error: UploadError) -> UploadError | RequestError:
    """The error of an item; that of a stopped decoder says that it may work later."""
    return Busy(str(error), DECODER_SECONDS) if isinstance(error, DecoderStopped) else error

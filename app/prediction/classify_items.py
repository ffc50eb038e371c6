"""Classify the items of a request, which are one picture or many.

Each item is opened, decoded and converted into the input of a network; then the model runs. Every route that
classifies calls `classify_request_items`, in any protocol. Small items are processed on the event loop, in
less time than a switch of threads takes. All others are processed in native threads, so that the event loop
serves other requests meanwhile.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeAlias, TypeVar

from app.errors import RequestError, RequestTooLarge, ServiceBusy, drop_traceback
from app.native_threads import run_in_native_thread
from app.payloads.connection import stop_if_client_left
from app.payloads.request_items import PixelRows, ReadyPixels, RefusedItem, RequestItem, Upload
from app.prediction.admission import RequestSlot
from app.prediction.outcomes import ClassifiedPicture, FailedPicture, Outcome, PictureExplanation
from app.prediction.parameters import NO_PARAMETERS, QueryParameters
from app.prediction.picture_budget import PictureBudget, decode_within_budget
from app.prediction.timing import QUEUE_STAGE, StageTimer
from app.releases.serving import ServedModel
from inference.errors import DecoderStopped, UploadError
from inference.explanation import compute_probability_drops, draw_heat_map
from inference.networks import Networks
from inference.pictures.convert import ModelInput
from inference.pictures.picture_opening import MIN_LARGE_RUN_NUMBERS, OpenedPicture, open_picture
from inference.pictures.pixel_rows import encode_png, find_rows_shape

MAX_PART_NUMBERS = 1_000_000
"""Largest number of input values in one part of a batch: six photos of 224 x 224 in colour, or 1,275
pictures of 28 x 28 in grey. After each part, other requests get their turn. The model answers a part in
smaller runs."""

MAX_SEEN_BYTES = 8_000_000
"""Largest number of bytes of pixels that an answer to a batch returns with `seen=1`; as PNGs they have about
the same size."""

DECODER_RETRY_SECONDS = 2
"""Value of Retry-After if the system has not started the process that decodes a picture, or has ended it."""

P = ParamSpec("P")
T = TypeVar("T")

OpenedItem: TypeAlias = OpenedPicture | PixelRows | ReadyPixels | FailedPicture
"""A picture of a request whose header has been read if it is a file, or the error in its place."""

Item: TypeAlias = RequestItem | OpenedItem
"""A picture of a request, before or after its header was read."""


def classify_request_items(  # noqa: PLR0913, PLR0917 - the parts of a request
    items: Sequence[RequestItem],
    model: ServedModel,
    timing: StageTimer,
    slot: RequestSlot,
    budget: PictureBudget,
    has_client_left: Callable[[], bool],
    parameters: QueryParameters = NO_PARAMETERS,
) -> list[Outcome]:
    """Return a prediction or an error for each picture of a request, in order.

    A bad picture gets its own error and does not affect the others. After each large picture of a batch, and
    before each run of the model, waiting requests go first. At these points, and at the beginning, the work
    ends if the client has left.

    Args:
        model: the release that answers.
        timing: the stopwatch for the stages of the request, for metrics and log.
        slot: the slot of the request. A large picture moves the request to the queue for large requests.
        budget: the pixels and the processor time that remain for the request.
        has_client_left: a function that returns whether the client has closed its connection.
        parameters: the query parameters, which choose extra fields.

    Raises:
        RequestTooLarge: the JPEG, PNG and WebP files have more than MAX_BATCH_PIXELS together (a picture of
            another format beyond the limit gets an error of its own), or `seen` would show too much.
        ServiceBusy: the wait in the queue for large requests was too long.
        ClientGone: the client has left.
        ModelError: the model failed.
    """
    work = _ClassificationSteps(model, timing, budget, parameters)
    timing.begin("decode")
    opened: Sequence[Item] = items
    if not slot.is_large:
        # The headers of the pictures tell whether a small body contains a large picture.
        opened = opened_items = [work.open_item(item) for item in items]
        if not work.is_small(opened_items):
            timing.begin(QUEUE_STAGE)
            slot.move_to_large_queue()
    stop_if_client_left(has_client_left)
    if len(items) > 1:
        return _classify_batch(opened, work, slot, has_client_left)
    return run_in_native_thread(work.classify, opened) if slot.is_large else work.classify(opened)


def _call_directly(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return function(*args, **kwargs)


def _classify_batch(
    items: Sequence[Item], work: "_ClassificationSteps", turn: RequestSlot, has_left: Callable[[], bool]
) -> list[Outcome]:
    """Classify the pictures of a batch in parts, between which other requests go on."""
    call = run_in_native_thread if turn.is_large else _call_directly
    inputs: list[ModelInput | FailedPicture] = []
    answers: list[ClassifiedPicture] = []
    remaining_items = iter(items)
    while len(inputs) < len(items):
        if inputs:
            _let_others_go_first(turn, work.timing, has_left)
        inputs += call(work.prepare_inputs, remaining_items)
    for run in _split_into_parts(work.select_readable(inputs)):
        _let_others_go_first(turn, work.timing, has_left)
        answers += call(work.run_model, run)
    return _merge_outcomes(inputs, answers)


def _let_others_go_first(turn: RequestSlot, timing: StageTimer, has_left: Callable[[], bool]) -> None:
    timing.begin(QUEUE_STAGE)
    turn.yield_slot()
    time.sleep(0)  # under gevent, all other ready requests run; elsewhere this does nothing
    stop_if_client_left(has_left)


@dataclass(frozen=True)
class _ClassificationSteps:
    """The steps of classifying the items of one request, on the event loop or in native threads."""

    served: ServedModel
    timing: StageTimer
    budget: PictureBudget
    parameters: QueryParameters

    def open_item(self, item: Item) -> OpenedItem:
        """Return an item with its picture opened, if it is a file."""
        match item:
            case Upload(data):
                try:
                    return open_picture(
                        data, self.budget.max_picture_pixels, self.served.networks.pixels_input
                    )
                except UploadError as error:
                    return FailedPicture(drop_traceback(error))
            case RefusedItem(error):
                return FailedPicture(error)
        return item

    def is_small(self, items: Sequence[OpenedItem]) -> bool:
        """Return whether all steps for these items take less time than a switch of threads."""
        return not self.parameters.explain and sum(map(self._count_numbers, items)) < MIN_LARGE_RUN_NUMBERS

    def _count_numbers(self, item: OpenedItem) -> int:
        """Return how many numbers the model reads for an item.

        A picture that takes long to decode counts as MIN_LARGE_RUN_NUMBERS, so that its request is a large
        one.
        """
        networks = self.served.networks
        match item:
            case OpenedPicture():
                return networks.numbers if item.lane in networks.light_lanes else MIN_LARGE_RUN_NUMBERS
            case PixelRows(value):
                return math.prod(find_rows_shape(value))
            case ReadyPixels(pixels):
                return pixels.size
        return 0

    def classify(self, items: Sequence[Item]) -> list[Outcome]:
        """Do all steps for the items at once, as for a request of one picture."""
        inputs = [self._prepare_input(self.open_item(item)) for item in items]
        return _merge_outcomes(inputs, self.run_model(self.select_readable(inputs)))

    def prepare_inputs(self, items: Iterator[Item]) -> list[ModelInput | FailedPicture]:
        """Decode the next items up to and including one large picture. Then other requests have a turn."""
        self.timing.begin("decode")
        inputs: list[ModelInput | FailedPicture] = []
        for item in items:
            opened = self.open_item(item)
            inputs.append(self._prepare_input(opened))
            if self._count_numbers(opened) >= MIN_LARGE_RUN_NUMBERS:
                break
        return inputs

    def _prepare_input(self, item: OpenedItem) -> ModelInput | FailedPicture:
        networks = self.served.networks
        try:
            match item:
                case OpenedPicture():
                    return networks.make_model_input(
                        decode_within_budget(item, networks.pixels_input, self.budget)
                    )
                case PixelRows(value):
                    return networks.make_rows_input(value)
                case ReadyPixels(pixels):
                    return ModelInput(pixels)
        except UploadError as error:
            return FailedPicture(drop_traceback(_allow_retry(error)))
        return item

    def select_readable(self, inputs: Sequence[ModelInput | FailedPicture]) -> list[ModelInput]:
        """Return the inputs that the model can read, without the pictures that have failed.

        Raises:
            RequestTooLarge: the client asked for `seen`, which would show too many bytes.
        """
        readable = [model_input for model_input in inputs if isinstance(model_input, ModelInput)]
        numbers = sum(model_input.pixels.size for model_input in readable) if self.parameters.seen else 0
        if numbers > MAX_SEEN_BYTES:
            raise RequestTooLarge(
                f"What the model reads of these pictures has {numbers:,} bytes in all; `seen` shows at most "
                f"{MAX_SEEN_BYTES:,} in one answer. Send fewer pictures, or leave `seen` out."
            )
        return readable

    def run_model(self, inputs: Sequence[ModelInput]) -> list[ClassifiedPicture]:
        """Run the model, and encode the extra fields that the client asked for."""
        if not inputs:
            return []
        self.timing.begin("infer")
        predictions = self.served.networks.classify(inputs)
        seen = self.parameters.seen
        answers = [
            ClassifiedPicture(
                prediction,
                model_input.network,
                model_input.is_enlarged,
                encode_png(model_input.pixels) if seen else None,
            )
            for model_input, prediction in zip(inputs, predictions, strict=True)
        ]
        if not self.parameters.explain:
            return answers
        self.timing.begin("explain")
        return [
            replace(classified, explained=_explain_picture(model_input, classified, self.served.networks))
            for model_input, classified in zip(inputs, answers, strict=True)
        ]


def _merge_outcomes(
    inputs: Sequence[ModelInput | FailedPicture], answers: Sequence[ClassifiedPicture]
) -> list[Outcome]:
    """Return the outcome of each item, in order: its error, or else the next one of the answers."""
    remaining_answers = iter(answers)
    return [item if isinstance(item, FailedPicture) else next(remaining_answers) for item in inputs]


def _explain_picture(
    model_input: ModelInput, classified: ClassifiedPicture, networks: Networks
) -> PictureExplanation:
    drops = compute_probability_drops(networks, model_input, classified.prediction.answer.class_id)
    height, width = model_input.pixels.shape[:2]
    return PictureExplanation(drops, draw_heat_map(drops, height, width))


def _split_into_parts(inputs: Sequence[ModelInput]) -> Iterator[list[ModelInput]]:
    """Yield the inputs of each part of a batch: up to MAX_PART_NUMBERS values, or one larger picture."""
    part: list[ModelInput] = []
    numbers = 0
    for model_input in inputs:
        if part and numbers + model_input.pixels.size > MAX_PART_NUMBERS:
            yield part
            part = []
            numbers = 0
        part.append(model_input)
        numbers += model_input.pixels.size
    if part:
        yield part


def _allow_retry(error: UploadError) -> UploadError | RequestError:
    """Return the error of an item; for a decoder that the system ended, one that says to try again."""
    return ServiceBusy(str(error), DECODER_RETRY_SECONDS) if isinstance(error, DecoderStopped) else error

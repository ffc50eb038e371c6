"""The work of one worker process: read, decode and classify pictures, several in one run of the model.

Each picture is decoded and classified as the service does it, so that a table has the answers of `/predict`.
Here are also the types for engines, which start such processes and hand out the work.
"""

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from inference.arrays import Picture, Pixels
from inference.classifier import LabelAnswer, Prediction
from inference.contract import LABEL
from inference.errors import InferenceError, UploadError
from inference.networks import Networks
from inference.pictures.convert import ModelInput
from inference.pictures.decode import MAX_PIXELS, decode_image, prepare_decoders
from inference.reasons import Reason
from inference.words.kinds import KIND
from labelling.errors import LabellingError, PictureUnreadable, WorkersFailed
from labelling.rows import HeadAnswer, PictureAnswers
from labelling.sources.items import PictureItem, ReadPictures, Source
from model_store.errors import StoreError
from model_store.local_releases import open_release
from model_store.release_networks import open_networks
from reports.answers_file import STORED_DIGITS

PICTURES_PER_RUN: Final = 16
"""Number of pictures in one run of the model. 8 to 16 fit a core's cache; with 64, each takes a tenth
longer."""

PICTURES_PER_CHUNK: Final = 64
"""Largest number of pictures that are sent to a worker at a time. Small ones take 35 ms, so that sending them
costs little in comparison."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Number of bytes at which a chunk of work is full, which a few photos have. So a kill loses little work, and
chunks that are sent with their bytes take little memory."""

CHUNKS_PER_WORKER: Final = 2
"""Number of chunks that are sent for each worker: one in work, and the next, so that the worker need not
wait."""

MAX_LOST_WORKERS: Final = 3
"""Number of worker processes that end unexpectedly, mostly for lack of memory, before the run ends as well.
The next command continues it."""

CHECK_SECONDS: Final = 10
"""Seconds without an answer of any worker, after which an engine checks that workers are still there."""

ONE_COLOUR_ERROR: Final = "It is of one colour, as placeholders are, and shows no product."
"""Error of a picture that can be decoded, but shows nothing."""

MAX_COLOUR_DIFFERENCE: Final = 4
"""Largest difference between the pixels of a picture without content, in each channel, 0 to 255.
Lossy formats change a colour by less, and a white shirt on white differs by more."""

GRID_STEP: Final = 16
"""Distance in pixels between the pixels that are compared first, to see whether a picture has one colour."""

Chunk: TypeAlias = list[PictureItem]
"""Pictures that are sent to a worker together, in the order of the source; at least one."""

Say: TypeAlias = Callable[[str], None]
"""Function that shows a sentence to the user, for example about a worker process that ended."""

Watch: TypeAlias = Callable[[int, int | None], None]
"""Function that shows progress: the number of finished pictures, and their total or None if it is unknown."""


@dataclass(frozen=True)
class WorkerSetup:
    """The values that every worker process starts with: where pictures and networks come from.

    Attributes:
        source: the source that the pictures are read from.
        release: the folder of the release with the networks.
    """

    source: Source
    release: Path


LabelledChunks: TypeAlias = Generator[tuple[Chunk, list[PictureAnswers]], None, None]
"""Generator of finished chunks: the pictures of a chunk, and the answers to them in the same order."""

Engine: TypeAlias = Callable[[WorkerSetup, Iterator[PictureItem], int | None, Say], LabelledChunks]
"""Function that labels pictures with several workers, and yields each chunk with its answers when it is done.

`label_on_processes` and `label_on_ray` are such functions. The arguments are the setup of the workers, the
pictures, the number of workers (None for one per core), and a function that shows sentences about lost
workers. Pictures are taken only as fast as they are needed. The workers are ended when the generator is
closed. It raises EngineUnusable and WorkersFailed.
"""


def group_into_chunks(items: Iterable[PictureItem]) -> Iterator[Chunk]:
    """Group pictures into chunks of work, in their order.

    A chunk ends with its PICTURES_PER_CHUNK-th picture, or when its pictures have BYTES_PER_CHUNK together.
    """
    batch: Chunk = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += item.byte_weight
        if len(batch) == PICTURES_PER_CHUNK or weight >= BYTES_PER_CHUNK:
            yield batch
            batch = []
            weight = 0
    if batch:
        yield batch


def label_chunks(
    submit: Callable[[Chunk], Future[list[PictureAnswers]]],
    chunks: Iterator[Chunk],
    pending_chunks: dict[Future[list[PictureAnswers]], Chunk],
    max_pending: int,
    check: Callable[[], None] = lambda: None,
) -> LabelledChunks:
    """Send chunks of pictures to workers, and yield each chunk with its answers when it is done.

    Chunks are taken only as fast as the workers need them.

    Args:
        submit: sends a chunk to the workers, and returns the future of its answers.
        pending_chunks: the chunks that were sent and are not done, by their futures, the oldest first. This
            function adds and removes them; after an error, the caller finds the unfinished ones here.
        max_pending: the largest number of chunks that are sent and not done.
        check: is called if no chunk was done for CHECK_SECONDS; it raises an error to end the run.

    Raises:
        Exception: the error that ended the work on a chunk. The chunk stays in `pending_chunks`.
    """
    while True:
        for chunk in islice(chunks, max_pending - len(pending_chunks)):
            pending_chunks[submit(chunk)] = chunk
        if not pending_chunks:
            return
        done, _ = wait(pending_chunks, CHECK_SECONDS, FIRST_COMPLETED)
        if not done:
            check()
        for future in done:
            # First the result, which may raise an error, so that the chunk of the error stays.
            rows = future.result()
            yield pending_chunks.pop(future), rows


@contextmanager
def convert_failures() -> Iterator[None]:
    """Turn errors in a `with` block that concern all pictures into WorkersFailed, which can be pickled.

    If memory is exhausted, this process ends at once, and another one labels its pictures.

    Raises:
        WorkersFailed: the release, the model or the store of the pictures fails.
    """
    try:
        yield
    except MemoryError:
        os._exit(1)  # without clean-up, which would need memory
    except (InferenceError, StoreError, LabellingError) as error:
        raise WorkersFailed(str(error)) from error


@dataclass(frozen=True)
class Labeller:
    """The labeller of a worker process: a reader of pictures, and the networks that classify them.

    Attributes:
        read: returns the bytes of the pictures at some places of the source.
        networks: the networks of the release.
    """

    read: ReadPictures
    networks: Networks

    def label_pictures(self, items: Sequence[PictureItem]) -> list[PictureAnswers]:
        """Read and classify some pictures, and return the answers in the same order.

        A picture that cannot be read or decoded gets its error in place of answers. Attributes that do not
        apply to the class, such as the sleeves of a shoe, are left out.

        Raises:
            StoreError: the store that has the pictures does not answer.
            ModelError: the model failed.
        """
        photos: list[PictureAnswers] = []
        for start in range(0, len(items), PICTURES_PER_RUN):
            run = items[start : start + PICTURES_PER_RUN]
            answers = classify_uploads(self.networks, self.read([item.place for item in run]))
            photos += map(_drop_inapplicable_answers, answers)
        return photos


def _drop_inapplicable_answers(photo: PictureAnswers) -> PictureAnswers:
    """Return the answers without attributes that do not apply to the class, whose cells stay empty."""
    answers = {name: answer for name, answer in photo.answers.items() if answer.reason != Reason.INAPPLICABLE}
    return replace(photo, answers=answers)


def classify_uploads(
    networks: Networks, uploads: Iterable[bytes | PictureUnreadable]
) -> list[PictureAnswers]:
    """Classify some pictures in one run of the model, and return their answers in the same order.

    A picture that cannot be read or decoded gets its error in place of answers.

    Args:
        uploads: the bytes of each picture, or why they cannot be read.

    Raises:
        ModelError: the model failed.
    """
    hashes_and_contents = [_prepare_upload(upload, networks) for upload in uploads]
    good = [content for _, content in hashes_and_contents if not isinstance(content, str)]
    predictions = iter(networks.classify(good) if good else [])
    return [
        _make_picture_answers(sha256, content if isinstance(content, str) else next(predictions))
        for sha256, content in hashes_and_contents
    ]


def _make_picture_answers(sha256: str, answer: Prediction | str) -> PictureAnswers:
    """Return the model's prediction for a picture, or the error of the picture, as a row keeps it."""
    if isinstance(answer, str):
        return PictureAnswers(sha256=sha256, error=answer)
    heads = {LABEL: _make_head_answer(answer.answer, answer.answer.probabilities.tolist())}
    for name, attribute_answer in answer.attributes.items():
        # Tables have columns of probabilities for the class alone, so these need no further digits.
        heads[name] = _make_head_answer(
            attribute_answer, _round_shares(attribute_answer.probabilities.tolist())
        )
    if KIND in heads:
        parts = {name: _round_shares(shares) for name, shares in answer.parts.items()}
        heads[KIND] = replace(heads[KIND], parts=parts)
    return PictureAnswers(sha256=sha256, familiarity=answer.familiarity, answers=heads)


def _round_shares(shares: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(share, STORED_DIGITS) for share in shares)


def _make_head_answer(answer: LabelAnswer, probabilities: Sequence[float]) -> HeadAnswer:
    return HeadAnswer(
        label=answer.label,
        confidence=answer.confidence,
        reason=answer.reason,
        also=tuple(answer.also),
        probabilities=tuple(probabilities),
        has_unfamiliar_picture=answer.is_unfamiliar,
    )


def _prepare_upload(upload: bytes | PictureUnreadable, networks: Networks) -> tuple[str, ModelInput | str]:
    """Return the SHA-256 of an upload, and the input for the networks, or the error as text."""
    if isinstance(upload, PictureUnreadable):
        return "", str(upload)
    sha256 = hashlib.sha256(upload).hexdigest()
    try:
        # It gets the input of the network for pixels: a picture that has this form already is not converted.
        decoded = decode_image(upload, MAX_PIXELS, networks["pixels"].contract.input)
    except UploadError as error:
        return sha256, str(error)
    return sha256, ONE_COLOUR_ERROR if _has_one_colour(decoded.samples) else networks.make_model_input(
        decoded
    )


def _has_one_colour(samples: Picture | Pixels) -> bool:
    """Return whether all pixels of a picture have nearly the same colour (MAX_COLOUR_DIFFERENCE)."""
    # `all` stops at the coarse grid for nearly all photos, so that few are compared pixel by pixel.
    return all(
        bool((np.ptp(pixels.reshape(-1, *pixels.shape[2:]), axis=0) <= MAX_COLOUR_DIFFERENCE).all())
        for pixels in (samples[::GRID_STEP, ::GRID_STEP], samples)
    )


def open_labeller(setup: WorkerSetup) -> Labeller:
    """Open the networks of a release and the reader of a source, once in each worker process.

    Raises:
        StoreError: files of the release are missing or damaged.
        ModelError: a network of the release cannot be run here.
    """
    prepare_decoders()
    release = open_release(setup.release)
    return Labeller(setup.source.open_reader(), open_networks(release))

"""Label some pictures: read, decode, convert, run the model for several at a time, and return rows.

Each picture takes the same path as in the service, so that a table has the answers of `/predict`. This runs
in a worker process. An engine starts such processes.
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

from inference.classifier import Answer as AnswerOfHead
from inference.classifier import Prediction
from inference.contract import LABEL
from inference.convert import ModelInput
from inference.decode import MAX_PIXELS, decode_image, prepare_decoders
from inference.errors import InferenceError, UploadError
from inference.networks import Networks
from inference.reasons import DecidedBy, Reason
from labelling.errors import LabellingError, Unreadable, WorkersFailed
from labelling.rows import HeadAnswer, PictureAnswers
from labelling.sources.items import Item, Read, Source
from model_store.errors import StoreError
from model_store.local_releases import open_release
from model_store.release_networks import open_networks
from reports.answers import DIGITS

PICTURES_PER_RUN: Final = 16
"""Pictures in one run of the model: 8 to 16 fit a core's cache; 64 take a tenth longer for each."""

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Bytes of pictures in a chunk of work: a few photos. A kill costs little then, and bytes that are sent take
little memory."""

CHUNKS_PER_WORKER: Final = 2
"""Chunks for each worker: one in work, and the next, so that it need not wait."""

MAX_LOST_WORKERS: Final = 3
"""Number of worker processes that may be lost before the run ends. The next command continues."""

CHECK_SECONDS: Final = 10
"""Without an answer of a worker, after which an engine looks whether there still is one."""

Chunk: TypeAlias = list[Item]
"""Some pictures, at least one, in the order of the source."""

Say: TypeAlias = Callable[[str], None]
"""Receives a sentence for people."""

Watch: TypeAlias = Callable[[int, int | None], None]
"""Receives how many are done, and of how many; None where that is not known."""


@dataclass(frozen=True)
class Setup:
    """The values that every worker starts with.

    Attributes:
        release: the folder of the release.
    """

    source: Source
    release: Path


LabelledChunks: TypeAlias = Generator[tuple[Chunk, list[PictureAnswers]], None, None]
"""Chunks, each with its photos as they were answered."""

Engine: TypeAlias = Callable[[Setup, Iterator[Item], int | None, Say], LabelledChunks]
"""Labels pictures with so many workers, None for one per core: each chunk with its rows, as it is done.

Pictures are taken only as fast as they are needed. At the end of the iterator the workers are gone. Raises
EngineUnusable and WorkersFailed; says which workers are lost.
"""


def group_into_chunks(items: Iterable[Item]) -> Iterator[Chunk]:
    """Group pictures that follow one another, by number and by weight."""
    batch: Chunk = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += item.weight
        if len(batch) == PICTURES_PER_CHUNK or weight >= BYTES_PER_CHUNK:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def label_chunks(
    submit: Callable[[Chunk], Future[list[PictureAnswers]]],
    chunks: Iterator[Chunk],
    in_hand: dict[Future[list[PictureAnswers]], Chunk],
    most: int,
    check: Callable[[], None] = lambda: None,
) -> LabelledChunks:
    """Label chunks, which are taken only as fast as they are needed.

    Args:
        submit: hands a chunk to the workers.
        chunks: the chunks of work.
        in_hand: the chunks that were taken and have not come back, the oldest first.
        most: the largest number of chunks in hand.
        check: raises an error that ends the run, if no chunk has come back for CHECK_SECONDS.

    Raises:
        Exception: the error that ended a chunk, which stays in hand.
    """
    while True:
        for chunk in islice(chunks, most - len(in_hand)):
            in_hand[submit(chunk)] = chunk
        if not in_hand:
            return
        done, _ = wait(in_hand, CHECK_SECONDS, FIRST_COMPLETED)
        if not done:
            check()
        for future in done:
            rows = future.result()
            yield in_hand.pop(future), rows


@contextmanager
def name_failures() -> Iterator[None]:
    """Turn errors that any worker would have into an error that can travel between processes.

    A process without memory ends, as if the system had ended it, and another one does its pictures.

    Raises:
        WorkersFailed: the release, the model or the store of the pictures fails.
    """
    try:
        yield
    except MemoryError:
        os._exit(1)
    except (InferenceError, StoreError, LabellingError) as error:
        raise WorkersFailed(str(error)) from error


@dataclass(frozen=True)
class Labeller:
    """The reader of pictures, and the model."""

    read: Read
    networks: Networks

    def label(self, items: Sequence[Item]) -> list[PictureAnswers]:
        """Label some pictures, in order; one that cannot be read or decoded becomes a row with an error.

        Raises:
            StoreError: the store that they lie in fails.
            ModelError: the model failed.
        """
        photos: list[PictureAnswers] = []
        for start in range(0, len(items), PICTURES_PER_RUN):
            run = items[start : start + PICTURES_PER_RUN]
            answers = classify_uploads(self.networks, self.read([item.place for item in run]))
            photos += map(_applicable, answers)
        return photos


def _applicable(photo: PictureAnswers) -> PictureAnswers:
    """Return the answers without attributes that do not apply to the class, as tables have them."""
    answers = {name: answer for name, answer in photo.answers.items() if answer.reason != Reason.INAPPLICABLE}
    return replace(photo, answers=answers)


def classify_uploads(networks: Networks, uploads: Iterable[bytes | Unreadable]) -> list[PictureAnswers]:
    """Classify some pictures in one run of the model.

    Args:
        networks: the networks of a release.
        uploads: the bytes of each picture, or why they cannot be read.

    Raises:
        ModelError: the model failed.
    """
    prepared = [_prepare(upload, networks) for upload in uploads]
    good = [content for _, content in prepared if not isinstance(content, str)]
    predictions = iter(networks.classify(good) if good else [])
    return [
        _picture_answers(sha256, content if isinstance(content, str) else next(predictions))
        for sha256, content in prepared
    ]


def _picture_answers(sha256: str, answer: Prediction | str) -> PictureAnswers:
    """Return the answers of the model, or the error of the picture."""
    if isinstance(answer, str):
        return PictureAnswers(sha256=sha256, error=answer, familiarity=None, answers={})
    heads = {LABEL: _of_head(answer.answer, answer.answer.probabilities.tolist())}
    for name, of_attribute in answer.attributes.items():
        shares = [round(share, DIGITS) for share in of_attribute.probabilities.tolist()]
        heads[name] = _of_head(of_attribute, shares)
    return PictureAnswers(sha256=sha256, error="", familiarity=answer.familiarity, answers=heads)


def _of_head(answer: AnswerOfHead, probabilities: list[float]) -> HeadAnswer:
    return HeadAnswer(
        label=answer.label,
        confidence=answer.confidence,
        reason=answer.reason,
        also=tuple(answer.also),
        probabilities=tuple(probabilities),
        decided_by=DecidedBy.MODEL,
    )


def _prepare(upload: bytes | Unreadable, networks: Networks) -> tuple[str, ModelInput | str]:
    """Return the hash of an upload, and its model input or its error."""
    if isinstance(upload, Unreadable):
        return "", str(upload)
    sha256 = hashlib.sha256(upload).hexdigest()
    try:
        decoded = decode_image(upload, MAX_PIXELS, networks["pixels"].contract.input)
    except UploadError as error:
        return sha256, str(error)
    return sha256, networks.make_model_input(decoded)


def open_labeller(setup: Setup) -> Labeller:
    """Open the verified release, and the reader of the source.

    Raises:
        StoreError: the release is not whole.
        ModelError: the release cannot be run, as in `open_networks`.
    """
    prepare_decoders()
    release = open_release(setup.release)
    return Labeller(setup.source.reader(), open_networks(release))

"""A process that labels: it loads the release, then answers chunk after chunk until its pipe closes.

Its parent is crew.py. A thread reads the pipe, so that the next chunk is here when the last is done, that
neither side can wait for the other to read, and that a parent which was killed is noticed at once.
"""

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple, TypeAlias

from inference.classifier import open_classifier
from inference.decode import prepare_opencv
from inference.errors import InferenceError
from labelling.chunk import Labelled, Labeller
from labelling.errors import LabellingError
from labelling.rows import Form
from labelling.sources import Item, Source
from model_store.errors import StoreError
from model_store.files import GRAPH
from model_store.local import open_release


@dataclass(frozen=True)
class Orders:
    """What every worker is told once.

    Attributes:
        release: the folder of a release.
    """

    source: Source
    release: Path
    form: Form


class Chunk(NamedTuple):
    """Some pictures in a row, and their number among the chunks of this run."""

    number: int
    items: list[Item]


class Failed(NamedTuple):
    """Why a worker cannot go on, and no other could."""

    why: str


Answer: TypeAlias = tuple[int, Labelled] | Failed


def work(pipe: "Connection[Answer, Chunk]", orders: Orders) -> None:
    """Label chunks until the pipe closes."""
    inbox: SimpleQueue[Chunk] = SimpleQueue()
    Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    try:
        labeller = _labeller(orders)
        while True:
            chunk = inbox.get()
            pipe.send((chunk.number, labeller.label(chunk.items)))
    except (InferenceError, StoreError, LabellingError) as error:
        pipe.send(Failed(str(error)))
    except OSError:  # nobody is there to be told
        os._exit(1)


def _receive(pipe: "Connection[Answer, Chunk]", inbox: "SimpleQueue[Chunk]") -> None:
    """Take chunks as they come; end the process when there will be no more."""
    try:
        while True:
            inbox.put(pipe.recv())
    except (EOFError, OSError):
        # The other thread may be in the middle of a picture that nobody waits for any more.
        os._exit(0)


def _labeller(orders: Orders) -> Labeller:
    prepare_opencv()
    release = open_release(orders.release)
    manifest = release.manifest
    classifier = open_classifier(release.folder / GRAPH, manifest.model)
    classifier.check_golden(manifest.golden.inputs(), manifest.golden.answers())
    write = orders.form.writer(manifest.model.labels, release.version)
    return Labeller(orders.source.reader(), classifier, write)

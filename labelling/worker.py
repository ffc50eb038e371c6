"""A process that labels: it loads the release, then answers chunk after chunk until its pipe closes.

Its parent is processes.py; on_ray.py opens the same labeller elsewhere. A thread reads the pipe, so
that the next chunk is here when the last is done, that neither side can wait for the other to read, and that
a parent which was killed is noticed at once.
"""

import os
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread

from inference.classifier import open_classifier
from inference.decode import prepare_opencv
from inference.errors import InferenceError
from labelling.chunk import Labelled, Labeller
from labelling.engine import Chunk, Failed, Orders
from labelling.errors import LabellingError
from model_store.errors import StoreError
from model_store.files import GRAPH
from model_store.local import open_release


def work(pipe: "Connection[Labelled | Failed, Chunk]", orders: Orders) -> None:
    """Label chunks until the pipe closes."""
    inbox: SimpleQueue[Chunk] = SimpleQueue()
    Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    try:
        labeller = open_labeller(orders)
        while True:
            chunk = inbox.get()
            pipe.send(labeller.label(chunk.items))
    except (InferenceError, StoreError, LabellingError) as error:
        pipe.send(Failed(str(error)))
    except OSError:  # nobody is there to be told
        os._exit(1)


def _receive(pipe: "Connection[Labelled | Failed, Chunk]", inbox: "SimpleQueue[Chunk]") -> None:
    """Take chunks as they come; end the process when there will be no more."""
    try:
        while True:
            inbox.put(pipe.recv())
    except (EOFError, OSError):
        # The other thread may be in the middle of a picture that nobody waits for any more.
        os._exit(0)


def open_labeller(orders: Orders) -> Labeller:
    """Make ready what labels: the release, verified, and what reads the source.

    Raises:
        StoreError: the release is not whole.
        InferenceError: its model cannot be run here, or answers otherwise than it did when it was made.
    """
    prepare_opencv()
    release = open_release(orders.release)
    manifest = release.manifest
    classifier = open_classifier(release.folder / GRAPH, manifest.model)
    classifier.check_golden(manifest.golden.inputs(), manifest.golden.answers())
    write = orders.form.writer(manifest.model.labels, release.version)
    return Labeller(orders.source.reader(), classifier, write)

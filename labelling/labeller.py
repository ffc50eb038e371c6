"""Label some pictures: read, decode, convert, one run of the model after another, rows.

Each picture goes the same way as in the service, so that a table has the answers of `/predict`. Runs in a
worker process; the processes are in processes.py and on_ray.py.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.convert import ModelInput
from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import UploadError
from inference.networks import Networks
from labelling.errors import Unreadable
from labelling.items import Item, Read, Source
from labelling.table import Form, Outcome, Row
from model_store.local import open_release
from model_store.networks import open_networks

PICTURES_PER_RUN: Final = 16
"""Pictures in one run of the model: 8 to 16 fit a core's cache; 64 take a tenth longer for each."""


@dataclass(frozen=True)
class Setup:
    """What every worker starts with.

    Attributes:
        release: the folder of a release.
    """

    source: Source
    release: Path
    form: Form


@dataclass(frozen=True)
class Labeller:
    """How pictures are read, the model, and how rows are written."""

    read: Read
    networks: Networks
    form: Form
    version: str

    def label(self, items: Sequence[Item]) -> list[Row]:
        """Label some pictures, in order; one that cannot be read or decoded becomes a row with an error.

        Raises:
            StoreError: the store that they lie in fails.
            ModelError: the model failed.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(items), PICTURES_PER_RUN):
            run = items[start : start + PICTURES_PER_RUN]
            outcomes += answered(self.networks, run, self.read([item.place for item in run]))
        return [self.form.row(one, self.version) for one in outcomes]


def answered(
    networks: Networks, items: Sequence[Item], uploads: Iterable[bytes | Unreadable]
) -> list[Outcome]:
    """Answer some pictures in one run of the model.

    Args:
        networks: of a release.
        items: name the pictures.
        uploads: of the items, in their order.

    Raises:
        ModelError: the model failed.
    """
    prepared = [_prepare(upload, networks) for upload in uploads]
    good = [content for _, content in prepared if not isinstance(content, str)]
    predictions = iter(networks.classify(good) if good else [])
    return [
        Outcome(item.name, sha256, content if isinstance(content, str) else next(predictions), item.further)
        for item, (sha256, content) in zip(items, prepared, strict=True)
    ]


def _prepare(upload: bytes | Unreadable, networks: Networks) -> tuple[str, ModelInput | str]:
    """The hash of an upload, and what the model reads of it, or what is wrong with it."""
    if isinstance(upload, Unreadable):
        return "", str(upload)
    sha256 = hashlib.sha256(upload).hexdigest()
    try:
        decoded = decode(upload, MAX_PIXELS, networks["pixels"].contract.input)
    except UploadError as error:
        return sha256, str(error)
    return sha256, networks.model_input(decoded)


def open_labeller(setup: Setup) -> Labeller:
    """Open the release, verified, and what reads the source.

    Raises:
        StoreError: the release is not whole.
        ModelError: see `open_networks`.
    """
    prepare_decoders()
    release = open_release(setup.release)
    return Labeller(setup.source.reader(), open_networks(release), setup.form, release.version)

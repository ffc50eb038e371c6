"""Label some pictures: read, decode, convert, one run of the model after another, rows as bytes.

The way of a picture is the service's own, so that a table says what `/predict` would have answered. Runs in a
worker process; what feeds those: crew.py, on an engine (engine.py).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from inference.arrays import Pixels
from inference.classifier import Classifier, Prediction
from inference.convert import decoded_to_pixels
from inference.decode import decode
from inference.errors import UploadError
from inference.header import MAX_PIXELS
from labelling.errors import Unreadable
from labelling.rows import Outcome, Write
from labelling.sources import Item, Read
from labelling.tally import Tally

PICTURES_PER_RUN: Final = 16
"""Pictures in one run of the model: 8 to 16 fit a core's cache. Measured in microseconds a picture, bundled
release: 1: 518, 8: 477, 16: 484, 64: 540, 256: 644."""


class Labelled(NamedTuple):
    """What came of a chunk: its rows as they are written, and what they add to the summary."""

    rows: bytes
    tally: Tally


class _Seen(NamedTuple):
    """One picture before the model has run: its pixels, or what is wrong with it."""

    name: str
    sha256: str
    content: Pixels | str


@dataclass(frozen=True)
class Labeller:
    """What a worker needs to label: how pictures are read, the model, how rows are written."""

    read: Read
    classifier: Classifier
    write: Write

    def label(self, items: Sequence[Item]) -> Labelled:
        """Label some pictures, in order; one that cannot be read or decoded becomes a row with an error.

        Raises:
            StoreError: the store that they lie in does not give them.
            ModelError: the model failed.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(items), PICTURES_PER_RUN):
            run = items[start : start + PICTURES_PER_RUN]
            uploads = self.read([item.place for item in run])
            seen = [self._see(item.name, upload) for item, upload in zip(run, uploads, strict=True)]
            outcomes += self._answered(seen)
        predictions = [one.answer for one in outcomes if isinstance(one.answer, Prediction)]
        errors = len(outcomes) - len(predictions)
        tally = Tally.of(predictions, errors, len(self.classifier.contract.labels))
        return Labelled(self.write(outcomes), tally)

    def _see(self, name: str, upload: bytes | Unreadable) -> _Seen:
        if isinstance(upload, Unreadable):
            return _Seen(name, "", str(upload))
        sha256 = hashlib.sha256(upload).hexdigest()
        try:
            decoded = decode(upload, MAX_PIXELS)
        except UploadError as error:
            return _Seen(name, sha256, str(error))
        return _Seen(name, sha256, decoded_to_pixels(decoded, self.classifier.contract.input.imaging))

    def _answered(self, seen: list[_Seen]) -> list[Outcome]:
        good = [one.content for one in seen if not isinstance(one.content, str)]
        predictions = iter(self.classifier.classify(np.stack(good)) if good else [])
        return [
            Outcome(name, sha256, content if isinstance(content, str) else next(predictions))
            for name, sha256, content in seen
        ]

"""What clients of the soak send, and every status that is an honest answer to it.

Pictures come in every form, good, bad and huge; the hostile ones are the corpus of the tests. Builds requests
and sends none.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.hostile.corpus import entries
from tests.uploads import a_garment, in_base64, png

EXAMPLES = Path(__file__).parents[2] / "examples"

PROBE = "one known picture"
"""The kind whose answer must be the one of the release that it names."""

HUNG_UP = "hung up"
"""The kind whose client goes away in the middle."""

GOOD = frozenset({200})

BOUNDARY = "soak-4d1c"


@dataclass(frozen=True)
class Kind:
    """One sort of request.

    Attributes:
        share: how often it is sent, beside the others' shares.
        expected: the statuses that it may get; 503 with a Retry-After may come to any that classifies.
        bearer: whether it comes with the API key.
    """

    name: str
    share: float
    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/octet-stream"
    expected: frozenset[int] = GOOD
    bearer: bool = True


def kinds() -> list[Kind]:
    """All of them, in a fixed order."""
    return [*_good(), *_huge(), *_bad(), *_hostile(), *_looks()]


def _good() -> Iterator[Kind]:
    picture = png(a_garment())
    photo = (EXAMPLES / "photo-dress.jpg").read_bytes()
    form = f"multipart/form-data; boundary={BOUNDARY}"
    yield Kind(PROBE, 30, "POST", "/predict", picture)
    yield Kind("photo as a form", 8, "POST", "/predict?top=3&seen=1", _form(photo), form)
    yield Kind("base64", 4, "POST", "/predict", _json({"image": in_base64(picture)}), "application/json")
    yield Kind("pixels", 4, "POST", "/predict", _json({"pixels": a_garment(1).tolist()}), "application/json")
    yield Kind("batch of 16 files", 2, "POST", "/predict/batch", _form(*[picture] * 16), form)
    yield Kind("batch of a ZIP", 2, "POST", "/predict/batch", _zip(picture, photo, b"no picture"))
    yield Kind(HUNG_UP, 3, "POST", "/predict", photo)


def _huge() -> Iterator[Kind]:
    yield Kind("49 megapixels", 0.15, "POST", "/predict", png(np.zeros((7000, 7000, 3), np.uint8)))
    yield Kind("photo of 12 megapixels", 0.5, "POST", "/predict", _jpeg(4000, 3000))
    yield Kind("21 MB", 0.3, "POST", "/predict", bytes(21_000_000), expected=frozenset({413}))
    yield Kind("15 MB of nothing", 0.3, "POST", "/predict", bytes(15_000_000), expected=frozenset({415}))


def _bad() -> Iterator[Kind]:
    picture = png(a_garment())
    yield Kind("nothing", 1, "POST", "/predict", expected=frozenset({400}))
    yield Kind("unknown parameter", 1, "POST", "/predict?what=1", picture, expected=frozenset({400}))
    yield Kind("no key", 2, "POST", "/predict", picture, expected=frozenset({401}), bearer=False)
    yield Kind("no such route", 1, "GET", "/nowhere", expected=frozenset({404}))
    yield Kind("wrong method", 1, "GET", "/predict", expected=frozenset({405}))


def _hostile() -> Iterator[Kind]:
    corpus = entries()
    for entry in corpus:
        yield Kind(
            f"hostile {entry.name.partition('/')[0]}",
            15 / len(corpus),
            "POST",
            "/predict",
            entry.body,
            entry.content_type,
            entry.statuses,
        )


def _looks() -> Iterator[Kind]:
    yield Kind("/healthz", 5, "GET", "/healthz", bearer=False)
    yield Kind("/readyz", 5, "GET", "/readyz", bearer=False)
    yield Kind("/metrics/prometheus", 1, "GET", "/metrics/prometheus")
    yield Kind("/metrics", 1, "GET", "/metrics")
    yield Kind("/model", 1, "GET", "/model")


def _form(*files: bytes) -> bytes:
    head = 'Content-Disposition: form-data; name="image"; filename="a.png"'
    parts = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + file + b"\r\n" for file in files]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _zip(*members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"{number}.png", member)
    return packed.getvalue()


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _jpeg(width: int, height: int) -> bytes:
    picture = np.full((height, width, 3), 240, np.uint8)
    cv2.rectangle(picture, (width // 3, height // 5), (width * 2 // 3, height * 4 // 5), (40, 60, 90), -1)
    encoded, upload = cv2.imencode(".jpg", picture)
    assert encoded
    return upload.tobytes()

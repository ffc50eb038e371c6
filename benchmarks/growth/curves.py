"""What is sent at each point of each curve. Builds requests; sends nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from app.settings import Settings
from benchmarks.side_by_side.forms import BOUNDARY, Form, Request
from benchmarks.side_by_side.peers import RAW, WORKERS
from benchmarks.side_by_side.uploads import CHECKED, EXAMPLES, JPEG_QUALITY, SENSOR_NOISE, picture_for

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
HEIGHTS = (28, 56, 112, 224, 448, 896, 1792, 3584, 8000)
"""Of pictures three quarters as wide: up to 48 megapixels; the limit is MAX_PIXELS."""

LARGE = 3000
PATIENCE = 3
"""For heights above LARGE: tenths of a second each."""

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, Settings.model_fields["max_batch"].default)
WORKER_COUNTS = (1, 2, 3, 4)

SOME_CONNECTIONS = 8
"""While something else grows."""


@dataclass(frozen=True)
class Point:
    """One load.

    Attributes:
        size: how much work: connections, pixels, pictures or workers.
        request: makes what is sent.
        patience: by how much it takes longer than the others, so that several are answered.
    """

    size: int
    request: Callable[[], Request]
    connections: int
    workers: int = WORKERS
    patience: int = 1


@dataclass(frozen=True)
class Curve:
    """Loads of growing size.

    Attributes:
        name: what grows.
        cost: the exponent with which processor time per answer may grow: 1 where an answer is that much more
            work, 0 where it is the same.
        wait: the same for the time that an answer takes.
    """

    name: str
    cost: int
    wait: int
    points: tuple[Point, ...]


def curves() -> list[Curve]:
    """All of them."""
    png = partial(RAW.request, picture_for("png"))
    return [
        Curve("connections", 0, 1, tuple(Point(count, png, count) for count in CONNECTIONS)),
        Curve("pixels of a JPEG", 1, 1, tuple(_pictures(".jpg", SENSOR_NOISE))),
        Curve("pixels of a PNG", 1, 1, tuple(_pictures(".png", 0.0))),
        Curve("pictures of a batch", 1, 1, tuple(_batches())),
        Curve("workers", 0, 0, tuple(Point(count, png, SOME_CONNECTIONS, count) for count in WORKER_COUNTS)),
    ]


def _pictures(suffix: str, noise: float) -> Iterator[Point]:
    # A connection for each worker: nothing waits, so the time is that of the work.
    for height in HEIGHTS:
        make = partial(_raw_picture, height, suffix, noise)
        yield Point(height * (height * 3 // 4), make, WORKERS, patience=PATIENCE if height > LARGE else 1)


def _raw_picture(height: int, suffix: str, noise: float) -> Request:
    return RAW.request(_picture(height, suffix, noise))


def _picture(height: int, suffix: str, noise: float) -> bytes:
    """The ankle boot, dark on white; PNGs without noise, which would make them more than MAX_UPLOAD_BYTES."""
    boot = cv2.imread(str(EXAMPLES / CHECKED[0]), cv2.IMREAD_GRAYSCALE)
    assert boot is not None
    size = (height * 3 // 4, height)
    shown = cv2.resize(np.pad(255 - boot, ((10, 10), (3, 3)), constant_values=255), size)
    tile = np.random.default_rng(0).normal(0, noise, (256, 256))
    grain = np.tile(np.round(tile).astype(np.int8), (height // 256 + 1, size[0] // 256 + 1))
    grainy = cv2.add(shown, grain[:height, : size[0]], dtype=cv2.CV_8U)
    written, upload = cv2.imencode(
        suffix,
        cv2.cvtColor(grainy, cv2.COLOR_GRAY2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else [],
    )
    assert written
    return upload.tobytes()


def _batches() -> Iterator[Point]:
    for count in BATCHES:
        yield Point(count, partial(_batch, count), WORKERS)


def _batch(count: int) -> Request:
    """A form of so many files."""
    part = Form("multipart").request(picture_for("png")).body.removesuffix(f"--{BOUNDARY}--\r\n".encode())
    body = part * count + f"--{BOUNDARY}--\r\n".encode()
    return Request("/predict/batch", f"multipart/form-data; boundary={BOUNDARY}", body)

"""How the cost of an answer grows with the work: make growth.

Connections, pixels of a JPEG and of a PNG, and pictures of a batch grow one at a time; each point is a load
of some seconds on a service of two workers. Saves docs/results/growth.json and growth.png: processor time of
an answer, p50 and p99. docs/explanation/benchmarks.md computes with them.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.forms import BOUNDARY, Form, Request
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, WORKERS
from benchmarks.side_by_side.servers import Running, load_cores, serving
from benchmarks.side_by_side.uploads import CHECKED, EXAMPLES, JPEG_QUALITY, SENSOR_NOISE, picture_for
from benchmarks.side_by_side.wrk import Clients, load
from scripts.terminal import run

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
HEIGHTS = (28, 56, 112, 224, 448, 896, 1792, 3584, 8000)
"""Of pictures three quarters as wide: up to 48 megapixels; the limit is MAX_PIXELS."""
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

PATIENT_PIXELS = 1_000_000
"""Above, a point takes three times as long, so that several pictures are answered."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one load saw.

    Attributes:
        size: how much work: connections, pixels or pictures.
        p50: milliseconds, as p99.
        processor: milliseconds of all cores together for one answer.
    """

    size: int
    per_second: float
    p50: float
    p99: float
    processor: float
    errors: int


def main(argv: list[str] | None = None) -> int:
    """Measure every curve, save, draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=main.__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each point")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plot")
    options = parser.parse_args(argv)
    seen: dict[str, list[Point]] = {}
    with tempfile.TemporaryDirectory() as name, serving(BY_NAME[OURS], Path(name)) as service:
        warm_up = Clients(WORKERS, 1, load_cores())
        _seen(service, 0, RAW.request(picture_for("png")), warm_up, Path(name))
        for curve, size, request, connections in points():
            seconds = options.seconds * (3 if size > PATIENT_PIXELS else 1)
            point = _seen(service, size, request, Clients(connections, seconds, load_cores()), Path(name))
            seen.setdefault(curve, []).append(point)
            print(f"{curve}: {point}", flush=True)
    figures = {curve: [asdict(point) for point in its] for curve, its in seen.items()}
    print(f"Saved {save('growth', 'make growth', {'seen': figures}, options.out)}")
    draw(seen, options.out / "growth.png")
    return 0


def points() -> Iterator[tuple[str, int, Request, int]]:
    """For each point its curve, its size, what is sent, and on how many connections."""
    for count in CONNECTIONS:
        yield "connections", count, RAW.request(picture_for("png")), count
    for suffix, curve in ((".jpg", "pixels of a JPEG"), (".png", "pixels of a PNG")):
        for height in HEIGHTS:
            yield curve, height * (height * 3 // 4), RAW.request(_picture(height, suffix)), WORKERS
    for count in BATCHES:
        yield "pictures of a batch", count, _batch(count), WORKERS


def _picture(height: int, suffix: str) -> bytes:
    """The ankle boot, dark on white; a PNG has no noise, which would exceed MAX_UPLOAD_BYTES."""
    boot = cv2.imread(str(EXAMPLES / CHECKED[0]), cv2.IMREAD_GRAYSCALE)
    assert boot is not None
    shown = cv2.resize(np.pad(255 - boot, ((10, 10), (3, 3)), constant_values=255), (height * 3 // 4, height))
    if suffix == ".jpg":
        noise = np.random.default_rng(0).normal(0, SENSOR_NOISE, shown.shape)
        shown = np.clip(shown + noise, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
    written, upload = cv2.imencode(suffix, cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR), quality)
    assert written
    return upload.tobytes()


def _batch(count: int) -> Request:
    """A form of so many files."""
    end = f"--{BOUNDARY}--\r\n".encode()
    part = Form("multipart").request(picture_for("png")).body.removesuffix(end)
    return Request("/predict/batch", f"multipart/form-data; boundary={BOUNDARY}", part * count + end)


def _seen(service: Running, size: int, request: Request, clients: Clients, folder: Path) -> Point:
    before = service.family.processor_seconds()
    seen = load(service.port, request, clients, folder)
    service.family.settle()
    spent = service.family.processor_seconds() - before
    return Point(
        size=size,
        per_second=seen.per_second,
        p50=seen.p50,
        p99=seen.p99,
        # wrk leaves with a request on every connection; these are answered as well.
        processor=spent / (seen.answers + clients.connections) * 1000,
        errors=seen.errors,
    )


def draw(seen: dict[str, list[Point]], path: Path) -> None:
    """A panel for each curve, in milliseconds."""
    figure = Figure(figsize=(8.5, 6), layout="constrained")
    for axes, (curve, its) in zip(figure.subplots(2, 2).flatten(), seen.items(), strict=True):
        for name in ("processor", "p50", "p99"):
            values = [getattr(point, name) or float("nan") for point in its]  # 0: nothing was answered
            axes.plot([point.size for point in its], values, marker="o", markersize=3, label=name)
        axes.set(xscale="log", yscale="log", xlabel=curve, ylabel="ms")
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    sys.exit(run(main))

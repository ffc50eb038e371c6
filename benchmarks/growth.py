"""How the cost of an answer grows with the work: make growth.

Connections, pixels of a JPEG and of a PNG, and pictures of a batch grow one at a time; each point is a load
of some seconds on a service of two workers. Saves docs/results/growth.json and growth.png: processor time of
an answer, p50 and p99. docs/explanation/benchmarks.md computes with them.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import FOLDER, save
from benchmarks.servers import WORKERS, Running
from benchmarks.side_by_side.forms import BOUNDARY, form_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, started
from benchmarks.uploads import SENSOR_NOISE, encoded, picture_for, shop_photo
from benchmarks.wrk import Request, load_and_cost
from scripts.terminal import run

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
HEIGHTS = (28, 56, 112, 224, 448, 896, 1792, 3584, 8000)
"""Of pictures three quarters as wide: up to 48 megapixels; the limit is MAX_PIXELS."""
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

PATIENT_PIXELS = 1_000_000
"""Above, a point takes three times as long, so that several pictures are answered."""


Point: TypeAlias = dict[str, float]
"""What one load saw: `size` of the work (connections, pixels or pictures), the fields of `wrk.Load`, and
`processor`, milliseconds of all cores together for one answer."""


def main(argv: list[str] | None = None) -> int:
    """Measure every curve, save, draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=main.__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each point")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plot")
    options = parser.parse_args(argv)
    seen: dict[str, list[Point]] = {}
    with started(BY_NAME[OURS]) as service:
        _seen(service, 0, RAW.request(picture_for("png")), WORKERS, 1)
        for curve, size, request, connections in points():
            seconds = options.seconds * (3 if size > PATIENT_PIXELS else 1)
            point = _seen(service, size, request, connections, seconds)
            seen.setdefault(curve, []).append(point)
            print(f"{curve}: {point}", flush=True)
    print(f"Saved {save('growth', 'make growth', {'seen': seen}, options.out)}")
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
    """Dark on white, in colour; a PNG has no noise, which would exceed MAX_UPLOAD_BYTES."""
    coloured = cv2.cvtColor(shop_photo(height, height * 3 // 4), cv2.COLOR_GRAY2BGR)
    return encoded(np.asarray(coloured, np.uint8), suffix, SENSOR_NOISE if suffix == ".jpg" else 0.0)


def _batch(count: int) -> Request:
    """A form of so many files."""
    body = form_of([picture_for("png")] * count)
    return Request("/predict/batch", f"multipart/form-data; boundary={BOUNDARY}", body)


def _seen(service: Running, size: int, request: Request, connections: int, seconds: int) -> Point:
    seen, processor = load_and_cost(service, request, connections, seconds)
    return {"size": size, **asdict(seen), "processor": processor}


def draw(seen: dict[str, list[Point]], path: Path) -> None:
    """A panel for each curve, in milliseconds."""
    figure = Figure(figsize=(8.5, 6), layout="constrained")
    for axes, (curve, its) in zip(figure.subplots(2, 2).flatten(), seen.items(), strict=True):
        for name in ("processor", "p50", "p99"):
            values = [point[name] or float("nan") for point in its]  # 0: nothing was answered
            axes.plot([point["size"] for point in its], values, marker="o", markersize=3, label=name)
        axes.set(xscale="log", yscale="log", xlabel=curve, ylabel="ms")
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    sys.exit(run(main))

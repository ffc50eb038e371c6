"""What it costs to turn an upload into pixels: python -m benchmarks.conversion (or `make conversion`).

A photo of 12 megapixels and a thumbnail, both drawn here, go the way of every upload, in turns with what a
program without any of it would do: decode all and resize. So whatever else the machine does falls on both,
and the ratio of each turn is what counts. Segmentation is stated apart, on drawn photos or a folder of yours.
Prints each way; saves docs/results/conversion.json.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.results import save
from inference.arrays import Picture
from inference.contract import EDGE, PHOTOGRAPHS
from inference.convert import convert, decoded_to_pixels
from inference.decode import REDUCED_EDGE, decode, prepare_opencv
from inference.framing import no_larger_than
from inference.header import MAX_PIXELS
from inference.segmentation import segment
from tests.drawn_garments import on_a_floor, on_plain

TURNS = 40
"""Rounds of each path; the paths of a large photo alternate."""

HIGHEST_RATIO = 0.45
"""Most that a photo of 12 megapixels without segmentation may cost, as a share of decoding all of it."""

THUMBNAIL_MS = 1.0
"""A thumbnail has to cost less."""

LARGE, THUMBNAIL = (4000, 3000), (80, 60)
"""Height and width, in pixels."""

SENSOR_NOISE = 10.0
"""Standard deviation, of 255: makes the JPEG as large as a phone's, 3.7 MB, and as slow to decode."""

JPEG_QUALITY = 90

WHOLE, REDUCED, PLAIN, CLUTTERED = "all decoded", "an eighth decoded", "plain ground", "cluttered ground"
SMALL = "thumbnail"


@dataclass(frozen=True)
class Times:
    """Milliseconds of one way, over n turns."""

    n: int
    median: float
    quartiles: tuple[float, float]

    @classmethod
    def of(cls, milliseconds: Iterable[float]) -> "Times":
        """Median and quartiles."""
        values = list(milliseconds)
        low, middle, high = (round(float(q), 3) for q in np.quantile(values, [0.25, 0.5, 0.75]))
        return cls(len(values), middle, (low, high))


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.conversion")
    parser.add_argument("--photos", type=Path, help="time segmentation on the pictures under this folder")
    options = parser.parse_args(argv)
    prepare_opencv()
    busy = os.getloadavg()[0]
    turns = _in_turns(_large_ways()) | _in_turns(_small_ways())
    ratio = Times.of(ours / whole for ours, whole in zip(turns[PLAIN], turns[WHOLE], strict=True))
    floor = Times.of(eighth / whole for eighth, whole in zip(turns[REDUCED], turns[WHOLE], strict=True))
    times = {name: Times.of(values) for name, values in turns.items()}
    segmentation = Times.of(_segmentation(options.photos))
    figures = {
        "load_of_the_machine_before": round(busy, 2),
        "milliseconds": {name: asdict(one) for name, one in times.items()},
        "ratio_to_all_decoded": {PLAIN: asdict(ratio), REDUCED: asdict(floor)},
        "segmentation": {"on": "photos" if options.photos else "drawn photos", **asdict(segmentation)},
    }
    for name, one in {**times, "segmentation alone": segmentation}.items():
        print(f"{name}: {one}")
    print(f"{PLAIN} costs {ratio.median:.2f} of {WHOLE}; at most {HIGHEST_RATIO} is allowed.")
    print(f"Saved {save('conversion', 'make conversion' + _arguments(options.photos), figures)}")
    return 0 if ratio.median <= HIGHEST_RATIO and times[SMALL].median < THUMBNAIL_MS else 1


def _arguments(photos: Path | None) -> str:
    return " ARGS='--photos FOLDER'" if photos else ""


def _large_ways() -> dict[str, Callable[[], object]]:
    """Each way, ready to be gone; ours are checked to take the route that they are named for."""
    plain = _photo(on_plain(60, 235), LARGE, SENSOR_NOISE)
    cluttered = _photo(on_a_floor(), LARGE, SENSOR_NOISE)
    assert (_route(plain), _route(cluttered)) == ("plain", "segmented")
    return {
        WHOLE: lambda: _naive(plain),
        REDUCED: lambda: cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_REDUCED_COLOR_8),
        PLAIN: lambda: _ours(plain),
        CLUTTERED: lambda: _ours(cluttered),
    }


def _small_ways() -> dict[str, Callable[[], object]]:
    thumbnail = _photo(on_plain(60, 255), THUMBNAIL, 0.0)
    assert _route(thumbnail) == "plain"
    return {SMALL: lambda: _ours(thumbnail)}


def _photo(picture: Picture, size: tuple[int, int], noise: float) -> bytes:
    """A JPEG of that height and width, with noise of that standard deviation."""
    height, width = size
    sized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, noise, sized.shape)
    noisy = np.clip(np.rint(sized + grain), 0, 255).astype(np.uint8)
    written, upload = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert written
    return upload.tobytes()


def _route(upload: bytes) -> str | None:
    found = convert(decode(upload, MAX_PIXELS), PHOTOGRAPHS).found
    return None if found is None else found.way


def _ours(upload: bytes) -> object:
    return decoded_to_pixels(decode(upload, MAX_PIXELS), PHOTOGRAPHS)


def _naive(upload: bytes) -> object:
    whole = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    return cv2.resize(whole, (EDGE, EDGE), interpolation=cv2.INTER_AREA)


def _in_turns(ways: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Milliseconds of each way in each turn, after one that does not count."""
    turns: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS + 1):
        for name, way in ways.items():
            taken = _milliseconds(way)
            if turn:
                turns[name].append(taken)
    return turns


def _milliseconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return (time.perf_counter() - began) * 1e3


def _segmentation(photos: Path | None) -> list[float]:
    """Milliseconds of GrabCut alone, of each picture that needs it."""
    uploads = (
        _files(photos) if photos else (_photo(on_a_floor(seed), (448, 336), 3.0) for seed in range(TURNS))
    )
    needing = (upload for upload in uploads if _route(upload) in ("segmented", "whole"))
    return [_milliseconds(_segmenting(upload)) for upload in needing]


def _segmenting(upload: bytes) -> Callable[[], object]:
    picture = no_larger_than(decode(upload, MAX_PIXELS).picture, REDUCED_EDGE)
    cascade = PHOTOGRAPHS.cascade
    assert cascade is not None
    return lambda: segment(picture, cascade.segmentation_edge, cascade.segmentation_rounds)


def _files(folder: Path) -> Iterable[bytes]:
    return (path.read_bytes() for path in sorted(folder.rglob("*.jpg")))


if __name__ == "__main__":
    sys.exit(main())

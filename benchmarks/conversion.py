"""What it costs to turn an upload into pixels: make conversion [ARGS=--memory].

A photo of 12 megapixels and a thumbnail, both drawn here, go the way of every upload, in turns with what a
program without any of it would do: decode all and resize. So whatever else the machine does falls on both,
and the ratio of each turn is what counts. Prints each way; saves docs/results/conversion.json.

With --memory: one plain picture of the largest size in each format, decoded and converted in a new process,
whose peak RSS less that before counts. Where the picture has a process of its own, the peak RSS of that one
counts, less the memory that it shares with the process that forks it. Saves docs/results/decode-memory.json,
which docs/reference/limits.md shows.
"""

import argparse
import io
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.processes import family
from benchmarks.results import save
from benchmarks.uploads import encoded
from inference.arrays import Picture
from inference.contract import EDGE, GREY_28
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import UploadError
from tests import pictures
from tests.coded_pictures import avif, heic
from tests.drawn_garments import on_plain

TURNS = 40

HIGHEST_RATIO = 0.45
"""Most that a photo of 12 megapixels may cost, as a share of decoding all of it."""

THUMBNAIL_MS = 1.0
"""A thumbnail has to cost less."""

LARGE, THUMBNAIL = (3000, 4000), (60, 80)
"""Width and height, in pixels."""

SENSOR_NOISE = 10.0
"""Standard deviation, of 255: makes the JPEG as large as a phone's, 3.7 MB, and as slow to decode."""

WHOLE, REDUCED, PHOTO, SMALL = "all decoded", "an eighth decoded", "photo", "thumbnail"

Way = Callable[[], object]


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.conversion")
    parser.add_argument("--memory", action="store_true", help="measure the largest picture of each format")
    options = parser.parse_args(argv)
    if options.memory:
        return _memory()
    prepare_decoders()
    busy = os.getloadavg()[0]
    turns = {name: np.array(its) for name, its in _in_turns(_ways()).items()}
    ratios = {name: _quantiles(turns[name] / turns[WHOLE]) for name in (PHOTO, REDUCED)}
    times = {name: _quantiles(its) for name, its in turns.items()}
    figures = {
        "load_of_the_machine_before": round(busy, 2),
        "milliseconds": times,
        "ratio_to_all_decoded": ratios,
    }
    for name, its in figures.items():
        print(f"{name}: {its}")
    print(f"Saved {save('conversion', 'make conversion', figures)}")
    return 0 if np.median(turns[PHOTO] / turns[WHOLE]) <= HIGHEST_RATIO and _is_quick(turns[SMALL]) else 1


def _is_quick(milliseconds: Iterable[float]) -> bool:
    return float(np.median(list(milliseconds))) < THUMBNAIL_MS


def _quantiles(values: Iterable[float]) -> dict[str, object]:
    """How many, their median and their quartiles."""
    seen = list(values)
    low, middle, high = (round(float(q), 3) for q in np.quantile(seen, [0.25, 0.5, 0.75]))
    return {"n": len(seen), "median": middle, "quartiles": (low, high)}


def _ways() -> dict[str, Way]:
    """Each way, ready to be gone."""
    photo = _photo(on_plain(60, 235), LARGE, SENSOR_NOISE)
    thumbnail = _photo(on_plain(60, 255), THUMBNAIL, 0.0)
    return {
        WHOLE: lambda: _naive(photo),
        REDUCED: lambda: cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_REDUCED_COLOR_8),
        PHOTO: lambda: _ours(photo),
        SMALL: lambda: _ours(thumbnail),
    }


def _photo(picture: Picture, size: tuple[int, int], noise: float) -> bytes:
    return encoded(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), ".jpg", noise)


def _ours(upload: bytes) -> object:
    return decoded_to_pixels(decode(upload, MAX_PIXELS), GREY_28)


def _naive(upload: bytes) -> object:
    whole = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    return cv2.resize(whole, (EDGE, EDGE), interpolation=cv2.INTER_AREA)


def _in_turns(ways: dict[str, Way]) -> dict[str, list[float]]:
    """Milliseconds of each way in each turn, after one that does not count."""
    turns = [{name: _milliseconds(way) for name, way in ways.items()} for _ in range(TURNS + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in ways}


def _milliseconds(way: Way) -> float:
    began = time.perf_counter()
    way()
    return (time.perf_counter() - began) * 1e3


LARGEST_EDGE = int(MAX_PIXELS**0.5)
CODED_EDGE = LARGEST_EDGE // 64 * 64
"""Of HEIC and AVIF: HEVC rounds up to whole blocks."""


def _zeros(channels: int, dtype: str = "uint8", edge: int = LARGEST_EDGE) -> np.ndarray:
    return np.zeros((edge, edge, channels), dtype)


def _by_pillow(mode: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (LARGEST_EDGE, LARGEST_EDGE)).save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()


FAST = {"preset": "ultrafast"}
PROGRESSIVE = {"format": "JPEG", "progressive": True, "subsampling": 0}

FORMATS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: pictures.jpeg(_zeros(3)),
    "JPEG, progressive": lambda: _by_pillow("RGB", **PROGRESSIVE),
    "JPEG, CMYK, progressive": lambda: _by_pillow("CMYK", **PROGRESSIVE),
    "PNG, grey": lambda: pictures.png(_zeros(1)[..., 0]),
    "PNG, RGB": lambda: pictures.png(_zeros(3)),
    "PNG, RGBA": lambda: pictures.png(_zeros(4)),
    "PNG, RGBA, 16 bits": lambda: pictures.png(_zeros(4, "uint16")),
    "WebP, lossy": lambda: pictures.webp_lossy(_zeros(3)),
    "WebP, lossless": lambda: pictures.webp(_zeros(4)),
    "GIF": lambda: _by_pillow("P", format="GIF"),
    "TIFF, RGB": lambda: pictures.encoded(".tif", _zeros(3)),
    "TIFF, RGBA, 16 bits": lambda: pictures.encoded(".tif", _zeros(4, "uint16")),
    "HEIC, in tiles": lambda: heic(
        _zeros(3, edge=CODED_EDGE), quality=50, chroma=420, tile_size=512, enc_params=FAST
    ),
    "HEIC, 4:4:4, 10 bits": lambda: heic(_zeros(3, "uint16", CODED_EDGE), quality=50, enc_params=FAST),
    "AVIF": lambda: pictures.encoded(
        ".avif", _zeros(3), cv2.IMWRITE_AVIF_QUALITY, 50, cv2.IMWRITE_AVIF_SPEED, 10
    ),
    "AVIF, RGBA, 4:4:4, 12 bits": lambda: avif(_zeros(4, "uint16"), 12),
}


def _memory() -> int:
    # A process each: the peak of one that has made or decoded a picture hides the next one's.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        figures = {name: pool.apply(measured, (pool.apply(made, (name,)),)) for name in FORMATS}
    command = "make conversion ARGS=--memory"
    saved = save("decode-memory", command, {"pixels": LARGEST_EDGE**2, "formats": figures})
    print(saved.read_text("utf-8"))
    return 0


def made(name: str) -> bytes:
    """A picture of this format."""
    return FORMATS[name]()


def measured(upload: bytes) -> dict[str, object]:
    """Decode and convert a picture: what came of it, the memory and the processor time that it took."""
    prepare_decoders()
    decode(pictures.bmp(np.zeros((1, 1, 3), np.uint8)), MAX_PIXELS)  # what a decoder takes for nothing
    shared = _anonymous_mebibytes(family(os.getpid())[1])
    before = _used()
    try:
        decoded_to_pixels(decode(upload, MAX_PIXELS), GREY_28)
        outcome = "read"
    except UploadError as error:
        outcome = type(error).__name__
    after = _used()
    own, largest_child = (of_it.peak - its.peak for its, of_it in zip(before, after, strict=True))
    # A child inherits the peak of this process when it is started, so that a small child shows no peak.
    in_a_child = after[1].peak - shared if largest_child else 0.0
    return {
        "upload_megabytes": round(len(upload) / 1e6, 2),
        "outcome": outcome,
        "peak_megabytes": round(max(own, in_a_child)),
        "seconds": round(sum(of_it.seconds for of_it in after) - sum(its.seconds for its in before), 2),
    }


class Usage(NamedTuple):
    """Peak RSS in mebibytes, and seconds of processor time."""

    peak: float
    seconds: float


def _used() -> tuple[Usage, Usage]:
    """What this process has used, and those that decode.

    These count once the process that forks them has ended, so it is ended here.
    """
    for child in family(os.getpid())[1:]:
        os.kill(child, signal.SIGTERM)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return _usage(own), _usage(children)


def _usage(usage: resource.struct_rusage) -> Usage:
    return Usage(usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def _anonymous_mebibytes(pid: int) -> float:
    """Memory of the process that forks: a fork begins with all of it, and takes nothing for it."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) / 1024


if __name__ == "__main__":
    sys.exit(main())

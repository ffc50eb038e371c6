"""The memory of one picture of the largest size, in each format: python -m benchmarks.decode_memory.

A plain picture is decoded and converted in a new process, whose peak RSS less that before counts. Where the
picture has a process of its own, the peak RSS of that one counts, less the memory that it shares with the
process that forks it. Saves docs/results/decode-memory.json, which docs/reference/limits.md shows.
"""

import io
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.processes import family
from benchmarks.results import save
from inference.contract import GREY_28
from inference.errors import UploadError
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import MAX_PIXELS, decode_image, prepare_decoders
from tests import pictures
from tests.coded_pictures import avif, heic

LARGEST_EDGE = int(MAX_PIXELS**0.5)
CODED_EDGE = LARGEST_EDGE // 64 * 64
"""The edge of HEIC and AVIF pictures, in pixels. HEVC rounds an edge up to whole blocks."""


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


def main() -> int:
    """Measure, save, print."""
    # A process each: the peak of one that has made or decoded a picture hides the next one's.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        figures = {name: pool.apply(measured, (pool.apply(made, (name,)),)) for name in FORMATS}
    measured_here = {"pixels": LARGEST_EDGE**2, "formats": figures}
    saved = save("decode-memory", "make measure ARGS=decode_memory", measured_here)
    print(saved.read_text("utf-8"))
    return 0


def made(name: str) -> bytes:
    """A picture of this format."""
    return FORMATS[name]()


def measured(upload: bytes) -> dict[str, object]:
    """Decode and convert a picture: what came of it, the memory and the processor time that it took."""
    prepare_decoders()
    decode_image(pictures.bmp(np.zeros((1, 1, 3), np.uint8)), MAX_PIXELS)  # what a decoder takes for nothing
    shared = _anonymous_mebibytes(family(os.getpid())[1])
    before = _used()
    try:
        convert_to_pixels(decode_image(upload, MAX_PIXELS), GREY_28)
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

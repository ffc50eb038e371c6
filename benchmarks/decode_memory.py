"""Measure the memory and time of one picture of MAX_PIXELS, by format, for docs/reference/limits.md.

    python -m benchmarks.decode_memory

Each picture is decoded and converted in a process of its own, whose peak RSS less that before is the figure.
The pictures are plain, so that they stay small; memory does not depend on what they show.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from app.settings import Settings
from benchmarks.results import save
from inference.contract import PHOTOGRAPHS
from inference.convert import decoded_to_pixels
from inference.decode import decode, prepare_opencv
from inference.errors import UploadError

LIMITS = Settings()
EDGE = int(LIMITS.max_pixels**0.5)


def _opencv(extension: str, channels: int, kind: str, *options: int) -> Callable[[int], bytes]:
    def make(edge: int) -> bytes:
        written, encoded = cv2.imencode(extension, np.zeros((edge, edge, channels), kind), list(options))
        assert written
        return encoded.tobytes()

    return make


def _pillow(mode: str, **options: object) -> Callable[[int], bytes]:
    def make(edge: int) -> bytes:
        file = io.BytesIO()
        Image.new(mode, (edge, edge)).save(file, **options)  # type: ignore[arg-type]
        return file.getvalue()

    return make


FORMATS: dict[str, Callable[[int], bytes]] = {
    "JPEG": _opencv(".jpg", 3, "uint8"),
    "JPEG, progressive": _pillow("RGB", format="JPEG", progressive=True, subsampling=0),
    "JPEG, CMYK, progressive": _pillow("CMYK", format="JPEG", progressive=True, subsampling=0),
    "PNG, grey": _opencv(".png", 1, "uint8"),
    "PNG, RGB": _opencv(".png", 3, "uint8"),
    "PNG, RGBA": _opencv(".png", 4, "uint8"),
    "PNG, RGBA, 16 bits": _opencv(".png", 4, "uint16"),
    "WebP, lossy": _opencv(".webp", 3, "uint8", cv2.IMWRITE_WEBP_QUALITY, 50),
    "WebP, lossless": _opencv(".webp", 4, "uint8", cv2.IMWRITE_WEBP_QUALITY, 101),
    "GIF": _pillow("P", format="GIF"),
    "TIFF, RGB": _opencv(".tif", 3, "uint8"),
    "TIFF, RGBA, 16 bits": _opencv(".tif", 4, "uint16"),
}


def main(argv: list[str] | None = None) -> int:
    """Measure every format and write docs/results/decode-memory.json."""
    parser = argparse.ArgumentParser(prog="benchmarks.decode_memory")
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.make:
        options.out.write_bytes(FORMATS[options.make](EDGE))
    elif options.measure:
        sys.stdout.write(json.dumps(_measure(options.measure.read_bytes())))
    else:
        figures = {name: _in_processes(name) for name in FORMATS}
        path = save(
            "decode-memory", "python -m benchmarks.decode_memory", {"pixels": EDGE**2, "formats": figures}
        )
        sys.stdout.write(path.read_text("utf-8"))
    return 0


def _in_processes(name: str) -> object:
    me = [sys.executable, "-m", "benchmarks.decode_memory"]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture"
        subprocess.run([*me, "--make", name, "--out", str(picture)], check=True)  # noqa: S603
        measured = subprocess.run([*me, "--measure", str(picture)], check=True, capture_output=True)  # noqa: S603
    return json.loads(measured.stdout)


def _measure(upload: bytes) -> dict[str, object]:
    prepare_opencv()
    before, began = _peak_megabytes(), time.perf_counter()
    try:
        decoded_to_pixels(decode(upload, LIMITS.max_pixels), PHOTOGRAPHS)
        outcome = "read"
    except UploadError as error:
        outcome = type(error).__name__
    return {
        "upload_megabytes": round(len(upload) / 1e6, 2),
        "outcome": outcome,
        "peak_megabytes": round(_peak_megabytes() - before),
        "seconds": round(time.perf_counter() - began, 2),
    }


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())

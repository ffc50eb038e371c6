"""Measure the memory and time of one picture of MAX_PIXELS, by format, for docs/reference/limits.md.

    python -m benchmarks.decode_memory

Each picture is made, decoded and converted in processes of their own, whose peak RSS less that before is the
figure; for HEIC and AVIF it is the peak of the process that decodes them. The pictures are plain, so that
they stay small; memory does not depend on what they show.
"""

import io
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from app.settings import Settings
from benchmarks.results import save
from inference.contract import CUT_OUT
from inference.convert import decoded_to_pixels
from inference.decode import decode, prepare_decoders
from inference.errors import UploadError

MAX_PIXELS = Settings().max_pixels
EDGE = int(MAX_PIXELS**0.5)


def _opencv(extension: str, channels: int, kind: str, *options: int) -> Callable[[], bytes]:
    def make() -> bytes:
        written, encoded = cv2.imencode(extension, np.zeros((EDGE, EDGE, channels), kind), list(options))
        assert written
        return encoded.tobytes()

    return make


def _pillow(mode: str, **options: object) -> Callable[[], bytes]:
    def make() -> bytes:
        file = io.BytesIO()
        Image.new(mode, (EDGE, EDGE)).save(file, **options)  # type: ignore[arg-type]
        return file.getvalue()

    return make


def _heic(mode: str, kind: str, **options: object) -> Callable[[], bytes]:
    """A little smaller: HEVC rounds up to whole blocks."""

    def make() -> bytes:
        edge = EDGE // 64 * 64
        file, samples = io.BytesIO(), np.zeros((edge, edge, 3), kind)
        fast = {"quality": 50, "enc_params": {"preset": "ultrafast"}, **options}
        pillow_heif.encode(mode, (edge, edge), samples.tobytes(), file, **fast)
        return file.getvalue()

    return make


def _avif(channels: int, kind: str, quality: int, depth: int) -> Callable[[], bytes]:
    """Quality 100 is 4:4:4."""

    def make() -> bytes:
        options = [
            cv2.IMWRITE_AVIF_QUALITY,
            quality,
            cv2.IMWRITE_AVIF_DEPTH,
            depth,
            cv2.IMWRITE_AVIF_SPEED,
            10,
        ]
        written, encoded = cv2.imencode(".avif", np.zeros((EDGE, EDGE, channels), kind), options)
        assert written
        return encoded.tobytes()

    return make


FORMATS: dict[str, Callable[[], bytes]] = {
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
    "HEIC, in tiles": _heic("RGB", "uint8", tile_size=512),
    "HEIC, 4:4:4, 10 bits": _heic("RGB;16", "uint16", chroma=444),
    "AVIF": _avif(3, "uint8", 50, 8),
    "AVIF, RGBA, 4:4:4, 12 bits": _avif(4, "uint16", 100, 12),
}


def main() -> int:
    """Measure every format and write docs/results/decode-memory.json."""
    # A process each: the peak of one that has made or decoded a picture hides the next one's.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        figures = {name: pool.apply(measure, (pool.apply(made, (name,)),)) for name in FORMATS}
    path = save(
        "decode-memory", "python -m benchmarks.decode_memory", {"pixels": EDGE**2, "formats": figures}
    )
    sys.stdout.write(path.read_text("utf-8"))
    return 0


def made(name: str) -> bytes:
    """A picture of this format."""
    return FORMATS[name]()


def measure(upload: bytes) -> dict[str, object]:
    """Decode and convert a picture: what came of it, the memory and the time that it took."""
    prepare_decoders()
    before, began = _peak_megabytes(), time.perf_counter()
    try:
        decoded_to_pixels(decode(upload, MAX_PIXELS), CUT_OUT)
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
    own, children = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return max(own, children) / 1024


if __name__ == "__main__":
    sys.exit(main())

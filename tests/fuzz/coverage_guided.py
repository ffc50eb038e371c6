"""Fuzz upload -> pixels in one process, steered by the lines of inference/ that an input reaches (libFuzzer).

    python -m tests.fuzz.coverage_guided --seconds 120

Ends with libFuzzer's status: not 0 on an error outside inference's tree, an input that takes too long, or too
much memory; the input is kept under .cache/fuzz/. atheris has no wheel for every Python and processor: where
it is not installed, this command prints so and does nothing. OpenCV is native code built without coverage, so
its decoders run but do not steer.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from tests.hostile.corpus import FILES, SEEDS

KEPT = Path(".cache/fuzz")
"""Inputs that reached something new, from run to run, and those that failed."""

KINDS = ("png", "jpeg", "gif", "webp", "tiff", "bmp", "heic", "avif", "polyglot", "truncated")

LIMITS = ("-max_len=16384", "-timeout=20", "-rss_limit_mb=2048")
"""libFuzzer's: bytes of an input, seconds for it, megabytes of the process."""

MAX_PIXELS = 4_000_000
"""Pictures of 50 megapixels are only slower; docs/explanation/benchmarks.md has what they cost."""

SLOW_SECONDS = 2.0


class Slow(Exception):
    """An input took longer than SLOW_SECONDS."""


def main() -> int:
    """Fuzz for a while; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage_guided")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed here: coverage-guided fuzzing is left out.\n")
        return 0
    grown, failed = KEPT / "grown", KEPT / "failed"
    for folder in (grown, failed):
        folder.mkdir(parents=True, exist_ok=True)
    run = [f"-max_total_time={options.seconds}", f"-seed={options.seed}", f"-artifact_prefix={failed}/"]
    corpora = [str(folder) for folder in (grown, SEEDS, *(FILES / kind for kind in KINDS))]
    import atheris  # noqa: PLC0415 - may be left out

    atheris.Setup([sys.argv[0], *run, *LIMITS, *corpora], uploads_to_pixels())
    atheris.Fuzz()
    return 0


def uploads_to_pixels() -> Callable[[bytes], None]:
    """What is tried on each input: anything but pixels or a refusal of ours is a finding."""
    import atheris  # noqa: PLC0415 - may be left out

    with atheris.instrument_imports(include=["inference"]):
        from inference.contract import GREY_28  # noqa: PLC0415 - not before it is instrumented
        from inference.errors import UploadError  # noqa: PLC0415
        from inference.pictures.convert import convert_to_pixels  # noqa: PLC0415
        from inference.pictures.decode import decode_image, prepare_decoders  # noqa: PLC0415

    def try_one(data: bytes) -> None:
        began = time.perf_counter()
        with contextlib.suppress(UploadError):
            convert_to_pixels(decode_image(data, MAX_PIXELS), GREY_28)
        took = time.perf_counter() - began
        if took > SLOW_SECONDS:
            raise Slow(f"{took:.1f} s")

    prepare_decoders()
    return try_one


if __name__ == "__main__":
    sys.exit(main())

"""One process of coverage-guided fuzzing: bytes in, pixels or a refusal out (atheris, on libFuzzer).

Started by coverage_guided.py, which reads what it prints. Only inference/ is instrumented: OpenCV is native
code built without coverage, so its decoders are tried but do not steer. Arguments are libFuzzer's.
"""

import contextlib
import os
import sys
import time

import atheris

with atheris.instrument_imports(include=["inference"]):
    from inference.contract import PHOTOGRAPHS
    from inference.convert import decoded_to_pixels
    from inference.decode import decode, prepare_opencv
    from inference.errors import UploadError

from fuzzing.memory import resident_kilobytes

MAX_PIXELS = 4_000_000
"""Pictures of 50 megapixels would only be slower; what they cost is measured in docs/limits.md."""

SLOW_SECONDS = 2.0
EVERY = 2_000
"""Inputs between two lines about memory."""


class Slow(Exception):
    """An input took longer than any may."""


class Seen:
    """How many inputs were tried."""

    inputs = 0


def try_one(data: bytes) -> None:
    """Turn `data` into pixels; anything but a refusal of ours is a finding."""
    began = time.perf_counter()
    with contextlib.suppress(UploadError):
        decoded_to_pixels(decode(data, MAX_PIXELS), PHOTOGRAPHS)
    took = time.perf_counter() - began
    if took > SLOW_SECONDS:
        raise Slow(f"{took:.1f} s")
    Seen.inputs += 1
    if Seen.inputs % EVERY == 0:
        sys.stdout.write(f"rss {Seen.inputs} {resident_kilobytes(os.getpid())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    prepare_opencv()
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()

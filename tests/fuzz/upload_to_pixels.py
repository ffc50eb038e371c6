"""The target of coverage-guided fuzzing: bytes in, pixels or a refusal out (atheris, on libFuzzer).

Started by coverage_guided.py; its arguments are libFuzzer's. Only inference/ is instrumented: OpenCV is
native code built without coverage, so its decoders run but do not steer.
"""

import contextlib
import sys
import time

import atheris

with atheris.instrument_imports(include=["inference"]):
    from inference.contract import GREY_28
    from inference.convert import decoded_to_pixels
    from inference.decode import decode, prepare_decoders
    from inference.errors import UploadError

MAX_PIXELS = 4_000_000
"""Pictures of 50 megapixels are only slower; docs/reference/limits.md has what they cost."""

SLOW_SECONDS = 2.0


class Slow(Exception):
    """An input took longer than SLOW_SECONDS."""


def try_one(data: bytes) -> None:
    """Turn `data` into pixels; anything but a refusal of ours is a finding."""
    began = time.perf_counter()
    with contextlib.suppress(UploadError):
        decoded_to_pixels(decode(data, MAX_PIXELS), GREY_28)
    took = time.perf_counter() - began
    if took > SLOW_SECONDS:
        raise Slow(f"{took:.1f} s")


if __name__ == "__main__":
    prepare_decoders()
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()

"""Fuzz upload -> pixels in one process, steered by the lines of inference/ that an input reaches.

    python -m tests.fuzz.coverage_guided --seconds 120

Ends with libFuzzer's status: not 0 on an error outside inference's tree, an input that takes too long, or too
much memory; the input is kept under .cache/fuzz/. atheris has no wheel for every Python and processor: where
it is not installed, this command prints so and does nothing.
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.hostile.corpus import FILES, SEEDS

KEPT = Path(".cache/fuzz")
"""Inputs that reached something new, from run to run, and those that failed."""

KINDS = ("png", "jpeg", "gif", "webp", "tiff", "bmp", "heic", "avif", "polyglot", "truncated")

LIMITS = ("-max_len=16384", "-timeout=20", "-rss_limit_mb=2048")
"""libFuzzer's: bytes of an input, seconds for it, megabytes of the process."""


def main() -> int:
    """Fuzz for a while."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage_guided")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed here: coverage-guided fuzzing is left out.\n")
        return 0
    return subprocess.run(command(options.seconds, options.seed), check=False).returncode


def command(seconds: int, seed: int) -> list[str]:
    """What starts upload_to_pixels.py with libFuzzer's arguments; makes its folders."""
    grown, failed = KEPT / "grown", KEPT / "failed"
    for folder in (grown, failed):
        folder.mkdir(parents=True, exist_ok=True)
    corpora = [str(folder) for folder in (grown, SEEDS, *(FILES / kind for kind in KINDS))]
    run = [f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={failed}/", *LIMITS]
    return [sys.executable, "-m", "tests.fuzz.upload_to_pixels", *run, *corpora]


if __name__ == "__main__":
    sys.exit(main())

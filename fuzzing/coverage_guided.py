"""Fuzz upload -> pixels in one process for a while, steered by the lines of inference/ that are reached.

    python -m fuzzing.coverage_guided --seconds 120

Ends with 1 on any error outside inference's tree, an input of more than 2 s, and memory that grows; the input
is kept under fuzzing/crashers/. Without atheris (it has no wheel for every Python and processor) it says so.
"""

import argparse
import re
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks.results import save
from fuzzing.memory import trend
from fuzzing.reporting import FLAT_MEGABYTES
from tests.hostile.corpus import FILES
from tests.hostile.entry import SEEDS

CRASHERS = Path(__file__).with_name("crashers")
GROWN = Path(".cache/fuzz")
"""Inputs that reached something new, kept from run to run."""

LARGEST = 16_384
"""Bytes of the largest input that is tried."""


def main(argv: list[str] | None = None) -> int:
    """Fuzz, report, and say by the exit status whether all was well."""
    options = _options().parse_args(argv)
    console = Console()
    if find_spec("atheris") is None:
        console.print("atheris is not installed here, so nothing is steered by coverage.")
        return 0
    done = subprocess.run(_command(options.seconds, options.seed), capture_output=True, check=False)  # noqa: S603
    printed = (done.stdout + done.stderr).decode("utf-8", errors="replace")
    outcome = _outcome(printed, done.returncode, options)
    command = f"python -m fuzzing.coverage_guided --seconds {options.seconds} --seed {options.seed}"
    save("fuzz-coverage", command, outcome)
    console.print_json(data=outcome)
    if not outcome["green"]:
        console.print(printed[-3000:], markup=False)
    return 0 if outcome["green"] else 1


def _command(seconds: int, seed: int) -> list[str]:
    CRASHERS.mkdir(exist_ok=True)
    GROWN.mkdir(parents=True, exist_ok=True)
    pictures = [
        str(FILES / kind) for kind in ("png", "jpeg", "gif", "webp", "tiff", "bmp", "polyglot", "truncated")
    ]
    limits = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=2048"]
    kept = [f"-seed={seed}", f"-artifact_prefix={CRASHERS}/", "-print_final_stats=1"]
    return [
        sys.executable,
        "-m",
        "fuzzing.upload_to_pixels",
        *limits,
        *kept,
        str(GROWN),
        str(SEEDS),
        *pictures,
    ]


def _outcome(printed: str, status: int, options: argparse.Namespace) -> dict[str, object]:
    samples = [
        (int(done), int(size)) for done, size in re.findall(r"^rss (\d+) (\d+)$", printed, re.MULTILINE)
    ]
    coverage = [int(found) for found in re.findall(r"cov: (\d+)", printed)]
    line = trend(samples) if len(samples) > 3 else None
    return {
        "seed": options.seed,
        "instrumented": "inference/ alone; OpenCV is native and not instrumented",
        "n": _final(printed, "number_of_executed_units"),
        "seconds": options.seconds,
        "branches_reached_at_first_and_last": [coverage[0], coverage[-1]] if coverage else None,
        "slowest_input_seconds": _final(printed, "slowest_unit_time_sec"),
        "peak_rss_megabytes": _final(printed, "peak_rss_mb"),
        "rss_after_warm_up": asdict(line) if line else None,
        "green": status == 0 and (line is None or line.growth_megabytes < FLAT_MEGABYTES),
    }


def _final(printed: str, name: str) -> int | None:
    found = re.search(rf"stat::{name}:\s+(\d+)", printed)
    return int(found[1]) if found else None


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fuzzing.coverage_guided", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())

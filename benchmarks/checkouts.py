"""Compare two checkouts of this repository: python -m benchmarks.checkouts OTHER [--rounds 5 --seconds 4].

Both services run all the time, with the bundled release on two workers, and get the same load in turns, so
that what else the machine does hits both. Needs wrk; prints a table, saves docs/results/checkouts.json.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from benchmarks.results import save
from benchmarks.servers import WORKERS, Running, serving
from benchmarks.side_by_side.peers import free_ports
from benchmarks.uploads import picture_for
from benchmarks.wrk import Request, load_and_cost

ROOT = Path(__file__).parent.parent
CASES = (("png", 1), ("png", 8), ("png", 64), ("jpeg", 8), ("jpeg-12mp", 8))
PATIENT = {"WARDROBE_QUEUE_SECONDS": "60", "WARDROBE_QUEUE_LENGTH": "64"}
"""No request is refused, since a refusal is cheaper than an answer."""

FIGURES = ("per_second", "p50", "p99", "cpu")
"""Answers a second; milliseconds; milliseconds of processor time for each answer."""


def main() -> None:
    """Measure in turns, print medians with their ranges, and save every figure."""
    parser = argparse.ArgumentParser(description="Compare two checkouts of this repository.")
    parser.add_argument("other", type=Path, help="a checkout with its .venv")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    chosen = parser.parse_args()
    with running(chosen.other) as other, running(ROOT) as this:
        results = {}
        for case in CASES:
            pairs = [(other, this)] * chosen.rounds
            rounds = [tuple(measure(service, *case, chosen.seconds) for service in pair) for pair in pairs]
            results[f"{case[0]}, {case[1]} connections"] = rounds
            print(case, *(summary(rounds, figure) for figure in FIGURES), sep="\n  ", flush=True)
    command = f"python -m benchmarks.checkouts OTHER --rounds {chosen.rounds} --seconds {chosen.seconds}"
    save("checkouts", command, {"commits": [commit(chosen.other), commit(ROOT)], "results": results})


@contextmanager
def running(checkout: Path) -> Iterator[Running]:
    """Run a checkout's service on a free port until the block ends."""
    (port,) = free_ports(1)
    with serving(
        [checkout.absolute() / ".venv" / "bin" / "python", "-m", "app"],
        port,
        checkout,
        {"PORT": str(port), "WEB_CONCURRENCY": str(WORKERS), **PATIENT},
        lambda: requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).ok,
    ) as service:
        yield service


def measure(service: Running, upload: str, connections: int, seconds: int) -> dict[str, float]:
    """Load a service, and return FIGURES."""
    request = Request("/predict", "application/octet-stream", picture_for(upload))
    seen, cpu = load_and_cost(service, request, connections, seconds)
    if seen.errors:
        sys.exit(f"{upload}, {connections} connections: {seen.errors} requests failed.")
    return dict(zip(FIGURES, (seen.per_second, seen.p50, seen.p99, cpu), strict=True))


def summary(rounds: list[tuple[dict[str, float], ...]], figure: str) -> str:
    """Median of each checkout, and of the ratio within a round with its range."""
    other, this = ([pair[which][figure] for pair in rounds] for which in (0, 1))
    ratios = sorted(mine / theirs for mine, theirs in zip(this, other, strict=True))
    return (
        f"{figure:10} other {median(other):.2f}, this {median(this):.2f}, "
        f"ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, n = {len(ratios)})"
    )


def commit(checkout: Path) -> str:
    """The commit that is checked out."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


if __name__ == "__main__":
    main()

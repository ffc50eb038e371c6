"""make growth: the service under growing loads; which cost grows faster than the work?

Prints each point as it is measured; saves docs/results/growth.json after each, and growth.png. The same
command goes on with a run that was stopped. 1 when a cost grows too fast. Ctrl-C ends the server that runs.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from rich.table import Table

from benchmarks.growth.curves import Curve, Point, curves
from benchmarks.growth.kept import NAME, SeenByCurve, keep, kept
from benchmarks.growth.plot import draw
from benchmarks.growth.slopes import Growth, Seen
from benchmarks.results import FOLDER
from benchmarks.side_by_side.peers import BY_NAME, OURS, Peer
from benchmarks.side_by_side.servers import NotServing, Running, load_cores, serving
from benchmarks.side_by_side.wrk import Clients, Load, LoadFailed, load
from scripts.terminal import complain, console, run

WARM_UP_SECONDS = 1


def main(argv: list[str] | None = None) -> int:
    """Measure, judge, tell."""
    options = _options().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with the server
    plan = [curve for curve in curves() if curve.name in options.curves]
    seen = kept(plan, options.seconds, options.out)
    with tempfile.TemporaryDirectory() as name:
        try:
            _measure(plan, seen, options, Path(name))
        except (LoadFailed, NotServing) as error:
            complain(str(error))
            return 1
    growths = keep(plan, options.seconds, seen, options.out)
    _print(growths)
    if len(plan) == len(curves()):
        draw({name: list(its.values()) for name, its in seen.items()}, growths, options.out / f"{NAME}.png")
    return 0 if all(each.sound for each in growths) else 1


def _measure(plan: Sequence[Curve], seen: SeenByCurve, options: argparse.Namespace, folder: Path) -> None:
    """Every point that is missing; neighbours that want as many workers share a server."""
    missing = [
        (curve, point) for curve in plan for point in curve.points if point.size not in seen[curve.name]
    ]
    for workers, points in groupby(missing, key=lambda each: each[1].workers):
        with serving(_with(workers), folder / f"{workers}-workers") as running:
            warmed = ""
            for curve, point in points:
                if warmed != curve.name:
                    _load(running, point, WARM_UP_SECONDS, folder)
                    warmed = curve.name
                it = _seen(running, point, options.seconds * point.patience, folder)
                seen[curve.name][point.size] = it
                keep(plan, options.seconds, seen, options.out)
                _say(curve, it)


def _say(curve: Curve, it: Seen) -> None:
    print(
        f"{curve.name}: {it.size:,}: {it.per_second:.1f}/s, p50 {it.p50:.2f} ms, p99 {it.p99:.2f} ms, "
        f"processor {it.processor:.3f} ms{f', {it.errors} ERRORS' if it.errors else ''}",
        flush=True,
    )


def _with(workers: int) -> Peer:
    ours = BY_NAME[OURS]
    return replace(ours, environment={**ours.environment, "WEB_CONCURRENCY": str(workers)})


def _seen(running: Running, point: Point, seconds: int, folder: Path) -> Seen:
    before = running.family.processor_seconds()
    seen = _load(running, point, seconds, folder)
    running.family.settle()
    spent = running.family.processor_seconds() - before
    return Seen(
        size=point.size,
        answers=seen.answers,
        per_second=seen.per_second,
        p50=seen.p50,
        p99=seen.p99,
        # wrk leaves with a request on every connection: they are answered as well, to nobody.
        processor=spent / (seen.answers + point.connections) * 1000,
        errors=seen.errors,
    )


def _load(running: Running, point: Point, seconds: int, folder: Path) -> Load:
    return load(running.port, point.request(), Clients(point.connections, seconds, load_cores()), folder)


def _print(growths: Sequence[Growth]) -> None:
    table = Table("what grows", "cost", "allowed", "wait", "allowed", "errors", "sound")
    for each in growths:
        exponents = (each.cost, each.cost_allowed, each.wait, each.wait_allowed)
        told = (f"{value:.2f}" for value in exponents)
        table.add_row(each.curve, *told, str(each.errors or ""), "yes" if each.sound else "NO")
    out = console()
    out.print("Exponents of a power law through the larger half of each curve:")
    out.print(table)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description="What an answer costs as the work grows."
    )
    names = [curve.name for curve in curves()]
    parser.add_argument("--curves", nargs="+", choices=names, default=names)
    parser.add_argument("--seconds", type=int, default=3, help="of each point")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plot")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))

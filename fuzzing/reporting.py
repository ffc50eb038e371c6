"""The figures of an attack: a table for whoever waits, JSON and a plot for whoever comes later."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.results import FOLDER, save
from fuzzing.memory import Trend

FLAT_MEGABYTES = 32.0
"""What a worker may hold more of at rest after the whole attack."""

SLOW_SECONDS = 10.0
"""What an answer may take where several clients share few cores and pictures of 50 megapixels come in."""


@dataclass(frozen=True)
class Slowest:
    """The answer that took longest."""

    seconds: float = 0.0
    number: int = -1
    kind: str = ""
    status: int = 0


@dataclass(frozen=True, kw_only=True)
class HttpOutcome:
    """What came of an attack over HTTP; kinds count answers by kind of request and status, 0 for none."""

    requests: int
    seed: int
    seconds: float
    kinds: Counter[tuple[str, int]]
    bad: list[int]
    slowest: Slowest
    workers_before: list[int]
    workers_after: list[int]
    trends: dict[int, Trend]
    samples: dict[int, list[tuple[int, int]]]
    tracebacks: int


def report(outcome: HttpOutcome, command: str, console: Console) -> int:
    """Print the table, write docs/results/fuzz.json and fuzz.png, and give the exit status."""
    faults = faults_of(outcome)
    console.print(_table(outcome))
    for number, one in enumerate(outcome.trends.values(), start=1):
        console.print(
            f"worker {number}: RSS at rest {one.first_megabytes} -> {one.last_megabytes} MB, "
            f"peak {one.peak_megabytes} MB, slope {one.kilobytes_per_1000} kB per 1,000 requests, "
            f"{one.growth_megabytes} MB in all"
        )
    slowest = outcome.slowest
    console.print(
        f"{outcome.requests / outcome.seconds:.0f} requests/s; the slowest took {slowest.seconds:.2f} s "
        f"({slowest.kind}, number {slowest.number}, status {slowest.status})"
    )
    save("fuzz", command, _figures(outcome, faults))
    _plot(outcome, FOLDER / "fuzz.png")
    console.print("\n".join(faults) if faults else "green: no 5xx, no worker died, memory is flat")
    return 1 if faults else 0


def faults_of(outcome: HttpOutcome) -> list[str]:
    """What must not be, in words; empty when all is well."""
    checks = {
        f"answers that must not be: requests {outcome.bad[:20]}": bool(outcome.bad),
        "a worker died": outcome.workers_before != outcome.workers_after,
        f"{outcome.tracebacks} tracebacks in the log": outcome.tracebacks > 0,
        f"an answer took {outcome.slowest.seconds:.1f} s": outcome.slowest.seconds > SLOW_SECONDS,
        "memory grew": any(one.growth_megabytes > FLAT_MEGABYTES for one in outcome.trends.values()),
    }
    return [fault for fault, happened in checks.items() if happened]


def _figures(outcome: HttpOutcome, faults: list[str]) -> dict[str, object]:
    statuses: Counter[int] = Counter()
    for (_, status), count in outcome.kinds.items():
        statuses[status] += count
    return {
        "seed": outcome.seed,
        "n": outcome.requests,
        "seconds": outcome.seconds,
        "green": not faults,
        "faults": faults,
        "by_status": {str(status): statuses[status] for status in sorted(statuses)},
        "by_kind": {
            kind: {str(status): count for (of, status), count in sorted(outcome.kinds.items()) if of == kind}
            for kind in sorted({kind for kind, _ in outcome.kinds})
        },
        "slowest": asdict(outcome.slowest),
        "workers_replaced": len(set(outcome.workers_after) - set(outcome.workers_before)),
        "rss_of_each_worker_after_warm_up": [asdict(one) for one in outcome.trends.values()],
    }


def _table(outcome: HttpOutcome) -> Table:
    statuses = sorted({status for _, status in outcome.kinds})
    table = Table("kind", *(str(status) if status else "closed" for status in statuses))
    for kind in sorted({kind for kind, _ in outcome.kinds}):
        table.add_row(kind, *(f"{outcome.kinds[kind, status]:,}" for status in statuses))
    return table


def _plot(outcome: HttpOutcome, path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to load, and wanted at the very end alone

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = figure.subplots()
    for number, samples in enumerate(outcome.samples.values(), start=1):
        done, kilobytes = zip(*samples, strict=True)
        axes.plot(done, [size / 1024 for size in kilobytes], label=f"worker {number}", linewidth=0.8)
    axes.set(
        xlabel="hostile requests answered", ylabel="RSS, MB", title="Memory under fuzzing", ylim=(0, None)
    )
    axes.legend()
    figure.savefig(path, dpi=120)

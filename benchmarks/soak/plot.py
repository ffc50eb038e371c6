"""The soak as people would rather see it: rate, latency, memory and descriptors over one time."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.soak.trouble import Trouble
from benchmarks.soak.verdict import STRETCH_SECONDS, Verdict
from benchmarks.soak.watch import Sample

FAULT_COLOUR = "#f4c7c3"


def draw(verdict: Verdict, samples: dict[int, list[Sample]], trouble: Trouble, path: Path) -> None:
    """Write the plot."""
    figure = Figure(figsize=(9, 9), layout="constrained")
    rate, latency, memory, descriptors = figure.subplots(4, 1, sharex=True)
    at = [stretch["at"] / 60 for stretch in verdict.latency]
    rate.plot(at, [stretch["requests"] / STRETCH_SECONDS for stretch in verdict.latency])
    rate.set(ylabel="requests/s", ylim=(0, None))
    for name in ("good_p50", "good_p99", "health_p99"):
        latency.plot(at, [stretch[name] for stretch in verdict.latency], label=name.replace("_", " "))
    latency.set(ylabel="ms", yscale="log")
    latency.legend(ncols=3, fontsize="small")
    for lived in samples.values():
        times = [sample.at / 60 for sample in lived]
        memory.plot(times, [sample.megabytes for sample in lived], linewidth=0.8)
        descriptors.plot(times, [sample.descriptors for sample in lived], linewidth=0.8)
    memory.set(ylabel="RSS of each worker, MB", ylim=(0, None))
    descriptors.set(ylabel="descriptors of each worker", ylim=(0, None), xlabel="minutes")
    for axes in (rate, latency, memory, descriptors):
        _mark(axes, trouble)
    rate.set_title(
        f"{verdict.requests:,} requests, {len(verdict.unexpected)} unexpected. "
        "Red: S3 broken. Dashed: a worker killed.",
        fontsize="medium",
    )
    figure.savefig(path, dpi=100)


def _mark(axes: Axes, trouble: Trouble) -> None:
    for began, ended in trouble.faults:
        axes.axvspan(began / 60, ended / 60, color=FAULT_COLOUR, alpha=0.6, linewidth=0)
    for at in trouble.kills:
        axes.axvline(at / 60, color="grey", linestyle="--", linewidth=0.7)

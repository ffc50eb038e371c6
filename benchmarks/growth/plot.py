"""The curves as people would rather see them. Writes one PNG file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.growth.slopes import Growth, Seen

WIDTH = 8.5
DPI = 100
FEW = 8
"""Sizes up to which an axis counts one by one."""

SHOWN = {"processor": "processor time of an answer", "p50": "p50", "p99": "p99"}


def draw(seen: Mapping[str, Sequence[Seen]], growths: Sequence[Growth], path: Path) -> None:
    """A panel for each curve, in milliseconds, and one for answers per second by connections."""
    figure = Figure(figsize=(WIDTH, 8), layout="constrained")
    panels = figure.subplots(3, 2).flatten().tolist()
    for axes, each in zip(panels, growths, strict=False):
        _panel(axes, seen[each.curve])
        axes.set_title(f"{each.curve}: cost grows by the power of {each.cost:.2f}", fontsize=9)
    for curve in ("connections", "workers"):
        its = seen[curve]
        panels[-1].plot([one.size for one in its], [one.per_second for one in its], marker="o", label=curve)
    panels[-1].set(xscale="log", ylim=(0, None))
    panels[-1].set_title("answers per second", fontsize=9)
    for axes in (panels[0], panels[-1]):
        axes.legend(fontsize=8)
    for axes in panels:
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=DPI)


def _panel(axes: Axes, seen: Sequence[Seen]) -> None:
    sizes = [one.size for one in seen]
    for name, label in SHOWN.items():
        values = [getattr(one, name) or float("nan") for one in seen]  # nothing was answered: no such place
        axes.plot(sizes, values, marker="o", markersize=3, label=label)
    axes.set(xscale="log" if sizes[-1] > FEW else "linear", yscale="log")
    if sizes[-1] <= FEW:
        axes.set_xticks(sizes)
    axes.set_ylabel("milliseconds", fontsize=8)

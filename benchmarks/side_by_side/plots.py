"""Pictures of a run: answers per second and p99 by peer, and our ratio to each. Writes PNG files."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.side_by_side.peers import OURS
from benchmarks.side_by_side.summary import Row, Spread

OUR_COLOUR = "#1b6ca8"
THEIR_COLOUR = "#7d8b97"
LINE_COLOUR = "#33414e"


def draw(rows: list[Row], folder: Path) -> None:
    """Draw benchmark-rate.png, benchmark-p99.png and benchmark-ratio.png."""
    _bars(rows, lambda row: row.per_second, "answers per second", folder / "benchmark-rate.png")
    _bars(rows, lambda row: row.p99, "p99, milliseconds", folder / "benchmark-p99.png")
    compared = [row for row in rows if row.ratio is not None]
    if compared:
        _ratios(compared, folder / "benchmark-ratio.png")


def _bars(rows: list[Row], value: Callable[[Row], Spread], label: str, path: Path) -> None:
    """A panel for each upload and number of connections; lines from the least to the most round."""
    uploads = list(dict.fromkeys(row.upload for row in rows))
    counts = sorted({row.connections for row in rows})
    figure = Figure(figsize=(4 * len(counts), 2.4 * len(uploads)), layout="constrained")
    panels = figure.subplots(len(uploads), len(counts), squeeze=False)
    for upload, line in zip(uploads, panels, strict=True):
        for connections, axes in zip(counts, line, strict=True):
            shown = [row for row in rows if (row.upload, row.connections) == (upload, connections)]
            _panel(axes, shown, value)
            axes.set_title(f"{upload}, {connections} connections", fontsize=9)
    figure.suptitle(f"{label}, least to most over rounds\n* had errors", fontsize=10)
    figure.savefig(path, dpi=90)


def _panel(axes: Axes, rows: list[Row], value: Callable[[Row], Spread]) -> None:
    # Points, not bars: on a logarithmic axis a bar's length says nothing.
    for place, row in enumerate(rows):
        each = value(row)
        if each.median == 0:  # no answer at all: there is no such place on a logarithmic axis
            continue
        colour = OUR_COLOUR if row.peer == OURS else THEIR_COLOUR
        axes.plot((each.least, each.most), (place, place), color=colour, linewidth=2)
        axes.plot(each.median, place, marker="o", color=colour)
        axes.annotate(
            _told(each.median), (each.median, place), (6, 3), textcoords="offset points", fontsize=7
        )
    axes.set_yticks(range(len(rows)), [f"{row.peer}{'*' * (row.errors > 0)}" for row in rows], fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _told(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _ratios(rows: list[Row], path: Path) -> None:
    """One line for each peer and upload, at each number of connections; right of 1 we are faster."""
    names = list(dict.fromkeys((row.peer, row.upload) for row in rows))
    figure = Figure(figsize=(8, 1 + 0.24 * len(names)), layout="constrained")
    axes = figure.subplots()
    counts = sorted({row.connections for row in rows})
    for row in rows:
        if row.ratio is None:
            continue
        at = counts.index(row.connections)
        place = names.index((row.peer, row.upload)) + 0.22 * (at - (len(counts) - 1) / 2)
        axes.plot((row.ratio.least, row.ratio.most), (place, place), color=LINE_COLOUR, linewidth=1)
        axes.plot(row.ratio.median, place, marker="osD^v"[at % 5], markersize=4, color=OUR_COLOUR)
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), [f"{peer}, {upload}" for peer, upload in names], fontsize=8)
    axes.invert_yaxis()
    told = ", ".join(f"{count} ({'osD^v'[at % 5]})" for at, count in enumerate(counts))
    axes.set_xlabel(f"our answers per second / its; connections: {told}", fontsize=9)
    figure.savefig(path, dpi=100)

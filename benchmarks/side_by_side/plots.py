"""Pictures of a run, to be read at the width of a page. Writes PNG files."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.side_by_side.peers import FLOOR, NO_OP, OURS
from benchmarks.side_by_side.summary import Cost, Row, Spread, shown_connections

OUR_COLOUR = "#1b6ca8"
FLOOR_COLOUR = "#8a5a9e"
THEIR_COLOUR = "#5f6d78"

WIDTH = 8.5
"""Inches; at DPI this is as wide as a page shows."""

DPI = 100
LINE = 0.24
"""Inches for each peer of a panel."""

CROWDED = 200
"""From the least to the most: where numbers at 1, 2 and 5 of each decade would touch."""


def draw(rows: list[Row], costs: list[Cost], folder: Path) -> None:
    """Draw benchmark-rate.png, benchmark-p99.png, benchmark-ratio.png and benchmark-costs.png."""
    connections = shown_connections(rows)
    shown = [row for row in rows if row.connections == connections]
    told = f"{connections} connections, least to most over rounds; * had errors"
    _by_upload(
        shown, lambda row: row.per_second, f"answers per second; {told}", folder / "benchmark-rate.png"
    )
    _by_upload(shown, lambda row: row.p99, f"p99, milliseconds; {told}", folder / "benchmark-p99.png")
    compared = [row for row in rows if row.ratio is not None and row.peer != NO_OP]
    if compared:
        _ratios(compared, folder / "benchmark-ratio.png")
    _costs(costs, folder / "benchmark-costs.png")


def _by_upload(rows: list[Row], value: Callable[[Row], Spread], label: str, path: Path) -> None:
    """A panel for each release and upload, two beside each other."""
    panels = list(dict.fromkeys((row.release, row.upload) for row in rows))
    lines = (len(panels) + 1) // 2
    most = max(sum((row.release, row.upload) == panel for row in rows) for panel in panels)
    figure = Figure(figsize=(WIDTH, 0.5 + lines * (0.7 + LINE * most)), layout="constrained")
    grid = figure.subplots(lines, 2, squeeze=False).flatten().tolist()
    for axes, (release, upload) in zip(grid, panels, strict=False):
        its = [row for row in rows if (row.release, row.upload) == (release, upload)]
        values = [(f"{row.peer}{'*' * (row.errors > 0)}", row.peer, value(row)) for row in its]
        _panel(axes, sorted(values, key=lambda each: -each[2].median))
        _logarithmic(axes)
        axes.set_title(f"{upload}, {release} network", fontsize=9)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(label, fontsize=10)
    figure.savefig(path, dpi=DPI)


def _panel(axes: Axes, values: list[tuple[str, str, Spread]]) -> None:
    """A line from the least to the most, a point at the median; on a logarithmic axis bars have no length."""
    for place, (_, peer, each) in enumerate(values):
        if each.median == 0:  # no answer at all: there is no such place on a logarithmic axis
            continue
        colour = colour_of(peer)
        axes.plot((each.least, each.most), (place, place), color=colour, linewidth=2)
        axes.plot(each.median, place, marker="o", color=colour)
        axes.annotate(
            _told(each.median), (each.median, place), (6, 3), textcoords="offset points", fontsize=8
        )
    axes.set_yticks(range(len(values)), [name for name, _, _ in values], fontsize=8)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _logarithmic(axes: Axes) -> None:
    """Numbers as people write them; room for what is written beside a point."""
    axes.set_xscale("log")
    axes.margins(x=0.25)
    least, most = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if most < CROWDED * least else (1,)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelsize=8)


def colour_of(peer: str) -> str:
    """Ours, what is left of our own server, or somebody else's."""
    if peer == OURS:
        return OUR_COLOUR
    return FLOOR_COLOUR if peer in FLOOR else THEIR_COLOUR


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratios(rows: list[Row], path: Path) -> None:
    """One line for each peer and upload, at each number of connections; right of 1 we are faster."""
    names = list(dict.fromkeys((row.peer, row.upload, row.release) for row in rows))
    figure = Figure(figsize=(WIDTH, 1 + LINE * len(names)), layout="constrained")
    axes = figure.subplots()
    counts = sorted({row.connections for row in rows})
    for row in rows:
        if row.ratio is None:
            continue
        at = counts.index(row.connections)
        place = names.index((row.peer, row.upload, row.release)) + 0.24 * (at - (len(counts) - 1) / 2)
        axes.plot((row.ratio.least, row.ratio.most), (place, place), color=colour_of(row.peer), linewidth=1)
        axes.plot(row.ratio.median, place, marker="osD^v"[at % 5], markersize=4, color=colour_of(row.peer))
    axes.axvline(1, color="grey", linewidth=0.8)
    _logarithmic(axes)
    axes.grid(axis="x", linewidth=0.3)
    axes.set_yticks(
        range(len(names)), [f"{peer}, {upload} ({release})" for peer, upload, release in names], fontsize=8
    )
    axes.invert_yaxis()
    told = ", ".join(f"{count} ({'osD^v'[at % 5]})" for at, count in enumerate(counts))
    axes.set_xlabel(f"our answers per second / its, same round; connections: {told}", fontsize=9)
    figure.savefig(path, dpi=DPI)


def _costs(costs: list[Cost], path: Path) -> None:
    """Seconds to start beside megabytes held."""
    figure = Figure(figsize=(WIDTH, 0.9 + LINE * len(costs)), layout="constrained")
    start, memory = figure.subplots(1, 2)
    _panel(start, [(cost.peer, cost.peer, cost.start_seconds) for cost in costs])
    start.set_title("seconds from exec to the first 200", fontsize=9)
    _panel(memory, [(cost.peer, cost.peer, cost.megabytes) for cost in costs])
    memory.set_title("megabytes (PSS of all its processes)", fontsize=9)
    for axes in (start, memory):
        _logarithmic(axes)
    figure.savefig(path, dpi=DPI)

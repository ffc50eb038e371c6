"""The rows and the plot of docs/explanation/benchmarks.md: the stored figures, rounded.

`make docs` writes the tables (benchmarks/tables.py), python -m benchmarks.side_by_side.page the plot.
Nothing is computed here.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.results import FOLDER
from benchmarks.side_by_side.peers import NO_OP, OURS
from benchmarks.uploads import PHOTOS

SHOWN_CONNECTIONS = 8
TABLED = "png"
"""The upload that all servers answer by the same network; plot and data have the others as well."""

OUR_COLOUR, THEIR_COLOUR = "#1b6ca8", "#5f6d78"

Stored = Mapping[str, Any]
"""The content of a file of docs/results, or an object in it."""


def main() -> int:
    """Draw the plot."""
    draw(json.loads((FOLDER / "benchmark.json").read_text("utf-8")), FOLDER / "benchmark.png")
    return 0


def machine_line(stored: Stored) -> str:
    """When and on what it was measured."""
    machine, plan = stored["machine"], stored["plan"]
    return (
        f"Measured {stored['measured_at'][:10]} on {machine['cores']} cores of an {machine['processor']}, "
        f"Python {machine['python']}; {plan['rounds']} rounds of {plan['seconds']} s.\n"
    )


def rates_rows(stored: Stored) -> list[Sequence[str]]:
    """A row for each peer, the fastest first."""
    costs = {cost["peer"]: cost for cost in stored["summary"]["costs"]}
    return [
        (
            row["peer"],
            _rate(row),
            f"{row['p99']['median']:.1f}",
            f"{costs[row['peer']]['start_seconds']['median']:.1f}",
            f"{costs[row['peer']]['megabytes']['median']:.0f}",
        )
        for row in _shown(stored)
        if row["upload"] == TABLED
    ]


def photos_rows(stored: Stored) -> list[Sequence[str]]:
    """A row for each photo and server that answers photos."""
    return [
        (
            *(row["upload"], row["peer"], _rate(row)),
            *(f"{row[figure]['median']:.1f}" for figure in ("p50", "p99")),
        )
        for row in sorted(_shown(stored), key=lambda row: row["upload"])
        if row["upload"] in PHOTOS
    ]


def _rate(row: Stored) -> str:
    """Answers per second, the range of our ratio to it, and its errors if there were any."""
    ratio = " ({least:.2f} to {most:.2f})".format_map(row["ratio"]) if row["ratio"] else ""
    errors = f", {row['errors']} errors" if row["errors"] else ""
    return f"{row['per_second']['median']:,.0f}{ratio}{errors}"


def draw(stored: Stored, path: Path) -> None:
    """Draw answers per second, a panel for each upload; the no-op would dwarf all others."""
    rows = [row for row in _shown(stored) if row["peer"] != NO_OP]
    uploads = list(dict.fromkeys(row["upload"] for row in rows))
    figure = Figure(figsize=(8.5, 0.6 + 1.8 * len(uploads)), layout="constrained")
    for axes, upload in zip(figure.subplots(len(uploads), squeeze=False)[:, 0], uploads, strict=True):
        its = [row for row in rows if row["upload"] == upload]
        colours = [OUR_COLOUR if row["peer"] == OURS else THEIR_COLOUR for row in its]
        axes.barh([row["peer"] for row in its], [row["per_second"]["median"] for row in its], color=colours)
        axes.set_title(f"{upload}: answers per second, {SHOWN_CONNECTIONS} connections", fontsize=9)
        axes.invert_yaxis()
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def _shown(stored: Stored) -> list[Stored]:
    return [row for row in stored["summary"]["rows"] if row["connections"] == SHOWN_CONNECTIONS]


if __name__ == "__main__":
    sys.exit(main())

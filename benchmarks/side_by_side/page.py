"""The tables and the plot of docs/explanation/benchmarks.md: python -m benchmarks.side_by_side.page.

Between `<!-- NAME -->` and `<!-- /NAME -->` the page shows the stored figures, rounded: those of photos from
docs/results/photos/benchmark.json, all others from docs/results/benchmark.json. Nothing is computed here.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.results import FOLDER
from benchmarks.side_by_side.peers import NO_OP, OURS
from benchmarks.uploads import PHOTOS

PAGE = FOLDER.parent / "explanation" / "benchmarks.md"
SHOWN_CONNECTIONS = 8
TABLED = "png"
"""The upload that all servers answer by the same network; plot and data have the others as well."""

OUR_COLOUR, THEIR_COLOUR = "#1b6ca8", "#5f6d78"

Stored = Mapping[str, Any]
"""The content of benchmark.json."""


def main() -> int:
    """Fill the page, and draw the plot."""
    stored, of_photos = (
        json.loads((folder / "benchmark.json").read_text("utf-8")) for folder in (FOLDER, FOLDER / "photos")
    )
    PAGE.write_text(filled(PAGE.read_text("utf-8"), stored, of_photos), "utf-8")
    draw(stored, FOLDER / "benchmark.png")
    return 0


def filled(page: str, stored: Stored, of_photos: Stored) -> str:
    """The page with its blocks made of these figures, those of photos from a run of their own.

    Raises:
        ValueError: the page lacks a block.
    """
    for name, text in (
        ("machine", machine_line(stored)),
        ("rates", rates_table(stored)),
        ("machine of photos", machine_line(of_photos)),
        ("photos", photos_table(of_photos)),
    ):
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(page):
            raise ValueError(f"The page has no block called {name}.")
        page = block.sub(rf"\g<1>{text}\n\g<2>", page)
    return page


def machine_line(stored: Stored) -> str:
    """When and on what it was measured."""
    machine, plan = stored["machine"], stored["plan"]
    return (
        f"Measured {stored['measured_at'][:10]} on {machine['cores']} cores of an {machine['processor']}, "
        f"Python {machine['python']}; {plan['rounds']} rounds of {plan['seconds']} s."
    )


def rates_table(stored: Stored) -> str:
    """A row for each peer, the fastest first."""
    cells = {row["peer"]: row for row in _shown(stored) if row["upload"] == TABLED}
    costs = {cost["peer"]: cost for cost in stored["summary"]["costs"]}
    lines = [
        ("server", f"{TABLED}, answers a second", "p99, ms", "start, s", "memory, MB"),
        ["---"] * 5,
        *(
            (
                peer,
                _rate(row),
                f"{row['p99']['median']:.1f}",
                f"{costs[peer]['start_seconds']['median']:.1f}",
                f"{costs[peer]['megabytes']['median']:.0f}",
            )
            for peer, row in cells.items()
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def photos_table(stored: Stored) -> str:
    """A row for each photo and server that answers photos."""
    lines = [
        ("photo", "server", "answers a second", "p50, ms", "p99, ms"),
        ["---"] * 5,
        *(
            (
                *(row["upload"], row["peer"], _rate(row)),
                *(f"{row[figure]['median']:.1f}" for figure in ("p50", "p99")),
            )
            for row in sorted(_shown(stored), key=lambda row: row["upload"])
            if row["upload"] in PHOTOS
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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

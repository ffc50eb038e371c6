"""The tables and the plot of docs/explanation/benchmarks.md: python -m benchmarks.side_by_side.page.

Between `<!-- NAME -->` and `<!-- /NAME -->` the page shows the stored figures of docs/results/benchmark.json,
rounded. Nothing is computed here.
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

PAGE = FOLDER.parent / "explanation" / "benchmarks.md"
SHOWN_CONNECTIONS = 8

OUR_COLOUR, THEIR_COLOUR = "#1b6ca8", "#5f6d78"

Stored = Mapping[str, Any]
"""The content of benchmark.json."""


def main() -> int:
    """Fill the page, and draw the plot."""
    stored = json.loads((FOLDER / "benchmark.json").read_text("utf-8"))
    PAGE.write_text(filled(PAGE.read_text("utf-8"), stored), "utf-8")
    draw(stored, FOLDER / "benchmark.png")
    return 0


def filled(page: str, stored: Stored) -> str:
    """The page with its blocks made of these figures.

    Raises:
        ValueError: the page lacks a block.
    """
    for name, make in (("machine", machine_line), ("rates", rates_table), ("connections", connections_table)):
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(page):
            raise ValueError(f"The page has no block called {name}.")
        page = block.sub(rf"\g<1>{make(stored)}\n\g<2>", page)
    return page


def machine_line(stored: Stored) -> str:
    """When and on what it was measured."""
    machine, plan = stored["machine"], stored["plan"]
    return (
        f"Measured {stored['measured_at'][:10]} on {machine['cores']} cores of an {machine['processor']}, "
        f"Python {machine['python']}; {plan['rounds']} rounds of {plan['seconds']} s."
    )


def rates_table(stored: Stored) -> str:
    """A row for each peer, the fastest with small pictures first; what was not measured stays empty."""
    cells = {(row["peer"], row["upload"]): row for row in _shown(stored)}
    uploads = list(dict.fromkeys(row["upload"] for row in _shown(stored)))
    costs = {cost["peer"]: cost for cost in stored["summary"]["costs"]}
    peers = list(dict.fromkeys(peer for peer, _ in cells))
    lines = [
        ("server", *uploads, "p99 of png, ms", "start, s", "memory, MB"),
        ["---"] * (len(uploads) + 4),
        *(
            (
                peer,
                *(_rate(cells.get((peer, upload))) for upload in uploads),
                f"{cells[peer, uploads[0]]['p99']['median']:.1f}",
                f"{costs[peer]['start_seconds']['median']:.1f}",
                f"{costs[peer]['megabytes']['median']:.0f}",
            )
            for peer in peers
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def connections_table(stored: Stored) -> str:
    """A row for each peer, the fastest with one connection first; small pictures alone."""
    rows = [row for row in stored["summary"]["rows"] if row["upload"] == "png"]
    cells = {(row["peer"], row["connections"]): row for row in rows}
    counts = sorted({row["connections"] for row in rows})
    lines = [
        ("server", *(f"{count} connections" if count > 1 else "1 connection" for count in counts)),
        ["---"] * (len(counts) + 1),
        *(
            (peer, *(_rate(cells.get((peer, count))) for count in counts))
            for peer in dict.fromkeys(row["peer"] for row in rows)
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rate(row: Stored | None) -> str:
    """Answers per second, the range of our ratio to it, and its errors if there were any."""
    if row is None:
        return ""
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

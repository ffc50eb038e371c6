"""The tables and the plot of docs/explanation/benchmarks.md: python -m benchmarks.side_by_side.page.

Between `<!-- NAME -->` and `<!-- /NAME -->` the page shows the stored figures of docs/results/benchmark.json,
rounded. Nothing is computed here.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
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
    for name, make in (("machine", machine_line), ("rates", rates_table), ("costs", costs_table)):
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
    """Every peer at SHOWN_CONNECTIONS, the fastest first for each upload."""
    return _table(
        ("upload", "server", "answers/s", "p50 ms", "p99 ms", "ours / its", "errors"),
        (
            (
                row["upload"],
                row["peer"],
                f"{row['per_second']['median']:,.0f}",
                f"{row['p50']['median']:.2f}",
                f"{row['p99']['median']:.2f}",
                _spread(row["ratio"], ".2f"),
                str(row["errors"] or ""),
            )
            for row in _shown(stored)
        ),
    )


def costs_table(stored: Stored) -> str:
    """What each peer takes to start and to be there."""
    return _table(
        ("server", "start, s", "memory, MB"),
        (
            (cost["peer"], _spread(cost["start_seconds"], ".2f"), _spread(cost["megabytes"], ".0f"))
            for cost in stored["summary"]["costs"]
        ),
    )


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


def _table(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---"] * len(names)
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, rule, *lines))


def _spread(values: Mapping[str, float] | None, form: str) -> str:
    if values is None:
        return ""
    median, least, most = (format(values[name], form) for name in ("median", "least", "most"))
    return median if least == most else f"{median} ({least} to {most})"


if __name__ == "__main__":
    sys.exit(main())

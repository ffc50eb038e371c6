"""Write the figures into docs/benchmarks.md: python -m benchmarks.side_by_side.document.

Between `<!-- NAME -->` and `<!-- /NAME -->` stands what tables.py makes of docs/results/*.json; all else is
written by people. A test holds the page to the figures.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.results import FOLDER
from benchmarks.side_by_side import tables

PAGE = FOLDER.parent / "benchmarks.md"

Blocks: TypeAlias = Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]]

BLOCKS: Blocks = {
    "machine": ("benchmark", tables.machine_line),
    "goals": ("benchmark", tables.goals_table),
    "rates": ("benchmark", tables.rates_table),
    "costs": ("benchmark", tables.costs_table),
    "losses": ("benchmark", tables.losses_table),
    "growth": ("growth", tables.growth_table),
}
"""Each block, the result that it cannot do without, and what makes it."""


def main() -> int:
    """Write the page anew."""
    page = filled(PAGE.read_text("utf-8"), read_results(FOLDER))
    PAGE.write_text(page, "utf-8")
    print(f"Wrote {PAGE.name}.")
    return 0


def read_results(folder: Path) -> dict[str, Any]:
    """Every result in a folder, by the name of its file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def filled(page: str, results: Mapping[str, Any], blocks: Blocks = BLOCKS) -> str:
    """The page with every block made of these results; another page has other blocks.

    Raises:
        ValueError: a block is missing from the page.
    """
    for name, (needed, make) in blocks.items():
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(page):
            raise ValueError(f"The page has no block called {name}.")
        content = make(results) if needed in results else tables.NOT_YET
        page = block.sub(lambda found, content=content: f"{found[1]}{content}\n{found[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    sys.exit(main())

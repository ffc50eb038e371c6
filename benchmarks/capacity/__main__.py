"""make capacity: what the results that are kept say about more machines than one.

Reads docs/results/, counts the series of a running service for some seconds, saves docs/results/capacity.json
and capacity.png, and fills docs/scaling.md. Measures nothing else: after `make growth`, `benchmark`,
`labelling` or `start`, it is to be made again, and a test says so.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.capacity import tables
from benchmarks.capacity.model import READ, described
from benchmarks.capacity.plot import draw
from benchmarks.capacity.scrape import scrape_with
from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.document import Blocks, filled, read_results
from scripts.terminal import complain, run

NAME = "capacity"
PAGE = FOLDER.parent / "scaling.md"

BLOCKS: Blocks = {
    "basis": (NAME, tables.basis_line),
    "need": (NAME, tables.need_table),
    "labels": (NAME, tables.labels_table),
    "wait": (NAME, tables.wait_table),
    "connections": (NAME, tables.connections_table),
    "fits": (NAME, tables.fits_table),
    "checks": (NAME, tables.checks_table),
    "store": (NAME, tables.store_table),
    "breaks": (NAME, tables.breaks_table),
    "scrape": (NAME, tables.scrape_line),
}


def main(argv: list[str] | None = None) -> int:
    """Read, fit, count, save, tell."""
    options = _options().parse_args(argv)
    results = read_results(options.results)
    if unfit := [name for name in READ if not results.get(name, {"complete": False}).get("complete", True)]:
        complain(
            f"{options.results}: {', '.join(unfit)}: absent, or of a run that was stopped. Measure first: "
            "make growth, benchmark, labelling, start, conversion."
        )
        return 1
    model = described(results)
    scrape = asdict(scrape_with(model["cores"]))
    path = save(NAME, "make capacity", {"model": model, "scrape": scrape}, options.results)
    draw(results, model, path.with_suffix(".png"))
    write_page(options.page, read_results(options.results))
    print(f"Wrote {path.name}, {NAME}.png and {options.page.name}.")
    return 0


def write_page(page: Path, results: Mapping[str, Any]) -> None:
    """Fill the blocks of the page."""
    page.write_text(filled(page.read_text("utf-8"), results, BLOCKS), "utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity", description="Plan past the machine that was measured."
    )
    parser.add_argument("--results", type=Path, default=FOLDER, help="folder to read and to save in")
    parser.add_argument("--page", type=Path, default=PAGE, help="whose blocks are filled")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))

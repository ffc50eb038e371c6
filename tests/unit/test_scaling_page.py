"""The figures of docs/explanation/scaling.md are those of the results, rounded."""

import json
from typing import Any

import pytest

from tests.service import ROOT

PAGE = ROOT / "docs/explanation/scaling.md"
ROWS = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines()]


def result(name: str) -> Any:
    """One file of docs/results."""
    return json.loads((ROOT / "docs/results" / f"{name}.json").read_text("utf-8"))


def points(curve: str) -> dict[str, dict[str, float]]:
    """The points of a curve of growth.json by their size, as the page writes it."""
    return {f"{point['size']:,}": point for point in result("growth")["seen"][curve]}


def rows_of(heading: list[str]) -> list[list[str]]:
    """The rows of the table with these headings."""
    start = ROWS.index(heading) + 2
    return ROWS[start : ROWS.index([""], start)]


@pytest.mark.parametrize("row", rows_of(["pixels", "JPEG, ms", "PNG, ms"]), ids=lambda row: row[0])
def test_the_processor_time_of_a_picture_is_the_measured_one(row: list[str]) -> None:
    jpeg, png = points("pixels of a JPEG"), points("pixels of a PNG")

    assert row[1:] == [f"{curve[row[0]]['processor']:.2f}" for curve in (jpeg, png)]


@pytest.mark.parametrize(
    "row", rows_of(["connections", "answers/s", "p50, ms", "p99, ms"]), ids=lambda row: row[0]
)
def test_the_answers_by_connections_are_the_measured_ones(row: list[str]) -> None:
    point = points("connections")[row[0]]

    assert row[1:] == [f"{point['per_second']:,.0f}", f"{point['p50']:.1f}", f"{point['p99']:.1f}"]

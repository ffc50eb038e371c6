"""docs/explanation/benchmarks.md shows the stored figures, rounded."""

import json

import pytest

from benchmarks.results import FOLDER
from benchmarks.side_by_side.page import PAGE, filled


def test_the_page_shows_the_figures_that_are_stored() -> None:
    page, stored = PAGE.read_text("utf-8"), json.loads((FOLDER / "benchmark.json").read_text("utf-8"))

    assert filled(page, stored) == page, "python -m benchmarks.side_by_side.page writes it"


def test_a_page_without_a_block_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="machine"):
        filled("# A page without any\n", {})

"""`make capacity` as one types it: from results to a model, a plot and a page."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.capacity.__main__ import BLOCKS, main
from benchmarks.capacity.model import READ
from benchmarks.results import FOLDER
from benchmarks.side_by_side.document import filled, read_results


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with what a plan is made from, and nothing else."""
    for name in READ:
        shutil.copy(FOLDER / f"{name}.json", tmp_path)
    return tmp_path


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page whose blocks are empty."""
    path = tmp_path / "page.md"
    path.write_text("".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in BLOCKS), "utf-8")
    return path


def test_results_become_a_model_a_plot_and_a_page(results: Path, page: Path) -> None:
    code = main(["--results", str(results), "--page", str(page)])

    made = json.loads((results / "capacity.json").read_text("utf-8"))
    text = page.read_text("utf-8")
    assert code == 0
    assert made["scrape"]["series"] > 100
    assert (results / "capacity.png").stat().st_size > 10_000
    assert f"had {made['scrape']['series']} series" in text
    assert text == filled(text, read_results(results), BLOCKS)


def test_what_was_not_measured_is_asked_for(
    results: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "labelling.json").unlink()
    growth = results / "growth.json"
    growth.write_text(growth.read_text("utf-8").replace('"complete": true', '"complete": false'), "utf-8")

    code = main(["--results", str(results), "--page", str(page)])

    told = capsys.readouterr().err
    assert code == 1
    assert "growth, labelling" in told
    assert not (results / "capacity.json").exists()

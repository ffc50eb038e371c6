"""`python -m scripts.compare` from a data set to its results, and once more."""

from pathlib import Path

import pytest

from model_store.local import open_release
from model_store.report import Report, parse_report
from scripts import compare
from tests.fashion import write_idx_folder
from training.comparison import read_comparison, spread
from training.published_figures import PUBLISHED


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small data set; what a comparison writes goes below it."""
    write_idx_folder(tmp_path / "data", train=400, test=50)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def comparing(networks: str) -> list[str]:
    return [
        *("--networks", networks, "--seeds", "2", "--epochs", "1", "--limit", "300"),
        *("--data", "data", "--out", "results"),
    ]


def released(here: Path, network: str) -> list[Report]:
    """The reports of a network's releases, by seed."""
    reports = [
        parse_report((open_release(path).folder / "report.json").read_bytes(), "report.json")
        for path in here.glob(f"runs/{network}-*/release")
    ]
    return sorted(reports, key=lambda report: report.training.seed or 0)


def trained(here: Path) -> dict[Path, int]:
    """When each file below runs/ was written."""
    return {path: path.stat().st_mtime_ns for path in here.glob("runs/**/*")}


def test_a_comparison_is_trained_once_and_added_to(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first_code = compare.main(comparing("dense,conv3"))
    first, before = read_comparison(here / "results.json"), trained(here)
    second_code = compare.main(comparing("conv3"))
    second, after = read_comparison(here / "results.json"), trained(here)

    dense, conv3 = first.networks
    reports = released(here, "conv3")
    assert (first_code, second_code) == (0, 0)
    assert after == before
    assert second.networks[0] == dense
    assert second.networks[1].seeds == conv3.seeds
    assert [seed.test.accuracy for seed in conv3.seeds] == [report.test.accuracy for report in reports]
    assert conv3.summary.validation == spread([report.validation.accuracy for report in reports])
    assert (conv3.parameters, conv3.mflops) == (241_546, reports[0].model.mflops)
    assert conv3.published == PUBLISHED["conv3"]
    assert conv3.recipe["epochs"] == 1
    assert conv3.timing.calls >= 200
    assert (here / "results.png").stat().st_size > 0
    assert (here / "results-time.png").stat().st_size > 0
    assert "conv3, seed 1 (2 of 2): done" in capsys.readouterr().out

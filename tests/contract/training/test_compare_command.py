"""`python -m scripts.compare` from a data set to its results, and once more."""

import json
from pathlib import Path

import numpy as np
import pytest

from model_store.local_releases import open_release
from reports.values import Report, read_report
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from training.gradient.comparison_results import NetworkResult, read_comparison, summarize_values
from training.gradient.networks.published_figures import PUBLISHED_FIGURES

pytestmark = pytest.mark.slow


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small data set; what a comparison writes goes below it."""
    write_idx_folder(tmp_path / "data", train=400, test=50)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def comparing(networks: str, seeds: int) -> list[str]:
    return [
        *("--networks", networks, "--seeds", str(seeds), "--epochs", "1", "--limit", "300"),
        *("--data", "data", "--out", "results"),
    ]


def released(here: Path, network: str) -> list[Report]:
    """The reports of a network's releases, by seed."""
    reports = [read_report(open_release(path)) for path in here.glob(f"runs/{network}-*/release")]
    return sorted(reports, key=lambda report: report.training.seed or 0)


def written(here: Path, network: str) -> dict[Path, int]:
    """When each file of a network's runs was."""
    return {path: path.stat().st_mtime_ns for path in here.glob(f"runs/{network}-*/**/*")}


def stored(here: Path) -> tuple[NetworkResult, ...]:
    return read_comparison(here / "results.json")


def test_what_was_trained_before_is_not_trained_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first_code = wardrobe("compare", comparing("dense", seeds=1))
    (before,), runs = stored(here), written(here, "dense")
    shown = capsys.readouterr().out
    second_code = wardrobe("compare", [*comparing("conv3,dense", seeds=1), "--json"])

    told, said = capsys.readouterr()
    document = json.loads(told)
    conv3, dense = stored(here)
    reports, (report,) = released(here, "dense"), released(here, "conv3")
    assert (first_code, second_code) == (0, 0)
    assert written(here, "dense") == runs
    assert (dense.seeds, dense.summary) == (before.seeds, before.summary)
    assert [seed["test"]["accuracy"] for seed in dense.seeds] == [one.test.accuracy for one in reports]
    assert dense.summary["validation"] == summarize_values([one.validation.accuracy for one in reports])
    assert conv3.seeds[0]["train"] == report.train.model_dump(mode="json")
    assert (conv3.parameters, conv3.mflops) == (241_546, report.model.mflops)
    assert (conv3.published, conv3.seeds[0]["training"]) == (
        PUBLISHED_FIGURES["conv3"],
        report.training.model_dump(mode="json"),
    )
    assert (here / "results.png").stat().st_size > 0
    assert conv3.seconds == pytest.approx(np.mean([one.training.seconds for one in released(here, "conv3")]))
    assert [heading in shown for heading in ("parameters", "seconds", "test accuracy", "published")] == [
        True
    ] * 4
    assert "results.json, results.png" in shown
    assert "promis" not in shown
    assert "accepted" not in shown
    assert "dense, seed 0 (2 of 2): done" in said
    assert document["written"] == ["results.json", "results.png"]
    assert [one["test"]["mean"] for one in document["networks"]] == [
        one.summary["test"]["mean"] for one in (conv3, dense)
    ]

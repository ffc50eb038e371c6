"""How long the quick recipe takes beside conv3's: python -m benchmarks.quick_training (or `make quick`).

Trains both in one run, one after the other in fresh processes and folders, as a user would. Compares the wall
time of fitting alone; accuracies are of the test set, for the record. Saves docs/results/quick.json.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from benchmarks.results import save
from model_store.files import REPORT
from model_store.report import Report, parse_report
from scripts.handing_over import RELEASE
from scripts.terminal import console

GOAL = 0.925
"""Test accuracy that the quick recipe is meant to reach."""

STARTS = {"conv3": ["--network", "conv3"], "quick": ["--recipe", "quick"]}


def main() -> int:
    """Train, compare, save; 1 when the quick recipe misses GOAL."""
    with tempfile.TemporaryDirectory() as folder:
        reports = {name: _train(Path(folder) / name, start) for name, start in STARTS.items()}
    ratio = _seconds(reports["quick"]) / _seconds(reports["conv3"])
    figures = {
        "recipes": {name: _figures(report) for name, report in reports.items()},
        "seconds_quick_over_conv3": ratio,
    }
    _print(reports, ratio)
    print(f"saved {save('quick', 'make quick', figures)}")
    return 0 if reports["quick"].test.accuracy >= GOAL else 1


def _train(folder: Path, start: list[str]) -> Report:
    """A release of its own, made by the command that users type."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "scripts.train", *start, "--run", folder, "--out", folder / "store"],
        check=True,
    )
    path = folder / RELEASE / REPORT
    return parse_report(path.read_bytes(), str(path))


def _seconds(report: Report) -> float:
    """Wall time of all epochs; our own releases always tell it."""
    assert report.training.seconds is not None
    return report.training.seconds


def _figures(report: Report) -> dict[str, object]:
    low, high = report.test.accuracy_interval
    return {
        "network": report.model.network,
        "parameters": report.model.parameters,
        "mflops": report.model.mflops,
        "epochs": report.training.epochs,
        "seconds": _seconds(report),
        "validation_accuracy": report.validation.accuracy,
        "test_accuracy": report.test.accuracy,
        "test_accuracy_interval": [low, high],
        "recipe": report.training.configuration,
    }


def _print(reports: dict[str, Report], ratio: float) -> None:
    table = Table("recipe", "network", "epochs", "seconds", "validation", "test")
    for name, report in reports.items():
        accuracies = (f"{one:.4f}" for one in (report.validation.accuracy, report.test.accuracy))
        table.add_row(
            name, report.model.network, str(report.training.epochs), f"{_seconds(report):.0f}", *accuracies
        )
    console().print(table)
    print(f"The quick recipe takes {ratio:.2f} of conv3's time.")


if __name__ == "__main__":
    sys.exit(main())

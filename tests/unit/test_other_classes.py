"""Releases with classes of one's own: every command and figure shows them, whatever they are called."""

from pathlib import Path

import numpy as np
import pytest

from model_store.manifest import DataSet
from reports.answers import TEST_SET, Answers
from reports.values import Report
from tests.commands import wardrobe
from tests.pictures import garment_picture, jpeg
from tests.releases import a_release, a_report
from training.evaluation.plots import draw_confusion_matrix, draw_report

ODD = ("[bold]Hat[/bold]", "$\\wrong{$", "Größe_5^", "Kleid & Hose")
"""Names that a terminal's markup or a figure's formulas would make something else of."""


def the_report(labels: tuple[str, ...]) -> Report:
    return a_report(labels, 0.9, DataSet(name="my $ hats", train_sha256="d" * 64, test_sha256="e" * 64))


def the_answers(labels: tuple[str, ...]) -> Answers:
    return Answers.make_answers(
        TEST_SET, range(len(labels)), probabilities=np.eye(len(labels)), decisions="accept"
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / f"{'long' * 40}.jpg"  # longer than a line: it is not wrapped
    path.write_bytes(jpeg(garment_picture()))
    return path


def test_bars_have_the_names_as_they_are(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = str(a_release(tmp_path / "release", labels=ODD))

    wardrobe("predict", ["--model", release, "--image", str(photo), "--plot", str(tmp_path / "plot.png")])

    _, *bars = capsys.readouterr().out.strip().splitlines()
    assert [bar[2:].startswith(label) for bar, label in zip(bars, ODD, strict=True)] == [True] * len(ODD)
    assert (tmp_path / "plot.png").stat().st_size > 0


@pytest.mark.parametrize("names", [ODD, ("衬衫", "कमीज़", "قميص", "👗")])
def test_figures_have_the_names_as_they_are(names: tuple[str, ...], tmp_path: Path) -> None:
    report = the_report(names)

    draw_report(tmp_path, report, the_answers(names), np.zeros((len(names), 28, 28), np.uint8))

    axes = draw_confusion_matrix(report).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(names)
    assert len(list(tmp_path.iterdir())) == 4

"""The tables of figures in the documents show docs/results and the bundled report, rounded."""

import json
from typing import Any

import pytest

from benchmarks.results import FOLDER
from benchmarks.side_by_side.page import PAGE, filled
from model_store.files import REPORT
from model_store.local import BUNDLED, bundled
from model_store.report import Report, parse_report
from tests.service import ROOT

MEBIBYTE = 2**20
CARD = "explanation/model-card.md"
TIERS = {"A": "A: product shots", "B": "B: on a model", "C": "C: users' own", "X": "X: none of the ten"}


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table whose heading begins so, by their first cell."""
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    (start,) = (number for number, line in enumerate(lines) if line.startswith(heading))
    end = lines.index("", start)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]
    return {row[0].strip("`"): row[1:] for row in rows}


def result(name: str) -> Any:
    """One file of docs/results."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def report() -> Report:
    return parse_report((BUNDLED / REPORT).read_bytes(), REPORT)


def test_the_model_card_names_the_release_and_its_network(report: Report) -> None:
    rows = table(CARD, "| | |")

    assert rows["version"] == [f"`{bundled().version}`"]
    assert rows["network"][0].startswith(f"`{report.model.network}`:")
    assert rows["parameters"] == [f"{report.model.parameters:,}"]
    assert rows["MFLOP a picture"] == [f"{report.model.mflops:.1f}"]


def test_the_model_card_shows_what_the_report_measured(report: Report) -> None:
    test = report.test

    assert table(CARD, "| on Fashion-MNIST's test set, n = 10,000") == {
        "accuracy": [f"{test.accuracy:.4f}"],
        "95% interval": ["{:.4f} to {:.4f}".format(*test.accuracy_interval)],
        "training, validation accuracy": [f"{report.train.accuracy:.4f}, {report.validation.accuracy:.4f}"],
        "calibration error (15 bins)": [f"{test.ece:.4f}"],
        "accepted without review": [f"{test.decisions.coverage:.4f}"],
        "of these right": [f"{test.decisions.accuracy:.4f}"],
    }


def test_the_model_card_shows_the_figures_of_every_class(report: Report) -> None:
    assert table(CARD, "| class |") == {
        label: [f"{figures.precision:.4f}", f"{figures.recall:.4f}"]
        for label, figures in report.test.per_class.items()
    }


def test_the_model_card_shows_the_figures_of_out_of_distribution_pictures(report: Report) -> None:
    assert table(CARD, "| out-of-distribution pictures |") == {
        kind: [f"{each.familiarity_auroc:.4f}", f"{each.confidence_auroc:.4f}", f"{each.reviewed:.4f}"]
        for kind, each in (report.out_of_scope or {}).items()
    }


def test_the_model_card_shows_the_figures_of_photos_and_that_choices_were_made_on_them(
    report: Report,
) -> None:
    rows = table(CARD, "| photos, `development` |")

    assert {tier: rows[name] for tier, name in TIERS.items()} == {
        tier: photo_row(figures) for tier, figures in report.photos.items()
    }
    assert {figures.split for figures in report.photos.values()} == {"development"}


def photo_row(figures: Any) -> list[str]:
    """The cells of a tier; what tier X has no figure for stays empty."""
    decisions, auroc = figures.decisions, figures.auroc
    macro = (
        ""
        if figures.macro_accuracy is None
        else "{:.3f} ({:.3f} to {:.3f})".format(figures.macro_accuracy, *figures.macro_accuracy_interval)
    )
    cells = [decisions.coverage, decisions.accuracy, decisions.unfamiliar]
    cells += [None if auroc is None else auroc.familiarity, figures.ece]
    return [f"{figures.n}", macro, *("" if cell is None else f"{cell:.3f}" for cell in cells)]


def test_the_comparison_with_other_servers_shows_the_stored_figures() -> None:
    page = PAGE.read_text("utf-8")

    assert filled(page, result("benchmark")) == page, "python -m benchmarks.side_by_side.page writes it"


def test_the_processor_time_of_a_picture_is_the_measured_one() -> None:
    curves = [result("growth")["seen"][f"pixels of a {kind}"] for kind in ("JPEG", "PNG")]
    measured = {
        f"{jpeg['size']:,}": [f"{jpeg['processor']:.2f}", f"{png['processor']:.2f}"]
        for jpeg, png in zip(*curves, strict=True)
    }

    rows = table("explanation/benchmarks.md", "| pixels | JPEG, ms |")

    assert rows.items() <= measured.items()
    assert len(rows) > 5


def test_the_memory_of_a_slot_is_the_measured_one() -> None:
    measured = result("decode-memory")

    rows = table("reference/limits.md", "| format |")

    assert rows == {
        name: [
            str(cost["peak_megabytes"]),
            f"{cost['peak_megabytes'] * MEBIBYTE / measured['pixels']:.1f}",
            f"{cost['seconds']:.1f}",
        ]
        for name, cost in measured["formats"].items()
    }

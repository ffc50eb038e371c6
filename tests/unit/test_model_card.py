"""The model card has the figures of the release that is bundled, not of one before it."""

import re
from pathlib import Path

from model_store.files import REPORT
from model_store.local import BUNDLED, bundled
from model_store.report import Report, parse_report

CARD = (Path(__file__).parent.parent.parent / "docs" / "explanation" / "model-card.md").read_text("utf-8")


def report() -> Report:
    return parse_report((BUNDLED / REPORT).read_bytes(), REPORT)


def cells(row: str) -> list[str]:
    """The cells of a row of the card's tables, by its first."""
    (line,) = re.findall(rf"^\| {re.escape(row)} \|.*$", CARD, re.MULTILINE)
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_it_names_the_release_and_its_network() -> None:
    assert cells("version") == [f"`{bundled().version}`"]
    assert cells("network")[0].startswith(f"`{report().model.network}`:")
    assert cells("parameters") == [f"{report().model.parameters:,}"]
    assert cells("MFLOP a picture") == [f"{report().model.mflops:.1f}"]


def test_it_shows_what_the_report_measured() -> None:
    test = report().test

    assert cells("accuracy") == [f"{test.accuracy:.4f}"]
    assert cells("95% interval") == ["{:.4f} to {:.4f}".format(*test.accuracy_interval)]
    assert cells("training, validation accuracy") == [
        f"{report().train.accuracy:.4f}, {report().validation.accuracy:.4f}"
    ]
    assert cells("calibration error (15 bins)") == [f"{test.ece:.4f}"]
    assert cells("accepted without review") == [f"{test.decisions.coverage:.4f}"]
    assert cells("of these right") == [f"{test.decisions.accuracy:.4f}"]


def test_it_shows_the_figures_of_every_class() -> None:
    for label, figures in report().test.per_class.items():
        assert cells(label) == [f"{figures.precision:.4f}", f"{figures.recall:.4f}"]


def test_it_shows_the_figures_of_out_of_distribution_pictures() -> None:
    out_of_scope = report().out_of_scope
    assert out_of_scope is not None

    for kind, figures in out_of_scope.items():
        assert cells(kind) == [
            f"{figures.familiarity_auroc:.4f}",
            f"{figures.confidence_auroc:.4f}",
            f"{figures.reviewed:.4f}",
        ]


TIERS = {"A": "A: product shots", "B": "B: on a model", "C": "C: users' own", "X": "X: none of the ten"}


def test_it_shows_the_figures_of_photos_and_that_choices_were_made_on_them() -> None:
    for tier, figures in report().photos.items():
        assert figures.split == "development"
        row = cells(TIERS[tier])
        shares = (figures.decisions.coverage, figures.decisions.unfamiliar)
        assert [row[0], row[2], row[4]] == [f"{figures.n}", *(f"{share:.3f}" for share in shares)]
        if figures.macro_accuracy is not None and figures.auroc is not None:
            assert row[1].startswith(f"{figures.macro_accuracy:.3f} (")
            assert [row[3], row[5], row[6]] == [
                f"{figures.decisions.accuracy:.3f}",
                f"{figures.auroc.familiarity:.3f}",
                f"{figures.ece:.3f}",
            ]
    assert "| photos, `development` |" in CARD
    assert set(report().photos) == set(TIERS)

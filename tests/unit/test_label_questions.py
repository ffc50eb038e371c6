"""In which order a sheet asks, of pictures and of products alike."""

from dataclasses import replace
from pathlib import Path

from inference.reasons import Reason
from labelling.decide.decisions import RunDecisions
from labelling.journal.journal_file import Journal
from labelling.review.questions import (
    HeadQuestions,
    SheetQuestion,
    SheetSettings,
    SmallestRows,
    choose_photos,
)
from labelling.rows import HeadAnswer, PhotoRecord, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from tests.journals import fill

RUN = RunSettings(
    source="here",
    version="20261120T101500Z-3f9a1c2e",
    heads={"label": ("Shirt", "Bag")},
    further={"sku": "sku"},
)
BY_SKU = replace(RUN, by=ProductGrouping(column="sku", folder=None, proven=()))


def a_row(
    name: str, reason: Reason | None = None, confidence: float = 0.5, familiarity: float = 0.5, sku: str = ""
) -> PhotoRecord:
    shares = (confidence, 1 - confidence)
    answer = HeadAnswer(label="Shirt", confidence=confidence, reason=reason, probabilities=shares)
    return PhotoRecord(
        path=name,
        sha256=f"of {name}",
        familiarity=familiarity,
        answers={"label": answer},
        cells={"sku": sku},
    )


def questions_of(decisions: RunDecisions, limit: int) -> list[SheetQuestion]:
    """The doubtful questions about the class, at most so many."""
    review = SheetSettings(Path("sheet.html"), limit, 0, (), "", {}, "")
    choice = HeadQuestions("label", review, decisions.settings.version)
    for row in decisions.read_reviewable_rows():
        choice.add_row(row)
    return choice.doubtful_questions


def asked(decisions: RunDecisions, limit: int) -> list[TableRow]:
    """The rows whose class a sheet asks a person, at most so many."""
    return [question.row for question in questions_of(decisions, limit)]


def test_unfamiliar_pictures_come_first_then_the_least_sure_and_no_accepted_ones(tmp_path: Path) -> None:
    rows = [
        a_row("sure", None, 0.99),
        a_row("unsure", Reason.AMBIGUOUS, 0.4, 0.9),
        a_row("unsure, less familiar", Reason.AMBIGUOUS, 0.4, 0.2),
        a_row("less sure", Reason.AMBIGUOUS, 0.3),
        a_row("unfamiliar, sure", Reason.UNFAMILIAR, 0.9, 0.01),
        PhotoRecord(path="broken", sha256="of it", error="It is broken.", cells={"sku": ""}),
        a_row("unfamiliar, as sure", Reason.UNFAMILIAR, 0.9, 0.01),
        a_row("unfamiliar, unsure", Reason.UNFAMILIAR, 0.2, 0.01),
        a_row("hardly unfamiliar", Reason.UNFAMILIAR, 0.9, 0.8),
    ]
    with Journal(tmp_path / "table.csv", RUN) as opened:
        fill(opened, RUN, rows)
        decisions = RunDecisions(opened)
        chosen = asked(decisions, 6)
        shown = choose_photos(chosen[0], decisions)

    assert [photo.path for photo in shown] == ["unfamiliar, unsure"]
    assert [row.record.name for row in chosen] == [
        "unfamiliar, unsure",
        "unfamiliar, sure",
        "unfamiliar, as sure",
        "hardly unfamiliar",
        "less sure",
        "unsure, less familiar",
    ]


def test_copies_of_a_picture_have_one_question_and_those_of_most_copies_come_first(tmp_path: Path) -> None:
    unsure = a_row("unsure", Reason.AMBIGUOUS, 0.5)
    rows = [
        a_row("alone", Reason.UNFAMILIAR, 0.2, 0.01),
        unsure,
        *(replace(unsure, path=f"copy {number}") for number in range(2)),
        *(a_row(name, Reason.AMBIGUOUS, 0.4, sku=name) for name in ("7", "8")),
    ]
    rows[-1] = replace(rows[-1], sha256=rows[-2].sha256)  # two products with the same photo
    with Journal(tmp_path / "table.csv", BY_SKU) as opened:
        fill(opened, BY_SKU, rows)
        questions = questions_of(RunDecisions(opened), 9)

    assert [(one.row.record.name, one.copy_count) for one in questions] == [
        ("unsure", 2),
        ("alone", 0),
        ("7", 0),
        ("8", 0),
    ]


def test_a_copy_of_a_picture_that_is_not_asked_about_is_forgotten() -> None:
    rows = SmallestRows(1)
    first, second = (TableRow(record=a_row(name), decisions={}) for name in ("first", "second"))

    rows.add_row(2, first, "a")
    rows.add_row(1, second, "b")
    rows.add_row(1, second, "b")
    rows.add_row(2, first, "a")

    assert rows.rows == [second]
    assert rows.copy_counts == {"b": 1}


def test_products_stand_among_pictures_of_none_by_the_same_measures(tmp_path: Path) -> None:
    rows = [
        a_row("surer", Reason.AMBIGUOUS, 0.6),
        a_row("of a product", Reason.AMBIGUOUS, 0.55, sku="7"),
        a_row("accepted", None, 0.9, sku="8"),
        a_row("unsure", Reason.AMBIGUOUS, 0.51),
        a_row("unfamiliar", Reason.UNFAMILIAR, 0.9, sku="9"),
    ]
    with Journal(tmp_path / "table.csv", BY_SKU) as opened:
        fill(opened, BY_SKU, rows)
        chosen = asked(RunDecisions(opened), 9)

    assert [row.record.name for row in chosen] == ["9", "unsure", "7", "surer"]

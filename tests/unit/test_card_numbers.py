"""The number and the suggestion on a card of a sheet: those of photos and list together."""

from pathlib import Path
from typing import Any

import pytest

from inference.posterior import DEFAULT_FIGURES
from inference.reasons import Reason
from labelling.decide.decisions import RunDecisions
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.review.questions import SheetSettings
from labelling.review.sheet import write_sheet
from labelling.review.sheet_rows import SheetRows
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.row_collectors import RowCollectors
from labelling.write.run_tables import write_tables
from scripts.label_summary import describe_progress
from tests.journals import fill
from tests.random_journals import ListedNames
from tests.review_sheets import cards_of, shown_on

HEADS = {
    "label": ("Dress", "Bag", "Coat"),
    "kind": ("dress", "bag", "coat", "watch", "other", "skirt", "scarf", "hat"),
    "colour": ("red", "blue"),
}
RUN = RunSettings(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads=HEADS,
    further={"sku": "sku", "title": "title"},
    by=ProductGrouping(column="sku", folder=None, proven=()),
    language="en",
    figures=DEFAULT_FIGURES,
    title="title",
)


def a_product(
    number: int,
    title: str = "",
    label: tuple[float, ...] = (0.5, 0.3, 0.2),
    kind: tuple[float, ...] = (0.5, 0.2, 0.2, 0.05, 0.05),
    colour_reason: Reason | None = None,
) -> PhotoRecord:
    answers = {}
    reasons = {"label": Reason.AMBIGUOUS, "kind": Reason.AMBIGUOUS, "colour": colour_reason}
    for head, some in (("label", label), ("kind", kind), ("colour", (0.9, 0.1))):
        shares = (*some, *[0.0] * (len(HEADS[head]) - len(some)))
        place = max(range(len(shares)), key=shares.__getitem__)
        answers[head] = HeadAnswer(
            label=HEADS[head][place], confidence=shares[place], reason=reasons[head], probabilities=shares
        )
    cells = {"sku": f"P-{number}", "title": title}
    return PhotoRecord(path=f"{number}.jpg", sha256=f"of {number}", answers=answers, cells=cells)


def write(
    folder: Path, products: list[PhotoRecord], feed: str = "", limit: int = 100, answers: Any = None
) -> tuple[Path, str, dict[str, Any]]:
    """Write the tables and the sheet; the sheet, the sentence of the command, and the figures of titles."""
    sheet = folder / "sheet.html"
    with Journal(folder / "table.csv", RUN) as journal:
        fill(journal, RUN, products, answers)
        decisions = RunDecisions(journal)
        settings = SheetSettings(sheet, limit, 0, (), feed, {}, "")
        rows = SheetRows(decisions, settings)
        summary = write_tables(folder / "table.csv", decisions, collectors=RowCollectors(reviewable=[rows]))
        source = ListedNames("list.csv", tuple(one.path for one in products))
        write_sheet(source, decisions, settings, rows)
    return sheet, describe_progress(summary), dict(summary.words or {})


def test_a_card_suggests_nothing_that_is_less_likely_than_a_fifth(tmp_path: Path) -> None:
    unclear = a_product(1, label=(0.19, 0.18, 0.17), kind=(0.14, 0.13, 0.13, 0.12, 0.12, 0.12, 0.12, 0.12))

    sheet, _, _ = write(tmp_path, [a_product(0), unclear])

    cards = {card["name"]: card for card in cards_of(sheet)}
    assert cards["P-0"]["guess"] == "Dress"
    assert cards["P-0"]["note_values"]["confidence"] == pytest.approx(0.5, abs=0.01)
    assert (cards["P-1"]["guess"], cards["P-1"]["guess_kind"], cards["P-1"]["note"]) == ("", "", "{reason}")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [((0.001, 0.1, 0.86, 0.02, 0.019), ("coat", 0.86)), ((0.001, 0.1, 0.86, 0.02, 0.019), ("Coat", 0.4))],
)
def test_a_contradiction_names_the_kind_if_the_class_does_not_contradict(
    kind: tuple[float, ...], expected: tuple[str, float], tmp_path: Path
) -> None:
    label = (0.33, 0.3, 0.2) if expected[0] == "coat" else (0.2, 0.1, 0.4)
    sheet, _, _ = write(tmp_path, [a_product(0, "A red dress", label, kind)])

    [card] = cards_of(sheet)
    if card["note"].startswith("the photo"):
        assert (card["note_values"]["label"], card["note_values"]["confidence"]) == expected
    else:
        pytest.fail(f"no contradiction: {card}")


@pytest.mark.parametrize("limit", [100, 2])
def test_command_and_sheet_say_how_many_products_need_a_person(limit: int, tmp_path: Path) -> None:
    products = [a_product(number, colour_reason=Reason.AMBIGUOUS) for number in range(5)]

    sheet, said, _ = write(tmp_path, products, "colour", limit)

    shown = shown_on(sheet)
    about_classes = {card["product"] for card in cards_of(sheet)}
    assert "5 need a person" in said
    assert len(about_classes) + shown["unasked"] == 5


def test_a_contradiction_that_a_person_decided_is_not_counted(tmp_path: Path) -> None:
    products = [
        a_product(number, "A red dress", (0.1, 0.8, 0.1), (0.05, 0.9, 0.02, 0.02, 0.01))
        for number in range(2)
    ]
    answers = {
        AnswerSubject(f"of {number}", "label", f"P-{number}"): HumanAnswer("Bag", "2026")
        for number in range(2)
    }

    _, _, before = write(tmp_path, products)
    _, _, after = write(tmp_path, products, answers=answers)

    assert (before["contradicting"], after["contradicting"]) == (2, 0)

"""The parts of a sheet with answers of people and accepted ones, which can be changed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.journal.human_answer import LEFT_OUT_LABEL, AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.review import settled_rows
from labelling.review.cards import ACCEPTED_SCREEN, FOUND_NOTES, ReviewCard
from labelling.review.questions import SheetQuestion, SheetSettings
from labelling.review.settled_rows import SettledQuestion, show_settled_answer
from labelling.review.sheet import choose_settled_questions
from labelling.review.sheet_rows import SheetRows
from labelling.rows import FoundPlace, HeadAnswer, HeadDecision, PhotoRecord, ProductRecord, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.row_collectors import RowCollectors
from tests.journals import fill

HEADS = {
    "label": ("Dress", "Bag", "Coat"),
    "kind": ("dress", "bag", "coat", "watch", "other"),
    "colour": ("red", "blue"),
}
RUN = RunSettings(
    source="shop",
    version="20261120T101500Z-3f9a1c2e",
    heads=HEADS,
    further={"sku": "sku"},
    by=ProductGrouping(column="sku", folder=None, proven=()),
)


def a_product(number: int, reason: Reason | None = None, confidence: float = 0.9) -> PhotoRecord:
    answers = {
        head: HeadAnswer(
            label=labels[0],
            confidence=confidence,
            reason=reason,
            probabilities=(confidence, *[0.0] * (len(labels) - 1)),
            decided_by=DecidedBy.MODEL,
        )
        for head, labels in HEADS.items()
    }
    return PhotoRecord(
        path=f"{number}.jpg", sha256=f"of {number}", answers=answers, cells={"sku": f"P-{number}"}
    )


Said = Mapping[tuple[int, str], tuple[str, int]]
"""The label and the hour of an answer, by the number of a product and the head."""


def settled(
    folder: Path, products: list[PhotoRecord], said: Said, audit_size: int = 0, feed: str = ""
) -> tuple[list[SettledQuestion], list[SettledQuestion], tuple[int, int]]:
    """What the two parts show, and the numbers in their titles."""
    answers = {
        AnswerSubject(f"of {number}", head, f"P-{number}"): HumanAnswer(label, f"2026-11-20T{hour:02}:00:00Z")
        for (number, head), (label, hour) in said.items()
    }
    sheet = SheetSettings(folder / "sheet.html", 10, audit_size, (), feed, {}, "")
    with Journal(folder / "table.csv", RUN) as journal:
        fill(journal, RUN, products, answers)
        decisions = RunDecisions(journal)
        rows = SheetRows(decisions, sheet)
        RowCollectors(reviewable=[rows]).read_rows(decisions)
        counts = rows.settled_rows.answered_count, rows.settled_rows.accepted_count
        return *choose_settled_questions(rows.choices, rows.settled_rows), counts


def names_of(questions: list[SettledQuestion]) -> list[tuple[str, str]]:
    return [(one.question.row.record.name, one.question.head) for one in questions]


def test_answers_of_people_are_shown_for_each_head_the_latest_first(tmp_path: Path) -> None:
    said: Said = {
        (0, "label"): ("Bag", 1),
        (1, "label"): (NONE, 3),
        (1, "kind"): ("watch", 3),
        (2, "colour"): ("blue", 2),
        (3, "label"): (LEFT_OUT_LABEL, 0),
    }
    products = [a_product(number, Reason.AMBIGUOUS) for number in range(5)]

    answered, accepted, counts = settled(tmp_path, products, said)

    assert names_of(answered) == [("P-1", "label"), ("P-2", "colour"), ("P-0", "label"), ("P-3", "label")]
    assert answered[0].answered_at == "2026-11-20T03:00:00Z"
    assert (accepted, counts) == ([], (4, 0))


def test_accepted_products_are_shown_the_least_certain_first_with_their_colour(tmp_path: Path) -> None:
    products = [a_product(0), a_product(1, confidence=0.7), a_product(2, Reason.UNFAMILIAR), a_product(3)]

    answered, accepted, counts = settled(
        tmp_path, products, {(0, "colour"): ("red", 1), (3, "label"): ("Bag", 1)}
    )

    assert names_of(accepted) == [("P-1", "label"), ("P-1", "colour"), ("P-0", "label")]
    assert names_of(answered) == [("P-0", "colour"), ("P-3", "label")]
    assert counts == (2, 2)


def test_colours_that_the_feed_has_are_in_their_own_part_alone(tmp_path: Path) -> None:
    _, accepted, _ = settled(tmp_path, [a_product(0)], {}, feed="colour")

    assert names_of(accepted) == [("P-0", "label")]


def test_what_an_audit_asks_is_not_shown(tmp_path: Path) -> None:
    said: Said = {(number, "label"): ("Bag", 1) for number in range(3)}

    answered, accepted, _ = settled(tmp_path, [a_product(number) for number in range(6)], said, audit_size=6)

    assert [answered, [one for one in accepted if one.question.head == "label"]] == [[], []]


def test_each_part_has_a_limit_and_the_titles_tell_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled_rows, "MAX_SETTLED_ROWS", 3)
    said: Said = {(number, "label"): ("Bag", number) for number in range(6)}
    products = [a_product(number, confidence=0.5 + number / 100) for number in range(20)]

    answered, accepted, counts = settled(tmp_path, products, said)

    assert [name for name, _ in names_of(answered)] == ["P-5", "P-4", "P-3"]
    assert [name for name, head in names_of(accepted) if head == "label"] == ["P-6", "P-7", "P-8"]
    assert counts == (6, 14)


@pytest.mark.parametrize("part", ["", "upper", "middle", "lower"])
def test_the_card_of_a_garment_that_was_found_in_a_part_names_the_photo_and_the_part(part: str) -> None:
    photos = tuple(replace(a_product(0), path=f"{number}.jpg") for number in range(3))
    found = HeadAnswer(label="Dress", found_in=FoundPlace("1.jpg", part))
    record = ProductRecord(product="P-0", photos=photos, distinct_photos=photos)
    row = TableRow(record=record, decisions={"label": HeadDecision(answer=found, label="Dress")})
    shown = SettledQuestion(SheetQuestion(row, "label", None), "")
    card = ReviewCard("P-0", "1.jpg", "", "", "Dress", note_values={"confidence": 0.95})

    note = show_settled_answer(card, shown, ACCEPTED_SCREEN)

    assert note.note == FOUND_NOTES[part]
    assert note.note_values == {"confidence": 0.95, "label": "Dress", "number": "2"}

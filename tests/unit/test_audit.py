"""An audit: the interval that it prints holds the true share, and who answered what does not change it."""

import random
from pathlib import Path

import pytest

from labelling.errors import CorrectionsUnusable
from labelling.review.audit import EACH_END, audit, found_in, interval, sample
from labelling.review.corrections import LEFT_OUT, NONE, Correction
from reports.acceptance import needed

ROWS = 1000
SAMPLED = 200

Table = list[dict[str, str]]


def a_table(version: str, accepted: float = 0.7, rows: int = ROWS) -> Table:
    """Rows of a table, of which about a share is accepted."""
    draw = random.Random(version)
    return [
        {
            "path": f"{number}.jpg",
            "label": draw.choice(["Coat", "Shirt"]),
            "decision": "accept" if draw.random() < accepted else "review",
            "version": version,
            "sha256": f"{number:064}",
        }
        for number in range(rows)
    ]


def said(row: dict[str, str], label: str, audited: int = SAMPLED, at: str = "2026") -> Correction:
    return Correction(row["path"], row["sha256"], label, at, audited, Path("corrections.csv"))


def drawn(table: Table, n: int = SAMPLED) -> Table:
    return sample(table, lambda row: row["path"], n, table[0]["version"])


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (95, 100, 0.88717, 0.98357), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_clopper_and_pearsons(right: int, n: int, low: float, high: float) -> None:
    assert interval(right, n) == pytest.approx((low, high), abs=1e-4)


def test_as_many_right_answers_as_are_said_to_be_needed_show_a_promise() -> None:
    n = needed(0.95, EACH_END)

    assert interval(n, n)[0] >= 0.95 > interval(n - 1, n - 1)[0]


def test_a_picture_that_shows_none_of_the_classes_is_wrong_and_one_left_out_counts_nowhere() -> None:
    table = a_table("v", accepted=1.0, rows=5)

    found = audit(
        table,
        [
            said(table[0], NONE),
            said(table[1], LEFT_OUT),
            said(table[2], "Bag"),
            said(table[3], table[3]["label"]),
        ],
    )

    assert (found.sampled, found.unanswered, found.left_out) == (5, 1, 1)
    assert (found.accepted.n, found.accepted.right, found.reviewed.n) == (3, 1, 0)
    assert sum(share.n for share in found.labels.values()) == 3


def test_pictures_to_review_count_by_themselves() -> None:
    table = a_table("v", rows=20)
    kept = [row for row in table if row["decision"] == "accept"]

    found = audit(table, [said(row, row["label"]) for row in table])

    assert (found.accepted.n, found.reviewed.n) == (len(kept), 20 - len(kept))


def test_a_table_with_peoples_answers_is_audited_by_what_the_model_said() -> None:
    table = a_table("v", accepted=1.0, rows=2)
    corrected = [row | {"label": "Bag", "predicted": row["label"]} for row in table]

    found = audit(corrected, [said(row, "Bag") for row in table])

    assert (found.accepted.n, found.accepted.right) == (2, 0)


def test_the_sample_is_drawn_again_for_a_table_and_others_for_another_release() -> None:
    table, other = a_table("v1"), a_table("v2")

    assert drawn(table) == drawn(list(reversed(table)))
    assert {row["path"] for row in drawn(table)} != {row["path"] for row in drawn(other)}


def test_answers_to_a_small_sample_count_in_the_larger_one_that_was_drawn_later() -> None:
    table = a_table("v1")
    few, many = drawn(table, 50), drawn(table)

    found = audit(table, [*(said(row, "Coat", 50) for row in few), *(said(row, "Coat") for row in many[50:])])

    assert (found.sampled, found.unanswered) == (SAMPLED, 0)


def test_answers_to_another_tables_sample_are_refused() -> None:
    table, other = a_table("v1"), a_table("v2")

    with pytest.raises(CorrectionsUnusable, match="is not in the sample of this table"):
        audit(other, [said(row, "Coat") for row in drawn(table)])


def test_what_a_sheet_exports_says_how_often_accepted_answers_are_right() -> None:
    table = a_table("v", accepted=1.0, rows=51)
    given = [
        said(row, row["label"], 51)._replace(predicted=row["label"], decision=row["decision"])
        for row in table
    ]
    doubted = said(table[0], "Bag", 51)._replace(path="x", sha256="", predicted="Coat", decision="accept")

    found = found_in([*given[:48], given[48]._replace(label=LEFT_OUT), doubted])
    wrong = found_in([given[0]._replace(label=NONE), *given[1:]])

    assert found is not None
    assert wrong is not None
    assert found.sentence() == (
        "Audit: of the accepted, 48 of 48 right: at least 94% (95% sure). "
        "2 of its 51 pictures have no answer."
    )
    assert (wrong.accepted, wrong.right) == (51, 50)
    assert found_in([said(table[0], "Coat", audited=0)]) is None


def test_corrections_without_an_audit_are_refused() -> None:
    table = a_table("v1", rows=3)

    with pytest.raises(CorrectionsUnusable, match="No correction is of an audit"):
        audit(table, [said(table[0], "Coat", audited=0)])

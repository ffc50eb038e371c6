"""An audit: what it counts, and that its bounds hold the true share."""

import heapq
import random
from pathlib import Path

import pytest

from inference.release_labels import NONE
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.review.audit import choose_sample_size, compute_audit_bounds, describe_audits, make_sample_rank
from labelling.review.corrections import Correction

ROWS = 1000
SAMPLED = 200

Row = dict[str, str]


def a_table(version: str, rows: int = ROWS) -> list[Row]:
    """Accepted rows of a table."""
    draw = random.Random(version)
    return [
        {
            "path": f"{number}.jpg",
            "label": draw.choice(["Coat", "Shirt"]),
            "version": version,
            "sha256": f"{number:064}",
        }
        for number in range(rows)
    ]


def said(row: Row, label: str, audited: int = SAMPLED, of: int = 0) -> Correction:
    return Correction(
        *(row["path"], row["sha256"], label, "2026", audited, Path("corrections.csv")),
        predicted=row["label"],
        audit_of=of,
        version=row["version"],
    )


def drawn(table: list[Row], n: int = SAMPLED) -> list[Row]:
    return heapq.nsmallest(n, table, lambda row: make_sample_rank(row["path"], table[0]["version"]))


def test_a_picture_that_shows_none_of_the_classes_is_wrong_and_one_left_out_counts_nowhere() -> None:
    table = a_table("v", rows=5)
    given = [said(table[0], NONE, 5), said(table[1], LEFT_OUT_LABEL, 5), said(table[2], "Bag", 5)]

    [sentence] = describe_audits([*given, said(table[3], table[3]["label"], 5)], "v")

    assert sentence.startswith("Audit: of the accepted, 1 of 3 right: ")
    assert sentence.endswith(" 1 of 5 has no answer.")


def test_the_sample_is_drawn_again_for_a_table_and_others_for_another_release() -> None:
    table, other = a_table("v1"), a_table("v2")

    assert drawn(table) == drawn(list(reversed(table)))
    assert drawn(table, 50) == drawn(table)[:50]
    assert {row["path"] for row in drawn(table)} != {row["path"] for row in drawn(other)}


def test_answers_to_a_small_sample_count_in_the_larger_one_that_was_drawn_later() -> None:
    table = a_table("v1")
    few, many = drawn(table, 50), drawn(table)

    [sentence] = describe_audits(
        [*(said(row, "Coat", 50) for row in few), *(said(row, "Coat") for row in many[50:])], "v1"
    )

    right = sum(row["label"] == "Coat" for row in many)
    assert sentence.startswith(f"Audit: of the accepted, {right} of {SAMPLED} right: ")
    assert "no answer" not in sentence


def test_a_later_answer_to_the_same_picture_counts() -> None:
    table = a_table("v", rows=1)
    first = said(table[0], "Bag", 1, 1)
    later = said(table[0], table[0]["label"], 0)._replace(answered_at="2027")

    assert next(describe_audits([later, first], "v")).startswith("Audit: of the accepted, 1 of 1 right: ")


def test_what_a_sheet_exports_says_how_often_accepted_answers_are_right() -> None:
    table = a_table("v", rows=51)
    given = [said(row, row["label"], 51) for row in table]
    doubted = said(table[0], "Bag", 51)._replace(path="x", sha256="")

    # .025 ** (1 / 48) of a table whose size the corrections do not say
    assert list(describe_audits([*given[:48], given[48]._replace(label=LEFT_OUT_LABEL), doubted], "v")) == [
        "Audit: of the accepted, 48 of 48 right: at least 92.6%, at most 100.0% (95% sure). "
        "2 of 51 have no answer."
    ]
    assert list(describe_audits([said(table[0], "Coat", audited=0)], "v")) == []


def test_the_class_comes_first_then_attributes_and_answers_of_another_release_are_counted_apart() -> None:
    colour, other = a_table("v", rows=2), a_table("w", rows=3)
    of_colour = [said(row, row["label"], 2)._replace(attribute="colour") for row in colour]
    of_class = [said(row, row["label"], 1) for row in a_table("v", rows=1)]
    of_other = [said(row, row["label"], 3) for row in other]

    found = list(describe_audits([*of_colour, *of_other, *of_class], "v"))

    assert [sentence.partition(" right:")[0] for sentence in found] == [
        "Audit: of the accepted, 1 of 1",
        "colour: Audit: of the accepted, 2 of 2",
        "3 answers to an audit are of another release, and are not counted.",
    ]


def test_a_table_that_was_looked_at_whole_leaves_no_doubt() -> None:
    nearly = compute_audit_bounds(105, 115, 119)

    assert compute_audit_bounds(109, 119, 119) == (109 / 119, 109 / 119)
    # 4 rows are left: 10 to 14 are wrong, and 14 would show 10 or fewer in less than 1 of 40 draws.
    assert 105 / 119 <= nearly[0] <= nearly[1] == 109 / 119
    assert compute_audit_bounds(0, 0, 9) == (0.0, 1.0)


def test_in_two_looks_at_a_table_with_a_broken_promise_it_holds_in_one_of_twenty_at_most() -> None:
    draw, runs = random.Random(0), 400
    rows, wrong = 400, 21  # 94.75% are right, and 95% are promised

    def shows(looked: list[int]) -> bool:
        return compute_audit_bounds(sum(row >= wrong for row in looked), len(looked), rows)[0] >= 0.95

    orders = [draw.sample(range(rows), 188) for _ in range(runs)]
    held = sum(shows(order[:94]) or shows(order) for order in orders)

    assert held / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


@pytest.mark.parametrize(("accepted", "drawn"), [(3, 0), (58, 14), (520, 130), (10_000, 130)])
def test_a_table_pays_for_a_quarter_of_its_accepted_answers(accepted: int, drawn: int) -> None:
    assert choose_sample_size(accepted) == drawn

"""What is decided of a journal costs as many queries for many products as for few, and none once written."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from inference.reasons import Reason
from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.decide.valid_answers import count_outdated_answers
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.columns import make_photo_columns
from labelling.write.run_tables import write_tables
from tests.journals import fill

RUN = RunSettings(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads={"label": ("Shirt", "Bag")},
    further={"sku": "sku", "title": "title"},
    by=ProductGrouping(column="sku", folder=None, proven=()),
)


class Counting(Journal):
    """A journal that counts what is asked of it."""

    queries = 0

    def query(self, sql: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        self.queries += 1
        return super().query(sql, *values)


def of_sizes(products: int) -> list[PhotoRecord]:
    """A list with a row a size: five sizes share a photo."""
    answer = HeadAnswer(label="Shirt", confidence=0.9, probabilities=(0.9, 0.1))
    further = ({"sku": f"{number}", "title": f"Shirt, size {number % 5}"} for number in range(products))
    heads = {"label": answer}
    return [
        PhotoRecord(path=f"{number // 5}.png", sha256=f"of {number // 5}", answers=heads, cells=cells)
        for number, cells in enumerate(further)
    ]


def decided(folder: Path, products: int) -> tuple[int, int]:
    """How many queries it takes to decide so many products, and how many of these are accepted."""
    with Counting(folder / f"{products}.csv", RUN) as journal:
        fill(journal, RUN, of_sizes(products))
        before, decisions = journal.queries, RunDecisions(journal)
        rows = list(decisions.read_product_rows())
        assert len(rows) == products
        return journal.queries - before, sum(row.class_decision.is_accepted for row in rows)


def test_a_list_with_a_row_a_size_takes_as_many_queries_however_long_it_is(tmp_path: Path) -> None:
    few, many = decided(tmp_path, 10), decided(tmp_path, 100)

    assert (few[0], many[0]) == (few[0], few[0])
    assert (few[1], many[1]) == (10, 100), "the titles differ in size alone"


def test_of_a_table_that_is_written_nothing_is_read_again(tmp_path: Path) -> None:
    with Counting(tmp_path / "table.csv", RUN) as journal:
        fill(journal, RUN, of_sizes(10))
        first = write_tables(tmp_path / "table.csv", RunDecisions(journal))
        before = journal.queries
        again = write_tables(tmp_path / "table.csv", RunDecisions(journal))

        assert (again, journal.queries) == (first, before)


@pytest.mark.parametrize("photo", ["of 0", "of 1"])
def test_an_answer_to_a_product_holds_where_its_photo_is_one_of_it(photo: str, tmp_path: Path) -> None:
    said = {AnswerSubject(photo, "label", "3"): HumanAnswer("Bag", "2026")}
    with Journal(tmp_path / "table.csv", RUN) as journal:
        fill(journal, RUN, of_sizes(10), said)
        labels = {
            row.record.product: row.class_decision.label for row in RunDecisions(journal).read_product_rows()
        }

        assert labels["3"] == ("Bag" if photo == "of 0" else "Shirt")
        assert count_outdated_answers(journal) == (photo != "of 0")


OF_KINDS = replace(
    RUN,
    heads={"label": ("Coat", "Pullover", "Cardigan", "Belt"), "kind": ("coat", "pullover", "bag", "belt")},
    further={},
    by=None,
)


A_COAT = HeadAnswer(label="Coat", reason=Reason.AMBIGUOUS, probabilities=(0.7, 0.1, 0.1, 0.1))


def cells_of(kind: str, decision: str, said: dict[str, str]) -> dict[str, object]:
    """The cells of a coat whose kind was answered so, and what people said of it by head."""
    reason = None if decision == "accept" else Reason.AMBIGUOUS
    answers = {AnswerSubject("a", head): HumanAnswer(label, "2026") for head, label in said.items()}
    heads = {
        "label": A_COAT,
        "kind": HeadAnswer(label=kind, reason=reason, probabilities=(0.25,) * 4),
    }
    with TemporaryDirectory() as folder, Journal(Path(folder) / "table.csv", OF_KINDS) as journal:
        fill(journal, OF_KINDS, [PhotoRecord(path="a", sha256="a", answers=heads)], answers)
        [row] = RunDecisions(journal).read_photo_rows()
        return {
            column.name: column.read_cell(row)
            for column in make_photo_columns(OF_KINDS, has_human_answers=True)
        }


@pytest.mark.parametrize(
    ("said", "kind", "decision", "expected"),
    [
        ("Pullover", "coat", "accept", ("pullover", "accept", "person")),
        ("Pullover", "bag", "review", ("pullover", "accept", "person")),
        ("Cardigan", "coat", "accept", ("coat", "accept", "model")),
        ("Cardigan", "bag", "accept", ("bag", "review", "model")),
        (NONE, "coat", "accept", ("coat", "review", "model")),
        (NONE, "bag", "accept", ("bag", "accept", "model")),
        ("", "coat", "accept", ("coat", "accept", "model")),
    ],
    ids=["one kind", "a doubtful kind", "of several", "of others", "none", "none, no class", "left out"],
)
def test_a_persons_class_reaches_the_kind(
    said: str, kind: str, decision: str, expected: tuple[str, str, str]
) -> None:
    cells = cells_of(kind, decision, {"label": said})

    assert (cells["kind"], cells["kind_decision"], cells["kind_decided_by"]) == expected
    assert cells["kind_predicted"] == kind


def test_a_persons_kind_stays_beside_their_class() -> None:
    cells = cells_of("coat", "accept", {"label": "Pullover", "kind": "bag"})

    assert (cells["kind"], cells["kind_decided_by"]) == ("bag", "person")


@pytest.mark.parametrize(("said", "cells"), [("Pullover", ("accept", None)), ("", ("review", "ambiguous"))])
def test_what_a_person_answered_needs_no_review_in_the_table(
    said: str, cells: tuple[str, str | None]
) -> None:
    shown = cells_of("coat", "accept", {"label": said})

    assert (shown["decision"], shown["reason"], shown["decided_by"]) == (*cells, "person")


def test_the_summary_counts_as_to_be_reviewed_what_no_person_answered(tmp_path: Path) -> None:
    rows = [PhotoRecord(path=name, sha256=name, answers={"label": A_COAT}) for name in "abcd"]
    said = {AnswerSubject("a"): HumanAnswer("Coat", "2026"), AnswerSubject("b"): HumanAnswer("Belt", "2026")}
    with Journal(tmp_path / "table.csv", OF_KINDS) as journal:
        fill(journal, OF_KINDS, rows, said)
        summary = write_tables(tmp_path / "table.csv", RunDecisions(journal))

    assert (summary.review_share, summary.labels["Coat"]["ambiguous"]) == (0.5, 2)
    assert (summary.accepted, summary.decided_by_person) == (0, 2)

"""The sentences in which `wardrobe label` sums up a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelling.job import LabellingJob
from labelling.sources.source_opening import open_source
from labelling.write.counts import OUTCOMES
from labelling.write.summary import TableSummary
from model_store.local_releases import open_bundled_release
from scripts.label_summary import describe_progress, print_table_figures

SUMMARY = TableSummary(
    table="t.csv",
    source="shop",
    version="20261120T101500Z-3f9a1c2e",
    is_complete=True,
    rows=4,
    rows_before=0,
    answers_recovered=0,
    errors=0,
    rows_without_picture=0,
    first_error="",
    decided_by_person=0,
    accepted=3,
    accepted_by_list=0,
    checked=0,
    checked_right=0,
    seconds=1.0,
    review_share=0.25,
    labels={
        "Bag": dict.fromkeys((reason or "accept" for reason in OUTCOMES), 0) | {"accept": 3, "unfamiliar": 1},
        "Coat": dict.fromkeys((reason or "accept" for reason in OUTCOMES), 0),
    },
    columns={},
    categories={},
    attributes={"colour": {"red": {"accept": 0, "review": 4}, "blue": {"accept": 0, "review": 0}}},
    notes=(),
)


def of_products(total: int, without_photo: int, **reviewed: int) -> dict[str, Any]:
    return {"products": total, "without_answer": without_photo, "reviewed": reviewed}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"products": of_products(42, 2, ambiguous=4, list=2)},
            "34 of 42 products are done, 6 need a person, 2 have no photo.",
        ),
        (
            {"products": of_products(3, 1, ambiguous=1)},
            "1 of 3 products is done, 1 needs a person, 1 has no photo.",
        ),
        ({"products": of_products(4, 0)}, "4 of 4 products are done."),
        ({}, "3 of 4 pictures are done, 1 needs a person."),
        ({"rows": 9, "rows_without_picture": 5}, "3 of 4 pictures are done, 1 needs a person."),
        ({"rows": 6, "errors": 2}, "3 of 6 pictures are done, 1 needs a person, 2 cannot be read."),
    ],
)
def test_the_first_sentence_says_how_many_are_done(changes: dict[str, Any], sentence: str) -> None:
    assert describe_progress(replace(SUMMARY, **changes)) == sentence


def test_the_sentence_comes_first_and_the_tables_last_without_zeros(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop").mkdir()
    job = LabellingJob(
        source=open_source(str(tmp_path / "shop")), table=tmp_path / "t.csv", release=open_bundled_release()
    )

    print_table_figures(job, SUMMARY, [], None)

    sentences, _, tables = capsys.readouterr().out.partition("┏")
    assert sentences.splitlines()[0] == "3 of 4 pictures are done, 1 needs a person."
    assert "Table: t.csv" in sentences
    assert [word for word in ("accept", "unfamiliar", "Bag", "red") if word not in tables] == []
    assert [word for word in ("ambiguous", "Coat", "blue") if word in tables] == []

"""Answers that a person changes later, by a row of a corrections file: the last one is used."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.errors import CorrectionsUnusable
from labelling.journal.journal_file import Journal
from labelling.review.correction_intake import CorrectionEffect, import_corrections
from labelling.review.corrections import read_all_corrections, read_corrections
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from tests.journals import label_rows
from tests.tables import write_csv

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
PHOTOS = {"one.jpg": "A-17", "front.jpg": "A-18", "back.jpg": "A-18", "copy.jpg": "A-19", "loose.jpg": ""}
CONTENTS = {"copy.jpg": "of one.jpg"}
DAYS = [f"2026-11-{day}T10:00:00Z" for day in range(10, 20)]


def a_photo(name: str, product: str) -> PhotoRecord:
    answers = {
        head: HeadAnswer(label=labels[0], confidence=0.9, probabilities=(0.9, *[0.0] * (len(labels) - 1)))
        for head, labels in HEADS.items()
    }
    sha256 = CONTENTS.get(name, f"of {name}")
    return PhotoRecord(path=name, sha256=sha256, answers=answers, cells={"sku": product})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "table.csv", RUN) as opened:
        label_rows(opened, RUN, [a_photo(*one) for one in PHOTOS.items()])
        yield opened


def correct(journal: Journal, *rows: Mapping[str, str]) -> CorrectionEffect:
    file = write_csv(journal.table.with_name("corrections.csv"), rows)
    attributes = {head: labels for head, labels in HEADS.items() if head != "label"}
    answers = read_all_corrections([file], HEADS["label"], attributes)
    return import_corrections(answers, journal, journal.table)


def decided(journal: Journal, product: str) -> dict[str, str | None]:
    """The label of each head of a product that a person decided."""
    rows = {row.record.name: row for row in RunDecisions(journal).read_reviewable_rows()}
    decisions = rows[product].decisions
    return {head: one.label for head, one in decisions.items() if one.decided_by == "person"}


def on_sheet(product: str, photo: str, label: str, attribute: str = "", day: int = 0) -> dict[str, str]:
    """A row as a review sheet exports it."""
    cells = {"path": photo, "sha256": CONTENTS.get(photo, f"of {photo}"), "at": DAYS[day]}
    return cells | {"label": label, "attribute": attribute, "product": product}


@pytest.mark.parametrize("product", ["A-17", "A-18"])
def test_a_row_that_names_a_product_alone_changes_its_answer(product: str, journal: Journal) -> None:
    photo = next(name for name, of in PHOTOS.items() if of == product)
    correct(journal, on_sheet(product, photo, "Bag"), on_sheet(product, photo, "red", "colour"))

    effect = correct(
        journal,
        {"product": product, "attribute": "", "label": "Coat"},
        {"product": product, "attribute": "colour", "label": "blue"},
    )

    assert (effect.correction_count, effect.unmatched_count) == (2, 0)
    assert decided(journal, product) == {"label": "Coat", "kind": "coat", "colour": "blue"}


def test_an_accepted_product_is_changed_by_its_name(journal: Journal) -> None:
    correct(journal, {"product": "A-18", "attribute": "colour", "label": "blue"})

    assert decided(journal, "A-18") == {"colour": "blue"}


def test_a_product_that_the_table_lacks_is_named(journal: Journal) -> None:
    effect = correct(journal, {"product": "A-18", "label": "Bag"}, {"product": "A-99", "label": "Bag"})
    assert effect.examples == ("A-99",)

    with pytest.raises(CorrectionsUnusable, match="has no product 'A-99'"):
        correct(journal, {"product": "A-99", "label": "Bag"})


@pytest.mark.parametrize("is_later", [True, False])
def test_a_row_by_the_path_of_the_only_photo_is_about_the_product(is_later: bool, journal: Journal) -> None:
    correct(journal, on_sheet("A-17", "one.jpg", "Bag", day=1))

    effect = correct(journal, {"path": "one.jpg", "label": "Coat", "at": DAYS[2 if is_later else 0]})

    assert decided(journal, "A-17")["label"] == ("Coat" if is_later else "Bag")
    assert (effect.disagreements, effect.overruled_count) == (1, 0)
    assert decided(journal, "A-19") == {"label": "Coat", "kind": "coat"}, "the same picture"


def test_a_row_by_path_before_the_answer_on_a_sheet_is_replaced(journal: Journal) -> None:
    correct(journal, {"path": "one.jpg", "label": "Coat", "at": DAYS[0]})
    correct(journal, on_sheet("A-17", "one.jpg", "Bag", day=1))

    assert decided(journal, "A-17")["label"] == "Bag"


def test_rows_by_path_of_an_answered_product_with_several_photos_are_counted(journal: Journal) -> None:
    correct(journal, on_sheet("A-18", "front.jpg", "Bag"))

    effect = correct(
        journal,
        {"path": "front.jpg", "label": "Coat", "attribute": ""},
        {"path": "back.jpg", "label": "Coat", "attribute": ""},
        {"path": "back.jpg", "label": "red", "attribute": "colour"},
        {"path": "loose.jpg", "label": "Coat", "attribute": ""},
    )

    assert (effect.overruled_count, effect.overruled_products) == (2, ("A-18",))
    assert decided(journal, "A-18") == {"label": "Bag", "kind": "bag", "colour": "red"}
    assert decided(journal, "loose.jpg")["label"] == "Coat"


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ([(NONE, ""), ("watch", "kind")], [("Dress", "")], {"label": "Dress", "kind": "dress"}),
        ([("Dress", "")], [("watch", "kind")], {"label": NONE, "kind": "watch"}),
        ([("Dress", "")], [("coat", "kind")], {"label": "Coat", "kind": "coat"}),
        ([("watch", "kind")], [(NONE, "")], {"label": NONE, "kind": "watch"}),
        (
            [("Dress", ""), ("dress", "kind")],
            [(NONE, ""), ("watch", "kind")],
            {"label": NONE, "kind": "watch"},
        ),
    ],
)
def test_of_class_and_kind_that_contradict_each_other_the_later_answer_is_used(
    first: list[tuple[str, str]],
    then: list[tuple[str, str]],
    expected: dict[str, str],
    journal: Journal,
) -> None:
    rows = [on_sheet("A-18", "front.jpg", *answer, day=1) for answer in first]
    correct(journal, *rows)
    later = [on_sheet("A-18", "front.jpg", *answer, day=2) for answer in then]

    correct(journal, *later)
    assert decided(journal, "A-18") == expected
    correct(journal, *rows)
    assert decided(journal, "A-18") == expected, "older answers again"


def test_training_leaves_rows_out_that_name_no_picture(tmp_path: Path) -> None:
    rows = [{"path": "a.jpg", "product": "", "label": "Bag"}, {"path": "", "product": "A-17", "label": "Bag"}]
    file = write_csv(tmp_path / "corrections.csv", rows)
    said = list[str]()

    read = read_corrections([file], None, say=said.append)

    assert [one.path for one in read] == ["a.jpg"]
    assert said == [f"{file}: 1 row is about products alone, and left out here."]
    write_csv(file, [{"product": "A-17", "label": "Bag"}])
    with pytest.raises(CorrectionsUnusable, match="All are about products alone, and `wardrobe label"):
        read_corrections([file], None)

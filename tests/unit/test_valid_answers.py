"""People's answers about a product are valid until one of the photos that they saw is replaced."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from labelling.decide.valid_answers import count_outdated_answers, read_valid_answers
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from tests.journals import label_rows

RUN = RunSettings(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads={"label": ("Shirt", "Bag")},
    further={"sku": "sku"},
    by=ProductGrouping(column="sku", folder=None, proven=()),
)
QUESTION = AnswerSubject("a", product="1")
BAG = HumanAnswer("Bag", "2026-11-30T10:00:00.000Z")
SHIRT = HumanAnswer("Shirt", "2026-11-30T11:00:00.000Z")


def a_photo(name: str, product: str = "1") -> PhotoRecord:
    """A photo whose content is the last letter of its name; with a `!`, its file is no picture."""
    answers = {} if "!" in name else {"label": HeadAnswer(label="Shirt", probabilities=(1.0, 0.0))}
    error = "It is broken." if "!" in name else ""
    return PhotoRecord(path=name, sha256=name[-1], error=error, answers=answers, cells={"sku": product})


def list_photos(journal: Journal, photos: Sequence[PhotoRecord], stamp: str = "v1") -> None:
    """List and label photos in a journal that may have an earlier listing."""
    journal.execute("DROP TABLE IF EXISTS due")
    label_rows(journal, RUN, photos, stamp)


def labels_of_product(journal: Journal) -> dict[str, str]:
    return dict(read_valid_answers(journal).labels_by_subject.get(("", "1"), {}))


@pytest.mark.parametrize(
    ("seen", "present", "is_valid"),
    [
        (["1.a", "2.b"], ["1.a", "2.b"], True),
        (["1.a", "2.b"], ["2.b", "1.a"], True),
        (["1.a", "2.b"], ["1.a", "2.b", "3.c"], True),
        (["1.a", "2.b"], ["1.a"], True),
        (["1.a", "2.b"], ["1.a", "2.c"], False),
        (["1.a", "2.b"], ["1.a", "3.c"], False),
        (["1.a", "2.b"], ["1.a", "2.c", "3.b"], True),
        (["1.a", "2.b"], ["2.b"], False),
        (["1.a", "2.b"], [], False),
        (["1.a", "2!b"], ["1.a", "2.c"], True),
        (["1.a", "2.b"], ["1.a", "2!c"], True),
    ],
    ids=[
        "the same photos",
        "in another order",
        "one more",
        "one less",
        "another picture under the same name",
        "another picture under another name",
        "one more, with the name of an earlier one",
        "without the first of the card",
        "without the product",
        "a file that nobody could see is replaced by a photo",
        "a photo is replaced by a file that is no picture",
    ],
)
def test_an_answer_about_a_product_is_outdated_if_a_photo_was_replaced(
    seen: list[str], present: list[str], is_valid: bool, tmp_path: Path
) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, list(map(a_photo, seen)))
        journal.keep_human_answers({QUESTION: BAG, AnswerSubject("b"): SHIRT})

        list_photos(journal, [*map(a_photo, present), a_photo("other.x", "2")], "v2")

        assert labels_of_product(journal) == ({"label": "Bag"} if is_valid else {})
        assert count_outdated_answers(journal) == (0 if is_valid else 1)
        assert read_valid_answers(journal).labels_by_subject["b", ""] == {"label": "Shirt"}


def test_an_outdated_answer_is_valid_again_with_the_photo_and_not_because_its_file_is_given_again(
    tmp_path: Path,
) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.b")])
        journal.keep_human_answers({QUESTION: BAG})
        list_photos(journal, [a_photo("1.a"), a_photo("2.c")], "v2")
        replaced = labels_of_product(journal)
        journal.keep_human_answers({QUESTION: BAG})
        given_again = labels_of_product(journal)
        list_photos(journal, [a_photo("1.a"), a_photo("2.b")], "v3")
        put_back = labels_of_product(journal)

    assert (replaced, given_again, put_back) == ({}, {}, {"label": "Bag"})


def test_a_new_answer_is_about_the_photos_of_now(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.b")])
        journal.keep_human_answers({QUESTION: BAG})
        list_photos(journal, [a_photo("1.a"), a_photo("2.c")], "v2")

        journal.keep_human_answers({QUESTION: SHIRT})

        assert labels_of_product(journal) == {"label": "Shirt"}


def test_a_card_that_was_written_before_a_photo_was_replaced_answers_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.c")])

        journal.keep_human_answers({QUESTION: BAG}, {QUESTION: {"a", "b"}})

        assert (labels_of_product(journal), count_outdated_answers(journal)) == ({}, 1)


def test_a_card_that_shows_some_photos_of_a_product_answers_for_all(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.b"), a_photo("3.c")])
        journal.keep_human_answers({QUESTION: BAG}, {QUESTION: {"a", "b"}})
        list_photos(journal, [a_photo("1.a"), a_photo("3.c")], "v2")
        one_less = labels_of_product(journal)
        list_photos(journal, [a_photo("1.a"), a_photo("2.b"), a_photo("3.d")], "v3")
        replaced = labels_of_product(journal)

    assert (one_less, replaced) == ({"label": "Bag"}, {})


def test_an_answer_without_photos_is_about_those_of_the_next_listing(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.b")])
        journal.keep_human_answers({QUESTION: BAG})
        journal.execute("DELETE FROM seen_photos")
        list_photos(journal, [a_photo("1.a"), a_photo("2.c")], "v2")
        first = labels_of_product(journal)
        list_photos(journal, [a_photo("1.a"), a_photo("2.d")], "v3")
        second = labels_of_product(journal)

    assert (first, second) == ({"label": "Bag"}, {})


def test_the_latest_valid_answer_is_used(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        list_photos(journal, [a_photo("1.a"), a_photo("2.b")])
        journal.keep_human_answers({AnswerSubject("b", product="1"): SHIRT, QUESTION: BAG})
        both = labels_of_product(journal)
        list_photos(journal, [a_photo("1.a")], "v2")
        first_alone = labels_of_product(journal)

    assert (both, first_alone) == ({"label": "Shirt"}, {"label": "Bag"})

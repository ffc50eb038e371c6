"""What the other products of a category do to the tables of a list: from the journal to the decided rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import DecidedBy, Reason
from inference.words.kinds import KIND
from labelling.decide.category_questions import CategoryQuestion
from labelling.decide.decisions import RunDecisions
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.journal.journal_rows import RunListing
from labelling.lists.own_words import CategoryAnswer
from labelling.rows import HeadAnswer, PhotoRecord, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.run_tables import write_tables
from labelling.write.summary_notes import CATEGORY_PRODUCTS_NOTE
from tests.journals import an_item, fill

KINDS: Final = ("top", "shirt", "pullover", "dress", "coat", "skirt", "belt", "other")
CLASSES: Final = ("T-shirt/top", "Shirt", "Pullover", "Dress", "Coat")
CLASS_OF: Final = dict(zip(KINDS, CLASSES, strict=False))

RUN: Final = RunSettings(
    source="list.csv",
    version="1",
    heads={LABEL: CLASSES, KIND: KINDS},
    further={name: name for name in ("sku", "title", "category")},
    by=ProductGrouping(column="sku", folder=None, proven=(LABEL, KIND)),
    figures=FormulaFigures(),
    general_shares=dict(zip(KINDS, (0.2, 0.2, 0.2, 0.05, 0.05, 0.1, 0.1, 0.1), strict=True)),
)


def make_answer(labels: Sequence[str], shares: Mapping[str, float], reason: Reason | None) -> HeadAnswer:
    rest = (1 - sum(shares.values())) / (len(labels) - len(shares))
    probabilities = tuple(shares.get(label, rest) for label in labels)
    best = labels[probabilities.index(max(probabilities))]
    return HeadAnswer(label=best, confidence=max(probabilities), reason=reason, probabilities=probabilities)


def photo(sku: str, category: str, title: str = "", *, path: str = "", **shares: float) -> PhotoRecord:
    """A photo of a product about which the photos alone are not sure."""
    classes = {CLASS_OF[kind]: share for kind, share in shares.items() if kind in CLASS_OF}
    answers = {
        LABEL: make_answer(CLASSES, classes, Reason.AMBIGUOUS),
        KIND: make_answer(KINDS, shares, Reason.AMBIGUOUS),
    }
    cells = {"sku": sku, "title": title or f"Model {sku}", "category": category}
    name = path or f"{sku}.jpg"
    return PhotoRecord(path=name, sha256=name, answers=answers, cells=cells, product=sku)


def decide(
    folder: Path,
    photos: Sequence[PhotoRecord],
    people: Mapping[AnswerSubject, HumanAnswer] | None = None,
    settings: RunSettings = RUN,
) -> dict[str, TableRow]:
    """Decide a list in a journal of its own; the rows of products by their names."""
    with Journal(folder / f"{len(list(folder.iterdir()))}.csv", settings) as journal:
        fill(journal, settings, photos, people)
        return {row.record.name: row for row in RunDecisions(journal).read_reviewable_rows()}


def answer_of(row: TableRow) -> tuple[str | None, str | None, str | None]:
    """Return the class with its reason and decider."""
    decision = row.class_decision
    return decision.label, decision.reason, decision.decided_by


DRESSES: Final = [photo(f"d{number}", "Nowe", dress=0.97) for number in range(9)]
EACH_ITS_OWN: Final = [
    replace(one, cells={**one.cells, "category": f"Nowe {one.product}"}) for one in DRESSES
]
OTHERS: Final = [photo(f"o{number}", "Inne", coat=0.3, belt=0.3) for number in range(9)]
DOUBTFUL: Final = photo("x", "Nowe", dress=0.55, coat=0.35)


def test_nine_dresses_make_a_doubtful_product_of_their_category_a_dress(tmp_path: Path) -> None:
    row = decide(tmp_path, [*DRESSES, *OTHERS, DOUBTFUL])["x"]

    assert answer_of(row) == ("Dress", None, DecidedBy.LIST)
    assert row.find_decision(KIND).label == "dress"
    assert row.class_decision.answer is not None
    assert (row.class_decision.answer.confidence or 0.0) >= 0.95


def test_the_summary_says_that_new_products_can_change_earlier_decisions(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        fill(journal, RUN, [*DRESSES, *OTHERS, DOUBTFUL])

        assert CATEGORY_PRODUCTS_NOTE in write_tables(tmp_path / "table.csv", RunDecisions(journal)).notes


def test_a_photo_of_the_product_is_decided_with_the_same_other_products(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", RUN) as journal:
        fill(journal, RUN, [*DRESSES, *OTHERS, DOUBTFUL])
        rows = {row.record.product: row for row in RunDecisions(journal).read_photo_rows()}

    assert answer_of(rows["x"]) == ("Dress", None, DecidedBy.LIST)


@pytest.mark.parametrize(
    ("photos", "settings"),
    [
        ([*DRESSES, *OTHERS, replace(DOUBTFUL, product="")], replace(RUN, by=None)),
        ([*DRESSES, *OTHERS, DOUBTFUL], replace(RUN, general_shares={})),
        ([*DRESSES, *OTHERS, DOUBTFUL], replace(RUN, figures=None)),
        ([*DRESSES, *OTHERS, DOUBTFUL], replace(RUN, language="none")),
        ([*DRESSES, DOUBTFUL], RUN),
        ([*EACH_ITS_OWN, DOUBTFUL], RUN),
        ([*OTHERS, DOUBTFUL], RUN),
    ],
    ids=[
        "a table without products",
        "a release that does not tell how frequent kinds are",
        "a release without figures for words",
        "a list that is not read",
        "a column with one value",
        "a column with another value in each row",
        "the only product of a category",
    ],
)  # fmt: skip
def test_elsewhere_the_other_products_say_nothing(
    photos: Sequence[PhotoRecord], settings: RunSettings, tmp_path: Path
) -> None:
    rows = decide(tmp_path, photos, settings=settings)
    row = rows.get("x") or rows["x.jpg"]

    assert answer_of(row) == ("Dress", Reason.AMBIGUOUS, DecidedBy.MODEL)


def test_people_who_contradict_a_whole_category_are_believed(tmp_path: Path) -> None:
    people = {AnswerSubject(one.sha256, KIND): HumanAnswer("coat", "2026") for one in DRESSES}

    row = decide(tmp_path, [*DRESSES, *OTHERS, DOUBTFUL], people)["x"]

    assert answer_of(row) == ("Coat", None, DecidedBy.LIST)


def test_people_who_contradict_one_another_about_a_whole_category_add_nothing(tmp_path: Path) -> None:
    backs = [replace(one, path=f"back {one.path}", sha256=f"back {one.path}") for one in DRESSES]
    people = {
        **{AnswerSubject(one.sha256, KIND): HumanAnswer("coat", "2026") for one in DRESSES},
        **{AnswerSubject(one.sha256, KIND): HumanAnswer("belt", "2026") for one in backs},
    }

    row = decide(tmp_path, [*DRESSES, *backs, *OTHERS, DOUBTFUL], people)["x"]

    assert answer_of(row) == ("Dress", Reason.AMBIGUOUS, DecidedBy.MODEL)


def test_a_product_without_an_answer_is_never_accepted(tmp_path: Path) -> None:
    broken = replace(DOUBTFUL, answers={}, error="It is broken.")

    row = decide(tmp_path, [*DRESSES, *OTHERS, broken])["x"]

    assert answer_of(row) == (None, Reason.NO_PHOTO, None)


def test_rows_in_another_order_are_decided_alike(tmp_path: Path) -> None:
    photos = [*DRESSES, *OTHERS, DOUBTFUL]

    first = decide(tmp_path, photos)
    second = decide(tmp_path, photos[::-1])

    assert {name: (answer_of(row), row.class_decision.answer) for name, row in first.items()} == {
        name: (answer_of(row), row.class_decision.answer) for name, row in second.items()
    }


def test_categories_that_changed_since_the_last_run_are_read_anew(tmp_path: Path) -> None:
    moved = replace(DOUBTFUL, cells={**DOUBTFUL.cells, "category": "Inne"})
    found = []
    for listed in (DOUBTFUL, moved):
        with Journal(tmp_path / "table.csv", RUN) as journal:
            fill(journal, RUN, [*DRESSES, *OTHERS, listed])
            rows = {row.record.name: row for row in RunDecisions(journal).read_product_rows()}
            found.append(answer_of(rows["x"])[1])

    assert found == [None, Reason.AMBIGUOUS]


def test_a_table_that_was_stopped_half_way_is_decided_with_what_it_has(tmp_path: Path) -> None:
    photos = [*DRESSES[:4], *OTHERS, DOUBTFUL, *DRESSES[4:]]
    with Journal(tmp_path / "table.csv", RUN) as journal:
        listing = RunListing(journal, RUN)
        items = list(listing.add_and_yield_unanswered(an_item(one, RUN) for one in photos))
        done = len(DRESSES[:4]) + len(OTHERS) + 1
        listing.keep_answers(items[:done], photos[:done])
        with listing.use_unfinished_listing():
            rows = {row.record.name: row for row in RunDecisions(journal).read_reviewable_rows()}

    assert len(rows) == done
    assert answer_of(rows["x"]) == ("Dress", None, DecidedBy.LIST)  # four other dresses are enough


BLUZA: Final = [photo(f"b{number}", "Kobiety > Jeans", coat=0.9, belt=0.05) for number in range(4)]
"""Products that are no jeans, in a category whose word is known in all languages."""


def ask(
    folder: Path,
    photos: Sequence[PhotoRecord],
    answers: Sequence[CategoryAnswer] = (),
    people: Mapping[AnswerSubject, HumanAnswer] | None = None,
) -> list[CategoryQuestion]:
    with Journal(folder / "table.csv", RUN) as journal:
        fill(journal, RUN, photos, people)
        journal.keep_category_answers({answer.category.casefold(): answer for answer in answers})
        decisions = RunDecisions(journal)
        questions = decisions.start_category_questions()
        assert questions is not None
        for row in decisions.read_reviewable_rows():
            questions.add_row(row)
        return questions.make_questions()


def test_the_shop_is_asked_what_it_means_by_a_known_word_that_its_photos_deny(tmp_path: Path) -> None:
    [question] = ask(tmp_path, [*BLUZA, photo("j", "Kobiety > Jeans", top=0.5, skirt=0.4)])

    assert (question.category, question.product_count, len(question.row_numbers)) == ("Jeans", 5, 5)
    assert [kind for kind, _ in question.products_by_kind.most_common()] == ["coat", "top"]


@pytest.mark.parametrize(
    ("photos", "answers"),
    [
        (BLUZA[:2], ()),
        (BLUZA, (CategoryAnswer("Jeans", frozenset(), "2026"),)),
        (BLUZA, (CategoryAnswer("Jeans", frozenset({"coat"}), "2026"),)),
    ],
    ids=["too few products", "it says nothing", "it was explained"],
)
def test_it_is_not_asked_about_a_known_word(
    photos: Sequence[PhotoRecord], answers: Sequence[CategoryAnswer], tmp_path: Path
) -> None:
    assert ask(tmp_path, photos, answers) == []


def test_the_number_on_a_button_is_that_of_products_without_an_accepted_kind(tmp_path: Path) -> None:
    people = {AnswerSubject("b0.jpg", LABEL, "b0"): HumanAnswer("Coat", "2026")}

    [question] = ask(tmp_path, BLUZA, people=people)

    assert (question.product_count, question.products_by_kind) == (4, {"coat": 3})

"""One list of reasons: each document, text and count knows exactly the reasons that it may meet."""

import re
from collections.abc import Callable, Iterable

import pytest

from app.api.schemas import create_answer_schemas
from inference.contract import LABEL
from inference.reasons import SCORE_REASONS, Reason, ReasonPlace, find_reasons
from labelling.rows import HeadAnswer, HeadDecision, PhotoRecord, TableRow
from labelling.write.counts import OUTCOMES, RowCounts
from tests.service import ROOT

PAGE = ROOT / "app" / "web" / "page" / "words.js"
OF_CARDS = set(find_reasons([ReasonPlace.PICTURE, ReasonPlace.PRODUCT])) - {Reason.NO_PHOTO}
"""A sheet has no card for a product without a photo."""


def reasons_of_schema(name: str) -> set[str]:
    allowed = set(create_answer_schemas()[name]["properties"]["reason"]["enum"])
    assert None in allowed
    return allowed - {None}


def test_the_contract_explains_each_reason_of_an_answer() -> None:
    reason = create_answer_schemas()["Prediction"]["properties"]["reason"]

    for one in find_reasons([ReasonPlace.ANSWER]):
        assert f"`{one}`: {one.sentence}" in reason["description"]


def reasons_of_the_page(name: str) -> set[str]:
    block = re.search(rf"const {name} = \{{\n(.*?)\n\}};", PAGE.read_text("utf-8"), re.DOTALL)
    assert block
    return set(re.findall(r'^  "?([a-z][a-z_ ]*)"?: ', block[1], re.MULTILINE))


def reasons_with_cards() -> set[str]:
    return {reason.value for reason in Reason if reason.card}


def reasons_of_table(page: str, place: str) -> set[str]:
    """The reasons of a page's table whose last column names a place."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    [table] = re.findall(r"<!-- reasons of \w+ -->\n(.*?)<!-- /reasons", text, re.DOTALL)
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| ([^|]+) \|$", table, re.MULTILINE)
    return {reason for reason, places in rows if place in places.split(", ")}


HTTP, TABLES = "reference/http.md", "reference/table.md"
LISTS: dict[str, tuple[Callable[[], set[str]], Iterable[str]]] = {
    "openapi.json, Prediction": (lambda: reasons_of_schema("Prediction"), find_reasons([ReasonPlace.ANSWER])),
    "openapi.json, Attribute": (
        lambda: reasons_of_schema("Attribute"),
        find_reasons([ReasonPlace.ATTRIBUTE]),
    ),
    "openapi.json, Listed": (lambda: reasons_of_schema("Listed"), find_reasons([ReasonPlace.LISTED])),
    "texts of cards": (reasons_with_cards, OF_CARDS),
    "words.js, REASONS": (lambda: reasons_of_the_page("REASONS"), find_reasons([ReasonPlace.ANSWER])),
    "words.js, LISTED_REASONS": (
        lambda: reasons_of_the_page("LISTED_REASONS"),
        find_reasons([ReasonPlace.LISTED]),
    ),
    f"{HTTP}, class": (lambda: reasons_of_table(HTTP, "class"), find_reasons([ReasonPlace.ANSWER])),
    f"{HTTP}, attribute": (
        lambda: reasons_of_table(HTTP, "attribute"),
        find_reasons([ReasonPlace.ATTRIBUTE]),
    ),
    f"{HTTP}, listed": (lambda: reasons_of_table(HTTP, "`listed`"), find_reasons([ReasonPlace.LISTED])),
    "SCORE_REASONS": (lambda: set(SCORE_REASONS), find_reasons([ReasonPlace.ANSWER, ReasonPlace.ATTRIBUTE])),
    f"{TABLES}, pictures": (
        lambda: reasons_of_table(TABLES, "pictures"),
        find_reasons([ReasonPlace.PICTURE]),
    ),
    f"{TABLES}, products": (
        lambda: reasons_of_table(TABLES, "products"),
        find_reasons([ReasonPlace.PRODUCT]),
    ),
}
"""What lists reasons, how its reasons are read, and which it has to list."""


@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_reasons_has_those_that_occur_there_and_no_other(name: str) -> None:
    read, occurring = LISTS[name]
    listed, wanted = read(), set(map(str, occurring))

    assert sorted(wanted - listed) == [], f"{name} lacks these reasons"
    assert sorted(listed - wanted) == [], f"{name} has reasons that do not occur there"


def test_every_reason_has_a_sentence_of_its_own_and_a_place() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)
    assert [reason for reason in Reason if not re.fullmatch(r"[A-Z][^.]*\.", reason.sentence)] == []
    assert [reason for reason in Reason if not reason.places] == []


def test_the_columns_of_a_summary_are_in_the_order_that_scripts_know() -> None:
    assert OUTCOMES[:6] == (None, "ambiguous", "unproven", "unfamiliar", "list", "shared")


def test_a_summary_has_a_column_for_each_reason_of_a_picture() -> None:
    assert set(OUTCOMES) == {None, *find_reasons([ReasonPlace.PICTURE])}, (
        "OUTCOMES lacks one, or has another one"
    )


def a_row(reason: Reason) -> TableRow:
    if reason == Reason.NO_PHOTO:
        return TableRow(record=PhotoRecord(path="a.png"), decisions={LABEL: HeadDecision(reason=reason)})
    answer = HeadAnswer(label="Dress", reason=reason, probabilities=(1.0,))
    decided = HeadDecision(answer=answer, label="Dress", reason=reason, question_reason=reason)
    return TableRow(record=PhotoRecord(path="a.png", answers={LABEL: answer}), decisions={LABEL: decided})


OF_TABLES = [(place, reason) for place in (ReasonPlace.PICTURE, ReasonPlace.PRODUCT) for reason in Reason]


@pytest.mark.parametrize(("place", "reason"), [one for one in OF_TABLES if one[0] in one[1].places])
def test_a_summary_shows_every_row_whatever_its_reason(place: ReasonPlace, reason: Reason) -> None:
    counts = RowCounts(place)

    list(counts.observe_rows([a_row(reason)]))

    assert sum(counts.count_reviews().values()) + counts.count_without_answer(Reason.NO_PHOTO) == 1


@pytest.mark.parametrize(("place", "reason"), [one for one in OF_TABLES if one[0] not in one[1].places])
def test_a_row_that_a_summary_would_not_show_ends_the_count(place: ReasonPlace, reason: Reason) -> None:
    with pytest.raises(ValueError, match=f"a.png: a summary has no place for the reason .*{reason.value}"):
        list(RowCounts(place).observe_rows([a_row(reason)]))

"""Answers on a sheet that need nobody any more: a person opens them in a real browser, and changes some."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.web.translations import TRANSLATIONS
from inference.release_labels import NONE
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    ACCEPTED_SCREEN,
    ANSWERED_CLASS_NOTE,
    ANSWERED_SCREEN,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.page import DOUBTFUL_LEAD, ReviewPageFrame, make_review_page, make_thumbnail
from tests.browser import Visits, flaws
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

PICTURE = make_thumbnail(png(a_garment(0)))
FRAME = ReviewPageFrame(
    "table.csv",
    DOUBTFUL_LEAD,
    TRANSLATIONS,
    row_count=3,
    are_products=True,
    section_counts={ANSWERED_SCREEN.title: 1200, ACCEPTED_SCREEN.title: 1},
    example="product,attribute,label\nA-2,,Dress\n",
)
DOUBTFUL = ReviewCard(
    "A-0",
    "/shop/0.jpg",
    PICTURE,
    ACCEPTED_CLASS_NOTE,
    "Bag",
    sha256="00" * 32,
    product="A-0",
    note_values={"label": "Bag", "confidence": 0.5},
    further_kinds=("watch", "skirt"),
)
ANSWERED = DOUBTFUL._replace(
    name="A-1",
    product="A-1",
    sha256="11" * 32,
    note=ANSWERED_CLASS_NOTE,
    button="",
    guess="Coat",
    screen=ANSWERED_SCREEN,
    answered_at="2026-11-20T10:00:00.000+00:00",
)
ACCEPTED = DOUBTFUL._replace(
    name="A-2",
    product="A-2",
    sha256="22" * 32,
    screen=ACCEPTED_SCREEN,
    photos=(ReviewCardPhoto("/shop/3.jpg", "", "33" * 32),),
    more=1,
    shows_first_photo=True,
)


@pytest.fixture
def page(visiting: Visits, tmp_path: Path) -> Page:
    text = make_review_page([DOUBTFUL, ANSWERED, ACCEPTED], ("Bag", "Coat", "Dress"), FRAME)
    (tmp_path / "sheet.html").write_text(text, "utf-8")
    return visiting(f"file://{tmp_path}/sheet.html")


def export_rows(page: Page, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(folder / "corrections.csv")
    with (folder / "corrections.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_settled_answers_are_closed_not_counted_and_changed_without_an_audit(
    page: Page, tmp_path: Path
) -> None:
    expect(page.locator("#task")).to_contain_text("1 of 3 products needs you")
    expect(page.get_by_text("Answered: Bag")).not_to_be_visible()
    page.get_by_text("Answered by people (1,200)").click()
    page.get_by_text("Accepted (1)").click()
    expect(page.locator("pre")).to_have_text("product,attribute,label\nA-2,,Dress\n")
    answered, accepted = (page.locator("article", has_text=name) for name in ("A-1", "A-2"))
    expect(answered.locator(".right")).to_have_count(0)
    expect(accepted.locator(".picture")).to_have_count(1)

    answered.locator("select.class").select_option(NONE)
    answered.locator("select.further").select_option("watch")
    accepted.locator("select.class").select_option("Dress")

    rows = export_rows(page, tmp_path)
    assert [(row["product"], row["attribute"], row["label"], row["sha256"][:2]) for row in rows] == [
        ("A-1", "", NONE, "11"),
        ("A-1", "kind", "watch", "11"),
        ("A-2", "", "Dress", "22"),
        ("A-2", "", "Dress", "33"),
    ]
    assert {row["audit"] for row in rows} == {""}
    assert flaws(page) == []


def test_a_choice_that_the_table_has_by_now_is_no_answer_of_the_new_sheet(page: Page) -> None:
    keep = (
        "at => cards.forEach((card) => localStorage.setItem(keyOf(card), "
        "JSON.stringify({ label: 'Dress', at })))"
    )
    page.evaluate(keep, "2026-11-20T10:00:00.000Z")
    page.reload()
    expect(page.locator("#count")).to_have_text("2 of 2 answered. Done: export them.")

    page.evaluate(keep, "2026-11-20T10:00:01.000Z")
    page.reload()
    expect(page.locator("#count")).to_have_text("3 of 3 answered. Done: export them.")


def test_a_choice_on_an_accepted_card_is_no_answer_of_a_later_audit(page: Page, tmp_path: Path) -> None:
    page.get_by_text("Accepted (1)").click()
    page.locator("article", has_text="A-2").locator("select.class").select_option("Dress")
    audited = ACCEPTED._replace(screen=None, audit=1, audit_of=1, note="", guess="")

    (tmp_path / "sheet.html").write_text(make_review_page([audited], ("Bag", "Dress"), FRAME), "utf-8")
    page.reload()

    page.get_by_text("Optional: an audit").click()
    expect(page.locator("select.class")).to_have_value("")
    page.locator("select.class").select_option("Bag")
    page.reload()
    expect(page.locator("select.class")).to_have_value("Bag")

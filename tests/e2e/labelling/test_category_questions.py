"""Questions about categories and kinds on the review sheet, in a real browser, up to what `label` reads."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.web.translations import TRANSLATIONS
from inference.contract import LABEL
from inference.release_labels import NONE
from inference.words.kinds import KIND, KINDS
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    LIST_CONFLICT_NOTE,
    CategoryReviewCard,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.corrections import CorrectionFileAnswers, read_all_corrections
from labelling.review.kind_choices import KindChoice
from labelling.review.page import DOUBTFUL_LEAD, ReviewPageFrame, make_review_page, make_thumbnail
from tests.browser import Visits, flaws
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

LABELS = ("Dress", "Shirt", "Coat")
SHAS = [f"{number}b" * 32 for number in range(4)]


def photo(number: int) -> ReviewCardPhoto:
    return ReviewCardPhoto(f"/shop/{number}.png", make_thumbnail(png(a_garment(number))), SHAS[number])


def category(name: str, *branches: str, **counts: int) -> CategoryReviewCard:
    kinds = dict.fromkeys([*(kind for kind in counts if kind != "other"), *KINDS])
    counted = tuple((kind, counts.get(kind, 0)) for kind in kinds)
    other = counts.get("other", 0)
    return CategoryReviewCard(
        name, branches, sum(counts.values()), True, counted, other, (photo(0), photo(1))
    )


def card(number: int) -> ReviewCard:
    shown = photo(number)
    note: dict[str, str | float] = {"label": "Dress", "confidence": 0.5, "listed": "skirt / coat / top"}
    made = ReviewCard(
        f"{number}", shown.path, shown.picture, ACCEPTED_CLASS_NOTE, "Dress", sha256=shown.sha256
    )
    return made._replace(note_values=note, product=f"{number}")


CHOICES = (
    KindChoice("skirt", NONE, "skirt"),
    KindChoice("coat", "Coat", "coat"),
    KindChoice("top", ""),
    KindChoice("Dress", "Dress"),
)


@pytest.fixture
def sheet(tmp_path: Path) -> str:
    """The address of a page with two categories, a contradiction, a suggestion of NONE, and an audit."""
    cards = [
        card(2)._replace(
            note=LIST_CONFLICT_NOTE, choices=CHOICES, guess="", further_kinds=("skirt", "hat", "other")
        ),
        card(3)._replace(guess=NONE, further_kinds=("hat", "skirt", "other")),
        card(1)._replace(note="", guess="", audit=1, audit_of=4, further_kinds=("skirt", "other")),
    ]
    categories = [
        category("Gömlek & Bluz <b>", "Giyim > Üst", "Yeni", shirt=4, top=2),
        category("Parfüm", other=1),
    ]
    classes = {"shirt": "Shirt", "dress": "Dress", "coat": "Coat", "top": "", "skirt": "", "hat": ""}
    frame = ReviewPageFrame("table.csv", DOUBTFUL_LEAD, TRANSLATIONS, kind_classes=classes)
    page = make_review_page(cards, LABELS, frame, {}, categories)
    (tmp_path / "sheet.html").write_text(page, "utf-8")
    return f"file://{tmp_path}/sheet.html"


def corrections_of(page: Page, folder: Path) -> CorrectionFileAnswers:
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(folder / "corrections.csv")
    return read_all_corrections([folder / "corrections.csv"], LABELS, {KIND: (*KINDS, "other")})


def meanings(found: CorrectionFileAnswers) -> dict[str, frozenset[str]]:
    return {answer.category: answer.meaning for answer in found.categories}


@pytest.mark.parametrize(("width", "locale", "scheme"), [(390, "de-DE", "dark"), (1280, "en", "light")])
def test_questions_about_categories_come_first_and_fit_every_window(
    sheet: str, visiting: Visits, width: int, locale: str, scheme: str
) -> None:
    page = visiting(sheet, width=width, height=800, locale=locale, color_scheme=scheme)

    first = page.locator("article").first
    assert "Gömlek & Bluz <b>" in first.inner_text()
    assert "Giyim > Üst; Yeni" in first.inner_text()
    assert first.locator("button[aria-pressed=true]").count() == 0, "nothing is chosen at first"
    assert first.locator(".toggles button").nth(0).inner_text() == "shirt 4"
    assert flaws(page) == []
    first.locator(".toggles button").nth(0).click()
    assert flaws(page) == []
    boxes = [one.bounding_box() for one in first.locator(".toggles button").all()]
    assert all(box and box["x"] + box["width"] <= width and box["height"] >= 38 for box in boxes)


def test_a_category_is_answered_by_touch(sheet: str, visiting: Visits, tmp_path: Path) -> None:
    page = visiting(sheet)
    shirts = page.get_by_role("group", name="What Gömlek & Bluz <b> means")
    shirts.get_by_role("button", name="shirt 4").click()
    shirts.get_by_role("button", name="coat", exact=True).click()
    shirts.get_by_role("button", name="top 2").click()
    shirts.get_by_role("button", name="coat", exact=True).click()
    page.get_by_role("group", name="What Parfüm means").get_by_role(
        "button", name="none of the kinds 1"
    ).click()

    found = corrections_of(page, tmp_path)

    assert meanings(found) == {"Gömlek & Bluz <b>": {"shirt", "top"}, "Parfüm": {NONE}}
    assert found.pictures == []
    assert page.locator("#count").inner_text() == "2 of 4 answered"


def test_a_category_is_answered_by_keys_and_kept_by_a_reload(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    for key in ("2", "t", "Enter", "-"):
        page.keyboard.press(key)
    page.reload()

    found = corrections_of(page, tmp_path)
    assert meanings(found) == {"Gömlek & Bluz <b>": {"shirt", "top"}, "Parfüm": frozenset()}

    page.locator("article").first.focus()
    page.keyboard.press("t")
    assert meanings(corrections_of(page, tmp_path))["Gömlek & Bluz <b>"] == {"shirt"}
    page.keyboard.press("Backspace")
    assert meanings(corrections_of(page, tmp_path))["Gömlek & Bluz <b>"] == {"shirt", "top"}


def test_enter_after_a_click_goes_on_and_keeps_the_answer(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)
    cards = page.locator("article")
    shirts, perfume, photo = cards.nth(0), cards.nth(1), cards.nth(2)

    shirts.get_by_role("button", name="shirt 4").click()
    shirts.get_by_role("button", name="top 2").click()
    shirts.get_by_role("button", name="top 2").click()
    page.keyboard.press("Enter")
    expect(perfume).to_be_focused()
    expect(page.locator("#count")).to_have_text("1 of 4 answered")
    expect(shirts.locator("button[aria-pressed=true]")).to_have_text(["shirt 4"])

    perfume.get_by_role("button", name="none of the kinds 1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(photo).to_be_focused()
    expect(page.locator("#count")).to_have_text("2 of 4 answered")

    photo.get_by_role("button", name="coat", exact=True).click()
    expect(page.locator('#keys li[data-key="Enter"]')).to_have_text("Enter go to the next card")
    page.keyboard.press("Enter")
    expect(cards.nth(3)).to_be_focused()
    cards.nth(3).get_by_role("button", name="Right: none of these").click()
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("4 of 4 answered. Done: export them.")


def answers(found: CorrectionFileAnswers) -> list[tuple[str, str, str]]:
    return [(one.path, one.attribute.replace(LABEL, ""), one.label) for one in found.pictures]


@pytest.mark.parametrize(
    ("button", "rows"),
    [
        ("skirt", [("/shop/2.png", "", NONE), ("/shop/2.png", KIND, "skirt")]),
        ("coat", [("/shop/2.png", "", "Coat"), ("/shop/2.png", KIND, "coat")]),
        ("Dress", [("/shop/2.png", "", "Dress")]),
    ],
)
def test_a_contradiction_is_answered_by_a_button_for_each_kind_and_one_for_the_photo(
    sheet: str, visiting: Visits, tmp_path: Path, button: str, rows: list[tuple[str, str, str]]
) -> None:
    page = visiting(sheet)

    page.locator("article").nth(2).get_by_role("button", name=button, exact=True).click()

    assert answers(corrections_of(page, tmp_path)) == rows


def test_a_kind_of_several_classes_opens_their_list(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)

    page.locator("article").nth(2).get_by_role("button", name="top", exact=True).click()

    expect(page.locator("article").nth(2).locator("select.class")).to_be_focused()
    assert page.locator("#count").inner_text() == "0 of 4 answered"


def test_whoever_answers_none_of_these_is_asked_for_the_kind_on_the_same_card(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    doubtful = page.locator("article").nth(3)
    kinds = doubtful.get_by_label("Kind of 3")
    assert not kinds.is_visible()

    doubtful.get_by_role("button", name="Right: none of these").click()
    assert kinds.locator("option").all_inner_texts()[1:] == ["hat", "skirt", "other"]
    assert answers(corrections_of(page, tmp_path)) == [("/shop/3.png", "", NONE)], "the kind may stay open"

    kinds.select_option("hat")
    page.reload()
    found = corrections_of(page, tmp_path)
    assert answers(found) == [("/shop/3.png", "", NONE), ("/shop/3.png", KIND, "hat")]
    assert flaws(page) == []

    doubtful.locator("select.class").select_option("Shirt")
    assert answers(corrections_of(page, tmp_path)) == [("/shop/3.png", "", "Shirt")]


def test_an_audit_asks_for_the_kind_and_counts_each_card_once(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    page.get_by_text("Optional: an audit").click()
    drawn = page.locator("article").nth(4)
    drawn.locator("select.class").select_option(NONE)
    drawn.get_by_label("Kind of 1").select_option("skirt")

    found = corrections_of(page, tmp_path)

    assert answers(found) == [("/shop/1.png", "", NONE), ("/shop/1.png", KIND, "skirt")]
    assert [one.audit for one in found.pictures] == [1, 0]

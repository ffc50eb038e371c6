"""Choices on a review sheet that are not exported yet: a real browser keeps them until then."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.web.translations import TRANSLATIONS
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    AGREEING_SCREEN,
    CategoryReviewCard,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.page import DOUBTFUL_LEAD, ReviewPageFrame, make_review_page, make_thumbnail
from tests.browser import Visits, flaws
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

LABELS = ("Bag", "Coat", "Dress")
FRAME = ReviewPageFrame("table.csv", DOUBTFUL_LEAD, TRANSLATIONS)
SHAS = [f"{number}b" * 32 for number in range(9)]


def photo(number: int) -> ReviewCardPhoto:
    return ReviewCardPhoto(f"/shop/{number}.png", make_thumbnail(png(a_garment(number))), SHAS[number])


def card(name: str, *photos: int, product: str = "", audit: int = 0, has_hash: bool = True) -> ReviewCard:
    """A card of a file or a product with these photos, whatever its file is called."""
    first, *further = map(photo, photos)
    sha256 = first.sha256 if has_hash else ""
    values: dict[str, str | float] = {"label": "Bag", "confidence": 0.5}
    made = ReviewCard(name, f"/shop/{name}", first.picture, ACCEPTED_CLASS_NOTE, "Bag", sha256=sha256)
    return made._replace(note_values=values, product=product, photos=tuple(further), audit=audit)


def write(
    folder: Path,
    cards: Sequence[ReviewCard],
    categories: Sequence[CategoryReviewCard] = (),
    frame: ReviewPageFrame = FRAME,
) -> str:
    """Write the sheet, in place of an earlier one, and return its address."""
    (folder / "sheet.html").write_text(make_review_page(cards, LABELS, frame, {}, categories), "utf-8")
    return f"file://{folder}/sheet.html"


def open_parts(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


def answers(page: Page) -> list[str]:
    found: list[str] = page.locator("select.class").evaluate_all("all => all.map((one) => one.value)")
    return found


def kept_keys(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).length"))


CARDS_WITH_ANOTHER_PHOTO = {
    "picture": (card("a.png", 0), card("a.png", 1)),
    "product": (card("1001", 0, product="1001"), card("1001", 1, product="1001")),
    "further photo of a product": (card("1001", 0, 1, product="1001"), card("1001", 0, 2, product="1001")),
    "card of an audit": (card("a.png", 0, audit=1), card("a.png", 1, audit=1)),
    "picture without a hash": (card("a.png", 0, has_hash=False), card("a.png", 1, has_hash=False)),
}


@pytest.mark.parametrize("name", CARDS_WITH_ANOTHER_PHOTO)
def test_a_choice_is_not_used_for_another_photo_under_the_same_name(
    name: str, visiting: Visits, tmp_path: Path
) -> None:
    first, second = CARDS_WITH_ANOTHER_PHOTO[name]
    page = visiting(write(tmp_path, [first, card("b.png", 5)]))
    open_parts(page)
    for select in page.locator("select.class").all():
        select.select_option("Coat")

    write(tmp_path, [second, card("b.png", 5)])
    page.reload()

    assert sorted(answers(page)) == ["", "Coat"], "only the picture that is the same keeps its answer"
    assert "not used here: 1." in page.locator("#aside").inner_text()
    assert flaws(page) == []
    write(tmp_path, [first, card("b.png", 5)])
    page.reload()
    assert answers(page) == ["Coat", "Coat"], "a choice that was left aside is not lost"
    assert not page.locator("#aside").is_visible()


def test_a_choice_about_a_category_is_not_used_for_other_photos(visiting: Visits, tmp_path: Path) -> None:
    asked = CategoryReviewCard("Üst", (), 2, True, (("top", 1), ("shirt", 1)), 0, (photo(0),))
    page = visiting(write(tmp_path, [], [asked]))
    page.get_by_role("button", name="top 1").click()

    write(tmp_path, [], [asked._replace(photos=(photo(1),))])
    page.reload()

    expect(page.locator("button[aria-pressed=true]")).to_have_count(0)
    assert "not used here: 1." in page.locator("#aside").inner_text()


def test_the_order_of_photos_on_a_card_changes_no_choice(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card("1001", 0, 1, product="1001")]))
    page.locator("select.class").select_option("Coat")

    write(tmp_path, [card("1001", 1, 0, product="1001")])
    page.reload()

    assert answers(page) == ["Coat"]


def test_what_is_not_on_the_sheet_is_not_counted_and_is_removed_by_an_export(
    visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card("a.png", 0), card("b.png", 1), card("c.png", 2)]))
    for select in page.locator("select.class").all():
        select.select_option("Coat")

    write(tmp_path, [card("a.png", 0), card("c.png", 4)])
    page.reload()
    before_export = kept_keys(page)
    with page.expect_download():
        page.locator("#export").click()

    assert (before_export, kept_keys(page)) == (3, 2), "b.png is gone; c.png may get its photo back"
    assert "not used here: 1." in page.locator("#aside").inner_text()
    page.locator("select.class").nth(1).select_option("Dress")
    assert not page.locator("#aside").is_visible()
    with page.expect_download():
        page.locator("#export").click()
    assert kept_keys(page) == 2, "a.png, and the new answer about c.png"


@pytest.mark.parametrize("version", [", 20250101T000000Z-12345678", ""])
def test_choices_of_version_2_0_0_have_no_hash_and_are_left_aside(
    version: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card("a.png", 0), card("1001", 1, product="1001")]))
    kept = {
        "/shop/a.png": {"label": "Coat"},
        "1001\n\n": {"label": "Bag"},
        "/shop/gone.png": {"label": "Bag"},
    }
    page.evaluate(
        "([title, kept]) => localStorage.setItem("
        "`review ${location.pathname} Review: ${title}`, JSON.stringify(kept))",
        [f"table.csv{version}", kept],
    )
    page.reload()

    assert answers(page) == ["", ""]
    assert "not used here: 2." in page.locator("#aside").inner_text()
    for select in page.locator("select.class").all():
        select.select_option("Dress")
    with page.expect_download():
        page.locator("#export").click()
    assert kept_keys(page) == 2


def of_release(version: str, table: str = "table.csv") -> ReviewPageFrame:
    return FRAME._replace(title=f"{table}, {version}", version=version, table=table)


def test_what_was_not_exported_is_there_after_a_newer_release_labelled_the_table(
    visiting: Visits, tmp_path: Path
) -> None:
    asked = CategoryReviewCard("Üst", (), 2, True, (("top", 1), ("shirt", 1)), 0, (photo(7),))
    cards = [card("a.png", 0), card("1001", 1, product="1001")]
    page = visiting(write(tmp_path, cards, [asked], of_release("20261120T101500Z-3f9a1c2e")))
    for select in page.locator("select.class").all():
        select.select_option("Coat")
    page.get_by_role("button", name="shirt 1").click()

    write(tmp_path, cards[::-1], [asked], of_release("own-2"))
    page.reload()

    assert answers(page) == ["Coat", "Coat"]
    expect(page.get_by_role("button", name="shirt 1")).to_have_attribute("aria-pressed", "true")
    write(tmp_path, cards, [asked], of_release("own-2", "other.csv"))
    page.reload()
    assert answers(page) == ["", ""], "a sheet of another table"


def test_choices_under_a_key_with_a_release_are_found_and_the_latest_is_used(
    visiting: Visits, tmp_path: Path
) -> None:
    cards = [card("a.png", 0), card("b.png", 1)]
    frame = of_release("own-3")
    page = visiting(write(tmp_path, cards, frame=frame))
    page.locator("select.class").nth(1).select_option("Dress")
    keep = (
        "([title, state]) => cards.forEach((card) => localStorage.setItem("
        "`review ${location.pathname} Review: ${title}\\n${subjectOf(card)}`, JSON.stringify(state)))"
    )
    page.evaluate(keep, ["table.csv, own-1", {"label": "Bag", "at": "2026-01-01"}])
    page.evaluate(keep, ["table.csv, own-2", {"label": "Coat", "at": "2026-01-02"}])
    page.evaluate(keep, ["table.csv, draft.csv, own-1", {"label": "Bag", "at": "2999-01-01"}])

    page.reload()

    assert answers(page) == ["Coat", "Dress"], "the choice of own-2, and the one of today"
    assert flaws(page) == []


def test_two_tabs_with_the_sheet_keep_each_others_answers(visiting: Visits, tmp_path: Path) -> None:
    address = write(tmp_path, [card(f"{number}.png", number) for number in range(4)])
    first = visiting(address)
    second = first.context.new_page()
    second.goto(address)

    for number in (0, 1):
        first.locator("select.class").nth(number).select_option("Coat")
    second.locator("select.class").nth(2).select_option("Dress")

    for page in (first, second):
        expect(page.locator("#count")).to_have_text("3 of 4 answered")
        assert answers(page) == ["Coat", "Coat", "Dress", ""]
    second.reload()
    assert answers(second) == ["Coat", "Coat", "Dress", ""]


def test_an_export_of_an_older_sheet_in_another_tab_removes_no_answer_of_this_one(
    visiting: Visits, tmp_path: Path
) -> None:
    older = visiting(write(tmp_path, [card("a.png", 0)]))
    newer = older.context.new_page()
    newer.goto(write(tmp_path, [card("a.png", 0), card("b.png", 1)]))
    newer.locator("select.class").nth(1).select_option("Dress")

    older.locator("select.class").select_option("Coat")
    with older.expect_download():
        older.locator("#export").click()
    newer.reload()

    assert answers(newer) == ["Coat", "Dress"]


def test_an_export_of_an_older_sheet_removes_no_mark_of_this_one(visiting: Visits, tmp_path: Path) -> None:
    groups = [card(f"{number}.png", number)._replace(screen=AGREEING_SCREEN) for number in range(2)]
    older = visiting(write(tmp_path, groups[:1]))
    newer = older.context.new_page()
    newer.goto(write(tmp_path, groups))
    newer.get_by_role("button", name="Not Bag: 1.png").click()

    older.locator("article").focus()
    older.keyboard.press("Enter")
    with older.expect_download():
        older.locator("#export").click()
    newer.reload()

    expect(newer.get_by_role("button", name="Not Bag: 1.png")).to_have_attribute("aria-pressed", "true")


def test_an_undo_in_one_tab_takes_back_nothing_of_another(visiting: Visits, tmp_path: Path) -> None:
    address = write(tmp_path, [card(f"{number}.png", number) for number in range(2)])
    first = visiting(address)
    second = first.context.new_page()
    second.goto(address)
    first.locator("select.class").nth(0).select_option("Coat")
    first.locator("select.class").nth(1).select_option("Coat")
    expect(second.locator("#count")).to_have_text("2 of 2 answered. Done: export them.")
    second.locator("select.class").nth(1).select_option("Dress")
    expect(first.locator("select.class").nth(1)).to_have_value("Dress")

    first.get_by_role("button", name="Undo").click()

    expect(second.locator("select.class").nth(0)).to_have_value("")
    assert answers(first) == answers(second) == ["", "Dress"]
    assert first.get_by_role("button", name="Undo").is_disabled()


FORBIDDEN_STORAGE = (
    "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });"
)
FULL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.mark.parametrize("script", [FORBIDDEN_STORAGE, FULL_STORAGE], ids=["forbidden", "full"])
def test_a_browser_that_keeps_nothing_says_so_and_asks_before_it_closes(
    script: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card("a.png", 0), card("b.png", 1)]))
    page.context.add_init_script(script)
    page.reload()
    notice = page.get_by_text("This browser does not keep your answers.")
    assert not notice.is_visible(), "nothing is lost yet"

    page.locator("select.class").nth(0).select_option("Coat")

    assert notice.is_visible()
    assert flaws(page) == []
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.accept()

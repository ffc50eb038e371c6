"""The head of a review sheet, its keys, and answers that another machine exported, in a real browser."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.web.translations import TRANSLATIONS
from inference.contract import LABEL
from inference.reasons import Reason
from inference.release_labels import NONE
from inference.words.kinds import KIND, KINDS
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    AGREEING_SCREEN,
    ATTRIBUTE_NOTE,
    CLASS_NOTE,
    LIST_CONFLICT_NOTE,
    CategoryReviewCard,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.corrections import read_all_corrections
from labelling.review.kind_choices import KindChoice
from labelling.review.page import DOUBTFUL_LEAD, ReviewPageFrame, make_review_page, make_thumbnail
from tests.browser import Visits, flaws
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

LABELS = ("Bag", "Coat", "Dress")
CLASSES = {"bag": "Bag", "coat": "Coat", "dress": "Dress", "skirt": "", "watch": "", "other": ""}
COMMAND = "wardrobe label --corrections corrections.csv --out t.csv --review sheet.html"
KINDS_OF_SHEET = {KIND: (*KINDS, "other")}
UNFAMILIAR = Reason.UNFAMILIAR.card.name if Reason.UNFAMILIAR.card else ""
FRAME = ReviewPageFrame(
    "t.csv",
    DOUBTFUL_LEAD,
    TRANSLATIONS,
    command=COMMAND,
    row_count=40,
    are_products=True,
    reasons=((UNFAMILIAR, Reason.UNFAMILIAR.sentence),),
    kind_classes=CLASSES,
)


def photo(number: int) -> ReviewCardPhoto:
    picture = make_thumbnail(png(a_garment(number % 4)))
    return ReviewCardPhoto(f"/shop/{number}.png", picture, f"{number:064x}")


def card(number: int, guess: str = "Bag", **changes: Any) -> ReviewCard:
    """A card of a product, by default with a suggestion and a reason of two words."""
    shown = photo(number)
    values: dict[str, str | float] = {"label": guess, "confidence": 0.5, "reason": UNFAMILIAR}
    made = ReviewCard(f"{number}", shown.path, shown.picture, CLASS_NOTE, guess, sha256=shown.sha256)
    made = made._replace(product=f"{number}", note_values=values, decision=UNFAMILIAR)
    return made._replace(further_kinds=("watch", "skirt", "other"))._replace(**changes)


WATCH: dict[str, Any] = {"guess": NONE, "guess_kind": "watch"}
CONFLICT: dict[str, Any] = {
    "guess": NONE,
    "guess_kind": "skirt",
    "note": LIST_CONFLICT_NOTE,
    "note_values": {"label": "Dress", "confidence": 0.6, "listed": "skirt"},
    "choices": (KindChoice("skirt", NONE, "skirt"), KindChoice("Dress", "Dress")),
    "word": "Falda",
    "column": "categoria",
}
CATEGORY = CategoryReviewCard("Üst", (), 2, True, (("coat", 1), ("skirt", 1)), 0, (photo(9),))


def write(
    folder: Path,
    cards: Sequence[ReviewCard],
    frame: ReviewPageFrame = FRAME,
    categories: Sequence[CategoryReviewCard] = (),
) -> str:
    (folder / "sheet.html").write_text(
        make_review_page(cards, LABELS, frame, {"colour": COLOURS}, categories), "utf-8"
    )
    return f"file://{folder}/sheet.html"


def export(
    page: Page, folder: Path, attributes: Mapping[str, Sequence[str]] = KINDS_OF_SHEET
) -> list[tuple[str, str, str]]:
    """Export, and return product, attribute and label of each answer about pictures."""
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(folder / "corrections.csv")
    found = read_all_corrections([folder / "corrections.csv"], LABELS, attributes)
    return [(one.product, one.attribute.replace(LABEL, ""), one.label) for one in found.pictures]


def task(page: Page) -> str:
    return page.locator("h1").inner_text()


@pytest.mark.parametrize(
    ("cards", "changes", "sentence"),
    [
        ([card(n) for n in range(8)], {}, "8 of 40 products need you, about 1 minute"),
        ([card(1)], {}, "1 of 40 products needs you, about 1 minute"),
        ([card(1, product="", copies=2)], {}, "3 of 40 products need you, about 1 minute"),
        ([card(1)], {"row_count": 1}, "1 product needs you, about 1 minute"),
        (
            [card(1), card(2, attribute="colour"), card(3, attribute="colour")],
            {"unasked_count": 6},
            "7 of 40 products need you, about 1 minute",
        ),
        ([card(2, attribute="colour")], {}, "Pictures to look at: 1, about 1 minute"),
        ([], {"row_count": 1}, "The only product is accepted. Nothing to review."),
        (
            [card(n) for n in range(30)],
            {"are_products": False},
            "30 of 40 pictures need you, about 4 minutes",
        ),
        ([card(1)], {"row_count": 0}, "Pictures to look at: 1, about 1 minute"),
        ([], {"row_count": 4}, "All 4 products are accepted. Nothing to review."),
        ([card(1, audit=1)], {"row_count": 4}, "All 4 products are accepted. Nothing to review."),
    ],
)
def test_the_head_begins_with_what_is_to_be_done(
    cards: list[ReviewCard], changes: dict[str, Any], sentence: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, cards, FRAME._replace(**changes)))

    assert task(page) == sentence
    assert flaws(page) == []
    if "Nothing" in sentence:
        assert page.locator("#keys li:visible").count() == 0 or cards
        assert page.get_by_text("What follows is optional.").is_visible() == bool(cards)


def test_the_head_tells_what_is_left_and_after_an_export_what_is_saved(
    visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card(n) for n in range(4)]))
    for _ in range(3):
        page.keyboard.press("Enter")
    assert task(page) == "1 of 40 products needs you, about 1 minute"
    assert page.locator("#left").inner_text() == "about 1 minute left"

    export(page, tmp_path)

    assert page.get_by_text("3 answers saved, 1 left.").is_visible()
    page.get_by_role("button", name="Copy the command").click()
    copied = "document.querySelector('#copy').textContent === 'Copied' || String(getSelection()) !== ''"
    page.wait_for_function(copied)
    page.locator("article").nth(3).focus()
    page.keyboard.press("Enter")
    assert task(page) == "All questions are answered. Export your answers."


def test_a_reason_is_two_words_on_a_card_and_explained_once(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(n) for n in range(3)]))

    assert page.locator("article .note").all_inner_texts() == ["Bag? 50%. Unfamiliar picture"] * 3
    page.get_by_text("What the reasons mean").click()
    assert page.locator("#reasons dd").all_inner_texts() == [Reason.UNFAMILIAR.sentence]
    assert flaws(page) == []


def test_filters_are_folded_show_counts_and_find_kinds(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1), card(2, **WATCH), card(3, **WATCH)]))
    assert not page.get_by_label("Search").is_visible()
    page.get_by_text("Filters", exact=True).click()

    assert page.locator("[data-of=answer] option").all_inner_texts() == [
        "all",
        "Bag (1)",
        "watch (2)",
    ]
    page.get_by_label("Search").fill("watch")
    assert page.locator("article:visible .name").all_inner_texts() == ["2", "3"]


def test_small_groups_stand_side_by_side(visiting: Visits, tmp_path: Path) -> None:
    cards = [
        card(n, guess, screen=AGREEING_SCREEN) for n, guess in enumerate(["Bag", "Bag", "Coat", "Dress"])
    ]
    page = visiting(write(tmp_path, cards))

    boxes = [group.bounding_box() for group in page.locator(".group").all()]

    assert len({box["y"] for box in boxes if box}) == 1
    assert flaws(page) == []


def test_the_first_card_is_chosen_and_looks_so_when_the_sheet_opens(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1), card(2)]))
    cards = page.locator("article")
    outlines = "all => all.map((one) => getComputedStyle(one).outlineStyle)"
    assert cards.evaluate_all(outlines) == ["solid", "none"]

    page.keyboard.press("ArrowRight")

    assert cards.evaluate_all(outlines) == ["none", "solid"]


def test_one_enter_takes_class_and_kind_and_no_second_question_follows(
    visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card(1, **WATCH), card(2)]))
    assert page.get_by_role("button", name="Right: watch").is_visible()

    page.keyboard.press("Enter")

    expect(page.locator("article").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    assert export(page, tmp_path) == [("1", "", NONE), ("1", KIND, "watch"), ("2", "", "Bag")]


def test_enter_on_a_card_of_two_candidates_names_their_keys_and_these_answer_it(
    visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(write(tmp_path, [card(1, **CONFLICT), card(2)]))

    page.keyboard.press("Enter")

    keys = {
        text.split(" ")[1]: text.split(" ")[0]
        for text in page.locator("#keys li").all_inner_texts()
        if len(text.split(" ")) == 2
    }
    assert (
        page.locator("#hint").inner_text() == f"Press {keys['skirt']} for skirt or {keys['Dress']} for Dress."
    )
    assert flaws(page) == []
    page.keyboard.press(keys["skirt"])
    expect(page.locator("article").nth(1)).to_be_focused()
    assert page.locator("#hint").inner_text() == ""
    assert export(page, tmp_path) == [("1", "", NONE), ("1", KIND, "skirt")]


def test_enter_says_something_on_every_card_that_it_does_not_answer(visiting: Visits, tmp_path: Path) -> None:
    cards = [card(1, **CONFLICT), card(2, guess=""), card(3, guess="", audit=1)]
    page = visiting(write(tmp_path, cards, categories=[CATEGORY]))
    page.get_by_text("Optional: an audit").click()

    said = []
    for one in page.locator("article").all():
        one.focus()
        page.keyboard.press("Enter")
        said.append(page.locator("#hint").inner_text())

    assert len(said) == 4
    assert "" not in said
    assert page.locator("#count").inner_text() == "0 of 3 answered"


def test_a_key_means_the_same_on_every_card(visiting: Visits, tmp_path: Path) -> None:
    cards = [card(1, further_kinds=("watch", "skirt", "other")), card(2, further_kinds=("skirt", "watch"))]
    page = visiting(write(tmp_path, [*cards, card(3, **CONFLICT)], categories=[CATEGORY]))

    meanings: dict[str, set[str]] = {}
    for one in page.locator("article").all():
        one.focus()
        for item in page.locator("#keys li:visible").all():
            key, _, text = item.inner_text().partition(" ")
            if key not in {"Enter", "0", "-"}:
                meanings.setdefault(key, set()).add(text.casefold())

    assert {"watch", "skirt", "coat"} <= set().union(*meanings.values())
    assert {key: texts for key, texts in meanings.items() if len(texts) > 1} == {}


COLOURS = ("black", "blue", "2-tone")


def test_keys_of_colours_are_letters_with_shift_which_no_class_has(visiting: Visits, tmp_path: Path) -> None:
    values = {"attribute": "colour", "label": "blue", "confidence": 0.5}
    colour = {"attribute": "colour", "note": ATTRIBUTE_NOTE, "note_values": values, "further_kinds": ()}
    cards = [card(1), card(2, "blue", **colour), card(3, "blue", **colour)]
    html = make_review_page(cards, LABELS, FRAME, {"colour": COLOURS})
    (tmp_path / "sheet.html").write_text(html, "utf-8")
    page = visiting((tmp_path / "sheet.html").as_uri())
    page.locator("article").nth(1).focus()

    bar = page.locator("#keys li:visible").all_inner_texts()
    page.keyboard.press("1")  # a key of a class, which a card about a colour has not
    page.keyboard.press("Shift+B")
    page.keyboard.press("Shift+L")

    assert {"⇧B black", "⇧L blue", "⇧T 2-tone"} <= set(bar)
    assert [one.partition(" ")[0] for one in bar if one[0].isdigit()] == ["0"]
    assert export(page, tmp_path, {"colour": COLOURS}) == [("2", "colour", "black"), ("3", "colour", "blue")]


def test_a_kind_without_a_name_is_suggested_as_none_of_these(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1, guess=NONE, guess_kind="other")]))
    assert page.get_by_role("button", name="Right: none of these").is_visible()

    page.keyboard.press("Enter")

    assert export(page, tmp_path) == [("1", "", NONE), ("1", KIND, "other")]


def test_enter_goes_on_from_the_question_about_the_kind(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1), card(2)]))
    page.keyboard.press("0")
    expect(page.locator("article").nth(0).get_by_label("Kind of 1")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator("article").nth(1)).to_be_focused()


def test_the_word_of_the_list_and_its_column_stand_on_the_card(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1, **CONFLICT)]))

    assert page.get_by_text("The word: Falda, in the column categoria.").is_visible()


def read_in(page: Page, file: Path) -> str:
    page.get_by_text("Continue from another machine").click()
    page.locator("#import input").set_input_files(file)
    expect(page.locator("#imported")).not_to_have_text("")
    return page.locator("#imported").inner_text()


def test_a_half_answered_sheet_goes_on_on_another_machine(visiting: Visits, tmp_path: Path) -> None:
    product = card(4, photos=(photo(5),))._replace(name='=4, "quoted"', product='=4, "quoted"')
    cards = [card(1), card(2, **WATCH), card(3), product]
    there = visiting(write(tmp_path, cards, categories=[CATEGORY]))
    there.get_by_role("button", name="coat 1").click()
    there.locator("article").nth(1).focus()
    for key in ("Enter", "Enter", "-", "Enter"):
        there.keyboard.press(key)
    exported = export(there, tmp_path)

    here = visiting(write(tmp_path, cards, categories=[CATEGORY]))
    said = read_in(here, tmp_path / "corrections.csv")

    assert said == "Rows that fit this sheet: 7 of 7. They are read in."
    assert here.locator("#count").inner_text() == "5 of 5 answered. Done: export them."
    assert export(here, tmp_path) == exported
    here.get_by_role("button", name="Undo").click()
    assert here.locator("#count").inner_text() == "0 of 5 answered", "one step"


def test_a_file_that_is_read_in_replaces_no_later_answer(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1), card(2)]))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    export(page, tmp_path)
    page.locator("select.class").nth(0).select_option("Dress")

    read_in(page, tmp_path / "corrections.csv")

    assert [one[2] for one in export(page, tmp_path)] == ["Dress", "Bag"]


OTHER_FILES = {
    "another table": 'path,label,sha256,at,attribute,product\n"/x.png","Bag","ff","2026-11-30","","77"\n',
    "another photo": 'path,label,sha256,at,attribute,product\n"/shop/1.png","Bag","ff","2026-11-30","","1"\n',
    "one row by chance": "path,label,sha256,at,attribute,product\n"
    + f"/shop/1.png,Bag,{1:064x},2026-11-30,,1\n"
    + "/y.png,Bag,ff,2026-11-30,,77\n" * 2,
    "a text": "Dear shop,\nnothing here",
    "an empty file": "",
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_nothing_is_read_in_from_a_file_of_another_table(name: str, visiting: Visits, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(OTHER_FILES[name], "utf-8")
    page = visiting(write(tmp_path, [card(1), card(2)]))

    said = read_in(page, tmp_path / "other.csv")

    assert said.startswith("Rows that fit this sheet: ")
    assert "So nothing is read in." in said
    assert page.locator("#count").inner_text() == "0 of 2 answered"


HOSTILE = "<img src=x onerror=alert(1)></script>"


@pytest.mark.parametrize(
    "text", ["T" * 3000, "فستان أزرق طويل", "👗" * 50, HOSTILE], ids=lambda text: text[:6]
)
@pytest.mark.parametrize("width", [390, 1280])
def test_any_text_is_shown_as_text_and_fits_the_window(
    text: str, width: int, visiting: Visits, tmp_path: Path
) -> None:
    conflict = CONFLICT | {"word": text, "column": text}
    cards = [card(1, title=text, name=text, product=text, **conflict), card(2, title=text)]
    category = CATEGORY._replace(category=text, branches=(text,))
    page = visiting(write(tmp_path, cards, FRAME._replace(title=text[:200]), [category]), width=width)

    assert page.locator("article .title").first.text_content() == text
    assert flaws(page) == []


def test_a_product_of_forty_photos_shows_six_and_counts_the_others(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1, photos=tuple(photo(n) for n in range(2, 7)), more=34)]))

    assert page.locator("article img").count() == 6
    assert page.get_by_text("34 more photos").is_visible()


def test_one_answer_and_one_photo_are_told_in_the_singular(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1, photos=(photo(2),), more=1), card(2)]))
    page.keyboard.press("Enter")

    export(page, tmp_path)

    assert page.get_by_text("1 more photo", exact=True).is_visible()
    assert page.get_by_text("1 answer saved, 1 left.").is_visible()


def test_a_browser_without_javascript_says_what_is_missing(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1)]), java_script_enabled=False)

    sentence = page.locator("noscript p")
    assert sentence.is_visible()
    assert sentence.inner_text().startswith("This page needs JavaScript")


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "dark"), (1280, "light")]
)
def test_every_part_of_the_head_is_readable_in_every_window(
    width: int, scheme: str, visiting: Visits, tmp_path: Path
) -> None:
    cards = [card(1, **CONFLICT), card(2, **WATCH), card(3, screen=AGREEING_SCREEN)]
    page = visiting(write(tmp_path, cards, categories=[CATEGORY]), width=width, color_scheme=scheme)
    for summary in page.locator("header summary").all():
        summary.click()
    page.locator("article").nth(1).focus()
    page.keyboard.press("Enter")

    assert flaws(page) == []
    export_button = page.locator("article").nth(2).get_by_role("button", name="Right: watch")
    export_button.click()
    export(page, tmp_path)
    assert flaws(page) == []


def test_accepted_notes_need_no_reason(visiting: Visits, tmp_path: Path) -> None:
    page = visiting(write(tmp_path, [card(1, note=ACCEPTED_CLASS_NOTE)], FRAME._replace(reasons=())))

    assert not page.get_by_text("What the reasons mean").is_visible()
    assert json.loads(page.locator("#shown").text_content() or "")["reasons"] == []

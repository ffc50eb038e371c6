"""The review page in a real browser, opened from the disk, up to what training reads."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.web.translations import TRANSLATIONS
from inference.reasons import Reason
from inference.release_labels import NONE
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.review.cards import (
    ATTRIBUTE_NOTE,
    CLASS_NOTE,
    COLOUR_SCREEN,
    PHRASE_SCREEN,
    ReviewCard,
    ReviewCardPhoto,
)
from labelling.review.corrections import Correction, read_corrections
from labelling.review.page import DOUBTFUL_LEAD, PARTS_LEAD, ReviewPageFrame, make_review_page, make_thumbnail
from tests.browser import Visits, flaws
from tests.tables import rows_of
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

NEXT = "wardrobe label --corrections corrections.csv --out table.csv"
LABELS = ("Bag", 'Shirt, "best"', "</script>")
WORDS = ("blue", "red", "white")
SHAS = ["0b" * 32, "1b" * 32, "2b" * 32]
NAMES = ("a.png", 'b, "quoted".png', "<img src=x onerror=alert(1)>.png")
DOUBTS = dict(
    zip(NAMES, [(Reason.AMBIGUOUS, 0.4), (Reason.UNFAMILIAR, 0.55), (Reason.UNFAMILIAR, 0.7)], strict=True)
)


def write(page: Path, cards: Sequence[ReviewCard], frame: ReviewPageFrame) -> str:
    """The address of a page of these."""
    page.write_text(make_review_page(cards, LABELS, frame), "utf-8")
    return f"file://{page}"


@pytest.fixture
def sheet(tmp_path: Path) -> str:
    """The address of a page with three pictures, two of them with hostile names."""
    cards = [
        ReviewCard(
            name,
            f"/shop/{name}",
            make_thumbnail(png(a_garment(seed))),
            CLASS_NOTE,
            "Bag",
            sha256=SHAS[seed],
            decision=reason.sentence,
            confidence=confidence,
            note_values={"label": "Bag", "confidence": confidence, "reason": reason.sentence},
        )
        for seed, (name, (reason, confidence)) in enumerate(DOUBTS.items())
    ]
    return write(
        tmp_path / "review.html",
        cards,
        ReviewPageFrame("table.csv", DOUBTFUL_LEAD, TRANSLATIONS, command=NEXT),
    )


@pytest.fixture
def two_parts(tmp_path: Path) -> str:
    """The address of a page with two doubtful pictures, and two of an audit."""
    picture = make_thumbnail(png(a_garment(0)))
    values: dict[str, str | float] = {"label": "Bag", "confidence": 0.5, "reason": Reason.AMBIGUOUS.sentence}
    card = ReviewCard(
        "",
        "",
        picture,
        CLASS_NOTE,
        "Bag",
        decision="accept",
        confidence=0.5,
        predicted="Bag",
        note_values=values,
    )
    blind = card._replace(note="", guess="", audit=2, note_values={})
    cards = [one._replace(name=f"{n}.png", path=f"{n}.png") for n, one in enumerate([card] * 2 + [blind] * 2)]
    return write(tmp_path / "parts.html", cards, ReviewPageFrame("table.csv", PARTS_LEAD, TRANSLATIONS))


def answers(page: Page) -> list[str]:
    """What is chosen on each card."""
    found: list[str] = page.locator("article select").evaluate_all("all => all.map((one) => one.value)")
    return found


def exported(page: Page, to: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    assert download.value.suggested_filename == "corrections.csv"
    download.value.save_as(to / "corrections.csv")
    return to / "corrections.csv"


def read(file: Path) -> list[Correction]:
    return read_corrections([file], LABELS)


NATURAL_WIDTH = """one => {
  const has = one.clientWidth;
  one.style.flex = "none";
  one.style.width = "auto";
  one.replaceChildren(one.selectedOptions[0]);
  return one.clientWidth - has;
}"""
"""What a select lacks to show its whole label, which it does when it is as wide as it likes."""


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(360, "light", "de-DE"), (768, "dark", "en"), (1280, "light", "en")]
)
def test_every_window_shows_the_whole_sheet(  # noqa: PLR0917 - three sheets in a window of three kinds
    sheet: str, two_parts: str, together: str, visiting: Visits, width: int, scheme: str, locale: str
) -> None:
    page = visiting(sheet, width=width, height=720, color_scheme=scheme, locale=locale)
    boxes = [one.bounding_box() for one in page.locator("article img").all()]
    page.locator("article select").nth(0).select_option("none of these")

    assert flaws(page) == []
    assert min(max(box["width"], box["height"]) for box in boxes if box) >= 240, "one sees what a photo shows"
    assert page.locator("article select").nth(0).evaluate(NATURAL_WIDTH) <= 0, "no label is cut off"
    if width == 360:
        bar = page.get_by_role("region", name="Ihre Antworten").bounding_box()
        assert bar is not None
        assert bar["height"] < 720 / 6, "the rest is for pictures"
        assert not page.get_by_label("Suche").is_visible()
        page.get_by_text("Filter", exact=True).click()
        assert page.get_by_label("Suche").is_visible()
        assert flaws(page) == []

    page = visiting(two_parts, width=width, color_scheme=scheme, locale=locale)
    assert flaws(page) == []
    assert page.locator("h2").count() == 2

    page = visiting(together, width=width, height=720, color_scheme=scheme, locale=locale)
    page.locator("article button.picture").first.click()
    assert flaws(page) == []
    shown = page.locator("main").inner_text()
    assert ("Alle richtig" in shown, "All right" in shown) == (locale == "de-DE", locale == "en")


def test_a_reader_of_german_labels_a_sheet_in_german(sheet: str, visiting: Visits, tmp_path: Path) -> None:
    page = visiting(sheet, locale="de-DE")

    page.get_by_role("button", name="Richtig").nth(0).click()
    exported(page, tmp_path)

    assert (page.locator("html").get_attribute("lang"), page.title()) == ("de", "Prüfen: table.csv")
    assert page.locator("#count").inner_text() == "1 von 3 beantwortet"
    note = page.locator("article .note").nth(1).inner_text()
    assert note == "Bag? 55\u00a0%. Das Bild ähnelt nicht den Bildern, die das Modell gelernt hat."
    assert page.get_by_label("Was a.png zeigt").locator("option").last.inner_text() == "(auslassen)"
    shown = page.locator("body").inner_text()
    assert [word for word in (" the ", "answer", "Label", "picture") if word in shown] == []
    assert flaws(page) == []


def test_one_answer_holds_for_all_photos_of_a_product(visiting: Visits, tmp_path: Path) -> None:
    shown = [make_thumbnail(png(a_garment(seed))) for seed in range(3)]
    photos = tuple(
        ReviewCardPhoto(f"/shop/{n}.png", picture, SHAS[n]) for n, picture in enumerate(shown) if n
    )
    values: dict[str, str | float] = {
        "label": "Bag",
        "confidence": 0.4,
        "reason": Reason.CONTRADICTING.sentence,
    }
    card = ReviewCard(
        "1001",
        "/shop/0.png",
        shown[0],
        CLASS_NOTE,
        "Bag",
        sha256=SHAS[0],
        predicted="Bag",
        note_values=values,
    )
    card = card._replace(product="1001", title="Tote, red", photos=photos, more=1200)
    page = visiting(
        write(tmp_path / "review.html", [card], ReviewPageFrame("t.csv", DOUBTFUL_LEAD, TRANSLATIONS))
    )

    page.get_by_role("button", name="Enlarge 1001, 3").click()
    assert page.locator("#zoom img").get_attribute("src") == shown[2]
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Right").click()
    found = read(exported(page, tmp_path))

    assert flaws(page) == []
    assert page.locator("article p").all_inner_texts()[:4] == [
        "1001",
        "Tote, red",
        f"Bag? 40%. {Reason.CONTRADICTING.sentence}",
        "1,200 more photos",
    ]
    assert [(one.path, one.sha256, one.label, one.product) for one in found] == [
        (f"/shop/{n}.png", SHAS[n], "Bag", "1001") for n in range(3)
    ]
    assert [one.predicted for one in found] == ["Bag", "", ""], "an audit counts it once"


@pytest.fixture
def together(tmp_path: Path) -> str:
    """The address of a page with five products on one screen: three are values to be blue, two red."""
    shown = [make_thumbnail(png(a_garment(seed))) for seed in range(5)]
    cards = [
        ReviewCard(
            str(n), f"/shop/{n}.png", picture, ATTRIBUTE_NOTE, guess, sha256=f"{n}b" * 32, product=str(n)
        )
        for n, (picture, guess) in enumerate(zip(shown, ("blue", "red", "blue", "red", "blue"), strict=True))
    ]
    values: dict[str, str | float] = {"attribute": "colour", "label": "blue", "confidence": 0.5}
    cards = [card._replace(note_values=values, screen=COLOUR_SCREEN, attribute="colour") for card in cards]
    page = make_review_page(
        cards, LABELS, ReviewPageFrame("t.csv", DOUBTFUL_LEAD, TRANSLATIONS), {"colour": WORDS}
    )
    (tmp_path / "together.html").write_text(page, "utf-8")
    return f"file://{tmp_path}/together.html"


def test_one_undo_takes_back_what_one_click_confirmed_and_another_click_takes_one_back_in(
    together: str, visiting: Visits
) -> None:
    page = visiting(together)
    page.get_by_role("button", name="All right: blue").click()
    page.get_by_role("button", name="Not blue: 4").click()
    assert page.locator("#count").inner_text() == "2 of 5 answered"

    page.get_by_role("button", name="Not blue: 4").click()
    page.get_by_role("button", name="All right: blue").click()
    assert page.locator("#count").inner_text() == "3 of 5 answered"
    for _ in range(4):
        page.get_by_role("button", name="Undo").click()

    assert page.locator("#count").inner_text() == "0 of 5 answered"
    assert page.locator("article.out").count() == 0


def test_one_click_on_a_phrase_gives_each_product_the_colour_of_its_photo(
    visiting: Visits, tmp_path: Path
) -> None:
    picture = make_thumbnail(png(a_garment(1)))
    cards = [
        ReviewCard(
            *(str(n), f"/shop/{n}.png", picture, ATTRIBUTE_NOTE, guess),
            note_values={"attribute": "colour", "label": guess, "confidence": 0.5},
            sha256=f"{n}b" * 32,
            product=str(n),
            screen=PHRASE_SCREEN,
            attribute="colour",
            phrase=phrase,
        )
        for n, (guess, phrase) in enumerate([("blue", "fox"), ("red", "fox"), ("blue", "sun")])
    ]
    frame = ReviewPageFrame("t.csv", DOUBTFUL_LEAD, TRANSLATIONS)
    (tmp_path / "phrases.html").write_text(make_review_page(cards, LABELS, frame, {"colour": WORDS}), "utf-8")
    page = visiting(f"file://{tmp_path}/phrases.html")

    page.get_by_role("button", name="All right: fox").click()

    assert page.locator("main h3").all_inner_texts() == ["fox (2)", "sun (1)"]
    rows = rows_of(exported(page, tmp_path))
    assert [(row["product"], row["label"]) for row in rows] == [("0", "blue"), ("1", "red")]


def test_table_and_training_read_what_a_person_chose_by_keys_buttons_and_lists(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    page.keyboard.press("0")
    page.keyboard.press("-")
    page.locator("article .right").nth(2).click()
    file = exported(page, tmp_path)

    assert page.locator("#count").inner_text() == "3 of 3 answered. Done: export them."
    found = read(file)
    assert [(one.path, one.label, one.sha256) for one in found] == [
        ("/shop/a.png", NONE, SHAS[0]),
        (f"/shop/{NAMES[1]}", LEFT_OUT_LABEL, SHAS[1]),
        (f"/shop/{NAMES[2]}", "Bag", SHAS[2]),
    ]
    assert all(one.answered_at for one in found)

    page.locator("article select").nth(1).select_option(LABELS[1])
    assert {one.path: one.label for one in read(exported(page, tmp_path))} == {
        "/shop/a.png": NONE,
        f"/shop/{NAMES[1]}": LABELS[1],
        f"/shop/{NAMES[2]}": "Bag",
    }


def test_keys_label_pictures_in_turn_are_undone_and_kept_by_a_reload(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)
    for key in "123":
        page.keyboard.press(key)
    assert answers(page) == list(LABELS)

    page.keyboard.press("Backspace")
    page.get_by_role("button", name="Undo").click()
    assert answers(page) == [LABELS[0], "", ""]
    page.reload()
    assert answers(page) == [LABELS[0], "", ""]
    assert page.locator("#count").inner_text() == "1 of 3 answered"

    for key in ("ArrowDown", "ArrowRight", "ArrowLeft", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert answers(page) == [LABELS[0], "", "Bag"], "Enter takes what is suggested"


def test_search_and_filters_hide_the_others_and_keys_pass_over_them(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)
    shown = page.locator("article:visible .name")
    page.get_by_text("Filters", exact=True).click()

    page.get_by_label("Search").fill("img src")
    assert shown.all_inner_texts() == [NAMES[2]]
    page.get_by_label("Search").fill("")
    assert page.get_by_label("Decision").locator("option").all_inner_texts()[1].endswith("(2)")
    page.get_by_label("Decision").select_option(Reason.UNFAMILIAR.sentence)
    assert shown.all_inner_texts() == [*NAMES[1:]]
    page.get_by_label("Confidence at most").fill("60")
    assert shown.all_inner_texts() == [NAMES[1]]
    page.get_by_label("Confidence at most").blur()
    page.keyboard.press("2")

    assert answers(page) == ["", LABELS[1], ""]
    assert page.get_by_label("Label", exact=True).count() == 0  # of all cards it is the same


def test_the_command_that_takes_the_answers_is_shown_when_all_are_there_and_after_an_export(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    then = page.get_by_text(f"Next: {NEXT}")
    page.keyboard.press("1")
    shown = [then.is_visible()]

    exported(page, tmp_path)
    shown.append(then.is_visible())
    for number in (1, 2):
        page.locator("article select").nth(number).select_option("Bag")
        shown.append(then.is_visible())

    assert shown == [False, True, False, True]
    assert flaws(page) == []


def test_a_picture_is_enlarged_by_a_click_or_a_key_and_keys_label_nothing_meanwhile(
    sheet: str, visiting: Visits
) -> None:
    page = visiting(sheet)
    enlarged = page.get_by_role("dialog", name="Enlarged picture")

    page.locator("article .picture").nth(1).click()
    page.keyboard.press("1")
    assert enlarged.locator("img").get_attribute("src") != ""
    assert flaws(page) == []
    page.keyboard.press("Escape")
    assert enlarged.count() == 0
    page.keyboard.press("z")

    assert enlarged.count() == 1
    assert answers(page) == ["", "", ""]


def test_enter_is_offered_where_there_is_a_suggestion_and_what_is_optional_is_asked_once_it_is_open(
    two_parts: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(two_parts)
    enter, offered = page.locator("#keys li", has_text="Enter"), []
    assert page.locator("article:visible .name").all_inner_texts() == ["0.png", "1.png"]

    for key in ("1", "Enter"):
        offered.append(enter.is_visible())
        page.keyboard.press(key)
    assert page.locator("#count").inner_text() == "2 of 2 answered. Done: export them."
    page.locator("summary", has_text="Optional: an audit").click()
    page.locator("article select").nth(2).select_option(LABELS[0])
    offered.append(enter.is_visible())

    assert offered == [True, True, False]
    assert page.locator("#count").inner_text() == "3 of 3 answered. Done: export them."
    found = read(exported(page, tmp_path))
    assert [(one.label, one.audit, one.predicted) for one in found] == [
        (LABELS[0], 0, "Bag"),
        ("Bag", 0, "Bag"),
        (LABELS[0], 2, "Bag"),
    ]

    # A filter by what the model answered shows nothing of the audit.
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Confidence at most").fill("60")
    assert page.locator("article:visible .name").all_inner_texts() == ["0.png", "1.png"]

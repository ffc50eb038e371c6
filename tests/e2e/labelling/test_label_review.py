"""The review page in a real browser, opened from the disk, up to what training reads."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.web.translations import TRANSLATIONS
from labelling.review.corrections import LEFT_OUT, NONE, corrections_of_files
from labelling.review.corrections import read_corrections as corrections_of_a_table
from labelling.review.page import LEAD, LEAD_OF_PARTS, NOTE, Card, Frame, Photo, page_of, thumbnail
from scripts.doubted import write_doubted
from tests.answers import asked
from tests.browser import Visits, flaws
from tests.uploads import a_garment, png
from training.pictures.corrections import corrections_in

pytestmark = pytest.mark.slow

NEXT = "wardrobe label --corrections corrections.csv --out table.csv"
LABELS = ("Bag", 'Shirt, "best"', "</script>")
SHAS = ["0b" * 32, "1b" * 32, "2b" * 32]
DECISIONS = ("review: ambiguous", "review: unfamiliar", "review: unfamiliar")
NAMES = ("a.png", 'b, "quoted".png', "<img src=x onerror=alert(1)>.png")


@pytest.fixture
def sheet(tmp_path: Path) -> str:
    """The address of a page with three pictures, two of them with hostile names."""
    cards = [
        Card(
            name,
            f"/shop/{name}",
            thumbnail(png(a_garment(seed))),
            NOTE,
            "Bag",
            sha256=SHAS[seed],
            decision=decision,
            confidence=confidence,
            said={"label": "Bag", "confidence": confidence, "reason": decision.removeprefix("review: ")},
        )
        for seed, (name, decision, confidence) in enumerate(
            zip(NAMES, DECISIONS, (0.4, 0.55, 0.7), strict=True)
        )
    ]
    (tmp_path / "review.html").write_text(
        page_of(cards, LABELS, Frame("table.csv", LEAD, TRANSLATIONS, command=NEXT)), "utf-8"
    )
    return f"file://{tmp_path}/review.html"


@pytest.fixture
def two_parts(tmp_path: Path) -> str:
    """The address of a page with two pictures of an audit, and two doubtful ones."""
    picture = thumbnail(png(a_garment(0)))
    said: dict[str, str | float] = {"label": "Bag", "confidence": 0.5, "reason": "ambiguous"}
    card = Card("", "", picture, NOTE, "Bag", decision="accept", confidence=0.5, predicted="Bag", said=said)
    blind = card._replace(note="", guess="", button="", audit=2, said={})
    cards = [one._replace(name=f"{n}.png", path=f"{n}.png") for n, one in enumerate([blind] * 2 + [card] * 2)]
    frame = Frame("table.csv", LEAD_OF_PARTS, TRANSLATIONS)
    (tmp_path / "review.html").write_text(page_of(cards, LABELS, frame), "utf-8")
    return f"file://{tmp_path}/review.html"


@pytest.fixture
def doubted(tmp_path: Path) -> str:
    """The address of a page with two pictures whose labels are doubted, of eighteen."""
    (tmp_path / "run").mkdir()
    sure_of_the_first = (0.9, 0.05, 0.05)
    wrong = [(tmp_path / name, 1, sure_of_the_first) for name in NAMES[:2]]
    for seed, (file, *_) in enumerate(wrong):
        file.write_bytes(png(a_garment(seed)))
    right = [(tmp_path / f"{number}.png", 0, sure_of_the_first) for number in range(16)]
    write_doubted(tmp_path / "run", asked(*wrong, *right), LABELS)
    return f"file://{tmp_path}/run/doubted.html"


def _answers(page: Page) -> list[str]:
    """What is chosen on each card."""
    found: list[str] = page.locator("article select").evaluate_all("all => all.map((one) => one.value)")
    return found


def test_the_page_is_accessible_and_hostile_names_are_shown_and_not_run(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)

    assert flaws(page) == []
    assert page.locator("article .name").all_inner_texts() == list(NAMES)
    assert page.locator("article select").nth(0).locator("option").all_inner_texts() == [
        "…",
        *LABELS,
        "none of these",
        "(leave out)",
    ]
    assert page.locator("article img").count() == len(NAMES)


def test_a_reader_of_german_labels_a_sheet_in_german(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet, locale="de-DE")

    page.get_by_role("button", name="Richtig").nth(0).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()

    assert (page.locator("html").get_attribute("lang"), page.title()) == ("de", "Prüfen: table.csv")
    assert download.value.suggested_filename == "corrections.csv"
    assert page.locator("#count").inner_text() == "1 von 3 beantwortet"
    assert page.locator("article .note").nth(1).inner_text() == "Bag? 55\u00a0%, unvertraut"
    assert page.get_by_label("Was a.png zeigt").locator("option").last.inner_text() == "(auslassen)"
    english = page.locator("body").inner_text()
    assert [word for word in (" the ", "answer", "Label", "picture") if word in english] == []
    assert flaws(page) == []


def test_on_a_phone_the_bar_leaves_five_sixths_of_the_window_to_pictures(
    sheet: str, visiting: Visits
) -> None:
    page = visiting(sheet, width=360, height=720, locale="de-DE")

    bar = page.get_by_role("region", name="Ihre Antworten").bounding_box()

    assert bar is not None
    assert bar["height"] < 720 / 6


def test_one_answer_holds_for_all_photos_of_a_product(visiting: Visits, tmp_path: Path) -> None:
    shown = [thumbnail(png(a_garment(seed))) for seed in range(3)]
    photos = tuple(Photo(f"/shop/{n}.png", picture, SHAS[n]) for n, picture in enumerate(shown) if n)
    said: dict[str, str | float] = {"label": "Bag", "confidence": 0.4, "reason": "contradicting"}
    card = Card("1001", "/shop/0.png", shown[0], NOTE, "Bag", sha256=SHAS[0], predicted="Bag", said=said)
    card = card._replace(product="1001", title="Tote, red", photos=photos, more=1200, audit=1)
    (tmp_path / "review.html").write_text(
        page_of([card], LABELS, Frame("t.csv", LEAD, TRANSLATIONS)), "utf-8"
    )
    page = visiting(f"file://{tmp_path}/review.html")

    page.get_by_role("button", name="Enlarge 1001, 3").click()
    assert page.locator("#zoom img").get_attribute("src") == shown[2]
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Right").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    assert flaws(page) == []
    assert page.locator("article p").all_inner_texts()[:3] == [
        "1001",
        "Tote, red",
        "Bag? 40%, contradicting 1,200 more photos",
    ]
    found = corrections_of_a_table([tmp_path / "corrections.csv"], LABELS)
    assert [(one.path, one.sha256, one.label, one.product) for one in found] == [
        (f"/shop/{n}.png", SHAS[n], "Bag", "1001") for n in range(3)
    ]
    assert [one.audit for one in found] == [1, 0, 0], "an audit counts it once"


def test_training_reads_the_labels_that_a_person_chose(sheet: str, visiting: Visits, tmp_path: Path) -> None:
    page = visiting(sheet)
    page.locator("article .right").nth(0).click()
    page.locator("article select").nth(1).select_option(LABELS[1])

    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    assert page.locator("#count").inner_text() == "2 of 3 answered"
    assert corrections_of_files([tmp_path / "corrections.csv"]).labels == {
        "/shop/a.png": "Bag",
        '/shop/b, "quoted".png': 'Shirt, "best"',
    }


def test_digits_label_pictures_in_turn_and_a_reload_keeps_labels(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)
    page.keyboard.press("2")
    page.keyboard.press("1")

    page.reload()

    assert page.locator("#count").inner_text() == "2 of 3 answered"
    assert _answers(page) == [LABELS[1], LABELS[0], ""]


def test_the_table_takes_what_a_person_chose_by_keys_and_the_search_hides_the_others(
    sheet: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(sheet)
    page.keyboard.press("0")
    page.keyboard.press("-")
    page.get_by_label("Search").fill("img src")
    shown = page.locator("article:visible .name").all_inner_texts()
    page.get_by_label("Search").fill("")
    page.locator("article .right").nth(2).click()

    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    found = corrections_of_a_table([tmp_path / "corrections.csv"], LABELS)
    assert shown == [NAMES[2]]
    assert page.locator("#count").inner_text() == "3 of 3 answered. Done: export them."
    assert [(one.path, one.label, one.sha256) for one in found] == [
        ("/shop/a.png", NONE, SHAS[0]),
        (f"/shop/{NAMES[1]}", LEFT_OUT, SHAS[1]),
        (f"/shop/{NAMES[2]}", "Bag", SHAS[2]),
    ]
    assert all(one.at for one in found)


def test_filters_by_decision_and_confidence_hide_the_others_and_keys_pass_over_them(
    sheet: str, visiting: Visits
) -> None:
    page = visiting(sheet)
    shown = page.locator("article:visible .name")

    page.get_by_label("Decision").select_option("review: unfamiliar")
    unfamiliar = shown.all_inner_texts()
    page.get_by_label("Confidence at most").fill("60")
    unsure = shown.all_inner_texts()
    page.get_by_label("Confidence at most").blur()
    page.keyboard.press("2")

    assert (unfamiliar, unsure) == ([*NAMES[1:]], [NAMES[1]])
    assert _answers(page) == ["", LABELS[1], ""]
    assert page.get_by_label("Label", exact=True).count() == 0  # of all cards it is the same


def test_a_slip_is_undone_by_its_button_and_by_a_key(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("3")

    page.keyboard.press("Backspace")
    page.get_by_role("button", name="Undo").click()

    assert _answers(page) == [LABELS[0], "", ""]
    page.reload()
    assert _answers(page) == [LABELS[0], "", ""]


def test_the_command_that_takes_the_answers_is_shown_when_all_are_there_and_after_an_export(
    sheet: str, visiting: Visits
) -> None:
    page = visiting(sheet)
    then = page.get_by_text(f"Next: {NEXT}")
    page.keyboard.press("1")
    shown = [then.is_visible()]

    with page.expect_download():
        page.get_by_role("button", name="Export corrections.csv").click()
    shown.append(then.is_visible())
    page.locator("article select").nth(1).select_option("Bag")
    shown.append(then.is_visible())
    page.locator("article select").nth(2).select_option("Bag")
    shown.append(then.is_visible())

    assert shown == [False, True, False, True]
    assert flaws(page) == []


def test_arrow_keys_reach_a_picture_and_enter_takes_what_is_suggested(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet)

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")

    assert _answers(page) == ["", "Bag", ""]


def test_a_picture_is_enlarged_by_a_click_or_a_key_and_keys_label_nothing_meanwhile(
    sheet: str, visiting: Visits
) -> None:
    page = visiting(sheet)
    enlarged = page.get_by_role("dialog", name="Enlarged picture")

    page.locator("article .picture").nth(1).click()
    page.keyboard.press("1")
    has_picture = enlarged.locator("img").get_attribute("src") != ""
    found = flaws(page)
    page.keyboard.press("Escape")
    is_closed = enlarged.count() == 0
    page.keyboard.press("z")

    assert (has_picture, found, is_closed, enlarged.count()) == (True, [], True, 1)
    assert _answers(page) == ["", "", ""]


def test_enter_is_offered_where_there_is_a_suggestion_and_the_export_has_what_the_model_said(
    two_parts: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(two_parts)
    enter = page.locator("#keys li", has_text="Enter")
    offered = []

    for key in ("Enter", "2", "1", "Enter"):
        offered.append(enter.is_visible())
        page.keyboard.press(key)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    found = corrections_of_a_table([tmp_path / "corrections.csv"], LABELS)
    assert offered == [False, False, False, True]
    assert [(one.label, one.audit, one.predicted, one.decision) for one in found] == [
        (LABELS[1], 2, "Bag", "accept"),
        (LABELS[0], 2, "Bag", "accept"),
        ("Bag", 0, "Bag", "accept"),
    ]
    assert all(0 < one.confidence <= 1 for one in found)


def test_a_filter_by_confidence_says_nothing_of_a_picture_of_the_audit(
    two_parts: str, visiting: Visits
) -> None:
    page = visiting(two_parts)

    page.get_by_label("Confidence at most").fill("60")

    assert page.locator("article:visible .name").all_inner_texts() == ["2.png", "3.png"]
    assert page.get_by_role("heading", name="1. Drawn at random").count() == 0


@pytest.mark.parametrize(("width", "locale"), [(360, "de-DE"), (1280, "en")])
def test_a_sheet_of_two_parts_is_whole_in_every_window(
    two_parts: str, visiting: Visits, width: int, locale: str
) -> None:
    page = visiting(two_parts, width=width, locale=locale)

    assert flaws(page) == []
    assert page.locator("h2").count() == 2


@pytest.mark.parametrize("width", [360, 1280])
def test_a_photo_is_large_enough_to_see_what_it_shows(sheet: str, visiting: Visits, width: int) -> None:
    page = visiting(sheet, width=width)

    boxes = [one.bounding_box() for one in page.locator("article img").all()]

    assert boxes != []
    assert min(max(box["width"], box["height"]) for box in boxes if box) >= 240


@pytest.mark.parametrize("width", [360, 1280])
def test_no_label_is_cut_off(sheet: str, visiting: Visits, width: int) -> None:
    page = visiting(sheet, width=width)
    page.locator("article select").nth(0).select_option("none of these")

    # A select that is as wide as it likes shows its whole label.
    missing = (
        page.locator("article select")
        .nth(0)
        .evaluate(
            "one => { const has = one.clientWidth; one.style.flex = 'none'; one.style.width = 'auto'; "
            "one.replaceChildren(one.selectedOptions[0]); return one.clientWidth - has; }"
        )
    )

    assert missing <= 0


def test_a_phone_shows_pictures_first_and_filters_when_asked(sheet: str, visiting: Visits) -> None:
    page = visiting(sheet, width=360)

    is_folded = not page.get_by_label("Search").is_visible()
    page.get_by_text("Filters").click()

    assert is_folded
    assert page.get_by_label("Search").is_visible()
    assert flaws(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1280, "light")])
def test_every_window_shows_the_whole_sheet(sheet: str, visiting: Visits, width: int, scheme: str) -> None:
    page = visiting(sheet, width=width, color_scheme=scheme)

    assert flaws(page) == []


def test_training_takes_what_a_person_says_of_doubted_labels(
    doubted: str, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(doubted)
    page.get_by_role("button", name="Bag").nth(0).click()
    page.locator("article select").nth(1).select_option("(leave out)")

    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections-doubted.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    assert flaws(page) == []
    assert page.locator("article p").filter(has_text="labelled Shirt").count() == 2
    assert corrections_in([tmp_path / "corrections.csv"]).labels == {
        str(tmp_path / NAMES[0]): "Bag",
        str(tmp_path / NAMES[1]): LEFT_OUT,
    }

"""What the page at / offers around the answers: order, a compact list, files, labels, print, code."""

import csv
import json
import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from inference.contract import LABEL
from inference.release_labels import NONE
from labelling.review.corrections import read_corrections
from tests.browser import Visits
from tests.commands import done
from tests.picture_page import (
    DOUBTED,
    EXAMPLES,
    PREDICTIONS,
    TROUSERS,
    a_file,
    card,
    garments,
    give,
    settled,
    visit,
)
from tests.service import Service

pytestmark = pytest.mark.slow


def test_results_are_sorted_folded_and_downloaded(page: Page, tmp_path: Path) -> None:
    (tmp_path / "=notes.txt").write_text("no picture", "utf-8")
    give(page, TROUSERS, tmp_path / "=notes.txt", DOUBTED)
    settled(page, 3)

    page.get_by_label("Sort").select_option("To review first")
    page.get_by_label("Compact list").check()
    with page.expect_download() as as_csv:
        page.get_by_role("button", name="Results as CSV").click()
    with page.expect_download() as as_json:
        page.get_by_role("button", name="Results as JSON").click()

    order = [DOUBTED.name, TROUSERS.name, "=notes.txt"]
    assert page.get_by_role("heading", level=3).all_text_contents() == order
    expect(page.get_by_role("list", name="Probability of the likeliest classes").first).to_be_hidden()
    rows = list(csv.DictReader(as_csv.value.path().read_text("utf-8").splitlines()))
    assert [row["path"] for row in rows] == [DOUBTED.name, TROUSERS.name, "'=notes.txt"]
    assert [row["decision"] for row in rows] == ["review", "accept", ""]
    documents = json.loads(as_json.value.path().read_text("utf-8"))
    assert [one["path"] for one in documents] == order
    assert [row["label"] for row in rows[:2]] == [one["label"] for one in documents[:2]]


def test_more_than_four_pictures_begin_as_a_list_of_lines_that_open(page: Page) -> None:
    give(page, *garments(4))
    settled(page, 4)
    expect(page.get_by_label("Compact list")).not_to_be_checked()

    give(page, TROUSERS)
    settled(page, 5)
    trousers = card(page, TROUSERS.name)
    expect(trousers.locator(".label")).to_have_text("Trouser")
    expect(trousers.locator(".decision")).to_be_visible()
    expect(trousers.get_by_label("What is it really?")).to_be_hidden()
    trousers.get_by_role("button", name=f"Trouser {TROUSERS.name} Open").click()

    trousers.get_by_label("What is it really?").select_option("Dress")
    expect(page.locator("#kept")).to_contain_text("1 picture")
    trousers.get_by_role("button", name=f"Close {TROUSERS.name}").click()
    expect(trousers.get_by_label("What is it really?")).to_be_hidden()


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Blue jeans", "Title and picture together: Trouser (trousers). Accept."),
        ("Wool scarf", "Title and photo contradict each other."),
        ("Anna", "The title names no garment that is known, so the picture decides alone."),
    ],
)
def test_a_title_and_its_picture_decide_together(page: Page, title: str, sentence: str) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    trousers = card(page, TROUSERS.name)

    trousers.get_by_label("The shop's title (optional)").fill(title)
    trousers.get_by_label("The shop's title (optional)").press("Enter")

    expect(trousers.locator(".listed")).to_contain_text(sentence)
    expect(trousers.locator(".label")).to_have_text("Trouser")


def test_labels_of_classes_attributes_and_neither_stay_in_the_browser_and_are_exported_for_training(
    page: Page, tmp_path: Path
) -> None:
    boot = EXAMPLES / "ankle-boot.png"
    give(page, DOUBTED, TROUSERS, boot)
    settled(page, 3)

    card(page, DOUBTED.name).get_by_label("What is it really?").select_option("Shirt")
    card(page, TROUSERS.name).get_by_label("What is it really?").select_option("Trouser")
    card(page, TROUSERS.name).get_by_label("colour?").select_option("blue")
    card(page, boot.name).get_by_label("What is it really?").select_option("none of these")
    page.wait_for_function("JSON.parse(localStorage['wardrobe.corrections']).every((row) => row.sha256)")
    page.reload()
    expect(page.locator("#kept")).to_contain_text("kept in this browser: 3 pictures.")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()

    exported = tmp_path / saved.value.suggested_filename
    saved.value.save_as(exported)
    header, first, *_ = exported.read_text("utf-8").splitlines()
    assert header == "path,label,sha256,at,predicted,confidence,decision,model,attribute"
    for picture in (DOUBTED, TROUSERS, boot):
        (tmp_path / picture.name).write_bytes(picture.read_bytes())
    assert re.fullmatch(rf"{DOUBTED.name},Shirt,[0-9a-f]{{64}},.*,Dress,0\.[0-9]{{1,5}},review,.*", first)
    found = read_corrections([exported], ["Shirt", "Trouser"], {"colour": ["blue"]})
    assert [(one.sha256, one.attribute, one.label) for one in found] == [
        (sha256(picture.read_bytes()).hexdigest(), attribute, label)
        for picture, attribute, label in (
            (DOUBTED, LABEL, "Shirt"),
            (TROUSERS, LABEL, "Trouser"),
            (TROUSERS, "colour", "blue"),
            (boot, LABEL, NONE),
        )
    ]


def test_a_second_picture_of_the_same_name_neither_shows_the_label_of_the_first_nor_replaces_it(
    page: Page,
) -> None:
    first = a_file("IMG_0001.jpg", TROUSERS.read_bytes(), "image/jpeg")
    second = a_file("IMG_0001.jpg", DOUBTED.read_bytes(), "image/jpeg")
    give(page, first)
    page.get_by_label("What is it really?").select_option("Coat")
    page.wait_for_function("JSON.parse(localStorage['wardrobe.corrections'])[0].sha256")
    page.reload()
    give(page, second, first)
    settled(page, 2)

    of_second, of_first = page.locator(".card").all()
    expect(of_first.locator(".label")).to_have_text("You say: Coat")
    expect(of_second.locator(".label")).to_have_text("Dress")
    expect(of_second.get_by_label("What is it really?")).to_have_value("")
    of_second.get_by_label("What is it really?").select_option("Dress")

    expect(page.locator("#kept")).to_contain_text("2 pictures")
    expect(of_first.get_by_label("What is it really?")).to_have_value("Coat")


def test_a_corrected_card_says_what_the_person_says_in_place_of_the_answer(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    trousers = card(page, TROUSERS.name)

    trousers.get_by_label("What is it really?").select_option("Coat")
    trousers.get_by_label("colour?").select_option("white")

    expect(trousers.locator(".label")).to_have_text("You say: Coat")
    expect(trousers.locator(".sure")).to_contain_text("The model says: Trouser, 99.")
    expect(trousers.locator(".decision")).to_be_hidden()
    expect(trousers.locator(".attributes")).to_contain_text("colour: you say white")
    trousers.get_by_label("What is it really?").select_option("")
    expect(trousers.locator(".label")).to_have_text("Trouser")
    expect(trousers.locator(".decision")).to_have_text("Accept")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_line_of_the_list_has_the_confidence_the_kind_and_the_colour(
    visiting: Visits, bundled_service: Service, width: int
) -> None:
    page = visit(visiting, bundled_service, width=width)
    give(page, TROUSERS, DOUBTED)
    settled(page, 2)

    page.get_by_label("Compact list").check()

    facts = card(page, TROUSERS.name).locator(".facts")
    expect(facts).to_have_text(re.compile(r"^99\.\d% sure · black · trousers$"))
    assert facts.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    expect(card(page, TROUSERS.name).locator(".attributes")).to_be_hidden()


def test_a_picture_whose_kind_alone_is_accepted_is_not_counted_as_accepted(
    page: Page, bundled_service: Service
) -> None:
    answer = bundled_service.post("/predict?seen=1", data=TROUSERS.read_bytes()).json()
    kind = answer["attributes"]["kind"] | {"label": "jewellery", "decision": "accept", "reason": None}
    earrings = answer | {"decision": "review", "reason": "unfamiliar", "attributes": {"kind": kind}}
    page.route(PREDICTIONS, lambda route: route.fulfill(json=earrings))
    give(page, a_file("earrings.jpg", TROUSERS.read_bytes(), "image/jpeg"))
    settled(page, 1)
    page.unroute(PREDICTIONS)
    give(page, TROUSERS)
    settled(page, 2)

    shown = card(page, "earrings.jpg")
    expect(shown.locator(".label")).to_have_text("jewellery")
    expect(shown.locator(".decision")).to_have_text("Kind accepted")
    expect(page.locator("#tally")).to_have_text("2 pictures: 1 accepted, and 1 more by its kind alone")
    expect(shown.get_by_role("list", name="Probability of the likeliest classes")).to_be_hidden()
    shown.get_by_text("All 10 classes").click()
    expect(
        shown.get_by_role("list", name="Probability of the other classes").get_by_role("listitem")
    ).to_have_count(10)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Results as CSV").click()
    rows = {row["path"]: row for row in csv.DictReader(saved.value.path().read_text("utf-8").splitlines())}
    assert (rows["earrings.jpg"]["label"], rows["earrings.jpg"]["decision"]) == ("Trouser", "review")
    assert (rows["earrings.jpg"]["kind"], rows["earrings.jpg"]["kind_decision"]) == ("jewellery", "accept")


def test_the_title_field_is_as_high_as_other_fields_and_phones_do_not_zoom_into_it(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)

    field = page.get_by_label("The shop's title (optional)")
    box = field.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    expect(field).to_have_css("font-size", "16px")


def test_a_copied_snippet_gives_the_answer_of_the_page_and_its_language_is_no_label(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    give(page, TROUSERS)
    settled(page, 1)
    shown = card(page, TROUSERS.name)
    shown.get_by_text("Use via API").click()

    code = {}
    for language in ("curl", "JavaScript", "Python"):
        shown.get_by_label("Language of the snippet").select_option(language)
        shown.get_by_role("button", name="Copy").click()
        code[language] = page.evaluate("navigator.clipboard.readText()")
    from_javascript = page.evaluate(
        """async ([code, bytes]) => {
          const file = new Blob([new Uint8Array(bytes)]);
          const body = code.replace(/console\\.log\\((.*)\\);/, "return [$1];");
          return Object.getPrototypeOf(async () => {}).constructor("file", body)(file);
        }""",
        [code["JavaScript"], list(TROUSERS.read_bytes())],
    )

    answer = json.loads(output_of("bash", "-c", code["curl"]))
    assert answer["label"] == "Trouser"
    assert output_of(sys.executable, "-c", code["Python"]).split()[::2] == ["Trouser", "accept"]
    assert from_javascript == [answer["label"], answer["confidence"], answer["decision"]]
    expect(page.locator("#corrections")).to_be_hidden()


def output_of(*command: str) -> str:
    """What a command prints, run where the pictures are."""
    ended = done(command, TROUSERS.parent)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout

"""The page at / as people use it: a real Chromium on a real gunicorn. All but its first tests are slow."""

import re
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Dialog, Page, expect

from inference.contract import Head, whole_pictures
from labelling.review.corrections import NONE, read_corrections
from tests.browser import PHONE, Visits, flaws
from tests.e2e.conftest import Serve
from tests.picture_page import (
    DOUBTED,
    EXAMPLES,
    PREDICTIONS,
    TROUSERS,
    Held,
    a_file,
    card,
    drop,
    garments,
    give,
    settled,
    visit,
)
from tests.releases import a_store
from tests.service import ROOT, Service
from tests.uploads import png
from training.pictures.listing import list_pictures

BOOT = EXAMPLES / "ankle-boot.png"
CHEQUERED = png((np.indices((28, 28)).sum(axis=0) % 2 * 255).astype(np.uint8))

PRIMARY = """() => [...document.querySelectorAll("button")]
  .filter((button) => button.checkVisibility())
  .filter((button) => getComputedStyle(button).backgroundColor === "rgb(15, 107, 98)")
  .map((button) => button.innerText)"""
"""The names of the buttons that have the accent's colour."""


def primary(page: Page) -> object:
    """Those names, with the pointer on none of them: it darkens the one that it is on."""
    page.mouse.move(0, 0)
    return page.evaluate(PRIMARY)


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page, opened at a desk."""
    return visit(visiting, bundled_service)


def test_a_picture_is_shown_at_once_and_then_its_answer(page: Page, bundled_service: Service) -> None:
    held = Held(page)

    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    expect(shown.get_by_role("img", name="photo-trousers.jpg")).to_have_js_property("naturalWidth", 202)
    expect(shown).to_contain_text("Sending")
    held.let_go()

    answer = bundled_service.post("/predict?seen=1", data=TROUSERS.read_bytes()).json()
    expect(shown.locator(".label")).to_have_text(answer["label"])
    expect(shown).to_contain_text("Accept")
    expect(shown).to_contain_text("The model is sure, and the picture looks like what it has learnt.")
    expect(shown.locator(".category")).to_be_hidden()
    seen = shown.get_by_role("img", name="192 by 192 pixels")
    expect(seen).to_have_attribute("src", answer["seen"])
    ranked = sorted(answer["probabilities"], key=lambda label: -answer["probabilities"][label])
    bars = shown.locator(".bars:visible").get_by_role("listitem")
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == ranked[:3]
    # The page never says that all of it is certain: beyond 99.9% it says "> 99.9%".
    expect(bars.first).to_contain_text(f"{min(answer['confidence'], 0.999):.1%}")
    shown.get_by_text("All 10 classes").click()
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == ranked
    less_typical = round(answer["familiarity"] * 100)
    expect(shown).to_contain_text(
        f"of 100 pictures that the model was checked on, {less_typical} look less typical"
    )


def test_an_accepted_answer_below_nine_in_ten_is_called_likely(page: Page, bundled_service: Service) -> None:
    answer = bundled_service.post("/predict?seen=1", data=TROUSERS.read_bytes()).json()
    page.route(PREDICTIONS, lambda route: route.fulfill(json={**answer, "confidence": 0.89}))

    give(page, TROUSERS)

    shown = card(page, "photo-trousers.jpg")
    expect(shown).to_contain_text("Accept")
    expect(shown).to_contain_text("The model holds this for likely: Trouser ")


def test_a_card_shows_what_the_answer_rests_on_and_hides_it_again(page: Page) -> None:
    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    why = shown.get_by_role("button", name="Why?")

    held = Held(page)
    why.click()
    expect(why).to_have_attribute("aria-busy", "true")
    assert "…" in why.evaluate("(button) => getComputedStyle(button, '::after').content")
    held.let_go()

    heat = shown.get_by_role("img", name=re.compile("^(No single part|What speaks).*Trouser"))
    expect(heat).to_be_visible()
    expect(heat).to_have_js_property("naturalWidth", 192)
    expect(why).to_have_attribute("aria-pressed", "true")
    sentence = shown.get_by_text(
        re.compile(r"^(What speaks most for Trouser is .* falls from|No single part .* is) .*%.* .*%\.$")
    )
    for words in (sentence, shown.get_by_text("red: speaks for it"), shown.get_by_text("What it rests on")):
        expect(words).to_be_visible()
    why.click()
    expect(heat).to_be_hidden()
    expect(sentence).to_be_hidden()
    expect(shown.get_by_text("What it saw")).to_be_visible()


@pytest.mark.slow
def test_a_card_names_the_operators_category_in_the_readers_language(visiting: Visits, serve: Serve) -> None:
    with serve(MODEL_STORE="bundled", TAXONOMY=str(ROOT / "examples/taxonomy.json")) as service:
        page = visit(visiting, service, locale="de-DE")
        page.locator("#files").set_input_files(TROUSERS)

        shown = card(page, "photo-trousers.jpg")
        expect(shown.locator(".label")).to_have_text("Hosen")
        expect(shown.locator(".category")).to_have_text("5107")
        options = shown.get_by_label("Was ist es wirklich?").locator("option")
        assert "Kleider" in options.all_text_contents()


@pytest.mark.slow
def test_the_page_speaks_the_readers_language(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, locale="de-AT")
    expect(page.get_by_role("heading", level=1)).to_have_text("Was zeigt dieses Bild?")
    page.get_by_role("button", name="Hose").click()
    settled(page, 1)
    english = visit(visiting, bundled_service, locale="fr-FR")

    assert page.locator("html").get_attribute("lang") == "de"
    text = page.locator("body").inner_text()
    for words in ("Annehmen", "Das Modell ist sicher, und das Bild", "\u00a0% sicher"):
        assert words in text
    assert flaws(page) == []
    expect(english.get_by_role("button", name="Choose pictures")).to_be_visible()


@pytest.mark.slow
def test_the_empty_page_names_the_classes_and_a_sample_can_be_tried(page: Page) -> None:
    expect(page.locator("#classes")).to_contain_text("10 classes: T-shirt/top, Trouser,")

    page.get_by_role("button", name="Trousers").click()

    expect(page.locator(".card .label")).to_have_text("Trouser")
    expect(page.locator("#results")).to_be_focused()


@pytest.mark.slow
def test_the_samples_are_photos_that_are_accepted(page: Page) -> None:
    samples = page.locator("#samples button")
    for index in range(samples.count()):
        page.evaluate("(index) => document.querySelectorAll('#samples button')[index].click()", index)
    settled(page, 4)

    decisions = page.locator(".card .decision").all_text_contents()
    assert set(decisions) == {"Accept"}


@pytest.mark.slow
def test_one_picture_is_removed_and_the_others_stay(page: Page) -> None:
    held = Held(page)
    give(page, *garments(6))
    expect(page.locator(".card[data-state=sending]")).to_have_count(4)
    page.get_by_role("button", name="Remove garment-01.png").click()
    expect(page.get_by_role("button", name="Remove garment-02.png")).to_be_focused()
    held.let_go()
    settled(page, 5)

    page.get_by_role("button", name="Remove garment-05.png").click()

    names = page.get_by_role("heading", level=3).all_text_contents()
    assert names == [f"garment-0{number}.png" for number in (0, 2, 3, 4)]
    expect(page.locator("#tally")).to_contain_text("4 pictures: ")


@pytest.mark.slow
def test_a_page_with_unsaved_answers_is_not_left_without_a_question(page: Page) -> None:
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    give(page, TROUSERS)
    settled(page, 1)
    page.on("dialog", refuse)

    with page.expect_event("dialog"):
        page.close(run_before_unload=True)

    expect(page.locator(".card")).to_have_count(1)
    assert asked == ["beforeunload"]


@pytest.mark.slow
def test_what_was_cleared_comes_back_with_undo_until_other_pictures_come(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    before = card(page, TROUSERS.name).text_content()

    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".card")).to_have_count(1)
    assert card(page, TROUSERS.name).text_content() == before
    page.get_by_role("button", name="Clear").click()
    give(page, TROUSERS)
    settled(page, 1)
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()


@pytest.mark.slow
def test_there_is_one_primary_button_at_a_desk_and_on_a_phone(
    page: Page, visiting: Visits, bundled_service: Service, guarded_service: Service
) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    card(page, TROUSERS.name).get_by_label("What is it really?").select_option("Dress")

    shown = [
        primary(page),
        primary(visit(visiting, bundled_service, **PHONE)),
        primary(visit(visiting, guarded_service)),
    ]

    assert shown == [["Choose pictures"], ["Take a photo"], ["Use this key"]]


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_on_a_phone_the_bar_of_labels_leaves_the_pictures_in_view(
    visiting: Visits, bundled_service: Service, locale: str
) -> None:
    page = visit(visiting, bundled_service, locale=locale, **PHONE)
    page.locator("#files").set_input_files(TROUSERS)
    page.locator(".truth:not([data-attribute]) select").select_option("Dress")

    bar = page.locator("#corrections").bounding_box()

    assert bar is not None
    assert bar["height"] < PHONE["height"] / 6


@pytest.mark.slow
def test_on_a_phone_the_first_result_is_seen_before_the_controls(
    visiting: Visits, bundled_service: Service
) -> None:
    page = visit(visiting, bundled_service, **PHONE)
    give(page, TROUSERS, DOUBTED)
    settled(page, 2)

    first = page.locator(".card .label").first.bounding_box()
    controls = page.locator("#order").bounding_box()
    assert first is not None
    assert controls is not None
    assert first["y"] + first["height"] < PHONE["height"]
    assert first["y"] < controls["y"]
    page.get_by_role("button", name="Sort and save").tap()
    expect(page.locator("#order")).to_be_in_viewport()


@pytest.mark.slow
def test_twelve_pictures_are_printed_on_two_pages_in_dark_ink(
    visiting: Visits, bundled_service: Service
) -> None:
    page = visit(visiting, bundled_service, color_scheme="dark")
    give(page, *garments(12))
    settled(page, 12)

    pages = re.findall(rb"/Type /Page\b", page.pdf(format="A4"))
    page.emulate_media(media="print")
    ink = page.locator(".label").first.evaluate("(label) => getComputedStyle(label).color")

    assert len(pages) <= 2
    assert max(map(int, re.findall(r"\d+", ink))) < 100


@pytest.mark.slow
def test_pictures_to_review_say_why(page: Page, bundled_service: Service) -> None:
    give(page, a_file("chequered.png", CHEQUERED))
    chequered = card(page, "chequered.png")
    expect(chequered).to_contain_text("The picture is unlike what the model has learnt")
    expect(chequered).to_contain_text("the nearest class: ")
    expect(chequered.locator(".sure")).not_to_contain_text("% sure")
    expect(chequered.locator(".label")).to_have_css("font-weight", "400")
    answer = bundled_service.post("/predict?seen=1", data=DOUBTED.read_bytes()).json()
    doubt = {"decision": "review", "reason": "ambiguous", "confidence": 0.6}
    shares = dict.fromkeys(answer["probabilities"], 0.0) | {"Dress": 0.6, "Shirt": 0.4}
    page.route(PREDICTIONS, lambda route: route.fulfill(json=answer | doubt | {"probabilities": shares}))

    give(page, a_file(DOUBTED.name, DOUBTED.read_bytes()))

    doubted = card(page, DOUBTED.name)
    expect(doubted).to_contain_text(re.compile(r"Not sure enough to accept: Dress [\d.]+%, Shirt [\d.]+%\."))
    expect(page.locator("#tally")).to_have_text("2 pictures: 2 to review")
    page.get_by_label("Compact list").check()
    for shown, words in ((chequered, "unlike what the model has learnt"), (doubted, "Not sure enough")):
        expect(shown.get_by_text(words)).to_be_visible()


@pytest.mark.slow
def test_pictures_and_folders_can_be_dropped_and_notes_are_left_out(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "boots").mkdir(parents=True)
    (folder / "boots" / "one.png").write_bytes(BOOT.read_bytes())
    (folder / "two.jpg").write_bytes(TROUSERS.read_bytes())
    (folder / "notes.txt").write_text("boots, then trousers", "utf-8")

    drop(page, folder, EXAMPLES / "bag.png")
    settled(page, 3)

    names = page.get_by_role("heading", level=3).all_text_contents()
    assert names == ["shop/boots/one.png", "shop/two.jpg", "bag.png"]
    expect(page.locator("#notice")).to_contain_text("1 of the files in the folder")


@pytest.mark.slow
def test_a_zip_is_taken_apart_and_what_a_system_put_into_it_is_left_out(page: Page, tmp_path: Path) -> None:
    shop = tmp_path / "shop.zip"
    with zipfile.ZipFile(shop, "w") as archive:
        archive.write(BOOT, "boots/one.png", zipfile.ZIP_STORED)
        archive.write(TROUSERS, "Hosen für Kinder.jpg", zipfile.ZIP_DEFLATED)
        archive.writestr("__MACOSX/boots/._one.png", b"resource fork")
        archive.writestr("boots/Thumbs.db", b"thumbnails")

    drop(page, shop)
    settled(page, 2)

    names = page.get_by_role("heading", level=3).all_text_contents()
    assert names == ["shop.zip/boots/one.png", "shop.zip/Hosen für Kinder.jpg"]
    expect(card(page, "shop.zip/boots/one.png").locator(".label")).to_have_text("Ankle boot")


@pytest.mark.slow
def test_a_zip_that_cannot_be_read_is_named(page: Page, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    with zipfile.ZipFile(cut, "w") as archive:
        archive.write(BOOT, "one.png")
    cut.write_bytes(cut.read_bytes()[:-30])

    drop(page, cut)

    expect(page.locator("#notice")).to_contain_text("cut.zip is a ZIP that cannot be taken apart here")


@pytest.mark.slow
def test_a_picture_can_be_pasted_and_saved_and_text_is_no_picture(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('a boot')")
    page.keyboard.press("Control+V")
    expect(page.locator("#notice")).to_have_text("There is no picture on the clipboard.")
    page.evaluate(
        """async (bytes) => navigator.clipboard.write(
            [new ClipboardItem({"image/png": new Blob([new Uint8Array(bytes)], {type: "image/png"})})])""",
        list(BOOT.read_bytes()),
    )

    page.keyboard.press("Control+V")

    expect(page.locator(".card")).to_contain_text("Ankle boot")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save picture").click()
    assert re.fullmatch(r"pasted-\d{14}-1\.png", saved.value.suggested_filename)
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_phone_offers_its_camera_and_is_asked_for_jpeg(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, **PHONE)

    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Take a photo").tap()
    camera = chosen.value.element
    asked = [camera.get_attribute(name) for name in ("accept", "capture")]
    chosen.value.set_files(str(TROUSERS))

    assert asked == ["image/jpeg,image/png", "environment"]
    expect(page.locator(".card")).to_contain_text("Trouser")


@pytest.mark.slow
def test_many_pictures_go_a_few_at_a_time_and_keep_their_order(page: Page) -> None:
    pictures = garments(11)
    pictures.insert(3, a_file("notes.txt", b"no picture", "text/plain"))
    held = Held(page)

    give(page, *pictures)
    expect(page.locator(".card[data-state=sending]")).to_have_count(4)
    held.wait_for(4)
    under_way = len(held.routes)
    held.let_go()
    settled(page, 12)

    assert under_way == 4
    assert page.get_by_role("heading", level=3).all_text_contents() == [one["name"] for one in pictures]
    expect(page.locator("#tally")).to_contain_text(re.compile("^12 pictures: .*1 failed$"))
    page.get_by_text("Failed", exact=True).click()
    expect(page.locator(".card:visible")).to_have_count(1)


@pytest.mark.slow
def test_what_is_under_way_can_be_stopped_and_gone_on_with(page: Page) -> None:
    held = Held(page)
    give(page, *garments(6))
    expect(page.locator(".card[data-state=sending]")).to_have_count(4)
    held.wait_for(4)

    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".card[data-state=stopped]")).to_have_count(6)
    page.unroute(PREDICTIONS)
    page.get_by_role("button", name="Go on").click()
    settled(page, 6)

    assert len(held.routes) == 4
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()


@pytest.mark.slow
def test_labels_stay_in_the_browser_and_are_exported_for_training(page: Page, tmp_path: Path) -> None:
    give(page, DOUBTED, TROUSERS)
    settled(page, 2)

    card(page, DOUBTED.name).get_by_label("What is it really?").select_option("Shirt")
    card(page, "photo-trousers.jpg").get_by_label("What is it really?").select_option("Trouser")
    page.reload()
    expect(page.locator("#kept")).to_contain_text("kept in this browser: 2 pictures.")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()

    exported = tmp_path / saved.value.suggested_filename
    saved.value.save_as(exported)
    header, first, _ = exported.read_text("utf-8").splitlines()
    assert header == "path,label,sha256,at,predicted,confidence,decision,model,attribute"
    assert re.fullmatch(
        rf"{DOUBTED.name},Shirt,{sha256(DOUBTED.read_bytes()).hexdigest()},.*,Dress,0\..*", first
    )
    for picture in (DOUBTED, TROUSERS):
        (tmp_path / picture.name).write_bytes(picture.read_bytes())
    labels = {one.path.name: one.label for one in list_pictures(exported).pictures}
    assert labels == {DOUBTED.name: "Shirt", "photo-trousers.jpg": "Trouser"}


@pytest.mark.slow
def test_a_picture_of_no_class_is_exported_as_a_review_sheet_does(page: Page, tmp_path: Path) -> None:
    give(page, TROUSERS)
    settled(page, 1)

    card(page, TROUSERS.name).get_by_label("What is it really?").select_option("none of these")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    saved.value.save_as(tmp_path / "page.csv")

    [said] = read_corrections([tmp_path / "page.csv"], ["Trouser"])
    assert (said.label, said.sha256) == (NONE, sha256(TROUSERS.read_bytes()).hexdigest())


@pytest.mark.slow
def test_a_card_corrects_the_colour_as_well_as_the_class(page: Page, tmp_path: Path) -> None:
    give(page, TROUSERS)
    settled(page, 1)

    card(page, TROUSERS.name).get_by_label("What is it really?").select_option("Trouser")
    card(page, TROUSERS.name).get_by_label("colour?").select_option("blue")
    page.reload()
    expect(page.locator("#kept")).to_contain_text("kept in this browser: 1 picture.")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    saved.value.save_as(tmp_path / "page.csv")

    found = read_corrections([tmp_path / "page.csv"], ["Trouser"], {"colour": ["blue"]})
    assert [(one.attribute, one.label) for one in found] == [("", "Trouser"), ("colour", "blue")]
    assert {one.sha256 for one in found} == {sha256(TROUSERS.read_bytes()).hexdigest()}


@pytest.mark.slow
def test_what_a_model_of_another_size_saw_is_shown_at_its_own_size(
    visiting: Visits, serve: Serve, tmp_path: Path
) -> None:
    with serve(MODEL_STORE=a_store(tmp_path, reads=whole_pictures(64, 3))) as service:
        page = visit(visiting, service)
        give(page, TROUSERS)

        seen = card(page, "photo-trousers.jpg").get_by_role("img", name="64 by 64 pixels")
        expect(seen).to_have_css("padding", "24px")


@pytest.mark.slow
def test_attributes_are_chips_with_their_decision_and_those_that_do_not_apply_are_left_out(
    visiting: Visits, serve: Serve, tmp_path: Path
) -> None:
    attributes = {
        "colour": Head(labels=("red", "<b>green</b>"), temperature=1.0, confidence=0.0),
        "pattern": Head(labels=("plain", "striped"), temperature=1.0, confidence=2.0),
        "sleeve": Head(labels=("long", "short"), temperature=1.0, confidence=0.0, applies_to=()),
    }
    store = a_store(tmp_path, reads=whole_pictures(64, 3), attributes=attributes)
    with serve(MODEL_STORE=store) as service:
        page = visit(visiting, service)
        give(page, TROUSERS)

        chips = (
            card(page, "photo-trousers.jpg").get_by_role("list", name="Attributes").get_by_role("listitem")
        )
        expect(chips).to_have_count(2)
        expect(chips.nth(0)).to_have_text(re.compile(r"^colour: (red|<b>green</b>).* [\d.]+%, Accept$"))
        expect(chips.nth(1)).to_have_text(re.compile(r"^pattern: .* [\d.]+%, Review$"))
        assert flaws(page) == []

"""The page at / as people use it: a real Chromium on a real gunicorn. All but its first tests are slow."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from inference.contract import whole_pictures
from tests.browser import PHONE, Visits
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
from training.data.listing import list_pictures

BOOT = EXAMPLES / "ankle-boot.png"
CHEQUERED = png((np.indices((28, 28)).sum(axis=0) % 2 * 255).astype(np.uint8))


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
    seen = shown.get_by_role("img", name="28 by 28 pixels")
    expect(seen).to_have_attribute("src", answer["seen"])
    expect(seen).to_have_css("image-rendering", "pixelated")
    bars = shown.get_by_role("list", name="Probability of each class").get_by_role("listitem")
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == list(answer["probabilities"])
    expect(bars.filter(has_text="Trouser")).to_contain_text(f"{answer['confidence']:.1%}")


def test_a_card_shows_what_the_answer_rests_on_and_hides_it_again(page: Page) -> None:
    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    why = shown.get_by_role("button", name="Why?")

    why.click()

    heat = shown.get_by_role("img", name="Trouser rests most on")
    expect(heat).to_be_visible()
    expect(heat).to_have_js_property("naturalWidth", 28)
    expect(why).to_have_attribute("aria-pressed", "true")
    why.click()
    expect(heat).to_be_hidden()


@pytest.mark.slow
def test_a_card_names_the_operators_category_in_the_readers_language(visiting: Visits, serve: Serve) -> None:
    with serve(MODEL_STORE="bundled", TAXONOMY=str(ROOT / "examples/taxonomy.json")) as service:
        page = visit(visiting, service, locale="de-DE")
        give(page, TROUSERS)

        expect(card(page, "photo-trousers.jpg").locator(".category")).to_have_text("Hosen, 5107")


@pytest.mark.slow
def test_the_empty_page_names_the_classes_and_a_sample_can_be_tried(page: Page) -> None:
    expect(page.locator("#classes")).to_contain_text("10 classes: T-shirt/top, Trouser,")

    page.get_by_role("button", name="Trousers").click()

    expect(page.locator(".card .label")).to_have_text("Trouser")


@pytest.mark.slow
def test_pictures_to_review_say_why(page: Page) -> None:
    give(page, a_file(DOUBTED.name, DOUBTED.read_bytes()), a_file("chequered.png", CHEQUERED))

    doubted = card(page, DOUBTED.name)
    expect(doubted).to_contain_text(re.compile(r"Not sure enough to accept: Shirt [\d.]+%, Dress [\d.]+%\."))
    expect(card(page, "chequered.png")).to_contain_text("The picture is unlike what the model has learnt")
    expect(page.locator("#tally")).to_have_text("2 pictures: 2 to review")


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

    card(page, DOUBTED.name).get_by_label("What is it really?").select_option("Dress")
    card(page, "photo-trousers.jpg").get_by_label("What is it really?").select_option("Trouser")
    page.reload()
    expect(page.locator("#kept")).to_contain_text("2 pictures have a label of yours")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()

    exported = tmp_path / saved.value.suggested_filename
    saved.value.save_as(exported)
    header, first, _ = exported.read_text("utf-8").splitlines()
    assert header == "path,label,predicted,confidence,decision,model,at"
    assert first.startswith(f"{DOUBTED.name},Dress,Shirt,0.")
    labels = {one.path.name: one.label for one in list_pictures(exported).pictures}
    assert labels == {DOUBTED.name: "Dress", "photo-trousers.jpg": "Trouser"}


@pytest.mark.slow
def test_what_a_model_of_another_size_saw_is_shown_at_its_own_size(
    visiting: Visits, serve: Serve, tmp_path: Path
) -> None:
    with serve(MODEL_STORE=a_store(tmp_path, reads=whole_pictures(64, 3))) as service:
        page = visit(visiting, service)
        give(page, TROUSERS)

        seen = card(page, "photo-trousers.jpg").get_by_role("img", name="64 by 64 pixels")
        expect(seen).to_have_css("padding", "24px")

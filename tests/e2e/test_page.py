"""The page at / as people use it: a real Chromium on a real gunicorn."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE_WIDTH, Visits
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
from tests.service import ROOT, Service, running
from tests.uploads import png
from training.data.listing import list_csv

BOOT = EXAMPLES / "ankle-boot.png"
PHONE = {"width": PHONE_WIDTH, "height": 780, "has_touch": True, "is_mobile": True}


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page, opened at a desk."""
    return visit(visiting, bundled_service)


def test_a_picture_is_shown_at_once_and_then_what_the_model_made_of_it(
    page: Page, bundled_service: Service
) -> None:
    held = Held(page)

    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    expect(shown.get_by_role("img", name="photo-trousers.jpg")).to_have_js_property("naturalWidth", 202)
    expect(shown).to_contain_text("Sending")
    held.let_go()

    answer = bundled_service.post("/predict?seen=1", data=TROUSERS.read_bytes()).json()
    expect(shown).to_contain_text(answer["label"])
    expect(shown).to_contain_text("Accept")
    expect(shown).to_contain_text("The model is sure, and the picture looks like what it has learnt.")
    seen = shown.get_by_role("img", name="28 by 28 grey pixels")
    expect(seen).to_have_attribute("src", answer["seen"])
    expect(seen).to_have_css("image-rendering", "pixelated")
    bars = shown.get_by_role("list", name="Probability of each class").get_by_role("listitem")
    assert [bar.split("\n")[0].strip() for bar in bars.all_inner_texts()] == list(answer["probabilities"])
    expect(bars.filter(has_text="Trouser")).to_contain_text(f"{answer['confidence']:.1%}")


def test_a_card_names_the_operators_category_in_the_readers_language(
    visiting: Visits, tmp_path: Path
) -> None:
    taxonomy = str(ROOT / "examples/taxonomy.csv")
    with running(tmp_path, TAXONOMY=taxonomy, WEB_CONCURRENCY="1") as service:
        page = visit(visiting, service, locale="de-DE")
        give(page, TROUSERS)

        expect(card(page, "photo-trousers.jpg").locator(".category")).to_have_text("Hosen, 5107")


def test_without_categories_none_is_shown(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)

    expect(card(page, "photo-trousers.jpg").locator(".category")).to_be_hidden()


def test_a_picture_to_review_says_why(page: Page) -> None:
    give(page, DOUBTED, EXAMPLES / "photo-t-shirt.jpg")

    shown = card(page, DOUBTED.name)
    expect(shown).to_contain_text("Review")
    expect(shown).to_contain_text(re.compile(r"Not sure enough to accept: Shirt \d+\.\d%, Dress \d+\.\d%\."))
    expect(page.locator("#tally")).to_have_text("2 pictures: 2 to review")


def test_what_looks_like_no_garment_is_said_to_be_unfamiliar(page: Page) -> None:
    chequered = (np.indices((28, 28)).sum(axis=0) % 2 * 255).astype(np.uint8)

    give(page, a_file("chequered.png", png(chequered)))

    expect(card(page, "chequered.png")).to_contain_text("The picture is unlike what the model has learnt")


def test_pictures_and_folders_can_be_dropped_and_notes_among_them_are_left_out(
    page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    (folder / "boots").mkdir(parents=True)
    (folder / "boots" / "one.png").write_bytes(BOOT.read_bytes())
    (folder / "two.jpg").write_bytes(TROUSERS.read_bytes())
    (folder / "notes.txt").write_text("boots, then trousers", "utf-8")

    drop(page, folder, EXAMPLES / "bag.png")
    settled(page, 3)

    assert page.get_by_role("heading", level=3).all_text_contents() == [
        "shop/boots/one.png",
        "shop/two.jpg",
        "bag.png",
    ]
    expect(page.locator("#notice")).to_contain_text("1 of the files in the folder")


def test_a_picture_can_be_pasted_and_saved_under_the_name_it_was_given(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async (bytes) => navigator.clipboard.write(
            [new ClipboardItem({"image/png": new Blob([new Uint8Array(bytes)], {type: "image/png"})})])""",
        list(BOOT.read_bytes()),
    )

    page.keyboard.press("Control+V")

    shown = page.locator(".card")
    expect(shown).to_contain_text("Ankle boot")
    with page.expect_download() as saved:
        shown.get_by_role("button", name="Save picture").click()
    name = shown.get_by_role("heading").inner_text()
    assert re.fullmatch(r"pasted-\d{14}-1\.png", name)
    assert saved.value.suggested_filename == name
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_pasting_text_says_that_it_is_no_picture(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('a boot')")

    page.keyboard.press("Control+V")

    expect(page.locator("#notice")).to_have_text("There is no picture on the clipboard.")


def test_a_phone_offers_its_camera_and_is_asked_for_jpeg(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, **PHONE)

    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Take a photo").tap()
    camera = chosen.value.element
    asked = [camera.get_attribute(name) for name in ("accept", "capture")]
    chosen.value.set_files(str(TROUSERS))

    assert asked == ["image/jpeg,image/png", "environment"]
    expect(page.locator(".card")).to_contain_text("Trouser")


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


def test_labels_are_kept_in_the_browser_and_exported_as_what_training_reads(
    page: Page, tmp_path: Path
) -> None:
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
    assert exported.read_text("utf-8").startswith(
        f"path,label,predicted,confidence,decision,model,at\n{DOUBTED.name},Dress,Shirt,0."
    )
    listed = list_csv(exported)
    assert [(one.path.name, one.label) for one in listed.pictures] == [
        (DOUBTED.name, "Dress"),
        ("photo-trousers.jpg", "Trouser"),
    ]

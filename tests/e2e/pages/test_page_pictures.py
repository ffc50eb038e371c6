"""How pictures come to the page at /, wait, go and are taken away again."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser import PHONE, Visits
from tests.picture_page import (
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
from tests.service import Service

pytestmark = pytest.mark.slow

BOOT = EXAMPLES / "ankle-boot.png"


def names(page: Page) -> list[str]:
    """Of the pictures on the page, in their order."""
    return page.get_by_role("heading", level=3).all_text_contents()


def test_pictures_and_folders_can_be_dropped_and_notes_are_left_out(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "boots").mkdir(parents=True)
    (folder / "boots" / "one.png").write_bytes(BOOT.read_bytes())
    (folder / "two.jpg").write_bytes(TROUSERS.read_bytes())
    (folder / "notes.txt").write_text("boots, then trousers", "utf-8")

    drop(page, folder, EXAMPLES / "bag.png")
    settled(page, 3)

    assert names(page) == ["shop/boots/one.png", "shop/two.jpg", "bag.png"]
    expect(page.locator("#notice")).to_contain_text("1 of the files in the folder")


def test_a_zip_is_taken_apart_and_one_that_cannot_be_read_is_named(page: Page, tmp_path: Path) -> None:
    shop, cut = tmp_path / "shop.zip", tmp_path / "cut.zip"
    with zipfile.ZipFile(shop, "w") as archive:
        archive.write(BOOT, "boots/one.png", zipfile.ZIP_STORED)
        archive.write(TROUSERS, "Hosen für Kinder.jpg", zipfile.ZIP_DEFLATED)
        archive.writestr("__MACOSX/boots/._one.png", b"resource fork")
        archive.writestr("boots/Thumbs.db", b"thumbnails")
    cut.write_bytes(shop.read_bytes()[:-30])

    drop(page, cut, shop)
    settled(page, 2)

    assert names(page) == ["shop.zip/boots/one.png", "shop.zip/Hosen für Kinder.jpg"]
    expect(card(page, "shop.zip/boots/one.png").locator(".label")).to_have_text("Ankle boot")
    expect(page.locator("#notice")).to_contain_text("cut.zip is a ZIP that cannot be taken apart here")


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
    held.wait_for(4)
    under_way = len(held.routes)
    held.let_go()
    settled(page, 12)

    assert under_way == 4
    assert names(page) == [one["name"] for one in pictures]
    expect(page.locator("#tally")).to_contain_text(re.compile("^12 pictures: .*1 failed$"))
    page.get_by_text("Failed", exact=True).click()
    expect(page.locator(".card:visible")).to_have_count(1)


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


def test_one_picture_is_removed_and_the_others_stay(page: Page) -> None:
    held = Held(page)
    give(page, *garments(6))
    expect(page.locator(".card[data-state=sending]")).to_have_count(4)
    page.get_by_role("button", name="Remove garment-01.png").click()
    expect(page.get_by_role("button", name="Remove garment-02.png")).to_be_focused()
    held.let_go()
    settled(page, 5)

    page.get_by_role("button", name="Remove garment-05.png").click()

    assert names(page) == [f"garment-0{number}.png" for number in (0, 2, 3, 4)]
    expect(page.locator("#tally")).to_contain_text("4 pictures: ")


def test_what_was_cleared_comes_back_with_undo(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    before = card(page, TROUSERS.name).text_content()

    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".card")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".card")).to_have_count(1)
    assert card(page, TROUSERS.name).text_content() == before


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

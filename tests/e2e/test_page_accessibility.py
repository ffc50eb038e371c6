"""The page at / for those who see, hear, type and scroll in other ways, or whose machine is small."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE_WIDTH, Visits, overhang, violations
from tests.picture_page import EXAMPLES, TROUSERS, Held, a_file, card, garments, give, settled, visit
from tests.service import Service

pytestmark = pytest.mark.slow

DESK: dict[str, Any] = {"width": 1280}
PHONE: dict[str, Any] = {"width": PHONE_WIDTH, "height": 780, "has_touch": True, "is_mobile": True}
WIDE: dict[str, Any] = {"width": 2560, "height": 1300}

NO_PICTURE = a_file("a-very-long-name-that-has-no-place-where-it-could-be-broken-over-lines.txt", b"text")

COUNT_ADDRESSES = """
    let made = new Set();
    window.addressesLeft = () => made.size;
    const [make, letGo] = [URL.createObjectURL, URL.revokeObjectURL];
    URL.createObjectURL = (blob) => { const address = make(blob); made.add(address); return address; };
    URL.revokeObjectURL = (address) => { made.delete(address); letGo(address); };
"""


@pytest.mark.parametrize(
    ("window", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk in light", "phone in the dark"]
)
def test_the_page_is_accessible_and_never_wider_than_the_window(
    visiting: Visits, bundled_service: Service, window: dict[str, Any], scheme: str
) -> None:
    page = visit(visiting, bundled_service, color_scheme=scheme, **window)
    empty = violations(page), overhang(page)

    give(page, TROUSERS, EXAMPLES / "photo-dress.jpg")
    settled(page, 2)
    give(page, NO_PICTURE)
    settled(page, 3)
    card(page, "photo-dress.jpg").get_by_label("What is it really?").select_option("Dress")
    card(page, "photo-trousers.jpg").get_by_label("What is it really?").select_option("Trouser")

    assert empty == ([], 0)
    assert violations(page) == []
    assert overhang(page) == 0


def test_the_page_is_accessible_while_pictures_are_sent(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service)
    held = Held(page)

    give(page, *garments(6))
    expect(page.locator(".card[data-state=sending]")).to_have_count(4)
    found = violations(page)
    held.let_go()
    settled(page, 6)

    assert found == []


def test_a_wide_screen_is_used(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, **WIDE)
    give(page, *garments(3))
    settled(page, 3)

    tops = {box["y"] for box in (one.bounding_box() for one in page.locator(".card").all()) if box}

    assert len(tops) == 1


def test_dark_and_light_follow_the_system(visiting: Visits, bundled_service: Service) -> None:
    grounds = [
        visit(visiting, bundled_service, color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    ]

    assert grounds == ["rgb(247, 245, 241)", "rgb(20, 20, 18)"]


def test_nothing_moves_for_those_who_asked_for_that(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, reduced_motion="reduce")

    expect(page.locator("#intake")).to_have_css("transition-property", "none")
    expect(page.locator("#pick")).to_have_css("transition-property", "none")


def test_the_keyboard_alone_is_enough(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service)
    reach(page, "#pick")
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files([str(TROUSERS), str(EXAMPLES / "photo-dress.jpg")])
    settled(page, 2)

    reach(page, ".card:has-text('photo-dress.jpg') .truth select")
    page.keyboard.type("Dress")
    expect(page.locator("#kept")).to_contain_text("1 picture has a label of yours")
    reach(page, "#export")
    with page.expect_download() as saved:
        page.keyboard.press("Space")
    reach(page, "#forget")
    page.keyboard.press("Enter")

    assert "photo-dress.jpg,Dress" in saved.value.path().read_text("utf-8")
    expect(page.locator("#corrections")).to_be_hidden()
    expect(page.locator("#results")).to_be_focused()


def test_what_has_the_focus_is_outlined_and_not_covered(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service, **PHONE)
    give(page, *garments(3))
    settled(page, 3)
    card(page, "garment-00.png").get_by_label("What is it really?").select_option("Dress")

    reach(page, ".card:has-text('garment-02.png') .truth select")

    focused, bar = (page.locator(css).bounding_box() for css in (":focus", "#corrections"))
    assert focused is not None
    assert bar is not None
    assert focused["y"] + focused["height"] <= bar["y"]
    expect(page.locator(":focus")).to_have_css("outline-style", "solid")


def test_a_screen_reader_hears_the_answer_and_of_many_only_the_sum(
    visiting: Visits, bundled_service: Service
) -> None:
    page = visit(visiting, bundled_service)
    said = page.get_by_role("status")

    give(page, TROUSERS)
    expect(said).to_contain_text("photo-trousers.jpg: Trouser, 98.")
    expect(said).to_contain_text("Accept. The model is sure")
    give(page, *garments(5))

    expect(said).to_contain_text("5 pictures: ")


def test_pictures_do_not_pile_up_in_memory(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service)
    page.evaluate(COUNT_ADDRESSES)

    give(page, TROUSERS)
    settled(page, 1)
    give(page, NO_PICTURE, *garments(5))
    settled(page, 7)
    page.get_by_role("button", name="Clear").click()

    expect(page.locator(".card")).to_have_count(0)
    assert page.evaluate("window.addressesLeft()") == 0
    expect(page.get_by_role("button", name="Choose pictures")).to_be_focused()


def reach(page: Page, css: str) -> None:
    """Press Tab until an element has the focus."""
    wanted = page.locator(css)
    for _ in range(60):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {css}")

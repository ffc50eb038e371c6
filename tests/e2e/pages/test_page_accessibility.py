"""The pages for those who see, hear, type and scroll in other ways: at any width, light and dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visits, flaws
from tests.picture_page import EXAMPLES, TROUSERS, Held, a_file, card, give, settled, visit
from tests.service import Service

pytestmark = pytest.mark.slow

UNFOLD = "document.querySelectorAll('details').forEach((folded) => { folded.open = true })"
NO_PICTURE = a_file("a-very-long-name-that-has-no-place-where-it-could-be-broken-over-lines.txt", b"text")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_the_page_is_accessible_and_never_wider_than_the_window(
    visiting: Visits, bundled_service: Service, width: int, scheme: str
) -> None:
    page = visit(visiting, bundled_service, width=width, color_scheme=scheme)
    found = {"empty": flaws(page)}

    held = Held(page)
    give(page, TROUSERS, EXAMPLES / "photo-dress.jpg")
    expect(page.locator(".card[data-state=sending]")).to_have_count(2)
    found["sending"] = flaws(page)
    held.let_go()
    give(page, NO_PICTURE)
    settled(page, 3)
    card(page, "photo-dress.jpg").get_by_label("What is it really?").select_option("Dress")
    card(page, "photo-trousers.jpg").get_by_text("Use via API").click()
    found["results"] = flaws(page)
    page.get_by_label("Compact list").check()
    found["compact"] = flaws(page)

    assert found == {"empty": [], "sending": [], "results": [], "compact": []}


@pytest.mark.parametrize(
    ("path", "locale", "width", "scheme"),
    [
        ("/metrics", "de-DE", 360, "dark"),
        ("/metrics", "en-GB", 1440, "light"),
        ("/docs", "en-GB", 360, "dark"),
        ("/docs", "en-GB", 1440, "light"),
        ("/nowhere", "de-DE", 360, "dark"),
    ],
)
def test_report_and_contract_are_accessible_and_never_wider_than_the_window(
    visiting: Visits, bundled_service: Service, *, path: str, locale: str, width: int, scheme: str
) -> None:
    page = visiting(bundled_service.url + path, width=width, color_scheme=scheme, locale=locale)
    expect(page.locator("h1, #operations-Health-health_live").first).to_be_visible()
    page.evaluate(UNFOLD)

    assert flaws(page) == []


def test_the_contract_of_a_route_folds_its_responses_and_is_accessible_with_all_of_them(
    visiting: Visits, bundled_service: Service
) -> None:
    page = visiting(f"{bundled_service.url}/docs", width=390)
    predict = page.locator("#operations-Classify-predict")
    expect(predict.locator(".responses-table")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") < 5000

    predict.get_by_role("button", name="Show all responses").click()

    expect(predict.locator(".responses-table")).to_be_visible()
    assert flaws(page) == []


def test_the_keyboard_alone_is_enough(visiting: Visits, bundled_service: Service) -> None:
    page = visit(visiting, bundled_service)
    reach(page, "#pick")
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files([str(TROUSERS), str(EXAMPLES / "photo-dress.jpg")])
    settled(page, 2)

    reach(page, ".card:has-text('photo-dress.jpg') .truth:not([data-attribute]) select")
    page.keyboard.type("Dress")
    expect(page.locator("#kept")).to_contain_text("kept in this browser: 1 picture.")
    reach(page, "#export")
    with page.expect_download() as saved:
        page.keyboard.press("Space")
    reach(page, "#forget")
    page.keyboard.press("Enter")

    assert "photo-dress.jpg,Dress" in saved.value.path().read_text("utf-8")
    expect(page.locator("#corrections")).to_be_hidden()
    expect(page.locator("#results")).to_be_focused()


def reach(page: Page, css: str) -> None:
    """Press Tab until an element has the focus."""
    wanted = page.locator(css)
    for _ in range(60):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {css}")

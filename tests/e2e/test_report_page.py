"""GET /metrics in a real browser: accessible, at any width, light and dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from model_store.publish import publish
from model_store.store import open_store
from tests.browser import PHONE_WIDTH, Visits, overhang, violations
from tests.releases import a_release
from tests.service import Service, running
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

DESK: dict[str, Any] = {"width": 1280}
PHONE: dict[str, Any] = {"width": PHONE_WIDTH, "height": 780, "has_touch": True, "is_mobile": True}

LONG = "a-very-long-name-of-a-class-that-has-no-place-where-it-could-be-broken-over-lines"


@pytest.fixture(scope="module")
def odd_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A release of three classes with odd names, without photos and without most figures."""
    folder = tmp_path_factory.mktemp("odd")
    labels = ("<script>alert(1)</script>", LONG, "Größe")
    publish(a_release(folder / "made", labels=labels), open_store(str(folder / "store")), by="tests")
    with running(folder, MODEL_STORE=str(folder / "store"), WEB_CONCURRENCY="1") as service:
        yield service


def opened(visiting: Visits, service: Service, **window: Any) -> Page:
    """The report with everything in it unfolded."""
    page = visiting(f"{service.url}/metrics", **window)
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true })")
    return page


@pytest.mark.parametrize(
    ("window", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk, dark"]
)
def test_the_report_is_accessible_and_never_wider_than_the_window(
    visiting: Visits, bundled_service: Service, window: dict[str, Any], scheme: str
) -> None:
    page = opened(visiting, bundled_service, color_scheme=scheme, **window)

    assert violations(page) == []
    assert overhang(page) == 0


def test_classes_with_odd_names_break_nothing(visiting: Visits, odd_service: Service) -> None:
    page = opened(visiting, odd_service, **PHONE)

    assert violations(page) == []
    assert overhang(page) == 0
    expect(page.get_by_role("rowheader", name="<script>alert(1)</script>").first).to_be_visible()


def test_the_matrix_can_be_read_cell_by_cell(visiting: Visits, bundled_service: Service) -> None:
    page = opened(visiting, bundled_service)

    row = page.get_by_role("table", name="Confusion matrix").get_by_role("row").nth(1)

    expect(row.get_by_role("rowheader")).to_have_text("T-shirt/top")
    expect(row.get_by_role("cell").first).to_have_text("902")


def test_the_releases_figures_arrive(visiting: Visits, bundled_service: Service) -> None:
    page = visiting(f"{bundled_service.url}/metrics")

    pictures = page.locator("main img")
    expect(pictures).to_have_count(6)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)

    widths = pictures.evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert min(widths) > 100


def test_the_report_needs_no_script(visiting: Visits, bundled_service: Service) -> None:
    page = visiting(f"{bundled_service.url}/metrics", java_script_enabled=False)

    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Photographs").click()

    expect(page.get_by_role("heading", name="Photographs, by tier")).to_be_in_viewport()
    expect(page.get_by_role("img", name="Loss per epoch and accuracy per epoch")).to_be_visible()


def test_the_page_that_tries_pictures_leads_here_and_back(visiting: Visits, bundled_service: Service) -> None:
    page = visiting(bundled_service.url)

    page.get_by_role("link", name="How good it is").click()
    expect(page.get_by_role("heading", name="How good this model is")).to_be_visible()
    page.get_by_role("link", name="Try it").click()

    expect(page.get_by_role("heading", name="What does this picture show?")).to_be_visible()


def test_a_reader_at_a_keyboard_reaches_what_is_wider_than_the_window(
    visiting: Visits, bundled_service: Service
) -> None:
    page = visiting(f"{bundled_service.url}/metrics", **PHONE)

    matrix = page.get_by_role("region", name="Confusion matrix", exact=True)
    matrix.focus()

    def moves() -> bool:
        page.keyboard.press("ArrowRight")
        return bool(matrix.evaluate("region => region.scrollLeft") > 0)

    wait_for("the matrix to move", moves)
    assert overhang(page) == 0

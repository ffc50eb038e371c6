"""Photograph our pages for the documents: `make screenshots`.

The browser, the service and what people do are those of the tests; the pictures shown are examples/. Writes
docs/images/ alone. Where Inter is not installed, the pages are set in another face.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, expect

from tests.browser import Visits, chromium
from tests.picture_page import EXAMPLES, card, give, settled
from tests.service import ROOT, Service, running

IMAGES = ROOT / "docs" / "images"

GARMENTS = ("photo-trousers", "photo-dress", "photo-sneakers-cluttered", "photo-t-shirt")
"""Of examples/: some that are accepted, and some that a person reviews."""


@dataclass(frozen=True)
class Shot:
    """One picture of a page.

    Attributes:
        name: of the file in docs/images/, without its ending.
        path: of the page, from the service's root.
        width: of the window, in CSS pixels, and so is `height`.
        steps: what is done on the page before it is photographed.
        scheme: the colours that the system prefers.
    """

    name: str
    path: str
    width: int
    height: int
    steps: Callable[[Page], None]
    scheme: str = "light"


def show_garments(page: Page) -> None:
    """Give the page some pictures and say of one what it really is."""
    give(page, *(EXAMPLES / f"{name}.jpg" for name in GARMENTS))
    settled(page, len(GARMENTS))
    card(page, "photo-t-shirt.jpg").get_by_label("What is it really?").select_option("T-shirt/top")


def show_one(page: Page) -> None:
    """Give the page one picture, and have it in sight."""
    give(page, EXAMPLES / "photo-trousers.jpg")
    settled(page, 1)
    page.locator("#results").evaluate("(results) => results.scrollIntoView()")


def look_at_report(page: Page) -> None:
    """Wait for what is drawn last."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")


def look_at_docs(page: Page) -> None:
    """Wait until the contract has been laid out."""
    expect(page.get_by_text("/predict/batch").first).to_be_visible()
    page.wait_for_load_state("networkidle")


SHOTS = (
    Shot("page-desk", "/", 1440, 960, show_garments),
    Shot("page-desk-dark", "/", 1440, 960, show_garments, "dark"),
    Shot("page-phone", "/", 360, 720, show_one),
    Shot("page-phone-dark", "/", 360, 720, show_one, "dark"),
    Shot("report-desk", "/metrics", 1440, 1840, look_at_report),
    Shot("report-phone", "/metrics", 360, 720, look_at_report),
    Shot("docs-desk", "/docs", 1440, 900, look_at_docs),
    Shot("docs-phone", "/docs", 360, 720, look_at_docs),
)

PHONES_UP_TO = 480
"""CSS pixels: what is narrower is a phone, with fingers and two dots to the pixel."""


def main() -> None:
    """Take every picture of `SHOTS`."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service, chromium() as browser:
        visits = Visits(browser)
        for shot in SHOTS:
            take(shot, visits, service)
        visits.close()


def take(shot: Shot, visits: Visits, service: Service) -> None:
    """Open a page as on the machine that the shot is for, do its steps, and keep what is in the window."""
    phone = shot.width <= PHONES_UP_TO
    page = visits(
        service.url + shot.path,
        width=shot.width,
        height=shot.height,
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        is_mobile=phone,
        has_touch=phone,
        device_scale_factor=2 if phone else 1,
    )
    shot.steps(page)
    (IMAGES / f"{shot.name}.png").write_bytes(packed(page.screenshot()))


def packed(screenshot: bytes) -> bytes:
    """The same picture in fewer bytes: Chromium packs for speed."""
    picture = cv2.imdecode(np.frombuffer(screenshot, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    encoded, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert encoded
    return png.tobytes()


if __name__ == "__main__":
    main()

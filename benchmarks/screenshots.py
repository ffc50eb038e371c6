"""Photograph our pages for the documents: `make measure ARGS=screenshots`.

The browser, the service and the steps are those of the tests; the pictures shown are the samples of the page.
Writes docs/images/ alone. Where Inter is not installed, the pages are set in another face.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, expect

from app.api.web_page import FOLDER
from tests.browser import Visits, chromium
from tests.picture_page import card, give, settled
from tests.service import ROOT, running

IMAGES = ROOT / "docs" / "images"

GARMENTS = ("sample-trousers", "sample-dress", "sample-sneakers", "sample-t-shirt")
"""Of the page's own samples, whose answers nobody doubts."""

SHOTS = (
    ("page-desk", "/", 1440, 960, "light"),
    ("page-desk-dark", "/", 1440, 960, "dark"),
    ("page-phone", "/", 360, 720, "light"),
    ("page-phone-dark", "/", 360, 720, "dark"),
    ("report-desk", "/metrics", 1440, 1840, "light"),
    ("report-phone", "/metrics", 360, 720, "light"),
    ("docs-desk", "/docs", 1440, 900, "light"),
    ("docs-phone", "/docs", 360, 720, "light"),
)
"""File in docs/images/, path, width and height of the window in CSS pixels, and the preferred colours."""

PHONES_UP_TO = 480
"""CSS pixels: what is narrower is a phone, with fingers and two dots to the pixel."""


def main() -> None:
    """Take every picture of `SHOTS`."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service, chromium() as browser:
        visits = Visits(browser)
        for name, path, width, height, scheme in SHOTS:
            phone = width <= PHONES_UP_TO
            page = visits(
                service.url + path,
                width=width,
                height=height,
                color_scheme=scheme,
                is_mobile=phone,
                has_touch=phone,
                device_scale_factor=2 if phone else 1,
            )
            prepare(page, path, phone)
            (IMAGES / f"{name}.png").write_bytes(packed(page.screenshot()))
        visits.close()


def prepare(page: Page, path: str, phone: bool) -> None:
    """Bring a page into the state that is photographed."""
    if path != "/":
        expect(page.locator("h1, #operations-Health-health_live").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        return
    names = GARMENTS[:1] if phone else GARMENTS
    give(page, *(FOLDER / f"{name}.jpg" for name in names))
    settled(page, len(names))
    if phone:
        page.locator("#results").evaluate("(results) => results.scrollIntoView()")
    else:
        card(page, "sample-t-shirt.jpg").get_by_label("What is it really?").select_option("T-shirt/top")


def packed(screenshot: bytes) -> bytes:
    """The same picture in fewer bytes: Chromium packs for speed."""
    picture = cv2.imdecode(np.frombuffer(screenshot, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    encoded, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert encoded
    return png.tobytes()


if __name__ == "__main__":
    main()

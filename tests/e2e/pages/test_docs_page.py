"""The page at /docs in a real browser: the operations are there, and can be tried."""

import pytest
from playwright.sync_api import expect

from tests.browser import Visits
from tests.picture_page import EXAMPLES
from tests.service import Service

pytestmark = pytest.mark.slow


def test_a_picture_is_classified_and_the_page_leads_home(bundled_service: Service, visiting: Visits) -> None:
    page = visiting(f"{bundled_service.url}/docs/")
    predict = page.locator("#operations-Classify-predict")

    predict.locator('input[type="file"]').first.set_input_files(EXAMPLES / "ankle-boot.png")
    predict.get_by_role("button", name="Execute").click()
    expect(predict.locator(".live-responses-table")).to_contain_text('"label": "Ankle boot"')
    page.get_by_role("link", name="Try it").click()

    expect(page).to_have_url(f"{bundled_service.url}/")

"""The page at /docs in a real browser: the operations are there, and can be tried."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import Visits
from tests.picture_page import EXAMPLES
from tests.service import Service

pytestmark = pytest.mark.slow


def choose_the_example(predict: Locator) -> None:
    predict.get_by_label("Request content type").select_option("application/json")
    predict.locator(".examples-select-element").first.select_option(label="A picture file")


def choose_a_file(predict: Locator) -> None:
    predict.locator('input[type="file"]').first.set_input_files(EXAMPLES / "ankle-boot.png")


@pytest.mark.parametrize("choose", [choose_the_example, choose_a_file])
def test_a_picture_can_be_classified(
    bundled_service: Service, visiting: Visits, choose: Callable[[Locator], None]
) -> None:
    page = visiting(f"{bundled_service.url}/docs")
    predict = page.locator("#operations-Classify-predict_predict")

    choose(predict)
    predict.get_by_role("button", name="Execute").click()

    expect(predict.locator(".live-responses-table")).to_contain_text('"label": "Ankle boot"')


def test_other_servers_protocols_are_collapsed_and_the_page_leads_home(
    bundled_service: Service, visiting: Visits
) -> None:
    page = visiting(f"{bundled_service.url}/docs/")
    ping = page.locator("#operations-SageMaker-dialect_models_ping")
    expect(page.locator("#operations-Health-health_live")).to_be_visible()
    expect(ping).to_have_count(0)

    page.locator("#operations-tag-SageMaker").click()
    expect(ping).to_be_visible()
    page.get_by_role("link", name="Wardrobe: try pictures").click()

    expect(page).to_have_url(f"{bundled_service.url}/")

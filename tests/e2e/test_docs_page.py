"""The page at /docs in a real browser: the operations are there, and can be tried.

Swagger UI puts buttons into buttons, begins its headings at the third level and leaves fields without a
label; these findings of axe are excluded, all others are tested.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE_WIDTH, Visits, overhang, violations
from tests.service import ROOT, Service

pytestmark = pytest.mark.slow

OF_SWAGGER_UI = ("nested-interactive:", "heading-order:", "region:", "label:", "select-name:")


def opened(visiting: Visits, service: Service, **how: Any) -> Page:
    """The page, once the contract has been laid out."""
    page = visiting(f"{service.url}/docs", **how)
    expect(page.locator("#operations-Health-health_live")).to_be_visible()
    return page


def test_an_example_is_answered(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service)
    predict = page.locator("#operations-Classify-predict_predict")

    predict.get_by_label("Request content type").select_option("application/json")
    predict.locator(".examples-select-element").first.select_option(label="A picture file")
    predict.get_by_role("button", name="Execute").click()

    answer = predict.locator(".live-responses-table")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text('"label": "Ankle boot"')


def test_it_opens_with_the_upload_of_a_file(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service)
    predict = page.locator("#operations-Classify-predict_predict")

    predict.locator('input[type="file"]').first.set_input_files(ROOT / "examples" / "ankle-boot.png")
    predict.get_by_role("button", name="Execute").click()

    expect(predict.locator(".live-responses-table")).to_contain_text('"label": "Ankle boot"')


def test_other_servers_protocols_are_collapsed_until_they_are_wanted(
    bundled_service: Service, visiting: Visits
) -> None:
    page = opened(visiting, bundled_service)
    ping = page.locator("#operations-SageMaker-dialect_models_ping")
    expect(ping).to_have_count(0)

    page.locator("#operations-tag-SageMaker").click()

    expect(ping).to_be_visible()


def test_it_leads_home(bundled_service: Service, visiting: Visits) -> None:
    page = visiting(f"{bundled_service.url}/docs/")

    page.get_by_role("link", name="Wardrobe: try pictures").click()

    expect(page).to_have_url(f"{bundled_service.url}/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(bundled_service: Service, visiting: Visits, scheme: str) -> None:
    page = opened(visiting, bundled_service, color_scheme=scheme)

    found = violations(page)

    assert [line for line in found if not line.startswith(OF_SWAGGER_UI)] == []


def test_it_fits_on_a_phone(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service, width=PHONE_WIDTH, height=720)

    assert overhang(page) == 0

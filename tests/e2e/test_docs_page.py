"""The page at /docs in a real browser: the operations are there, and can be tried out.

Swagger UI puts buttons into buttons and begins its headings at the third level: what axe says of these is
theirs to mend. Whatever else it says is held here.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE_WIDTH, Visits, overhang, violations
from tests.service import ROOT, Service

OF_SWAGGER_UI = ("nested-interactive:", "heading-order:", "region:")


def opened(visiting: Visits, service: Service, **how: Any) -> Page:
    """The page, once the contract has been laid out."""
    page = visiting(f"{service.url}/docs", **how)
    expect(page.locator("#operations-Health-health_live")).to_be_visible()
    return page


def test_what_is_tried_out_is_answered(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service)
    predict = page.locator("#operations-Classify-predict_predict")

    predict.locator(".opblock-summary-control").click()
    predict.get_by_role("button", name="Try it out").click()
    predict.get_by_role("button", name="Execute").click()

    answer = predict.locator(".live-responses-table")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text('"label": "Ankle boot"')


def test_a_file_can_be_picked(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service)
    predict = page.locator("#operations-Classify-predict_predict")

    predict.locator(".opblock-summary-control").click()
    predict.get_by_label("Request content type").select_option("multipart/form-data")
    predict.get_by_role("button", name="Try it out").click()
    predict.locator('input[type="file"]').first.set_input_files(ROOT / "examples" / "ankle-boot.png")
    predict.get_by_role("button", name="Execute").click()

    expect(predict.locator(".live-responses-table")).to_contain_text('"label": "Ankle boot"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(bundled_service: Service, visiting: Visits, scheme: str) -> None:
    page = opened(visiting, bundled_service, color_scheme=scheme)

    found = violations(page)

    assert [line for line in found if not line.startswith(OF_SWAGGER_UI)] == []


def test_it_fits_on_a_phone(bundled_service: Service, visiting: Visits) -> None:
    page = opened(visiting, bundled_service, width=PHONE_WIDTH, height=720)

    assert overhang(page) == 0

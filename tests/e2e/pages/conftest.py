"""One browser for all pages, and the services that they are of."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from inference.contract import Head, make_whole_picture_input
from tests.browser import Visits, chromium
from tests.picture_page import visit
from tests.releases import a_store
from tests.service import ROOT, Service, running

LARGEST_UPLOAD = 100_000
"""Bytes that `shop_service` takes."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, started for the first test of a page."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page of the bundled release with every setting at its default, opened at a desk."""
    return visit(visiting, bundled_service)


@pytest.fixture(scope="package")
def shop_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A release with attributes and an input of 64 by 64; categories of a shop; small uploads alone."""
    folder = tmp_path_factory.mktemp("shop")
    attributes = {
        "colour": Head(labels=("red", "<b>green</b>"), temperature=1.0, confidence=0.0),
        "pattern": Head(labels=("plain", "striped"), temperature=1.0, confidence=2.0),
        "sleeve": Head(labels=("long", "short"), temperature=1.0, confidence=0.0, applies_to=()),
    }
    with running(
        folder,
        MODEL_STORE=a_store(folder, reads=make_whole_picture_input(64, 3), attributes=attributes),
        TAXONOMY=str(ROOT / "examples/taxonomy.json"),
        MAX_UPLOAD_BYTES=str(LARGEST_UPLOAD),
    ) as service:
        yield service

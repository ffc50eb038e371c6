"""Services that several tests share, each a real gunicorn, and a real browser to look at their pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from model_store.publish import publish
from model_store.store import open_store
from tests.browser import Visits, chromium
from tests.releases import a_release
from tests.service import Service, running


@pytest.fixture(scope="session")
def bundled_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """What `make serve` starts: every setting at its default."""
    with running(tmp_path_factory.mktemp("bundled")) as service:
        yield service


# Not for the session: Playwright leaves an event loop running beneath the tests that come after.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started for the first test of a file that asks."""
    with chromium() as started:
        yield started


@pytest.fixture
def visiting(browser: Browser) -> Iterator[Visits]:
    """Opens pages, `visiting(url)`, and fails the test if one of them complains."""
    visits = Visits(browser)
    yield visits
    visits.close()
    assert visits.complaints == []


@pytest.fixture
def little_store(tmp_path: Path) -> Path:
    """A folder store of this test's own, with one little release."""
    publish(a_release(tmp_path / "release"), open_store(str(tmp_path / "store")), by="tests")
    return tmp_path / "store"

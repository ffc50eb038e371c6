"""Services that several tests share, each a real gunicorn, and a real browser to look at their pages."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.security.api_keys import hash_key
from tests.browser import Visits, chromium
from tests.releases import a_store
from tests.service import Service, running, start

Serve = Callable[..., AbstractContextManager[Service]]

KEY = "right-secret"


@pytest.fixture(scope="session")
def bundled_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """What `make serve` starts: every setting at its default."""
    with running(tmp_path_factory.mktemp("bundled")) as service:
        yield service


@pytest.fixture(scope="session")
def guarded_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for KEY."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys").write_text(f"shop:{hash_key(KEY)}\n", "utf-8")
    with running(folder, API_KEYS_FILE=str(folder / "keys"), WEB_CONCURRENCY="1") as service:
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


@pytest.fixture(scope="session")
def little_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder store with one little release; tests must not publish into it."""
    return a_store(tmp_path_factory.mktemp("little"))


@pytest.fixture
def serve(little_store: str, tmp_path: Path) -> Serve:
    """Runs a service on a little release: `with serve(SLOTS="1") as service`."""

    def serving(stderr: int = subprocess.STDOUT, **environment: str) -> AbstractContextManager[Service]:
        return running(tmp_path, stderr, **{"MODEL_STORE": little_store} | environment)

    return serving


@pytest.fixture
def end_of_start(little_store: str, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Starts a service that is to end by itself: its exit status and its log."""

    def ended(**environment: str) -> tuple[int, str]:
        service = start(tmp_path, **{"MODEL_STORE": little_store} | environment)
        status = service.process.wait(120)
        return status, service.text()

    return ended

"""Services that several tests share, each a real gunicorn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_store.publish import publish
from model_store.store import open_store
from tests.releases import a_release
from tests.service import Service, running


@pytest.fixture(scope="session")
def bundled_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """What `make serve` starts: every setting at its default."""
    with running(tmp_path_factory.mktemp("bundled")) as service:
        yield service


@pytest.fixture
def little_store(tmp_path: Path) -> Path:
    """A folder store of this test's own, with one little release."""
    publish(a_release(tmp_path / "release"), open_store(str(tmp_path / "store")), by="tests")
    return tmp_path / "store"

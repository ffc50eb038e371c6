"""A little release, and S3 for those tests that want it."""

from pathlib import Path

import pytest

from tests.contract.store.conftest import use
from tests.releases import a_release
from tests.s3_servers import S3Server


@pytest.fixture(scope="session")
def little_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release whose graph runs in microseconds."""
    return a_release(tmp_path_factory.mktemp("labelling") / "release")


@pytest.fixture
def bucket(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty prefix."""
    use(moto_server, monkeypatch)
    return f"s3://{moto_server.new_bucket()}/photos"

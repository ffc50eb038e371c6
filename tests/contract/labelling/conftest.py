"""A little release, labelling in the process of the test, S3 and an HTTPS server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.contract import Head
from scripts.label_job import ENGINES_BY_NAME
from tests.catalogues import PICTURES
from tests.contract.store.conftest import use
from tests.https_servers import Authority, HttpsServer, https_server, status
from tests.labelled_here import here
from tests.releases import a_release
from tests.s3_servers import S3Server


@pytest.fixture(scope="package", autouse=True)
def labelled_here() -> Iterator[None]:
    """The command starts no worker processes; what is about these names them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINES_BY_NAME, "processes", here)
        yield


COLOURS = ("red", "green", "blue")
HEADS = {
    "colour": Head(labels=COLOURS, temperature=1.0, confidence=1.0),
    "sleeve": Head(labels=("long", "short"), temperature=1.0, confidence=0.1, applies_to=()),
}


@pytest.fixture(scope="session")
def little_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release whose graph runs in microseconds; it accepts no colour, and no class of it has a sleeve."""
    return a_release(tmp_path_factory.mktemp("labelling") / "release", attributes=HEADS)


@pytest.fixture
def bucket(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty prefix."""
    use(moto_server, monkeypatch)
    return f"s3://{moto_server.new_bucket()}/photos"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Path:
    return authority.chain("localhost", "shop.test", "127.0.0.1")


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@pytest.fixture
def server(certificate: Path, trusted: None) -> Iterator[HttpsServer]:
    with https_server(certificate, {"/a.png": status(200, PICTURES["a/0.png"])}) as server:
        yield server

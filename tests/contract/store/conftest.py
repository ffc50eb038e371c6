"""One suite, every store: a folder and Swift; moto_server where it differs, in creating a key once."""

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from model_store.store import Store, open_store
from tests.releases import a_release
from tests.s3_servers import S3Server


def use(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3, here and in processes started from here, reach this server alone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder_address(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def swift_address(swift_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    use(swift_server, monkeypatch)
    return f"s3://{swift_server.new_bucket()}/wardrobe"


@pytest.fixture
def moto_address(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    use(moto_server, monkeypatch)
    return f"s3://{moto_server.new_bucket()}/wardrobe"


@pytest.fixture(params=["folder", "swift"])
def address(request: pytest.FixtureRequest) -> str:
    """An empty store of each kind; a test may name other ones."""
    found = request.getfixturevalue(f"{request.param}_address")
    assert isinstance(found, str)
    return found


on_a_folder = pytest.mark.parametrize("address", ["folder"], indirect=True)
"""Marks what does not depend on the kind of the store: a test of test_store.py has what it asks of one."""

on_every_kind = pytest.mark.parametrize("address", ["folder", "swift", "moto"], indirect=True)


@pytest.fixture
def store(address: str) -> Store:
    return open_store(address)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, float], Path]:
    """Makes each release once."""
    folder = tmp_path_factory.mktemp("made")
    return cache(
        lambda seed, accuracy: a_release(
            folder / f"{seed}-{accuracy}", seed=seed, accuracy=accuracy, per_class=20
        )
    )


@pytest.fixture
def releases(made: Callable[[int, float], Path], tmp_path: Path) -> Callable[..., Path]:
    """Releases of a test's own that differ by `seed`, measured on few pictures."""

    def copied(seed: int, accuracy: float = 0.93) -> Path:
        folder = tmp_path / f"release-{seed}-{accuracy}"
        return folder if folder.exists() else shutil.copytree(made(seed, accuracy), folder)

    return copied

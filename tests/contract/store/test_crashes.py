"""kill -9 while publishing, at every boundary between two writes: current stays what it was, and whole.

In a folder; what a server keeps of a killed client is tried at one boundary, on Swift.
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.cache import pull
from model_store.catalogue import stored
from model_store.promotions import current
from model_store.publish import prune, publish
from model_store.signing import new_key, sign, trusted_keys
from model_store.store import open_store
from reports.judge import judge

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
WRITES = 7
"""Five files, the manifest, the promotion."""


def publish_and_die(folder: Path, address: str, before_write: int) -> None:
    how = ("kill", str(before_write), address, str(folder))
    command = [sys.executable, "-m", "tests.contract.store.publisher", *how]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("kind", "write"), [*(("folder", write) for write in range(1, WRITES + 1)), ("swift", WRITES - 1)]
)
def test_killed_before_any_write_current_is_served_the_orphan_goes_and_publishing_again_works(
    request: pytest.FixtureRequest, releases: Callable[..., Path], tmp_path: Path, kind: str, write: int
) -> None:
    address = request.getfixturevalue(f"{kind}_address")
    store = open_store(address)
    served = publish(releases(1), store, judge, by="ann")

    publish_and_die(releases(2), address, write)

    assert current(store) == served.promotion
    assert pull(store, current(store).version, tmp_path / "cache").manifest == served.manifest
    assert [one.complete for one in stored(store) if one.version != served.manifest.version] == (
        [write == WRITES] * min(write - 1, 1)
    )
    assert len(prune(store, keep=5, older_than=timedelta(0))) == min(write - 1, 1)
    assert [release.version for release in stored(store)] == [served.manifest.version]
    again = publish(releases(2), store, judge, by="bob")
    assert pull(store, current(store).version, tmp_path / "cache").manifest == again.manifest


@pytest.mark.parametrize("write", range(WRITES - 2, WRITES + 2))
def test_killed_around_the_signature_no_complete_release_is_without_it(
    folder_address: str, releases: Callable[..., Path], tmp_path: Path, write: int
) -> None:
    store, folder = open_store(folder_address), releases(1)
    public = new_key(tmp_path / "key.pem")
    sign(folder, tmp_path / "key.pem")

    publish_and_die(folder, folder_address, write)

    complete = [[entry.key for entry in release.entries] for release in stored(store) if release.complete]
    assert all(any(key.endswith("/manifest.sig") for key in keys) for keys in complete)
    version = publish(folder, store, judge, by="bob").manifest.version
    assert pull(store, version, tmp_path / "cache", trusted_keys(public)).version == version


def test_publishing_after_a_kill_keeps_what_arrived(
    folder_address: str, releases: Callable[..., Path]
) -> None:
    store = open_store(folder_address)
    publish_and_die(releases(2), folder_address, 4)
    arrived = store.entries("releases/")

    publish(releases(2), store, judge, by="bob")

    assert len(arrived) == 3
    assert [entry for entry in store.entries("releases/") if entry in arrived] == arrived

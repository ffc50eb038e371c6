"""Publishers that are killed before any of their writes, or that all come to their promotion at one moment.

Each is a process. In a folder; what a server keeps of a killed client is tried at one write, on Swift.
"""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from model_store.cache import pull
from model_store.catalogue import RELEASES, stored
from model_store.promotions import current, history
from model_store.publish import Published, publish
from model_store.signing import TrustedKeys, new_key, sign, trusted_keys
from model_store.store import open_store
from reports.judge import judge
from tests.commands import Ended, done
from tests.contract.store.conftest import use
from tests.releases import a_release
from tests.s3_servers import S3Server

pytestmark = pytest.mark.slow

WRITES = 8
"""Five files, the signature, the manifest, the promotion."""

PUBLISHERS = 12


def publishers(scratch: Path, *words: str) -> Ended:
    """Run some; what killed ones leave in the temporary folder is in `scratch`."""
    command = [sys.executable, "-m", "tests.contract.store.publisher", *words]
    ended = done(command, TMPDIR=str(scratch))
    assert ended.returncode == 0, ended.stderr
    return ended


@dataclass(frozen=True)
class Crashes:
    """Stores with a release in each of which the publisher of a signed one was killed; by kind and write."""

    addresses: dict[tuple[str, int], str]
    served: dict[str, Published]
    signed: Path
    trusted: TrustedKeys


@pytest.fixture(scope="module")
def crashes(swift_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    folder = tmp_path_factory.mktemp("crashes")
    releases = [a_release(folder / str(seed), seed=seed, per_class=20) for seed in (1, 2)]
    trusted = trusted_keys(new_key(folder / "key.pem"))
    sign(releases[1], folder / "key.pem")
    addresses = {("folder", write): f"{folder}/store-{write}" for write in range(1, WRITES + 1)}
    addresses["swift", WRITES] = f"s3://{swift_server.new_bucket()}/wardrobe"
    with pytest.MonkeyPatch.context() as patch:
        use(swift_server, patch)
        served = {
            address: publish(releases[0], open_store(address), judge, by="ann")
            for address in addresses.values()
        }
        words = [f"{write}={address}" for (_, write), address in addresses.items()]
        ended = publishers(folder, "kill", str(releases[1]), *words)
        assert json.loads(ended.stdout) == [-signal.SIGKILL] * len(addresses), ended.stderr
        yield Crashes(addresses, served, releases[1], trusted)


@pytest.mark.parametrize(
    ("kind", "write"), [*(("folder", write) for write in range(1, WRITES + 1)), ("swift", WRITES)]
)
def test_killed_before_any_write_current_is_served_and_publishing_again_completes_what_arrived(
    crashes: Crashes, tmp_path: Path, kind: str, write: int
) -> None:
    store, cache = open_store(crashes.addresses[kind, write]), tmp_path / "cache"
    served, arrived = crashes.served[store.address], store.entries(RELEASES)
    begun = [one for one in stored(store) if one.version != served.manifest.version]

    assert current(store) == served.promotion
    assert pull(store, current(store).version, cache).manifest == served.manifest
    assert [(len(one.entries), one.complete) for one in begun] == [(write - 1, write == WRITES)] * (write > 1)

    again = publish(crashes.signed, store, judge, by="bob")

    assert [entry for entry in store.entries(RELEASES) if entry in arrived] == arrived
    assert pull(store, current(store).version, cache, crashes.trusted).manifest == again.manifest


@pytest.mark.parametrize(
    ("kind", "winners"),
    [("folder", 1), ("moto", 1), ("swift", PUBLISHERS)],  # Swift's create-if-absent is not atomic
)
def test_of_twelve_publishers_the_losers_learn_it_and_one_whole_release_is_current(
    request: pytest.FixtureRequest, releases: Callable[..., Path], tmp_path: Path, kind: str, winners: int
) -> None:
    address = request.getfixturevalue(f"{kind}_address")
    store = open_store(address)
    publish(releases(1), store, judge, by="ann")
    folders = [str(releases(100 + number)) for number in range(PUBLISHERS)]

    ended = publishers(tmp_path, "race", address, *folders)

    codes = json.loads(ended.stdout)
    assert 1 <= codes.count(0) <= winners
    assert ended.stderr.count("first, so") == codes.count(1) == PUBLISHERS - codes.count(0)
    assert [promotion.number for promotion in history(store)] == [1, 2]
    assert pull(store, current(store).version, tmp_path / "cache").version == current(store).version

"""How many requests a worker sends to its store: docs/explanation/benchmarks.md computes with them."""

from pathlib import Path

import pytest

from app.observability.metrics import Metrics
from app.releases.load import load
from app.releases.watcher import ReleaseWatcher
from app.settings import Settings
from model_store.folder import FolderStore
from model_store.publish import publish
from model_store.store import Entry
from tests.releases import a_release

WORKERS = 2


class CountingStore(FolderStore):
    """A folder that counts what an S3 store would be asked: one request each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.requests = 0

    def read(self, key: str) -> bytes:
        self.requests += 1
        return super().read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self.requests += 1
        super().download(key, to, limit)

    def entries(self, prefix: str) -> list[Entry]:
        self.requests += 1
        return super().entries(prefix)

    def counted(self) -> int:
        """The requests since the last call."""
        count, self.requests = self.requests, 0
        return count


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The release that the workers start with."""
    return a_release(tmp_path / "first", seed=1)


@pytest.fixture
def store(first: Path, tmp_path: Path) -> CountingStore:
    """A store that holds it."""
    store = CountingStore(tmp_path / "store")
    publish(first, store, by="ann")
    store.counted()
    return store


def test_workers_send_the_store_as_few_requests_as_documented(
    store: CountingStore, first: Path, tmp_path: Path
) -> None:
    files = sum(path.is_file() for path in first.rglob("*"))
    settings = Settings(model_store=store.address, cache_dir=tmp_path / "cache")

    loaded = [load(settings, store) for _ in range(WORKERS)]
    started = store.counted()
    watchers = [ReleaseWatcher(settings, store, models, Metrics(None)) for models in loaded]
    watchers[0].poll()
    polled = store.counted()
    publish(a_release(tmp_path / "second", seed=2), store, by="ann", force=True)
    store.counted()
    for watcher in watchers:
        watcher.poll()
    followed = store.counted()

    assert started == 3 * WORKERS + files
    assert polled == 1
    assert followed == 2 * WORKERS + files

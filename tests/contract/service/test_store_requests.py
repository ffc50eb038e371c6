"""How many requests a worker sends to its store: docs/explanation/benchmarks.md computes with them."""

from pathlib import Path

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

    requests = 0

    def read(self, key: str) -> bytes:
        self.requests += 1
        return super().read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self.requests += 1
        super().download(key, to, limit)

    def entries(self, prefix: str) -> list[Entry]:
        self.requests += 1
        return super().entries(prefix)


def test_workers_send_the_store_as_few_requests_as_documented(tmp_path: Path) -> None:
    first, second = (a_release(tmp_path / name, seed=len(name)) for name in ("first", "second"))
    files = sum(path.is_file() for path in first.rglob("*"))
    store = CountingStore(tmp_path / "store")
    settings = Settings(model_store=store.address, cache_dir=tmp_path / "cache")
    publish(first, FolderStore(tmp_path / "store"), by="ann")

    watchers = [ReleaseWatcher(settings, store, load(settings, store), Metrics(None)) for _ in range(WORKERS)]
    started = store.requests
    watchers[0].poll()
    polled = store.requests - started
    publish(second, FolderStore(tmp_path / "store"), by="ann", force=True)
    for watcher in watchers:
        watcher.poll()
    followed = store.requests - polled - started

    assert (started, polled, followed) == (3 * WORKERS + files, 1, 2 * WORKERS + files)

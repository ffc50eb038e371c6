"""A store of little releases and a cache: what a service would serve of them, without Flask around it."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.observability.metrics import Metrics
from app.releases.load import load_models
from app.releases.serving import ModelHolder
from app.releases.watcher import ReleaseWatcher
from app.settings import Settings
from model_store.cache import pull_release
from model_store.cache_notes import remember_current_release
from model_store.publish import publish_release
from model_store.store import FolderStore
from model_store.store_keys import make_file_key, make_release_prefix
from reports.judge import describe_release_verdict
from tests.logs import write_log
from tests.releases import a_release


@dataclass(frozen=True)
class Place:
    """A store without promotions, a cache, and the versions of its releases by letter.

    A, B and C are sound, X and Y damaged, G is none.
    """

    store: FolderStore
    cache: Path
    versions: Mapping[str, str]

    def copied(self, folder: Path) -> "Place":
        """The same for a test of its own; files of releases must be replaced, not written to."""
        shutil.copytree(self.store.address, folder / "store", copy_function=os.link)
        return Place(FolderStore(folder / "store"), folder / "cache", self.versions)

    def settings(self, **changes: Any) -> Settings:
        """Of a service here."""
        return Settings.model_validate({"model_store": self.store.address, "cache_dir": self.cache} | changes)

    def start(self, store: FolderStore | None = None, **changes: Any) -> ModelHolder:
        """What a service would serve."""
        return load_models(self.settings(**changes), store or self.store)

    def follow(self, models: ModelHolder, store: FolderStore | None = None, **changes: Any) -> ReleaseWatcher:
        """What swaps it; it polls when a test says so."""
        return ReleaseWatcher(self.settings(**changes), lambda: store or self.store, models, Metrics(None))

    def log(self, steps: str) -> None:
        """Append to the log; see `write_log`."""
        write_log(self.store, steps, self.versions)

    def folder(self, letter: str) -> Path:
        """Of a release in the store."""
        return Path(self.store.address, make_release_prefix(self.versions[letter]))

    def named(self, *versions: str | None) -> str:
        """The letters of versions, `?` for None."""
        letters = {version: letter for letter, version in self.versions.items()}
        return "".join("?" if version is None else letters[version] for version in versions)

    def served(self, models: ModelHolder) -> str:
        """The letter of what is served, with `!` where it may be outdated."""
        return self.named(models.current.version) + "!" * (models.current.stale_since is not None)

    def refused(self, models: ModelHolder) -> str:
        """The letters of what was refused."""
        return self.named(*(one.version for one in models.refusals))

    def serve_before(self, letter: str) -> None:
        """Leave a cache as a service that served a release has left it."""
        release = pull_release(self.store, self.versions[letter], self.cache)
        remember_current_release(self.cache, self.store.address, release, datetime.now(UTC))

    def mark(self, letter: str, ended: int, ago: float = 0) -> Path:
        """Leave what processes leave that end while they open a release."""
        self.cache.mkdir(exist_ok=True)
        mark = self.cache / f"opening-{self.versions[letter]}"
        mark.write_text(str(ended), "ascii")
        os.utime(mark, (time.time() - ago,) * 2)
        return mark


def a_place(folder: Path) -> Place:
    """Make one, with its releases."""
    store, versions = FolderStore(folder / "store"), {"G": "20261120T101500Z-00000000"}
    for seed, letter in enumerate("ABCXY"):
        release = a_release(folder / letter, seed=seed, keeps_answers=False)
        versions[letter] = publish_release(
            release, store, describe_release_verdict, author="ann", promote=False
        ).manifest.version
    for letter in "XY":
        (folder / "damaged").write_bytes(b"damaged")
        store.upload(make_file_key(versions[letter], "model.onnx"), folder / "damaged")
    return Place(store, folder / "cache", versions)

"""Find the release that a person names: `bundled`, a folder, or a store, whose releases come into the cache.

Reads folders and stores; writes to the cache that the service uses too. The service has its own way to a
release (app/releases/load.py), since it also follows promotions and survives an unreachable store.
"""

from pathlib import Path

from model_store.cache import pull
from model_store.files import MANIFEST
from model_store.local import LocalRelease, bundled, open_release
from model_store.promotions import current
from model_store.store import open_store

CACHE = Path("~/.cache/wardrobe")
"""The default folder in which the service keeps pulled releases."""


def find_release(name: str, version: str | None = None) -> LocalRelease:
    """Find and verify a release.

    Args:
        name: `bundled`, a folder with a manifest.json, or the address of a store.
        version: of a store: this one instead of what is current.

    Raises:
        StoreError: there is none, or it must not be used.
    """
    if version is not None:
        return pull(open_store(name), version, CACHE.expanduser())
    if name == "bundled":
        return bundled()
    folder = Path(name).expanduser()
    if (folder / MANIFEST).is_file():
        return open_release(folder)
    store = open_store(name)
    return pull(store, current(store).version, CACHE.expanduser())

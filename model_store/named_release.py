"""The release that a person names: bundled, a folder, or one of a store, which comes into the cache.

The service has its own way to a release (app/releases/load.py): it follows promotions too.
"""

import re
from pathlib import Path

from model_store.cache import cache_folder, pull_and_hold
from model_store.errors import NotFound
from model_store.files import MANIFEST, expanded
from model_store.local import LocalRelease, bundled, open_release
from model_store.manifest import VERSION_PATTERN
from model_store.promotions import current
from model_store.store import open_store


def find_release(name: str, cache: Path) -> LocalRelease:
    """Find and verify the release that a person names; one of a store comes into the cache.

    Args:
        name: `bundled`, a folder with a manifest.json, ADDRESS@VERSION of a store, or its address alone
            for its current release.
        cache: the folder that a release of a store comes into.

    Raises:
        StoreError: there is none, or it must not be used.
    """
    if name == "bundled":
        return bundled()
    address = store_in(name)
    if address is None:
        return open_release(expanded(name))
    if "://" not in address and not expanded(address).exists():
        raise NotFound(f"{address}: no such file or folder. Name bundled, a release's folder, or a store.")
    store, version = open_store(address), name.removeprefix(address).removeprefix("@")
    version = version or current(store).version
    return pull_and_hold(store, version, cache_folder(cache))


def store_in(name: str) -> str | None:
    """The address of the store in what `find_release` takes; None where a person names a release itself."""
    if name == "bundled" or (expanded(name) / MANIFEST).is_file():
        return None
    return re.sub(rf"@{VERSION_PATTERN}$", "", name)

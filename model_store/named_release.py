"""The release that a person names: bundled, a folder, or one of a store, which comes into the cache.

The service has its own way to a release (app/releases/load.py): it follows promotions too.
"""

import re
from pathlib import Path

from model_store.cache import pull_and_hold_release, resolve_cache_folder
from model_store.errors import NotFound
from model_store.local_releases import LocalRelease, open_bundled_release, open_release
from model_store.manifest import VERSION_PATTERN
from model_store.promotions import read_current_promotion
from model_store.release_files import MANIFEST_FILE, expand_home
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
        return open_bundled_release()
    address = parse_store_address(name)
    if address is None:
        return open_release(expand_home(name))
    if "://" not in address and not expand_home(address).exists():
        raise NotFound(f"{address}: no such file or folder. Name bundled, a release's folder, or a store.")
    store, version = open_store(address), name.removeprefix(address).removeprefix("@")
    version = version or read_current_promotion(store).version
    return pull_and_hold_release(store, version, resolve_cache_folder(cache))


def parse_store_address(name: str) -> str | None:
    """The address of the store in what `find_release` takes; None where a person names a release itself."""
    if name == "bundled" or (expand_home(name) / MANIFEST_FILE).is_file():
        return None
    return re.sub(rf"@{VERSION_PATTERN}$", "", name)

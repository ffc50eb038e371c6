"""Find the release that a person names on the command line: `bundled`, a folder, or one in a store.

A release of a store is downloaded into the cache. Commands use this file. The service does not, because it
also has to notice when another release becomes current.
"""

import re
from pathlib import Path

from model_store.cache import pull_and_hold_release, resolve_cache_folder
from model_store.errors import NotFound
from model_store.local_releases import BUNDLED_FOLDER, LocalRelease, open_bundled_release, open_release
from model_store.manifest import VERSION_PATTERN
from model_store.promotions import read_current_promotion
from model_store.release_files import MANIFEST_FILE, expand_home
from model_store.signing import TrustedKeys
from model_store.store import open_store


def find_release(name: str, cache: Path, trusted_keys: TrustedKeys | None = None) -> LocalRelease:
    """Return the release that a person names on the command line, verified.

    A release of a store is downloaded into the cache first.

    Args:
        name: `bundled`, a folder with a manifest.json, ADDRESS@VERSION of a store, or the address of a store
            for its current release.
        trusted_keys: the public keys of which one must have signed the release; None if no signature is
            required.

    Raises:
        StoreError: there is no such release, or it must not be used.
    """
    if name == "bundled":
        return open_bundled_release() if trusted_keys is None else open_release(BUNDLED_FOLDER, trusted_keys)
    address = parse_store_address(name)
    if address is None:
        return open_release(expand_home(name), trusted_keys)
    if "://" not in address and not expand_home(address).exists():
        raise NotFound(f"{address}: no such file or folder. Name bundled, a release's folder, or a store.")
    store = open_store(address)
    version = name.removeprefix(address).removeprefix("@")
    version = version or read_current_promotion(store).version  # an address without @VERSION
    return pull_and_hold_release(store, version, resolve_cache_folder(cache), trusted_keys)


def parse_store_address(name: str) -> str | None:
    """Return the address of the store in the name of a release; None if the name is a local release.

    Args:
        name: a name as in `find_release`, such as `bundled` or `s3://bucket/prefix@VERSION`.
    """
    # A folder that has a manifest is a release, even if its name looks like ADDRESS@VERSION.
    if name == "bundled" or (expand_home(name) / MANIFEST_FILE).is_file():
        return None
    return re.sub(rf"@{VERSION_PATTERN}$", "", name)

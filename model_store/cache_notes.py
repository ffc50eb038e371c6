"""Remember which release of each store was current, and remove old releases from the cache.

A service writes a note into its cache when it begins to serve another release: `last-HASH.json`, where HASH
stands for the address of the store. If the store does not answer at the next start, the service serves the
release of the note. `prune_cache` keeps these releases, and the ones that were used last.
"""

import fcntl
import hashlib
import logging
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from model_store.cache import (
    ARRIVING_PREFIX,
    BARE_FOLDER,
    BARE_VERSION_PREFIX,
    get_cached_release_path,
    lock_cache,
    remove_folder,
    require_no_links,
)
from model_store.errors import SignatureMissing, StoreError
from model_store.local_releases import BareArtifact, LocalRelease, open_bare_artifact, open_release
from model_store.manifest import FrozenModel
from model_store.release_files import write_atomically
from model_store.signing import TrustedKeys

log = logging.getLogger("wardrobe")

NOTE_PATTERN = "last-*.json"
"""Pattern of the names of note files. A note says which release of a store was current when it last
answered."""

MIN_UNUSED_SECONDS = 600.0
"""Seconds after its last use for which a release stays in the cache. Another service may be about to open
it."""


@dataclass(frozen=True)
class RememberedRelease:
    """The cached release that was current when its store last answered.

    Attributes:
        release: the verified release in the cache.
        since: the time at which this service began to serve it.
    """

    release: LocalRelease | BareArtifact
    since: datetime


class _Note(FrozenModel):
    """The content of last-<store>.json."""

    address: str
    version: str
    since: datetime


def remember_current_release(
    cache: Path, address: str, release: LocalRelease | BareArtifact, since: datetime
) -> None:
    """Write into the cache which release of a store is current.

    If the store does not answer at a later start, the service starts with this release.

    Args:
        release: the current release, which is in the cache.
        since: the time at which this service began to serve it, with a time zone.

    Raises:
        CacheUnwritable: the note cannot be written.
        StoreDeadlineExceeded: another process holds the lock of the cache.
    """
    note = _Note(address=address, version=release.version, since=since)
    with lock_cache(cache):
        write_atomically(_locate_note(cache, address), note.model_dump_json().encode())


def find_remembered_release(
    cache: Path, address: str, trusted_keys: TrustedKeys | None = None
) -> RememberedRelease | None:
    """Return the cached release that was current when a store last answered.

    Args:
        cache: the folder of the cache, which need not exist.
        trusted_keys: the keys of which one must have signed it; None if no signature is required.

    Returns:
        The release; None if there is none that is whole and may be trusted.
    """
    note = _read_note(_locate_note(cache, address))
    if note is None:
        return None
    try:
        return RememberedRelease(_open_noted_artifact(cache, note.version, trusted_keys), note.since)
    except (OSError, StoreError):
        return None


def read_remembered_version(cache: Path, address: str) -> str | None:
    """Return the version that `remember_current_release` last wrote for a store; None if there is no note."""
    note = _read_note(_locate_note(cache, address))
    return None if note is None else note.version


def _read_note(path: Path) -> _Note | None:
    try:
        return _Note.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _open_noted_artifact(
    cache: Path, version: str, trusted: TrustedKeys | None
) -> LocalRelease | BareArtifact:
    if not version.startswith(BARE_VERSION_PREFIX):
        return open_release(get_cached_release_path(cache, version), trusted)
    if trusted is not None:  # it has no manifest, and only a manifest can be signed
        raise SignatureMissing(f"{version}: a bare artifact carries no signature.")
    return open_bare_artifact(get_cached_release_path(cache, version))


def prune_cache(cache: Path, keep: int) -> list[str]:
    """Remove releases from the cache, except those used last, and the remains of crashes.

    The release that was current when a store last answered (`remember_current_release`) stays whatever its
    age. Several services may share a cache, each with its own store, and one of them starts with that release
    if its store does not answer. A release also stays if it was used within MIN_UNUSED_SECONDS, or if a
    process holds it (`pull_and_hold_release`). If the system refuses to remove a folder, that is logged, and
    the next call tries again.

    Args:
        cache: the folder of the cache, which need not exist.
        keep: the number of releases that stay, including the current release of each store.

    Returns:
        The versions that were removed.

    Raises:
        CacheUnwritable: nothing can be removed.
        StoreDeadlineExceeded: another process holds the lock of the cache.
        StoreRefused: a symbolic link in the cache may lead outside of it.
    """
    with lock_cache(cache):
        # Whoever downloads holds the lock of the cache, so these folders belong to processes that crashed.
        for left in cache.glob(f"{ARRIVING_PREFIX}*"):
            remove_folder(left)
        paths = (*cache.glob("releases/*"), *cache.glob(f"{BARE_FOLDER}/*"))
        folders = [path for path in map(require_no_links, paths) if path.is_dir()]
        folders_by_use = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
        noted = {note.version for path in cache.glob(NOTE_PATTERN) if (note := _read_note(path))}
        idle = [folder for folder in folders_by_use if folder.name not in noted]
        # Noted releases count towards `keep`, so only the rest of it is left for the others.
        old = idle[max(keep - (len(folders_by_use) - len(idle)), 0) :]
        since = time.time() - MIN_UNUSED_SECONDS
        return [folder.name for folder in old if folder.stat().st_mtime < since and _remove_if_unused(folder)]


def _remove_if_unused(folder: Path) -> bool:
    """Remove a release from the cache, and return whether it was removed. It stays if a process holds it."""
    try:
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_folder(folder)
        finally:
            os.close(opened)
    except BlockingIOError:
        return False
    except OSError as error:
        log.error("%s: %s. This release stays in the cache.", folder, error.strerror)
        return False
    return True


def _locate_note(cache: Path, address: str) -> Path:
    return cache / NOTE_PATTERN.replace("*", hashlib.sha256(address.encode()).hexdigest()[:16])

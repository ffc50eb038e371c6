"""What stays in the cache: what each store's current was, what is in use, and what was used last.

Touches the cache folder alone: last-<store>.json names what a store's current was. How releases come there:
cache.py.
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
    locate_in_cache,
    lock_cache,
    refuse_links,
    remove_folder,
)
from model_store.errors import SignatureMissing, StoreError
from model_store.local_releases import BareArtifact, LocalRelease, open_bare_artifact, open_release
from model_store.manifest import Frozen
from model_store.release_files import write_whole
from model_store.signing import TrustedKeys

log = logging.getLogger("wardrobe")

NOTE_PATTERN = "last-*.json"

MIN_UNUSED_SECONDS = 600.0
"""How long a release stays after it was used: another service may open it, or fetch it, meanwhile."""


@dataclass(frozen=True)
class NotedRelease:
    """What was current in a store when it last answered.

    Attributes:
        release: in the cache, verified.
        since: when it became what this service serves.
    """

    release: LocalRelease | BareArtifact
    since: datetime


class _Note(Frozen):
    """The content of last-<store>.json."""

    address: str
    version: str
    since: datetime


def note_current_release(
    cache: Path, address: str, release: LocalRelease | BareArtifact, since: datetime
) -> None:
    """Note what a store's current is, for a start at which the store does not answer.

    Raises:
        CacheUnwritable: it cannot be written down.
        OutOfTime: another process holds the cache.
    """
    note = _Note(address=address, version=release.version, since=since)
    with lock_cache(cache):
        write_whole(_note_path(cache, address), note.model_dump_json().encode())


def find_noted_release(cache: Path, address: str, trusted: TrustedKeys | None = None) -> NotedRelease | None:
    """Find what was current when the store last answered.

    Args:
        cache: the folder; it need not exist.
        address: the store's.
        trusted: whose signature it has to carry; None asks for none.

    Returns:
        None if nothing whole, or nothing that may be trusted, is left of it.
    """
    note = _read_note(_note_path(cache, address))
    if note is None:
        return None
    try:
        return NotedRelease(_open_noted(cache, note.version, trusted), note.since)
    except (OSError, StoreError):
        return None


def read_noted_version(cache: Path, address: str) -> str | None:
    """The version that `remember` noted of a store last; None where it noted none."""
    note = _read_note(_note_path(cache, address))
    return None if note is None else note.version


def _read_note(path: Path) -> _Note | None:
    try:
        return _Note.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _open_noted(cache: Path, version: str, trusted: TrustedKeys | None) -> LocalRelease | BareArtifact:
    if not version.startswith(BARE_VERSION_PREFIX):
        return open_release(locate_in_cache(cache, version), trusted)
    if trusted is not None:
        raise SignatureMissing(f"{version}: a bare artifact carries no signature.")
    return open_bare_artifact(locate_in_cache(cache, version))


def prune_cache(cache: Path, keep: int) -> list[str]:
    """Remove all but the releases used last, and what crashes have left.

    What `remember` noted stays whatever its age: several services may share a cache, each with a store of its
    own, and the release of any note is what one of them starts with while its store does not answer. So does
    what was used within SPARED_SECONDS, and what a command holds. What the disk does not let go of is logged,
    and tried again by the next call.

    Args:
        cache: the folder; it need not exist.
        keep: how many stay, the noted ones included.

    Returns:
        The versions that were removed.

    Raises:
        CacheUnwritable: nothing can be removed.
        OutOfTime: another process holds the cache.
        StoreRefused: a symbolic link in the cache may lead outside.
    """
    with lock_cache(cache):
        for left in cache.glob(f"{ARRIVING_PREFIX}*"):
            remove_folder(left)
        paths = (*cache.glob("releases/*"), *cache.glob(f"{BARE_FOLDER}/*"))
        folders = [path for path in map(refuse_links, paths) if path.is_dir()]
        folders_by_use = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
        noted = {note.version for path in cache.glob(NOTE_PATTERN) if (note := _read_note(path))}
        idle = [folder for folder in folders_by_use if folder.name not in noted]
        old = idle[max(keep - (len(folders_by_use) - len(idle)), 0) :]
        since = time.time() - MIN_UNUSED_SECONDS
        return [folder.name for folder in old if folder.stat().st_mtime < since and _remove_if_unused(folder)]


def _remove_if_unused(folder: Path) -> bool:
    """Whether a release was removed from the cache; it stays where a command holds it."""
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


def _note_path(cache: Path, address: str) -> Path:
    return cache / NOTE_PATTERN.replace("*", hashlib.sha256(address.encode()).hexdigest()[:16])

"""The cache on the service's own disk: which releases stay there, and which one served last.

Touches the cache folder alone: releases/<version>/, bare/<version>/, one last-<store>.json for each store.
Filling it: pull.py.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from model_store.errors import SignatureMissing, StoreError, StoreRefused
from model_store.files import write_whole
from model_store.layout import release_prefix
from model_store.local import BareArtifact, LocalRelease, open_bare, open_release
from model_store.manifest import Frozen
from model_store.signing import TrustedKeys

ARRIVING = ".arriving-"
"""How a folder in the cache is called until it is whole."""
BARE = "bare"


@dataclass(frozen=True)
class CachedCurrent:
    """What a store said was current when it last answered.

    Attributes:
        release: in the cache, verified.
        since: when it became what this service serves.
    """

    release: LocalRelease | BareArtifact
    since: datetime


class _Note(Frozen):
    """What last-<store>.json says."""

    address: str
    version: str
    since: datetime


def release_folder(cache: Path, version: str) -> Path:
    """Where a release is in the cache.

    Raises:
        NotFound: no release can be called that.
        StoreRefused: there is a symbolic link, which may lead outside.
    """
    return _without_links(cache / release_prefix(version))


def bare_folder(cache: Path, version: str) -> Path:
    """Where a bare artifact is in the cache.

    Raises:
        StoreRefused: there is a symbolic link, which may lead outside.
    """
    return _without_links(cache / BARE / version)


def _without_links(folder: Path) -> Path:
    """A folder two levels below the cache, once neither level is a symbolic link."""
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise StoreRefused(
                f"{path}: a symbolic link. The cache follows none, since it may lead outside. Remove it."
            )
    return folder


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Keep other processes from changing the cache meanwhile; they wait. The folder is made if absent.

    Raises:
        StoreRefused: this machine does not let us write there: permissions, a full disk.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = os.open(cache / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
            yield
        finally:
            os.close(lock)
    except OSError as error:
        raise StoreRefused(
            f"{cache}: {error}. The cache needs a folder to write to, with room in it."
        ) from error


def remember(cache: Path, address: str, release: LocalRelease | BareArtifact, since: datetime) -> None:
    """Note what a store's current is, for a start at which the store does not answer.

    Raises:
        StoreRefused: this machine does not let us write there.
    """
    note = _Note(address=address, version=release.version, since=since)
    with alone(cache):
        write_whole(_note_path(cache, address), note.model_dump_json().encode())


def last_good(cache: Path, address: str, trusted: TrustedKeys | None = None) -> CachedCurrent | None:
    """Find what was current when the store last answered.

    Args:
        cache: the folder; it need not exist.
        address: the store's.
        trusted: whose signature it has to carry; None asks for none.

    Returns:
        None if nothing whole, or nothing that may be trusted, is left of it.
    """
    try:
        note = _Note.model_validate_json(_note_path(cache, address).read_bytes())
        return CachedCurrent(_open(cache, note.version, trusted), note.since)
    except (OSError, ValidationError, StoreError):
        return None


def prune_cache(cache: Path, keep: int, in_use: Collection[str]) -> list[str]:
    """Remove all but the releases used last, and what crashes have left.

    Args:
        cache: the folder; it need not exist.
        keep: how many stay, those in use included.
        in_use: versions that stay whatever their age.

    Returns:
        The versions that were removed.
    """
    with alone(cache):
        for half in cache.glob(f"{ARRIVING}*"):
            shutil.rmtree(half)
        folders = [_without_links(path) for path in (*cache.glob("releases/*"), *cache.glob(f"{BARE}/*"))]
        by_use = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
        idle = [folder for folder in by_use if folder.name not in in_use]
        old = idle[max(keep - (len(by_use) - len(idle)), 0) :]
        for folder in old:
            shutil.rmtree(folder)
        return [folder.name for folder in old]


def _note_path(cache: Path, address: str) -> Path:
    return cache / f"last-{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"


def _open(cache: Path, version: str, trusted: TrustedKeys | None) -> LocalRelease | BareArtifact:
    if not version.startswith("bare-"):
        return open_release(release_folder(cache, version), trusted)
    if trusted is not None:
        raise SignatureMissing(f"{version}: a bare artifact carries no signature.")
    return open_bare(bare_folder(cache, version))

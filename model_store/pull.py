"""Bring a release from a store into the cache: whole and verified, or not at all.

Writes to the cache folder alone. What stays there, and what served last: cache.py. Loading the model and
checking its golden answers is the caller's.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_store.bare import bare_files
from model_store.cache import ARRIVING, alone, bare_folder, release_folder
from model_store.catalogue import read_manifest
from model_store.errors import NotFound, ReleaseCorrupt, ReleaseError
from model_store.files import MANIFEST, flush_folder, refuse_unsafe_formats
from model_store.layout import file_key, manifest_key
from model_store.local import BareArtifact, LocalRelease, bare_artifact, open_release
from model_store.manifest import Manifest
from model_store.store import RECORD_BYTES, Store

RELEASE_BYTES = 4 << 30
"""The most that a release may claim; ours have 3 MB, and a wrong manifest shall not fill the disk."""


def pull(store: Store, version: str, cache: Path) -> LocalRelease:
    """Have a release in the cache.

    One that is there already is used after it has been verified again, without asking the store.

    Args:
        store: where it is published.
        version: which.
        cache: a folder of ours, made if absent; several processes may share it, and one fetches for all.

    Raises:
        NotFound: there is no such release in the store.
        ReleaseError: it must not be served; nothing of it is in the cache.
    """
    target = release_folder(cache, version)
    with alone(cache):
        release = _already_there(target) or _fetch(store, version, target)
        os.utime(target)  # the cache keeps what was used last
        return release


def pull_bare(store: Store, cache: Path) -> BareArtifact:
    """Have the bare artifact directly under a store's address in the cache.

    Raises:
        NothingPromoted: there is neither a release nor a model.
        FormatRefused: a format that can run code when it is read.
        ReleaseCorrupt: metrics are missing, or there are several of either.
    """
    names = [entry.key for entry in store.entries("") if "/" not in entry.key]
    found = bare_files(names, store.address)
    with alone(cache), _arriving(cache) as folder:
        for name in (found.model, found.report):
            store.download(name, folder / name, limit=RELEASE_BYTES)
        target = bare_folder(cache, bare_artifact(folder, found).version)
        _settle(folder, target)
        return bare_artifact(target, found)


def _already_there(target: Path) -> LocalRelease | None:
    try:
        return open_release(target)
    except (NotFound, ReleaseError):  # absent, or damaged on this disk: fetch it
        return None


def _fetch(store: Store, version: str, target: Path) -> LocalRelease:
    manifest = read_manifest(store, version)
    _check_claims(manifest, f"{store.address}/{manifest_key(version)}")
    with _arriving(target.parents[1]) as folder:
        for path, entry in manifest.files.items():
            _fetch_file(store, file_key(version, path), folder / path, entry.size)
        store.download(manifest_key(version), folder / MANIFEST, limit=RECORD_BYTES)
        release = open_release(folder)
        _settle(folder, target)
    return LocalRelease(target, release.manifest)


def _check_claims(manifest: Manifest, where: str) -> None:
    refuse_unsafe_formats(manifest.files, where)
    claimed = sum(entry.size for entry in manifest.files.values())
    if claimed > RELEASE_BYTES:
        raise ReleaseCorrupt(f"{where}: files of {claimed} bytes, but at most {RELEASE_BYTES} are taken.")


def _fetch_file(store: Store, key: str, target: Path, size: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.download(key, target, limit=size)
    except NotFound as error:
        raise ReleaseCorrupt(f"{error} The manifest names it; publish the release again.") from error


@contextmanager
def _arriving(cache: Path) -> Iterator[Path]:
    """Lend a folder in which things may be half there."""
    folder = Path(tempfile.mkdtemp(dir=cache, prefix=ARRIVING))
    folder.chmod(0o755)  # mkdtemp gives 0700, and the service may run as another user
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settle(folder: Path, target: Path) -> None:
    """Give a whole folder its name in the cache; what has that name was found damaged, or is the same."""
    target.parent.mkdir(exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    flush_folder(target.parent)

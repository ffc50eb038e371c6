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
from model_store.catalogue import parse_stored, read_manifest_text, read_signature
from model_store.errors import NotFound, ReleaseCorrupt, ReleaseError
from model_store.files import MANIFEST, SIGNATURE, flush_folder, refuse_unsafe_formats, write_whole
from model_store.layout import file_key, manifest_key, release_prefix
from model_store.local import BareArtifact, LocalRelease, bare_artifact, open_release
from model_store.manifest import Manifest
from model_store.signing import TrustedKeys
from model_store.store import Store

RELEASE_BYTES = 4 << 30
"""The most that a release may claim; ours have 3 MB, and a wrong manifest shall not fill the disk."""


def pull(store: Store, version: str, cache: Path, trusted: TrustedKeys | None = None) -> LocalRelease:
    """Have a release in the cache.

    One that is there already is used after it has been verified again, without asking the store.

    Args:
        store: where it is published.
        version: which.
        cache: a folder of ours, made if absent; several processes may share it, and one fetches for all.
        trusted: whose signature it has to carry; None asks for none.

    Raises:
        NotFound: there is no such release in the store.
        ReleaseError: it must not be served; nothing of it is in the cache.
    """
    target = release_folder(cache, version)
    with alone(cache):
        release = _already_there(target, trusted) or _fetch(store, version, target, trusted)
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


def _already_there(target: Path, trusted: TrustedKeys | None) -> LocalRelease | None:
    try:
        return open_release(target, trusted)
    except (NotFound, ReleaseError):  # absent, damaged on this disk, or fetched before it was signed
        return None


def _fetch(store: Store, version: str, target: Path, trusted: TrustedKeys | None) -> LocalRelease:
    text = read_manifest_text(store, version)
    where = f"{store.address}/{manifest_key(version)}"
    # Not asked for in vain: who may not list a bucket gets a 403 for a key that is not there.
    signature = None if trusted is None else read_signature(store, version)
    if trusted is not None:
        trusted.check(text, signature, where)  # before anything in it is believed
    manifest = parse_stored(text, store, version)
    _check_claims(manifest, where)
    with _arriving(target.parents[1]) as folder:
        for path, entry in manifest.files.items():
            _fetch_file(store, file_key(version, path), folder / path, entry.size)
        if signature is not None:
            write_whole(folder / SIGNATURE, signature)
        write_whole(folder / MANIFEST, text)
        _verified(folder, trusted, f"{store.address}/{release_prefix(version)}".rstrip("/"))
        _settle(folder, target)
    return LocalRelease(target, manifest)


def _verified(folder: Path, trusted: TrustedKeys | None, where: str) -> LocalRelease:
    """Open what has arrived; what is wrong with it is told with the address that it came from."""
    try:
        return open_release(folder, trusted)
    except ReleaseCorrupt as error:
        raise ReleaseCorrupt(str(error).replace(str(folder), where)) from error


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

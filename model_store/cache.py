"""The cache on the service's own disk: releases arrive there whole and verified, or not at all.

Touches the cache folder alone: releases/<version>/ and bare/<version>/. What stays there: cache_notes.py.
Loading the model and checking its golden answers is the caller's.
"""

import errno
import fcntl
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from model_store.deadlines import seconds_left
from model_store.errors import (
    CacheUnwritable,
    NotFound,
    NothingPromoted,
    OutOfTime,
    ReleaseCorrupt,
    ReleaseError,
    StoreRefused,
)
from model_store.local_releases import (
    MAX_RELEASE_BYTES,
    BareArtifact,
    LocalRelease,
    choose_bare_files,
    open_bare_artifact,
    open_release,
    verify_release,
)
from model_store.release_files import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    flush_folder,
    is_open_file_at,
    write_whole,
)
from model_store.signing import TrustedKeys
from model_store.store import Store
from model_store.store_keys import file_key, read_signed_manifest, release_prefix

log = logging.getLogger("wardrobe")

DEFAULT_CACHE = Path("~/.cache/wardrobe")
"""The default folder in which the service keeps pulled releases."""

ARRIVING_PREFIX = ".arriving-"
"""What the name of a folder in the cache begins with until it is whole."""
BARE_FOLDER, BARE_VERSION_PREFIX = "bare", "bare-"

LOCK_FILE = ".lock"
LOCK_SECONDS, LOCK_POLL_SECONDS = 600, 0.02
"""How long the lock is waited for where no start is under way, and between two looks at it."""

FILE_NAME_ERRNOS = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
"""What the system says of a file whose name it does not take; any other error is the cache's own."""


CachedArtifact = TypeVar("CachedArtifact", LocalRelease, BareArtifact)


def pull_release(store: Store, version: str, cache: Path, trusted: TrustedKeys | None = None) -> LocalRelease:
    """Bring a release into the cache.

    One that is there already is used after it has been verified again, without asking the store.

    Args:
        store: where it is published.
        version: which.
        cache: a folder of ours, made if absent; several processes may share it, and one fetches for all.
        trusted: whose signature it has to carry; None asks for none.

    Raises:
        NotFound: there is no such release in the store.
        ReleaseError: it must not be served; nothing of it is in the cache.
        CacheUnwritable: it is not in the cache, and cannot be written there.
        StoreRefused: a symbolic link in the cache may lead outside.
    """
    target = locate_in_cache(cache, version)
    open_it = partial(open_release, trusted=trusted)
    if (release := _open_cached(target, open_it)) is not None:
        return release
    with lock_cache(cache):
        return _open_cached(target, open_it) or _fetch_release(store, version, target, trusted)


def _open_cached(target: Path, open_it: Callable[[Path], CachedArtifact]) -> CachedArtifact | None:
    """What the cache has in a folder; None where it is absent, damaged, or came before it was signed."""
    try:
        release = open_it(target)
    except (
        NotFound,
        NothingPromoted,
        ReleaseError,
        OSError,
    ):  # the last where another process puts it there now
        return None
    if release.version != target.name:
        return None
    with suppress(OSError):
        os.utime(target)  # the cache keeps what was used last
    return release


def resolve_cache_folder(place: Path = DEFAULT_CACHE) -> Path:
    """The cache's folder, with `~` resolved.

    A user without a home that can be written, as in a container where users are numbers, or `nobody`, has one
    in the folder for temporary files, which no other user can write.

    Raises:
        StoreRefused: there is no such folder, or it is another user's.
    """
    if place.parts[:1] != ("~",):
        return place.expanduser()
    with suppress(RuntimeError):
        folder, home = place.expanduser(), Path.home()
        if folder.exists() or os.access(home, os.W_OK | os.X_OK):
            return folder
    return Path(_make_user_folder(), *place.parts[1:])


def _make_user_folder() -> Path:
    try:
        folder = Path(tempfile.gettempdir(), f"wardrobe-{os.getuid()}")
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        raise StoreRefused(
            f"This user has no home for the cache of releases ({error.strerror}). {_NAME_A_CACHE}"
        ) from error
    if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) != 0o700:
        raise StoreRefused(f"{folder}: others may write here. Remove it. {_NAME_A_CACHE}")
    return folder


_NAME_A_CACHE = "Or set WARDROBE_CACHE_DIR to a folder of this user, or HOME."


def pull_bare_artifact(store: Store, cache: Path) -> BareArtifact:
    """Bring the bare artifact directly under a store's address into the cache.

    Only its content says which one it is, so that it is always fetched; what the cache has of it stays.

    Raises:
        NothingPromoted: there is neither a release nor a model.
        FormatRefused: a format that can run code when it is read.
        ReleaseCorrupt: metrics are missing, or there are several of either.
    """
    names = [entry.key for entry in store.list_entries("") if "/" not in entry.key]
    files = choose_bare_files(names, store.address)
    with lock_cache(cache), _create_arriving_folder(cache) as folder:
        for name in files:
            store.download(name, folder / name, limit=MAX_RELEASE_BYTES)
        target = locate_in_cache(cache, open_bare_artifact(folder).version)
        if (bare := _open_cached(target, open_bare_artifact)) is not None:
            return bare
        _move_into_place(folder, target)
        return open_bare_artifact(target)


def _fetch_release(store: Store, version: str, target: Path, trusted: TrustedKeys | None) -> LocalRelease:
    signed = read_signed_manifest(store, version, trusted)
    with _create_arriving_folder(target.parents[1]) as folder:
        try:
            for path, entry in signed.manifest.files.items():
                _fetch_file(store, file_key(version, path), folder / path, entry.size)
            if signed.signature is not None:
                write_whole(folder / SIGNATURE_FILE, signed.signature)
            write_whole(folder / MANIFEST_FILE, signed.content)
        except OSError as error:
            if error.errno in FILE_NAME_ERRNOS:
                raise ReleaseCorrupt(
                    f"{signed.address}: a file cannot have its name here ({error})."
                ) from error
            raise
        try:
            verify_release(folder, signed.manifest)
        except ReleaseCorrupt as error:  # the message names the address that it came from
            source = signed.address.removesuffix(f"/{MANIFEST_FILE}")
            raise ReleaseCorrupt(str(error).replace(str(folder), source)) from error
        _move_into_place(folder, target)
    return LocalRelease(target, signed.manifest)


def _fetch_file(store: Store, key: str, target: Path, size: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.download(key, target, limit=size)
    except NotFound as error:
        raise ReleaseCorrupt(f"{error} The manifest names it; publish the release again.") from error


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that the disk lets go of."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        log.error("%s: %s. This is left of a release, and can be removed by hand.", folder, error)


def pull_and_hold_release(store: Store, version: str, cache: Path) -> LocalRelease:
    """A release in the cache, kept there until this process ends."""
    while True:  # again where a prune was quicker
        release = pull_release(store, version, cache)
        if _hold_folder(release.folder) is not None:
            return release


def _hold_folder(folder: Path) -> int | None:
    """Keep a folder of the cache from being pruned until this process ends; its descriptor stays open.

    Returns:
        None where the folder is gone.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(OSError):  # a file system that knows no such locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits where a prune removes it now
    if is_open_file_at(folder, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def locate_in_cache(cache: Path, version: str) -> Path:
    """Where a release, or a bare artifact, is in the cache.

    Raises:
        NotFound: that is no version.
        StoreRefused: there is a symbolic link, which may lead outside.
    """
    is_bare = version.startswith(BARE_VERSION_PREFIX)
    return refuse_links(cache / (f"{BARE_FOLDER}/{version}" if is_bare else release_prefix(version)))


def refuse_links(folder: Path) -> Path:
    """A folder two levels below the cache, once neither level is a symbolic link."""
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise StoreRefused(
                f"{path}: a symbolic link. The cache follows none, since it may lead outside. Remove it."
            )
    return folder


@contextmanager
def lock_cache(cache: Path) -> Iterator[None]:
    """Keep other processes from changing the cache meanwhile; they wait. The folder is made if absent.

    Raises:
        CacheUnwritable: permissions, a full or read-only disk, `.lock` as a symbolic link.
        OutOfTime: another process holds the cache.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = os.open(cache / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            if stat.S_IMODE(os.fstat(lock).st_mode) != 0o600:  # else every user could open, and hold it
                os.fchmod(lock, 0o600)
            _wait_for_lock(lock, cache / LOCK_FILE)
            yield
        finally:
            os.close(lock)
    except OSError as error:
        raise CacheUnwritable(
            f"{cache}: {error}. The cache needs a folder to write to, with room in it."
        ) from error


def _wait_for_lock(lock: int, path: Path) -> None:
    """Take a lock, which is released when its file is closed, also by a crash."""
    most = min(seconds_left(), LOCK_SECONDS)
    end = time.monotonic() + most
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= end:
                raise OutOfTime(
                    f"{path}: another process has held this lock for {max(most, 0):.0f} s. "
                    f"`fuser -v {path}` shows which."
                ) from error
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


@contextmanager
def _create_arriving_folder(cache: Path) -> Iterator[Path]:
    """A folder for what arrives, removed at the end unless it was given its place."""
    with tempfile.TemporaryDirectory(dir=cache, prefix=ARRIVING_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # it has 0700, and the service may run as another user
        yield folder


def _move_into_place(folder: Path, target: Path) -> None:
    """Give a whole folder its name in the cache; what has that name was found damaged."""
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        remove_folder(target)
    folder.replace(target)  # at once, since others may look for this name
    flush_folder(target.parent)

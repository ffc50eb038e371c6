"""The cache of releases on this machine's disk. A release is in it whole and verified, or not at all.

`pull_release` returns a release of a store from the cache, and downloads it first if it is not there. The
cache has one folder for each release (`releases/VERSION/`), and one for each bare artifact, which is a model
with its metrics but without a manifest (`bare/VERSION/`).

Several processes may use one cache, for example the workers of a service and a command. Three rules make that
safe:

1. Whoever changes the cache holds the lock on its file `.lock`.
2. A release is downloaded into a folder with another name (`.arriving-...`), and gets its own name in one
   step.
3. A command that uses a release for long holds a shared lock on its folder, and `prune_cache` leaves it.
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
from pathlib import Path, PurePosixPath
from typing import TypeVar

from model_store.deadlines import count_seconds_left
from model_store.errors import (
    CacheUnwritable,
    NotFound,
    NothingPromoted,
    ReleaseCorrupt,
    ReleaseError,
    StoreDeadlineExceeded,
    StoreRefused,
)
from model_store.local_releases import (
    MAX_RELEASE_BYTES,
    BareArtifact,
    LocalRelease,
    choose_artifact_files,
    open_bare_artifact,
    open_release,
    verify_release,
)
from model_store.manifest import FileEntry
from model_store.release_files import (
    LINE_ENDINGS_ADVICE,
    MANIFEST_FILE,
    MAX_TEXT_BYTES,
    SIGNATURE_FILE,
    flush_folder,
    has_other_line_endings,
    is_path_of_descriptor,
    write_atomically,
)
from model_store.signing import TrustedKeys
from model_store.store import Store
from model_store.store_keys import make_file_key, make_release_prefix, read_signed_manifest

log = logging.getLogger("wardrobe")

DEFAULT_CACHE = Path("~/.cache/wardrobe")
"""Default folder of the cache."""

ARRIVING_PREFIX = ".arriving-"
"""Beginning of the name of a cache folder whose release is still being downloaded."""

BARE_FOLDER, BARE_VERSION_PREFIX = "bare", "bare-"
"""Name of the cache folder for bare artifacts (a model and its metrics without a manifest), and the beginning
of the versions that they get."""

LOCK_FILE = ".lock"
"""Name of the file in the cache that a process locks while it changes the cache."""

LOCK_SECONDS, LOCK_POLL_SECONDS = 600, 0.02
"""Largest number of seconds to wait for the lock of the cache, and seconds between two attempts to take
it."""

FILE_NAME_ERRNOS = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
"""Numbers of the system's errors for a file name that it does not accept. Any other error is a fault of the
cache itself."""


CachedArtifact = TypeVar("CachedArtifact", LocalRelease, BareArtifact)


def pull_release(
    store: Store, version: str, cache: Path, trusted_keys: TrustedKeys | None = None
) -> LocalRelease:
    """Download a release into the cache, verify it, and return it from there.

    A release that is already in the cache is verified again and returned, without asking the store.

    Args:
        version: the version of the release, such as `20261120T101500Z-3f9a1c2e`.
        cache: the folder of the cache, made if it does not exist. Several processes may share it, and one of
            them fetches for all.
        trusted_keys: the public keys of which one must have signed the release; None if no signature is
            required.

    Raises:
        NotFound: the store has no such release.
        ReleaseError: the release must not be served. Nothing of it is left in the cache.
        CacheUnwritable: the release is not in the cache, and cannot be written there.
        StoreRefused: a symbolic link in the cache may lead outside of it.
    """
    target = get_cached_release_path(cache, version)
    open_folder = partial(open_release, trusted_keys=trusted_keys)
    # First without the lock, so that a release in a read-only cache can be served.
    if (release := _open_cached_artifact(target, open_folder)) is not None:
        return release
    with lock_cache(cache):
        # Another process may have downloaded it while this one waited for the lock.
        return _open_cached_artifact(target, open_folder) or _fetch_release(
            store, version, target, trusted_keys
        )


def _open_cached_artifact(
    target: Path, open_folder: Callable[[Path], CachedArtifact]
) -> CachedArtifact | None:
    """Open a release in a folder of the cache; None if it is missing, damaged, or not signed as required."""
    try:
        release = open_folder(target)
    # An OSError: another process removes or replaces the folder at this moment.
    except (NotFound, NothingPromoted, ReleaseError, OSError):
        return None
    if release.version != target.name:  # somebody copied or renamed a folder by hand
        return None
    with suppress(OSError):  # a read-only cache
        os.utime(target)  # `prune_cache` removes the folders with the oldest times first
    return release


def resolve_cache_folder(place: Path = DEFAULT_CACHE) -> Path:
    """Return the folder of the cache, with `~` replaced by the home folder of the user.

    If the user cannot write to a home folder (`nobody`, or a user without a name in a container), the cache
    is in the folder for temporary files instead, and no other user can write to it.

    Args:
        place: the folder that the user asked for, possibly with `~`.

    Raises:
        StoreRefused: there is no such folder, or it belongs to another user.
    """
    if place.parts[:1] != ("~",):
        return place.expanduser()
    with suppress(RuntimeError):  # this user has no home folder
        folder = place.expanduser()
        home = Path.home()
        if folder.exists() or os.access(home, os.W_OK | os.X_OK):
            return folder
    return Path(_make_user_folder(), *place.parts[1:])


def _make_user_folder() -> Path:
    try:
        folder = Path(tempfile.gettempdir(), f"wardrobe-{os.getuid()}")
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()  # not stat: another user may have put a symbolic link there
    except OSError as error:
        raise StoreRefused(
            f"This user has no home for the cache of releases ({error.strerror}). {_CACHE_ADVICE}"
        ) from error
    if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) != 0o700:
        raise StoreRefused(f"{folder}: others may write here. Remove it. {_CACHE_ADVICE}")
    return folder


_CACHE_ADVICE = "Or set WARDROBE_CACHE_DIR to a folder of this user, or HOME."


def pull_bare_artifact(store: Store, cache: Path) -> BareArtifact:
    """Download the bare artifact of a store (a model and its metrics without a manifest) into the cache.

    The store has no version for it, so both files are always downloaded. If the cache already has files with
    this content, the cached copy is returned.

    Args:
        store: the store with the two files directly under its address.
        cache: the folder of the cache, made if it does not exist.

    Raises:
        NothingPromoted: the store has neither a release nor a model.
        UnsafeFormat: the file has a format that can run code when it is read.
        ReleaseCorrupt: there are no metrics, or there are several models or several metrics.
    """
    names = [entry.key for entry in store.list_entries("") if "/" not in entry.key]
    files = choose_artifact_files(names, store.address)
    with lock_cache(cache), _create_arriving_folder(cache) as folder:
        # The version is a hash of both files, so it is known only after the download.
        for name in files:
            store.download(name, folder / name, limit=MAX_RELEASE_BYTES)
        target = get_cached_release_path(cache, open_bare_artifact(folder).version)
        if (bare := _open_cached_artifact(target, open_bare_artifact)) is not None:
            return bare
        _move_into_place(folder, target)
        return open_bare_artifact(target)


def _fetch_release(store: Store, version: str, target: Path, trusted: TrustedKeys | None) -> LocalRelease:
    signed = read_signed_manifest(store, version, trusted)
    with _create_arriving_folder(target.parents[1]) as folder:
        try:
            for path, entry in signed.manifest.files.items():
                _fetch_file(store, make_file_key(version, path), folder / path, entry)
            # The manifest and the signature are written from memory. A second download could get others.
            if signed.signature is not None:
                write_atomically(folder / SIGNATURE_FILE, signed.signature)
            write_atomically(folder / MANIFEST_FILE, signed.content)
        except OSError as error:
            # The fault is in the release, not in this disk, so it must not be reported as a broken cache.
            if error.errno in FILE_NAME_ERRNOS:
                raise ReleaseCorrupt(
                    f"{signed.address}: a file cannot have its name here ({error})."
                ) from error
            raise
        try:
            verify_release(folder, signed.manifest)
        except ReleaseCorrupt as error:
            # The folder is removed at once, so the message names the place in the store instead.
            source = signed.address.removesuffix(f"/{MANIFEST_FILE}")
            raise ReleaseCorrupt(str(error).replace(str(folder), source)) from error
        _move_into_place(folder, target)
    return LocalRelease(target, signed.manifest)


def _fetch_file(store: Store, key: str, target: Path, entry: FileEntry) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.download(key, target, limit=entry.size)
    except NotFound as error:
        raise ReleaseCorrupt(f"{error} The manifest names it; publish the release again.") from error
    except ReleaseCorrupt as error:
        if not _has_other_line_endings_in_store(store, key, target, entry):
            raise
        advice = LINE_ENDINGS_ADVICE.format(folder=PurePosixPath(key).parent.name)
        raise ReleaseCorrupt(f"{store.address}/{key}: {advice}") from error


def _has_other_line_endings_in_store(store: Store, key: str, target: Path, entry: FileEntry) -> bool:
    """Return whether a file that is too long has CRLF in place of LF: a store may lie in git."""
    if entry.size > MAX_TEXT_BYTES:
        return False
    try:
        store.download(key, target, limit=2 * entry.size)  # a CR for each byte, if all are LF
    except ReleaseCorrupt:
        return False
    return has_other_line_endings(target, entry)


def remove_folder(folder: Path) -> None:
    """Remove a folder and its content. If something cannot be removed, log the error and leave the rest."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        log.error("%s: %s. This is left of a release, and can be removed by hand.", folder, error)


def pull_and_hold_release(
    store: Store, version: str, cache: Path, trusted_keys: TrustedKeys | None = None
) -> LocalRelease:
    """Download a release into the cache, and protect it from `prune_cache` until this process ends."""
    while True:  # again if a prune removed the folder after it was opened and before it was locked
        release = pull_release(store, version, cache, trusted_keys)
        if _hold_folder(release.folder) is not None:
            return release


def _hold_folder(folder: Path) -> int | None:
    """Keep a folder of the cache from being pruned until this process ends.

    Returns:
        The open descriptor that keeps it; None if the folder is gone.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(OSError):  # some network file systems have no such locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits while a prune removes the folder
    if is_path_of_descriptor(folder, descriptor):
        # The descriptor stays open on purpose: the lock ends when the process does.
        return descriptor
    os.close(descriptor)
    return None


def get_cached_release_path(cache: Path, version: str) -> Path:
    """Return the path of a release, or of a bare artifact, in the cache; the folder need not exist.

    Args:
        version: the version of the release, or of the bare artifact (`bare-` and eight digits).

    Raises:
        NotFound: `version` does not have the form of a version.
        StoreRefused: a part of the path is a symbolic link, which may lead outside of the cache.
    """
    is_bare = version.startswith(BARE_VERSION_PREFIX)
    return require_no_links(cache / (f"{BARE_FOLDER}/{version}" if is_bare else make_release_prefix(version)))


def require_no_links(folder: Path) -> Path:
    """Return a folder two levels below the cache unchanged, if neither level is a symbolic link.

    Raises:
        StoreRefused: the folder or its parent is a symbolic link, which may lead outside of the cache.
    """
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise StoreRefused(
                f"{path}: a symbolic link. The cache follows none, since it may lead outside. Remove it."
            )
    return folder


@contextmanager
def lock_cache(cache: Path) -> Iterator[None]:
    """Lock the cache during the block, so that other processes that want to change it wait.

    Raises:
        CacheUnwritable: permissions are missing, the disk is full or read-only, or `.lock` is a symbolic
            link.
        StoreDeadlineExceeded: another process holds the lock.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = os.open(cache / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            # Whoever may open the file can also hold its lock for ever, so a file that others may open is
            # closed to them.
            if stat.S_IMODE(os.fstat(lock).st_mode) != 0o600:
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
    """Take a lock, and give up after LOCK_SECONDS or at the deadline of the caller, whichever is first.

    The system releases the lock when its file is closed, also if the process crashes.
    """
    # Try again and again, because `flock` that waits has no time limit.
    most = min(count_seconds_left(), LOCK_SECONDS)
    end = time.monotonic() + most
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= end:
                raise StoreDeadlineExceeded(
                    f"{path}: another process has held this lock for {max(most, 0):.0f} s. "
                    f"`fuser -v {path}` shows which."
                ) from error
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


@contextmanager
def _create_arriving_folder(cache: Path) -> Iterator[Path]:
    """Create a folder for arriving files. It is removed at the end of the block unless it was moved."""
    with tempfile.TemporaryDirectory(dir=cache, prefix=ARRIVING_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # `TemporaryDirectory` makes it readable for its owner alone, but the service may run as another user.
        folder.chmod(0o755)
        yield folder


def _move_into_place(folder: Path, target: Path) -> None:
    """Give a whole folder its name in the cache, and remove a damaged folder that has this name."""
    target.parent.mkdir(exist_ok=True)
    if target.exists():  # `_open_cached_artifact` has refused it, so nothing is lost
        remove_folder(target)
    folder.replace(target)  # in one step: others look for this name without holding the lock
    flush_folder(target.parent)

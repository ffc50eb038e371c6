"""Publish a release, so that readers see all of it or none of it; remove those that nothing needs any more.

Files go first, then a signature if there is one, then manifest.json, then the promotion. A crash leaves at
most an orphan folder, which `prune` removes and publishing again completes. Writes to the store alone. What
may follow current decides a function that the caller gives, as reports/judge.py has one; the log is in
promotions.py.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from model_store.catalogue import (
    PROMOTIONS,
    ReleaseFiles,
    Stored,
    check_complete,
    file_key,
    files_in_folder,
    files_in_store,
    manifest_key,
    mark_key,
    read_manifest,
    stored,
)
from model_store.errors import (
    AlreadyExists,
    NotFound,
    NothingPromoted,
    ReleaseCorrupt,
    ReleaseRemoved,
    StoreBroken,
)
from model_store.files import MANIFEST, SIGNATURE, fingerprint
from model_store.local import LocalRelease, open_release
from model_store.manifest import FileEntry, Manifest
from model_store.promotions import (
    append,
    current,
    history,
    is_whole,
    newest,
    require_conditional_writes,
    roll_back,
    standing,
)
from model_store.records import Log, Promotion, Unread
from model_store.store import Store

SPARED = timedelta(hours=1)
"""Age below which a release is not removed: longer than sending, checking and promoting it takes."""

ABANDONED = timedelta(days=1)
"""Age from which a release without a manifest is none that is still sent."""

Judge = Callable[[ReleaseFiles, Store, str | None], str]
"""Says in a sentence why a release may follow the version that services serve, None where there is none.

Raises GateRefused where it may not.
"""

Progress = Callable[[str, int], None]
"""Called with path and size in bytes when a file is known to be in the store as it should be."""


@dataclass(frozen=True)
class Published:
    """What publishing or promoting came to.

    Attributes:
        manifest: of the release.
        promotion: the record that makes it current; None if that was not asked for.
        verdict: of the judge, in a sentence.
    """

    manifest: Manifest
    promotion: Promotion | None
    verdict: str


def publish(  # noqa: PLR0913 - three parts, four choices, each named
    folder: Path,
    store: Store,
    judge: Judge,
    *,
    by: str,
    promote: bool = True,
    unconditional: bool = False,
    progress: Progress = lambda path, size: None,
) -> Published:
    """Bring a release into a store and make it current.

    What an interrupted run of the same has left there is kept where its content is right.

    Args:
        folder: a release.
        store: where it goes.
        judge: decides whether it may become current; asked before anything is sent.
        by: who publishes, for the log.
        promote: make it current; without, it stays an orphan until it is promoted.
        unconditional: promote even where the store ignores conditional writes.
        progress: called for each file.

    Raises:
        ReleaseError: the folder is no release that may be served; nothing was sent.
        GateRefused: the judge refuses it; nothing was sent.
        AlreadyExists: the store has another release under this version.
        UnconditionalStore: the store ignores conditional writes; nothing was sent.
        LostRace: another promotion came first; the release is there but not current.
        ReleaseRemoved: the release was deleted while it was promoted.
        PromotionUnchecked: its promotion is in the log, or may be, and the store failed then.
    """
    release = open_release(folder)
    if not promote:
        send(release, store, progress)
        return Published(release.manifest, None, "Not promoted.")
    before = newest(store)
    verdict = judge(files_in_folder(release), store, None if before is None else before.version)
    if not unconditional:
        require_conditional_writes(store)
    send(release, store, progress)
    return Published(release.manifest, _promote(store, release.manifest, before, by), verdict)


def promote(version: str, store: Store, judge: Judge, *, by: str, unconditional: bool = False) -> Published:
    """Make a release that is in the store current.

    Raises:
        NotFound: there is no such release.
        ReleaseCorrupt: it is not complete.
        GateRefused, UnconditionalStore, LostRace, ReleaseRemoved, PromotionUnchecked: see `publish`.
    """
    before = newest(store)
    manifest = read_manifest(store, version)
    check_complete(store, manifest)
    verdict = judge(files_in_store(store, manifest), store, None if before is None else before.version)
    if not unconditional:
        require_conditional_writes(store)
    return Published(manifest, _promote(store, manifest, before, by), verdict)


def _promote(store: Store, manifest: Manifest, before: Promotion | Unread | None, by: str) -> Promotion:
    if isinstance(before, Promotion) and before.version == manifest.version:
        return before
    check_complete(store, manifest)  # a prune may have run while the files were on their way
    promotion = append(store, manifest.version, "promote", by, before)
    with standing(store, promotion):
        try:
            check_complete(store, manifest)  # or between that check and the promotion
        except ReleaseCorrupt as error:
            raise ReleaseRemoved(f"{error} {_withdraw(store, promotion, by)}") from error
    return promotion


def _withdraw(store: Store, promotion: Promotion, by: str) -> str:
    """Roll back a promotion whose release is gone, unless another one came since; what was done."""
    gone = f"{promotion.version} was deleted while promotion {promotion.number} made it current"
    if newest(store) != promotion:
        return f"{gone}; a later promotion holds."
    try:
        back = roll_back(store, by, unconditional=True)
    except NothingPromoted:  # of a rollback: what it went back from may still be there
        if promotion.previous is None or not is_whole(store, promotion.previous):
            return f"{gone}, and no earlier release is in the store to roll back to."
        back = append(store, promotion.previous, "rollback", by, promotion)
    return f"{gone}, so {back.version} was made current again (promotion {back.number})."


def send(release: LocalRelease, store: Store, progress: Progress) -> None:
    """Upload a release: every file and the signature, read back each, then the manifest.

    A signature in the store is replaced by one in the folder: that is how keys are rotated.

    Raises:
        AlreadyExists: the store has another manifest under this version; nothing was sent.
        StoreBroken: what was read back is not what was sent.
    """
    manifest = release.manifest
    text = (release.folder / MANIFEST).read_bytes()
    _refuse_another(store, manifest.version, text)
    if _is_there(store, mark_key(manifest.version)):  # of a prune that was stopped: what is sent now stays
        store.delete(mark_key(manifest.version))
    with tempfile.TemporaryDirectory() as scratch:
        for path, entry in _to_send(release):
            _send_file(store, file_key(manifest.version, path), release.folder / path, entry, Path(scratch))
            progress(path, entry.size)
    try:
        store.create(manifest_key(manifest.version), text)
    except AlreadyExists:
        _refuse_another(store, manifest.version, text)
    if store.read(manifest_key(manifest.version)) != text:
        raise StoreBroken(_differs(store, manifest_key(manifest.version)))
    progress(MANIFEST, len(text))


def _to_send(release: LocalRelease) -> Iterator[tuple[str, FileEntry]]:
    """Everything but the manifest, which comes last."""
    yield from sorted(release.manifest.files.items())
    if (release.folder / SIGNATURE).exists():
        yield SIGNATURE, fingerprint(release.folder / SIGNATURE)


def _refuse_another(store: Store, version: str, text: bytes) -> None:
    try:
        there = store.read(manifest_key(version))
    except NotFound:
        return
    if there != text:
        raise AlreadyExists(
            f"{store.address}/{manifest_key(version)}: another release of this version is there, "
            "and a release never changes. Seal yours again for a new version."
        )


def _send_file(store: Store, key: str, source: Path, entry: FileEntry, scratch: Path) -> None:
    if _holds(store, key, entry, scratch):
        return
    store.upload(key, source)
    if not _holds(store, key, entry, scratch):
        raise StoreBroken(_differs(store, key))


def _holds(store: Store, key: str, entry: FileEntry, scratch: Path) -> bool:
    copy = scratch / "read-back"
    try:
        store.download(key, copy, limit=entry.size)
    except (NotFound, ReleaseCorrupt):
        return False
    return fingerprint(copy) == entry


def _differs(store: Store, key: str) -> str:
    return f"{store.address}/{key}: read back, it is not what was sent. Publish again, or look at the server."


def prunable(store: Store, keep: int, older_than: timedelta = SPARED) -> list[Stored]:
    """Choose what `prune` would remove.

    Kept are the `keep` releases that were current last, the `keep` that rolling back would walk through
    (they differ after a rollback), and what was written to within `older_than`. Every other release goes.
    Where the newest records cannot be read, one more is kept for each, and what no other record names. Of
    what has no manifest goes what a stopped prune has marked, and what is ABANDONED and was never promoted.

    Args:
        store: where.
        keep: 1 or more; current is one of them.
        older_than: how long ago a release was last written to, at least, by the store's clock. It protects
            a publisher at work; zero protects none, and a publisher that loses its release reports an error.

    Raises:
        NothingPromoted: no promotion was read, so nothing shows which release is in use.
    """
    log = history(store)
    unread = sum(1 for _ in takewhile(lambda record: isinstance(record, Unread), log.records))
    if not log.promotions:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: no promotion is here, so nothing shows which release is in use. "
            "Nothing is removed. Promote one, or correct the address."
        )
    recent = list(dict.fromkeys(promotion.version for promotion in reversed(log.promotions)))
    kept = {*recent[: keep + unread], *log.candidates[:keep], log.records[0].version}
    now = datetime.now(UTC)
    return [
        release
        for release in stored(store)
        if (
            release.version not in kept
            and not (unread and release.version not in recent)
            and _is_old(release.modified, older_than, now)
            if release.complete
            else release.version != log.records[0].version and _is_left(release, log, older_than, now)
        )
    ]


def _is_left(release: Stored, log: Log, older_than: timedelta, now: datetime) -> bool:
    """Whether what has no manifest is left of a prune or of a publishing that ended.

    Without a mark it may be of a prune that is at work, and that gives a promoted release back, or of a
    publisher at work.
    """
    if release.marked is not None:
        return _is_old(release.marked, older_than, now)
    promoted = {promotion.version for promotion in log.promotions}
    is_promoted = bool(log.unread) or release.version in promoted
    return not is_promoted and _is_old(
        release.modified, max(older_than, ABANDONED) if older_than else older_than, now
    )


def _is_old(modified: datetime, age: timedelta, now: datetime) -> bool:
    return not age or modified < now - age


def prune(store: Store, keep: int, older_than: timedelta = SPARED, *, by: str = "prune") -> list[Stored]:
    """Remove what `prunable` chooses, but for what has become current since; return what was removed.

    Promotions, rollbacks and prunes write first and then read again, so that of two that meet one gives way:
    none of them holds a lock, which a crash would leave.

    Args:
        store: where.
        keep: as in `prunable`.
        older_than: as in `prunable`.
        by: who prunes, for the log, should a release that was removed have become current.

    Raises:
        NothingPromoted: as `prunable`, also where the promotions disappear meanwhile.
        ReleaseRemoved: what was removed became current at this moment; the release before is so again.
    """
    return [
        release
        for release in prunable(store, keep, older_than)
        if _in_use(store) != release.version and _is_removed(store, release, by)
    ]


def _is_removed(store: Store, release: Stored, by: str) -> bool:
    """Remove a release, unless it has become current by the time that its manifest is gone.

    A promotion and a rollback that find it incomplete afterwards are withdrawn: so what is not current then
    will not be. Once it is marked, no other prune gives its manifest back, and any later one may go on.
    """
    version = release.version
    if release.complete and not _is_given_up(store, version):
        return False
    if not _is_marked(store, version):
        return False
    first, mark = manifest_key(version), mark_key(version)
    for key in (entry.key for entry in release.entries if entry.key not in (first, mark)):
        store.delete(key)
    store.delete(first)  # another prune may have given it back at this moment
    store.delete(mark)
    if _in_use(store) == version:
        raise ReleaseRemoved(_withdraw(store, current(store), by))
    return True


def _is_given_up(store: Store, version: str) -> bool:
    """Delete the manifest of a release and read the promotions again: whether none needs it.

    One that has no manifest now is left to the prune that is at work on it, which may give it back.
    """
    first = manifest_key(version)
    try:
        manifest = store.read(first)
    except NotFound:
        return False
    except ReleaseCorrupt:  # such a release is never promoted
        manifest = None
    store.delete(first)
    used = _in_use(store)
    is_needed = used == version or (used is not None and not is_whole(store, used))
    if manifest is None or not is_needed or _is_there(store, mark_key(version)):
        return True
    with suppress(AlreadyExists):  # another prune has given it back
        store.create(first, manifest)
    return False


def _is_marked(store: Store, version: str) -> bool:
    """Mark what is left of a release, unless another prune has given its manifest back until then."""
    with suppress(AlreadyExists):  # of another prune, or of one that was stopped
        store.create(mark_key(version), b"")
    if not _is_there(store, manifest_key(version)):
        return True
    store.delete(mark_key(version))
    return False


def _is_there(store: Store, key: str) -> bool:
    try:
        store.read(key)
    except NotFound:
        return False
    except ReleaseCorrupt:  # too long
        return True
    return True


def _in_use(store: Store) -> str | None:
    """The release that services serve; None where the newest record cannot be read, and none before it.

    Raises:
        NothingPromoted: there is no record.
    """
    return (newest(store) or current(store)).version

"""Publish a release, so that readers see all of it or none of it; remove those that nothing needs any more.

Files go first, then a signature if there is one, then manifest.json, then the promotion. A crash leaves at
most an orphan folder, which `prune` removes and publishing again completes. Writes to the store alone. What
may follow current decides a function that the caller gives, as reports/judge.py has one; the log is in
promotions.py.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from model_store.errors import (
    AlreadyExists,
    NotFound,
    NothingPromoted,
    ReleaseCorrupt,
    StoreBroken,
)
from model_store.local_releases import LocalRelease, open_release
from model_store.manifest import FileEntry, Manifest
from model_store.promotions import (
    append_promotion,
    check_promoted_release,
    read_current_promotion,
    read_newest_promotion,
    read_promotions,
    require_conditional_writes,
)
from model_store.records import Promotion
from model_store.release_files import MANIFEST_FILE, SIGNATURE_FILE, fingerprint_file
from model_store.store import Store
from model_store.store_keys import (
    PROMOTIONS,
    ReleaseFiles,
    StoredRelease,
    check_release_complete,
    file_key,
    files_in_folder,
    files_in_store,
    list_releases,
    manifest_key,
    read_manifest,
)

MIN_AGE = timedelta(hours=1)
"""Age below which a release is not removed: longer than sending, checking and promoting it takes."""

MIN_UNFINISHED_AGE = timedelta(days=1)
"""Age from which what has no manifest is none that is still sent."""

Judge = Callable[[ReleaseFiles, Store, str | None], str]
"""Says in a sentence why a release may follow the version that services serve, None where there is none.

Raises GateRefused where it may not.
"""

ReportFile = Callable[[str, int], None]
"""Called with path and size in bytes when a file is known to be in the store as it should be."""


@dataclass(frozen=True)
class PublishResult:
    """What publishing or promoting came to.

    Attributes:
        manifest: of the release.
        promotion: the record that makes it current; None if that was not asked for.
        verdict: of the judge, in a sentence.
    """

    manifest: Manifest
    promotion: Promotion | None
    verdict: str


def publish_release(  # noqa: PLR0913 - three parts, four choices, each named
    folder: Path,
    store: Store,
    judge: Judge,
    *,
    author: str,
    promote: bool = True,
    unconditional: bool = False,
    progress: ReportFile = lambda path, size: None,
) -> PublishResult:
    """Bring a release into a store and make it current.

    What an interrupted run of the same has left there is kept where its content is right.

    Args:
        folder: a release.
        store: where it goes.
        judge: decides whether it may become current; asked before anything is sent.
        author: who publishes, for the log.
        promote: make it current; without, it stays an orphan until it is promoted.
        unconditional: promote even where the store ignores conditional writes.
        progress: called for each file.

    Raises:
        ReleaseError: the folder is no release that may be served; nothing was sent.
        GateRefused: the judge refuses it; nothing was sent.
        AlreadyExists: the store has another release under this version.
        UnconditionalStore: the store ignores conditional writes; nothing was sent.
        LostRace: another promotion came first; the release is there but not current.
        ReleaseRemoved: a prune took the release while it was promoted; the record stands.
        PromotionUnchecked: its promotion is in the log, or may be, and the store failed then.
    """
    release = open_release(folder)
    if not promote:
        upload_release(release, store, progress)
        return PublishResult(release.manifest, None, "Not promoted.")
    before = read_newest_promotion(store)
    verdict = judge(files_in_folder(release), store, None if before is None else before.version)
    if not unconditional:
        require_conditional_writes(store)
    upload_release(release, store, progress)
    return PublishResult(release.manifest, _promote(store, release.manifest, before, author), verdict)


def promote_release(
    version: str, store: Store, judge: Judge, *, author: str, unconditional: bool = False
) -> PublishResult:
    """Make a release that is in the store current.

    Raises:
        NotFound: there is no such release.
        ReleaseCorrupt: it is not complete.
        GateRefused, UnconditionalStore, LostRace, ReleaseRemoved, PromotionUnchecked: see `publish`.
    """
    before = read_newest_promotion(store)
    manifest = read_manifest(store, version)
    check_release_complete(store, manifest)
    verdict = judge(files_in_store(store, manifest), store, None if before is None else before.version)
    if not unconditional:
        require_conditional_writes(store)
    return PublishResult(manifest, _promote(store, manifest, before, author), verdict)


def _promote(store: Store, manifest: Manifest, before: Promotion | None, author: str) -> Promotion:
    if before is not None and before.version == manifest.version:
        return before
    check_release_complete(store, manifest)  # a prune may have run while the files were on their way
    promotion = append_promotion(store, manifest.version, "promote", author, before)
    check_promoted_release(store, promotion)  # or between that check and the promotion
    return promotion


def upload_release(release: LocalRelease, store: Store, progress: ReportFile) -> None:
    """Upload a release: every file and the signature, read back each, then the manifest.

    A signature in the store is replaced by one in the folder: that is how keys are rotated.

    Raises:
        AlreadyExists: the store has another manifest under this version; nothing was sent.
        StoreBroken: what was read back is not what was sent.
    """
    manifest = release.manifest
    text = (release.folder / MANIFEST_FILE).read_bytes()
    _refuse_other_manifest(store, manifest.version, text)
    with tempfile.TemporaryDirectory() as scratch:
        for path, entry in _list_uploads(release):
            _upload_file(store, file_key(manifest.version, path), release.folder / path, entry, Path(scratch))
            progress(path, entry.size)
    try:
        store.create(manifest_key(manifest.version), text)
    except AlreadyExists:
        _refuse_other_manifest(store, manifest.version, text)
    if store.read(manifest_key(manifest.version)) != text:
        raise StoreBroken(_difference_message(store, manifest_key(manifest.version)))
    progress(MANIFEST_FILE, len(text))


def _list_uploads(release: LocalRelease) -> Iterator[tuple[str, FileEntry]]:
    """Everything but the manifest, which comes last."""
    yield from sorted(release.manifest.files.items())
    if (release.folder / SIGNATURE_FILE).exists():
        yield SIGNATURE_FILE, fingerprint_file(release.folder / SIGNATURE_FILE)


def _refuse_other_manifest(store: Store, version: str, text: bytes) -> None:
    try:
        there = store.read(manifest_key(version))
    except NotFound:
        return
    if there != text:
        raise AlreadyExists(
            f"{store.address}/{manifest_key(version)}: another release of this version is there, "
            "and a release never changes. Seal yours again for a new version."
        )


def _upload_file(store: Store, key: str, source: Path, entry: FileEntry, scratch: Path) -> None:
    if _has_content(store, key, entry, scratch):
        return
    store.upload(key, source)
    if not _has_content(store, key, entry, scratch):
        raise StoreBroken(_difference_message(store, key))


def _has_content(store: Store, key: str, entry: FileEntry, scratch: Path) -> bool:
    copy = scratch / "read-back"
    try:
        store.download(key, copy, limit=entry.size)
    except (NotFound, ReleaseCorrupt):
        return False
    return fingerprint_file(copy) == entry


def _difference_message(store: Store, key: str) -> str:
    return f"{store.address}/{key}: read back, it is not what was sent. Publish again, or look at the server."


def list_prunable_releases(store: Store, keep: int, older_than: timedelta = MIN_AGE) -> list[StoredRelease]:
    """Choose what `prune` would remove.

    Kept are the `keep` releases that were current last, the `keep` that rolling back would walk through
    (they differ after a rollback), and what was written to within `older_than`. Every other release goes, and
    so does what has no manifest once it is ABANDONED.

    Args:
        store: where.
        keep: 1 or more; current is one of them.
        older_than: how long ago a release was last written to, at least, by the store's clock. It protects
            a publisher at work; zero protects none, and a publisher that loses its release reports an error.

    Raises:
        NothingPromoted: there is no promotion, so nothing shows which release is in use.
        RecordUnreadable, ReleaseCorrupt: a promotion cannot be read.
    """
    log = read_promotions(store)
    if not log:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: no promotion is here, so nothing shows which release is in use. "
            "Nothing is removed. Promote one, or correct the address."
        )
    recent = list(dict.fromkeys(promotion.version for promotion in reversed(log)))
    kept_versions, now = {*recent[:keep], *log[-1].candidates[:keep]}, datetime.now(UTC)
    min_unfinished_age = max(older_than, MIN_UNFINISHED_AGE) if older_than else older_than
    return [
        release
        for release in list_releases(store)
        if release.version not in kept_versions
        and _is_old(release.modified_at, older_than if release.is_complete else min_unfinished_age, now)
    ]


def _is_old(modified: datetime, age: timedelta, now: datetime) -> bool:
    return not age or modified < now - age


def prune_releases(store: Store, keep: int, older_than: timedelta = MIN_AGE) -> list[StoredRelease]:
    """Remove what `prunable` chooses, but for what may be served by the newest record; return what went.

    The newest record is read again before each release, whose manifest goes first: what a prune that is
    stopped leaves is no release, and a later one removes it. No lock is held, which a crash would leave.

    Args:
        store: where.
        keep: as in `prunable`.
        older_than: as in `prunable`.

    Raises:
        NothingPromoted, RecordUnreadable, ReleaseCorrupt: as `prunable`, also of promotions that disappear.
        ReleaseRemoved: what was removed became current at this moment.
    """
    removed = list[StoredRelease]()
    for release in list_prunable_releases(store, keep, older_than):
        if release.version in read_current_promotion(store).candidates[:keep]:
            continue
        first = manifest_key(release.version)
        for key in (first, *(entry.key for entry in release.entries if entry.key != first)):
            store.delete(key)
        removed.append(release)
    holding = read_current_promotion(store)
    if holding.version in {release.version for release in removed}:
        check_promoted_release(store, holding)
    return removed

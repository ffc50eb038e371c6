"""Publish a release, so that readers see all of it or none of it; remove releases that nobody needs any more.

The files go first, then the signature if there is one, then manifest.json, then the promotion. A crash leaves
at most an orphan folder, which `prune` removes and another publication completes. Only the store is written
to. The caller passes a function that decides whether a release may follow the current one; reports/judge.py
has one. promotions.py has the log.
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
from model_store.signing import read_private_key
from model_store.store import Store
from model_store.store_keys import (
    PROMOTIONS,
    ReleaseFiles,
    StoredRelease,
    check_release_complete,
    list_releases,
    make_file_key,
    make_folder_release_files,
    make_manifest_key,
    make_store_release_files,
    read_manifest,
)

MIN_AGE = timedelta(hours=1)
"""Age below which a prune does not remove a release. Uploading, checking and promoting a release takes less
time."""

MIN_UNFINISHED_AGE = timedelta(days=1)
"""Age from which a folder without a manifest is taken for the rest of a failed upload, and may be pruned."""

Judge = Callable[[ReleaseFiles, Store, str | None], str]
"""Function that decides whether a release may become current. It gets the files of the release, the store,
and the version that services use now (None if there is none). It returns its reason as a sentence, and raises
GateRefused if the release may not become current."""

ReportFile = Callable[[str, int], None]
"""Function that is called with the path and the size in bytes of each file, once the file is in the store and
verified."""


Signer = Callable[[bytes], bytes]
"""Function that returns the signature of a manifest's bytes."""


@dataclass(frozen=True)
class PublishResult:
    """The result of publishing or promoting (making current) a release.

    Attributes:
        manifest: the manifest of the release.
        promotion: the record that makes it current; None if that was not requested.
        verdict: the sentence of the judge.
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
    can_skip_conditional_writes: bool = False,
    key: Path | None = None,
    progress: ReportFile = lambda path, size: None,
) -> PublishResult:
    """Upload a release to a store and, if `promote` is true, make it the current one.

    If an interrupted run left files of this release in the store, the intact ones are not sent again.

    Args:
        judge: the function that decides whether the release may become current. It is called before anything
            is sent.
        author: the name of whoever publishes, for the log.
        promote: whether to make the release current. Otherwise it stays in the store until somebody promotes
            it.
        can_skip_conditional_writes: whether to promote even if the store overwrites objects that should only
            be created.
        key: the file of a private key that signs the manifest in the store; the folder stays as it is. None
            to send the signature that lies in the folder, if there is one.
        progress: a function that is called with the path and the size of each file once it is in the store.

    Raises:
        ReleaseError: the folder is not a release that may be served. Nothing was sent.
        KeyUnusable: `key` is no private key. Nothing was sent.
        GateRefused: the judge refuses it. Nothing was sent.
        AlreadyExists: the store has another release with this version.
        UnconditionalStore: the store ignores conditional writes. Nothing was sent.
        PromotionConflict: another promotion came first. The release is in the store but is not current.
        ReleaseRemoved: a prune removed the release while it was promoted. The record stays.
        PromotionUnchecked: its promotion is in the log, or may be, and the store failed then.
    """
    release = open_release(folder)
    sign = None if key is None else read_private_key(key).sign
    if not promote:
        _upload_release(release, store, sign, progress)
        return PublishResult(release.manifest, None, "Not promoted.")
    before = read_newest_promotion(store)
    verdict = judge(make_folder_release_files(release), store, None if before is None else before.version)
    if not can_skip_conditional_writes:
        require_conditional_writes(store)
    _upload_release(release, store, sign, progress)
    return PublishResult(release.manifest, _make_current(store, release.manifest, before, author), verdict)


def promote_release(
    version: str, store: Store, judge: Judge, *, author: str, can_skip_conditional_writes: bool = False
) -> PublishResult:
    """Make a release current that is already in a store.

    Args:
        judge: the function that decides whether the release may become current.
        author: the name of the person or program that promotes, for the log.
        can_skip_conditional_writes: whether to go on if the store overwrites objects that should only be
            created.

    Raises:
        NotFound: there is no such release.
        ReleaseCorrupt: the release is not complete.
        GateRefused, UnconditionalStore, PromotionConflict, ReleaseRemoved, PromotionUnchecked: as in
            `publish_release`.
    """
    before = read_newest_promotion(store)
    manifest = read_manifest(store, version)
    check_release_complete(store, manifest)
    verdict = judge(
        make_store_release_files(store, manifest), store, None if before is None else before.version
    )
    if not can_skip_conditional_writes:
        require_conditional_writes(store)
    return PublishResult(manifest, _make_current(store, manifest, before, author), verdict)


def _make_current(store: Store, manifest: Manifest, before: Promotion | None, author: str) -> Promotion:
    if before is not None and before.version == manifest.version:
        return before
    check_release_complete(store, manifest)  # a prune may have run while the files were sent
    promotion = append_promotion(store, manifest.version, "promote", author, before)
    check_promoted_release(store, promotion)  # or between the check and the promotion
    return promotion


def _upload_release(release: LocalRelease, store: Store, sign: Signer | None, progress: ReportFile) -> None:
    """Upload all files of a release and its signature, read each back, and upload the manifest last.

    A signature in the store is replaced, so a release can be signed with a new key.

    Args:
        release: the verified release in a local folder.
        sign: the function that signs; None for the signature in the folder, if there is one.
        progress: a function that is called with the path and the size of each file once it is in the store.

    Raises:
        AlreadyExists: the store has another manifest for this version. Nothing was sent.
        StoreBroken: the store does not return the bytes that were sent.
    """
    manifest = release.manifest
    text = (release.folder / MANIFEST_FILE).read_bytes()
    _refuse_other_manifest(store, manifest.version, text)
    with tempfile.TemporaryDirectory() as scratch:
        for name, source, entry in _list_uploads(release, text, sign, Path(scratch)):
            _upload_file(store, make_file_key(manifest.version, name), source, entry, Path(scratch))
            progress(name, entry.size)
    try:
        store.create(make_manifest_key(manifest.version), text)
    except AlreadyExists:
        _refuse_other_manifest(store, manifest.version, text)
    if store.read(make_manifest_key(manifest.version)) != text:
        raise StoreBroken(_make_difference_message(store, make_manifest_key(manifest.version)))
    progress(MANIFEST_FILE, len(text))


def _list_uploads(
    release: LocalRelease, manifest_text: bytes, sign: Signer | None, scratch: Path
) -> Iterator[tuple[str, Path, FileEntry]]:
    """Yield name, place and fingerprint of the files to send. The manifest is left out: it comes last."""
    for name, entry in sorted(release.manifest.files.items()):
        yield name, release.folder / name, entry
    signature = release.folder / SIGNATURE_FILE
    if sign is not None:
        # Not in the folder: it may be the bundled release, or a cache that others read.
        signature = scratch / SIGNATURE_FILE
        signature.write_bytes(sign(manifest_text))
    if signature.exists():
        yield SIGNATURE_FILE, signature, fingerprint_file(signature)


def _refuse_other_manifest(store: Store, version: str, text: bytes) -> None:
    try:
        there = store.read(make_manifest_key(version))
    except NotFound:
        return
    if there != text:
        raise AlreadyExists(
            f"{store.address}/{make_manifest_key(version)}: another release of this version is there, "
            "and a release never changes. Seal yours again for a new version."
        )


def _upload_file(store: Store, key: str, source: Path, entry: FileEntry, scratch: Path) -> None:
    if _has_content(store, key, entry, scratch):
        return
    store.upload(key, source)
    if not _has_content(store, key, entry, scratch):
        raise StoreBroken(_make_difference_message(store, key))


def _has_content(store: Store, key: str, entry: FileEntry, scratch: Path) -> bool:
    copy = scratch / "read-back"
    try:
        store.download(key, copy, limit=entry.size)
    except (NotFound, ReleaseCorrupt):
        return False
    return fingerprint_file(copy) == entry


def _make_difference_message(store: Store, key: str) -> str:
    return f"{store.address}/{key}: read back, it is not what was sent. Publish again, or look at the server."


def list_prunable_releases(store: Store, keep: int, older_than: timedelta = MIN_AGE) -> list[StoredRelease]:
    """Return the releases that `prune_releases` would remove from a store.

    These releases are kept: the `keep` releases that were current last, the first `keep` releases to which a
    rollback would go, and all releases that were written to within `older_than`. A folder without a manifest
    may still be uploading, so it is kept for at least MIN_UNFINISHED_AGE.

    Args:
        keep: the number of releases to keep, 1 or more, including the current one.
        older_than: the time since the last write to a release, by the clock of the store, below which the
            release is kept. It protects a release that is being published. With zero nothing is protected,
            and a publisher whose release is removed reports an error.

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
    kept_versions = {*recent[:keep], *log[-1].candidates[:keep]}
    now = datetime.now(UTC)
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
    """Remove the releases that `list_prunable_releases` returns, and return the removed ones.

    The newest promotion is read again before each removal, and the releases that it names stay. The manifest
    is removed first, so a prune that is stopped leaves no half release, and a later prune removes the rest.
    No lock is used, since a crash would leave it behind.

    Args:
        keep: the number of releases to keep, 1 or more, including the current one.
        older_than: the time since the last write to a release, by the clock of the store.

    Raises:
        NothingPromoted, RecordUnreadable, ReleaseCorrupt: as in `list_prunable_releases`, and if promotions
            disappear.
        ReleaseRemoved: a removed release became current at this moment.
    """
    removed = list[StoredRelease]()
    for release in list_prunable_releases(store, keep, older_than):
        if release.version in read_current_promotion(store).candidates[:keep]:
            continue
        first = make_manifest_key(release.version)
        for key in (first, *(entry.key for entry in release.entries if entry.key != first)):
            store.delete(key)
        removed.append(release)
    newest = read_current_promotion(store)
    if newest.version in {release.version for release in removed}:
        check_promoted_release(store, newest)
    return removed

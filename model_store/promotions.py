"""The log of promotions in a store. A promotion is a small numbered record that makes a release current.

The record with the highest number is valid. No record is ever changed, so the log also shows who made which
release current, and when. A rollback is a further record.

Two people may promote at the same time. A record is therefore written with create-if-absent: the second
writer finds the number taken. Not every S3 server does that atomically, so each record has a random text
(nonce), and its writer reads the record back to see whose nonce is there.
"""

import secrets
from contextlib import suppress
from datetime import UTC, datetime

from model_store.errors import (
    AlreadyExists,
    NotFound,
    NothingPromoted,
    PromotionConflict,
    PromotionUnchecked,
    RecordUnreadable,
    ReleaseCorrupt,
    ReleaseError,
    ReleaseRemoved,
    StoreBroken,
    StoreError,
    StoreRefused,
    UnconditionalStore,
)
from model_store.records import (
    Promotion,
    PromotionReason,
    choose_next_candidates,
    parse_promotion,
    serialize_promotion,
)
from model_store.store import Store
from model_store.store_keys import (
    PROBES,
    PROMOTIONS,
    check_release_complete,
    make_promotion_key,
    parse_promotion_number,
    read_manifest,
)


def read_newest_promotion(store: Store) -> Promotion | None:
    """Return the promotion with the highest number, whose release is the current one of a store.

    Returns:
        The promotion; None if nothing was ever promoted in this store.

    Raises:
        RecordUnreadable: the record cannot be read.
        ReleaseCorrupt: the record is far too long.
    """
    numbers = _list_numbers(store)
    # An S3 server may list a new key late, although the key can be read at once. So read on by number.
    return _follow_records(store, _read_promotion(store, numbers[-1])) if numbers else None


def read_newer_promotion(store: Store, number: int) -> Promotion | None:
    """Return the newest promotion whose number is above `number`; None if there is none.

    Only the keys of the next numbers are asked for, without a listing, so that polling is cheap.

    Args:
        number: the number of a promotion that the caller has read before.

    Raises:
        StoreBroken: promotion `number` is gone. If its folder is gone, there is no later one either.
        RecordUnreadable, ReleaseCorrupt: the newest record cannot be read, or a proxy sent a page in its
            place.
        StoreRefused: for example, s3:ListBucket is missing, and S3 then answers 403 instead of 404.
    """
    try:
        return _follow_records(store, _read_promotion(store, number + 1))
    except NotFound:
        # An unmounted folder has no next number either. Without this check, a service would poll it forever.
        _check_promotion_exists(store, number)
        return None
    except (RecordUnreadable, ReleaseCorrupt):
        # A later record, if there is one, repairs the log: only the newest counts.
        if _list_numbers(store)[-1:] <= [number + 1]:
            raise
        return read_newest_promotion(store)


def read_current_promotion(store: Store) -> Promotion:
    """Return the promotion with the highest number, whose release is the current one; never None.

    Raises:
        NothingPromoted: nothing was ever promoted in this store.
        RecordUnreadable, ReleaseCorrupt: the promotion cannot be read.
    """
    record = read_newest_promotion(store)
    if record is None:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: nothing was promoted here yet. "
            "Publish a release (wardrobe publish), or correct the address."
        )
    return record


def read_promotions(store: Store) -> list[Promotion]:
    """Return all promotions of a store, oldest first.

    Raises:
        RecordUnreadable, ReleaseCorrupt: a promotion cannot be read.
    """
    return [_read_promotion(store, number) for number in _list_numbers(store)]


def _follow_records(store: Store, record: Promotion) -> Promotion:
    """Return the newest record from this one on. Read the next numbers, without a listing."""
    while True:
        try:
            record = _read_promotion(store, record.number + 1)
        except NotFound:
            return record


def _check_promotion_exists(store: Store, number: int) -> None:
    try:
        store.read(make_promotion_key(number))
    except NotFound as error:
        raise StoreBroken(
            f"{store.address}/{PROMOTIONS}: promotion {number} was here and is gone. Mount or restore "
            "the store."
        ) from error


def append_promotion(  # noqa: PLR0913 - what a record says
    store: Store,
    version: str,
    reason: PromotionReason,
    author: str,
    expected_previous: Promotion | None,
    *,
    note: str | None = None,
) -> Promotion:
    """Append a promotion to the log of a store, which makes a release the current one.

    Args:
        store: the store with the release and the log.
        version: a release that is complete in the store.
        reason: "promote" or "rollback".
        author: the name of the person or program that promotes, for the log.
        expected_previous: the newest promotion that the caller knew when it decided; None for an empty log.
        note: the reason in the author's words; None without one.

    Returns:
        The new promotion.

    Raises:
        PromotionConflict: another promotion came after that record. Nothing was added to the log.
        PromotionUnchecked: the record is written, or may be, and the store failed then.
    """
    before = expected_previous
    record = Promotion(
        number=1 if before is None else before.number + 1,
        version=version,
        previous=None if before is None else before.version,
        reason=reason,
        by=author,
        at=datetime.now(UTC),
        nonce=secrets.token_hex(16),
        note=note,
        candidates=choose_next_candidates(version, reason, () if before is None else before.candidates),
    )
    try:
        with suppress(AlreadyExists):  # a repeated request may find the record of its first try
            store.create(make_promotion_key(record.number), serialize_promotion(record))
        winner = _read_promotion(store, record.number)
    except StoreError as error:
        raise _make_unchecked_error(
            store, f"Promotion {record.number} may be written", record, error
        ) from error
    if winner.nonce != record.nonce:  # on a server whose create-if-absent is not atomic, too
        raise PromotionConflict(
            f"{store.address}/{make_promotion_key(record.number)}: {winner.by} promoted {winner.version} "
            f"first, so {version} is not current. Look at it, then promote again if it should be."
        )
    return record


def check_promoted_release(store: Store, promotion: Promotion) -> None:
    """Check that the release of a new promotion is still complete, since a prune may have removed it.

    Args:
        promotion: the promotion that was just written.

    Raises:
        ReleaseRemoved: the release is gone. The promotion stays in the log.
        PromotionUnchecked: the store failed during the check.
    """
    version = promotion.version
    try:
        check_release_complete(store, read_manifest(store, version))
    except (NotFound, ReleaseError) as error:
        raise ReleaseRemoved(
            f"{version} was removed while promotion {promotion.number} made it current. Running services "
            "keep what they serve, new ones serve the next candidate. Publish it again, or make another one "
            f"current: `wardrobe releases --store {store.address} promote VERSION`. {error}"
        ) from error
    except StoreError as error:
        raise _make_unchecked_error(
            store, f"Promotion {promotion.number} stands", promotion, error
        ) from error


def _make_unchecked_error(
    store: Store, outcome: str, record: Promotion, error: StoreError
) -> PromotionUnchecked:
    return PromotionUnchecked(
        f"{store.address}: {outcome}, which makes {record.version} current: the store failed then. Before "
        f"you repeat the command, look at `wardrobe releases --store {store.address} log`. {error}"
    )


def require_conditional_writes(store: Store) -> None:
    """Check that a store refuses to create a key that exists. The probe is a random key, created twice.

    Raises:
        UnconditionalStore: the store does not refuse the second creation.
    """
    key = f"{PROBES}{secrets.token_hex(16)}"
    with suppress(AlreadyExists):  # the key is random, so it comes from the first try of a repeated request
        store.create(key, b"first\n")
    try:
        store.create(key, b"second\n")
    except AlreadyExists:
        return
    finally:
        with suppress(StoreRefused):  # a publisher may lack s3:DeleteObject; the few bytes do no harm
            store.delete(key)
    raise UnconditionalStore(
        f"{store.address}: this store ignores conditional writes (If-None-Match: *): it overwrote a key that "
        "should have been created only if absent, so two promotions at once could both succeed. Use another "
        "S3 server, or add --unconditional if no other writer promotes at the same time."
    )


def is_release_complete(store: Store, version: str) -> bool:
    """Return whether a store has all files of a release in the right sizes, with a readable manifest."""
    try:
        check_release_complete(store, read_manifest(store, version))
    except (NotFound, ReleaseError):
        return False
    return True


def _list_numbers(store: Store) -> list[int]:
    numbers = (parse_promotion_number(entry.key) for entry in store.list_entries(PROMOTIONS))
    return sorted(number for number in numbers if number)


def _read_promotion(store: Store, number: int) -> Promotion:
    key = make_promotion_key(number)
    return parse_promotion(store.read(key), number, f"{store.address}/{key}")


def roll_back_release(
    store: Store, author: str, *, note: str | None = None, can_skip_conditional_writes: bool = False
) -> Promotion:
    """Make an earlier release current: the next complete candidate of the newest promotion.

    Each promotion lists candidates: its own release, followed by the releases to fall back to.

    Args:
        author: the name of whoever does it, for the log.
        note: the reason, for the log; None without one.
        can_skip_conditional_writes: whether to go on if the store ignores conditional writes.

    Returns:
        The new promotion.

    Raises:
        NothingPromoted: there is no earlier release to go back to.
        ReleaseRemoved: a prune removed the release at this moment. The record stays.
        UnconditionalStore: the store ignores conditional writes.
        PromotionConflict: another promotion came first.
        PromotionUnchecked: the rollback is in the log, or may be, and the store failed then.
    """
    if not can_skip_conditional_writes:
        require_conditional_writes(store)
    newest = read_current_promotion(store)
    version = next(
        (version for version in newest.candidates[1:] if is_release_complete(store, version)), None
    )
    if version is None:
        raise NothingPromoted(
            f"{store.address}: {newest.version} is current, and no earlier release to go back to is in the "
            "store. Publish or promote one instead."
        )
    promotion = append_promotion(store, version, "rollback", author, newest, note=note)
    check_promoted_release(store, promotion)
    return promotion

"""The log of promotions: the highest number holds, nothing in it is ever changed.

Every promotion and rollback is one small numbered record, so the log is the audit trail too. Each says which
releases may be served in place of its own. All that the log asks of a store is create-if-absent; since not
every S3 server makes that atomic, a writer reads back its nonce. What may be promoted: reports/gate.py.
"""

import secrets
from contextlib import suppress
from datetime import UTC, datetime

from model_store.errors import (
    AlreadyExists,
    LostRace,
    NotFound,
    NothingPromoted,
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
    next_candidates,
    parse_promotion,
    serialize_promotion,
)
from model_store.store import Store
from model_store.store_keys import (
    PROBES,
    PROMOTIONS,
    check_release_complete,
    parse_promotion_number,
    promotion_key,
    read_manifest,
)


def read_newest_promotion(store: Store) -> Promotion | None:
    """Return the record that holds; None in a store where nothing was ever promoted.

    Raises:
        RecordUnreadable, ReleaseCorrupt: it cannot be read; the second is far too long.
    """
    numbers = _list_numbers(store)
    # An S3 server may list a new key late, but reads it at once.
    return _follow_records(store, _read_promotion(store, numbers[-1])) if numbers else None


def read_newer_promotion(store: Store, number: int) -> Promotion | None:
    """Return the newest record after `number`, by asking for the next ones alone; None while there is none.

    Raises:
        StoreBroken: promotion `number` is gone. If its folder is, there is no later one either.
        RecordUnreadable, ReleaseCorrupt: the newest cannot be read, or a page of a proxy is in its place.
        StoreRefused: among other causes, where s3:ListBucket is missing: S3 then answers 403 instead of 404.
    """
    try:
        return _follow_records(store, _read_promotion(store, number + 1))
    except NotFound:
        _check_still_there(store, number)
        return None
    except (RecordUnreadable, ReleaseCorrupt):
        if _list_numbers(store)[-1:] <= [number + 1]:
            raise
        return read_newest_promotion(store)


def read_current_promotion(store: Store) -> Promotion:
    """Return the promotion that holds.

    Raises:
        NothingPromoted: nothing was ever promoted here.
        RecordUnreadable, ReleaseCorrupt: its record cannot be read as one.
    """
    record = read_newest_promotion(store)
    if record is None:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: nothing was promoted here yet. "
            "Publish a release (wardrobe publish), or correct the address."
        )
    return record


def read_promotions(store: Store) -> list[Promotion]:
    """Read the whole log, oldest first.

    Raises:
        RecordUnreadable, ReleaseCorrupt: a record cannot be read.
    """
    return [_read_promotion(store, number) for number in _list_numbers(store)]


def _follow_records(store: Store, record: Promotion) -> Promotion:
    """The newest record from this one on, by asking for the next ones alone."""
    while True:
        try:
            record = _read_promotion(store, record.number + 1)
        except NotFound:
            return record


def _check_still_there(store: Store, number: int) -> None:
    try:
        store.read(promotion_key(number))
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
    """Make a release current.

    Args:
        store: where.
        version: a release that is complete in the store.
        reason: promote or rollback.
        author: who does it.
        expected_previous: the newest record when the caller decided; None in an empty log.
        note: why, in their own words.

    Raises:
        LostRace: another promotion came after that one; nothing of ours is in the log.
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
        candidates=next_candidates(version, reason, () if before is None else before.candidates),
    )
    try:
        with suppress(AlreadyExists):  # a repeated request may meet the record that its first try has made
            store.create(promotion_key(record.number), serialize_promotion(record))
        winner = _read_promotion(store, record.number)
    except StoreError as error:
        raise _unchecked_error(store, f"Promotion {record.number} may be written", record, error) from error
    if winner.nonce != record.nonce:
        raise LostRace(
            f"{store.address}/{promotion_key(record.number)}: {winner.by} promoted {winner.version} first, "
            f"so {version} is not current. Look at it, then promote again if it should be."
        )
    return record


def check_promoted_release(store: Store, promotion: Promotion) -> None:
    """Look once more at the release of a record that is written: a prune may have been quicker.

    Raises:
        ReleaseRemoved: it is gone, and the record stands.
        PromotionUnchecked: the store failed.
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
        raise _unchecked_error(store, f"Promotion {promotion.number} stands", promotion, error) from error


def _unchecked_error(store: Store, outcome: str, record: Promotion, error: StoreError) -> PromotionUnchecked:
    return PromotionUnchecked(
        f"{store.address}: {outcome}, which makes {record.version} current: the store failed then. Before "
        f"you repeat the command, look at `wardrobe releases --store {store.address} log`. {error}"
    )


def require_conditional_writes(store: Store) -> None:
    """Create one key twice, under a name of its own, and see that the store refuses the second.

    Raises:
        UnconditionalStore: it does not.
    """
    key = f"{PROBES}{secrets.token_hex(16)}"
    with suppress(AlreadyExists):  # the key is random: a repeated request meets what its first try has made
        store.create(key, b"first\n")
    try:
        store.create(key, b"second\n")
    except AlreadyExists:
        return
    finally:
        with suppress(StoreRefused):  # a publisher may lack s3:DeleteObject; the few bytes left harm nothing
            store.delete(key)
    raise UnconditionalStore(
        f"{store.address}: this store ignores conditional writes (If-None-Match: *): it overwrote a key that "
        "should have been created only if absent, so two promotions at once could both succeed. Use another "
        "S3 server, or add --unconditional if no other writer promotes at the same time."
    )


def is_release_complete(store: Store, version: str) -> bool:
    """Whether a release is in the store with all its files, by size, and can be read here."""
    try:
        check_release_complete(store, read_manifest(store, version))
    except (NotFound, ReleaseError):
        return False
    return True


def _list_numbers(store: Store) -> list[int]:
    numbers = (parse_promotion_number(entry.key) for entry in store.list_entries(PROMOTIONS))
    return sorted(number for number in numbers if number)


def _read_promotion(store: Store, number: int) -> Promotion:
    key = promotion_key(number)
    return parse_promotion(store.read(key), number, f"{store.address}/{key}")


def roll_back(
    store: Store, author: str, *, note: str | None = None, unconditional: bool = False
) -> Promotion:
    """Make the next candidate of the newest record current that is whole.

    Args:
        store: where.
        author: who does it, for the log.
        note: why, for the log.
        unconditional: even where the store ignores conditional writes.

    Raises:
        NothingPromoted: there is no earlier release to go to.
        ReleaseRemoved: a prune took the release at this moment; the record stands.
        UnconditionalStore: the store ignores conditional writes.
        LostRace: another promotion came first.
        PromotionUnchecked: the rollback is in the log, or may be, and the store failed then.
    """
    if not unconditional:
        require_conditional_writes(store)
    holding = read_current_promotion(store)
    version = next(
        (version for version in holding.candidates[1:] if is_release_complete(store, version)), None
    )
    if version is None:
        raise NothingPromoted(
            f"{store.address}: {holding.version} is current, and no earlier release to go back to is in the "
            "store. Publish or promote one instead."
        )
    promotion = append_promotion(store, version, "rollback", author, holding, note=note)
    check_promoted_release(store, promotion)
    return promotion

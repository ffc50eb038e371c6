"""The log of promotions: the highest number holds, nothing in it is ever changed.

Every promotion and rollback is one small numbered record, so the log is the audit trail too. Each says which
releases may be served in place of its own. All that the log asks of a store is create-if-absent; since not
every S3 server makes that atomic, a writer reads back its nonce. What may be promoted: gate.py.
"""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from model_store.catalogue import (
    PROBES,
    PROMOTIONS,
    check_complete,
    number_in,
    promotion_key,
    read_manifest,
    versions,
)
from model_store.errors import (
    AlreadyExists,
    LostRace,
    ManifestInvalid,
    ManifestTooNew,
    NotFound,
    NothingPromoted,
    PromotionUnchecked,
    PublishError,
    RecordUnreadable,
    ReleaseCorrupt,
    ReleaseError,
    ReleaseRemoved,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
    UnconditionalStore,
)
from model_store.records import (
    Log,
    Promotion,
    Reason,
    Unread,
    candidates_of,
    following,
    parse_promotion,
    promotion_bytes,
)
from model_store.store import Store


def newest(store: Store) -> Promotion | Unread | None:
    """Return the record that holds; None in a store where nothing was ever promoted.

    One that cannot be read may be a rollback from the release before it. So what is in the store of the
    candidates behind that release may be served.
    """
    numbers = _numbers(store)
    if not numbers:
        return None
    # An S3 server may list a new key late, but reads it at once.
    record = _last_after(store, max(numbers)) or record_of(store, max(numbers))
    if isinstance(record, Promotion):
        return record
    there = versions(store)
    candidates = candidates_of(_backwards(store, record))
    return replace(record, in_turn=tuple(version for version in candidates if version in there))


def after(store: Store, number: int) -> Promotion | Unread | None:
    """Return the newest record after `number`, by asking for the next ones alone; None while there is none.

    Raises:
        StoreBroken: promotion `number` is gone. If its folder is, there is no later one either.
        RecordUnreadable, ReleaseCorrupt: something answers in place of a record that is not there.
        StoreRefused: among other causes, where s3:ListBucket is missing: S3 then answers 403 instead of 404.
    """
    record = _last_after(store, number)
    if record is None:
        _check_kept(store, number)
    return record


def current(store: Store) -> Promotion:
    """Return the promotion that holds.

    Raises:
        NothingPromoted: nothing was ever promoted here.
        RecordUnreadable, ReleaseCorrupt: its record cannot be read as one.
    """
    record = newest(store)
    if record is None:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: nothing was promoted here yet. "
            "Publish a release (wardrobe publish), or correct the address."
        )
    if isinstance(record, Unread):
        raise record.error
    return record


def current_version(store: Store) -> str:
    """The release that services serve.

    Raises:
        NothingPromoted: nothing was ever promoted here.
        RecordUnreadable, ReleaseCorrupt: the newest record cannot be read, and nothing may be served for it.
    """
    record = newest(store)
    return (record and record.version) or current(store).version


def history(store: Store) -> Log:
    """Read the whole log.

    Raises:
        StoreUnreachable: the store does not answer.
    """
    record = newest(store)
    return Log(() if record is None else tuple(_backwards(store, record)))


def _last_after(store: Store, number: int) -> Promotion | Unread | None:
    """The newest record after `number`, by asking for the next ones alone.

    Raises:
        RecordUnreadable, ReleaseCorrupt: something answers in place of a record that is not there.
    """
    last = None
    while True:
        try:
            last = record_of(store, (last.number if last else number) + 1)
        except NotFound:
            return last
        if isinstance(last, Unread) and last.number not in _numbers(store):
            raise last.error  # a page of a proxy, which would answer for every number


def _check_kept(store: Store, number: int) -> None:
    try:
        store.read(promotion_key(number))
    except NotFound as error:
        raise StoreBroken(
            f"{store.address}/{PROMOTIONS}: promotion {number} was here and is gone. Mount or restore "
            "the store."
        ) from error


def record_of(store: Store, number: int) -> Promotion | Unread:
    """The record of a promotion.

    Raises:
        NotFound: there is none.
    """
    try:
        return _read(store, number)
    except (RecordUnreadable, ReleaseCorrupt) as error:  # the second is far too long
        return Unread(number, error)


def _backwards(store: Store, start: Promotion | Unread) -> Iterator[Promotion | Unread]:
    """Read the log from a record on, newest first, one at a time as they are asked for."""
    yield start
    before = start.number
    for number in reversed([number for number in _numbers(store) if number < start.number]):
        if number < before - 1:
            yield Unread(number + 1, RecordUnreadable(_gone(store, number + 1)))
        try:
            record = record_of(store, number)
        except StoreUnreachable:
            raise
        except StoreError as error:  # such as archived by a rule of the bucket
            record = Unread(number, error)
        yield record
        before = number


def _gone(store: Store, number: int) -> str:
    return f"{store.address}/{promotion_key(number)}: is gone from the log."


def append(  # noqa: PLR0913 - what a record says
    store: Store,
    version: str,
    reason: Reason,
    by: str,
    expected_previous: Promotion | Unread | None,
    *,
    note: str | None = None,
) -> Promotion:
    """Make a release current.

    Args:
        store: where.
        version: a release that is complete in the store.
        reason: promote or rollback.
        by: who does it.
        expected_previous: the newest record when the caller decided; None in an empty log.
        note: why, in their own words.

    Raises:
        LostRace: another promotion came after that one; nothing of ours is in the log.
        PromotionUnchecked: the record is written, or may be, and the store failed then.
    """
    before = () if expected_previous is None else candidates_of(_backwards(store, expected_previous))
    record = Promotion(
        number=1 if expected_previous is None else expected_previous.number + 1,
        version=version,
        previous=expected_previous.version if isinstance(expected_previous, Promotion) else None,
        reason=reason,
        by=by,
        at=datetime.now(UTC),
        nonce=secrets.token_hex(16),
        note=note,
        candidates=following(version, reason, before),
    )
    try:
        store.create(promotion_key(record.number), promotion_bytes(record))
    except AlreadyExists as error:
        # A repeated request may meet the record that its first, unanswered try has made.
        with _unanswered(store, record):
            _claim(store, record, error)
    except StoreUnreachable:
        with _unanswered(store, record):  # what is not there now may still be written
            if not _is_written(store, record):
                raise
    except (StoreRefused, StoreBroken):
        if not _is_written(store, record):
            raise
    else:
        with standing(store, record):
            _claim(store, record, None)
    return record


@contextmanager
def standing(store: Store, record: Promotion) -> Iterator[None]:
    """Let an error of the store in this block say that a record stands, which was written before it.

    Raises:
        PromotionUnchecked: the store failed; to repeat the command would promote or roll back once more.
    """
    made = f"Promotion {record.number} stands: it made {record.version} current"
    with _unchecked(store, f"{made}. It could not be checked afterwards"):
        yield


def _is_written(store: Store, record: Promotion) -> bool:
    """Whether a record is in the log, to which the store gave no answer, or none that is known."""
    with _unanswered(store, record):
        try:
            store.read(promotion_key(record.number))
        except NotFound:
            return False
        _claim(store, record, None)
    return True


def _unanswered(store: Store, record: Promotion) -> AbstractContextManager[None]:
    """The same of a record that may be written."""
    made = f"Promotion {record.number}, which makes {record.version} current, may be written"
    return _unchecked(store, f"{made}: the store failed meanwhile")


@contextmanager
def _unchecked(store: Store, what_stands: str) -> Iterator[None]:
    try:
        yield
    except PublishError:
        raise
    except StoreError as error:  # also what says that the record is not there: it may come late, or a page is
        raise PromotionUnchecked(
            f"{store.address}: {what_stands}. Before you repeat the command, look at `wardrobe releases "
            f"--store {store.address} log`. {error}"
        ) from error


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


def _claim(store: Store, record: Promotion, cause: AlreadyExists | None) -> None:
    """Read back: the record is ours, or the race is lost."""
    where = f"{store.address}/{promotion_key(record.number)}"
    winner = _read(store, record.number)
    if winner.nonce != record.nonce:
        raise LostRace(
            f"{where}: {winner.by} promoted {winner.version} first, so {record.version} is not current. "
            "Look at it, then promote again if it should be."
        ) from cause


def is_whole(store: Store, version: str) -> bool:
    """Whether a release is in the store with all its files, by size; with its manifest, if that is unread."""
    try:
        check_complete(store, read_manifest(store, version))
    except (ManifestInvalid, ManifestTooNew):
        return True  # it was promoted once, and other services may read it
    except (NotFound, ReleaseError):
        return False
    return True


def _numbers(store: Store) -> list[int]:
    numbers = (number_in(entry.key) for entry in store.entries(PROMOTIONS))
    return sorted(number for number in numbers if number)


def _read(store: Store, number: int) -> Promotion:
    key = promotion_key(number)
    return parse_promotion(store.read(key), number, f"{store.address}/{key}")


def roll_back(store: Store, by: str, *, note: str | None = None, unconditional: bool = False) -> Promotion:
    """Make the next candidate of the newest record current.

    Releases that are no longer in the store are passed over, also one that is deleted at this moment: what a
    rollback went to is looked at once more after its record, as a promotion's release is. From a record that
    cannot be read it goes to what services serve for it.

    Args:
        store: where.
        by: who does it, for the log.
        note: why, for the log.
        unconditional: even where the store ignores conditional writes.

    Raises:
        NothingPromoted: there is no earlier release to go to.
        ReleaseRemoved: there was one until this moment; what was current before is so again, if it is there.
        UnconditionalStore: the store ignores conditional writes.
        LostRace: another promotion came first.
        PromotionUnchecked: the rollback is in the log, or may be, and the store failed then.
    """
    if not unconditional:
        require_conditional_writes(store)
    first = newest(store) or current(store)
    version = _to_go_back_to(store, first)
    if version is None:
        held = f"{first.version} is current" if isinstance(first, Promotion) else str(first)
        raise NothingPromoted(
            f"{store.address}: {held.rstrip('.')}, and no earlier release to go back to is in the store. "
            "Publish or promote one instead."
        )
    tried, holding = list[str](), first
    while version is not None:
        made = holding = append(store, version, "rollback", by, holding, note=note)
        with standing(store, made):
            if is_whole(store, version):
                return made
            tried.append(version)
            version = _to_go_back_to(store, made)
    gone = f"{store.address}: {', '.join(tried)} was deleted while a rollback went there"
    with standing(store, made):
        raise ReleaseRemoved(f"{gone}{_gone_back(store, first, made, by)}")


def _gone_back(store: Store, first: Promotion | Unread, made: Promotion, by: str) -> str:
    """Make what was current before a rollback current again, if it is there; what was done."""
    if isinstance(first, Promotion) and is_whole(store, first.version):
        back = append(store, first.version, "rollback", by, made)
        with standing(store, back):
            if is_whole(store, first.version):
                return f", so {first.version} was made current (promotion {back.number})."
    return ", and no release is left in the store. Publish one."


def _to_go_back_to(store: Store, holding: Promotion | Unread) -> str | None:
    if isinstance(holding, Unread):
        return holding.version
    there = versions(store)
    candidates = candidates_of(_backwards(store, holding))
    return next((version for version in candidates[1:] if version in there), None)

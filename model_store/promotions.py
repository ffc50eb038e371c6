"""The log of promotions: the highest number holds, nothing in it is ever changed.

Every promotion and rollback is one small numbered record, so the log is the audit trail too. All that it asks
of a store is create-if-absent; since not every S3 server makes that atomic, a writer reads back its nonce.
What may be promoted: gate.py.
"""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from model_store.catalogue import PROBES, PROMOTIONS, number_in, promotion_key, versions
from model_store.errors import (
    AlreadyExists,
    LostRace,
    NotFound,
    NothingPromoted,
    StoreBroken,
    StoreRefused,
    UnconditionalStore,
)
from model_store.manifest import VERSION_PATTERN, Frozen, first_problem
from model_store.store import Store

Reason = Literal["promote", "rollback"]


class Record(Frozen):
    """What the bytes of one promotion say.

    Attributes:
        version: the release that it makes current.
        previous: the release that was current before; None in the first.
        by: who did it, by their own name.
        at: when, by the writer's clock.
        nonce: random; a writer recognises its own record by it.
        note: why, in the words of who did it; None where nothing was said, as in records from before.
    """

    # Unlike a manifest, a record may carry keys from a newer writer: readers need no more than the version.
    model_config = ConfigDict(extra="ignore")

    version: Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]
    previous: str | None
    reason: Reason
    by: str
    at: datetime
    nonce: str
    note: str | None = None


class Promotion(Record):
    """A record with the number that stands in its key, counted from 1."""

    number: Annotated[int, Field(gt=0)]


def newest(store: Store) -> Promotion | None:
    """Return the promotion that holds; None in a store where nothing was ever promoted.

    Raises:
        StoreBroken: the record cannot be read as one.
    """
    numbers = _numbers(store)
    if not numbers:
        return None
    found = _read(store, max(numbers))
    # An S3 server may list a new key late, but reads it at once.
    while (later := following(store, found.number)) is not None:
        found = later
    return found


def current(store: Store) -> Promotion:
    """Return the promotion that holds.

    Raises:
        NothingPromoted: nothing was ever promoted here.
    """
    found = newest(store)
    if found is None:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: nothing was promoted here yet. "
            "Publish a release (wardrobe publish), or correct the address."
        )
    return found


def following(store: Store, number: int) -> Promotion | None:
    """Ask for promotion `number + 1` alone; None while there is none.

    Raises:
        StoreRefused: among other causes, where s3:ListBucket is missing: S3 then answers 403 instead of 404.
    """
    try:
        return _read(store, number + 1)
    except NotFound:
        return None


def check_kept(store: Store, number: int) -> None:
    """Check that a promotion is still in the log: if its folder is gone, there is no later one either.

    Raises:
        StoreBroken: it is not.
    """
    try:
        _read(store, number)
    except NotFound as error:
        raise StoreBroken(
            f"{store.address}/{PROMOTIONS}: promotion {number} was here and is gone. Mount or restore "
            "the store."
        ) from error


def history(store: Store) -> list[Promotion]:
    """Read the whole log, oldest first."""
    return [_read(store, number) for number in _numbers(store)]


def append(  # noqa: PLR0913 - what a record says
    store: Store,
    version: str,
    reason: Reason,
    by: str,
    expected_previous: Promotion | None,
    *,
    note: str | None = None,
) -> Promotion:
    """Make a release current.

    Args:
        store: where.
        version: a release that is complete in the store.
        reason: promote or rollback.
        by: who does it.
        expected_previous: the promotion that held when the caller decided; None in an empty log.
        note: why, in their own words.

    Raises:
        LostRace: another promotion came after that one; nothing of ours is in the log.
    """
    mine = Promotion(
        number=1 if expected_previous is None else expected_previous.number + 1,
        version=version,
        previous=None if expected_previous is None else expected_previous.version,
        reason=reason,
        by=by,
        at=datetime.now(UTC),
        nonce=secrets.token_hex(16),
        note=note,
    )
    try:
        store.create(promotion_key(mine.number), promotion_bytes(mine))
    except AlreadyExists as error:
        # A repeated request may meet the record that its first, unanswered try has made.
        _claim(store, mine, error)
    _claim(store, mine, None)
    return mine


def require_conditional_writes(store: Store) -> None:
    """Create one key twice, under a name of its own, and see that the store refuses the second.

    Raises:
        UnconditionalStore: it does not.
    """
    key = f"{PROBES}{secrets.token_hex(16)}"
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


def _claim(store: Store, mine: Promotion, cause: AlreadyExists | None) -> None:
    """Read back: the record is ours, or the race is lost."""
    try:
        winner = _read(store, mine.number)
    except NotFound as error:
        raise LostRace(
            f"{store.address}/{promotion_key(mine.number)}: another promotion is on its way there. Try again."
        ) from error
    if winner.nonce != mine.nonce:
        raise LostRace(
            f"{store.address}/{promotion_key(mine.number)}: {winner.by} promoted {winner.version} first, "
            f"so {mine.version} is not current. Look at it, then promote again if it should be."
        ) from cause


def parse_promotion(text: bytes, number: int, where: str) -> Promotion:
    """Read a record.

    Raises:
        StoreBroken: it is no record; the message names the key that is wrong.
    """
    try:
        record = Record.model_validate_json(text)
    except ValidationError as error:
        raise StoreBroken(f"{where}: not a promotion: {first_problem(error)}") from error
    return Promotion(number=number, **record.model_dump())


def promotion_bytes(promotion: Promotion) -> bytes:
    """A record as it is stored: UTF-8 JSON ending in a newline."""
    return promotion.model_dump_json(indent=1, exclude={"number"}).encode() + b"\n"


def _numbers(store: Store) -> list[int]:
    found = (number_in(entry.key) for entry in store.entries(PROMOTIONS))
    return sorted(number for number in found if number)


def _read(store: Store, number: int) -> Promotion:
    key = promotion_key(number)
    return parse_promotion(store.read(key), number, f"{store.address}/{key}")


def roll_back(store: Store, by: str, *, note: str | None = None, unconditional: bool = False) -> Promotion:
    """Make the release before current's current again.

    Releases that are no longer in the store are passed over, also one that is deleted at this moment.

    Args:
        store: where.
        by: who does it, for the log.
        note: why, for the log.
        unconditional: even where the store ignores conditional writes.

    Raises:
        NothingPromoted: there is no earlier release to go to.
        UnconditionalStore: the store ignores conditional writes.
        LostRace: another promotion came first.
    """
    if not unconditional:
        require_conditional_writes(store)
    while True:
        holding, there = current(store), versions(store)
        earlier = [version for version in lineage(history(store))[:-1] if version in there]
        if not earlier:
            raise NothingPromoted(
                f"{store.address}: {holding.version} is current, and no earlier release is in the store. "
                "Publish or promote one instead."
            )
        promotion = append(store, earlier[-1], "rollback", by, holding, note=note)
        if promotion.version in versions(store):
            return promotion


def lineage(log: Iterable[Promotion]) -> list[str]:
    """The releases that rolling back walks through, oldest first; the last is current.

    A promotion puts its release on top, a rollback takes off all above the one that it went to.
    """
    stack: list[str] = []
    for promotion in log:
        if promotion.reason == "rollback" and promotion.version in stack:
            while stack[-1] != promotion.version:
                stack.pop()
        elif stack[-1:] != [promotion.version]:
            stack.append(promotion.version)
    return stack


def fallbacks(log: Sequence[Promotion]) -> list[Promotion]:
    """Choose the promotions whose releases may be served where the last one's cannot be, newest first.

    Of each release that rolling back walks through before that one, its last promotion. A release that a
    rollback left is passed over unless it was promoted again since: its answers were wrong.

    Args:
        log: oldest first, at least one.
    """
    good = held_good(log)
    last = {promotion.version: promotion for promotion in good}
    walked = dict.fromkeys(reversed(lineage(log)))
    return [last[version] for version in walked if version in last and version != log[-1].version]


def left_by_rollback(log: Sequence[Promotion]) -> set[str]:
    """The versions that a rollback left, unless they were promoted again since.

    Args:
        log: oldest first.
    """
    good = {promotion.version for promotion in held_good(log)}
    return {promotion.version for promotion in log} - good


def held_good(log: Iterable[Promotion]) -> list[Promotion]:
    """The last promotion of each release that no rollback left, unless it was promoted again since.

    Args:
        log: oldest first.
    """
    last: dict[str, Promotion] = {}
    for promotion in log:
        if promotion.reason == "rollback" and promotion.previous is not None:
            last.pop(promotion.previous, None)
        last.pop(promotion.version, None)
        last[promotion.version] = promotion
    return list(last.values())

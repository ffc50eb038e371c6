"""What a record of the log of promotions says, and what may be served after several.

Pure. Reading and appending records: promotions.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from model_store.errors import RecordUnreadable, StoreError
from model_store.manifest import VERSION_PATTERN, Frozen, first_problem

Reason = Literal["promote", "rollback"]
Version = Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]

MOST_CANDIDATES = 10
"""Of a record: how many releases a service may try, and how far rolling back leads."""

MOST_NAMED = 5
"""Records that cannot be read; the others are counted."""


class Record(Frozen):
    """What the bytes of one promotion say.

    Attributes:
        version: the release that it makes current.
        previous: the release that was current before; None in the first.
        by: who did it, by their own name.
        at: when, by the writer's clock.
        nonce: random; a writer recognises its own record by it.
        note: why, in the words of who did it; None where nothing was said, as in records from before.
        candidates: `version`, and the releases to fall back to, the next one first. Records of version 1.0
            have none.
    """

    # Unlike a manifest, a record may carry keys from a newer writer: readers need no more than the version.
    model_config = ConfigDict(extra="ignore")

    version: Version
    previous: str | None
    reason: Reason
    by: str
    at: datetime
    nonce: str
    note: str | None = None
    candidates: tuple[Version, ...] = ()

    @model_validator(mode="after")
    def _begin_with_version(self) -> Self:
        if self.candidates and self.candidates[0] != self.version:
            raise ValueError("candidates: the first has to be `version`")
        return self

    @property
    def in_turn(self) -> tuple[str, ...]:
        """The releases that may be served, in the order in which a service tries them."""
        if self.candidates:
            return self.candidates
        # A rollback left its `previous`, whose answers were wrong.
        before = () if self.reason == "rollback" or self.previous is None else (self.previous,)
        return tuple(dict.fromkeys((self.version, *before)))


class Promotion(Record):
    """A record with the number that stands in its key, counted from 1."""

    number: Annotated[int, Field(gt=0)]


@dataclass(frozen=True)
class Unread:
    """A promotion that cannot be read as one: cut short, of a later version, or gone from amid the log.

    Attributes:
        error: why.
        in_turn: of the newest record, the releases that may be served for it, in the order in which a service
            tries them.
    """

    number: int
    error: StoreError
    in_turn: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"Promotion {self.number} is passed over: {self.error}"

    @property
    def may_be_rollback(self) -> bool:
        """There was something to go back from, and to."""
        return self.number > 2

    @property
    def version(self) -> str | None:
        """The release that a service tries first; None where there is none to try."""
        return next(iter(self.in_turn), None)


@dataclass(frozen=True)
class Log:
    """The whole log.

    Attributes:
        records: newest first.
    """

    records: tuple[Promotion | Unread, ...]

    @property
    def promotions(self) -> list[Promotion]:
        """What was read, oldest first."""
        return [record for record in reversed(self.records) if isinstance(record, Promotion)]

    @property
    def unread(self) -> list[str]:
        """Sentences that name what cannot be read, the first MOST_NAMED one by one."""
        unread = [record for record in self.records if isinstance(record, Unread)]
        more = len(unread) - MOST_NAMED
        return [*map(str, unread[:MOST_NAMED]), *([f"{more} more cannot be read."] if more > 0 else [])]

    @property
    def candidates(self) -> tuple[str, ...]:
        """What the newest record leaves to be served, the first to be tried first."""
        return candidates_of(self.records)

    @property
    def held_good(self) -> list[Promotion]:
        """The last promotion of each release that no rollback left or may have left since, oldest first."""
        last: dict[str, Promotion] = {}
        for record in reversed(self.records):
            if isinstance(record, Unread):
                if record.may_be_rollback and last:
                    last.popitem()
                continue
            if record.reason == "rollback" and record.previous is not None:
                last.pop(record.previous, None)
            last.pop(record.version, None)
            last[record.version] = record
        return list(last.values())


def candidates_of(log: Iterable[Promotion | Unread]) -> tuple[str, ...]:
    """What the newest record of a log leaves to be served, the first to be tried first.

    Args:
        log: newest first; read until a record says it, as those of version 1.0 do not.
    """
    read = list[Promotion | Unread]()
    for record in log:
        read.append(record)
        if isinstance(record, Promotion) and record.candidates:
            break
    in_turn: tuple[str, ...] = ()
    for record in reversed(read):
        if isinstance(record, Promotion):
            in_turn = record.candidates or following(record.version, record.reason, in_turn)
        elif record.may_be_rollback:
            in_turn = in_turn[1:]
    return in_turn


def following(version: str, reason: Reason, before: tuple[str, ...]) -> tuple[str, ...]:
    """The candidates of a record, given those of the record before it.

    A promotion puts its release first; a rollback takes off all before the one that it goes to.
    """
    if reason == "promote":
        return tuple(dict.fromkeys((version, *before)))[:MOST_CANDIDATES]
    return before[before.index(version) :] if version in before else (version,)


def parse_promotion(text: bytes, number: int, where: str) -> Promotion:
    """Read a record.

    Raises:
        RecordUnreadable: it is no record; the message names the key that is wrong.
    """
    try:
        record = Record.model_validate_json(text)
    except ValidationError as error:
        raise RecordUnreadable(f"{where}: not a promotion: {first_problem(error)}") from error
    return Promotion(number=number, **record.model_dump())


def promotion_bytes(promotion: Promotion) -> bytes:
    """A record as it is stored: UTF-8 JSON ending in a newline."""
    return promotion.model_dump_json(indent=1, exclude={"number"}).encode() + b"\n"

"""The records in the log of promotions, and the candidates that a series of records leads to.

This module is pure. promotions.py reads and appends records.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from model_store.errors import RecordUnreadable
from model_store.manifest import VERSION_PATTERN, FrozenModel, describe_first_problem

PromotionReason = Literal["promote", "rollback"]
"""Reason of a record."""

Version = Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]
"""Version of a release."""

MAX_CANDIDATES = 10
"""Largest number of candidates of a record, which a service may try and rollbacks may go through."""


class PromotionRecord(FrozenModel):
    """The content of one promotion.

    Attributes:
        version: the release that it makes current.
        previous: the release that was current before; None in the first record.
        reason: "promote" or "rollback".
        by: the name of whoever did it, as they gave it.
        at: the time, by the writer's clock.
        nonce: a random text by which a writer recognises its own record.
        note: the reason in the author's words; None without one.
        candidates: `version` first, then the releases to fall back to, the next one first.
    """

    # Unlike a manifest, a record may carry keys from a newer writer: readers need no more than the version.
    model_config = ConfigDict(extra="ignore")

    version: Version
    previous: str | None
    reason: PromotionReason
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


class Promotion(PromotionRecord):
    """A record with the number from its key, counted from 1. It always has candidates."""

    number: Annotated[int, Field(gt=0)]


def select_good_promotions(log: Iterable[Promotion]) -> list[Promotion]:
    """Return the last promotion of each release that no rollback has left since, oldest first."""
    last: dict[str, Promotion] = {}
    for record in log:
        if record.reason == "rollback" and record.previous is not None:
            last.pop(record.previous, None)
        last.pop(record.version, None)
        last[record.version] = record
    return list(last.values())


def next_candidates(version: str, reason: PromotionReason, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the candidates of a new record.

    A promotion puts its release in front of the earlier candidates. A rollback removes all candidates before
    the one that it goes to.

    Args:
        version: the release of the new record.
        reason: the reason of the new record.
        before: the candidates of the record before it.
    """
    if reason == "promote":
        return tuple(dict.fromkeys((version, *before)))[:MAX_CANDIDATES]
    return before[before.index(version) :] if version in before else (version,)


def parse_promotion(text: bytes, number: int, address: str) -> Promotion:
    """Parse a record.

    Args:
        text: the bytes of the record.
        number: its number.
        address: its address, for messages.

    Raises:
        RecordUnreadable: the bytes are not a record. The message names the key that is wrong.
    """
    try:
        record = PromotionRecord.model_validate_json(text)
    except ValidationError as error:
        raise RecordUnreadable(
            f"{address}: not a promotion: {describe_first_problem(error)}. Restore this file, or remove it, "
            "which takes that promotion back; running services serve on."
        ) from error
    fields = record.model_dump() | {"candidates": record.candidates or (record.version,)}  # 1.0.0 wrote none
    return Promotion(number=number, **fields)


def serialize_promotion(promotion: Promotion) -> bytes:
    """Return a record as it is stored: UTF-8 JSON that ends with a newline."""
    return promotion.model_dump_json(indent=1, exclude={"number"}).encode() + b"\n"

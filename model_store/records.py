"""The records in a store's log of promotions, as values: parse one, serialize one, choose its candidates.

A promotion is the record that makes a release current. Its candidates are its release and the earlier
releases to which a rollback may go, or which a service serves if the promoted one cannot be opened. Nothing
is read from or written to a store here.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from model_store.errors import RecordUnreadable
from model_store.manifest import VERSION_PATTERN, FrozenModel, describe_first_problem

PromotionReason = Literal["promote", "rollback"]
"""The reason of a promotion: the release is new, or somebody went back to an earlier one."""

Version = Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]
"""The version of a release, such as `20261120T101500Z-3f9a1c2e`."""

MAX_CANDIDATES = 10
"""Largest number of candidates in a promotion: its release, and the earlier releases to fall back to."""


class PromotionRecord(FrozenModel):
    """The content of a promotion, the record that makes a release the current one of a store.

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
    """A promotion (the record that makes a release current) with its number in the log, counted from 1.

    Its `candidates` are never empty.
    """

    number: Annotated[int, Field(gt=0)]


def select_standing_promotions(promotions: Iterable[Promotion]) -> list[Promotion]:
    """Return the last promotion of each release, without releases that a rollback has left; oldest first.

    Args:
        promotions: all promotions of a store, oldest first.
    """
    last: dict[str, Promotion] = {}
    for record in promotions:
        if record.reason == "rollback" and record.previous is not None:
            last.pop(record.previous, None)
        last.pop(record.version, None)
        last[record.version] = record
    return list(last.values())


def choose_next_candidates(
    version: str, reason: PromotionReason, previous_candidates: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the `candidates` of a new promotion: its release, then the releases to fall back to.

    For example, after releases A, B and C were promoted, the candidates are C, B, A. A rollback to B makes
    them B, A, so that the next rollback does not come back to C. A promotion puts its release in front of the
    earlier candidates. A rollback removes all candidates before the release that it goes back to.

    Args:
        version: the release that the new promotion makes current.
        reason: "promote" or "rollback".
        previous_candidates: the candidates of the promotion before it.
    """
    if reason == "promote":
        return tuple(dict.fromkeys((version, *previous_candidates)))[:MAX_CANDIDATES]
    return (
        previous_candidates[previous_candidates.index(version) :]
        if version in previous_candidates
        else (version,)
    )


def parse_promotion(text: bytes, number: int, address: str) -> Promotion:
    """Parse the JSON of a promotion, the record that makes a release current.

    Args:
        number: the number of the promotion, which its key contains.
        address: the address of the object, for error messages.

    Raises:
        RecordUnreadable: the bytes are not a promotion. The message names the key that is wrong.
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
    """Return the bytes with which a promotion is stored: UTF-8 JSON that ends with a newline."""
    return promotion.model_dump_json(indent=1, exclude={"number"}).encode() + b"\n"

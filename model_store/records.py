"""What a record of the log of promotions says, and what may be served after several.

Pure. Reading and appending records: promotions.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from model_store.errors import RecordUnreadable
from model_store.manifest import VERSION_PATTERN, Frozen, first_problem

PromotionReason = Literal["promote", "rollback"]
Version = Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]

MAX_CANDIDATES = 10
"""Of a record: how many releases a service may try, and how far rolling back leads."""


class PromotionRecord(Frozen):
    """What the bytes of one promotion say.

    Attributes:
        version: the release that it makes current.
        previous: the release that was current before; None in the first.
        by: who did it, by their own name.
        at: when, by the writer's clock.
        nonce: random; a writer recognises its own record by it.
        note: why, in the words of who did it; None where nothing was said.
        candidates: `version`, and the releases to fall back to, the next one first.
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
    """A record with the number that stands in its key, counted from 1; it has candidates."""

    number: Annotated[int, Field(gt=0)]


def select_good_promotions(log: Iterable[Promotion]) -> list[Promotion]:
    """The last promotion of each release that no rollback left since, oldest first, as the log is."""
    last: dict[str, Promotion] = {}
    for record in log:
        if record.reason == "rollback" and record.previous is not None:
            last.pop(record.previous, None)
        last.pop(record.version, None)
        last[record.version] = record
    return list(last.values())


def next_candidates(version: str, reason: PromotionReason, before: tuple[str, ...]) -> tuple[str, ...]:
    """The candidates of a record, given those of the record before it.

    A promotion puts its release first; a rollback takes off all before the one that it goes to.
    """
    if reason == "promote":
        return tuple(dict.fromkeys((version, *before)))[:MAX_CANDIDATES]
    return before[before.index(version) :] if version in before else (version,)


def parse_promotion(text: bytes, number: int, address: str) -> Promotion:
    """Read a record.

    Raises:
        RecordUnreadable: it is no record; the message names the key that is wrong.
    """
    try:
        record = PromotionRecord.model_validate_json(text)
    except ValidationError as error:
        raise RecordUnreadable(
            f"{address}: not a promotion: {first_problem(error)}. Restore this file, or remove it, which "
            "takes that promotion back; running services serve on."
        ) from error
    fields = record.model_dump() | {"candidates": record.candidates or (record.version,)}  # 1.0.0 wrote none
    return Promotion(number=number, **fields)


def serialize_promotion(promotion: Promotion) -> bytes:
    """A record as it is stored: UTF-8 JSON ending in a newline."""
    return promotion.model_dump_json(indent=1, exclude={"number"}).encode() + b"\n"

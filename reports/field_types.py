"""Types of fields that several types of a report share: counts, shares and intervals.

pydantic checks them when a report is read. A function of `exclude_if` says when a field is left out of JSON.
"""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from model_store.manifest import Share

Count = Annotated[int, Field(ge=0)]

UnlimitedShare = Annotated[Share, WithJsonSchema({"type": "number"})]
"""A share, 0 to 1, whose schema in the HTTP contract is any number."""

ShareInterval = Annotated[
    tuple[Share, Share],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
"""The lower and the upper end of an interval of a share, such as 0.93 and 0.96."""

ShareDifference = Annotated[float, Field(ge=-1, le=1)]
"""A difference of two shares, -1 to 1."""


def is_none(value: object) -> bool:
    """Return whether a value is None, for a field that is left out if it is."""
    return value is None


def is_never_left_out(_: object) -> bool:
    """Return False, for a field that is always written, although older reports may lack it."""
    return False

"""Make the cells of a decision as tables have them: `accept`, `.97316`, `white|red`.

The functions take a decision about the class or an attribute, after people answered, and return the content
of a cell, or None for an empty one.
"""

from collections.abc import Callable, Mapping
from typing import Final

from inference.contract import LABEL
from inference.decision import ACCEPT, REVIEW
from inference.reasons import DecidedBy, Reason
from labelling.rows import MAX_PATH_CHARACTERS, HeadDecision, ProductRecord, TableRow

VALUE_SEPARATOR: Final = "|"
"""Text between several values of one cell. A slash is part of some labels, such as T-shirt/top."""

CONFIDENCE_DIGITS: Final = 5
"""Number of digits of a confidence behind the decimal point."""


def join_deciding_photos(row: TableRow) -> str | None:
    """Return the paths of the photos that the class of a product is based on, cut at what a cell can hold."""
    paths = row.record.deciding_photos.get(LABEL, ()) if isinstance(row.record, ProductRecord) else ()
    return VALUE_SEPARATOR.join(paths)[:MAX_PATH_CHARACTERS] or None


def _format_decision(decision: HeadDecision) -> str | None:
    """Return the cell ACCEPT, or REVIEW if a person has to look; None if there is nothing to look at."""
    if decision.decided_by == DecidedBy.PERSON:
        # A person who left the row out gave no label, so somebody else has to look.
        return ACCEPT if decision.label else REVIEW
    if decision.answer is None and decision.reason != Reason.CONTRADICTING:
        return None
    return REVIEW if decision.reason else ACCEPT


def _join_further_labels(decision: HeadDecision) -> str | None:
    """Return the further labels of an attribute, such as `white|red`; None if there are none.

    They are the model's. If a person gave the label, nobody knows whether these are still true.
    """
    return (
        VALUE_SEPARATOR.join(decision.answer.also) or None
        if decision.answer and decision.decided_by != DecidedBy.PERSON
        else None
    )


def _round_confidence(decision: HeadDecision) -> float | None:
    confidence = decision.answer.confidence if decision.answer else None
    return None if confidence is None else round(confidence, CONFIDENCE_DIGITS)


FIELD_READERS: Final[Mapping[str, Callable[[HeadDecision], object]]] = {
    "confidence": _round_confidence,
    "decision": _format_decision,
    "reason": lambda decided: (
        None if decided.decided_by == DecidedBy.PERSON and decided.label else decided.reason
    ),
    "also": _join_further_labels,
    "decided_by": lambda decided: decided.decided_by,
    "predicted": lambda decided: decided.predicted_label,
}
"""Functions that return the cell with a field of an answer, by the name of the field."""

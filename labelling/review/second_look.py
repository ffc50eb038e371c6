"""Answers of people against those of which the model was all but sure: one of the two is a slip. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from labelling.decided import LEFT_OUT
from labelling.review.corrections import Correction, name_of

SURE: Final = 0.99
"""Confidence from which a contradiction is asked back."""

SHOWN: Final = 20
"""Pictures that are named."""


def asked_back(corrections: Sequence[Correction]) -> Iterator[str]:
    """What a person should look at once more, a line each, by the latest answer to each picture.

    Args:
        corrections: as read; those that do not say what the model answered ask nothing.
    """
    in_order = sorted(corrections, key=lambda correction: correction.at)
    latest = {answer.question(answer.sha256 or answer.path): answer for answer in in_order}
    contradicted = [correction for correction in latest.values() if _contradicts(correction)]
    if not contradicted:
        return
    yield (
        f"Look again at {len(contradicted):,} of {len(latest):,} answers, against which the model was sure. "
        f"They count as they are; correct a slip in its row of {contradicted[0].file}."
    )
    for answer in contradicted[:SHOWN]:
        yield (
            f"  {name_of(answer)}: you said {answer.label}, it said {answer.predicted} with "
            f"{answer.confidence:.1%}."
        )
    if (more := len(contradicted) - SHOWN) > 0:
        yield f"  and {more:,} more."


def _contradicts(correction: Correction) -> bool:
    label, answered = (text.casefold().replace("/", "_") for text in (correction.label, correction.predicted))
    of_class = correction.label != LEFT_OUT and not correction.label.isdecimal()
    return of_class and correction.predicted != "" and correction.confidence >= SURE and label != answered

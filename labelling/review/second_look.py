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
    latest = {
        one.question(one.sha256 or one.path): one for one in sorted(corrections, key=lambda one: one.at)
    }
    found = [one for one in latest.values() if _contradicts(one)]
    if not found:
        return
    yield (
        f"Look again at {len(found):,} of {len(latest):,} answers, against which the model was sure. They "
        f"count as they are; correct a slip in its row of {found[0].file}."
    )
    for one in found[:SHOWN]:
        yield f"  {name_of(one)}: you said {one.label}, it said {one.predicted} with {one.confidence:.1%}."
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN:,} more."


def _contradicts(one: Correction) -> bool:
    said, answered = (text.casefold().replace("/", "_") for text in (one.label, one.predicted))
    of_class = one.label != LEFT_OUT and not one.label.isdecimal()
    return of_class and one.predicted != "" and one.confidence >= SURE and said != answered

"""Put ranks of familiarity on another scale of the same network's distances.

A calibration fits the scale to the pictures at hand, so that a rank of the new scale is another distance than
the same rank of the old one. What was shown of attributes holds up to distances. Pure. The release:
recalibrate.py.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING, Familiarity, Head, ModelContract
from inference.decision import familiarity_of
from reports.answers import DIGITS
from training.release.kept_evidence import farthest

LEAST_ABOVE_NOTHING: Final = 10.0**-DIGITS
"""A rank that refuses pictures farther than all of a scale, which rank 0 does not."""

ROUNDING: Final = 1e-6
"""Of a distance that is made a rank, and a distance again."""


def attributes_as_far(before: ModelContract, now: ModelContract) -> dict[str, Head]:
    """The attributes of a contract, each label accepted from no farther than it was.

    A label without a rank of its own keeps the class's threshold where that reaches no farther than before;
    else it gets the old distance as its rank on the new scale. A head of which an old distance is nearer than
    the whole new scale accepts nothing. A head that applies to some classes only cannot have ranks, and stays
    as it is: see `keeps_promise`.

    Args:
        before: the contract whose attributes these are.
        now: the same network's, with the class's threshold on another scale of its distances.
    """
    return {name: _as_far(head, before, now) for name, head in before.attributes.items()}


def keeps_promise(name: str, before: ModelContract, now: ModelContract) -> bool:
    """Whether what was shown of an attribute holds by a later contract of the same network.

    It does where the head answers as before, and no label of it is accepted from farther away.
    """
    then, head = before.heads[name], now.heads[name]
    return head.confidence == then.confidence and all(
        farthest(now, now.least_familiarity_of(head, label))
        <= farthest(before, before.least_familiarity_of(then, label)) + ROUNDING
        for label in head.labels
    )


def _as_far(head: Head, before: ModelContract, now: ModelContract) -> Head:
    if before.familiarity is None or now.familiarity is None or head.applies_to is not None:
        return head
    own, reach = head.familiarity or {}, farthest(before, before.least_familiarity)
    inherits = farthest(now, now.least_familiarity) <= reach
    reaches = {
        label: farthest(before, own[label]) if label in own else reach
        for label in head.labels
        if label in own or not inherits
    }
    ranks = {label: _rank(distance, now.familiarity) for label, distance in reaches.items()}
    if any(distance < now.familiarity.quantiles[0] for distance in reaches.values()):
        return replace(head, confidence=ACCEPT_NOTHING)
    return replace(head, familiarity=ranks or head.familiarity)


def _rank(distance: float, scale: Familiarity) -> float:
    """The rank of a picture at this distance; infinity is that of all pictures."""
    return 0.0 if np.isinf(distance) else max(LEAST_ABOVE_NOTHING, familiarity_of(distance, scale))


def stored_ranks(
    ranks: NDArray[np.float64], before: ModelContract, now: ModelContract
) -> NDArray[np.float64]:
    """Ranks of pictures, float64 (N,), on the new scale.

    Of those beyond an end of the old scale the distance is not known: they get the rank of that end.

    Args:
        ranks: on the old scale, rounded to DIGITS; NaN where they are not known.
        before: the contract with the old scale.
        now: the contract with the new one.
    """
    if before.familiarity is None or now.familiarity is None:
        return ranks
    ends = before.familiarity.quantiles
    old = np.linspace(1, 0, len(ends))
    distances = np.interp(ranks, old[::-1], ends[::-1])
    scaled = [familiarity_of(distance, now.familiarity) for distance in distances.tolist()]
    return np.where(np.isnan(ranks), np.nan, np.round(scaled, DIGITS))

"""When a training has nothing left to gain on the held-out pictures. Pure."""

import math
from collections.abc import Sequence
from typing import Final

SOLVED_EPOCHS: Final = 3
SOLVED_STEPS: Final = 100
"""A run ends when all held-out pictures were right over so many epochs, and so many steps: an epoch of few
pictures has few."""


def is_solved(accuracies: Sequence[float], steps: int) -> bool:
    """Whether a run has nothing left to gain on the held-out pictures.

    Args:
        accuracies: on them, after each epoch so far.
        steps: in one epoch, 1 or more.
    """
    epochs = max(SOLVED_EPOCHS, math.ceil(SOLVED_STEPS / steps))
    return len(accuracies) >= epochs and min(accuracies[-epochs:]) == 1

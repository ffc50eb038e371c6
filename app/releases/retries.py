"""When a release is tried again that could not be fetched whole: after 1, 2, 4 and at most 15 minutes.

Pure but for its clock. What is tried again: serving.py; who does it: watcher.py.
"""

from collections.abc import Callable
from math import inf
from typing import Final

FIRST_SECONDS: Final = 60.0
LONGEST_SECONDS: Final = 15 * 60.0


class Retries:
    """When the newest promotion is to be tried again.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pause, self._due = FIRST_SECONDS, inf

    @property
    def seconds_left(self) -> float:
        """Until the next try; infinite where there is none to come."""
        return self._due - self._clock()

    def begin(self) -> None:
        """Come to the first try of a promotion."""
        self._pause = FIRST_SECONDS
        self._due = self._clock() + self._pause

    def postpone(self) -> None:
        """Come to the next one, after twice the pause."""
        self._pause = min(2 * self._pause, LONGEST_SECONDS)
        self._due = self._clock() + self._pause

    def end(self) -> None:
        """Try no more."""
        self._due = inf

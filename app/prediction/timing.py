"""Measure how long a request spends in each stage of its prediction."""

import time
from dataclasses import dataclass, field

READ_STAGE = "read"
"""Stage in which the body arrives. It takes as long as the client takes to send it."""

QUEUE_STAGE = "queue"
"""Stage in which a request waits for a slot."""


@dataclass(slots=True)
class StageTimer:
    """Wall time by stage, added up over the pictures of a request.

    Stages follow one another: the beginning of a stage ends the one before. If a stage fails, its time until
    then is kept.

    Attributes:
        milliseconds: the milliseconds of each stage, in the order in which they began.
    """

    milliseconds: dict[str, float] = field(default_factory=dict)
    _stage: str | None = None
    _since: float = 0.0

    def begin(self, stage: str | None) -> None:
        """End the current stage, and begin another one; None begins none."""
        now = time.perf_counter()
        if (before := self._stage) is not None:
            spent = (now - self._since) * 1000
            self.milliseconds[before] = self.milliseconds.get(before, 0.0) + spent
        self._stage, self._since = stage, now

    def end(self) -> None:
        """End the current stage, if there is one."""
        self.begin(None)

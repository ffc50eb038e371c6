"""Measure how long a request spends in each stage, such as reading, waiting and decoding."""

import time
from dataclasses import dataclass, field

READ_STAGE = "read"
"""Name of the stage in which the body of a request arrives. How long this takes depends on the client."""

QUEUE_STAGE = "queue"
"""Name of the stage in which a request waits for its turn."""


@dataclass(slots=True)
class StageTimer:
    """A stopwatch for the stages of a request, such as reading and decoding, added up over its pictures.

    Stages follow one another: the beginning of a stage ends the one before.

    Attributes:
        milliseconds: the milliseconds of each stage by name, in the order in which the stages began.
    """

    milliseconds: dict[str, float] = field(default_factory=dict)
    _stage: str | None = None
    _since: float = 0.0

    def begin(self, stage: str | None) -> None:
        """End the current stage, and start to measure another one.

        Args:
            stage: the name of the new stage; None starts none.
        """
        now = time.perf_counter()
        if (ended_stage := self._stage) is not None:
            spent_milliseconds = (now - self._since) * 1000
            self.milliseconds[ended_stage] = self.milliseconds.get(ended_stage, 0.0) + spent_milliseconds
        self._stage = stage
        self._since = now

    def end(self) -> None:
        """Stop measuring the current stage; without a current stage, do nothing."""
        self.begin(None)

"""How long a request spends in each stage of its prediction. A stopwatch; knows nothing of requests."""

import time
from dataclasses import dataclass, field

READ_STAGE = "read"
"""The stage in which the body comes: as long as its client takes to send it."""

QUEUE_STAGE = "queue"
"""The stage in which a request waits for a slot."""


@dataclass(slots=True)
class StageTimer:
    """Wall time by stage, added up over the pictures of a request.

    Stages follow one another, so that beginning one ends the one before, and a failure within a stage still
    leaves the time that it took until then.

    Attributes:
        milliseconds: of each stage that was gone through, in their order.
    """

    milliseconds: dict[str, float] = field(default_factory=dict)
    _stage: str | None = None
    _since: float = 0.0

    def begin(self, stage: str | None) -> None:
        """End the stage that runs, and begin another one; None begins none."""
        now = time.perf_counter()
        if (before := self._stage) is not None:
            spent = (now - self._since) * 1000
            self.milliseconds[before] = self.milliseconds.get(before, 0.0) + spent
        self._stage, self._since = stage, now

    def end(self) -> None:
        """End the stage that runs, if one does."""
        self.begin(None)

"""Count the pictures that a session answers, for the progress of what takes long."""

from dataclasses import dataclass

from inference.arrays import PixelsBatch
from inference.session import Scores, Session
from training.progress import Seen


@dataclass(frozen=True)
class CountedSession:
    """A session that reports the pictures it answers (inference/session.py's Session)."""

    session: Session
    seen: Seen

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return self.session.outputs

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score a batch, and count it."""
        scores = self.session.run(pixels)
        self.seen(len(pixels))
        return scores

"""Let several watch one fit (training/fitting/fit.py's Watcher).

Touches nothing.
"""

import numpy as np
from numpy.typing import NDArray

from model_store.report import Epoch
from training.fitting.fit import Watcher


class Watchers:
    """Passes on everything that it hears, in the order in which the others were given."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def step(self, epoch: int, step: int, steps: int) -> None:
        for watcher in self._watchers:
            watcher.step(epoch, step, steps)

    def epoch(self, epoch: Epoch, best_epoch: int, predicted: NDArray[np.int64] | None) -> None:
        for watcher in self._watchers:
            watcher.epoch(epoch, best_epoch, predicted)

"""How much memory processes hold while they are attacked, and whether it grows."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PAGE_KILOBYTES = 4
WARM_UP = 0.25
"""Share of the requests after which pools, arenas and caches have found their size."""


def resident_kilobytes(pid: int) -> int:
    """RSS of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE_KILOBYTES


@dataclass
class Watch:
    """RSS of some processes, sampled in the background against a count of requests.

    Attributes:
        samples: by process, pairs of requests so far and kilobytes.
    """

    pids: list[int]
    done: Callable[[], int]
    every_seconds: float = 0.1
    samples: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.every_seconds):
            for pid in self.pids:
                if Path(f"/proc/{pid}").exists():
                    self.samples.setdefault(pid, []).append((self.done(), resident_kilobytes(pid)))


BUCKETS = 50
"""Parts of the attack, of each of which the smallest sample counts: between two large pictures, that is."""


@dataclass(frozen=True)
class Trend:
    """A line through what is held at rest after the warm-up.

    Attributes:
        kilobytes_per_1000: slope.
        growth_megabytes: what the line gains from the warm-up's end to the last sample.
    """

    kilobytes_per_1000: float
    growth_megabytes: float
    first_megabytes: float
    last_megabytes: float
    peak_megabytes: float


def trend(samples: list[tuple[int, int]]) -> Trend:
    """Fit a line to what (requests, kilobytes) come down to in each bucket after WARM_UP.

    The slope is the median of all pairs' (Theil and Sen), so that a bucket in which one large picture
    followed the other does not bend it.
    """
    last = samples[-1][0]
    at_rest: dict[int, tuple[int, int]] = {}
    for done, kilobytes in samples:
        bucket = done * BUCKETS // (last + 1)
        if done >= WARM_UP * last and kilobytes <= at_rest.get(bucket, (0, kilobytes))[1]:
            at_rest[bucket] = (done, kilobytes)
    x, y = np.array(list(at_rest.values()), float).T
    first, second = np.triu_indices(len(x), k=1)
    slope = float(np.median((y[second] - y[first]) / (x[second] - x[first])))
    return Trend(
        kilobytes_per_1000=round(slope * 1000, 2),
        growth_megabytes=round(slope * float(x[-1] - x[0]) / 1024, 2),
        first_megabytes=round(float(y[0]) / 1024, 1),
        last_megabytes=round(float(y[-1]) / 1024, 1),
        peak_megabytes=round(max(kilobytes for _, kilobytes in samples) / 1024, 1),
    )

"""How many processes can classify at the same time here; each runs its model on one thread.

Reads what the system allows this process, and what a container may use of it.
"""

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Control groups, version 2: microseconds of processor time, and the period in which they may be used."""


def usable_cores() -> int:
    """Processor cores, no more than a container's quota lets be used; at least 1."""
    pinned = len(os.sched_getaffinity(0))
    try:
        return cores_within(QUOTA.read_text("ascii"), pinned)
    except (OSError, ValueError):
        return pinned


def cores_within(quota: str, pinned: int) -> int:
    """How many of the cores that a process is pinned to a quota lets be used; at least 1.

    A part of a core counts as one: of a quota of 1.5, one process could use two thirds. Two use all of it,
    and wait for the next period only when there is more work than the quota is for.

    Args:
        quota: what cpu.max says: `max` or microseconds, and the period.
        pinned: at least 1.

    Raises:
        ValueError: it says something else.
    """
    allowed, period = quota.split()
    return pinned if allowed == "max" else max(1, min(pinned, math.ceil(int(allowed) / int(period))))

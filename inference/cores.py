"""Count the processor cores that this process may use, which is how many workers are started.

A container may use fewer cores than the machine has. Two limits are read: the affinity, which is the list of
cores on which the system lets this process run, and the quota of processor time of its container.
"""

import math
import os
from pathlib import Path

CPU_QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")
"""A file of control groups, version 2: microseconds of processor time, and the period that they apply to."""


def count_usable_cores() -> int:
    """Return the number of usable processor cores, bounded by the container's quota; at least 1."""
    # macOS knows no affinity.
    pinned = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        return limit_cores_by_quota(CPU_QUOTA_FILE.read_text("ascii"), pinned)
    except (OSError, ValueError):
        return pinned


def limit_cores_by_quota(quota: str, affinity_cores: int) -> int:
    """Return how many of the cores in the affinity a quota allows; at least 1.

    A fraction counts as a core: of a quota of 1.5, one process could use two thirds. Two use all of it, and
    wait for the next period only under more load than the quota allows.

    Args:
        quota: the content of cpu.max: `max` or microseconds, and the period.
        affinity_cores: the number of cores in the affinity, at least 1.

    Raises:
        ValueError: the quota has another form.
    """
    allowed, period = quota.split()
    return (
        affinity_cores
        if allowed == "max"
        else max(1, min(affinity_cores, math.ceil(int(allowed) / int(period))))
    )

"""How many processes can work at the same time here.

Reads what the system allows this process, and what a container may use of it.
"""

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Control groups, version 2: microseconds of processor time, and the period in which they may be used."""


def usable_cores() -> int:
    """Processor cores, no more than a container's quota lets be used; at least 1."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = _QUOTA.read_text("ascii").split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, math.ceil(int(quota) / int(period))))

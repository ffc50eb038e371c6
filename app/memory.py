"""How many workers fit into the memory that this container may use.

The formula and its figures are those of docs/reference/limits.md, "Choosing". Reads the limit of the control
group; gunicorn.conf.py takes the number of workers from here, and logs where the settings do not fit.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

from app.payloads.limits import max_large_body_bytes, max_small_body_bytes
from app.settings import Settings

WORKER_BYTES = 240_000_000
"""Of a worker before any picture: what ONNX Runtime keeps after a batch of 256, and the template process."""

BYTES_PER_PIXEL = 16
"""What decoding and converting take for a pixel of the largest picture. A worker decodes one at a time."""

COPIES_OF_BODY = 3
"""What a byte of a body may take: as it came, as it is parsed, and on the way from one to the other."""

CGROUP_FOLDER = Path("/sys/fs/cgroup")
"""Control groups (cgroups(7)), of version 2, or of version 1 in a folder for each controller."""


def read_memory_limit(
    groups: Path = CGROUP_FOLDER, own_groups: Path = Path("/proc/self/cgroup")
) -> int | None:
    """Return the bytes that this process' control group may use; None where nothing limits it.

    The least limit of the group and of those that contain it counts.
    """
    limits = list[int]()
    for line in own_groups.read_text("utf-8").splitlines() if own_groups.is_file() else ():
        _, controllers, inner = line.split(":", 2)
        if controllers not in {"", "memory"}:
            continue
        top, file = (groups / "memory", "memory.limit_in_bytes") if controllers else (groups, "memory.max")
        folder = top / inner.lstrip("/")
        for group in (folder, *folder.parents):
            if group.is_relative_to(top):
                with suppress(
                    OSError, ValueError
                ):  # the outermost has no such file, and others may say "max"
                    limits.append(int((group / file).read_text("ascii")))
    return min(limits, default=None)


def max_worker_bytes(settings: Settings) -> int:
    """Return the bytes that one worker may take in the worst case."""
    bodies = max_large_body_bytes(settings) + max_small_body_bytes(settings)
    return WORKER_BYTES + BYTES_PER_PIXEL * settings.max_pixels + COPIES_OF_BODY * bodies


def count_fitting_workers(settings: Settings, cores: int, limit: int | None) -> int:
    """Return one worker for each core, or as many as fit into the limit; at least 1."""
    return cores if limit is None else max(1, min(cores, limit // max_worker_bytes(settings)))


def describe_memory_shortage(settings: Settings, workers: int, limit: int | None) -> str:
    """Describe a limit that these workers may exceed, and what fits; empty where they fit."""
    most = max_worker_bytes(settings)
    if limit is None or workers * most <= limit:
        return ""
    fewer = limit // most
    return (
        f"{_in_megabytes(limit)} of memory may be used here, and {workers} "
        f"worker{'s' if workers > 1 else ''} may take {_in_megabytes(workers * most)} in the worst case: "
        "the kernel then ends one, with its requests. "
        + (
            f"WEB_CONCURRENCY={fewer} fits."
            if fewer
            else "Lower settings fit: docs/reference/limits.md, Choosing."
        )
    )


def _in_megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def release_free_memory() -> None:
    """Give free memory to the system; by itself, glibc keeps much of what a replaced release held."""
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)

"""How many workers fit into the memory that this container may use.

The formula and its figures are those of docs/reference/limits.md, "Choosing". Reads the limit of the control
group; gunicorn.conf.py takes the number of workers from here, and logs where the settings do not fit.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

from app.payloads.limits import bytes_of_large_bodies, bytes_of_small_bodies
from app.settings import Settings

WORKER_BYTES = 240_000_000
"""Of a worker before any picture: what ONNX Runtime keeps after a batch of 256, and the template process."""

PIXEL_BYTES = 16
"""What decoding and converting take for a pixel of the largest picture. A worker decodes one at a time."""

BODY_TIMES = 3
"""What a byte of a body may take: as it came, as it is parsed, and on the way from one to the other."""

GROUPS = Path("/sys/fs/cgroup")
"""Control groups (cgroups(7)), of version 2, or of version 1 in a folder for each controller."""


def memory_limit(groups: Path = GROUPS, own: Path = Path("/proc/self/cgroup")) -> int | None:
    """Return the bytes that this process' control group may use; None where nothing limits it.

    The least limit of the group and of those that contain it counts.
    """
    limits = list[int]()
    for line in own.read_text("utf-8").splitlines() if own.is_file() else ():
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


def most_of_worker(settings: Settings) -> int:
    """Return the bytes that one worker may take in the worst case."""
    bodies = bytes_of_large_bodies(settings) + bytes_of_small_bodies(settings)
    return WORKER_BYTES + PIXEL_BYTES * settings.max_pixels + BODY_TIMES * bodies


def fitting_workers(settings: Settings, cores: int, limit: int | None) -> int:
    """Return one worker for each core, or as many as fit into the limit; at least 1."""
    return cores if limit is None else max(1, min(cores, limit // most_of_worker(settings)))


def too_little(settings: Settings, workers: int, limit: int | None) -> str:
    """Describe a limit that these workers may exceed, and what fits; empty where they fit."""
    most = most_of_worker(settings)
    if limit is None or workers * most <= limit:
        return ""
    fewer = limit // most
    return (
        f"{_mega(limit)} of memory may be used here, and {workers} worker{'s' if workers > 1 else ''} "
        f"may take {_mega(workers * most)} in the worst case: the kernel then ends one, with its requests. "
        + (
            f"WEB_CONCURRENCY={fewer} fits."
            if fewer
            else "Lower settings fit: docs/reference/limits.md, Choosing."
        )
    )


def _mega(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def give_back() -> None:
    """Give free memory to the system; by itself, glibc keeps much of what a replaced release held."""
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)

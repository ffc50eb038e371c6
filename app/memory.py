"""Compute how many workers fit into the memory that this container may use.

The formula and its figures are those of docs/reference/limits.md, "Choosing". This file reads the limit of
the control group. gunicorn.conf.py takes the number of workers from here, and logs a warning if the settings
do not fit.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

from app.payloads.limits import max_large_body_bytes, max_small_body_bytes
from app.settings import Settings

WORKER_BYTES = 240_000_000
"""Memory of a worker without any picture, in bytes: ONNX Runtime after a batch of 256, and the template
process of the decoders."""

BYTES_PER_PIXEL = 16
"""Memory for decoding and converting, in bytes for each pixel of the largest picture. A worker decodes one
such picture at a time."""

COPIES_OF_BODY = 3
"""Number of copies of a body that may exist at a time: the chunks that arrive, the joined body, and the
parsed one."""

CGROUP_FOLDER = Path("/sys/fs/cgroup")
"""Folder of the control groups (cgroups(7)), of version 2, or of version 1 with a folder for each
controller."""


def read_memory_limit(
    groups: Path = CGROUP_FOLDER, own_groups: Path = Path("/proc/self/cgroup")
) -> int | None:
    """Return the memory that the control group of this process may use, in bytes; None if there is no limit.

    The smallest limit of the group and of the groups that contain it applies.

    Args:
        groups: the folder of the control groups.
        own_groups: the file that names the groups of this process.
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
                ):  # the outermost has no such file, and other files may contain "max"
                    limits.append(int((group / file).read_text("ascii")))
    return min(limits, default=None)


def max_worker_bytes(settings: Settings) -> int:
    """Return the memory that one worker may take in the worst case, in bytes."""
    bodies = max_large_body_bytes(settings) + max_small_body_bytes(settings)
    return WORKER_BYTES + BYTES_PER_PIXEL * settings.max_pixels + COPIES_OF_BODY * bodies


def count_fitting_workers(settings: Settings, cores: int, limit: int | None) -> int:
    """Return the number of workers: one for each core, or as many as fit into the limit, but at least 1."""
    return cores if limit is None else max(1, min(cores, limit // max_worker_bytes(settings)))


def describe_memory_shortage(settings: Settings, workers: int, limit: int | None) -> str:
    """Return a sentence about a limit that these workers may exceed, and a remedy; empty if they fit."""
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
    """Return free memory to the system. By itself, glibc keeps much of the memory of a replaced release."""
    with suppress(AttributeError):  # the C library is not glibc
        ctypes.CDLL(None).malloc_trim(0)

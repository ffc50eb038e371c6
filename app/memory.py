"""Compute how many workers fit into the memory that this container may use.

gunicorn.conf.py starts as many, and logs a warning if the settings may need more memory. The limit is that of
the control group, Linux's limit for a container. docs/reference/limits.md explains the formula to operators.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

from app.payloads.limits import compute_max_large_body_bytes, compute_max_small_body_bytes
from app.settings import Settings

WORKER_BYTES = 240_000_000
"""Memory of a worker in bytes while it has no picture. Most of it is ONNX Runtime's after a batch of 256; the
rest is the process from which decoder processes are forked."""

BYTES_PER_PIXEL = 16
"""Memory in bytes for each pixel of a picture that is decoded and converted. A worker decodes one picture of
the largest size at a time."""

COPIES_OF_BODY = 3
"""Number of copies of a request body that may be in memory at a time: the chunks that arrive, the joined
body, and the parsed one."""

CGROUP_FOLDER = Path("/sys/fs/cgroup")
"""Folder in which Linux shows the control groups with their memory limits (cgroups(7)). Version 1 has a
folder for each controller in it, such as `memory`."""


def read_memory_limit(
    groups: Path = CGROUP_FOLDER, own_groups: Path = Path("/proc/self/cgroup")
) -> int | None:
    """Return the memory in bytes that the control group of this process may use; None if there is no limit.

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
        for group in (folder, *folder.parents):  # the limits of the groups around it hold as well
            if group.is_relative_to(top):
                # The outermost group has no such file, and a file may contain "max".
                with suppress(OSError, ValueError):
                    limits.append(int((group / file).read_text("ascii")))
    return min(limits, default=None)


def compute_max_worker_bytes(settings: Settings) -> int:
    """Return the memory in bytes that one worker may need in the worst case with these settings."""
    bodies = compute_max_large_body_bytes(settings) + compute_max_small_body_bytes(settings)
    return WORKER_BYTES + BYTES_PER_PIXEL * settings.max_pixels + COPIES_OF_BODY * bodies


def count_fitting_workers(settings: Settings, cores: int, limit: int | None) -> int:
    """Return the number of workers to start: one for each core, but only as many as fit into memory.

    At least one is started, even if it may not fit.

    Args:
        settings: the settings, which decide how much memory a worker may need.
        limit: the available memory in bytes; None for no limit.
    """
    return cores if limit is None else max(1, min(cores, limit // compute_max_worker_bytes(settings)))


def describe_memory_shortage(settings: Settings, workers: int, limit: int | None) -> str:
    """Return a warning if the workers may need more memory than allowed; empty if all fit.

    The warning says which number of workers fits.

    Args:
        settings: the settings, which decide how much memory a worker may need.
        limit: the available memory in bytes; None for no limit.
    """
    worker_bytes = compute_max_worker_bytes(settings)
    if limit is None or workers * worker_bytes <= limit:
        return ""
    fitting = limit // worker_bytes
    return (
        f"{_format_megabytes(limit)} of memory may be used here, and {workers} "
        f"worker{'s' if workers > 1 else ''} may take {_format_megabytes(workers * worker_bytes)} in the "
        "worst case: the kernel then ends one, with its requests. "
        + (
            f"WEB_CONCURRENCY={fitting} fits."
            if fitting
            else "Lower settings fit: docs/reference/limits.md, Choosing."
        )
    )


def _format_megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def release_free_memory() -> None:
    """Make the C library return unused memory to the system.

    After a release is replaced, glibc keeps much of its memory otherwise.
    """
    with suppress(AttributeError):  # the C library is not glibc
        ctypes.CDLL(None).malloc_trim(0)

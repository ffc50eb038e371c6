"""How a server's connections lie on its processes. Reads /proc.

Workers that share a port take connections as they come to it, and keep them: one may hold most of them and
the other stand idle, which decides more of a rate than code does. wrk keeps its connections to its end.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.side_by_side.peers import WORKERS

ESTABLISHED = "01"
"""State in /proc/net/tcp (proc(5))."""

TOLERANCE = 1.25
"""Of an even share: the most that the busiest may hold where connections are called balanced; 5 of 8."""


def connections_by_process(port: int, pids: Iterable[int]) -> tuple[int, ...]:
    """How many connections to a port each process holds that holds any, the busiest first.

    Args:
        port: that a server listens on.
        pids: of the server. A connection that no process has accepted yet is not counted.
    """
    sockets = _sockets(port)
    held = (sum(name in sockets for name in _descriptors(pid)) for pid in pids)
    return tuple(sorted((count for count in held if count), reverse=True))


def sockets_by_process(pids: Iterable[int]) -> dict[int, frozenset[str]]:
    """What each process calls its sockets."""
    return {pid: frozenset(name for name in _descriptors(pid) if name.startswith("socket:")) for pid in pids}


def taken_since(before: Mapping[int, frozenset[str]]) -> tuple[int, ...]:
    """How many connections each process has taken, of those that took any, the busiest first.

    To be asked under a load: whatever sockets came since count, and the kernel is not asked what they are,
    which takes 7 ms of a core and raised the p99 of a server that answers in 2 ms by a tenth.

    Args:
        before: from `sockets_by_process`.
    """
    now = sockets_by_process(before)
    taken = (len(now[pid] - sockets) for pid, sockets in before.items())
    return tuple(sorted((count for count in taken if count), reverse=True))


def is_balanced(held: tuple[int, ...]) -> bool:
    """Whether the busiest of WORKERS processes holds not much more than its share."""
    return bool(held) and max(held) <= TOLERANCE * sum(held) / WORKERS


def _sockets(port: int) -> set[str]:
    """What descriptors of established connections to the port are called."""
    names = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[1].endswith(f":{port:04X}") and fields[3] == ESTABLISHED:
                    names.add(f"socket:[{fields[9]}]")
    return names


def _descriptors(pid: int) -> list[str]:
    names = []
    with suppress(OSError):  # it has ended
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed since it was listed
                names.append(str(descriptor.readlink()))
    return names

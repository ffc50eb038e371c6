"""Processes of a server: finding them, what they hold, and ending them. Reads /proc, sends signals."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 10.0
PAUSE_SECONDS = 0.1

SETTLE_SECONDS = 60.0
WATCH_SECONDS = 0.2
IDLE_SHARE = 0.5
"""Of one core: less than any server takes that still decodes, more than Ray takes to do nothing."""


def family(pid: int) -> list[int]:
    """A process and all that descend from it and run."""
    parents = _parents()
    descendants = generation = [pid] if pid in parents else []
    while generation:
        generation = [child for child, parent in parents.items() if parent in generation]
        descendants = descendants + generation
    return descendants


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time that processes have taken since their start."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            ticks += sum(int(field) for field in _stat(pid)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def megabytes(pids: Iterable[int]) -> float:
    """Memory that processes hold together: PSS, so that what they share counts once."""
    kilobytes = 0
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
            kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def resident_megabytes(pid: int) -> float:
    """Memory that a process holds, with what it shares with others; 0 once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
    return 0.0


def settle(pid: int) -> None:
    """Wait until a server has done what it was asked: wrk leaves without its last answers."""
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        before = processor_seconds(family(pid))
        time.sleep(WATCH_SECONDS)
        if processor_seconds(family(pid)) - before < IDLE_SHARE * WATCH_SECONDS:
            return


def end(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM to a server, then SIGTERM and SIGKILL to what it has left behind."""
    its = family(process.pid)
    process.terminate()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _gone(its):
            break
        for pid in _running(its):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    process.wait()


def _gone(pids: list[int]) -> bool:
    end = time.monotonic() + GRACE_SECONDS
    while _running(pids) and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
    return not _running(pids)


def _running(pids: list[int]) -> set[int]:
    return _parents().keys() & set(pids)


def _parents() -> dict[int, int]:
    """The parent of every process that runs; a zombie has ended."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                state, parent = _stat(int(folder.name))[:2]
                if state not in "ZX":
                    parents[int(folder.name)] = int(parent)
    return parents


def _stat(pid: int) -> list[str]:
    """What follows the name, which may hold anything, in /proc/PID/stat: state, parent, ... (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()

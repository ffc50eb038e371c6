"""The processes of one server: finding all of them, what they hold, and ending them.

Some peers start their workers in sessions of their own, some leave them behind when the first process ends,
and some overwrite their environment with a title. So one belongs to a server if it descends from its first
process, or carries the mark that it was started with, or did when last looked at. Reads /proc, sends signals.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "BENCHMARK_SERVER"
"""The variable whose value marks a server's processes."""

GRACE_SECONDS = 10.0
PAUSE_SECONDS = 0.1

SETTLE_SECONDS = 60.0
WATCH_SECONDS = 0.2
IDLE_SHARE = 0.5
"""Of one core: less than any server takes that still decodes, more than Ray takes to do nothing."""


@dataclass(frozen=True)
class Process:
    """One process; the time of its start distinguishes it from a later one of the same number."""

    pid: int
    started: int


class Family:
    """All processes of one server."""

    def __init__(self, mark: str) -> None:
        """Know those whose environment has MARK set to `mark`, even before one is followed."""
        self.mark = mark
        self._first: subprocess.Popen[bytes] | None = None
        self._known: set[Process] = set()

    def follow(self, first: "subprocess.Popen[bytes]") -> None:
        """Know this one, and what descends from it."""
        self._first = first

    def alive(self) -> set[Process]:
        """Those that run now."""
        table = dict(_table())
        self._known &= table.keys()
        self._known |= {process for process in table if self._is_first(process) or self._is_marked(process)}
        grown = True
        while grown:
            pids = {process.pid for process in self._known}
            children = {process for process, parent in table.items() if parent in pids} - self._known
            self._known |= children
            grown = bool(children)
        return set(self._known)

    def megabytes(self) -> float:
        """Memory that they hold together: PSS, so that what they share counts once."""
        return sum(_pss_kilobytes(process.pid) for process in self.alive()) / 1024

    def processor_seconds(self) -> float:
        """Time of processors that those which run have taken since their start."""
        return sum(_ticks(process.pid) for process in self.alive()) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        """Wait until they have done what they were asked: wrk leaves without its last answers."""
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end:
            before = self.processor_seconds()
            time.sleep(WATCH_SECONDS)
            if self.processor_seconds() - before < IDLE_SHARE * WATCH_SECONDS:
                return

    def end(self) -> None:
        """SIGTERM to the first, SIGTERM to those it left behind, SIGKILL to what does not go."""
        for number, everyone in ((signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGKILL, True)):
            for process in self.alive():
                if everyone or self._is_first(process):
                    with suppress(ProcessLookupError):
                        os.kill(process.pid, number)
            if self._gone(GRACE_SECONDS):
                break
        if self._first is not None:
            self._first.wait()

    def _gone(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(PAUSE_SECONDS)
        return True

    def _is_first(self, process: Process) -> bool:
        return self._first is not None and self._first.pid == process.pid

    def _is_marked(self, process: Process) -> bool:
        with suppress(OSError):
            variables = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            return f"{MARK}={self.mark}".encode() in variables
        return False


def _stat(pid: int) -> list[str]:
    """What follows the name, which may hold anything, in /proc/PID/stat: state, parent, ... (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    """User and system time."""
    with suppress(OSError):
        user, system = _stat(pid)[11:13]
        return int(user) + int(system)
    return 0


def _table() -> Iterator[tuple[Process, int]]:
    """Every process that runs, with its parent's number; zombies have ended."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                fields = _stat(int(folder.name))
                if fields[0] not in "ZX":
                    yield Process(int(folder.name), int(fields[19])), int(fields[1])


def _pss_kilobytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0

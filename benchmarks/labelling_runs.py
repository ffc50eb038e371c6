"""Run `scripts.label` and the bare loop as a user would, and watch them: time, processor, memory, rows.

Starts processes of their own group, so that one can be killed with all that it has started. The journal tells
how many rows are safe; /proc tells memory (Linux). Used by labelling.py.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labelling.journal import parts_of
from labelling.on_ray import ADDRESS

RAY_PYTHON = Path(__file__).parent.parent / ".venv-scale" / "bin" / "python"
"""Of the environment that has Ray; `make labelling` installs it."""

SAMPLE_SECONDS = 0.25
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Sample:
    """One look at a run: since its start, rows that are safe, and the memory of all its processes.

    Attributes:
        rows: 0 until the journal tells of some, and again when it is gone.
        megabytes: resident, libraries counted in each process that has them. Dividing what is shared would
            depend on whatever else runs on the machine.
    """

    seconds: float
    rows: int
    megabytes: float


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes:
        seconds: from its start to its end, as on a wall clock.
        processor_seconds: of all its processes.
        samples: empty where nobody looked.
    """

    seconds: float
    processor_seconds: float
    samples: list[Sample]

    @property
    def megabytes(self) -> float:
        """The most memory that was seen."""
        return max(sample.megabytes for sample in self.samples)

    @property
    def with_rows(self) -> list[Sample]:
        """The samples at which some rows were safe: neither its start, nor its end."""
        return [sample for sample in self.samples if sample.rows]


def bare(folder: Path, graph: Path, cores: int) -> Run:
    """The loop that does nothing else."""
    return _watched([sys.executable, "-m", "benchmarks.bare_loop", str(folder), str(graph), str(cores)], None)


def labelled(source: Path | str, table: Path) -> Run:
    """`scripts.label`, to its end."""
    return _watched(_command(source, table), table)


def labelled_on_ray(source: Path, table: Path) -> Run:
    """The same by `--engine ray`, on a cluster that it starts on this machine."""
    _, *words = _command(source, table)
    environment = {name: value for name, value in os.environ.items() if name != ADDRESS}
    return _watched([str(RAY_PYTHON), *words, "--engine", "ray"], table, environment)


def killed(source: Path, table: Path, rows: int) -> int:
    """`scripts.label`, killed with all its processes when so many rows are safe.

    Returns:
        How many were safe then.
    """
    process = subprocess.Popen(  # noqa: S603 - our own command
        _command(source, table), start_new_session=True, stdout=subprocess.DEVNULL
    )
    while _safe_rows(table) < rows:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(POLL_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return _safe_rows(table)


def _command(source: Path | str, table: Path) -> list[str]:
    return [sys.executable, "-m", "scripts.label", str(source), "--out", str(table), "--json"]


def _watched(command: list[str], table: Path | None, environment: dict[str, str] | None = None) -> Run:
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    samples = []
    due = began
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        if ended:
            break
        if table is not None and began + seconds >= due:
            samples.append(Sample(seconds, _safe_rows(table), _megabytes(process.pid)))
            due = began + seconds + SAMPLE_SECONDS
        time.sleep(POLL_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Run(seconds, usage.ru_utime + usage.ru_stime, samples)


def _safe_rows(table: Path) -> int:
    """What the journal's last whole line says."""
    with suppress(OSError):
        lines = (parts_of(table) / "journal.jsonl").read_bytes().rpartition(b"\n")[0].splitlines()
        if len(lines) > 1:
            rows = json.loads(lines[-1])["rows"]
            assert isinstance(rows, int)
            return rows
    return 0


def _megabytes(pid: int) -> float:
    return sum(_resident_kilobytes(each) for each in _family(pid)) / 1000


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            yield from _family(int(child))


def _resident_kilobytes(pid: int) -> int:
    """0 of a process that has just ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0

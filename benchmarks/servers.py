"""Start a server on the loopback, wait for its first answer, and end it with all that it started."""

import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import end

WORKERS = 2

READY_SECONDS = 120.0
POLL_SECONDS = 0.02

LOG_END = 1500
"""Letters of a log that an error quotes."""

OURS = ("WARDROBE_", "AWS_", "PYTHON", "WEB_", "PROMETHEUS_")
"""Variables of this shell that no server gets."""


class NotServing(Exception):
    """A server could not be installed, or did not answer in time."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        pid: of its first process.
        start_seconds: from its exec to its first answer.
    """

    pid: int
    port: int
    start_seconds: float


@contextmanager
def serving(
    command: Sequence[str | Path],
    port: int,
    cwd: Path,
    environment: Mapping[str, str],
    answers: Callable[[], bool],
) -> Iterator[Running]:
    """Run a server until the block ends, also after Ctrl-C.

    Args:
        command: every word of it.
        port: that it will listen on.
        cwd: where it starts.
        environment: variables besides those of this shell that are not OURS.
        answers: whether it does.

    Raises:
        NotServing: it ended, or did not answer in READY_SECONDS.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - every word is ours
            ["/usr/bin/env", "taskset", "--cpu-list", ",".join(map(str, server_cores())), *command],
            cwd=cwd,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this program alone, which then ends the server
        )
        try:
            while not _is_up(answers):
                if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                    log.seek(0)
                    log_end = log.read().decode("utf-8", "replace")[-LOG_END:]
                    raise NotServing(f"{command[-1]} did not start. The end of its log: {log_end}")
                time.sleep(POLL_SECONDS)
            yield Running(process.pid, port, time.monotonic() - began)
        finally:
            end(process)


def _is_up(answers: Callable[[], bool]) -> bool:
    try:
        return answers()
    except (OSError, http.client.HTTPException):
        return False


def server_cores() -> list[int]:
    """The cores that servers run on: as many as workers, the first that this process may use."""
    return sorted(os.sched_getaffinity(0))[:WORKERS]


def load_cores() -> list[int]:
    """The cores that the load comes from: those that are left, or the same where there are no others."""
    return sorted(os.sched_getaffinity(0))[WORKERS:] or server_cores()

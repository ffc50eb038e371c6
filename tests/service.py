"""A real gunicorn for the tests, as users have it: its own process, its own port, its own environment."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import requests

from tests.waiting import wait_for

ROOT = Path(__file__).parent.parent

READY_SECONDS = 180
"""The most that a start may take, on however busy a machine."""

PATIENCE_SECONDS = 120
"""The most that an answer or an end may take there: it tells one from none, and is no promise."""

PORTS = range(11_000, 32_000)
"""Below those that Linux gives to outgoing connections: one of these could come before the server."""

_next_port = count(secrets.randbelow(len(PORTS)))

NOT_OURS = ("AWS_", "BIND", "GUNICORN_", "PORT", "PROMETHEUS_", "PYTHON", "WEB_")
"""How variables begin that are no settings of Wardrobe."""


@dataclass
class Service:
    """A running service.

    Attributes:
        log: the file that holds its output to stdout and stderr.
    """

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, **how: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE_SECONDS, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=PATIENCE_SECONDS, **how)

    def connect(self, beginning: bytes, receive_buffer: int | None = None) -> socket.socket:
        """A connection that has sent the beginning of a request."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(beginning)
        return connection

    def text(self) -> str:
        """The log up to now."""
        return self.log.read_text("utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The log lines up to now, where LOG_FORMAT is json."""
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def metric(self, sample: str) -> float:
        """The value of the one sample whose name and labels match a pattern; 0 if there is none."""
        values = re.findall(rf"^{sample} (\S+)$", self.get("/metrics/prometheus").text, re.MULTILINE)
        return float(values[0]) if values else 0.0

    def predictions(self) -> float:
        """The counted answers of /predict."""
        return self.metric(r'wardrobe_requests_total\{.*route="/predict",status="200"\}')

    def stop(self) -> int:
        """SIGTERM, and the exit status; killed, and an error, if it does not end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """kill -9 of the master and all workers, as if the machine were gone."""
        for pid in [self.process.pid, *self.worker_pids()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return once it takes requests; fail the test if it has ended instead."""
        wait_for(f"{self.url}/readyz", self._answers_or_ended, seconds)

    def worker_pids(self) -> list[int]:
        return children_of(self.process.pid)

    def kill_worker(self, pid: int) -> None:
        """kill -9."""
        os.kill(pid, signal.SIGKILL)

    def wait_for_workers(self, count: int, other_than: int) -> list[int]:
        """The workers, once there are `count` without the one that was killed."""

        def enough() -> list[int] | None:
            alive = self.worker_pids()
            return alive if len(alive) == count and other_than not in alive else None

        return wait_for(f"{count} workers", enough)

    def _answers_or_ended(self) -> bool:
        assert self.process.poll() is None, f"It ended: {self.text()[-3000:]}"
        try:
            return self.get("/readyz").status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False


APP = ("-m", "app")
"""What Python is given to serve."""


@contextmanager
def ready(service: Service) -> Iterator[Service]:
    """A service that was started, once it takes requests; stopped at the end."""
    try:
        service.wait_until_ready()
        yield service
    finally:
        if service.process.poll() is None:
            service.stop()


def running(
    directory: Path, stderr: int = subprocess.STDOUT, /, **environment: str
) -> AbstractContextManager[Service]:
    """gunicorn on a free port, ready; stopped at the end. Environment names come without `WARDROBE_`."""
    return ready(start(directory, stderr, **environment))


def start(
    directory: Path,
    stderr: int = subprocess.STDOUT,
    /,
    words: Sequence[str] = APP,
    cwd: str = str(ROOT),
    **environment: str,
) -> Service:
    """gunicorn on PORT, or on a free one; perhaps not ready yet. `stderr` is a file descriptor."""
    directory.mkdir(parents=True, exist_ok=True)
    defaults = {"PORT": str(free_port()), "CACHE_DIR": str(directory / "cache"), "DRAIN_SECONDS": "0"}
    ours = {
        name if name.startswith(NOT_OURS) else f"WARDROBE_{name}": value
        for name, value in (defaults | environment).items()
    }
    log = directory / f"service-{ours['PORT']}.log"
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("WARDROBE_", "AWS_"))
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=cwd, env=inherited | ours, stdout=out, stderr=stderr
        )
    return Service(f"http://127.0.0.1:{ours['PORT']}", process, log)


def free_port() -> int:
    """A port of the loopback on which nothing listens now; none is given twice."""
    while True:
        port = PORTS[next(_next_port) % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def children_of(pid: int) -> list[int]:
    """The processes that a process has started; none if it has ended."""
    return [int(child) for child in of_process(pid, f"task/{pid}/children").split()]


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    status = of_process(pid, "stat")
    return bool(status) and status.rpartition(")")[2].split()[0] not in "ZX"


def of_process(pid: int, name: str) -> str:
    """A file of /proc/PID as text; nothing if the process has ended, be it while this is read."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def tcp_sockets(port: int, state: str) -> list[list[str]]:
    """The rows of /proc/net/tcp for a port of ours in a state (01 is established, 0A is listening)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return [row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state]

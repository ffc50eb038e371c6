"""A real gunicorn for the tests, as users have it: its own process, its own port, its own environment."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.waiting import wait_for

ROOT = Path(__file__).parent.parent

READY_SECONDS = 180
"""The most that a start may take, on however busy a machine."""


@dataclass
class Service:
    """A running service.

    Attributes:
        log: the file that holds what it wrote to stdout and stderr.
    """

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str, **how: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=60, **how)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """kill -9 of the master and all workers, as if the machine were gone."""
        processes = [self.process.pid, *self.worker_pids()]
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=60)

    def wait_until_ready(self) -> None:
        """Returns once it takes requests, and fails the test if it has ended instead."""
        wait_for(f"{self.url}/readyz", lambda: _answers_or_ended(self), READY_SECONDS)

    def worker_pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text("ascii").split()]

    def kill_worker(self, pid: int) -> None:
        """kill -9."""
        os.kill(pid, signal.SIGKILL)

    def wait_for_workers(self, count: int, other_than: int) -> list[int]:
        """The workers, once there are `count` without the one that was killed."""

        def enough() -> list[int] | None:
            alive = self.worker_pids()
            return alive if len(alive) == count and other_than not in alive else None

        return wait_for(f"{count} workers", enough)


@contextmanager
def running(directory: Path, stderr: int = subprocess.STDOUT, /, **environment: str) -> Iterator[Service]:
    """gunicorn on a free port, ready; stopped at the end. Environment names come without `WARDROBE_`."""
    service = start(directory, stderr, **environment)
    try:
        service.wait_until_ready()
        yield service
    finally:
        if service.process.poll() is None:
            service.stop()


def start(directory: Path, stderr: int = subprocess.STDOUT, /, **environment: str) -> Service:
    """gunicorn on PORT, or on a free one; perhaps not ready yet. `stderr` is a file descriptor."""
    directory.mkdir(parents=True, exist_ok=True)
    port = int(environment.get("PORT") or free_port())
    log = directory / f"service-{port}.log"
    ours = {_full_name(name): value for name, value in environment.items()}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WARDROBE_", "AWS_", "OTEL_"))
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            cwd=ROOT,
            env={**inherited, **_unhurried(port, directory), **ours},
            stdout=out,
            stderr=stderr,
        )
    return Service(f"http://127.0.0.1:{port}", process, log)


def _full_name(name: str) -> str:
    return (
        name
        if name.startswith(("AWS_", "BIND", "GUNICORN_", "OTEL_", "PORT", "PROMETHEUS_", "WEB_"))
        else f"WARDROBE_{name}"
    )


def _unhurried(port: int, directory: Path) -> dict[str, str]:
    """What differs from the defaults in every test: where it listens and caches, and no wait to stop."""
    return {
        "PORT": str(port),
        "WARDROBE_CACHE_DIR": str(directory / "cache"),
        "WARDROBE_DRAIN_SECONDS": "0",
    }


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers_or_ended(service: Service) -> bool:
    if service.process.poll() is not None:
        raise AssertionError(f"gunicorn ended: {service.log.read_text('utf-8')[-3000:]}")
    try:
        return service.get("/readyz").status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False

"""A real Redis on loopback for the tests, with a password, keeping nothing on disk."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.s3_servers import free_ports
from tests.system_parts import require_system_part
from tests.waiting import wait_for

PASSWORD = "p%40ss"
"""As it stands in an address; the real one has an @ in it."""


@dataclass
class RedisServer:
    """A server that can be stopped and started again on its port."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns once it answers."""
        options = {"port": str(self.port), "bind": "127.0.0.1", "requirepass": "p@ss", "save": ""}
        options |= {"appendonly": "no", "dir": str(self.folder), "logfile": str(self.folder / "redis.log")}
        named = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen(["redis-server", *named])
        wait_for("an answer of Redis", self._answers)

    def stop(self) -> None:
        """Returns once it has ended."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def keys(self) -> list[str]:
        """What it holds."""
        with redis.from_url(self.address) as client:
            return sorted(key.decode() for key in client.scan_iter())

    def _answers(self) -> bool:
        with redis.from_url(self.address) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running Redis, stopped at the end."""
    require_system_part(
        "redis-server", shutil.which("redis-server") is not None, "`make test` installs it as root"
    )
    [port] = free_ports(1)
    server = RedisServer(port, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()

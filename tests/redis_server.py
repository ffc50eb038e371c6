"""A real Redis on loopback for the tests, with a password, keeping nothing on disk."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from tests.service import free_port
from tests.system_parts import require_system_part
from tests.waiting import wait_for

PASSWORD = "p%40ss"
"""As it stands in an address; the real one has an @ in it."""


@dataclass
class RedisServer:
    """A server that can be stopped and started again on its port."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """Returns once it has ended, be it that a test has halted it."""
        self.process.kill()
        self.process.wait(60)

    def start_again(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen(self.process.args)
        wait_for("an answer of Redis", lambda: self.keys() is not None)

    def keys(self) -> list[str] | None:
        """What it holds; None while it does not answer."""
        with redis.from_url(self.address) as client:
            try:
                return sorted(key.decode() for key in client.scan_iter())
            except redis.ConnectionError:
                return None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis, stopped at the end."""
    program = shutil.which("redis-server")
    require_system_part("redis-server", program is not None, "`make test` installs it as root")
    port = free_port()
    options = ["--bind", "127.0.0.1", "--requirepass", "p@ss", "--save", "", "--logfile", "/dev/null"]
    server = RedisServer(port, subprocess.Popen([str(program), "--port", str(port), *options]))
    try:
        wait_for("an answer of Redis", lambda: server.keys() is not None)
        yield server
    finally:
        server.stop()

"""Real services behind a real nginx, which runs deploy/nginx/wardrobe.conf with other ports and folders."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.service import ROOT, Service, free_port, start
from tests.system_parts import require_system_part
from tests.waiting import wait_for

CONFIGURATION = ROOT / "deploy" / "nginx" / "wardrobe.conf"
AROUND = ROOT / "tests" / "fixtures" / "nginx.conf"
UPSTREAMS = ("wardrobe-1:8000", "wardrobe-2:8000")


@dataclass
class Fleet:
    """Services behind one address.

    Attributes:
        url: of nginx.
        services: in the order of the upstreams.
    """

    url: str
    services: list[Service]
    folder: Path
    environment: dict[str, str]

    def start_again(self, number: int) -> Service:
        """A service in the place of one that has ended, on its port; returns once it is ready."""
        port = str(self.services[number].port)
        self.services[number] = start(self.folder / f"again-{number}", PORT=port, **self.environment)
        self.services[number].wait_until_ready()
        return self.services[number]


@contextmanager
def fleet(folder: Path, **environment: str) -> Iterator[Fleet]:
    """Two services of one worker each, and nginx in front; stopped at the end."""
    _nginx()  # before services are started for nothing
    environment = {"WEB_CONCURRENCY": "1", "TRUSTED_PROXIES": "1"} | environment
    services = [start(folder / f"service-{number}", **environment) for number in range(len(UPSTREAMS))]
    try:
        for service in services:
            service.wait_until_ready()
        with nginx(folder, [service.port for service in services]) as url:
            yield Fleet(url, services, folder, environment)
    finally:
        for service in services:
            if service.process.poll() is None:
                service.stop()


@contextmanager
def nginx(folder: Path, upstreams: list[int], changed: Mapping[str, str] | None = None) -> Iterator[str]:
    """nginx before the ports of two services, accepting connections; yields its URL, and stops it at the end.

    Args:
        folder: for its files and logs.
        upstreams: ports of this machine in place of UPSTREAMS.
        changed: further texts of the configuration, and what is in their place.
    """
    program, port = _nginx(), free_port()
    addresses = [f"127.0.0.1:{upstream}" for upstream in upstreams]
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "/var/log/nginx": str(folder)}
    text = CONFIGURATION.read_text("utf-8")
    for old, new in (dict(changed or {}) | changes | dict(zip(UPSTREAMS, addresses, strict=True))).items():
        assert old in text, f"{CONFIGURATION} has no {old} any more"
        text = text.replace(old, new)
    (folder / "wardrobe.conf").write_text(text, "utf-8")
    shutil.copy(AROUND, folder)
    # As root, nginx would run as a user who may not look into a test's folder.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, "-p", str(folder), "-c", "nginx.conf", *user])
    try:
        wait_for("a connection to nginx", lambda: _listens(port, process))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=120)


def _nginx() -> str:
    # Debian has it where only root looks.
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    require_system_part("nginx", found is not None, "`make test` installs it as root")
    return str(found)


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "nginx ended at once"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

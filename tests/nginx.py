"""Real services behind a real nginx, which runs deploy/nginx/wardrobe.conf with other ports and folders."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.service import ROOT, Service, free_port, start
from tests.system_parts import require_system_part
from tests.waiting import wait_for

CONFIGURATION = ROOT / "deploy" / "nginx" / "wardrobe.conf"
UPSTREAMS = ("wardrobe-1:8000", "wardrobe-2:8000")

AROUND = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/wardrobe.conf;
}}
"""
"""What a machine's own nginx.conf says around it; here everything stays in one folder."""


@dataclass
class Fleet:
    """Services behind one address.

    Attributes:
        url: of nginx.
        services: in the order of the upstreams; one that was started anew takes the place of the old one.
    """

    url: str
    services: list[Service]
    folder: Path
    environment: dict[str, str]

    def start_again(self, number: int) -> Service:
        """A service in the place of one that has ended, on its port; returns once it is ready."""
        port = str(port_of(self.services[number].url))
        self.services[number] = start(self.folder / f"again-{number}", PORT=port, **self.environment)
        self.services[number].wait_until_ready()
        return self.services[number]

    def log(self) -> str:
        """What nginx wrote of requests and of trouble."""
        return (self.folder / "access.log").read_text("utf-8") + (self.folder / "error.log").read_text(
            "utf-8"
        )


@contextmanager
def fleet(folder: Path, **environment: str) -> Iterator[Fleet]:
    """Two services of one worker each, and nginx in front; stopped at the end."""
    _require_nginx()  # before services are started for nothing
    environment = {"WEB_CONCURRENCY": "1", "TRUSTED_PROXIES": "1"} | environment
    services = [start(folder / f"service-{number}", **environment) for number in range(len(UPSTREAMS))]
    started = Fleet(f"http://127.0.0.1:{free_port()}", services, folder, environment)
    try:
        for service in services:
            service.wait_until_ready()
        with nginx(folder, port_of(started.url), [address(service.url) for service in services]):
            yield started
    finally:
        for service in started.services:
            if service.process.poll() is None:
                service.stop()


def configuration(port: int, upstreams: list[str], logs: Path) -> str:
    """The file that operators take, with addresses of this machine.

    Args:
        port: what nginx listens on.
        upstreams: host:port in place of each of UPSTREAMS.
        logs: folder in place of nginx's own.
    """
    text = CONFIGURATION.read_text("utf-8")
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "/var/log/nginx": str(logs)}
    for old, new in (changes | dict(zip(UPSTREAMS, upstreams, strict=True))).items():
        assert old in text, f"{CONFIGURATION} has no {old} any more"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, port: int, upstreams: list[str]) -> Iterator[None]:
    """nginx alone, taking connections; stopped at the end. Arguments are those of `configuration`."""
    _require_nginx()
    (folder / "wardrobe.conf").write_text(configuration(port, upstreams, folder), "utf-8")
    # As root, nginx would give itself up for a user who may not look into a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(AROUND.format(folder=folder, user=user), "utf-8")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(main)], env=_environment())
    try:
        wait_for("a connection to nginx", lambda: _listens(port, process))
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _require_nginx() -> None:
    found = shutil.which("nginx", path=_environment()["PATH"])
    require_system_part("nginx", found is not None, "`make test` installs it as root")


def _environment() -> dict[str, str]:
    # Debian has it where only root looks.
    return os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "nginx ended at once"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def address(url: str) -> str:
    """host:port of a URL."""
    return urlsplit(url).netloc


def port_of(url: str) -> int:
    """The port that a URL of ours always names."""
    return int(url.rpartition(":")[2])


def predictions_of(service: Service) -> int:
    """How many of its answers of /predict a service has counted."""
    exposed = service.get("/metrics/prometheus").text
    counts = re.findall(r'wardrobe_requests_total\{.*route="/predict",status="200"\} (.*)', exposed)
    return sum(int(float(count)) for count in counts)

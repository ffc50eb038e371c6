"""Real S3 servers on loopback for the tests, as processes of their own from .venv-s3.

Swift is a whole object store on one node: signatures, checksums and refusals are real. moto_server is a mock,
but unlike Swift it lets exactly one of several writers create a key, as AWS, R2 and MinIO do.
"""

import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.service import ROOT, free_port
from tests.system_parts import require_system_part
from tests.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BIN = ROOT / ".venv-s3" / "bin"
CONFIGURATION = ROOT / "tests" / "fixtures" / "swift"
START_SECONDS = 180


@dataclass(frozen=True)
class S3Server:
    """A running server.

    Attributes:
        kind: swift or moto.
        client: of boto3, for what the product never does, such as making buckets.
        log: the file that holds its output to stdout and stderr.
    """

    kind: str
    endpoint: str
    access_key: str
    secret_key: str
    log: Path
    client: "S3Client"

    def environment(self) -> dict[str, str]:
        """What a process needs to reach it, and not the tester's own settings."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def new_bucket(self) -> str:
        """Make a bucket that no other test has."""
        name = f"shop-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name


@contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """A moto_server, stopped at the end.

    Args:
        folder: for its log; made if absent.
    """
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    server = _server("moto", port, "key", "secret", folder)
    with _processes([["moto_server", "-H", "127.0.0.1", "-p", str(port)]], server):
        yield server


@contextmanager
def swift(folder: Path) -> Iterator[S3Server]:
    """A one-node OpenStack Swift with the S3 API, stopped at the end.

    Args:
        folder: for rings, configuration, objects and its log; made if absent.
    """
    require_system_part(
        "liberasurecode1", find_library("erasurecode") is not None, "Swift loads it. apt-get install it."
    )
    (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    require_system_part(
        "extended attributes", _keeps_attributes(folder), f"Swift needs them in the file system of {folder}."
    )
    ports = {name: free_port() for name in ("account", "container", "object", "proxy")}
    server = _server("swift", ports["proxy"], "test:tester", "testing", folder)
    _configure(folder, ports)
    commands = [[f"swift-{name}-server", str(folder / f"{name}.conf"), "--verbose"] for name in ports]
    with _processes(commands, server):
        yield server


RINGS = """
import sys
from swift.common.ring import RingBuilder
for argument in sys.argv[1:]:
    name, port = argument.split("=")
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    builder.add_dev({
        "region": 1, "zone": 1, "device": "d1", "weight": 1, "meta": "",
        "ip": "127.0.0.1", "port": int(port), "replication_ip": "127.0.0.1", "replication_port": int(port),
    })
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
"""
"""Swift's map from a name to a disk; runs in Swift's own environment. Here there is one disk."""


def _configure(folder: Path, ports: Mapping[str, int]) -> None:
    _require("swift-proxy-server")
    rings = [f"{name}={port}" for name, port in ports.items() if name != "proxy"]
    subprocess.run([BIN / "python", "-c", RINGS, *rings], cwd=folder, check=True)
    user = pwd.getpwuid(os.getuid()).pw_name
    for name, port in ports.items():
        template = (CONFIGURATION / ("proxy.conf" if name == "proxy" else "inner.conf")).read_text("utf-8")
        written = template.format(name=name, port=port, folder=folder, user=user)
        (folder / f"{name}.conf").write_text(written, "utf-8")
    (folder / "swift.conf").write_bytes((CONFIGURATION / "swift.conf").read_bytes())


def _server(kind: str, port: int, access_key: str, secret_key: str, folder: Path) -> S3Server:
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return S3Server(kind, endpoint, access_key, secret_key, folder / "log", client)


def _require(program: str) -> None:
    installed = (BIN / program).exists()
    require_system_part(".venv-s3", installed, "`make test` installs requirements/s3-servers.txt there.")


def _keeps_attributes(folder: Path) -> bool:
    try:
        os.setxattr(folder, "user.wardrobe", b"1")
    except OSError:
        return False
    return True


@contextmanager
def _processes(commands: list[list[str]], server: S3Server) -> Iterator[None]:
    with ExitStack() as stack:
        log = stack.enter_context(server.log.open("wb"))
        stack.callback(server.client.close)
        started = []
        for program, *arguments in commands:
            _require(program)
            process = subprocess.Popen([BIN / program, *arguments], stdout=log, stderr=log)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
            started.append(process)
        wait_for(f"an answer of {server.kind}", lambda: _answers(server, started), START_SECONDS)
        yield


def _answers(server: S3Server, started: "list[subprocess.Popen[bytes]]") -> bool:
    """Whether it is ready for requests, all the way to its disk."""
    ended = [process.args for process in started if process.poll() is not None]
    assert not ended, f"{ended} ended: {server.log.read_text('utf-8', errors='replace')}"
    try:
        server.new_bucket()
    except (BotoCoreError, ClientError):
        return False
    return True

"""Real S3 servers on loopback for the tests, as processes of their own from .venv-s3.

Swift is a whole object store on one node: signatures, checksums and refusals are real. moto_server is a mock,
but unlike Swift it lets exactly one of several writers create a key, as AWS, R2 and MinIO do.
"""

import ctypes
import os
import pwd
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.system_parts import require_system_part
from tests.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VENV = Path(__file__).parent.parent / ".venv-s3"
START_SECONDS = 60


@dataclass(frozen=True)
class S3Server:
    """A running server.

    Attributes:
        kind: swift or moto.
        client: of boto3, for what the product never does, such as making buckets.
        log: the file that holds what it wrote to stdout and stderr.
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
        """Make a bucket that nobody else has."""
        name = f"shop-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name

    def answers(self) -> bool:
        """Whether it is ready for requests, all the way to its disk."""
        try:
            self.new_bucket()
        except (BotoCoreError, ClientError):
            return False
        return True


@contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """A moto_server, stopped at the end.

    Args:
        folder: for its log; made if absent.
    """
    _require_venv("moto_server")
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    server = _server("moto", port, "key", "secret", folder)
    with _processes([["moto_server", "-H", "127.0.0.1", "-p", str(port)]], server):
        yield server


@contextmanager
def swift(folder: Path) -> Iterator[S3Server]:
    """A one-node OpenStack Swift with the S3 API, stopped at the end.

    Args:
        folder: for rings, configuration, objects and its log; made if absent.
    """
    _require_venv("swift-proxy-server")
    require_system_part(
        "liberasurecode1",
        _loads("liberasurecode.so.1"),
        "Swift loads this library. On Debian: apt-get install liberasurecode1.",
    )
    (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    require_system_part(
        "extended attributes", _keeps_attributes(folder), f"Swift needs them in the file system of {folder}."
    )
    proxy, *inner = free_ports(4)
    ports = dict(zip(("account", "container", "object"), inner, strict=True))
    _write_rings(folder, ports)
    _write_configuration(folder, ports, proxy)
    server = _server("swift", proxy, "test:tester", "testing", folder)
    commands = [[f"swift-{name}-server", str(folder / f"{name}.conf")] for name in (*ports, "proxy")]
    with _processes(commands, server):
        yield server


def free_ports(count: int) -> list[int]:
    """Find TCP ports on loopback that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


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


def _require_venv(program: str) -> None:
    require_system_part(
        ".venv-s3",
        (VENV / "bin" / program).exists(),
        f"{VENV}/bin/{program} is not installed. `make test` installs requirements/s3-servers.txt there.",
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


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
            process = subprocess.Popen(
                [VENV / "bin" / program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            stack.callback(_stop, process)
            started.append(process)
        wait_for(f"an answer of {server.kind}", lambda: _ready(server, started), START_SECONDS)
        yield


def _ready(server: S3Server, started: "list[subprocess.Popen[bytes]]") -> bool:
    for process in started:
        if process.poll() is not None:
            said = server.log.read_text("utf-8", errors="replace")
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}: {said}")
    return server.answers()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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


def _write_rings(folder: Path, ports: Mapping[str, int]) -> None:
    arguments = [f"{name}={port}" for name, port in ports.items()]
    subprocess.run([VENV / "bin" / "python", "-c", RINGS, *arguments], cwd=folder, check=True)


COMMON = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
# One process each, which is quick to start and to stop.
workers = 0
user = {user}
log_level = WARNING
"""

INNER = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

MIDDLEWARE = "catch_errors gatekeeper listing_formats bulk s3api tempauth slo dlo versioned_writes symlink"

PROXY = f"""
[pipeline:main]
pipeline = {MIDDLEWARE} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# On a busy machine an answer may take long; that is no reason to take the one disk for broken.
conn_timeout = 30
node_timeout = 60
error_suppression_limit = 1000000
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
min_segment_size = 1
"""

CLUSTER = """
[swift-hash]
swift_hash_path_suffix = loopback
[storage-policy:0]
name = one
default = yes
"""


def _write_configuration(folder: Path, ports: Mapping[str, int], proxy: int) -> None:
    common = {"folder": folder, "user": pwd.getpwuid(os.getuid()).pw_name}
    for name, port in ports.items():
        text = COMMON.format(port=port, **common) + INNER.format(name=name)
        (folder / f"{name}.conf").write_text(text, "utf-8")
    plain = set(MIDDLEWARE.split()) - {"s3api", "tempauth"}
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in sorted(plain))
    (folder / "proxy.conf").write_text(COMMON.format(port=proxy, **common) + PROXY + filters, "utf-8")
    (folder / "swift.conf").write_text(CLUSTER, "utf-8")

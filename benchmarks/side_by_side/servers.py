"""Installing a peer, starting it, and ending it with all that it started.

Writes .venv-peers/, and the folder that it gets.
"""

import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.side_by_side.conformance import Ask, asking, first_request
from benchmarks.side_by_side.peers import FOLDER, ROOT, WORKERS, Peer, placeholders
from benchmarks.side_by_side.processes import MARK, Family

READY_SECONDS = 120.0
POLL_SECONDS = 0.02

LOG_END = 1500
"""Letters of a log that an error quotes."""


class NotServing(Exception):
    """A peer could not be installed, or did not answer in time."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        start_seconds: from its exec to its first 200.
    """

    port: int
    start_seconds: float
    family: Family

    @property
    def ask(self) -> Ask:
        """How to send it a request."""
        return asking(self.port)


def install(peer: Peer) -> None:
    """Make the peer's environment, unless it holds what its lock names already.

    Raises:
        NotServing: it cannot be installed.
    """
    if peer.lock is None:
        return
    folder = peer.home
    stamp = folder / ".stamp"
    wanted = hashlib.sha256(peer.lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    setup = [ROOT / "scripts" / "setup_venv.sh", folder.relative_to(ROOT), peer.lock.relative_to(ROOT)]
    if subprocess.run(setup, cwd=ROOT, check=False).returncode != 0:  # noqa: S603 - our own script
        raise NotServing(f"{peer.name} could not be installed; see above.")
    stamp.write_text(wanted, "ascii")


def server_cores() -> list[int]:
    """The cores that servers run on: as many as workers, the first that this process may use."""
    return sorted(os.sched_getaffinity(0))[:WORKERS]


def load_cores() -> list[int]:
    """The cores that the load comes from: those that are left, or the same where there are no others."""
    return sorted(os.sched_getaffinity(0))[WORKERS:] or server_cores()


@contextmanager
def serving(peer: Peer, folder: Path) -> Iterator[Running]:
    """Run a peer on a free port until the block ends.

    Args:
        peer: installed.
        folder: for its log, its cache and its temporary files.

    Raises:
        NotServing: it ended, or did not answer 200 in READY_SECONDS.
    """
    fields = placeholders(peer, _free_ports())
    command = [part.format(**fields) for part in peer.command]
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{peer.file_name}.log"
    environment = _environment(peer, fields, folder)
    began = time.monotonic()
    with log.open("ab") as out, _family() as family:
        process = subprocess.Popen(  # noqa: S603 - every word is ours
            ["/usr/bin/env", "taskset", "--cpu-list", _listed(server_cores()), *command],
            cwd=FOLDER if peer.lock else ROOT,
            env=environment | {MARK: family.mark},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this program alone, which then ends the server
        )
        family.follow(process)
        port = int(fields["port"])
        _wait(peer, process, port, log)
        yield Running(port, time.monotonic() - began, family)


@contextmanager
def _family() -> Iterator[Family]:
    """Processes that end with the block, also after Ctrl-C."""
    family = Family(uuid.uuid4().hex)
    try:
        yield family
    finally:
        family.end()


def _environment(peer: Peer, fields: dict[str, str], folder: Path) -> dict[str, str]:
    ours = ("WARDROBE_", "AWS_", "PYTHON", "WEB_", "PROMETHEUS_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    binaries = f"{fields['bin']}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **inherited,
        "PATH": binaries,
        "PYTHONPATH": str(FOLDER) if peer.lock else str(ROOT),
        "WARDROBE_CACHE_DIR": str(folder / "cache"),
        "WARDROBE_DRAIN_SECONDS": "0",
        **{name: value.format(**fields) for name, value in peer.environment.items()},
    }


def _wait(peer: Peer, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while not _answers(peer, port):
        if process.poll() is not None or time.monotonic() > end:
            said = log.read_text("utf-8", "replace")[-LOG_END:]
            raise NotServing(f"{peer.name} did not start. The end of its log: {said}")
        time.sleep(POLL_SECONDS)


def _answers(peer: Peer, port: int) -> bool:
    try:
        return asking(port)(first_request(peer)).status == 200
    except (OSError, http.client.HTTPException):
        return False


def _listed(cores: list[int]) -> str:
    return ",".join(str(core) for core in cores)


def _free_ports() -> tuple[int, int, int]:
    """Three ports of the loopback without a listener; held together, so that they differ."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(3)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        first, second, third = (int(probe.getsockname()[1]) for probe in probes)
    return first, second, third

"""Ray for the tests: its own environment, a cluster on loopback, and what the system says of its processes.

The tests' own environment has no Ray: like everybody else, they start commands in .venv-scale.
"""

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.service import ROOT, children_of, free_port, is_running, of_process
from tests.system_parts import require_system_part
from tests.waiting import wait_for

BIN = ROOT / ".venv-scale" / "bin"


def require_ray() -> None:
    """End the test here where the environment is not installed."""
    installed = (BIN / "ray").exists()
    require_system_part(".venv-scale", installed, "`make test-all` installs requirements/scale.txt there.")


@contextmanager
def ray_cluster(cores: int) -> Iterator[dict[str, str]]:
    """A cluster of one machine, started in a folder outside the checkout, and stopped at the end.

    Args:
        cores: the number that it announces.

    Yields:
        what a process needs in its environment to take part.
    """
    port = free_port()
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    loopback_alone = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    environment = {**os.environ, **secret, **loopback_alone}
    # A socket's path has 107 bytes at most, which leaves no room for pytest's folder.
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        command = [str(BIN / "ray"), "start", "--head", "--block", f"--port={port}", f"--num-cpus={cores}"]
        command += ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--disable-usage-stats"]
        # Free ports: Ray's own are those from 10002 to 19999, and the head's may be one of these.
        command += ["--min-worker-port=0", "--max-worker-port=0"]
        head = subprocess.Popen(
            [*command, f"--temp-dir={folder}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert head.stdout is not None
            assert any("Ray runtime started" in line for line in head.stdout), "Ray has ended"
            yield {**environment, "RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            # At SIGTERM, it would first wait for half a minute for work to drain.
            processes = family(head.pid)
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            head.communicate()
            wait_for("the end of the cluster", lambda: not any(map(is_running, processes)))


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    return [pid, *(one for child in children_of(pid) for one in family(child))]


def labellers() -> list[int]:
    """The processes of this machine in which Ray runs our workers."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if "RemoteLabeller" in of_process(pid, "cmdline")]


def listened_on(pids: list[int]) -> set[str]:
    """The addresses on which some processes wait for connections, as /proc/net writes them."""
    sockets = set()
    for path in (path for pid in pids for path in Path(f"/proc/{pid}/fd").glob("*")):
        # A file may be closed, or a process end, between the listing and the look.
        with suppress(FileNotFoundError):
            sockets.add(str(path.readlink()))
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}

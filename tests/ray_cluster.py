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

from tests.s3_servers import free_ports
from tests.service import ROOT
from tests.system_parts import require_system_part
from tests.waiting import wait_for

BIN = ROOT / ".venv-scale" / "bin"
START_SECONDS = 90


def require_ray() -> None:
    """End the test here where the environment is not installed."""
    require_system_part(
        ".venv-scale",
        (BIN / "ray").exists(),
        f"{BIN}/ray is not installed. `make test` installs requirements/scale.txt there.",
    )


@contextmanager
def ray_cluster(cores: int, variables: dict[str, str]) -> Iterator[dict[str, str]]:
    """A cluster of one machine, started in a folder that knows nothing of us, and stopped at the end.

    Args:
        cores: how many it says it has.
        variables: that its processes find in their environment.

    Yields:
        what a process needs in its environment to take part.
    """
    [port] = free_ports(1)
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {
        **os.environ,
        **variables,
        **secret,
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }  # so: loopback alone
    # A socket's path has 107 bytes at most, which leaves no room for pytest's folder.
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        command = [str(BIN / "ray"), "start", "--head", "--block", f"--port={port}", f"--num-cpus={cores}"]
        more = ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--disable-usage-stats"]
        head = subprocess.Popen(
            [*command, *more, f"--temp-dir={folder}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert head.stdout is not None
            said = ""
            while "Ray runtime started" not in said:
                line = head.stdout.readline()
                assert line, f"Ray has ended before it was ready: {said}"
                said += line
            yield {**environment, "RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            # Asked to end, it would first wait for half a minute for work to drain.
            processes = family(head.pid)
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            head.communicate()
            wait_for("the end of the cluster", lambda: not [pid for pid in processes if is_running(pid)])


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = children.read_text("ascii").split() if children.exists() else []
    return [pid, *(one for child in found for one in family(int(child)))]


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text("ascii").rpartition(")")[2].split()[0] not in "ZX"


def labellers(pids: list[int]) -> list[int]:
    """Those of some processes in which Ray runs our workers."""
    return [pid for pid in pids if b"RemoteLabeller" in _command(pid)]


def _command(pid: int) -> bytes:
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes() if path.exists() else b""


def listened_on(pids: list[int]) -> set[str]:
    """The addresses on which some processes wait for connections, as /proc/net writes them."""
    sockets = {str(path.readlink()) for pid in pids for path in Path(f"/proc/{pid}/fd").glob("*")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found

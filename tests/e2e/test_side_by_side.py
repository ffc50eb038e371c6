"""The benchmark beside peers, run for a second on what needs no installing: this service and its no-op."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.side_by_side.balance import connections_by_process, sockets_by_process, taken_since
from tests.service import ROOT
from tests.system_parts import require_system_part

COMMAND = (
    *(sys.executable, "-m", "benchmarks.side_by_side", "--peers", "wardrobe", "no-op", "--uploads", "png"),
    *("--connections", "4", "--rounds", "1", "--seconds", "1", "--no-light"),
)


@pytest.mark.timeout(120)
def test_a_benchmark_stopped_by_ctrl_c_leaves_no_server_and_goes_on_when_typed_again(tmp_path: Path) -> None:
    require_system_part("wrk", shutil.which("wrk") is not None, "apt-get install wrk")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*COMMAND, "--out", str(tmp_path / "out")]

    stopped = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert stopped.stdout is not None
    first = stopped.stdout.readline()
    stopped.send_signal(signal.SIGINT)
    rest, _ = stopped.communicate(timeout=60)
    half = measured(tmp_path)
    left = left_behind(tmp_path)
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert first.startswith("   1 of 2: round 1, wardrobe, bundled, png, 4 connections ")
    assert stopped.returncode == 130, rest
    assert left == []
    assert not half["complete"]
    assert again.returncode == 0, again.stderr
    assert "   1 of 2" not in again.stdout
    whole = measured(tmp_path)
    assert whole["complete"]
    assert whole["cells"][0] == half["cells"][0]
    assert [row["errors"] for row in whole["summary"]["rows"]] == [0] * 2
    assert all(sum(cell["held"]) == 4 for cell in whole["cells"])
    assert {cost["peer"] for cost in whole["summary"]["costs"]} == {"wardrobe", "no-op"}
    assert all(cost["megabytes"]["least"] > 20 for cost in whole["summary"]["costs"])


def test_connections_are_counted_at_the_process_that_holds_them() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = server.getsockname()[1]
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            stack.enter_context(server.accept()[0])

        assert connections_by_process(port, [os.getpid(), os.getppid()]) == (3,)


def test_connections_taken_under_a_load_are_those_that_were_not_there_before() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        before = sockets_by_process([os.getpid(), os.getppid()])
        for _ in range(3):
            stack.enter_context(socket.create_connection(server.getsockname()))
            stack.enter_context(server.accept()[0])

        assert taken_since(before) == (6,)  # both ends are ours


def measured(folder: Path) -> Any:
    return json.loads((folder / "out" / "benchmark.json").read_text("utf-8"))


def left_behind(folder: Path) -> list[str]:
    """The command lines of processes that were started with this folder for their files."""
    return [
        (process / "cmdline").read_bytes().decode("utf-8", "replace")
        for process in Path("/proc").glob("[0-9]*")
        if str(folder).encode() in environment_of(process)
    ]


def environment_of(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""

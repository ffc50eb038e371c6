"""The benchmark beside peers, run for a second on what needs no installing: this service and its no-op."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ROOT
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow

COMMAND = (
    *(sys.executable, "-m", "benchmarks.side_by_side", "--peers", "wardrobe", "no-op", "--uploads", "png"),
    *("--connections", "4", "--rounds", "1", "--seconds", "1"),
)


@pytest.fixture
def wrk() -> None:
    """What offers the load."""
    require_system_part("wrk", shutil.which("wrk") is not None, "apt-get install wrk")


@pytest.mark.usefixtures("wrk")
def test_a_benchmark_saves_a_row_for_every_server(tmp_path: Path) -> None:
    command = [*COMMAND, "--out", str(tmp_path)]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    summary = json.loads((tmp_path / "benchmark.json").read_text("utf-8"))["summary"]
    assert {(row["peer"], row["errors"]) for row in summary["rows"]} == {("wardrobe", 0), ("no-op", 0)}
    assert all(cost["megabytes"]["least"] > 0 for cost in summary["costs"])


@pytest.mark.usefixtures("wrk")
def test_a_benchmark_stopped_by_ctrl_c_leaves_no_server(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    stopped = subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert stopped.stdout is not None
    first = stopped.stdout.readline()
    stopped.send_signal(signal.SIGINT)
    stopped.communicate(timeout=60)

    assert first.startswith("1: wardrobe, png, 4 connections: ")
    assert stopped.returncode == 130
    assert left_behind(tmp_path) == []


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

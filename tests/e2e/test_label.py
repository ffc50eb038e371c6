"""Labelling as users have it: killed, stopped, and held to the service's own answers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labelling.journal import parts_of
from labelling.table import read_rows
from tests.catalogues import PICTURES, write_folder, write_list
from tests.releases import a_release
from tests.service import ROOT, Service
from tests.waiting import wait_for

ROWS = 12_000
"""Enough for seconds of work, from a few files named over and over."""


def command(source: Path, table: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "scripts.label", str(source), "--out", str(table), "--workers", "2", *more]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(a_release(tmp_path_factory.mktemp("label") / "release"))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of ROWS pictures."""
    folder = write_folder(tmp_path_factory.mktemp("catalogue"))
    return write_list(folder / "list.csv", list(PICTURES) * (ROWS // len(PICTURES)))


def started(arguments: list[str]) -> "subprocess.Popen[str]":
    """The command in a group of its own, as a shell starts it."""
    return subprocess.Popen(arguments, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)


def commits(table: Path) -> list[dict[str, int]]:
    """The whole lines of the journal after its first."""
    journal = parts_of(table) / "journal.jsonl"
    lines = journal.read_bytes().rpartition(b"\n")[0].splitlines() if journal.exists() else []
    return [json.loads(line) for line in lines[1:]]


def is_at_work(pid: int, table: Path) -> bool:
    """Whether there are workers, and rows that the journal does not yet speak of."""
    if len(workers_of(pid)) < 2:
        return False
    return (parts_of(table) / f"rows{table.suffix}").stat().st_size > commits(table)[-1]["end"]


def test_a_run_that_is_killed_and_stopped_loses_no_row_and_doubles_none(
    catalogue: Path, release: str, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    arguments = command(catalogue, table, "--model", release)

    killed = started(arguments)
    [first] = wait_for("the first rows", lambda: commits(table))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    stopped = started(arguments)
    wait_for("more rows", lambda: is_at_work(stopped.pid, table))
    os.killpg(stopped.pid, signal.SIGINT)
    _, said = stopped.communicate()
    between = commits(table)[-1]["rows"]
    finished = started(arguments)
    finished.communicate()

    assert (stopped.returncode, finished.returncode) == (130, 0)
    assert said == "wardrobe: stopped. Nothing is lost: the same command goes on where it was.\n"
    assert 0 < first["rows"] <= between < ROWS
    assert [row.path for row in read_rows(table)] == list(PICTURES) * (ROWS // len(PICTURES))
    assert not parts_of(table).exists()


def test_a_worker_that_is_killed_is_told_of_and_its_pictures_are_done_again(
    catalogue: Path, release: str, tmp_path: Path
) -> None:
    table = tmp_path / "table.jsonl"

    running = started(command(catalogue, table, "--model", release))
    wait_for("the first rows", lambda: commits(table))
    os.kill(workers_of(running.pid)[-1], signal.SIGKILL)
    _, said = running.communicate()

    assert running.returncode == 0, said
    assert "wardrobe: a worker process was ended by SIGKILL" in said
    assert [row.path for row in read_rows(table)] == list(PICTURES) * (ROWS // len(PICTURES))


def test_a_parent_that_is_killed_leaves_no_worker_behind(
    catalogue: Path, release: str, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    running = started(command(catalogue, table, "--model", release))
    wait_for("the first rows", lambda: commits(table))
    workers = workers_of(running.pid)

    running.kill()

    wait_for("their end", lambda: not [pid for pid in workers if is_running(pid)])
    running.communicate()


def workers_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text("ascii").rpartition(")")[2].split()[0] not in "ZX"


def test_a_table_says_what_the_service_answers_digit_by_digit(
    bundled_service: Service, tmp_path: Path
) -> None:
    table = tmp_path / "table.jsonl"
    pictures = sorted((ROOT / "examples").glob("*.[pj]*g"))

    subprocess.run(command(ROOT / "examples", table), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    answers = [bundled_service.post("/predict", data=path.read_bytes()).json() for path in pictures]

    rows = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    told = ("label", "confidence", "decision", "reason", "familiarity")
    assert [row["path"] for row in rows] == [str(path) for path in pictures]
    assert [[row[name] for name in told] for row in rows] == [
        [answer[name] for name in told] for answer in answers
    ]
    assert [[row[f"p_{label}"] for label in answers[0]["probabilities"]] for row in rows] == [
        list(answer["probabilities"].values()) for answer in answers
    ]

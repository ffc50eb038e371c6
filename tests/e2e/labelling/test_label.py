"""Labelling as users have it: killed, stopped, and compared with the service's own answers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.journal import parts_of
from labelling.table import read_rows
from tests.catalogues import write_folder, write_list
from tests.releases import a_release
from tests.service import ROOT, Service, children_of, is_running
from tests.waiting import wait_for

NAMES = [f"{number:05}.png" for number in range(12_000)]
"""Enough for seconds of work: one picture under many names, so that a row that is lost or doubled is seen."""

ANSWER = ("label", "confidence", "decision", "reason", "familiarity")

Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts the command on a long list of pictures in a group of its own, as a shell does."""
    folder = write_folder(tmp_path_factory.mktemp("catalogue"))
    for name in NAMES:
        (folder / name).hardlink_to(folder / "a" / "0.png")
    catalogue = write_list(folder / "list.csv", NAMES)
    release = a_release(tmp_path_factory.mktemp("label") / "release")
    command = [
        sys.executable,
        "-m",
        "scripts.label",
        str(catalogue),
        "--model",
        str(release),
        "--workers",
        "2",
    ]

    def started(table: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*command, "--out", str(table)],
            cwd=ROOT,
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def commits(table: Path) -> list[dict[str, int]]:
    """The whole lines of the journal after its first."""
    journal = parts_of(table) / "journal.jsonl"
    lines = journal.read_bytes().rpartition(b"\n")[0].splitlines() if journal.exists() else []
    return [json.loads(line) for line in lines[1:]]


def frozen_at_work(pid: int, table: Path) -> bool:
    """Stop the group where there are rows that the journal does not yet hold; else let it go on."""
    os.killpg(pid, signal.SIGSTOP)
    done, rows = commits(table), parts_of(table) / f"rows{table.suffix}"
    if done and rows.stat().st_size > done[-1]["end"]:
        return True
    os.killpg(pid, signal.SIGCONT)
    return False


def paths_in(table: Path) -> list[str]:
    return [row.path for row in read_rows(table)]


def test_a_run_that_is_killed_and_stopped_loses_no_row_and_doubles_none(start: Start, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"

    killed = start(table)
    wait_for("rows beyond the journal", lambda: frozen_at_work(killed.pid, table))
    first = commits(table)[-1]["rows"]
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    stopped = start(table)
    wait_for("more rows", lambda: commits(table)[-1]["rows"] > first)
    os.killpg(stopped.pid, signal.SIGINT)
    _, said = stopped.communicate()
    between = commits(table)[-1]["rows"]
    finished = start(table)
    finished.communicate()

    assert (stopped.returncode, finished.returncode) == (130, 0)
    assert said == "wardrobe: stopped. Nothing is lost: the same command goes on where it was.\n"
    assert 0 < first <= between < len(NAMES)
    assert paths_in(table) == NAMES
    assert not parts_of(table).exists()


@pytest.mark.slow
def test_a_parent_that_is_killed_leaves_no_worker_behind(start: Start, tmp_path: Path) -> None:
    running = start(tmp_path / "table.csv")
    wait_for("the first rows", lambda: commits(tmp_path / "table.csv"))
    workers = children_of(running.pid)

    running.kill()

    wait_for("their end", lambda: not any(map(is_running, workers)))
    running.communicate()


@pytest.mark.slow
def test_a_table_has_the_services_answers_digit_by_digit(bundled_service: Service, tmp_path: Path) -> None:
    table = tmp_path / "table.jsonl"
    pictures, kinds = ROOT / "examples", "*.[pj]*g"
    command = [sys.executable, "-m", "scripts.label", str(pictures / kinds), "--out", str(table)]

    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    paths = sorted(pictures.glob(kinds))
    answers = [bundled_service.post("/predict", data=path.read_bytes()).json() for path in paths]

    rows = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    assert [row["path"] for row in rows] == [str(path) for path in paths]
    for row, answer in zip(rows, answers, strict=True):
        assert [row[name] for name in ANSWER] == [answer[name] for name in ANSWER]
        assert {label: row[f"p_{label}"] for label in answer["probabilities"]} == answer["probabilities"]

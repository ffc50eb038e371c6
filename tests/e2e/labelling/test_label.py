"""Labelling as users have it: killed, stopped, and compared with the service's own answers."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from labelling.journal.journal_file import make_journal_path
from tests.catalogues import write_folder, write_list
from tests.commands import without_progress
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
    command = [sys.executable, "-m", "scripts", "label", str(catalogue)]
    command += ["--model", str(release), "--workers", "2"]

    def started(table: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*command, "--out", str(table)],
            cwd=ROOT,
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def committed(pid: int, table: Path) -> int:
    """Stop the group, and count the rows that a crash of the machine would leave now; 0 lets it go on."""
    os.killpg(pid, signal.SIGSTOP)
    with TemporaryDirectory() as folder:
        for file in table.parent.glob(f"{table.name}.sqlite*"):
            shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder, make_journal_path(table).name))) as journal:
            is_made = journal.execute("SELECT 1 FROM sqlite_master WHERE name = 'photos'").fetchone()
            count: int = journal.execute("SELECT count(*) FROM photos").fetchone()[0] if is_made else 0
    if not count:
        os.killpg(pid, signal.SIGCONT)
    return count


def stopped_beyond(rows: int, pid: int, table: Path) -> int:
    """Count the rows once there are more; else let the group go on."""
    count = committed(pid, table)
    os.killpg(pid, signal.SIGCONT)
    return count if count > rows else 0


def paths_in(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row["path"] for row in csv.DictReader(file)]


@pytest.mark.slow
def test_a_run_that_is_killed_and_stopped_loses_no_row_and_doubles_none(start: Start, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"

    killed = start(table)
    first = wait_for("the first rows", lambda: committed(killed.pid, table))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    there_after_the_kill = table.exists()
    stopped = start(table)
    wait_for("more rows", lambda: stopped_beyond(first, stopped.pid, table))
    os.killpg(stopped.pid, signal.SIGINT)
    _, said = stopped.communicate()
    so_far = paths_in(table)
    finished = start(table)
    finished.communicate()

    assert (there_after_the_kill, stopped.returncode, finished.returncode) == (False, 130, 0)
    assert (
        without_progress(said)
        == "wardrobe: stopped. Nothing is lost: the same command goes on where it was.\n"
    )
    assert first < len(so_far) < len(NAMES)
    assert so_far == [name for name in NAMES if name in set(so_far)]
    assert paths_in(table) == NAMES


@pytest.mark.slow
def test_a_parent_that_is_killed_leaves_no_worker_behind(start: Start, tmp_path: Path) -> None:
    running = start(tmp_path / "table.csv")
    wait_for("the first rows", lambda: stopped_beyond(0, running.pid, tmp_path / "table.csv"))
    workers = children_of(running.pid)

    running.kill()

    wait_for("their end", lambda: not any(map(is_running, workers)))
    running.communicate()


@pytest.mark.slow
def test_a_table_has_the_services_answers_and_confidences_of_five_digits(
    bundled_service: Service, tmp_path: Path
) -> None:
    table = tmp_path / "table.jsonl"
    pictures, kinds = ROOT / "examples", "*.[pj]*g"
    command = [sys.executable, "-m", "scripts", "label", str(pictures / kinds), "--out", str(table)]

    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    paths = sorted(pictures.glob(kinds))
    answers = [bundled_service.post("/predict", data=path.read_bytes()).json() for path in paths]

    rows = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    assert [row["path"] for row in rows] == [str(path) for path in paths]
    for row, answer in zip(rows, answers, strict=True):
        rounded = answer | {"confidence": round(answer["confidence"], 5)}
        assert [row[name] for name in ANSWER] == [rounded[name] for name in ANSWER]
        assert {label: row[f"p_{label}"] for label in answer["probabilities"]} == answer["probabilities"]

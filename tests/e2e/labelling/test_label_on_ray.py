"""Labelling on Ray, as on machines of one's own: the same table, although processes are killed."""

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from labelling.errors import EngineUnusable
from labelling.journal import journal_of
from tests.catalogues import PICTURES, write_folder, write_list
from tests.commands import wardrobe, without_progress
from tests.ray_cluster import BIN, family, labellers, listened_on, ray_cluster, require_ray
from tests.releases import a_release
from tests.service import ROOT, is_running
from tests.waiting import wait_for

main = partial(wardrobe, "label")

pytestmark = pytest.mark.slow

ROWS = 10_000
"""Seconds of work, from a few files named over and over."""

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same as IPv6 writes it, and ::1, in the kernel's order of bytes."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("label") / "release")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of ROWS pictures, some of them broken, some not there."""
    pictures = {**PICTURES, "broken.png": b"\x89PNG no more"}
    folder = write_folder(tmp_path_factory.mktemp("catalogue"), pictures)
    names = [*pictures, "gone.png"]
    return write_list(folder / "list.csv", names * (ROWS // len(names)))


@pytest.fixture(scope="module")
def expected(catalogue: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table that the default engine makes."""
    table = tmp_path_factory.mktemp("expected") / "table.csv"
    assert main([str(catalogue), "--out", str(table), "--model", str(release)]) == 0
    return table.read_bytes()


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    require_ray()
    with ray_cluster(cores=2) as environment:
        yield environment


def started(source: Path, table: Path, release: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """The command in a group of its own, as a shell starts it."""
    command = [str(BIN / "python"), "-m", "scripts", "label", str(source), "--out", str(table)]
    return subprocess.Popen(
        [*command, "--model", str(release), "--engine", "ray", "--workers", "2"],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


EMPTY = 50_000
"""More bytes than a journal without rows has."""


def has_rows(running: "subprocess.Popen[str]", table: Path) -> bool:
    """Whether the journal is more than empty; a run that has ended before that says why."""
    assert running.poll() is None, running.communicate()
    journal = journal_of(table)
    return journal.exists() and journal.stat().st_size > EMPTY


def test_a_cluster_makes_the_same_table_though_a_worker_and_then_the_command_are_killed(
    cluster: dict[str, str], catalogue: Path, release: Path, expected: bytes, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    killed = started(catalogue, table, release, cluster)
    wait_for("the first rows", lambda: has_rows(killed, table), 240)

    os.kill(labellers()[0], signal.SIGKILL)
    assert killed.stderr is not None
    said = next(line for line in killed.stderr if not line.startswith("labelling"))  # its progress
    killed.kill()
    killed.communicate()
    again = started(catalogue, table, release, cluster)
    _, said_again = again.communicate()

    assert said.startswith("wardrobe: a worker process was lost (")
    assert said.endswith("Another one does them again.\n")
    assert (again.returncode, without_progress(said_again)) == (0, "")
    assert table.read_bytes() == expected
    with table.open(encoding="utf-8", newline="") as file:
        assert {bool(row["error"]) for row in csv.DictReader(file)} == {True, False}


def test_a_cluster_that_ends_costs_no_row(
    catalogue: Path, release: Path, expected: bytes, tmp_path: Path
) -> None:
    require_ray()
    table = tmp_path / "table.csv"
    with ray_cluster(cores=2) as environment:
        left = started(catalogue, table, release, environment)
        wait_for("the first rows", lambda: has_rows(left, table), 240)
    _, said = left.communicate()

    assert left.returncode == 1
    assert without_progress(said).splitlines()[-1].startswith("wardrobe: RAY_ADDRESS=127.0.0.1:")
    assert main([str(catalogue), "--out", str(table), "--model", str(release)]) == 0
    assert table.read_bytes() == expected


def test_on_this_machine_ray_is_for_us_alone_and_gone_after_ctrl_c(
    catalogue: Path, release: Path, expected: bytes, tmp_path: Path
) -> None:
    require_ray()
    table = tmp_path / "table.csv"
    stopped = started(catalogue, table, release, os.environ | {"RAY_ADDRESS": ""})
    wait_for("the first rows", lambda: has_rows(stopped, table), 240)
    ours = family(stopped.pid)
    addresses = listened_on(ours)

    os.killpg(stopped.pid, signal.SIGINT)
    _, said = stopped.communicate()

    wait_for("the end of all that it started", lambda: not any(map(is_running, ours)))
    assert (
        without_progress(said)
        == "wardrobe: stopped. Nothing is lost: the same command goes on where it was.\n"
    )
    assert stopped.returncode == 130
    assert set() < addresses <= LOOPBACK
    # What Ray has begun, processes may finish.
    assert main([str(catalogue), "--out", str(table), "--model", str(release)]) == 0
    assert table.read_bytes() == expected


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("127.0.0.1:1", "RAY_ADDRESS=127.0.0.1:1: does not answer ([Errno 111] Connection refused). Say "),
        ("cluster", "RAY_ADDRESS=cluster: no address. Say host:port"),
        ("", "not installed here: pip install -r requirements/scale.txt"),
    ],
)
def test_what_keeps_ray_from_being_used_is_reported_at_once(
    address: str, trouble: str, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ | {"RAY_ADDRESS": address})
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(EngineUnusable, match=re.escape(trouble)):
        main([str(catalogue), "--out", str(tmp_path / "table.csv"), "--engine", "ray"])

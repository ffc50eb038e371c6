"""Labelling on Ray, as on machines of one's own: the same table, although processes are killed.

The tests' own environment has no Ray: like everybody else, they start commands in .venv-scale.
"""

import csv
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from labelling.errors import EngineUnusable
from labelling.journal.journal_file import make_journal_path
from tests.catalogues import PICTURES, write_folder, write_list
from tests.commands import wardrobe, without_progress
from tests.releases import a_release
from tests.service import ROOT, children_of, is_running, of_process
from tests.system_parts import require_system_part
from tests.waiting import wait_for

main = partial(wardrobe, "label")

pytestmark = pytest.mark.slow

BIN = ROOT / ".venv-scale" / "bin"

NO_TITLES = (
    "wardrobe: No column with titles was found among `shelf`, so titles decide nothing. "
    "--title-column names one.\n"
)


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
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    loopback_alone = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    environment = {**os.environ, **secret, **loopback_alone}
    # A socket's path has 107 bytes at most, which leaves no room for pytest's folder.
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        command = [str(BIN / "ray"), "start", "--head", "--block", "--port=0", f"--num-cpus={cores}"]
        command += ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--disable-usage-stats"]
        # Free ports: Ray's own are those from 10002 to 19999, and the head's may be one of these.
        command += ["--min-worker-port=0", "--max-worker-port=0"]
        head = subprocess.Popen(
            [*command, f"--temp-dir={folder}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
        )

        def address() -> str:
            assert head.poll() is None, "Ray has ended"
            written = Path(folder, "ray_current_cluster")  # with the port that it got
            return written.read_text("ascii") if written.exists() else ""

        try:
            yield {**environment, "RAY_ADDRESS": wait_for("the cluster", address, 240)}
        finally:
            # At SIGTERM, it would first wait for half a minute for work to drain.
            processes = family(head.pid)
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            head.wait()
            wait_for("the end of the cluster", lambda: not any(map(is_running, processes)))


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    return [pid, *(one for child in children_of(pid) for one in family(child))]


def labellers() -> list[int]:
    """The processes of this machine in which Ray runs our workers."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if "ray::_label" in of_process(pid, "cmdline")]


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


ROWS = 10_000
"""Seconds of work, from a few contents under many names."""

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same as IPv6 writes it, and ::1, in the kernel's order of bytes."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("label") / "release")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of ROWS pictures, some of them broken, some not there; one of several rows is labelled once."""
    pictures = {**PICTURES, "broken.png": b"\x89PNG no more"}
    folder = write_folder(tmp_path_factory.mktemp("catalogue"), pictures)
    names = list[str]()
    for number in range(ROWS // (len(pictures) + 1)):
        for name in pictures:
            names.append(f"{number}-{name.replace('/', '-')}")
            (folder / names[-1]).hardlink_to(folder / name)
        names.append(f"{number}-gone.png")
    return write_list(folder / "list.csv", names)


@pytest.fixture(scope="module")
def expected(catalogue: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table that the default engine makes."""
    return finished_here(catalogue, tmp_path_factory.mktemp("expected") / "table.csv", release)


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


EMPTY = 300_000
"""More bytes than a journal has before a picture is labelled."""


def has_rows(running: "subprocess.Popen[str]", table: Path, bytes_before: int = EMPTY) -> bool:
    """Whether the journal is larger than before; a run that has ended before that says why."""
    assert running.poll() is None, running.communicate()
    journal = make_journal_path(table)
    return journal.exists() and journal.stat().st_size > bytes_before


def finished_here(catalogue: Path, table: Path, release: Path) -> bytes:
    """The table that the processes of this machine make of what there is."""
    assert main([str(catalogue), "--out", str(table), "--model", str(release)]) == 0
    return table.read_bytes()


def test_a_cluster_makes_the_same_table_and_the_end_of_a_worker_the_command_or_all_of_it_costs_no_row(
    catalogue: Path, release: Path, expected: bytes, tmp_path: Path
) -> None:
    require_ray()
    table, second = tmp_path / "table.csv", tmp_path / "second.csv"
    with ray_cluster(cores=2) as cluster:
        killed = started(catalogue, table, release, cluster)
        wait_for("the first rows", lambda: has_rows(killed, table), 240)
        os.kill(wait_for("a worker", labellers)[0], signal.SIGKILL)
        before = make_journal_path(table).stat().st_size
        wait_for("more rows", lambda: has_rows(killed, table, before), 240)
        killed.kill()
        killed.communicate()
        again = started(catalogue, table, release, cluster)
        _, said_again = again.communicate()

        left = started(catalogue, second, release, cluster)
        wait_for("the first rows", lambda: has_rows(left, second), 240)
    _, said_at_the_end = left.communicate()

    assert (again.returncode, without_progress(said_again)) == (0, NO_TITLES)
    assert table.read_bytes() == expected
    with table.open(encoding="utf-8", newline="") as file:
        assert {bool(row["error"]) for row in csv.DictReader(file)} == {True, False}
    assert left.returncode == 1
    assert without_progress(said_at_the_end).splitlines()[-1].startswith("wardrobe: RAY_ADDRESS=127.0.0.1:")
    assert finished_here(catalogue, second, release) == expected


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
    assert finished_here(catalogue, table, release) == expected, "what Ray has begun"


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

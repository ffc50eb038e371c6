"""Where `python -m app` listens, and what it says where it cannot."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.service import ROOT, free_port, running, start
from tests.waiting import wait_for

MEMORY = Path("/dev/shm")


def test_a_port_in_use_ends_the_start_with_one_line_and_leaves_no_folder(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        before = folders_of_counts()

        service = start(tmp_path, PORT=str(port))
        status = service.process.wait(timeout=60)

    assert status == 1
    assert service.log.read_text("utf-8") == (
        f"wardrobe: 127.0.0.1:{port}: Address already in use. "
        "Choose another port with PORT=, or address with BIND=.\n"
    )
    wait_for("no folder of counts to be left", lambda: nothing_was_left(before))


def test_gunicorn_alone_leaves_no_folder_where_its_port_is_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        before = folders_of_counts()

        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", address, "wsgi:app"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)

    assert ended.returncode != 0
    wait_for("no folder of counts to be left", lambda: nothing_was_left(before))


@pytest.mark.parametrize(("bind", "addresses"), [("", ["127.0.0.1"]), ("0.0.0.0", ["0.0.0.0"])])
def test_it_listens_on_the_loopback_unless_bind_says_otherwise(
    tmp_path: Path, little_store: Path, bind: str, addresses: list[str]
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), BIND=bind) as service:
        found = listening_addresses(int(service.url.rpartition(":")[2]))

    assert found == addresses


def test_an_address_that_is_none_of_this_machine_is_named(tmp_path: Path) -> None:
    service = start(tmp_path, BIND="192.0.2.1", PORT=str(free_port()))

    assert service.process.wait(timeout=60) == 1
    assert service.log.read_text("utf-8").startswith("wardrobe: 192.0.2.1:")


def test_sigusr2_starts_no_second_master_and_says_so(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        service.process.send_signal(signal.SIGUSR2)
        wait_for("the warning", lambda: "SIGUSR2" in service.log.read_text("utf-8"))
        answer = requests.get(f"{service.url}/readyz", timeout=30)

    assert answer.status_code == 200
    assert "Traceback" not in service.log.read_text("utf-8")


def folders_of_counts() -> set[str]:
    return {folder.name for folder in MEMORY.glob("wardrobe-*")}


def nothing_was_left(before: set[str]) -> bool:
    """Whether no new folder of counts is empty: those of services that run meanwhile hold their counts."""
    new = {MEMORY / name for name in folders_of_counts() - before}
    return all(any(folder.iterdir()) for folder in new if folder.exists())


def listening_addresses(port: int) -> list[str]:
    """The IPv4 addresses on which a port is listened on."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    return sorted(
        socket.inet_ntoa(bytes.fromhex(address)[::-1]) for address, number in local if int(number, 16) == port
    )

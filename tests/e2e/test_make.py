"""The Makefile as a newcomer meets it: on a clean clone, with nothing installed."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from packaging.utils import canonicalize_name

from tests.service import ROOT, free_port
from tests.waiting import wait_for

INSTALL_SECONDS = 240
"""Most that installing for `make serve` may take on a busy machine; 7 s were measured on an idle one."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "wardrobe"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def served_clone(clone: Path) -> Iterator[tuple[Path, str]]:
    """A clean clone in which `make serve` answers, and its address."""
    port = free_port()
    with making(clone, "serve", f"PORT={port}") as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/readyz", lambda: ready(url, process), seconds=INSTALL_SECONDS)
        yield clone, url


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_a_clean_clone_serves_after_one_command(served_clone: tuple[Path, str]) -> None:
    _, url = served_clone
    picture = (ROOT / "examples" / "ankle-boot.png").read_bytes()

    answer = requests.post(f"{url}/predict", data=picture, timeout=30)

    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] == "Ankle boot"


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_serving_installs_what_its_lock_names_and_no_tensorflow(served_clone: tuple[Path, str]) -> None:
    folder, _ = served_clone

    listed = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-m", "pip", "freeze", "--exclude-editable"],
        capture_output=True,
        text=True,
        check=True,
    )

    installed = pins(listed.stdout)
    assert "flask" in installed
    assert installed <= pins((folder / "requirements" / "serve.txt").read_text("utf-8"))
    assert installed.isdisjoint({"tensorflow", "keras"})


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_serving_installs_the_command_for_use_in_any_folder(
    served_clone: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = served_clone

    predicted = subprocess.run(
        [folder / ".venv" / "bin" / "wardrobe", "predict", ROOT / "examples" / "bag.png", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert predicted.stderr == ""
    assert json.loads(predicted.stdout)["label"] == "Bag"


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_a_second_run_finds_everything_installed(served_clone: tuple[Path, str]) -> None:
    folder, _ = served_clone

    planned = make(folder, "--dry-run", "serve")

    assert "setup_venv" not in planned.stdout
    assert "-m app" in planned.stdout


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_a_taken_port_is_told_in_one_line(served_clone: tuple[Path, str]) -> None:
    folder, _ = served_clone

    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = make(folder, "serve", f"PORT={port}")

    assert refused.returncode != 0
    assert own_lines(refused) == [
        f"wardrobe: 127.0.0.1:{port}: Address already in use. "
        "Choose another port with PORT=, or address with BIND=."
    ]


@pytest.mark.parametrize(
    ("target", "version", "said"),
    [
        ("serve", "3.8", "requirements/serve.txt needs Python 3.11 to 3.14, but"),
        ("serve", "3.15", "requirements/serve.txt needs Python 3.11 to 3.14, but"),
        ("train", "3.14", "requirements.txt needs Python 3.11 to 3.13, but"),
    ],
)
def test_an_unfit_python_is_reported_in_one_line(
    clone: Path, tmp_path: Path, target: str, version: str, said: str
) -> None:
    python = a_python(tmp_path / "python3", version)

    refused = make(clone, target, f"PYTHON={python}")

    assert refused.returncode != 0
    assert [line.partition(" is Python")[0] for line in own_lines(refused)] == [f"wardrobe: {said} {python}"]


@pytest.mark.parametrize(
    ("lock", "version"),
    [("requirements/serve.txt", "3.11"), ("requirements/serve.txt", "3.14"), ("requirements.txt", "3.13")],
)
def test_a_python_that_the_packages_support_is_taken(lock: str, version: str, tmp_path: Path) -> None:
    python = a_python(tmp_path / "python3", version)

    taken = subprocess.run(
        ["scripts/setup_python.sh", lock, python], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert taken.stdout.strip() == str(python)


def test_training_beside_a_service_on_a_later_python_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "wardrobe"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    (folder / ".venv/bin").mkdir(parents=True)
    a_python(folder / ".venv/bin/python", "3.14")

    refused = make(folder, "train")

    assert own_lines(refused) == [
        "wardrobe: requirements.txt has no packages for the Python in .venv; "
        "type make clean, then add PYTHON=/path/to/python3.12"
    ]


def a_python(path: Path, version: str) -> Path:
    """A program that answers as a Python of this version does."""
    path.write_text(f"#!/bin/sh\necho {version}\n", "ascii")
    path.chmod(0o755)
    return path


def test_help_comes_first_and_names_every_door(clone: Path) -> None:
    shown = make(clone)

    assert shown.returncode == 0
    for target in ["serve", "test", "check", "fix", "train", "data", "image", "lock", "clean"]:
        assert f"  make {target} " in shown.stdout


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make to its end."""
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=newcomer(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def pins(requirements: str) -> set[str]:
    """The packages that lines of `name==version` name."""
    return {canonicalize_name(line.split("==")[0]) for line in requirements.splitlines() if "==" in line}


@contextmanager
def making(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run make, and end it with all that it started, as Ctrl-C does."""
    process = subprocess.Popen(["make", *arguments], cwd=folder, env=newcomer(), start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)


def newcomer() -> dict[str, str]:
    """An environment without the settings of the tester, of this make and of its virtual environment."""
    ours = ("WARDROBE_", "MAKE", "MFLAGS", "PORT", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def ready(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Whether the service answers; an error if make has ended."""
    if process.poll() is not None:
        raise AssertionError(f"make ended with {process.returncode}; its words are above.")
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def own_lines(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """What was said beside make's own closing `make: *** ...`."""
    return [line for line in done.stderr.splitlines() if not line.startswith("make")]

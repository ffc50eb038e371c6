"""The Makefile as a newcomer meets it: on a clean clone, with nothing installed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.commands import without_progress
from tests.service import PATIENCE_SECONDS, ROOT, Service, free_port

INSTALL_SECONDS = 240
"""Most that installing for `make serve` may take on a busy machine; 7 s were measured on an idle one."""

pytestmark = pytest.mark.timeout(INSTALL_SECONDS + 60)

OURS = ("WARDROBE_", "MAKE", "MFLAGS", "PORT", "PYTHON", "VIRTUAL_ENV")
NEWCOMER = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
"""An environment without the settings of the tester, of this make and of its virtual environment."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone."""
    folder = tmp_path_factory.mktemp("clone") / "wardrobe"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def service(clone: Path) -> Iterator[Service]:
    """What `make serve` starts in the clean clone, until Ctrl-C."""
    port, log = free_port(), clone.parent / "make.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "serve", f"PORT={port}"],
            cwd=clone,
            env=NEWCOMER,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    service = Service(f"http://127.0.0.1:{port}", process, log)
    try:
        service.wait_until_ready(INSTALL_SECONDS)
        yield service
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE_SECONDS)


@pytest.mark.slow
def test_a_clean_clone_serves_after_one_command(service: Service) -> None:
    answer = service.post("/predict", data=(ROOT / "examples" / "ankle-boot.png").read_bytes())

    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] == "Ankle boot"


@pytest.mark.slow
@pytest.mark.usefixtures("service")
def test_serving_installs_what_its_lock_names_and_no_tensorflow(clone: Path) -> None:
    listed = run([".venv/bin/python", "-m", "pip", "freeze", "--exclude-editable"], clone)

    installed = pins(listed.stdout)
    assert "flask" in installed
    assert installed <= pins((clone / "requirements" / "serve.txt").read_text("utf-8"))
    assert installed.isdisjoint({"tensorflow", "keras"})


@pytest.mark.slow
@pytest.mark.usefixtures("service")
def test_serving_installs_the_command_for_use_in_any_folder(clone: Path, tmp_path: Path) -> None:
    command = [str(clone / ".venv/bin/wardrobe"), "predict", str(ROOT / "examples/bag.png"), "--json"]

    predicted = run(command, tmp_path)

    assert without_progress(predicted.stderr) == ""
    assert json.loads(predicted.stdout)["label"] == "Bag"


@pytest.mark.slow
@pytest.mark.usefixtures("service")
def test_what_installs_the_training_packages_trains_nothing(clone: Path) -> None:
    would_run = run(["make", "--dry-run", "install-train"], clone)

    assert "scripts/setup_venv.sh .venv requirements.txt" in would_run.stdout
    assert "scripts train" not in would_run.stdout


@pytest.mark.parametrize(
    ("target", "version", "said"),
    [
        ("serve", "3.8", "requirements/serve.txt needs Python 3.11 to 3.14, but"),
        ("install-train", "3.14", "requirements.txt needs Python 3.11 to 3.13, but"),
        ("train", "3.14", "requirements.txt needs Python 3.11 to 3.13, but"),
    ],
)
def test_an_unfit_python_is_reported_in_a_line(
    clone: Path, tmp_path: Path, target: str, version: str, said: str
) -> None:
    python = a_python(tmp_path / "python3", version)

    refused = run(["make", target, f"PYTHON={python}"], clone)

    assert refused.returncode != 0
    assert own_line(refused).startswith(f"wardrobe: {said} {python} is Python")


def run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, as a newcomer does."""
    return subprocess.run(
        command, cwd=folder, env=NEWCOMER, capture_output=True, text=True, check=False, timeout=120
    )


def a_python(path: Path, version: str) -> Path:
    """A program that answers as a Python of this version does."""
    path.write_text(f"#!/bin/sh\necho {version}\n", "ascii")
    path.chmod(0o755)
    return path


def own_line(done: "subprocess.CompletedProcess[str]") -> str:
    """The one error beside make's own closing `make: *** ...`."""
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    return line


def pins(requirements: str) -> set[str]:
    """The packages that lines of `name==version` name."""
    return {canonicalize_name(line.split("==")[0]) for line in requirements.splitlines() if "==" in line}

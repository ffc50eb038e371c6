"""Commands that are typed in the folder of another project, whose files have the names of our modules."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.commands import EVERY_PARSER, Ended, done
from tests.service import ROOT, ready, start

FOREIGN_NAMES = (
    *("app", "wsgi", "gunicorn.conf", "sitecustomize", "usercustomize"),
    *("pickle", "random", "queue", "types", "inference/__init__", "labelling/__init__", "scripts/__init__"),
)
"""Names of Python files of the other project: names of ours, of Python's own, and of what gunicorn reads."""

INSTALLED_COMMAND = """
import sys
from scripts.__main__ import command
if __name__ == "__main__":
    sys.exit(command())
"""
"""What pip writes as the command `wardrobe`."""

WORDS_BY_VERB = {
    "predict": ("pictures/bag.png",),
    "label": ("pictures", "--out", "table.csv", "--workers", "2"),
}
"""Commands that end soon."""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """The folder of another project. Each of its files leaves a mark if it is run."""
    folder = tmp_path / "project"
    for name in FOREIGN_NAMES:
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\nraise SystemExit(0)\n")
    (folder / ".env").write_text(f"PYTHONPATH={folder}\nFLASK_APP=app\nWARDROBE_SLOTS=3\n", "utf-8")
    (folder / "pictures").mkdir()
    for name in ("bag", "sneaker"):
        shutil.copy(ROOT / "examples" / f"{name}.png", folder / "pictures")
    return folder


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """The command `wardrobe`, as pip installs it."""
    file = tmp_path / "bin" / "wardrobe"
    file.parent.mkdir()
    file.write_text(INSTALLED_COMMAND, "utf-8")
    return file


def list_run_files(foreign: Path) -> str:
    """The files of the other project that were run."""
    mark = foreign.parent / "ran"
    return mark.read_text() if mark.exists() else ""


def run_command(foreign: Path, command: Path, *words: str) -> Ended:
    return done([sys.executable, command, *words], foreign, PYTHONPATH=str(ROOT))


def test_no_command_imports_from_the_current_folder(foreign: Path, command: Path) -> None:
    program = INSTALLED_COMMAND.replace("sys.exit(command())", EVERY_PARSER)
    command.write_text(program, "utf-8")

    ended = run_command(foreign, command)

    assert (ended.returncode, list_run_files(foreign)) == (0, ""), ended.stderr


@pytest.mark.parametrize("verb", WORDS_BY_VERB)
def test_a_command_runs_no_file_of_the_current_folder(verb: str, foreign: Path, command: Path) -> None:
    ended = run_command(foreign, command, verb, *WORDS_BY_VERB[verb])

    assert (ended.returncode, list_run_files(foreign)) == (0, ""), ended.stderr
    assert (
        "wardrobe: .env: left out PYTHONPATH, FLASK_APP. Only the variables of docs/reference/settings.md "
        "are read from this file. Set others in the environment.\n"
    ) in ended.stderr


def test_the_packages_of_a_folder_without_an_install_are_not_mistaken_for_ours(foreign: Path) -> None:
    shutil.rmtree(foreign / "scripts")  # Python itself looks for this one in the current folder
    (foreign / "types.py").unlink()  # and reads this one before any of our code

    command = [sys.executable, "-m", "scripts", "label", "pictures", "--out", "table.csv", "--workers", "2"]
    ended = done(command, foreign, PYTHONPATH=str(ROOT))

    assert (ended.returncode, list_run_files(foreign)) == (0, ""), ended.stderr


def test_serve_starts_the_service_and_not_the_project_of_the_folder_also_after_a_reload(
    foreign: Path, command: Path, tmp_path: Path
) -> None:
    words = [str(command), "serve", "--workers", "1"]
    log = tmp_path / "log"
    with ready(start(log, words=words, cwd=str(foreign), PYTHONPATH=str(ROOT))) as service:
        [worker] = service.worker_pids()
        service.process.send_signal(signal.SIGHUP)
        service.wait_for_workers(1, worker)
        service.wait_until_ready()
        log_text = service.text()

    assert list_run_files(foreign) == ""
    assert "slots=3" in log_text
    assert "left out PYTHONPATH, FLASK_APP. Only" in log_text

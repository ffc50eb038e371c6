"""How commands end: one line for an error of ours or for what is not installed, quiet for the rest."""

import errno
import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from inference.errors import ModelUnreadable
from scripts.__main__ import main
from scripts.terminal import run_main
from tests.service import ROOT

MISSING_PACKAGE = " is not installed: `make install-train` in a checkout installs what training needs."


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def main() -> NoReturn:
        raise error

    return main


def interrupted_import() -> int:
    """Fail as ONNX Runtime does if Ctrl-C comes while it is imported."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as stop:
        raise ImportError("initialization failed") from stop


def full_disk_after_interrupt() -> int:
    """Fail as a training does that cannot save its work when Ctrl-C comes."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise OSError(errno.ENOSPC, "No space left", "model.keras")  # noqa: B904 - so it happens


@pytest.mark.parametrize(
    ("main", "code", "said"),
    [
        (lambda: 3, 3, ""),
        (raising(ModelUnreadable("No such file.\nName another.")), 1, "No such file. Name another."),
        (lambda: Path("/").write_text("x"), 1, "/: Is a directory."),
        (
            lambda: importlib.import_module("no_such_library.part"),
            1,
            f"no_such_library{MISSING_PACKAGE}",
        ),
        (
            raising(OSError(errno.ENOSPC, "No space left on device")),
            1,
            "The disk of --run, --out or TMPDIR: No space left on device.",
        ),
        (raising(KeyboardInterrupt()), 130, "interrupted."),
        (raising(KeyboardInterrupt("stopped. Go on.")), 130, "stopped. Go on."),
        (interrupted_import, 130, "interrupted."),
        (full_disk_after_interrupt, 1, "model.keras: No space left."),
    ],
)
def test_how_a_command_ends_is_its_exit_code_and_at_most_a_line_on_stderr(
    main: Callable[[], int], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run_main(main)

    assert ended == code
    assert capsys.readouterr() == ("", said and f"wardrobe: {said}\n")


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(),
        ModuleNotFoundError(name="training.x"),
        OSError(errno.EADDRINUSE, "Address already in use"),
    ],
)
def test_a_bug_and_an_error_of_the_machine_without_a_file_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        run_main(raising(error))


def test_a_reader_that_went_away_is_no_error() -> None:
    program = (
        "import sys; from scripts.terminal import run_main; "
        "sys.exit(run_main(lambda: print('x' * 10**6) or 0))"
    )
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert ended.returncode == 141
    assert ended.stderr == b""


PRINTING = {
    "a sentence": "print('x')",
    "a table": "print_table([{'label': 'Bag'}])",
    "a console's sentence": "make_console().print('x')",
    "a message": "print_message('x')",
}


@pytest.mark.parametrize("streams", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("name", PRINTING)
def test_a_command_that_is_started_with_a_closed_output_does_its_work_and_returns_0(
    name: str, streams: str, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from scripts.console import *; from scripts.terminal import *; "
        f"sys.exit(run_main(lambda: {PRINTING[name]} or Path(sys.argv[1]).write_text('done') and 0))"
    )
    command = shlex.join([sys.executable, "-c", program, str(tmp_path / "work")])

    ended = subprocess.run(f"{command} {streams}", shell=True, cwd=ROOT, capture_output=True, check=False)

    assert (ended.returncode, (tmp_path / "work").read_text("utf-8")) == (0, "done")
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["a sentence", "a table"])
def test_a_command_goes_on_if_the_reader_of_its_figures_went_away(name: str) -> None:
    program = (
        "import sys\nfrom scripts.console import *\nfrom scripts.terminal import *\n"
        "def work():\n"
        "    with ignore_closed_output():\n"
        f"        {PRINTING[name]}\n"
        "    print_message('done')\n"
        "    return 0\n"
        "sys.exit(run_main(work))"
    )
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (0, b"wardrobe: done\n")


@pytest.mark.parametrize(
    ("library", "package", "line"),
    [
        ("matplotlib", "matplotlib", "predict examples/bag.png --plot a.png"),
        ("scipy", "SciPy", "data examples"),
        ("tensorflow", "TensorFlow", "train --epochs 1"),
        ("sklearn", "scikit-learn", "evaluate"),
        ("tensorflow", "TensorFlow", "compare --networks dense"),
        ("tensorflow", "TensorFlow", "tune --trials 1"),
        ("tensorflow", "TensorFlow", "adopt model.keras"),
    ],
)
def test_a_command_without_what_it_needs_names_what_installs_it_in_one_line(
    library: str,
    package: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == library else found(name, *rest)
    )

    code = run_main(lambda: main(line.split()))

    assert code == 1
    assert capsys.readouterr() == ("", f"wardrobe: {package}{MISSING_PACKAGE}\n")

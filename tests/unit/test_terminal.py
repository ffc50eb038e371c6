"""How commands end: one line for an error of ours, quiet for the rest."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from inference.errors import ModelUnreadable
from scripts.terminal import console, counting, run

ROOT = Path(__file__).parents[2]


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def main() -> NoReturn:
        raise error

    return main


@pytest.mark.parametrize(
    ("main", "code", "said"),
    [
        (lambda: 3, 3, ""),
        (raising(ModelUnreadable("No such file.\nName another.")), 1, "No such file. Name another."),
        (lambda: Path("/").write_text("x"), 1, "/: Is a directory."),
        (raising(KeyboardInterrupt()), 130, "interrupted."),
        (raising(KeyboardInterrupt("stopped. Go on.")), 130, "stopped. Go on."),
    ],
)
def test_how_a_command_ends_is_its_exit_code_and_at_most_a_line_on_stderr(
    main: Callable[[], int], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(main)

    assert ended == code
    assert capsys.readouterr() == ("", said and f"wardrobe: {said}\n")


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError(errno.EADDRINUSE, "Address already in use")])
def test_a_bug_and_an_error_of_the_machine_without_a_file_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        run(raising(error))


def test_a_reader_that_went_away_is_no_error() -> None:
    program = "import sys; from scripts.terminal import run; sys.exit(run(lambda: print('x' * 10**6) or 0))"
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert ended.returncode == 141
    assert ended.stderr == b""


def test_a_file_gets_no_colours_and_wide_lines() -> None:
    file = io.StringIO()

    console(file).print("[bold red]" + "word " * 20 + "[/]")

    assert file.getvalue() == "word " * 20 + "\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)

    with counting("pictures") as tell:
        tell(1, 2)

    assert said.getvalue() == ""

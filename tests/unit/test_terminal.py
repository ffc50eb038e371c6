"""How commands end: one line for an error of ours, quiet for the rest."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from inference.errors import ModelUnreadable
from scripts.terminal import complain, console, counting, run

ROOT = Path(__file__).parents[2]


def test_what_a_command_returns_is_its_exit_code() -> None:
    assert run(lambda: 3) == 3


def test_an_error_of_ours_is_one_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> NoReturn:
        raise ModelUnreadable("m.onnx: no such file.\nName another.")

    code = run(main)

    assert code == 1
    assert capsys.readouterr().err == "wardrobe: m.onnx: no such file. Name another.\n"


def test_a_bug_keeps_its_traceback() -> None:
    def main() -> NoReturn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_a_file_that_cannot_be_written_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(lambda: tmp_path.write_text("x"))

    assert code == 1
    assert capsys.readouterr().err == f"wardrobe: {tmp_path}: Is a directory.\n"


def test_an_error_of_the_machine_without_a_file_keeps_its_traceback() -> None:
    def main() -> NoReturn:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    with pytest.raises(OSError, match="Address already in use"):
        run(main)


def test_ctrl_c_is_exit_130_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> NoReturn:
        raise KeyboardInterrupt

    code = run(main)

    assert code == 130
    assert capsys.readouterr().err == "wardrobe: interrupted.\n"


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


def test_a_complaint_goes_to_stderr_after_the_products_name(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a.png: no such file.")

    assert capsys.readouterr() == ("", "wardrobe: a.png: no such file.\n")


def test_a_file_gets_no_colours_and_wide_lines() -> None:
    file = io.StringIO()

    console(file).print("[bold red]" + "word " * 20 + "[/]")

    assert file.getvalue() == "word " * 20 + "\n"


def test_no_color_is_obeyed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    assert console().no_color


def test_a_terminal_that_cannot_move_its_cursor_gets_no_bars(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)

    with counting("pictures") as tell:
        tell(1, 2)

    assert said.getvalue() == ""

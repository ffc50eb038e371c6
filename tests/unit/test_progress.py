"""What a command says while it works, where no terminal shows a bar."""

import re
import time

import pytest

from scripts.progress import counting
from tests.waiting import wait_for

AT_ONCE = 0.001


def test_a_log_gets_a_line_now_and_then_with_what_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("reading pictures", silence=AT_ONCE) as watch:
        watch(1200, 5000)
        wait_for("its line", lambda: "reading pictures: 1,200 of 5,000, about 0:" in capsys.readouterr().err)


def test_what_was_done_before_makes_nothing_look_fast(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("labelling", silence=AT_ONCE) as watch:
        time.sleep(0.1)  # for ten of them: the other 9,100 take more than a minute
        watch(900, 10_000, 890)
        wait_for("its line", lambda: re.search(r"900 of 10,000, about [1-9]", capsys.readouterr().err))


def test_a_log_says_how_long_a_step_still_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("making the release", silence=AT_ONCE) as watch:
        watch(1, 5)
        wait_for("its line", lambda: " left; 0:0" in capsys.readouterr().err)


def test_a_log_says_no_time_left_once_all_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("fitting heads", silence=AT_ONCE) as watch:
        watch(5, 5)
        wait_for("its line", lambda: "5 of 5; 0:" in capsys.readouterr().err)


def test_a_step_that_counts_nothing_is_named_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("making the release", silence=AT_ONCE):
        wait_for("its line", lambda: "making the release; 0:" in capsys.readouterr().err)


def test_a_short_step_leaves_a_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("making the release"):
        pass

    assert capsys.readouterr().err == ""

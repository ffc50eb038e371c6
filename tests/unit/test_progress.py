"""What a command says while it works, where no terminal shows a bar."""

import re
import time

import pytest

from scripts.label_summary import describe_speed
from scripts.progress_bars import show_progress
from tests.waiting import wait_for

AT_ONCE = 0.001


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ((1200, 5000), "fitting heads: 1,200 of 5,000, about 0:"),
        ((1, 5), " left; 0:0"),
        ((5, 5), "5 of 5; 0:"),  # no time is left
        (None, "fitting heads; 0:"),
    ],
)
def test_a_log_gets_a_line_now_and_then_with_what_is_done_and_left(
    counted: tuple[int, int] | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with show_progress("fitting heads", interval=AT_ONCE) as watch:
        if counted is not None:
            watch(*counted)
        wait_for("its line", lambda: said in capsys.readouterr().err)


def test_what_was_done_before_makes_nothing_look_fast(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("labelling", interval=AT_ONCE) as watch:
        time.sleep(0.1)  # for ten of them: the other 9,100 take more than a minute
        watch(900, 10_000, 890)
        wait_for("its line", lambda: re.search(r"900 of 10,000, about [1-9]", capsys.readouterr().err))


def test_a_short_step_leaves_a_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("making the release"):
        pass

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("pictures", "seconds", "sentence"),
    [
        (0, 1.0, ""),
        (100, 2.0, "50 pictures per second. "),
        (10, 9.9, "1 picture per second. "),
        (3, 10.0, "3.3 seconds per picture. "),
        (1, 0.0, "1,000,000,000 pictures per second. "),
    ],
)
def test_the_pace_of_a_run_is_never_nothing_a_second(pictures: int, seconds: float, sentence: str) -> None:
    assert describe_speed(pictures, seconds) == sentence

"""Log lines that wait a moment: which do not, and that none is lost or changes places."""

import logging

import pytest

from app.observability.log_behind import WriteBehind

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """A logger whose lines wait until they have to be written."""
    monkeypatch.setattr("app.observability.log_behind.DELAY_SECONDS", 3600)
    logger = logging.Logger("behind")
    logger.addHandler(WriteBehind())
    return logger


def test_a_warning_is_written_at_once_behind_all_that_came_before(
    log: logging.Logger, capsys: Captured
) -> None:
    log.info("first")
    log.info("second")
    unwritten = capsys.readouterr().err
    log.warning("third")

    assert unwritten == ""
    assert capsys.readouterr().err == "first\nsecond\nthird\n"


def test_a_line_that_cannot_be_made_costs_no_request_and_no_other_line(
    log: logging.Logger, capsys: Captured
) -> None:
    log.info("%d pictures", "no number of")
    log.warning("goes on")

    assert "--- Logging error ---" in (told := capsys.readouterr().err)
    assert told.endswith("goes on\n")


def test_lines_that_nobody_fetches_do_not_fill_the_memory(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("app.observability.log_behind.MOST_LINES", 3)
    log.info("first")
    log.info("second")
    unwritten = capsys.readouterr().err
    log.info("third")

    assert unwritten == ""
    assert capsys.readouterr().err == "first\nsecond\nthird\n"


def test_an_end_in_good_order_writes_the_rest(log: logging.Logger, capsys: Captured) -> None:
    log.info("last words")

    logging.shutdown([lambda: log.handlers[0]])

    assert capsys.readouterr().err == "last words\n"


def test_a_line_is_written_when_its_time_has_come(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.observability.log_behind.DELAY_SECONDS", 0)
    handler, read = WriteBehind(), ""

    handler.handle(logging.makeLogRecord({"msg": "soon", "levelno": logging.INFO}))

    while not read:
        read = capfd.readouterr().err
    assert read == "soon\n"

"""Log lines behind a queue: a stderr that takes none costs lines, not requests; real pipes and processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GEVENT = "from gevent import monkey; monkey.patch_all()"

SET_UP = """
import logging, os, sys, threading
from logging.config import dictConfig
from app.observability import log_queue
from app.observability.log_format import create_logging_config
from app.settings import Settings
dictConfig(create_logging_config(Settings(log_format="json")))
log = logging.getLogger("wardrobe")
handler = log.handlers[0]
dropped = []
log_queue.set_dropped_line_counter(dropped.append)
good = os.dup(2)
def full(): os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
def closed():
    read, write = os.pipe()
    os.dup2(write, 2), os.close(write), os.close(read)
def unread():
    global reader
    reader, write = os.pipe()
    os.dup2(write, 2), os.close(write)
    os.write(2, b" " * 65536)
"""

RECOVERS = """
{trouble}()
log.info("lost"), log.info("lost")
handler.flush()
os.dup2(good, 2)
log.info("first again")
handler.flush()
log.info("second")
print(sum(dropped))
"""

WAITS_FOR_NO_READER = """
unread()
log_queue.MAX_QUEUED_LINES = 3
for number in range(10): log.info("line %d", number)  # one is being written, three wait
os.dup2(good, 2)
os.read(reader, 1 << 20)
handler.flush()
log.info("after")
print(sum(dropped))
"""

CHANGES_A_VALUE = """
value = [1]
log.info("as it was: %s", value)
value[0] = 2
handler.flush()
"""

FORKS = """
log.info("parent")
handler.flush()
if os.fork() == 0:
    log.info("child")
    logging.shutdown()
    os._exit(0)
os.wait()
"""

TORN = """
read, write = os.pipe2(os.O_NONBLOCK)
os.dup2(write, 2)
os.write(2, b" " * 60000)  # a part of the long line fits
log.info("x" * 20000)
handler.flush()
os.read(read, 60000)
log.info("whole")
handler.flush()
os.dup2(good, 2)
os.write(good, os.read(read, 1 << 20))
"""

LIBRARY_WRITES = """
logged = threading.Event()
log.addFilter(lambda record: logged.set() or True)
log_queue.redirect_stderr_to_log()
os.write(2, b"\\nlibpng warning: \\xff\\n")
logged.wait(120)
"""


def run(program: str, patched: bool = False) -> "subprocess.CompletedProcess[str]":
    """What a program prints and logs; it has to end by itself."""
    command = [sys.executable, "-W", "ignore", "-c", (GEVENT if patched else "") + SET_UP + program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)


@pytest.mark.parametrize(("trouble", "patched"), [("full", False), ("closed", True)])
def test_after_a_fault_lines_are_written_again_with_the_number_missing(trouble: str, patched: bool) -> None:
    done = run(RECOVERS.format(trouble=trouble), patched)

    lines = done.stderr.splitlines()
    expected = ["first again", "2 log lines were dropped", "second"]
    assert [words in line for words, line in zip(expected, lines, strict=True)] == [True] * 3
    assert done.stdout.strip() == "2"


def test_a_pipe_that_is_not_read_delays_no_line_and_drops_what_the_queue_cannot_hold() -> None:
    done = run(WAITS_FOR_NO_READER, patched=True)

    assert f"{done.stdout.strip()} log lines were dropped" in done.stderr
    assert done.stderr.splitlines()[-1].endswith('"after"}')
    assert int(done.stdout) in (6, 7)  # whether the first line was being written when the others came


def test_a_line_says_what_a_value_was_when_it_was_logged() -> None:
    (line,) = run(CHANGES_A_VALUE).stderr.splitlines()

    assert json.loads(line)["message"] == "as it was: [1]"


def test_each_process_writes_its_own_lines_once() -> None:
    done = run(FORKS, patched=True)

    assert ["parent" in line or "child" in line for line in done.stderr.splitlines()] == [True, True]


def test_a_line_that_was_cut_does_not_become_a_part_of_the_next() -> None:
    done = run(TORN)

    assert done.stderr.splitlines()[-2].endswith('"whole"}')
    assert done.stderr.splitlines()[-2].startswith("{")


def test_what_a_library_writes_to_stderr_is_logged() -> None:
    (line,) = run(LIBRARY_WRITES, patched=True).stderr.splitlines()

    assert json.loads(line)["message"] == "stderr: libpng warning: \\xff"

"""Work that blocks runs in threads of the system; each test of gevent's in a process of its own."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.native_threads import is_patched, run_in_native_thread, start_native_thread

ROOT = Path(__file__).parents[2]

PATCHED = "from gevent import monkey; monkey.patch_all()\n"

OTHERS_GO_ON = """
import gevent, os
from app.native_threads import run_in_native_thread
read, write = os.pipe()
reader = gevent.spawn(run_in_native_thread, os.read, read, 2)  # blocks its thread until something is written
gevent.spawn(os.write, write, b"ok").join()
print(reader.get(timeout=20))
"""

A_FAULT_RISES = """
from app.native_threads import run_in_native_thread
try:
    run_in_native_thread(int, "x")
except ValueError as error:
    print(error)
"""

CONTEXT_IS_SEEN = """
from contextvars import ContextVar
from app.native_threads import run_in_native_thread
name = ContextVar("name")
name.set("a request")
print(run_in_native_thread(name.get))
"""

QUEUES_CONNECT = """
import threading
from app.native_threads import native_queue, start_native_thread
work, done = native_queue(), threading.Event()
def take():
    print(work.get())
    done.set()
start_native_thread(take, "worker")
work.put("work")
done.wait(20)
"""

NESTED = """
from app.native_threads import run_in_native_thread
print(run_in_native_thread(run_in_native_thread, int, "7"))
"""


def printed(program: str) -> str:
    """What a program prints; it has to end by itself."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "", "nor does gevent print what its caller handles"
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param(OTHERS_GO_ON, "b'ok'", id="others go on"),
        pytest.param(A_FAULT_RISES, "invalid literal for int() with base 10: 'x'", id="a fault rises"),
        pytest.param(CONTEXT_IS_SEEN, "a request", id="context variables are seen"),
        pytest.param(QUEUES_CONNECT, "work", id="queues connect the two"),
        pytest.param(NESTED, "7", id="a call within a call"),
    ],
)
def test_under_gevent_work_runs_beside_the_loop(program: str, expected: str) -> None:
    assert printed(PATCHED + program) == expected


def test_without_gevent_work_runs_in_the_calling_thread() -> None:
    assert not is_patched()

    assert run_in_native_thread(threading.get_ident) == threading.get_ident()


def test_without_gevent_a_thread_is_a_daemon_with_its_name() -> None:
    found: list[tuple[str, bool]] = []
    ended = threading.Event()

    def note() -> None:
        thread = threading.current_thread()
        found.append((thread.name, thread.daemon))
        ended.set()

    start_native_thread(note, "watcher")

    assert ended.wait(20)
    assert found == [("watcher", True)]

"""Work that blocks runs in threads of the system; each test of gevent's in a process of its own."""

import subprocess
import sys

import pytest

from tests.service import ROOT

GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, os
from contextvars import ContextVar
from app.native_threads import run_in_native_thread
"""

OTHERS_GO_ON = """
read, write = os.pipe()
reader = gevent.spawn(run_in_native_thread, os.read, read, 2)  # blocks its thread until something is written
gevent.spawn(os.write, write, b"ok").join()
print(reader.get(timeout=120))
"""

A_FAULT_RISES = """
try:
    run_in_native_thread(int, "x")
except ValueError as error:
    print(error)
"""

CONTEXT_IS_SEEN = """
name = ContextVar("name")
name.set("a request")
print(run_in_native_thread(name.get))
"""

A_LOCK_IS_SHARED = """
from app.native_threads import native_lock, sleep_in_native_thread
lock = native_lock()
def hold():
    with lock:
        sleep_in_native_thread(0.001)
holding = [gevent.spawn(run_in_native_thread, hold) for _ in range(500)]
print(len([one.get(timeout=120) for one in holding]))
"""

A_PROCESS_DECODES = """
from inference.decode import decode
from tests.pictures import bmp, plain
decoding = [gevent.spawn(run_in_native_thread, decode, bmp(plain(30, 40)), 10**6) for _ in range(12)]
print({one.get(timeout=120).samples.shape for one in decoding})
"""


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (OTHERS_GO_ON, "b'ok'"),
        (A_FAULT_RISES, "invalid literal for int() with base 10: 'x'"),
        (CONTEXT_IS_SEEN, "a request"),
        (A_LOCK_IS_SHARED, "500"),
        (A_PROCESS_DECODES, "{(30, 40, 3)}"),
    ],
    ids=["others go on", "a fault rises", "context is seen", "a lock is shared", "a process decodes"],
)
def test_under_gevent_work_runs_beside_the_loop(program: str, expected: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", GEVENT + program]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)

    assert done.stdout.strip() == expected
    assert done.stderr == "", "nor does gevent print what its caller handles"

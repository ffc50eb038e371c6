"""Work that blocks runs in threads of the system beside the loop, in a process that gevent has patched."""

import subprocess
import sys

from tests.service import ROOT

PROGRAM = """
from gevent import monkey; monkey.patch_all()
import gevent, os
from contextvars import ContextVar
from app.native_threads import create_native_lock, run_in_native_thread, sleep_in_native_thread
from inference.pictures.decode import decode_image
from tests.pictures import bmp, plain

read, write = os.pipe()
reader = gevent.spawn(run_in_native_thread, os.read, read, 2)  # blocks its thread until something is written
gevent.spawn(os.write, write, b"ok").join()
print("others go on:", reader.get(timeout=120))

try:
    run_in_native_thread(int, "x")
except ValueError as error:
    print("a fault rises:", error)

name = ContextVar("name")
name.set("a request")
print("context is seen:", run_in_native_thread(name.get))

lock = create_native_lock()
def hold():
    with lock:
        sleep_in_native_thread(0.001)
holding = [gevent.spawn(run_in_native_thread, hold) for _ in range(500)]
print("a lock is shared:", len([one.get(timeout=120) for one in holding]))

decoding = [gevent.spawn(run_in_native_thread, decode_image, bmp(plain(30, 40)), 10**6) for _ in range(12)]
print("a process decodes:", {one.get(timeout=120).samples.shape for one in decoding})
"""

PRINTED = """\
others go on: b'ok'
a fault rises: invalid literal for int() with base 10: 'x'
context is seen: a request
a lock is shared: 500
a process decodes: {(30, 40, 3)}
"""


def test_under_gevent_work_runs_beside_the_loop() -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert (done.stdout, done.stderr) == (PRINTED, ""), "nor does gevent print what its caller handles"

"""How gunicorn runs the service. Read by `gunicorn -c gunicorn.conf.py wsgi:app`; `PORT` is the port.

app/__main__.py starts it so. Workers are processes, as many as the container may use cores: ONNX Runtime runs
on one thread in each.
"""

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from app.allocator import return_large_blocks
from app.observability.log_format import logging_config
from app.settings import SettingsError, settings_from_environment
from app.shares import Shares
from app.worker import DeadlineWorker
from inference.cores import usable_cores

SPARE_THREADS = 32
"""Threads beyond slots and queue: health routes and refusals get one when slow clients hold the others."""

COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client looks for the folder that all workers count in."""


def memory_directory() -> str | None:
    """A folder in memory for files that workers touch all the time; None leaves the choice to Python."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - files in it get random names


try:
    settings = settings_from_environment()
except SettingsError as error:
    sys.exit(f"wardrobe: {error}")

# OpenCV's own check, should a decoder ever read another size than inference/header.py does.
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(settings.max_pixels)

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or usable_cores())
DeadlineWorker.seconds = settings.request_seconds
DeadlineWorker.shares = Shares()
worker_class = DeadlineWorker  # a slow client holds a thread, not a worker, and not for ever
threads = settings.slots + settings.queue_length + SPARE_THREADS
worker_tmp_dir = memory_directory()
timeout = 120  # a worker pulls its release before it beats for the first time
graceful_timeout = 30
keepalive = 5
sendfile = False  # nothing is served from files, and worker.py joins what is sent
control_socket_disable = True  # gunicorn's control socket needs a writable home; roots may be read-only
forwarded_allow_ips = ""  # who a client is, TRUSTED_PROXIES settles; nobody else's word on schemes and paths
logconfig_dict = logging_config(
    settings
)  # one line a request comes from app/middleware, with the model's own timings


def on_starting(server: Any) -> None:
    """Tell the settings, once for all workers, and give these an empty folder to add up their counts in."""
    server.log.info("Settings: %s", settings.described())
    shared = os.environ.get(COUNTS)
    if shared is None:
        shared = server.made_for_counts = tempfile.mkdtemp(prefix="wardrobe-", dir=memory_directory())
        os.environ[COUNTS] = shared
    for left_over in (*Path(shared).glob("*.db"), Path(shared, "start-failed"), Path(shared, "started")):
        left_over.unlink(missing_ok=True)


def on_exit(server: Any) -> None:
    """Remove that folder, if it was made here and no newer master (SIGUSR2) counts in it."""
    made = getattr(server, "made_for_counts", None)
    if made is not None and server.reexec_pid == 0:
        shutil.rmtree(made, ignore_errors=True)


def pre_fork(server: Any, worker: Any) -> None:
    """Number the worker: it goes on counting in the files of the dead one that had its number."""
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in count() if number not in taken)


def post_fork(_server: Any, worker: Any) -> None:
    """Settle memory before the worker has any threads, and name the files that it counts in."""
    return_large_blocks()
    # Importing it settles how it counts, so it has to come after `on_starting` named the folder; and before
    # gevent replaces locks, which the native threads of a worker use as well.
    from prometheus_client import values  # noqa: PLC0415

    values.ValueClass = values.MultiProcessValue(lambda: worker.number)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    """On SIGTERM turn `/readyz` first, so that balancers look elsewhere."""
    # What was made until now stays: looking through it for garbage held a request up for 35 ms now and then.
    gc.collect()
    gc.freeze()
    service = worker.wsgi.extensions["wardrobe"]

    def drain_then_stop(number: int, frame: FrameType | None) -> None:
        service.drain()
        worker.keep_no_connection()
        threading.Timer(settings.drain_seconds, worker.handle_exit, (number, frame)).start()

    signal.signal(signal.SIGTERM, drain_then_stop)


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's gauges and connections out of the sums; its counts stay."""
    DeadlineWorker.shares.leave(worker.age)
    from prometheus_client import multiprocess  # noqa: PLC0415 - as in `post_fork`

    multiprocess.mark_process_dead(worker.number)  # type: ignore[no-untyped-call]

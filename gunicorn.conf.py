"""How gunicorn runs the service, on `PORT` of `BIND`. Read by `gunicorn -c gunicorn.conf.py wsgi:app`.

app/__main__.py starts it so. Workers are processes, as many as the container may use cores, and as its memory
holds: ONNX Runtime runs on one thread in each.
"""

import gc
import logging
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from itertools import count
from logging.config import dictConfig
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from app.bounded_body import DUE_SECONDS
from app.dotenv_file import DOTENV_PATH, describe_ignored_names, load_dotenv
from app.memory import count_fitting_workers, describe_memory_shortage, read_memory_limit
from app.observability.log_format import create_logging_config, format_startup_error
from app.observability.log_queue import redirect_stderr_to_log
from app.settings import SettingsError, parse_settings
from inference.cores import count_usable_cores
from inference.text.plain_text import escape_unprintable

WORKER = "app.worker.ClosingWorker"
"""gunicorn's gevent worker: docs/decisions/0005."""

OTHER_WORKER = (
    f"{{}} is no worker that serves here; {WORKER} is, which limits time. Leave --worker-class (-k) and "
    "--threads out, in GUNICORN_CMD_ARGS as well. Behind a proxy that limits time itself, "
    "`gunicorn -c /dev/null -k gthread --threads 4 wsgi:app` works without this file."
)

UNUSED_THREADS = (
    f"--threads {{}} has no effect: {WORKER} answers many connections on one thread. Set the number of "
    "workers by --workers (-w) or WEB_CONCURRENCY."
)

SHORTEST_TIMER = 1e-5
"""Seconds: 0 would end a timer of the system instead of starting it."""

POLL_SECONDS = 0.005
"""How long a worker answers the requests that it has before it polls its sockets for others."""

NO_UPGRADE = (
    "SIGUSR2 (a second master) is not supported: its workers' counts would mix. Use SIGHUP to reload."
)

COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Name of the environment variable with the folder in which prometheus_client keeps all workers' counts."""


def memory_directory() -> str | None:
    """Return a folder in memory for files that workers often touch; None leaves the choice to Python."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - files in it get random names


try:
    ignored_names = load_dotenv()
    settings = parse_settings(os.environ)
except SettingsError as error:
    sys.stderr.write(format_startup_error(str(error), os.environ.get("WARDROBE_LOG_FORMAT", "")))
    sys.exit(1)

host = (os.environ.get("BIND") or "127.0.0.1").strip("[]")
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"
memory = read_memory_limit()
workers = int(
    os.environ.get("WEB_CONCURRENCY") or count_fitting_workers(settings, count_usable_cores(), memory)
)
worker_class = WORKER
worker_tmp_dir = memory_directory()
timeout = 120  # a worker pulls its release before it beats for the first time
graceful_timeout = max(30, math.ceil(settings.drain_seconds) + 20)  # draining is included
keepalive = 5  # seconds; also the limit for a request's head
control_socket_disable = True  # gunicorn's control socket needs a writable home; roots may be read-only
forwarded_allow_ips = ""  # TRUSTED_PROXIES alone decides which headers name the client
# app/middleware logs requests, with the model's own timings. Given as `logconfig_dict`, gunicorn would put
# together an access line for each request as well, and drop it.
errorlog = None
loglevel = settings.log_level.lower()
dictConfig(create_logging_config(settings))
# No line names its place in the code, its thread or its process: "Optimization" in Python's logging HOWTO.
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def on_starting(server: Any) -> None:
    """End the start where no worker could serve: another worker class, or no folder for the counts."""
    chosen = server.cfg.worker_class_str
    if chosen != worker_class:
        end(OTHER_WORKER.format(chosen))
    if complaint := unusable_counts(os.environ.get(COUNTS, "")):
        end(complaint)


def end(reason: str) -> NoReturn:
    """End with a line that says why, the last one of the log."""
    for handler in logging.getLogger("gunicorn.error").handlers:
        handler.flush()
    sys.stderr.write(format_startup_error(reason, settings.log_format))
    sys.exit(1)


def unusable_counts(folder: str) -> str:
    """Describe why workers cannot count in a folder; empty if they can, and where none is named."""
    try:
        if folder:
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return (
            f"{COUNTS}={escape_unprintable(folder)}: {error.strerror}. Make that folder, or leave the "
            "variable out: each start then makes one in memory."
        )
    return ""


def when_ready(server: Any) -> None:
    """Log the settings, once for all workers, and give these an empty folder to add up their counts in."""
    if DOTENV_PATH.is_file():
        server.log.info("%s was read; variables of the environment prevail.", DOTENV_PATH.absolute())
    if warning := describe_ignored_names(ignored_names):
        server.log.warning("%s", warning)
    if settings.log_format == "json":
        server.log.info("Settings", extra={"settings": settings.dump_masked()})
    else:
        server.log.info("Settings: %s", settings.format_for_log())
    if server.cfg.threads > 1:
        server.log.warning("%s", UNUSED_THREADS.format(server.cfg.threads))
    if warning := describe_memory_shortage(settings, server.cfg.workers, memory):
        server.log.warning("%s", warning)
    shared = os.environ.get(COUNTS)
    if not shared:
        shared = server.made_for_counts = tempfile.mkdtemp(prefix="wardrobe-", dir=memory_directory())
        os.environ[COUNTS] = shared
    for left_over in (*Path(shared).glob("*.db"), Path(shared, "start-failed"), Path(shared, "started")):
        left_over.unlink(missing_ok=True)
    signal.signal(signal.SIGUSR2, lambda *_: server.log.warning(NO_UPGRADE))


def on_exit(server: Any) -> None:
    """Remove that folder, if it was made here; after a failed start, end with the line that says why."""
    reason = Path(os.environ.get(COUNTS, ""), "start-failed")
    message = reason.read_text("utf-8") if reason.is_file() else ""
    made = getattr(server, "made_for_counts", None)
    if made is not None:
        shutil.rmtree(made, ignore_errors=True)
    if message:
        end(message)


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker a number. It goes on counting in the files of a dead worker with that number."""
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in count() if number not in taken)


def post_fork(_server: Any, worker: Any) -> None:
    """Let the worker end while it still starts, and name the files that it counts in."""
    # What it inherits is the master's handler, which would lose the signal until gunicorn sets the worker's.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Importing it settles how it counts, so it has to come after `when_ready` named the folder; and before
    # gevent replaces locks, which the native threads of a worker use as well.
    from prometheus_client import values  # noqa: PLC0415

    values.ValueClass = values.MultiProcessValue(lambda: worker.number)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    """Turn `/readyz` first on SIGTERM, so that balancers look elsewhere; log what libraries print."""
    redirect_stderr_to_log()
    # What was made until now stays: looking through it for garbage held a request up for 35 ms now and then.
    gc.collect()
    gc.freeze()
    worker.request_seconds = settings.request_seconds
    service = getattr(worker.wsgi, "extensions", {}).get("wardrobe")

    def drain_then_stop(_number: int, _frame: FrameType | None) -> None:
        worker.is_draining = True
        if service is not None:
            service.drain()
        # Not by a thread or a greenlet: neither can be started where gevent runs signal handlers.
        signal.signal(signal.SIGALRM, worker.handle_exit)
        signal.setitimer(signal.ITIMER_REAL, max(settings.drain_seconds, SHORTEST_TIMER))

    signal.signal(signal.SIGTERM, drain_then_stop)


def post_request(worker: Any, _request: Any, _environ: Any, _response: Any) -> None:
    """Let other connections go on now and then: one whose next request is always there keeps the loop."""
    if time.monotonic() - worker.polled_at >= POLL_SECONDS:
        time.sleep(DUE_SECONDS)  # gevent's
        worker.polled_at = time.monotonic()


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the sums; its counts stay."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - as in `post_fork`

    multiprocess.mark_process_dead(worker.number)  # type: ignore[no-untyped-call]

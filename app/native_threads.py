"""Run blocking work in threads of the operating system, so that gevent's event loop serves other requests.

gunicorn's gevent worker serves all connections of a process on one thread, and gevent makes `threading` start
greenlets on that thread. A call that does not wait for a socket and takes long (decoding a large picture,
loading a release, writing to a full pipe) would stop every other request. Under another server, `threading`
is Python's own, and these functions use it directly.
"""

import contextvars
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def run_in_native_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in another thread while the event loop serves other requests, and return its result.

    On gevent's event loop the function runs in a pool of native threads, with the caller's context variables.
    Without an event loop the function runs in the calling thread. Its exceptions are raised to the caller.
    """
    if not _is_on_event_loop():
        return function(*args, **kwargs)
    import gevent  # noqa: PLC0415 - already loaded here, and missing under other servers

    context = contextvars.copy_context()
    raised: list[BaseException] = []

    def call() -> T | None:
        try:
            return context.run(function, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - raised below, because gevent prints every error that it sees
            raised.append(error)
            return None

    result: T = gevent.get_hub().threadpool.apply(call)
    if raised:
        raise raised.pop()
    return result


def start_native_thread(target: Callable[[], None], name: str) -> None:
    """Start a daemon thread of the operating system, even if gevent has replaced Python's threads.

    The thread and the event loop may share `threading.Event`s, and what `create_native_queue` and
    `create_native_lock` return. gevent's own queues and locks do not work between threads.

    Args:
        target: the function that the thread runs.
        name: the name of the thread. Under gevent the thread has no name.
    """
    if not is_patched_by_gevent():
        threading.Thread(target=target, name=name, daemon=True).start()
        return
    import gevent  # noqa: PLC0415 - as above

    # Two threads that make their first hub at once wait for each other's import locks for ever.
    gevent.get_hub()
    _get_original("_thread", "start_new_thread")(target, ())


def create_native_queue() -> "queue.SimpleQueue[Any]":
    """Return an unbounded queue that native threads and gevent's event loop can share.

    gevent's own queues work only within one thread. `put` never waits. `get` blocks its thread, so it must
    not be called on the event loop.
    """
    new_queue: queue.SimpleQueue[Any] = _get_original("queue", "SimpleQueue")()
    return new_queue


def create_native_lock() -> AbstractContextManager[bool]:
    """Return a lock that native threads and gevent's event loop can share.

    Hold it only for microseconds, since the whole event loop waits for it. Threads that wait for one of
    gevent's own locks may wait for ever.
    """
    new_lock: AbstractContextManager[bool] = _get_original("_thread", "allocate_lock")()
    return new_lock


def sleep_in_native_thread(seconds: float) -> None:
    """Pause the calling thread, which `start_native_thread` must have started."""
    _get_original("time", "sleep")(seconds)


def _get_original(module: str, name: str) -> Any:  # noqa: ANN401 - whatever gevent may have replaced
    """Return a part of a module as Python defines it, even if gevent has replaced it."""
    if not is_patched_by_gevent():
        return getattr(import_module(module), name)
    from gevent.monkey import get_original  # noqa: PLC0415 - as above

    return get_original(module, name)


def is_patched_by_gevent() -> bool:
    """Return whether gevent has replaced Python's threads by its own greenlets in this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _is_on_event_loop() -> bool:
    if not is_patched_by_gevent():
        return False
    import gevent  # noqa: PLC0415 - as above

    return bool(gevent.get_hub().main_hub)

"""Run work that blocks off the event loop. Only this file, worker.py and bounded_body.py import gevent.

gunicorn's gevent worker serves all connections of a process on one thread, and gevent makes `threading`
start greenlets on it. A call that neither waits on a socket nor ends soon (decoding a large picture, loading
a release, a write to a full pipe) would stop every other request: it belongs in a thread of the system.
Under another server `threading` is as Python made it, and these functions add nothing.
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
    """Call `function` and return what it returns, while other requests go on.

    On the event loop it runs in gevent's pool of native threads, with the caller's context variables, and
    elsewhere in the calling thread. Raises what `function` raises.
    """
    if not _is_on_event_loop():
        return function(*args, **kwargs)
    import gevent  # noqa: PLC0415 - loaded already, and absent under other servers

    context = contextvars.copy_context()
    raised: list[BaseException] = []

    def call() -> T | None:
        try:
            return context.run(function, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - raised below; gevent prints whatever it sees
            raised.append(error)
            return None

    result: T = gevent.get_hub().threadpool.apply(call)
    if raised:
        raise raised.pop()
    return result


def start_native_thread(target: Callable[[], None], name: str) -> None:
    """Run `target` in a thread of the system that does not keep the process alive.

    Events connect such a thread to the event loop; of the queues, only `native_queue`, and `native_lock`.
    """
    if not is_patched_by_gevent():
        threading.Thread(target=target, name=name, daemon=True).start()
        return
    import gevent  # noqa: PLC0415 - as above

    # Two threads that make their first hub at once wait for each other's import locks for ever.
    gevent.get_hub()
    _get_original("_thread", "start_new_thread")(target, ())


def create_native_queue() -> "queue.SimpleQueue[Any]":
    """An unbounded queue between native threads and the event loop; gevent's own know one thread alone.

    `put` never waits. `get` waits in the calling thread, so call it in a native one.
    """
    new_queue: queue.SimpleQueue[Any] = _get_original("queue", "SimpleQueue")()
    return new_queue


def create_native_lock() -> AbstractContextManager[bool]:
    """A lock for work of some microseconds that native threads and the event loop share.

    Native threads that wait for one lock of gevent's may wait for ever.
    """
    new_lock: AbstractContextManager[bool] = _get_original("_thread", "allocate_lock")()
    return new_lock


def sleep_in_native_thread(seconds: float) -> None:
    """Pause a thread that `start_native_thread` started."""
    _get_original("time", "sleep")(seconds)


def _get_original(module: str, name: str) -> Any:  # noqa: ANN401 - whatever gevent may have replaced
    """A part of a module as Python made it."""
    if not is_patched_by_gevent():
        return getattr(import_module(module), name)
    from gevent.monkey import get_original  # noqa: PLC0415 - as above

    return get_original(module, name)


def is_patched_by_gevent() -> bool:
    """Whether gevent has replaced Python's threads by greenlets in this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _is_on_event_loop() -> bool:
    if not is_patched_by_gevent():
        return False
    import gevent  # noqa: PLC0415 - as above

    return bool(gevent.get_hub().main_hub)

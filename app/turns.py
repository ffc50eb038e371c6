"""Connections whose clients keep asking take turns on one thread; another takes over while that one is busy.

Threads of Python hand one lock to each other at every step, and wait for a core each time: beside other work,
a thread for each of 8 clients answered 900 requests a second, and one for all of them 2,000. A turn also
spares the way through the worker's two queues. Used by worker.py; knows no HTTP.
"""

import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor

from app.connection import Connection

KEEP_SECONDS = 0.1
"""How long a connection that is silent keeps its turn; then it waits elsewhere."""

PATIENCE_SECONDS = 0.004
"""How long whoever has sent something waits for a thread that is busy with another; then a new one comes."""


class Turns:
    """Serves the connections that are added, as long as they keep asking.

    Args:
        threads: where the one thread comes from, and those that take over.
        serve: answers one request; whether the connection stays open.
        hand_back: takes a connection that is silent, or else closed, with whether it stays open.
    """

    def __init__(
        self,
        threads: Executor,
        serve: Callable[[Connection], bool],
        hand_back: Callable[[Connection, bool], None],
    ) -> None:
        self._threads = threads
        self._serve = serve
        self._hand_back = hand_back
        self._epoll = select.epoll()
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Connection, float]] = {}
        self._turns = 0
        self._whose: object = None
        self._called = False
        self._ended = False

    def begin(self) -> None:
        """Start the thread that serves, and the one that looks after it."""
        self._call()
        threading.Thread(target=self._relieve_for_ever, name="relief", daemon=True).start()

    def end(self) -> None:
        """Let the threads end, soon."""
        self._ended, self._whose = True, None

    def add(self, connection: Connection) -> None:
        """Serve a connection from now on."""
        number = connection.sock.fileno()
        # Whoever is told that it has sent something has it alone, until it is added again.
        arm = self._epoll.modify if connection.takes_turns else self._epoll.register
        with self._lock:
            self._waiting[number] = (connection, time.monotonic() + KEEP_SECONDS)
            connection.takes_turns = True
            arm(number, select.EPOLLIN | select.EPOLLONESHOT)

    def _call(self) -> None:
        self._called = True
        self._threads.submit(self._take_turns)

    def _take_turns(self) -> None:
        """Serve until another thread has taken over."""
        mine = self._whose = object()
        self._called = False
        look_at = 0.0
        try:
            while self._whose is mine and not self._ended:
                for number, _ in self._epoll.poll(KEEP_SECONDS, 1):
                    self._turn(number)
                if time.monotonic() > look_at:
                    look_at = time.monotonic() + KEEP_SECONDS
                    self._send_silent_away()
        finally:
            if self._whose is mine and not self._ended:  # a turn failed, and the others go on
                self._call()

    def _turn(self, number: int) -> None:
        connection, _ = self._waiting.pop(number, (None, 0.0))
        if connection is None:  # sent away, just before it spoke
            return
        stays = False
        try:
            stays = self._serve(connection)
        finally:
            self._turns += 1
            if stays:
                self.add(connection)
            else:
                self._hand_back(connection, stays)

    def _send_silent_away(self) -> None:
        with self._lock:
            now = time.monotonic()
            long_waiting = [number for number, (_, until) in list(self._waiting.items()) if until < now]
            away = [self._remove(number) for number in _silent(long_waiting)]
        for connection in away:
            if connection is not None:
                self._hand_back(connection, True)

    def _remove(self, number: int) -> Connection | None:
        connection, _ = self._waiting.pop(number, (None, 0.0))
        if connection is not None:  # else it has its turn
            self._epoll.unregister(number)
            connection.takes_turns = False
        return connection

    def _relieve_for_ever(self) -> None:
        """Call another thread whenever somebody waits and nobody has had a turn."""
        poll = select.poll()
        poll.register(self._epoll.fileno(), select.POLLIN)
        while not self._ended:
            poll.poll()
            before = self._turns
            time.sleep(PATIENCE_SECONDS)
            if before == self._turns and poll.poll(0) and not (self._called or self._ended):
                self._call()


def _silent(numbers: list[int]) -> list[int]:
    """Those that have sent nothing; of a hundred that keep asking, the last waits long for its turn."""
    poll = select.poll()
    for number in numbers:
        poll.register(number, select.POLLIN)
    spoke = {number for number, _ in poll.poll(0)}
    return [number for number in numbers if number not in spoke]

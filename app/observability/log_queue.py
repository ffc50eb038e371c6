"""Write log lines from a thread of their own: a stderr that is full, closed or not read delays no request.

A native thread formats the records and writes them; one that names values or an error is formatted where it
is logged, while these are as they were. Lines that find the queue full and lines that cannot be written are
dropped and counted; when writing works again, a line says how many. Not a QueueListener, which starts its
thread through `threading`: under gevent, a greenlet on the event loop.
"""

import logging
import os
from collections.abc import Callable
from itertools import accumulate
from logging.handlers import QueueHandler
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from app.native_threads import create_native_queue, sleep_in_native_thread, start_native_thread

log = logging.getLogger("wardrobe")

STDERR = 2
"""The file descriptor: Python's stream keeps what it could not write, and its lock with a blocked writer."""

MAX_QUEUED_LINES = 10_000
"""Lines that may wait to be written: about 20 MB."""

WRITE_INTERVAL_SECONDS = 0.02
"""Between two writes: each takes the interpreter from the requests, so that lines are gathered."""

FLUSH_SECONDS = 1.0
"""How long the end of a process may wait for its last lines to be written."""

MAX_LINE_BYTES = 8192
"""Bytes that one line of a library may have; a longer one becomes several."""

DROPPED_MESSAGE = "%d log lines were dropped: stderr was full, closed or not read."

LogLine: TypeAlias = str | logging.LogRecord
"""A line, or a record that is formatted when it is written."""

QueueItem: TypeAlias = "LogLine | SimpleQueue[None] | None"
"""A line, a queue to answer on once all lines before it are written, or None to end the thread."""


class BackgroundHandler(QueueHandler):
    """A queue in front of stderr, and the thread that empties it: one of each per process."""

    queue: SimpleQueue[QueueItem]
    _process: int

    def __init__(self) -> None:
        super().__init__(create_native_queue())
        self.count_drops: Callable[[int], None] = lambda lines: None
        self.descriptor = STDERR
        self._reset_counts()

    def prepare(self, record: logging.LogRecord) -> LogLine:
        """Format a record if the values that it names may change until it is written."""
        return self.format(record) if record.args or record.exc_info else record

    def enqueue(self, line: Any) -> None:  # noqa: ANN401 - what `prepare` has made of a record
        """Queue a line or drop it, without waiting; the caller holds the handler's lock."""
        if self._process != os.getpid():
            self._start_thread()
        if self.queue.qsize() < MAX_QUEUED_LINES:
            self.queue.put(line)
        else:
            self._refused += 1
        if uncounted := self._dropped_count - self._counted:
            self._counted += uncounted
            self.count_drops(uncounted)

    def flush(self) -> None:
        """Wait until what was logged is written, for FLUSH_SECONDS at most; Python calls this at its exit."""
        if self._process == os.getpid():
            reached = create_native_queue()
            self.queue.put(reached)
            try:
                reached.get(timeout=FLUSH_SECONDS)
            except Empty:
                return

    def close(self) -> None:
        """End the thread once it has written what is queued."""
        if self._process == os.getpid():
            self.queue.put(None)
            self._process = 0
        super().close()

    @property
    def _dropped_count(self) -> int:
        """Lines of this process: each of the two counts has one writer, so that neither needs a lock."""
        return self._refused + self._unwritten

    def _reset_counts(self) -> None:
        self._process, self._torn = 0, False
        self._refused = self._unwritten = self._counted = self._announced = 0

    def _start_thread(self) -> None:
        """Start in this process: no thread survives a fork, and what is queued by then is its parent's."""
        self._reset_counts()
        lines = self.queue = create_native_queue()
        self._process = os.getpid()
        start_native_thread(lambda: self._write_all(lines), "log")

    def _write_all(self, lines: SimpleQueue[QueueItem]) -> None:
        goes_on = True
        while goes_on:
            items = [lines.get()]
            items += [lines.get() for _ in range(lines.qsize())]  # this thread alone takes any
            self._write_batch([item for item in items if isinstance(item, LogLine)], lines)
            for item in items:
                if item is None:
                    goes_on = False
                elif not isinstance(item, LogLine):
                    item.put(None)
            sleep_in_native_thread(WRITE_INTERVAL_SECONDS)  # what comes meanwhile is written at once

    def _write_batch(self, batch: list[LogLine], lines: SimpleQueue[QueueItem]) -> None:
        unwritten = self._write_lines(batch)
        self._unwritten += unwritten
        if (
            not unwritten
            and lines.qsize() <= MAX_QUEUED_LINES / 2
            and (missing := self._dropped_count - self._announced)
        ):
            self._announced += missing
            self._write_lines([_create_announcement(missing)])

    def _format_line(self, line: LogLine) -> str:
        if isinstance(line, str):
            return line
        try:
            return self.format(line)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: else no line would be written any more
            return f"A log line of {line.name} could not be formatted: {error!r}"

    def _write_lines(self, batch: list[LogLine]) -> int:
        """Write lines at once; returns how many were not written whole."""
        encoded = [f"{self._format_line(line)}\n".encode("utf-8", "backslashreplace") for line in batch]
        # A part of a line may be there already: what follows must not become a part of it.
        rest = b"\n" * self._torn + b"".join(encoded)
        try:
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:  # the disk is full, or there is no reader: there may be room for the next line
            ends = list(accumulate(map(len, reversed(encoded))))
            unwritten = sum(end <= len(rest) for end in ends)
            is_cut = len(rest) not in (0, *ends) and len(rest) < ends[-1]
            self._torn = is_cut or (self._torn and unwritten == len(batch))
            return unwritten + is_cut
        self._torn = False
        return 0


def set_drop_counter(count: Callable[[int], None]) -> None:
    """Have `count` called with the number of log lines that this process drops."""
    for handler in _find_handlers():
        handler.count_drops = count


def redirect_stderr_to_log() -> None:
    """Log what libraries write to stderr themselves, as decoders do for damaged pictures. Once in a process.

    stderr becomes a pipe that a native thread reads: a library that writes waits for no reader of the log.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)  # when the pipe is full, the library's line is lost
    for handler in _find_handlers():
        handler.descriptor = os.dup(STDERR)
    os.dup2(write_end, STDERR)
    os.close(write_end)
    start_native_thread(lambda: _log_lines_from(read_end), "stderr")


def _log_lines_from(descriptor: int) -> None:
    with open(descriptor, "rb") as stderr:
        while line := stderr.readline(MAX_LINE_BYTES):
            if text := line.decode("utf-8", "backslashreplace").rstrip():
                log.warning("stderr: %s", text)


def _find_handlers() -> list[BackgroundHandler]:
    return [handler for handler in log.handlers if isinstance(handler, BackgroundHandler)]


def _create_announcement(missing: int) -> logging.LogRecord:
    return log.makeRecord(log.name, logging.WARNING, "", 0, DROPPED_MESSAGE, (missing,), None)

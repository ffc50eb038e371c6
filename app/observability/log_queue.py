"""Write log lines from a thread of their own, so that a full, closed or unread stderr delays no request.

A native thread formats the records and writes them. A record with arguments or an error is formatted where it
is logged, because these may change later. If the queue is full, or a line cannot be written, the line is
dropped and counted. When writing works again, a line says how many were dropped. logging's QueueListener is
not used, since it starts its thread through `threading`. Under gevent that would be a greenlet on the event
loop.
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
"""File descriptor of stderr. Python's stream is not used: it keeps text that it could not write, and a
blocked writer holds its lock."""

MAX_QUEUED_LINES = 10_000
"""Largest number of lines that may wait to be written, about 20 MB."""

WRITE_INTERVAL_SECONDS = 0.02
"""Seconds between two writes. Each write takes the interpreter from the requests, so lines are gathered."""

FLUSH_SECONDS = 1.0
"""Seconds for which a process that ends waits at most until its last log lines are written."""

MAX_LINE_BYTES = 8192
"""Largest number of bytes of a line that a library writes to stderr. A longer line becomes several log
lines."""

DROPPED_MESSAGE = "%d log lines were dropped: stderr was full, closed or not read."
"""Log message that says how many log lines are missing."""

LogLine: TypeAlias = str | logging.LogRecord
"""A formatted log line, or a record that is formatted when the thread writes it."""

QueueItem: TypeAlias = "LogLine | SimpleQueue[None] | None"
"""An item for the writing thread: a log line to write; a queue, into which the thread puts None once all
earlier lines are written; or None, after which the thread ends."""


class BackgroundHandler(QueueHandler):
    """A logging handler that puts lines into a queue, from which a thread writes them to stderr.

    Logging therefore never waits for a full, closed or unread stderr. Each process has its own queue and
    thread.
    """

    queue: SimpleQueue[QueueItem]
    _process: int

    def __init__(self) -> None:
        super().__init__(create_native_queue())
        self.count_drops: Callable[[int], None] = lambda lines: None
        self.descriptor = STDERR
        self._reset_counts()

    def prepare(self, record: logging.LogRecord) -> LogLine:
        """Return a record unchanged, or its formatted line if its arguments may change before it is logged.

        A record without arguments and exception is formatted later, by the writing thread.
        """
        return self.format(record) if record.args or record.exc_info else record

    def enqueue(self, line: Any) -> None:  # noqa: ANN401 - what `prepare` has made of a record
        """Put a log line into the queue without waiting; if the queue is full, drop and count the line.

        The caller holds the lock of the handler.
        """
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
        """Wait until all lines so far are written, at most FLUSH_SECONDS. Python calls this at its exit."""
        if self._process == os.getpid():
            reached = create_native_queue()
            self.queue.put(reached)
            try:
                reached.get(timeout=FLUSH_SECONDS)
            except Empty:
                return

    def close(self) -> None:
        """Stop the writing thread once it has written the queued lines."""
        if self._process == os.getpid():
            self.queue.put(None)
            self._process = 0
        super().close()

    @property
    def _dropped_count(self) -> int:
        """Number of lines that this process has dropped. Each of its two parts has one writer, so no lock."""
        return self._refused + self._unwritten

    def _reset_counts(self) -> None:
        self._process = 0
        self._torn = False
        self._refused = self._unwritten = self._counted = self._announced = 0

    def _start_thread(self) -> None:
        """Start in this process. A fork keeps no threads, and earlier lines belong to the parent."""
        self._reset_counts()
        lines = self.queue = create_native_queue()
        self._process = os.getpid()
        start_native_thread(lambda: self._write_all(lines), "log")

    def _write_all(self, lines: SimpleQueue[QueueItem]) -> None:
        goes_on = True
        while goes_on:
            items = [lines.get()]
            items += [lines.get() for _ in range(lines.qsize())]  # no other thread takes items
            self._write_batch([item for item in items if isinstance(item, LogLine)], lines)
            for item in items:
                if item is None:
                    goes_on = False
                elif not isinstance(item, LogLine):
                    item.put(None)
            sleep_in_native_thread(
                WRITE_INTERVAL_SECONDS
            )  # lines that come during the pause are written together

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
        except Exception as error:  # noqa: BLE001 - logging goes on
            return f"A log line of {line.name} could not be formatted: {error!r}"

    def _write_lines(self, batch: list[LogLine]) -> int:
        """Write lines at once, and return the number of lines that were not written whole."""
        encoded = [f"{self._format_line(line)}\n".encode("utf-8", "backslashreplace") for line in batch]
        # If a part of a line was written before, a newline separates it from the next line.
        rest = b"\n" * self._torn + b"".join(encoded)
        try:
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:  # the disk is full, or nobody reads; the next line may fit
            ends = list(accumulate(map(len, reversed(encoded))))
            unwritten = sum(end <= len(rest) for end in ends)
            is_cut = len(rest) not in (0, *ends) and len(rest) < ends[-1]
            self._torn = is_cut or (self._torn and unwritten == len(batch))
            return unwritten + is_cut
        self._torn = False
        return 0


def set_drop_counter(count: Callable[[int], None]) -> None:
    """Set the function that is told how many log lines were dropped.

    Args:
        count: a function that gets the number of lines dropped since its last call.
    """
    for handler in _find_handlers():
        handler.count_drops = count


def redirect_stderr_to_log() -> None:
    """Log every line that a library writes to stderr, such as a decoder's warning about a damaged picture.

    Call this once. stderr becomes a pipe that a native thread reads, so a library that writes to stderr never
    waits for a reader of the log.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)  # if the pipe is full, the line of the library is lost
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

"""Write log lines in a thread of their own, so that a full, closed or unread stderr delays no request.

If too many lines wait, or a line cannot be written, it is dropped and counted. When writing works again, a
line says how many were dropped.
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
"""File descriptor of stderr. Lines are written to it directly, because Python's stream keeps text that it
could not write, and is locked while a write waits."""

MAX_QUEUED_LINES = 10_000
"""Largest number of lines that may wait to be written, about 20 MB."""

WRITE_INTERVAL_SECONDS = 0.02
"""Seconds between two writes. Each write interrupts the requests, so lines are gathered in between."""

FLUSH_SECONDS = 1.0
"""Largest number of seconds that a process waits at its end until its last log lines are written."""

MAX_LINE_BYTES = 8192
"""Largest number of bytes of a line that a library writes to stderr. A longer line becomes several log
lines."""

DROPPED_MESSAGE = "%d log lines were dropped: stderr was full, closed or not read."
"""Log message that says how many log lines are missing."""

LogLine: TypeAlias = str | logging.LogRecord
"""A formatted log line, or a record that the writing thread still has to format."""

QueueItem: TypeAlias = "LogLine | SimpleQueue[None] | None"
"""An item for the writing thread. A log line is written. Into a queue, the thread puts None once all earlier
lines are written. None ends the thread."""


class BackgroundHandler(QueueHandler):
    """A logging handler that puts lines into a queue, from which a thread writes them to stderr.

    Therefore logging never waits for a full, closed or unread stderr. Each process has its own queue and
    thread.

    Attributes:
        count_drops: the function that is told how many further lines were dropped.
        descriptor: the file descriptor to which lines are written.
    """

    queue: SimpleQueue[QueueItem]
    _process: int

    def __init__(self) -> None:
        super().__init__(create_native_queue())
        self.count_drops: Callable[[int], None] = lambda lines: None
        self.descriptor = STDERR
        self._reset_counts()

    def prepare(self, record: logging.LogRecord) -> LogLine:
        """Return the formatted line of a record, or the record itself if the writing thread may format it."""
        # Arguments and tracebacks may change until then.
        return self.format(record) if record.args or record.exc_info else record

    def enqueue(self, line: Any) -> None:  # noqa: ANN401 - what `prepare` has made of a record
        """Put a log line into the queue without waiting; if the queue is full, drop and count the line."""
        # `logging` calls this with the lock of the handler, so only one thread at a time is here.
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
        """Number of lines that this process has dropped."""
        # Each number has one writer, the logging threads or the writing thread, so neither needs a lock.
        return self._refused + self._unwritten

    def _reset_counts(self) -> None:
        self._process = 0
        self._is_torn = False  # whether the last write ended within a line
        self._refused = self._unwritten = self._counted = self._announced = 0

    def _start_thread(self) -> None:
        """Start the writing thread of this process, with a queue and counts of its own."""
        # After a fork there is no such thread, and the queued lines are those of the parent.
        self._reset_counts()
        lines = self.queue = create_native_queue()
        self._process = os.getpid()
        # logging's QueueListener would start it through `threading`: under gevent, a greenlet on the event
        # loop.
        start_native_thread(lambda: self._write_all(lines), "log")

    def _write_all(self, lines: SimpleQueue[QueueItem]) -> None:
        is_ended = False
        while not is_ended:
            items = [lines.get()]
            items += [lines.get() for _ in range(lines.qsize())]  # no other thread takes items
            self._write_batch([item for item in items if isinstance(item, LogLine)], lines)
            for item in items:
                if item is None:
                    is_ended = True
                elif not isinstance(item, LogLine):
                    item.put(None)
            sleep_in_native_thread(WRITE_INTERVAL_SECONDS)

    def _write_batch(self, batch: list[LogLine], lines: SimpleQueue[QueueItem]) -> None:
        unwritten = self._write_lines(batch)
        self._unwritten += unwritten
        # The announcement waits until half of the queue is free, or it would be one more line to drop.
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
        rest = b"\n" * self._is_torn + b"".join(encoded)
        try:
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:  # the disk is full, or nobody reads; the next line may fit
            # The number of bytes that are left if the last line, the last two lines and so on are not
            # written.
            ends = list(accumulate(map(len, reversed(encoded))))
            unwritten = sum(end <= len(rest) for end in ends)
            is_cut = len(rest) not in (0, *ends) and len(rest) < ends[-1]
            self._is_torn = is_cut or (self._is_torn and unwritten == len(batch))
            return unwritten + is_cut
        self._is_torn = False
        return 0


def set_dropped_line_counter(count_dropped_lines: Callable[[int], None]) -> None:
    """Set the function that is told how many log lines were dropped.

    Args:
        count_dropped_lines: a function that gets the number of lines dropped since its last call.
    """
    for handler in _find_handlers():
        handler.count_drops = count_dropped_lines


def redirect_stderr_to_log() -> None:
    """Log every line that a library writes to stderr, such as a decoder's warning about a damaged picture.

    Call this once. stderr becomes a pipe that a native thread reads, so a library that writes to it never
    waits.
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

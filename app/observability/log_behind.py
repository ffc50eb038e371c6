"""Log lines written behind the requests: those of a tenth of a second at once, by a thread of its own.

A request makes its line, while what it tells of is at hand, and does not wait for whoever reads stderr.
Warnings and worse are written at once, with all that came before; an end in good order writes the rest.
What is killed loses a tenth of a second.
"""

import logging
import sys
import threading
import time
from collections import deque

DELAY_SECONDS = 0.1
"""How long a line may wait. Requests wait for the thread, too, each time that it runs."""

MOST_LINES = 10_000
"""So many may wait, 3 MB or several seconds' worth; then requests do wait for whoever reads them."""


class WriteBehind(logging.Handler):
    """A handler that gathers lines, for its thread to write to stderr."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._waiting = threading.Event()
        threading.Thread(target=self._write_for_ever, name="log", daemon=True).start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a line down. Without a lock: appending is one step."""
        try:
            self._lines.append(self.format(record))
        except Exception:  # noqa: BLE001 - as all handlers do: no log line is worth a request
            self.handleError(record)
        if record.levelno >= logging.WARNING or len(self._lines) >= MOST_LINES:
            self.flush()
        elif not self._waiting.is_set():
            self._waiting.set()
        return True

    def flush(self) -> None:
        """Write what has come by now."""
        self.acquire()
        try:
            self._waiting.clear()
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            sys.stderr.write("".join([line + "\n" for line in lines]))
            sys.stderr.flush()
        finally:
            self.release()

    def _write_for_ever(self) -> None:
        while True:
            self._waiting.wait()
            time.sleep(DELAY_SECONDS)
            self.flush()


def write_log_behind() -> None:
    """Let this process write the lines of our log behind its requests; call it when it has been forked."""
    ours = logging.getLogger("wardrobe")
    if not ours.handlers:  # another app is served: the floor of the benchmarks logs nothing
        return
    behind = WriteBehind()
    behind.setFormatter(ours.handlers[0].formatter)
    ours.handlers = [behind]

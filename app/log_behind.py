"""Log lines written behind the requests: those of a fiftieth of a second at once, by a thread of its own.

Between two runs of a model each line is made from cold caches and written for itself, in 70 us; made and
written together they take less than half of that, and no request waits for them. Warnings and worse are
written at once, with all that came before; an end in good order writes the rest. What is killed loses a
fiftieth of a second.
"""

import logging
import sys
import threading
import time
from collections import deque

DELAY_SECONDS = 0.02
"""How long a line may wait. A tenth of a second's lines, made at once, hold the interpreter for 1 to 2 ms."""


class WriteBehind(logging.Handler):
    """A handler that gathers records, for its thread to turn into lines on stderr."""

    def __init__(self) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque()
        self._waiting = threading.Event()
        threading.Thread(target=self._write_for_ever, name="log", daemon=True).start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record down. Without a lock: appending is one step."""
        self._records.append(record)
        if record.levelno >= logging.WARNING:
            self.flush()
        elif not self._waiting.is_set():
            self._waiting.set()
        return True

    def flush(self) -> None:
        """Write what has come by now."""
        self.acquire()
        try:
            self._waiting.clear()
            records = [self._records.popleft() for _ in range(len(self._records))]
            sys.stderr.write("".join([self.format(record) + "\n" for record in records]))
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

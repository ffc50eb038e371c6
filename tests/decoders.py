"""End the process that decodes a HEIC or AVIF, as the system does where memory is short."""

import os
import signal
import time
from pathlib import Path


def kill_the_decoder() -> None:
    """End the first child of this process that decodes."""
    for _ in range(100_000):
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
                command = status.with_name("cmdline").read_bytes()
            except OSError:
                continue
            if parent == os.getpid() and b"isolated_decoder.py" in command:
                os.kill(int(status.parent.name), signal.SIGKILL)
                return
        time.sleep(0.001)

"""End the processes that decode, as the system does where memory is short."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path


def children_that_decode(parent: int) -> Iterator[int]:
    """Processes of isolated_decoder.py: of ours the template, of the template those that it forked."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            its_parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if its_parent == parent and b"isolated_decoder.py" in command:
            yield int(status.parent.name)


def kill_the_decoder() -> None:
    """End the first process that decodes for this one."""
    for _ in range(100_000):
        for template in children_that_decode(os.getpid()):
            for decoder in children_that_decode(template):
                os.kill(decoder, signal.SIGKILL)
                return
        time.sleep(0.001)


def kill_the_template() -> None:
    """End the process that forks the decoders of this one, and wait until it has ended."""
    for template in children_that_decode(os.getpid()):
        os.kill(template, signal.SIGKILL)
        os.waitid(os.P_PID, template, os.WEXITED | os.WNOWAIT)

"""Run graphs once, in a process that the kernel bounds: python -m inference.isolated_graph.

A graph may not end, or take all memory, and ONNX Runtime has no limit for either. The first line of standard
input is the order, an Order as JSON; the pixels of its graphs follow. What a graph answers is thrown away:
its user runs it again, knowing that it ends. Imports as little as it can.
"""

import json
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from inference.errors import ModelError
from inference.onnx_session import OnnxSession

OUT_OF_MEMORY: Final = 12
"""Exit code: the limit of memory was met. That of the processor ends the process with SIGXCPU."""

NO_MEMORY: Final = ("memory", "bad_alloc", "failed to allocate")
"""What ONNX Runtime's errors say where it gets none."""


@dataclass(frozen=True)
class Order:
    """What is to be run.

    Attributes:
        cpu_seconds: of all of it, imports included.
        memory_bytes: beyond what is mapped once all is imported.
        graphs: path of each, and shape of its pixels, (N, ...) in one run.
    """

    cpu_seconds: int
    memory_bytes: int
    graphs: list[tuple[str, list[int]]]

    @classmethod
    def read(cls, file: IO[bytes]) -> "Order":
        """The order at the beginning of a file."""
        given: dict[str, Any] = json.loads(file.readline())
        return cls(**given)


def run(file: IO[bytes]) -> int:
    """Run what a file says; the exit code."""
    order = Order.read(file)
    _bound(order)
    try:
        for path, shape in order.graphs:
            count = int(np.prod(shape))
            pixels = np.frombuffer(file.read(count), np.uint8).reshape(shape)
            OnnxSession(Path(path), shape=tuple(shape[1:])).run(pixels)
    except (MemoryError, ModelError) as error:
        said = f"{error!r}".lower()
        return OUT_OF_MEMORY if any(words in said for words in NO_MEMORY) else 0
    return 0


def _bound(order: Order) -> None:
    with suppress(OSError):  # should the system lack memory, it ends this process before one that serves
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_seconds, order.cpu_seconds + 5))
    mapped = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + order.memory_bytes, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(run(sys.stdin.buffer))

"""Memory that a picture took goes back when the picture is gone."""

import subprocess
import sys

HELD = """
import resource
import threading
from pathlib import Path
import numpy as np
from app.allocator import return_large_blocks

def resident_kilobytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024

def burst():
    for size in (30, 20, 25):
        kept = [np.ones(size << 20, np.uint8)]
        kept.append(np.ones(100, np.uint8))

{tuned}
before = resident_kilobytes()
threads = [threading.Thread(target=burst) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(resident_kilobytes() - before)
"""


def held_megabytes(tuned: str) -> float:
    """What a process still holds after eight threads have used and freed large arrays."""
    done = subprocess.run(
        [sys.executable, "-c", HELD.format(tuned=tuned)], capture_output=True, check=True, text=True
    )
    return int(done.stdout) / 1024


def test_large_blocks_are_returned_to_the_system() -> None:
    assert held_megabytes("assert return_large_blocks()") < 10

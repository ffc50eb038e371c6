"""Have large blocks of memory go back to the system as soon as a picture is done with.

glibc learns from the first large array to keep such blocks, per thread: under 100,000 hostile requests a
worker of 50 threads went from 120 to 300 MB and held it. Told the threshold, it stops learning. Called once
per worker, by gunicorn.conf.py.
"""

import ctypes

LARGE_BYTES = 1 << 20
"""Blocks from this size on come from the system and return to it; decoded pictures are such, requests not."""

ARENAS = 2
"""Heaps that threads share: as many as pictures are decoded at a time by default (SLOTS)."""

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Names of glibc's malloc.h."""


def return_large_blocks() -> bool:
    """Tell the C library; whether it is one that can be told (musl and macOS cannot, and need not)."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is None:
        return False
    return bool(tune(_M_MMAP_THRESHOLD, LARGE_BYTES)) and bool(tune(_M_ARENA_MAX, ARENAS))

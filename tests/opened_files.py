"""How many times a program opens each file."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opens() -> Iterator[Counter[Path]]:
    """Counts by absolute path while this is entered."""
    counts, entered = Counter[Path](), True

    def count(event: str, arguments: tuple[object, ...]) -> None:
        if entered and event == "open":
            path, mode, *_ = arguments
            if isinstance(path, str | os.PathLike) and mode is not None:  # `open`, and not its os.open too
                counts[Path(path).absolute()] += 1

    sys.addaudithook(count)  # which stays: no hook can be removed
    try:
        yield counts
    finally:
        entered = False

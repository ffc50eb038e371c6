"""Compute a large array batch by batch, and keep it in a file.

A run that was stopped goes on after its last checkpoint.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike, NDArray

from model_store.release_files import write_atomically

CHECKPOINT_ROWS: Final = 1024
"""Number of rows after which a checkpoint is written, if a batch ends there."""


def store_array(
    path: Path,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    compute_batches: Callable[[int], Iterable[NDArray[Any]]],
) -> NDArray[Any]:
    """Return the array in a file of NumPy's format. The rows that the file lacks are computed first.

    Args:
        path: the path of the file. Until all rows are there, the rows are in a file beside it.
        compute_batches: a function that returns the rows from a position on, in batches.
    """
    if not path.exists():
        partial = path.with_suffix(".partial")
        checkpoint = path.with_suffix(".done")
        done = _count_stored_rows(partial, checkpoint, shape)
        rows = open_memmap(partial, "r+" if done else "w+", dtype, shape)
        for batch in compute_batches(done):
            rows[done : done + len(batch)] = batch
            done += len(batch)
            if done % CHECKPOINT_ROWS == 0:
                rows.flush()
                write_atomically(checkpoint, str(done).encode())
        rows.flush()
        partial.rename(path)
        checkpoint.unlink(missing_ok=True)
    return np.asarray(open_memmap(path, "r"))


def _count_stored_rows(partial: Path, checkpoint: Path, shape: tuple[int, ...]) -> int:
    """Return how many rows a stopped run has stored; 0 if it stored an array of another shape."""
    if not partial.exists() or not checkpoint.exists():
        return 0
    return int(checkpoint.read_bytes()) if open_memmap(partial, "r").shape == shape else 0

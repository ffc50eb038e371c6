"""Numbers that one process counts and every process can read: cells in memory-mapped files.

The files are those of prometheus_client's multi-process mode (its mmap_dict.py tells the format), so its
collector adds them up, and gunicorn.conf.py takes a dead worker's gauges away. Only counting is ours: an
increment here is one store into mapped memory, 0.1 us against 1.0 us, and a request makes twenty.
"""

import mmap
import os
import secrets
import struct
import threading
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from prometheus_client.mmap_dict import mmap_key

Kind: TypeAlias = Literal["counter", "histogram", "gauge_livesum", "gauge_livemax"]
"""How the cells of several processes become one number; `live` ones end with their process."""

FIRST_BYTES = 1 << 16
"""Of a new file; it doubles when it is full. What nothing was written to takes no memory."""

HEADER = 8
"""Bytes before the first cell: how many are in use, as a native int, and padding."""


class Cells:
    """The cells of one kind that this process counts in.

    Writers hold a lock of their own while they add, which is no atomic step in Python; readers in other
    processes need none, since eight aligned bytes are stored at once.

    Args:
        directory: where all processes have their files.

    Attributes:
        values: float64, one entry per cell, with other bytes of the file between them.
    """

    def __init__(self, directory: Path, kind: Kind) -> None:
        # A gauge's file is found by its process when that has died. Counters outlive theirs, and a process
        # that gets the same number later must not begin where this one ended.
        ending = "" if kind.startswith("gauge") else f"_{secrets.token_hex(4)}"
        self._path = directory / f"{kind}_{os.getpid()}{ending}.db"
        self._path.write_bytes(b"")
        self._adding = threading.Lock()
        self._used = HEADER
        self._map(FIRST_BYTES)
        self._tell_used()

    def cell(self, metric: str, sample: str, labels: dict[str, str], description: str) -> int:
        """Make a cell, at 0.

        Args:
            metric: the name of the metric that the sample belongs to.
            sample: its own name, such as `wardrobe_requests_total`.
            labels: names and values.
            description: what a scraper is told of the metric.

        Returns:
            where it is in `values`, for ever.
        """
        key = mmap_key(metric, sample, list(labels), list(labels.values()), description).encode()
        entry = entry_of(key, 0.0)
        with self._adding:
            while self._used + len(entry) > len(self._mapped):
                self._map(2 * len(self._mapped))
            self._mapped[self._used : self._used + len(entry)] = entry
            self._used += len(entry)
            self._tell_used()  # last, so that no reader sees half an entry
            return (self._used - 16) // 8

    def add(self, cell: int, amount: float) -> None:
        """Add to a cell; the caller holds the lock."""
        self.values[cell] += amount

    def set(self, cell: int, value: float) -> None:
        """Give a cell another value."""
        self.values[cell] = value

    def _map(self, size: int) -> None:
        # An older mapping stays good for whoever is about to write through it: both are the same file.
        with self._path.open("r+b") as file:
            file.truncate(size)
            self._mapped = mmap.mmap(file.fileno(), size)
        self.values = memoryview(self._mapped).cast("d")

    def _tell_used(self) -> None:
        self._mapped[:4] = struct.pack("i", self._used)


def entry_of(key: bytes, value: float) -> bytes:
    """A cell as it is in a file, with its key before it; its number lies 16 bytes before its end."""
    padded = key + b" " * (8 - (len(key) + 4) % 8)
    return struct.pack(f"i{len(padded)}sdd", len(key), padded, value, 0.0)  # the last double is not used


class Family:
    """One counter or gauge, with a cell for each combination of label values that came up."""

    def __init__(
        self, cells: Cells, metric: str, sample: str, description: str, labels: Sequence[str] = ()
    ) -> None:
        self._cells = cells
        self._metric, self._sample, self._description = metric, sample, description
        self._labels = labels
        self._known: dict[tuple[str, ...], int] = {}
        self._adding = threading.Lock()
        if not labels:
            self.cell()

    def cell(self, *values: str) -> int:
        """Where the cell with these label values is."""
        known = self._known.get(values)
        return self._add(values) if known is None else known

    def cells(self) -> list[int]:
        """All that came up so far."""
        return list(self._known.values())

    def _add(self, values: tuple[str, ...]) -> int:
        labels = dict(zip(self._labels, values, strict=True))
        with self._adding:
            if values not in self._known:
                self._known[values] = self._cells.cell(self._metric, self._sample, labels, self._description)
            return self._known[values]


class Distribution:
    """One histogram with given label values.

    Args:
        bounds: ascending; a value counts in the first bucket whose bound is not below it.
    """

    __slots__ = ("_bounds", "_buckets", "_cells", "_sum")

    def __init__(
        self, cells: Cells, metric: str, description: str, bounds: Sequence[float], labels: dict[str, str]
    ) -> None:
        self._cells = cells
        self._bounds = bounds
        self._sum = cells.cell(metric, f"{metric}_sum", labels, description)
        self._buckets = [
            cells.cell(metric, f"{metric}_bucket", labels | {"le": str(bound)}, description)
            for bound in (*bounds, float("inf"))
        ]

    def add(self, value: float) -> None:
        """Count one value; the caller holds the lock."""
        values = self._cells.values
        values[self._sum] += value
        values[self._buckets[bisect_left(self._bounds, value)]] += 1.0


class Distributions:
    """Histograms by the value of one label, each made when its value first comes up."""

    def __init__(
        self, cells: Cells, metric: str, description: str, bounds: Sequence[float], label: str
    ) -> None:
        self._cells = cells
        self._metric, self._description, self._bounds, self._label = metric, description, bounds, label
        self._known: dict[str, Distribution] = {}
        self._adding = threading.Lock()

    def of(self, value: str) -> Distribution:
        """The histogram with this label value."""
        known = self._known.get(value)
        return self._add(value) if known is None else known

    def _add(self, value: str) -> Distribution:
        with self._adding:
            if value not in self._known:
                self._known[value] = Distribution(
                    self._cells, self._metric, self._description, self._bounds, {self._label: value}
                )
            return self._known[value]

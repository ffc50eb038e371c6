"""From cells to rows: medians over rounds, and ratios within a round.

A ratio is taken between two peers in the same round, so that a machine that slows down slows both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.side_by_side.peers import OURS
from benchmarks.wrk import Load


@dataclass(frozen=True)
class Cell:
    """One measurement: a peer under one load, in one round, counted from 1."""

    peer: str
    upload: str
    connections: int
    round: int


@dataclass(frozen=True)
class Start:
    """What one start of a peer took.

    Attributes:
        seconds: from exec to the first 200.
        megabytes: PSS of all its processes, after the load.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Spread:
    """Median over rounds, and how far they lie apart."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One peer under one load, over all rounds.

    Attributes:
        p50: milliseconds, as p99.
        errors: over all rounds; where there are any, the rates are not comparable.
        ratio: of our answers per second to its; None for ourselves, and where either had errors.
    """

    peer: str
    upload: str
    connections: int
    per_second: Spread
    p50: Spread
    p99: Spread
    errors: int
    ratio: Spread | None


@dataclass(frozen=True)
class Cost:
    """What a peer takes: seconds to start, and megabytes."""

    peer: str
    start_seconds: Spread
    megabytes: Spread


def rows(loads: Mapping[Cell, Load]) -> list[Row]:
    """One row for each upload, number of connections and peer, the fastest first."""
    rows_of_cells = [_row(loads, key) for key in dict.fromkeys(replace(cell, round=1) for cell in loads)]
    uploads = list(dict.fromkeys(row.upload for row in rows_of_cells))
    return sorted(
        rows_of_cells, key=lambda row: (uploads.index(row.upload), row.connections, -row.per_second.median)
    )


def costs(starts: Mapping[tuple[str, int], Start]) -> list[Cost]:
    """One for each peer that started, of its starts by peer and round."""
    its = {name: [start for (peer, _), start in starts.items() if peer == name] for name, _ in starts}
    return [
        Cost(name, Spread.of([each.seconds for each in all_]), Spread.of([each.megabytes for each in all_]))
        for name, all_ in its.items()
    ]


def _row(loads: Mapping[Cell, Load], key: Cell) -> Row:
    its = {cell: load for cell, load in loads.items() if replace(cell, round=1) == key}
    ratios = [] if key.peer == OURS else _ratios(loads, its)
    return Row(
        peer=key.peer,
        upload=key.upload,
        connections=key.connections,
        per_second=Spread.of([load.per_second for load in its.values()]),
        p50=Spread.of([load.p50 for load in its.values()]),
        p99=Spread.of([load.p99 for load in its.values()]),
        errors=sum(load.errors for load in its.values()),
        ratio=Spread.of(ratios) if ratios else None,
    )


def _ratios(loads: Mapping[Cell, Load], its: Mapping[Cell, Load]) -> list[float]:
    """Our answers per second to the peer's, of each round in which both answered everything."""
    pairs = [(loads.get(replace(cell, peer=OURS)), load) for cell, load in its.items()]
    return [our.per_second / it.per_second for our, it in pairs if our and _is_sound(our) and _is_sound(it)]


def _is_sound(load: Load) -> bool:
    return load.errors == 0 and load.per_second > 0

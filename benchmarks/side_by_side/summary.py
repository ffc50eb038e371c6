"""From what was measured to what is told: medians over rounds, and ratios within a round. Pure.

A ratio is taken between two peers in the same round, so that a machine that slows down takes both with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.side_by_side.peers import OURS
from benchmarks.side_by_side.record import Cell, Record, Start
from benchmarks.side_by_side.wrk import Load

SHOWN_CONNECTIONS = 8
"""Several for each worker, and few enough that none waits long."""


@dataclass(frozen=True)
class Spread:
    """Median over rounds, and how far they lie apart."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One peer under one load, over all rounds.

    Attributes:
        rounds: in which it was measured.
        p50: milliseconds, as p99.
        errors: over all rounds; where there are any, the rates are not comparable.
        busiest: share of the connections that the busiest process held; None where nobody looked.
        ratio: of our answers per second to its, with the same release; None for ourselves, and where either
            had errors.
        p99_ratio: of our p99 to its, likewise.
    """

    release: str
    peer: str
    upload: str
    connections: int
    rounds: int
    per_second: Spread
    p50: Spread
    p99: Spread
    errors: int
    busiest: Spread | None
    ratio: Spread | None
    p99_ratio: Spread | None


@dataclass(frozen=True)
class Cost:
    """What a peer takes, whatever it is asked: seconds to start, and megabytes."""

    peer: str
    start_seconds: Spread
    megabytes: Spread


def spread(values: Sequence[float]) -> Spread:
    """Median, least and most of at least one value."""
    return Spread(median(values), min(values), max(values))


def rows(record: Record) -> list[Row]:
    """One row for each release, peer, upload and number of connections, in the order of the plan."""
    order = [(cell.release, cell.peer) for cell in record.plan.all_cells()]
    keys = dict.fromkeys(replace(cell, round=1) for cell in record.loads)
    return [_row(record, key) for key in sorted(keys, key=lambda key: order.index((key.release, key.peer)))]


def costs(starts: Mapping[tuple[str, int], Start]) -> list[Cost]:
    """One for each peer that started, of its starts by peer and round."""
    names = dict.fromkeys(peer for peer, _ in starts)
    return [_cost(name, [start for (peer, _), start in starts.items() if peer == name]) for name in names]


def _cost(name: str, starts: Sequence[Start]) -> Cost:
    return Cost(
        name, spread([start.seconds for start in starts]), spread([start.megabytes for start in starts])
    )


def _row(record: Record, key: Cell) -> Row:
    cells = [replace(key, round=number) for number in range(1, record.plan.rounds + 1)]
    its = {cell: record.loads[cell] for cell in cells if cell in record.loads}
    pairs = [] if key.peer == OURS else _pairs(record, its)
    shares = [load.held[0] / sum(load.held) for load in its.values() if load.held]
    return Row(
        release=key.release,
        peer=key.peer,
        upload=key.upload,
        connections=key.connections,
        rounds=len(its),
        per_second=spread([load.per_second for load in its.values()]),
        p50=spread([load.p50 for load in its.values()]),
        p99=spread([load.p99 for load in its.values()]),
        errors=sum(load.errors for load in its.values()),
        busiest=spread(shares) if shares else None,
        ratio=spread([our.per_second / it.per_second for our, it in pairs]) if pairs else None,
        p99_ratio=spread([our.p99 / it.p99 for our, it in pairs]) if pairs else None,
    )


def _pairs(record: Record, its: Mapping[Cell, Load]) -> list[tuple[Load, Load]]:
    """Our load and the peer's, of each round in which both answered everything."""
    ours = ((record.loads.get(replace(cell, peer=OURS)), load) for cell, load in its.items())
    return [(our, it) for our, it in ours if our is not None and _is_sound(our) and _is_sound(it)]


def _is_sound(load: Load) -> bool:
    return load.errors == 0 and load.per_second > 0 and load.p99 > 0


def shown_connections(rows: Sequence[Row]) -> int:
    """The number of connections that plots and tables show: SHOWN_CONNECTIONS, or what is nearest to it."""
    return min({row.connections for row in rows}, key=lambda count: abs(count - SHOWN_CONNECTIONS))


def rows_of(kept: Mapping[str, Any]) -> list[Row]:
    """The rows that a benchmark.json tells."""
    spreads = ("per_second", "p50", "p99", "busiest", "ratio", "p99_ratio")
    return [
        Row(**{**row, **{name: Spread(**row[name]) for name in spreads if row[name] is not None}})
        for row in kept["summary"]["rows"]
    ]


def costs_of(kept: Mapping[str, Any]) -> list[Cost]:
    """The costs that a benchmark.json tells."""
    return [
        Cost(cost["peer"], Spread(**cost["start_seconds"]), Spread(**cost["megabytes"]))
        for cost in kept["summary"]["costs"]
    ]

"""What was aimed at, beside what was measured. Pure: reads the figures that the benchmarks keep."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.side_by_side.peers import BALANCED, BARE, NO_OP, OURS, WORKERS
from benchmarks.side_by_side.releases import BUNDLED, LIGHT
from benchmarks.side_by_side.summary import Row, Spread, rows_of, shown_connections, spread

MODEL_SERVERS = ("LitServe", "BentoML", "MLServer", "Ray Serve")
NAIVE = "naive"

Meets = Callable[[float], bool]


@dataclass(frozen=True)
class Goal:
    """One line of the table.

    Attributes:
        aim: in words; what is only reported has none to meet.
        measured: None where nothing was.
        met: None where there is nothing to meet, or nothing was measured.
    """

    what: str
    aim: str
    measured: Spread | None
    met: bool | None


def goals(results: Mapping[str, Any]) -> list[Goal]:
    """All goals.

    Args:
        results: the content of docs/results/NAME.json by NAME; `benchmark` has to be there.
    """
    rows = rows_of(results["benchmark"])
    at = shown_connections(rows)
    shown = [row for row in rows if row.connections == at]
    return [*_of_rates(shown), *_of_costs(results["benchmark"]), _of_labelling(results.get("labelling"))]


def _of_rates(rows: Sequence[Row]) -> Iterator[Goal]:
    png = {(row.release, row.peer): row for row in rows if row.upload == "png"}
    bare, light_bare = png.get((BUNDLED, BARE)), png.get((LIGHT, BARE))
    yield _goal("PNG, ours / bare view", ">= 0.9", _ratio(bare), _at_least(0.9))
    yield _goal(f"the same, {LIGHT} network", ">= 0.9", _ratio(light_bare), _at_least(0.9))
    floor = _ratio(png.get((LIGHT, NO_OP)))
    yield _goal(f"PNG, ours / no-op, {LIGHT} network", ">= 0.60; 0.75 for ambition", floor, _at_least(0.6))
    yield _goal("the same, bundled network", "reported", _ratio(png.get((BUNDLED, NO_OP))), None)
    balanced = _ratio(png.get((BUNDLED, BALANCED)))
    light_balanced = _ratio(png.get((LIGHT, BALANCED)))
    yield _goal("PNG, ours / FastAPI with balanced connections", "1.0 for ambition", balanced, None)
    yield _goal(f"the same, {LIGHT} network", "1.0 for ambition", light_balanced, None)
    for release, network in ((BUNDLED, ""), (LIGHT, f", {LIGHT} network")):
        servers = [row for row in png.values() if row.release == release and row.peer in MODEL_SERVERS]
        yield _goal(f"PNG, ours / the best model server{network}", ">= 3", _least(servers), _at_least(3))
        what = f"p99 of it, ours / the best model server{network}"
        yield _goal(what, "<= 1/3", _longest_p99(servers), lambda value: value <= 1 / 3)
        naive = _ratio(png.get((release, NAIVE)))
        yield _goal(f"PNG, ours / naive{network}", ">= 100", naive, _at_least(100))
    large = [row for row in rows if row.upload == "jpeg-12mp" and row.peer != NO_OP]
    yield _goal("12-megapixel JPEG, ours / the best of all", ">= 2", _least(large), _at_least(2))


def _of_costs(benchmark: Mapping[str, Any]) -> Iterator[Goal]:
    ours = [start for start in benchmark["starts"] if start["peer"] == OURS]
    starts = spread([start["seconds"] for start in ours]) if ours else None
    held = spread([start["megabytes"] / WORKERS for start in ours]) if ours else None
    yield _goal("seconds from exec to the first 200", "<= 1.0", starts, lambda value: value <= 1)
    yield _goal(
        "MB (PSS) for each worker, the master's shared out", "<= 120", held, lambda value: value <= 120
    )


def _of_labelling(labelling: Mapping[str, Any] | None) -> Goal:
    ratios = spread(labelling["ratios"]) if labelling else None
    return _goal("bulk labelling / a bare loop on the same cores", ">= 0.9", ratios, _at_least(0.9))


def _goal(what: str, aim: str, measured: Spread | None, meets: Meets | None) -> Goal:
    return Goal(what, aim, measured, meets(measured.median) if meets and measured else None)


def _at_least(bound: float) -> Meets:
    return lambda value: value >= bound


def _ratio(row: Row | None) -> Spread | None:
    return row.ratio if row else None


def _longest_p99(rows: Sequence[Row]) -> Spread | None:
    """The ratio of p99 to whoever comes nearest to us."""
    return max((row.p99_ratio for row in rows if row.p99_ratio), key=lambda each: each.median, default=None)


def _least(rows: Sequence[Row]) -> Spread | None:
    """The ratio to whoever comes nearest to us."""
    return min((row.ratio for row in rows if row.ratio), key=lambda each: each.median, default=None)

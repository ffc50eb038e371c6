"""docs/benchmarks.md tells what was measured, and the goals are judged as they read."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import FOLDER
from benchmarks.side_by_side.document import BLOCKS, PAGE, filled, read_results
from benchmarks.side_by_side.goals import Goal, goals
from benchmarks.side_by_side.record import Cell, Plan, Record, Start
from benchmarks.side_by_side.releases import BUNDLED_RELEASE, Release
from benchmarks.side_by_side.summary import Spread
from benchmarks.side_by_side.tables import losses_table, rates_table
from benchmarks.side_by_side.telling import keep
from benchmarks.side_by_side.wrk import Load

PEERS = ("wardrobe", "no-op", "bare_view", "naive", "fastapi_balanced", "litserve", "mlserver")


def a_load(per_second: float, p99: float) -> Load:
    return Load(answers=1, per_second=per_second, p50=p99 / 2, p99=p99, errors=0, held=(5, 3))


def measured(tmp_path: Path, loads: dict[Cell, Load]) -> dict[str, Any]:
    """What benchmark.json holds after these loads."""
    plan = Plan(
        peers=PEERS,
        connections={"png": (8,), "jpeg-12mp": (8,)},
        rounds=1,
        seconds=1,
        light=Release("conv3_valid", BUNDLED_RELEASE.folder),
    )
    record = Record(plan, tmp_path, loads, {("wardrobe", 1): Start(0.5, 180.0)})
    return {
        "benchmark": json.loads(keep(record).read_text("utf-8")),
        "labelling": {"ratios": [0.95, 0.97, 0.99]},
    }


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    """A run that meets all goals but two."""
    return measured(
        tmp_path,
        {
            Cell("wardrobe", "png", 8, 1): a_load(4500, 3.0),
            Cell("bare view", "png", 8, 1): a_load(4800, 3.0),
            Cell("no-op", "png", 8, 1): a_load(9000, 1.0),
            Cell("naive", "png", 8, 1): a_load(40, 300),
            Cell("FastAPI balanced", "png", 8, 1): a_load(5000, 2.0),
            Cell("LitServe", "png", 8, 1): a_load(1400, 20),
            Cell("MLServer", "png", 8, 1): a_load(1600, 8),
            Cell("wardrobe", "jpeg-12mp", 8, 1): a_load(60, 200),
            Cell("LitServe", "jpeg-12mp", 8, 1): a_load(20, 600),
            Cell("wardrobe", "png", 8, 1, "conv3_valid"): a_load(6000, 2.0),
            Cell("no-op", "png", 8, 1, "conv3_valid"): a_load(9000, 1.0),
        },
    )


def goal(results: dict[str, Any], what: str) -> Goal:
    [found] = [each for each in goals(results) if each.what == what]
    return found


def test_the_page_tells_the_figures_that_are_kept() -> None:
    page = PAGE.read_text("utf-8")

    assert filled(page, read_results(FOLDER)) == page, (
        "python -m benchmarks.side_by_side.document writes it anew"
    )


def test_a_page_without_a_block_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="machine"):
        filled("# A page without any\n", {})


def test_every_block_is_filled_once_its_result_is_there(results: dict[str, Any]) -> None:
    page = "".join(f"<!-- {name} -->\nstale\n<!-- /{name} -->\n" for name in BLOCKS)
    results["growth"] = {"growth": [GROWTH], "seen": SEEN}

    told = filled(page, results)

    assert "Not measured yet" not in told
    assert "stale" not in told
    assert "| workers | 0.01 (<= 0.15) | 0.50 (<= 0.15) | **no** |" in told
    assert "0.100 ms of processor time, one that is sent alone 0.400 ms: 0.25 of it." in told
    assert filled(told, results) == told


GROWTH = {
    "curve": "workers",
    "cost": 0.01,
    "cost_allowed": 0.15,
    "wait": 0.5,
    "wait_allowed": 0.15,
    "sound": False,
}
SEEN = {
    "pictures of a batch": [{"size": 1, "processor": 0.5}, {"size": 256, "processor": 25.6}],
    "connections": [{"size": 1, "processor": 0.3}, {"size": 2, "processor": 0.4}],
}


@pytest.mark.parametrize(
    ("what", "measured", "met"),
    [
        ("PNG, ours / bare view", 4500 / 4800, True),
        ("PNG, ours / no-op, conv3_valid network", 6000 / 9000, True),
        ("PNG, ours / FastAPI with balanced connections", 0.9, None),
        ("PNG, ours / the best model server", 4500 / 1600, False),
        ("p99 of it, ours / the best model server", 3 / 8, False),
        ("PNG, ours / naive", 4500 / 40, True),
        ("12-megapixel JPEG, ours / the best of all", 3.0, True),
        ("seconds from exec to the first 200", 0.5, True),
        ("MB (PSS) for each worker, the master's shared out", 90.0, True),
    ],
)
def test_a_goal_is_held_against_what_was_measured(
    results: dict[str, Any], what: str, measured: float, met: bool | None
) -> None:
    told = goal(results, what)

    assert told.measured == Spread(measured, measured, measured)
    assert told.met is met


def test_what_was_not_measured_is_neither_met_nor_missed(results: dict[str, Any]) -> None:
    del results["labelling"]

    told = goal(results, "bulk labelling / a bare loop on the same cores")

    assert (told.measured, told.met) == (None, None)


def test_a_goal_over_several_rounds_is_told_with_its_spread(results: dict[str, Any]) -> None:
    told = goal(results, "bulk labelling / a bare loop on the same cores")

    assert told.measured == Spread(0.97, 0.95, 0.99)


def test_losses_are_told_and_nothing_but_losses(results: dict[str, Any]) -> None:
    lines = losses_table(results).splitlines()[2:]

    assert [line.split(" | ")[0] for line in lines] == ["| bare view", "| FastAPI balanced"]


def test_the_fastest_comes_first_with_the_share_of_its_busiest_worker(results: dict[str, Any]) -> None:
    lines = rates_table(results).splitlines()

    assert lines[4] == "| png, bundled | no-op | 9,000 | 0.50 | 1.00 | 62% | 0.50 |  |"

"""What has been seen, kept after every point, so that a stopped run goes on. Reads and writes growth.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from benchmarks.growth.curves import Curve
from benchmarks.growth.slopes import Growth, Seen, growth
from benchmarks.results import save
from benchmarks.side_by_side.releases import BUNDLED_RELEASE

NAME = "growth"

SeenByCurve: TypeAlias = dict[str, dict[int, Seen]]
"""By the name of a curve and the size of a point."""


def kept(plan: Sequence[Curve], seconds: int, folder: Path) -> SeenByCurve:
    """What a run that was stopped has seen, if it had the same plan and release; else nothing."""
    path = folder / f"{NAME}.json"
    seen: SeenByCurve = {curve.name: {} for curve in plan}
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        if not found["complete"] and found["plan"] == _described(plan, seconds):
            seen |= {name: {one["size"]: Seen(**one) for one in its} for name, its in found["seen"].items()}
    return seen


def keep(plan: Sequence[Curve], seconds: int, seen: SeenByCurve, folder: Path) -> list[Growth]:
    """Write what there is, with a verdict on every curve that is whole.

    Returns:
        The verdicts.
    """
    whole = [curve for curve in plan if len(seen[curve.name]) == len(curve.points)]
    growths = [growth(curve.name, curve.cost, curve.wait, list(seen[curve.name].values())) for curve in whole]
    figures = {
        "complete": len(whole) == len(plan),
        "plan": _described(plan, seconds),
        "growth": [asdict(each) for each in growths],
        "seen": {name: [asdict(one) for one in its.values()] for name, its in seen.items()},
    }
    save(NAME, "make growth", figures, folder)
    return growths


def _described(plan: Sequence[Curve], seconds: int) -> dict[str, object]:
    """What has to be alike for a run to go on, as JSON."""
    return {
        "curves": {curve.name: [point.size for point in curve.points] for curve in plan},
        "seconds": seconds,
        "release": BUNDLED_RELEASE.described(),
    }

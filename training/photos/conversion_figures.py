"""Draw what each way of converting photos is worth: macro accuracy by tier.

Writes the PNG that it is told to. The figures are those of photo_evaluation.py, by conversion.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model_store.report import PhotoFigures

DPI: Final = 120

COLOURS: Final = ("#9aa0a6", "#ef6c00", "#6a1b9a", "#1565c0")
"""One per conversion: the naive ones first, ours last."""


def draw_conversions(path: Path, found: Mapping[str, Mapping[str, PhotoFigures]], split: str) -> None:
    """Write bars of macro accuracy with 95% intervals: a group for each tier, a bar for each conversion.

    Args:
        path: its folder is made if absent.
        found: figures by conversion and tier.
        split: what the photos were good for.
    """
    first = next(iter(found.values()))
    tiers = [tier for tier, one in first.items() if one.macro_accuracy is not None]
    figure = Figure(figsize=(max(6.0, 2.2 * len(tiers)), 4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(found)
    for number, (name, figures) in enumerate(found.items()):
        heights = np.array([figures[tier].macro_accuracy for tier in tiers], np.float64)
        bounds = np.array([figures[tier].macro_accuracy_interval for tier in tiers], np.float64)
        reach = np.maximum(np.abs(bounds.T - heights), 0)
        places = np.arange(len(tiers)) + (number + 0.5) * width - 0.4
        axes.bar(
            places,
            heights,
            0.95 * width,
            yerr=reach,
            label=name,
            color=COLOURS[number % len(COLOURS)],
            capsize=2,
        )
    axes.set_xticks(
        range(len(tiers)), [f"{tier} ({first[tier].n:,} photos)" for tier in tiers], parse_math=False
    )
    axes.set(ylabel="macro accuracy (95% interval)", ylim=(0, 1))
    axes.set_title(f"One release, photos converted in {len(found)} ways (split: {split})", parse_math=False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=len(found), frameon=False)
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})

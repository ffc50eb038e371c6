"""Draw the photos section of a report: accuracy against coverage, and recall, of each tier.

Writes the named PNGs; every figure comes from the report, and every plot names its split. They contain no
photo: they travel with the release, and photos belong to their owners. The worst answers, on request alone:
worst_photos.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model_store.report import PhotoFigures
from training.evaluation.figures import DPI, QUIET_COLOUR

COLOURS: Final = ("#1565c0", "#1a7f37", "#c62828", "#6a1b9a", "#ef6c00", "#00838f")
"""One per tier, by turns."""

TARGETS: Final = {"A": 0.95, "C": 0.90}
"""The least share of a tier's accepted photos that should be right."""

COVERAGE_PLOT: Final = "photos-coverage.png"
RECALL_PLOT: Final = "photos-recall.png"


def draw_photos(folder: Path, photos: Mapping[str, PhotoFigures]) -> None:
    """Write photos-coverage.png and photos-recall.png; nothing where no tier shows garments.

    Args:
        folder: made if absent.
        photos: the report's section, by tier.
    """
    garments = {tier: one for tier, one in photos.items() if one.per_class}
    if not garments:
        return
    folder.mkdir(parents=True, exist_ok=True)
    _save(draw_coverage(garments), folder / COVERAGE_PLOT)
    _save(draw_recall(garments), folder / RECALL_PLOT)


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def draw_coverage(photos: Mapping[str, PhotoFigures]) -> Figure:
    """Accuracy of what is accepted against how much is, as the confidence threshold falls.

    The operating point is a dot; a dashed line is what a tier should reach.
    """
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.subplots()
    for colour, (tier, one) in zip(_colours(len(photos)), photos.items(), strict=True):
        _draw_tier(axes, tier, one, colour)
        if tier in TARGETS:
            axes.axhline(TARGETS[tier], color=colour, linestyle="--", linewidth=0.8)
            axes.text(1, TARGETS[tier], f"{tier} ≥ {TARGETS[tier]:.0%} ", va="bottom", ha="right", fontsize=7)
    axes.set(xlabel="coverage: share accepted without review", ylabel="accuracy of the accepted", xlim=(0, 1))
    axes.set_title(_title("Photos, by tier", photos), parse_math=False)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=max(1, min(3, len(photos))), frameon=False)
    return figure


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def _draw_tier(axes: Axes, tier: str, one: PhotoFigures, colour: str) -> None:
    coverages = [point.coverage for point in one.curve]
    accuracies = [point.accuracy for point in one.curve]
    (line,) = axes.plot(coverages, accuracies, color=colour)
    line.set_label(f"{tier}, {one.n:,} photos: {one.decisions.coverage:.0%} accepted")
    if one.decisions.accuracy is not None:
        axes.plot(one.decisions.coverage, one.decisions.accuracy, "o", color=colour)


def draw_recall(photos: Mapping[str, PhotoFigures]) -> Figure:
    """Recall of each class, a bar for each tier; a class that a tier lacks has none there."""
    labels = list(dict.fromkeys(label for one in photos.values() for label in one.per_class))
    figure = Figure(figsize=(max(7.0, 0.9 * len(labels)), 4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(photos)
    for number, (tier, one) in enumerate(photos.items()):
        here = [label for label in labels if label in one.per_class]
        places = np.array([labels.index(label) for label in here]) + (number + 0.5) * width - 0.4
        colour = COLOURS[number % len(COLOURS)]
        bars = axes.bar(places, [one.per_class[label].recall for label in here], width, color=colour)
        bars.set_label(f"{tier}: macro accuracy {one.macro_accuracy:.3f}")
        axes.bar_label(bars, [str(one.per_class[label].n) for label in here], fontsize=6, color=QUIET_COLOUR)
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", parse_math=False)
    axes.set(ylabel="recall (above: photos)", ylim=(0, 1.05))
    axes.set_title(_title("Recall on photos, by tier", photos), parse_math=False)
    figure.legend(loc="outside lower center", ncols=max(1, min(3, len(photos))), frameon=False)
    return figure


def _title(what: str, photos: Mapping[str, PhotoFigures]) -> str:
    """What is drawn, and the splits that it was measured on."""
    return f"{what} (split: {', '.join(sorted({one.split for one in photos.values()}))})"

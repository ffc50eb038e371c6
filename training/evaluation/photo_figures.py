"""Draw what a release answers to photos: accuracy against coverage, and recall.

The plots contain no photo, since photos belong to their owners, and name their split; their figures come from
the report. Writes the named PNGs. The figures: photo_evaluation.py.
"""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model_store.report import PhotoFigures
from training.evaluation.calibration import ACCEPTED_OF_PHOTOS
from training.evaluation.figures import QUIET_COLOUR, save


def draw_photos(folder: Path, photos: Mapping[str, PhotoFigures]) -> None:
    """Write photos-coverage.png and photos-recall.png; nothing where no tier shows garments.

    Args:
        folder: made if absent.
        photos: the report's section, by tier.
    """
    garments = {tier: one for tier, one in photos.items() if one.per_class}
    if garments:
        save(draw_coverage(garments), folder / "photos-coverage.png")
        save(draw_recall(garments), folder / "photos-recall.png")


def draw_coverage(photos: Mapping[str, PhotoFigures]) -> Figure:
    """Accuracy of what is accepted against how much is, as the confidence threshold falls.

    The operating point is a dot; a dashed line is what a tier should reach.
    """
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.subplots()
    for number, (tier, one) in enumerate(photos.items()):
        colour, decisions = f"C{number}", one.decisions
        label = f"{tier}, {one.n:,} photos: {decisions.coverage:.0%} accepted"
        coverages, accuracies = [at.coverage for at in one.curve], [at.accuracy for at in one.curve]
        (line,) = axes.plot(coverages, accuracies, color=colour)
        line.set_label(label)  # not as an argument, where an underscore in front would hide it
        if decisions.accuracy is not None:
            axes.plot(decisions.coverage, decisions.accuracy, "o", color=colour)
        if tier in ACCEPTED_OF_PHOTOS:
            axes.axhline(ACCEPTED_OF_PHOTOS[tier], color=colour, linestyle="--", linewidth=0.8)
    axes.set(xlabel="coverage: share accepted without review", ylabel="accuracy of the accepted", xlim=(0, 1))
    axes.grid(alpha=0.3)
    _entitle(figure, axes, "Photos, by tier", photos)
    return figure


def draw_recall(photos: Mapping[str, PhotoFigures]) -> Figure:
    """Recall of each class, a bar for each tier; a class that a tier lacks has none there."""
    labels = list(dict.fromkeys(label for one in photos.values() for label in one.per_class))
    figure = Figure(figsize=(max(7.0, 0.9 * len(labels)), 4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(photos)
    for number, (tier, one) in enumerate(photos.items()):
        places = [labels.index(label) + (number + 0.5) * width - 0.4 for label in one.per_class]
        recalls = [each.recall for each in one.per_class.values()]
        bars = axes.bar(places, recalls, width)
        bars.set_label(f"{tier}: macro accuracy {one.macro_accuracy:.3f}")
        counts = [str(each.n) for each in one.per_class.values()]
        axes.bar_label(bars, counts, fontsize=6, color=QUIET_COLOUR)
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", parse_math=False)
    axes.set(ylabel="recall (above: photos)", ylim=(0, 1.05))
    _entitle(figure, axes, "Recall on photos, by tier", photos)
    return figure


def _entitle(figure: Figure, axes: Axes, what: str, photos: Mapping[str, PhotoFigures]) -> None:
    """Say what is drawn, and the splits that it was measured on."""
    splits = ", ".join(sorted({one.split for one in photos.values()}))
    axes.set_title(f"{what} (split: {splits})", parse_math=False)
    figure.legend(loc="outside lower center", ncols=min(3, len(photos)), frameon=False)

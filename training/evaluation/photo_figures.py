"""Draw what a release answers to photos: accuracy against coverage, recall, and on request the worst answers.

The plots of a release contain no photo, since photos belong to their owners, and name their split; their
figures come from the report. The sheet of worst answers shows the photos, and so reads them again. Writes the
named PNGs. The figures: photo_evaluation.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inference.decode import decode
from inference.header import MAX_PIXELS
from model_store.report import PhotoFigures
from training.evaluation.calibration import ACCEPTED_OF_PHOTOS, PROMISED_TIERS
from training.evaluation.figures import QUIET_COLOUR, WRONG_COLOUR, save
from training.evaluation.photo_evaluation import PhotoAnswers
from training.photos.reading import OOD, Photos

PER_TIER: Final = 10
"""The most photos that the sheet of the worst shows of a tier."""

PER_ROW: Final = 5

NAME_LENGTH: Final = 18
"""Characters of a file's name that fit above its photo."""


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

    The operating point is a dot; the dashed line is what the tiers with a promise should reach.
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
    if not photos.keys().isdisjoint(PROMISED_TIERS):
        axes.axhline(ACCEPTED_OF_PHOTOS, color=QUIET_COLOUR, linestyle="--", linewidth=0.8)
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
    figure.legend(loc="outside lower center", frameon=False)  # in columns, long names would be cut


def worst(answers: PhotoAnswers, tier: str) -> list[int]:
    """The wrong answers that matter most: first what was accepted, then the more confident.

    Args:
        answers: to all photos.
        tier: of which.

    Returns:
        Their places among all photos, PER_TIER at most.
    """
    wrong = np.flatnonzero((answers.tiers == tier) & answers.wrong)
    order = np.lexsort((-answers.confidences[wrong], ~answers.accepted[wrong]))
    return [int(place) for place in wrong[order][:PER_TIER]]


def draw_worst(photos: Photos, answers: PhotoAnswers, labels: tuple[str, ...], split: str) -> Figure:
    """A block for each tier: each photo beside what the model saw of it, with truth and answer.

    Args:
        photos: that were answered; their files are read again.
        answers: to them.
        labels: of the model.
        split: what the photos were good for.
    """
    shown = {str(tier): worst(answers, tier) for tier in np.unique(answers.tiers)}
    rows = [max(1, -(-len(places) // PER_ROW)) for places in shown.values()]
    figure = Figure(figsize=(3.0 * PER_ROW, 0.4 * len(rows) + 1.9 * sum(rows)), layout="constrained")
    blocks = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=rows)[:, 0]
    for block, count, (tier, places) in zip(blocks, rows, shown.items(), strict=True):
        here = answers.tiers == tier
        block.suptitle(
            f"Tier {tier} (split: {split}): the worst {len(places)} of {int((here & answers.wrong).sum())} "
            f"wrong answers to {int(here.sum())} photos",
            parse_math=False,
        )
        grid = block.subplots(count, 2 * PER_ROW, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for number, place in enumerate(places):
            _draw_answer(grid[2 * number], grid[2 * number + 1], photos, answers, labels, place)
    return figure


def _draw_answer(  # noqa: PLR0913, PLR0917 - two places, and what is shown there
    sent: Axes, seen: Axes, photos: Photos, answers: PhotoAnswers, labels: tuple[str, ...], place: int
) -> None:
    label, file = int(photos.labels[place]), photos.files[place]
    truth = file.parent.name if label == OOD else labels[label]
    sent.imshow(decode(file.read_bytes(), MAX_PIXELS).picture)
    sent.set_title(f"{truth}\n{file.stem[:NAME_LENGTH]}", fontsize=8, loc="left", parse_math=False)
    answer = f"{labels[answers.predicted[place]]} {answers.confidences[place]:.0%}"
    colour = WRONG_COLOUR if answers.accepted[place] else QUIET_COLOUR
    caption = f"{answer}\n{answers.reasons[place] or 'accepted'}"
    seen.imshow(photos.images[place], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    seen.set_title(caption, fontsize=8, loc="left", color=colour, parse_math=False)

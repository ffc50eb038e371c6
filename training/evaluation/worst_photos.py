"""Draw the worst answers to photos: the photo, the model's input, truth and answer.

Made on request alone: photos belong to their owners, so no release carries such a sheet. Reads the photos
again and writes the named PNG. The figures of all photos: photo_evaluation.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from inference.arrays import Pixels
from inference.decode import decode
from inference.header import MAX_PIXELS
from training.evaluation.figures import QUIET_COLOUR, WRONG_COLOUR
from training.evaluation.photo_evaluation import PhotoAnswers
from training.photos.reading import OOD, Photos

PER_TIER: Final = 10
"""The most photos that are shown of a tier."""

PER_ROW: Final = 5

NAME_LENGTH: Final = 18
"""Characters of a file's name that fit above its photo."""

DPI: Final = 80


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


def write_worst(
    path: Path, photos: Photos, answers: PhotoAnswers, labels: tuple[str, ...], split: str
) -> None:
    """Write the worst of each tier as a PNG.

    Args:
        path: its folder is made if absent.
        photos: that were answered; their files are read again.
        answers: to them.
        labels: of the model.
        split: what the photos were good for.
    """
    figure = draw_worst(photos, answers, labels, split)
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def draw_worst(photos: Photos, answers: PhotoAnswers, labels: tuple[str, ...], split: str) -> Figure:
    """A block for each tier: each photo beside what the model saw of it; see `write_worst`."""
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
        _draw_block(block, count, [_entry(photos, answers, labels, place) for place in places])
    return figure


@dataclass(frozen=True)
class _Entry:
    """One wrong answer: the photo, what the model saw of it, and what is written above each."""

    file: Path
    pixels: Pixels
    truth: str
    answer: str
    accepted: bool


def _entry(photos: Photos, answers: PhotoAnswers, labels: tuple[str, ...], place: int) -> _Entry:
    label, file = int(photos.labels[place]), photos.files[place]
    answer = f"{labels[answers.predicted[place]]} {answers.confidences[place]:.0%}"
    return _Entry(
        file,
        photos.images[place],
        f"{file.parent.name if label == OOD else labels[label]}\n{file.stem[:NAME_LENGTH]}",
        f"{answer}\n{answers.reasons[place] or 'accepted'}",
        bool(answers.accepted[place]),
    )


def _draw_block(block: SubFigure, rows: int, entries: list[_Entry]) -> None:
    grid = block.subplots(rows, 2 * PER_ROW, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for number, one in enumerate(entries):
        sent, seen = grid[2 * number], grid[2 * number + 1]
        sent.imshow(decode(one.file.read_bytes(), MAX_PIXELS).picture)
        seen.imshow(one.pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        sent.set_title(one.truth, fontsize=8, loc="left", parse_math=False)
        colour = WRONG_COLOUR if one.accepted else QUIET_COLOUR
        seen.set_title(one.answer, fontsize=8, loc="left", color=colour, parse_math=False)

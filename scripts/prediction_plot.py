"""Draw answers: each picture, what the model saw of it, and its likeliest classes as bars.

Writes one PNG. matplotlib is imported when something is drawn, since the serving requirements lack it.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from inference.arrays import Picture, Pixels
from inference.classifier import Classifier, Prediction
from training.errors import TrainingError
from training.evaluation.statistics import likeliest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row: TypeAlias = tuple[str, Picture, Pixels, Prediction]
"""Title, picture, what the model saw, what it said."""

_ROW_INCHES = (9.0, 2.6)
"""Width and height of one picture's row."""

_WINNER, _OTHER = "#1b6ca8", "#b8c4ce"


class PlotImpossible(TrainingError):
    """The library that draws is not installed, or the file cannot be written."""


def require_matplotlib() -> None:
    """Say that nothing can be drawn before anything is classified.

    Raises:
        PlotImpossible: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise PlotImpossible(
            "--plot and --stages need matplotlib, which only the training requirements bring: "
            "install requirements.txt."
        )


def draw(rows: Sequence[Row], classifier: Classifier, target: Path) -> None:
    """Draw one row per answer into a PNG file.

    Args:
        rows: at least one.
        classifier: names the bars.
        target: the file; what is there is replaced.

    Raises:
        PlotImpossible: it cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - see require_matplotlib

    width, height = _ROW_INCHES
    figure = Figure(figsize=(width, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), 3, squeeze=False, width_ratios=(1, 1, 1.6))
    for axes, row in zip(grid, rows, strict=True):
        _draw_row(axes, row, classifier.contract.labels)
    try:
        figure.savefig(target, format="png", dpi=110)
    except OSError as error:
        raise PlotImpossible(f"{target}: {error.strerror}. Name a file that can be written.") from error


def _draw_row(axes: "Sequence[Axes]", row: Row, labels: Sequence[str]) -> None:
    title, picture, seen, prediction = row
    left, middle, right = axes
    left.imshow(picture)
    left.set_title(title, fontsize=9, parse_math=False)
    middle.imshow(seen, cmap="gray", vmin=0, vmax=255)
    middle.set_title("what the model saw", fontsize=9)
    for side in (left, middle):
        side.set_xticks([])
        side.set_yticks([])
    shown = likeliest(prediction.probabilities)
    colours = [_WINNER if index == prediction.class_id else _OTHER for index in shown]
    right.barh(range(len(shown)), prediction.probabilities[shown], color=colours)
    # A label may hold dollars, which matplotlib would take for a formula.
    right.set_yticks(range(len(shown)), [labels[index] for index in shown], fontsize=8, parse_math=False)
    right.invert_yaxis()  # class 0 on top, as everywhere else
    right.set_xlim(0, 1)
    right.set_title(
        f"{prediction.label} {prediction.confidence:.1%}, {prediction.decision}", fontsize=9, parse_math=False
    )

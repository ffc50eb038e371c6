"""Draw the report: confusion matrix, curves, reliability diagram, examples.

matplotlib through its objects, so that nothing global is set and no window is needed. Writes the named
PNGs; every figure comes from the report or the answers behind it.
"""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from model_store.report import Epoch, Example, Examples, Report
from training.evaluation.measure import Answers
from training.evaluation.statistics import ECE_BINS, likeliest, reliability

DPI: Final = 100
RIGHT_COLOUR: Final = "#1a7f37"
WRONG_COLOUR: Final = "#c62828"
QUIET_COLOUR: Final = "#9aa0a6"
EXAMPLES_PER_ROW: Final = 3

NUMBERED_CLASSES: Final = 20
"""Up to so many, each cell of the confusion matrix has its figure; beyond, its colour alone."""

CLASS_INCHES: Final = 0.3
"""Height and width of a class in the confusion matrix, where there are more than fit the usual size."""


def draw_all(folder: Path, report: Report, answers: Answers, images: PixelsBatch) -> None:
    """Write confusion_matrix.png, reliability.png, examples.png, and curves.png if there is a history.

    Args:
        folder: made if absent.
        report: what they show.
        answers: to the test set.
        images: the test set's pictures, uint8 (N, 28, 28).
    """
    folder.mkdir(parents=True, exist_ok=True)
    _save(draw_confusion(report), folder / "confusion_matrix.png")
    if report.history and report.training.best_epoch is not None:
        _save(draw_curves(report.history, report.training.best_epoch), folder / "curves.png")
    _save(draw_reliability(answers), folder / "reliability.png")
    _save(draw_examples(report.examples, report.labels, images), folder / "examples.png")


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def draw_confusion(report: Report) -> Figure:
    """The report's confusion matrix."""
    test = report.test
    title = f"{report.data.name}, {test.n:,} test pictures: accuracy {test.accuracy:.2%}"
    return draw_shares(np.array(test.confusion_matrix), report.labels, title)


def draw_shares(counts: NDArray[np.int64], labels: tuple[str, ...], title: str) -> Figure:
    """Shares of each true class: x predicted, y true, each row sums to 1; the diagonal is recall.

    Args:
        counts: int64 (C, C), one row per true class, one column per predicted class.
        labels: class names in index order.
        title: what was counted.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(labels)
    edge = max(6.5, CLASS_INCHES * classes)
    figure = Figure(figsize=(edge + 1, edge), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if classes <= NUMBERED_CLASSES:
        _number_cells(axes, shares)
    # A label may hold dollars, which matplotlib would take for a formula.
    axes.set_xticks(range(classes), labels, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(classes), labels, parse_math=False)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, parse_math=False)
    figure.colorbar(image, label="share of the true class", shrink=0.8)
    return figure


def _number_cells(axes: Axes, shares: NDArray[np.float64]) -> None:
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.5 else "black"
        axes.text(
            column, row, f"{share:.1%}" if share else "", ha="center", va="center", color=colour, fontsize=7
        )


def draw_curves(history: tuple[Epoch, ...], best_epoch: int) -> Figure:
    """Loss and accuracy per epoch, training (on augmented pictures) and validation."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [one.epoch for one in history]
    left.plot(epochs, [one.loss for one in history], color=QUIET_COLOUR, label="training, augmented")
    left.plot(epochs, [one.val_loss for one in history], color="#1565c0", label="validation")
    right.plot(epochs, [one.accuracy for one in history], color=QUIET_COLOUR, label="training, augmented")
    right.plot(epochs, [one.val_accuracy for one in history], color="#1565c0", label="validation")
    for axes, name in ((left, "loss (nats)"), (right, "accuracy")):
        axes.axvline(
            best_epoch, color=RIGHT_COLOUR, linewidth=0.8, linestyle=":", label=f"best, epoch {best_epoch}"
        )
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    # The first epochs, before the average has caught up, would squeeze all others into a corner.
    left.set_ylim(0, 1.1 * max(min(1.0, max(one.val_loss for one in history)), history[-1].loss))
    right.set_ylim(max(0.0, min(0.8, history[-1].accuracy - 0.05)), 1)
    left.legend(loc="upper right")
    return figure


def draw_reliability(answers: Answers) -> Figure:
    """Accuracy per bin of confidence, the diagonal it should lie on, and the size of each bin."""
    count, confidence, accuracy = reliability(answers.confidences, answers.right)
    filled = count > 0
    figure = Figure(figsize=(5, 5.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    upper.plot([0, 1], [0, 1], color=QUIET_COLOUR, linestyle="--", label="perfect")
    upper.plot(confidence[filled], accuracy[filled], "o-", color="#1565c0", label="served")
    upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    upper.set_title(f"expected calibration error {answers.ece:.2%}")
    upper.legend(loc="upper left")
    centres = (np.arange(ECE_BINS) + 0.5) / ECE_BINS
    lower.bar(centres, count, width=0.9 / ECE_BINS, color="#1565c0")
    lower.set(xlabel="confidence", ylabel="pictures", yscale="log")
    return figure


def draw_examples(examples: Examples, labels: tuple[str, ...], images: PixelsBatch) -> Figure:
    """A sheet of pictures with their likeliest classes: right in green, wrong in red."""
    shown = (*examples.right, *examples.wrong)
    rows = max(1, -(-len(shown) // EXAMPLES_PER_ROW))
    figure = Figure(figsize=(3.6 * EXAMPLES_PER_ROW, 1.75 * rows), layout="constrained")
    grid = figure.subplots(rows, 2 * EXAMPLES_PER_ROW, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for place, example in enumerate(shown):
        _draw_picture(grid[2 * place], example, images[example.index])
        _draw_bars(grid[2 * place + 1], example, labels)
    return figure


def _draw_picture(axes: Axes, example: Example, pixels: Pixels) -> None:
    right = example.predicted == example.truth
    axes.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
    caption = f"{example.predicted} {example.confidence:.0%}" + ("" if right else f"\n({example.truth})")
    axes.set_title(caption, color=RIGHT_COLOUR if right else WRONG_COLOUR, fontsize=8, parse_math=False)


def _draw_bars(axes: Axes, example: Example, labels: tuple[str, ...]) -> None:
    shares = np.array(example.probabilities)
    shown = likeliest(shares)
    names = [labels[index] for index in shown]
    axes.set_axis_on()
    axes.barh(range(len(shown)), shares[shown], color=[_bar_colour(label, example) for label in names])
    axes.set_yticks(range(len(shown)), names, fontsize=5, parse_math=False)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _bar_colour(label: str, example: Example) -> str:
    if label == example.truth:
        return RIGHT_COLOUR
    return WRONG_COLOUR if label == example.predicted else QUIET_COLOUR

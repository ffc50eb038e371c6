"""Draw the figures of a report as PNG: confusion matrix, training curves, calibration, and examples.

It also draws a sheet of a data set, with some pictures of each class. Figures are made as objects of
matplotlib, not through pyplot, so no window or screen is needed.
"""

import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay

from inference.arrays import Pixels, PixelsBatch
from reports.answers import Answers
from reports.network_figures import TEST_SPLIT, Epoch, Example
from reports.values import Report
from training.data.picture_files import FileImages
from training.evaluation.evaluate import measure_calibration_error
from training.evaluation.statistics import ECE_BINS, find_likeliest_classes

DPI: Final = 100
"""Resolution of the plots in dots for each inch."""

DEFAULT_FONT: Final = "DejaVu Sans"
"""Font of the plots, which comes with matplotlib."""

FALLBACK_FONT: Final = "Last Resort"
"""Font of matplotlib that draws a box for every letter. It claims to have all letters, so it is never
chosen."""

RIGHT_COLOUR: Final = "#1a7f37"
WRONG_COLOUR: Final = "#c62828"
QUIET_COLOUR: Final = "#9aa0a6"
LINE_COLOUR: Final = "#1565c0"
"""Colours of right and of wrong answers, of lines in the background, and of the main line."""

EXAMPLES_PER_ROW: Final = 3
"""Number of pictures in each row of the sheet of examples."""

PICTURES_PER_CLASS: Final = 12
"""Number of pictures in each row of a sheet of a data set; a row shows one class."""

MAX_CLASSES_ON_SHEET: Final = 40
"""Largest number of classes on a sheet of a data set: more rows would be too high to look at."""

MAX_CLASSES_WITH_NUMBERS: Final = 20
"""Largest number of classes for which the cells of the confusion matrix have numbers, and not only
colours."""

SMALL_TEXT_POINTS: Final = 7
"""Font size in points of the texts of a confusion matrix with many classes."""

CLASS_INCHES: Final = 0.16
"""Height and width of a class in the confusion matrix in inches, enough for a slanted name."""

MATRIX_HEIGHT_INCHES: Final = (6.5, 40.0)
"""Smallest and largest height of the confusion matrix in inches. 250 classes fill 40 inches, for which
drawing needs 600 MB."""


def draw_report(
    folder: Path,
    report: Report,
    answers: Answers,
    pixels: PixelsBatch | FileImages,
    polarity: str = "light-on-black",
) -> None:
    """Write confusion_matrix.png, reliability.png, examples.png, and curves.png if there is a history.

    Args:
        folder: the folder of the files, which is made if it is missing.
        report: the report whose figures are drawn.
        answers: the answers to the test set.
        pixels: the pixels of the test set, as the model reads them.
        polarity: the polarity of the pixels, such as `light-on-black`.
    """
    examples = report.examples
    with use_label_fonts(report.labels):
        save_figure(draw_confusion_matrix(report), folder / "confusion_matrix.png")
        save_figure(draw_reliability_diagram(answers), folder / "reliability.png")
        save_figure(
            draw_examples((*examples.right, *examples.wrong), report.labels, pixels, polarity),
            folder / "examples.png",
        )
        if report.history:
            save_figure(draw_training_curves(report.history), folder / "curves.png")


def use_label_fonts(labels: Sequence[str]) -> AbstractContextManager[None]:
    """Draw the figures of a block of code in fonts that have the letters of these labels."""
    return mpl.rc_context({"font.family": [DEFAULT_FONT, *_find_fonts("".join(labels))]})


def _find_fonts(text: str) -> list[str]:
    """Return the names of installed fonts for the letters that DEFAULT_FONT lacks.

    A letter that no font has is drawn as a box.
    """
    lacking = _find_lacking_letters(findfont(DEFAULT_FONT), set(map(ord, text)))
    names = []
    fonts = (
        [font for font in fontManager.ttflist if not font.name.startswith(FALLBACK_FONT)] if lacking else []
    )
    for font in fonts:
        with suppress(OSError, RuntimeError):  # FreeType cannot read every installed font
            still_lacking = _find_lacking_letters(font.fname, lacking)
            if still_lacking != lacking:
                names.append(font.name)
                lacking = still_lacking
    return names


def _find_lacking_letters(font: str, letters: set[int]) -> set[int]:
    """Return the letters that a font lacks."""
    return letters - FT2Font(font).get_charmap().keys()


def save_figure(figure: Figure, path: Path, *, cut_to_content: bool = False) -> None:
    """Write a figure to a PNG file. Its folder is made if it is missing.

    Args:
        cut_to_content: whether to cut off the margins around the drawing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Drawn as a box; the report page has the names as text.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(
            path,
            format="png",
            dpi=DPI,
            metadata={"Software": None},  # no version of matplotlib, so that equal figures are equal files
            bbox_inches="tight" if cut_to_content else None,
        )


def draw_confusion_matrix(report: Report) -> Figure:
    """Draw the confusion matrix of a report, titled with its data set and accuracy."""
    test = report.test
    kind = "test" if test.split == TEST_SPLIT else test.split
    title = f"{report.data.name}, {test.n:,} {kind} pictures: accuracy {test.accuracy:.2%}"
    return draw_confusion_shares(np.array(test.confusion_matrix), report.labels, title)


def draw_confusion_shares(counts: NDArray[np.int64], labels: tuple[str, ...], title: str) -> Figure:
    """Draw a confusion matrix as shares of each true class, so that the diagonal is the recall.

    Args:
        counts: int64 (C, C), a row for each true class, a column for each predicted class.
        labels: class names in index order.
        title: the title, which names the counted pictures.
    """
    edge = np.clip(CLASS_INCHES * len(labels), *MATRIX_HEIGHT_INCHES)
    is_numbered = len(labels) <= MAX_CLASSES_WITH_NUMBERS
    figure = Figure(figsize=(edge + 1, edge), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    display = ConfusionMatrixDisplay(shares, display_labels=labels).plot(
        ax=axes,
        cmap="Blues",
        include_values=is_numbered,
        values_format=".1%",
        xticks_rotation=45,
        text_kw={"fontsize": SMALL_TEXT_POINTS},
        im_kw={"vmin": 0, "vmax": 1},
        colorbar=False,
    )
    figure.colorbar(display.im_, label="share of the true class", shrink=0.8)
    # Without numbers, `axes.texts` is empty. Zeros are hidden, since most cells are 0.
    for cell, share in zip(axes.texts, shares.flat, strict=False):
        cell.set_visible(share > 0)
    for tick in axes.get_xticklabels():
        tick.set_horizontalalignment("right")  # otherwise the middle of a slanted label is below its column
    axes.tick_params(labelsize="medium" if is_numbered else SMALL_TEXT_POINTS)
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_parse_math(False)  # a label may hold dollars, which matplotlib would take for a formula
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, parse_math=False)
    return figure


def draw_training_curves(history: tuple[Epoch, ...]) -> Figure:
    """Draw loss and accuracy of each epoch, for training (on augmented pictures) and validation."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = [epoch.epoch for epoch in history]
    marker = "o" if len(epochs) == 1 else ""  # a line of one point shows nothing
    for axes, name, label in ((loss_axes, "loss", "loss (nats)"), (accuracy_axes, "accuracy", "accuracy")):
        training_values, validation_values = (
            [getattr(epoch, field) for epoch in history] for field in (name, f"val_{name}")
        )
        axes.plot(epochs, training_values, marker=marker, color=QUIET_COLOUR, label="training, augmented")
        axes.plot(epochs, validation_values, marker=marker, color=LINE_COLOUR, label="validation")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if marker:
            axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
    # The axes include the first epochs, although these are far off the others, before the average of the
    # weights has caught up.
    loss_axes.set_ylim(0, 1.05 * max(loss for epoch in history for loss in (epoch.loss, epoch.val_loss)))
    accuracy_axes.set_ylim(
        max(0.0, min(min(epoch.accuracy, epoch.val_accuracy) for epoch in history) - 0.05), 1
    )
    loss_axes.legend(loc="best")
    return figure


def draw_reliability_diagram(answers: Answers) -> Figure:
    """Draw the accuracy and the number of answers in each bin of confidence, with the ideal diagonal."""
    figure = Figure(figsize=(5, 5.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    CalibrationDisplay.from_predictions(
        answers.is_right, answers.confidences, n_bins=ECE_BINS, name="served", ax=upper, color=LINE_COLOUR
    )
    upper.set(xlabel="", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    upper.set_title(f"expected calibration error {measure_calibration_error(answers):.2%}")
    lower.hist(answers.confidences, ECE_BINS, range=(0, 1), log=True, rwidth=0.9, color=LINE_COLOUR)
    lower.set(xlabel="confidence", ylabel="pictures")
    return figure


def draw_examples(
    examples: Sequence[Example],
    labels: tuple[str, ...],
    pixels: PixelsBatch | FileImages,
    polarity: str = "light-on-black",
) -> Figure:
    """Draw a sheet of pictures with their likeliest classes: right in green, wrong in red."""
    colours = "gray_r" if polarity == "light-on-black" else "gray"  # ignored for pictures in colour
    rows = max(1, -(-len(examples) // EXAMPLES_PER_ROW))
    figure = Figure(figsize=(3.6 * EXAMPLES_PER_ROW, 1.75 * rows), layout="constrained")
    grid = figure.subplots(rows, 2 * EXAMPLES_PER_ROW, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for place, example in enumerate(examples):
        is_right = example.predicted == example.truth
        caption = f"{example.predicted} {example.confidence:.0%}" + (
            "" if is_right else f"\n({example.truth})"
        )
        colour = RIGHT_COLOUR if is_right else WRONG_COLOUR
        grid[2 * place].imshow(pixels[example.index : example.index + 1][0], cmap=colours, vmin=0, vmax=255)
        grid[2 * place].set_title(caption, color=colour, fontsize=8, parse_math=False)
        _draw_bars(grid[2 * place + 1], example, labels)
    return figure


def _draw_bars(axes: Axes, example: Example, labels: tuple[str, ...]) -> None:
    """Draw the probabilities of an example's likeliest classes as bars."""
    shares = np.array(example.probabilities)
    shown = find_likeliest_classes(shares)
    names = [labels[index] for index in shown]
    # The second entry wins if both are the same class, so a right answer is green.
    colours = {example.predicted: WRONG_COLOUR, example.truth: RIGHT_COLOUR}
    axes.set_axis_on()
    axes.barh(range(len(shown)), shares[shown], color=[colours.get(name, QUIET_COLOUR) for name in names])
    axes.set_yticks(range(len(shown)), names, fontsize=5, parse_math=False)
    axes.set(xticks=[], xlim=(0, 1))
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_class_sheet(pictures: Mapping[str, Sequence[Pixels]]) -> Figure:
    """Draw the first PICTURES_PER_CLASS pictures of each class, of at most MAX_CLASSES_ON_SHEET.

    Args:
        pictures: the pictures by class, each uint8 (28, 28); one class at least.
    """
    class_pictures = list(pictures.items())[:MAX_CLASSES_ON_SHEET]
    figure = Figure(
        figsize=(PICTURES_PER_CLASS * 0.8 + 1.6, len(class_pictures) * 0.85), layout="constrained"
    )
    grid = figure.subplots(len(class_pictures), PICTURES_PER_CLASS, squeeze=False).tolist()
    for (label, row), places in zip(class_pictures, grid, strict=True):
        for axes in places:
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
        for picture, axes in zip(row, places, strict=False):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        places[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8, parse_math=False)
    return figure

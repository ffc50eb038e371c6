"""Draw a comparison: accuracies beside the published ones, and accuracy against measured time.

Writes the named PNGs. The figures come from the comparison alone (results.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.comparison.results import Compared, Point, in_eight_bits, in_float32, pareto_front, points

DPI: Final = 120
OURS: Final = "#1565c0"
OTHERS: Final = "#c62828"
QUIET: Final = "#9aa0a6"
EIGHT_BITS_COLOUR: Final = "#6a1b9a"


def draw_accuracies(networks: Sequence[Compared], path: Path) -> None:
    """Test accuracy of each network, mean and standard deviation, next to the published one.

    Each seed is a dot; the training accuracy, which some publish instead, is drawn too.
    """
    figure = Figure(figsize=(8, 1.6 + 0.42 * len(networks)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(networks))
    _draw_ours(axes, networks)
    _draw_published(axes, networks)
    axes.set_yticks(rows, [f"{one.network} ({one.parameters:,})" for one in networks])
    axes.set_ylim(len(networks) - 0.5, -0.5)
    axes.set(xlabel="accuracy", ylabel="network (parameters)")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    _save(figure, path)


def _draw_ours(axes: Axes, networks: Sequence[Compared]) -> None:
    rows = range(len(networks))
    tests = [one.summary.test for one in networks]
    axes.plot(
        [one.summary.train.mean for one in networks],
        rows,
        "o",
        color=QUIET,
        mfc="none",
        label="ours, training set",
    )
    axes.errorbar(
        [test.mean for test in tests],
        rows,
        xerr=[test.std or 0.0 for test in tests],
        fmt="o",
        color=OURS,
        label="ours, test set: mean ± std",
    )
    dots = [(seed.test.accuracy, row) for row, one in enumerate(networks) for seed in one.seeds]
    axes.plot(
        [accuracy for accuracy, _ in dots],
        [row for _, row in dots],
        "|",
        color=OURS,
        ms=10,
        label="each seed",
    )


def _draw_published(axes: Axes, networks: Sequence[Compared]) -> None:
    published = [(one.published.accuracy, row) for row, one in enumerate(networks) if one.published]
    if published:
        # A little lower in its row, so that it hides none of ours.
        axes.plot(
            [accuracy for accuracy, _ in published],
            [row + 0.25 for _, row in published],
            "D",
            color=OTHERS,
            ms=5,
            label="published",
        )


def draw_curve(networks: Sequence[Compared], path: Path) -> None:
    """Validation accuracy against milliseconds a picture, with the Pareto front.

    Validation accuracy, since this plot chooses the network. An eight-bit form that fails its check is
    hollow, and never on the front.
    """
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    front = pareto_front(points(networks))
    axes.plot(
        [one.milliseconds for one in front],
        [one.accuracy for one in front],
        color=QUIET,
        drawstyle="steps-post",
        label="none is right more often for less",
    )
    for one in networks:
        _draw_network(axes, one)
    _draw_eight_bits(axes, networks, refused=False)
    _draw_eight_bits(axes, networks, refused=True)
    axes.set(
        xlabel="milliseconds a picture (one thread of ONNX Runtime, median)",
        ylabel="validation accuracy (mean ± std)",
    )
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, path)


def _draw_network(axes: Axes, one: Compared) -> None:
    point, timing = in_float32(one), one.timing
    axes.errorbar(
        point.milliseconds,
        point.accuracy,
        xerr=[[point.milliseconds - timing.fastest_round], [timing.slowest_round - point.milliseconds]],
        yerr=one.summary.validation.std or 0.0,
        fmt="o",
        color=OURS,
        ecolor=QUIET,
        elinewidth=0.8,
        capsize=2,
    )
    _name(axes, point, below=False)


def _draw_eight_bits(axes: Axes, networks: Sequence[Compared], *, refused: bool) -> None:
    """A square for each form that would be served, or a hollow one for each that would not."""
    found = [in_eight_bits(one) for one in networks if (one.eight_bits.refused is not None) == refused]
    if found:
        axes.plot(
            [one.milliseconds for one in found],
            [one.accuracy for one in found],
            "s",
            color=EIGHT_BITS_COLOUR,
            mfc="none" if refused else EIGHT_BITS_COLOUR,
            label="in eight bits, refused" if refused else "in eight bits",
        )
        for one in found:
            _name(axes, one, below=True)


def _name(axes: Axes, point: Point, *, below: bool) -> None:
    axes.annotate(
        point.name,
        (point.milliseconds, point.accuracy),
        xytext=(6, -11 if below else 5),
        textcoords="offset points",
        fontsize=7,
    )


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})

"""Draw a comparison: test accuracies beside the published ones, and validation accuracy against time.

Writes the named PNG. The figures come from the comparison alone (results.py).
"""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.comparison.results import Compared, pareto_front
from training.evaluation.figures import LINE_COLOUR, QUIET_COLOUR, WRONG_COLOUR, save


def draw_comparison(networks: Sequence[Compared], path: Path) -> None:
    """Write both charts side by side; the folder is made if absent."""
    figure = Figure(figsize=(14, max(5.5, 1.6 + 0.42 * len(networks))), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_accuracies(left, networks)
    draw_times(right, networks)
    save(figure, path)


def draw_accuracies(axes: Axes, networks: Sequence[Compared]) -> None:
    """Test accuracy of each network, mean and standard deviation, next to the published one.

    Each seed is a mark; the training accuracy, which some publish instead, is drawn too.
    """
    rows, tests = range(len(networks)), [one.summary.test for one in networks]
    trained = [one.summary.train.mean for one in networks]
    axes.plot(trained, rows, "o", color=QUIET_COLOUR, mfc="none", label="ours, training set")
    means, deviations = [one.mean for one in tests], [one.std or 0.0 for one in tests]
    axes.errorbar(
        means, rows, xerr=deviations, fmt="o", color=LINE_COLOUR, label="ours, test set: mean ± std"
    )
    for row, one in enumerate(networks):
        accuracies = [seed.test.accuracy for seed in one.seeds]
        axes.plot(accuracies, [row] * len(accuracies), "|", color=LINE_COLOUR, ms=10)
    published = [(one.published.accuracy, row + 0.25) for row, one in enumerate(networks) if one.published]
    if published:
        axes.plot(*zip(*published, strict=True), "D", color=WRONG_COLOUR, ms=5, label="published")
    axes.set_yticks(rows, [f"{one.network} ({one.parameters:,})" for one in networks])
    axes.set_ylim(len(networks) - 0.5, -0.5)
    axes.set(xlabel="accuracy", ylabel="network (parameters)")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=3, frameon=False)


def draw_times(axes: Axes, networks: Sequence[Compared]) -> None:
    """Validation accuracy, by which a network is chosen, against milliseconds a picture."""
    front = pareto_front(networks)
    axes.plot(
        [one.timing.milliseconds for one in front],
        [one.summary.validation.mean for one in front],
        color=QUIET_COLOUR,
        drawstyle="steps-post",
        label="none is right more often for less",
    )
    for one in networks:
        time, figures = one.timing, one.summary.validation
        rounds = [[time.milliseconds - time.fastest_round], [time.slowest_round - time.milliseconds]]
        axes.errorbar(
            time.milliseconds, figures.mean, yerr=figures.std or 0.0, xerr=rounds, fmt="o", color=LINE_COLOUR
        )
        place = (time.milliseconds, figures.mean)
        axes.annotate(one.network, place, xytext=(6, 5), textcoords="offset points", fontsize=7)
    axes.set(xlabel="milliseconds a picture (one thread of ONNX Runtime, median)")
    axes.set(ylabel="validation accuracy (mean ± std)")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")

"""Draw a search: how it went, and validation accuracy over each setting.

matplotlib through its objects, as in figures.py. Writes the named PNG.
"""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from training.comparison.search_space import Between, Bounds, Either, Space
from training.comparison.trials import Trial
from training.evaluation.figures import DPI, QUIET_COLOUR, RIGHT_COLOUR

FINISHED_COLOUR: Final = "#1565c0"
PANELS_PER_ROW: Final = 3

LOWER_BOUND_MEDIANS: Final = 4
"""The axis reaches so many times as far below the best trial as the median of the finished ones does; what is
below, as most of the pruned trials are, is drawn on its edge."""

MARGIN: Final = 0.08
"""Share of the axis between the lowest trial that is shown in its place and the edge."""


def draw_search(path: Path, trials: tuple[Trial, ...], space: Space) -> None:
    """Write tune.png: the search in the order of its trials, then one panel per setting.

    Args:
        path: PNG.
        trials: at least one finished.
        space: what was searched; a setting between bounds with `log` gets a logarithmic axis.
    """
    panels = 1 + len(space)
    rows = -(-panels // PANELS_PER_ROW)
    figure = Figure(figsize=(3.4 * min(panels, PANELS_PER_ROW), 3.2 * rows), layout="constrained")
    grid = figure.subplots(rows, min(panels, PANELS_PER_ROW), sharey=True, squeeze=False).ravel()
    bottom = _bottom(trials)
    _draw_order(grid[0], trials, bottom)
    for axes, (name, bounds) in zip(grid[1:], space.items(), strict=False):
        _draw_setting(axes, trials, name, bounds, bottom)
    for axes in grid[panels:]:
        axes.set_axis_off()
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _bottom(trials: tuple[Trial, ...]) -> float:
    """Where the axis of accuracies begins."""
    finished = [one.val_accuracy for one in trials if one.state == "finished"]
    accuracies = np.array(finished or [one.val_accuracy for one in trials])
    best = accuracies.max()
    lowest = max(accuracies.min(), best - LOWER_BOUND_MEDIANS * (best - np.median(accuracies)))
    return float(lowest - MARGIN * (best - lowest))


def _draw_order(axes: Axes, trials: tuple[Trial, ...], bottom: float) -> None:
    """Accuracy by number, and the best that had finished by then."""
    finished = [one for one in trials if one.state == "finished"]
    best = np.maximum.accumulate([one.val_accuracy for one in finished])
    axes.step([one.number for one in finished], best, where="post", color=RIGHT_COLOUR, label="best so far")
    _scatter(axes, trials, [one.number for one in trials], bottom)
    axes.set(xlabel="trial", ylabel="validation accuracy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=7, loc="lower right")


def _draw_setting(axes: Axes, trials: tuple[Trial, ...], name: str, bounds: Bounds, bottom: float) -> None:
    _scatter(axes, trials, [one.values[name] for one in trials], bottom)
    axes.set(xlabel=name.replace("_", " "))
    if isinstance(bounds, Either):
        axes.set_xscale("log", base=2)
        axes.set_xticks(bounds.choices, [str(choice) for choice in bounds.choices])
    if isinstance(bounds, Between) and bounds.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())


def _scatter(axes: Axes, trials: tuple[Trial, ...], where: list[int] | list[float], bottom: float) -> None:
    """One mark per trial; a trial below the axis is drawn on its edge."""
    for state, colour, marker in (("pruned", QUIET_COLOUR, "x"), ("finished", FINISHED_COLOUR, "o")):
        places = [place for place, one in enumerate(trials) if one.state == state]
        heights = [max(trials[place].val_accuracy, bottom) for place in places]
        axes.scatter([where[place] for place in places], heights, c=colour, marker=marker, s=18, label=state)
    axes.grid(alpha=0.3)

"""Draw how pictures became what the model saw: one row per file, one column per step.

Writes one PNG. matplotlib is imported when something is drawn, since the serving requirements lack it. The
steps themselves: inference/stages.py; drawing answers: prediction_plot.py.
"""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inference.stages import Stage
from scripts.prediction_plot import PlotImpossible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELL_INCHES = (2.6, 3.4)
"""Width and height of one step with its sentence."""

_LINE = 34
"""Letters of a sentence that fit under a step."""


def draw_stages(rows: Sequence[tuple[str, Sequence[Stage]]], target: Path) -> None:
    """Draw one row per picture into a PNG file.

    Args:
        rows: title and steps of each picture; at least one.
        target: the file; what is there is replaced.

    Raises:
        PlotImpossible: it cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - see prediction_plot.require_matplotlib

    columns = max(len(steps) for _, steps in rows)
    width, height = _CELL_INCHES
    figure = Figure(figsize=(width * columns, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (title, steps) in zip(grid, rows, strict=True):
        for one in axes:
            one.set_axis_off()
        for one, step in zip(axes, steps, strict=False):  # one that took fewer steps leaves room on the right
            _draw(one, step)
        axes[0].set_title(f"{title}\n{steps[0].name}", fontsize=9, parse_math=False)
    try:
        figure.savefig(target, format="png", dpi=110)
    except OSError as error:
        raise PlotImpossible(f"{target}: {error.strerror}. Name a file that can be written.") from error


def _draw(axes: "Axes", step: Stage) -> None:
    axes.set_axis_on()
    axes.imshow(step.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(step.name, fontsize=9)
    axes.set_xlabel(textwrap.fill(step.reason, _LINE), fontsize=8, parse_math=False)
    axes.set_xticks([])
    axes.set_yticks([])

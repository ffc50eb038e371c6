"""The model as people would rather see it: points measured, lines fitted, dashes beyond.

Writes one PNG file.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.capacity.fits import Design, Values, bent_line, saturating, universal
from benchmarks.capacity.model import PICTURES
from benchmarks.capacity.plan import p99_wait
from benchmarks.capacity.strains import UTILISATION

Curve: TypeAlias = Callable[[Values], Values]

BEYOND = 4
"""How many times the largest size the dashes go on to."""
MOST_WORKERS = 16


def draw(results: Mapping[str, Any], model: Mapping[str, Any], path: Path) -> None:
    """Rates by connections and by workers, processor time by pixels, waits by utilisation."""
    figure = Figure(figsize=(9, 7), layout="constrained")
    connections, pixels, workers, waits = figure.subplots(2, 2).flatten().tolist()
    seen = results["growth"]["seen"]
    _connections(connections, seen["connections"], model)
    _pixels(pixels, seen, model)
    _workers(workers, seen["workers"], model)
    _waits(waits, model["cores"])
    for axes in (connections, pixels, workers, waits):
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=100)


def _connections(axes: Axes, points: Sequence[Mapping[str, Any]], model: Mapping[str, Any]) -> None:
    sizes = [each["size"] for each in points]
    axes.plot(sizes, [each["per_second"] for each in points], "o", color="C0", label="measured")
    laws = {
        f"{model['cores']} at a time and a queue": (saturating(model["cores"]), "saturating", "C1"),
        "Universal Scalability Law": (universal, "universal", "C2"),
    }
    for label, (design, name, colour) in laws.items():
        rates = partial(_rates, design, model["connections"][name]["parameters"])
        _inside_and_beyond(axes, sizes, rates, colour, (label, "extrapolated"))
    axes.set(xscale="log", ylim=(0, None))
    axes.set_title("answers per second by connections", fontsize=9)


def _pixels(axes: Axes, seen: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    for colour, curve in zip(("C0", "C3"), PICTURES, strict=True):
        sizes, fitted = [each["size"] for each in seen[curve]], model["pictures"][curve]
        line = partial(_along, bent_line(fitted["knee"]), fitted["parameters"])
        axes.plot(
            sizes, [each["processor"] for each in seen[curve]], "o", color=colour, label=f"{curve}, measured"
        )
        _inside_and_beyond(axes, sizes, line, colour, ("fitted", "extrapolated, past MAX_PIXELS"))
    axes.set(xscale="log", yscale="log")
    axes.set_title("ms of processor time by pixels", fontsize=9)


def _along(design: Design, parameters: Sequence[float], at: Values) -> Values:
    found: Values = design(at) @ np.asarray(parameters)
    return found


def _rates(design: Design, parameters: Sequence[float], at: Values) -> Values:
    return at / _along(design, parameters, at)


def _inside_and_beyond(
    axes: Axes, sizes: Sequence[float], curve: Curve, colour: str, labels: tuple[str, str]
) -> None:
    inside = np.geomspace(sizes[0], sizes[-1], 200)
    outside = np.geomspace(sizes[-1], sizes[-1] * BEYOND, 50)
    axes.plot(inside, curve(inside), "-", color=colour, label=labels[0])
    axes.plot(outside, curve(outside), "--", color=colour, label=labels[1])


def _workers(axes: Axes, points: Sequence[Mapping[str, Any]], model: Mapping[str, Any]) -> None:
    sizes, cores = [each["size"] for each in points], model["cores"]
    axes.plot(sizes, [each["per_second"] for each in points], "o", label=f"measured on {cores} cores")
    at: Values = np.arange(1, MOST_WORKERS + 1, dtype=float)
    rates = points[0]["per_second"] * at / (1 + model["workers"]["contention"] * (at - 1))
    axes.plot(at[:cores], rates[:cores], "-", color="C1", label="contention alone")
    axes.plot(at[cores - 1 :], rates[cores - 1 :], "--", color="C1", label="extrapolated: a core for each")
    axes.set(ylim=(0, None))
    axes.set_title("answers per second by workers", fontsize=9)


def _waits(axes: Axes, cores: int) -> None:
    at = np.linspace(0.05, 0.97, 200)
    axes.plot(at, [p99_wait(1, each) for each in at], "--", label="a queue for each worker")
    axes.plot(at, [p99_wait(cores, each) for each in at], "--", label=f"one queue for {cores}")
    axes.axvline(UTILISATION, color="grey", linewidth=0.8, label="where plans stay")
    axes.set(ylim=(0, 40))
    axes.set_title("p99 of the wait, in answers, by utilisation: computed", fontsize=9)

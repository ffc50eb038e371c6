"""Results of `wardrobe compare`: the figures of each network over several trainings, as JSON and as a chart.

Every figure comes from the reports of the releases that the trainings made.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from matplotlib.figure import Figure
from pydantic import Field

from labelling.write.partial_files import write_output
from model_store.manifest import FrozenModel
from reports.field_types import Count
from reports.values import Report
from training.evaluation.plots import LINE_COLOUR, QUIET_COLOUR, WRONG_COLOUR
from training.gradient.networks.published_figures import PUBLISHED_FIGURES, PublishedFigures
from training.gradient.recipes import TrainableNetworkName

OWN_RECIPE: Final = "own"
"""Name in the results for the usual recipe of each network, if the user named no recipe."""

MAX_ACCURACY_GAP: Final = 0.2
"""Difference between the accuracies on learnt and on held-out pictures from which a training may have been
too short."""

MAX_UNTRAINED_SHARE: Final = 0.01
"""Share of the untrained weights in the running average of the weights from which the training was too
short."""


class NetworkResult(FrozenModel):
    """The results of one network in a comparison, trained by one recipe with one or several seeds.

    Attributes:
        network: the name of the network, such as `conv3`.
        recipe_name: the name of the recipe, or `own` for the recipe that belongs to the network.
        seconds: the wall time of one training, mean of the seeds; None if it is not known.
        published: the figures that the authors of the network published; None if there are none.
        parameters: the number of all weights. A published number may leave out weights that are not trained.
        trainable_parameters: the number of weights that are trained; None in older results.
        mflops: the cost of one picture in millions of operations, counted in the serving graph; None if it
            cannot be counted.
        summary: the accuracies, by part (`train`, `validation` or `test`), each as `summarize_values` returns
            it: {"mean": 0.92, "std": 0.02, "n": 3}.
        seeds: one dictionary for each training: its `seed`, the figures of `train`, `validation` and `test`,
            and `training`, which older results lack.
    """

    network: str
    recipe_name: str = OWN_RECIPE
    seconds: Annotated[float, Field(ge=0)] | None = None
    published: PublishedFigures | None
    parameters: Count
    trainable_parameters: Count | None = None
    mflops: Annotated[float, Field(gt=0)] | None
    summary: dict[str, Any]
    seeds: tuple[dict[str, Any], ...]

    @property
    def test_loss(self) -> float:
        """The cross entropy on the test set in nats, mean of the seeds."""
        return statistics.fmean(seed["test"]["loss"] for seed in self.seeds)


def summarize_values(values: Sequence[float]) -> dict[str, float | None]:
    """Return the mean, the spread and the number of values, such as {"mean": 0.92, "std": 0.02, "n": 3}.

    `std` is the sample standard deviation, with n - 1 in the denominator; None for a single value.
    """
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": std, "n": len(values)}


def format_mean_and_std(accuracy: Mapping[str, Any]) -> str:
    """Return a mean and its standard deviation as text, such as `0.9200 ± 0.0200`.

    Args:
        accuracy: the values that `summarize_values` returns.
    """
    return f"{accuracy['mean']:.4f}" + ("" if accuracy["std"] is None else f" ± {accuracy['std']:.4f}")


def combine_reports(
    network: TrainableNetworkName, reports: Mapping[int, Report], recipe: str = OWN_RECIPE
) -> NetworkResult:
    """Combine the reports of several trainings of a network into one row of a comparison.

    Args:
        reports: the report of each training, by its seed; at least one.
        recipe: the name of the recipe that all of them used.
    """
    first_report = next(iter(reports.values()))
    times = [report.training.seconds for report in reports.values() if report.training.seconds is not None]
    return NetworkResult(
        network=network,
        recipe_name=recipe,
        seconds=statistics.fmean(times) if times else None,
        published=PUBLISHED_FIGURES.get(network),
        parameters=first_report.model.parameters,
        trainable_parameters=first_report.model.trainable_parameters,
        mflops=first_report.model.mflops,
        summary={
            part: summarize_values([getattr(report, part).accuracy for report in reports.values()])
            for part in ("train", "validation", "test")
        },
        seeds=tuple(
            {
                "seed": seed,
                "train": report.train.model_dump(mode="json"),
                "validation": report.validation.model_dump(mode="json"),
                "test": report.test.model_dump(mode="json", include={"n", "accuracy", "loss"}),
                "training": report.training.model_dump(mode="json"),
            }
            for seed, report in reports.items()
        ),
    )


def describe_short_training(network: str, report: Report) -> str | None:
    """Return a warning if a network is worse than necessary because it was trained for few steps.

    The kept weights are a running average. The warning is due if this average still contains a share of the
    untrained weights, and held-out pictures are answered much worse than learnt ones.

    Returns:
        The sentence; None if no warning is due.
    """
    averaging = report.training.configuration.get("averaging")
    batch_size = report.training.configuration.get("batch_size")
    if not report.history or not isinstance(averaging, float) or not isinstance(batch_size, int):
        return None
    last = report.history[-1]
    steps = last.epoch * max(report.train.n // batch_size, 1)
    untrained_share = averaging**steps
    if last.accuracy - last.val_accuracy < MAX_ACCURACY_GAP or untrained_share < MAX_UNTRAINED_SHARE:
        return None
    return (
        f"{network}, seed {report.training.seed}: in its last epoch {last.accuracy:.0%} of the training "
        f"pictures were right, but {last.val_accuracy:.0%} of the held-out ones, which the averaged weights "
        f"answer. After {steps:,} steps {untrained_share:.0%} of this average are still the first weights. "
        "Train for more epochs."
    )


def write_comparison(path: Path, networks: Sequence[NetworkResult]) -> None:
    """Write the results of a comparison to a JSON file, in one step; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"networks": [json.loads(network.model_dump_json()) for network in networks]}
    write_output(path, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")


def read_comparison(path: Path) -> tuple[NetworkResult, ...]:
    """Read the results of a comparison from the JSON file that `write_comparison` wrote."""
    document = json.loads(path.read_bytes())
    return tuple(map(NetworkResult.model_validate, document["networks"]))


def draw_comparison(networks: Sequence[NetworkResult]) -> Figure:
    """Draw the test accuracy of each network, mean and standard deviation, next to the published one.

    Each training is a mark. The accuracy on the training set, which some authors publish, is drawn as well.
    """
    figure = Figure(figsize=(9, 2 + 0.42 * len(networks)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(networks))
    tests = [network.summary["test"] for network in networks]
    trained = [network.summary["train"]["mean"] for network in networks]
    axes.plot(trained, rows, "o", color=QUIET_COLOUR, mfc="none", label="ours, training set")
    means, deviations = [test["mean"] for test in tests], [test["std"] or 0.0 for test in tests]
    axes.errorbar(
        means, rows, xerr=deviations, fmt="o", color=LINE_COLOUR, label="ours, test set: mean ± std"
    )
    for row, network in enumerate(networks):
        accuracies = [seed["test"]["accuracy"] for seed in network.seeds]
        axes.plot(accuracies, [row] * len(accuracies), "|", color=LINE_COLOUR, ms=10)
    published = [(row, network.published) for row, network in enumerate(networks) if network.published]
    marks = {
        "published": ([(figures.accuracy, row) for row, figures in published], WRONG_COLOUR),
        "published, test set, where the other is of the validation": (
            [(figures.test, row) for row, figures in published if figures.test],
            "none",
        ),
    }
    for label, (points, fill) in marks.items():
        if points:
            axes.plot(*zip(*points, strict=True), "D", color=WRONG_COLOUR, mfc=fill, ms=5, label=label)
    axes.set_yticks(rows, [_describe_network(network) for network in networks])
    axes.set_ylim(len(networks) - 0.5, -0.5)
    axes.set(xlabel="accuracy")
    axes.set_title("network, its recipe (parameters, seconds of training)", loc="left", fontsize="medium")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def _describe_network(network: NetworkResult) -> str:
    """Return the text beside the row of a network, such as "conv3, own (241,546, 312 s)"."""
    seconds = "" if network.seconds is None else f", {network.seconds:.0f} s"
    return f"{network.network}, {network.recipe_name} ({network.parameters:,}{seconds})"

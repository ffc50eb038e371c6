"""What `wardrobe compare` found: its file, how later results join earlier ones, and what is on the front.

Reads and writes one named JSON file; the rest is pure. Where the figures come from:
measuring.py; the chart: figure.py.
"""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, ValidationError

from model_store.files import write_whole
from model_store.manifest import DataSet, Frozen, first_problem
from model_store.report import Count, SplitFigures
from training.errors import ComparisonUnreadable
from training.networks.published_figures import Published
from training.recipes import CHOICES, NetworkName

Positive = Annotated[float, Field(gt=0)]


class Spread(Frozen):
    """A figure over several seeds.

    Attributes:
        std: sample standard deviation (divided by n - 1); None for a single seed.
        n: how many seeds.
    """

    mean: float
    std: float | None
    n: Annotated[int, Field(gt=0)]


class OneSeed(Frozen):
    """One training.

    Attributes:
        seconds: of all epochs.
        seconds_per_epoch: the median, which the first epoch's compiling and a resumption leave alone.
        hardware: what it was trained on.
        test: reported only; nothing is selected by it.
        test_loss_before: before the temperature, as published losses are.
    """

    seed: Count
    epochs: Count
    best_epoch: Count | None
    seconds: float
    seconds_per_epoch: float
    hardware: str | None
    train: SplitFigures
    validation: SplitFigures
    test: SplitFigures
    test_loss_before: float


class Timing(Frozen):
    """What one picture costs, alone in its batch, on one thread of ONNX Runtime.

    Attributes:
        milliseconds: median of all calls.
        fastest_round: median of the calls of the fastest round; its distance to `slowest_round` shows how
            quiet the machine was.
        calls: how many in all.
    """

    milliseconds: Positive
    fastest_round: Positive
    slowest_round: Positive
    calls: Annotated[int, Field(gt=0)]


class Summary(Frozen):
    """Accuracies over the seeds, and the median of their seconds per epoch."""

    train: Spread
    validation: Spread
    test: Spread
    seconds_per_epoch: float


class Compared(Frozen):
    """One network under one recipe.

    Attributes:
        recipe: without its seed.
        parameters: all weights; a published count may leave out those that are not trained.
        mflops: of one picture, counted in the serving graph.
        hardware: what the timings were measured on.
    """

    network: NetworkName
    published: Published | None
    parameters: Count
    mflops: Positive
    graph_bytes: Count
    summary: Summary
    timing: Timing
    command: str
    measured_at: str
    hardware: str
    libraries: dict[str, str]
    data: DataSet
    recipe: dict[str, JsonValue]
    seeds: tuple[OneSeed, ...]


class Comparison(Frozen):
    """The file: networks in the order of recipes.NetworkName."""

    networks: tuple[Compared, ...] = ()


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of at least one value."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return Spread(mean=statistics.fmean(values), std=std, n=len(values))


def summary(seeds: Sequence[OneSeed]) -> Summary:
    """Summarise at least one training."""
    return Summary(
        train=spread([one.train.accuracy for one in seeds]),
        validation=spread([one.validation.accuracy for one in seeds]),
        test=spread([one.test.accuracy for one in seeds]),
        seconds_per_epoch=statistics.median(one.seconds_per_epoch for one in seeds),
    )


def merged(earlier: Comparison, later: Iterable[Compared]) -> Comparison:
    """Merge later results into earlier ones.

    A new network is added. A network with the same recipe and data gains seeds; its other figures are the
    later ones. Another recipe replaces it, since a mean over both means nothing.
    """
    found = {one.network: one for one in earlier.networks}
    for one in later:
        found[one.network] = _joined(found.get(one.network), one)
    return Comparison(networks=tuple(found[name] for name in CHOICES["network"] if name in found))


def _joined(earlier: Compared | None, later: Compared) -> Compared:
    if earlier is None or (earlier.recipe, earlier.data) != (later.recipe, later.data):
        return later
    seeds = {one.seed: one for one in (*earlier.seeds, *later.seeds)}
    joined = tuple(seeds[number] for number in sorted(seeds))
    return later.model_copy(update={"seeds": joined, "summary": summary(joined)})


def pareto_front(networks: Iterable[Compared]) -> list[Compared]:
    """The networks that none beats in both time and validation accuracy, from the fastest to the slowest."""
    front: list[Compared] = []
    for one in sorted(networks, key=lambda one: (one.timing.milliseconds, -one.summary.validation.mean)):
        if not front or one.summary.validation.mean > front[-1].summary.validation.mean:
            front.append(one)
    return front


def read_comparison(path: Path) -> Comparison:
    """Read the file; an empty comparison where there is none yet.

    Raises:
        ComparisonUnreadable: it is something else.
    """
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Comparison()
    except ValidationError as error:
        raise ComparisonUnreadable(
            f"{path}: {first_problem(error)}. Move it away, or name another place with --out."
        ) from error


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Replace the file, all of it or nothing; its folder is made if absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, comparison.as_bytes())

"""How the results of a comparison join, what its table says, and which networks are worth their time."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_store.manifest import DataSet
from model_store.report import SplitFigures
from scripts import compare
from scripts.compare import row
from training.comparison.results import (
    Compared,
    Comparison,
    OneSeed,
    Timing,
    merged,
    pareto_front,
    read_comparison,
    summary,
    write_comparison,
)
from training.errors import ComparisonUnreadable
from training.networks.published_figures import PUBLISHED
from training.recipes import PLAIN, NetworkName, Recipe


def one_seed(seed: int, accuracy: float) -> OneSeed:
    """A training with the same accuracy on all pictures."""
    figures = SplitFigures(n=100, accuracy=accuracy, loss=0.3)
    return OneSeed(
        seed=seed,
        epochs=2,
        best_epoch=1,
        seconds=30,
        seconds_per_epoch=15,
        hardware="a processor",
        train=figures,
        validation=figures,
        test=figures,
        test_loss_before=0.3,
    )


def timing(milliseconds: float) -> Timing:
    return Timing(
        milliseconds=milliseconds, fastest_round=milliseconds, slowest_round=milliseconds, calls=500
    )


def compared(
    network: NetworkName, seeds: dict[int, float], recipe: Recipe = PLAIN, milliseconds: float = 0.2
) -> Compared:
    """A network with the accuracy of each seed."""
    trainings = tuple(one_seed(seed, accuracy) for seed, accuracy in seeds.items())
    return Compared(
        network=network,
        published=PUBLISHED.get(network),
        parameters=241_546,
        mflops=15.23,
        graph_bytes=1_000_000,
        summary=summary(trainings),
        timing=timing(milliseconds),
        command="python -m scripts.compare",
        measured_at="2026-11-20T10:00:00+00:00",
        hardware="a processor",
        libraries={},
        data=DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64),
        recipe=replace(recipe, network=network).as_json(),
        seeds=trainings,
    )


def test_later_results_join_the_earlier_ones_and_another_recipe_replaces_its_network() -> None:
    earlier = Comparison(networks=(compared("conv3", {0: 0.90, 1: 0.92}), compared("vgg", {0: 0.94})))
    longer = compared("conv3", {0: 0.93}, replace(PLAIN, epochs=30))

    after = merged(earlier, [compared("dense", {0: 0.88}), longer])

    assert [one.network for one in after.networks] == ["dense", "conv3", "vgg"]
    assert after.networks[1:] == (longer, earlier.networks[1])


def test_more_seeds_of_the_same_recipe_are_counted_with_the_earlier_ones() -> None:
    earlier = Comparison(networks=(compared("conv3", {0: 0.90, 1: 0.92}),))

    after = merged(earlier, [compared("conv3", {1: 0.92, 2: 0.94})]).networks[0]

    assert [one.seed for one in after.seeds] == [0, 1, 2]
    assert after.summary.test.n == 3
    assert after.summary.test.mean == pytest.approx(0.92)
    assert after.summary.test.std == pytest.approx(0.02)


def test_a_row_shows_ours_beside_the_published_accuracy() -> None:
    cells = row(compared("conv3", {0: 0.92, 1: 0.93}))

    assert cells == {
        "network": "conv3",
        "parameters": "241,546",
        "MFLOP": "15.2",
        "ms": "0.200",
        "s/epoch": "15.0",
        "test accuracy": "0.9250 ± 0.0071",
        "n": "2",
        "published": "0.9232",
        "validation": "0.9250 ± 0.0071",
        "training": "0.9250 ± 0.0071",
    }


def test_a_single_seed_has_no_deviation_and_our_own_network_nothing_published() -> None:
    cells = row(compared("compact16", {0: 0.93}))

    assert (cells["test accuracy"], cells["published"]) == ("0.9300", "")


def test_the_front_leaves_out_what_is_dearer_and_no_better() -> None:
    cheap, better, dearer, worse = (
        compared("dense", {0: accuracy}, milliseconds=milliseconds)
        for milliseconds, accuracy in ((0.1, 0.90), (0.2, 0.92), (0.3, 0.92), (0.1, 0.89))
    )

    assert pareto_front([dearer, worse, better, cheap]) == [cheap, better]


def test_a_comparison_is_read_as_it_was_written(tmp_path: Path) -> None:
    comparison = Comparison(networks=(compared("conv3", {0: 0.90, 1: 0.92}),))

    write_comparison(tmp_path / "results" / "compare.json", comparison)

    assert read_comparison(tmp_path / "results" / "compare.json") == comparison


def test_results_never_replace_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"minutes": 10}')

    with pytest.raises(ComparisonUnreadable, match=r"other\.json: minutes: .* name another place with --out"):
        compare.main(["--networks", "dense", "--out", str(tmp_path / "other")])

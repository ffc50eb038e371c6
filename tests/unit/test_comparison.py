"""How the results of a comparison join, what its table says, and which networks are worth their time."""

from pathlib import Path

import pytest

from scripts import compare
from tests.service import ROOT
from training.comparison.results import (
    Compared,
    Comparison,
    merged,
    pareto_front,
    read_comparison,
    summary,
    write_comparison,
)
from training.errors import ComparisonUnreadable

KNOWN = {str(one.network): one for one in read_comparison(ROOT / "docs/results/comparison.json").networks}


def compared(network: str, seeds: dict[int, float], epochs: int = 15, milliseconds: float = 0.2) -> Compared:
    """A network's committed results with another test accuracy for each seed."""
    known = KNOWN[network]
    trainings = tuple(
        known.seeds[0].model_copy(
            update={"seed": seed, "test": known.seeds[0].test.model_copy(update={"accuracy": accuracy})}
        )
        for seed, accuracy in seeds.items()
    )
    changed = {
        "seeds": trainings,
        "summary": summary(trainings),
        "timing": known.timing.model_copy(update={"milliseconds": milliseconds}),
        "recipe": known.recipe | {"epochs": epochs},
    }
    return known.model_copy(update=changed)


def test_later_results_join_the_earlier_ones_and_another_recipe_replaces_its_network(tmp_path: Path) -> None:
    earlier = Comparison(networks=(compared("conv3", {0: 0.90, 1: 0.92}), compared("vgg", {0: 0.94})))
    longer = compared("conv3", {0: 0.93}, epochs=30)
    write_comparison(tmp_path / "results" / "compare.json", earlier)

    after = merged(
        read_comparison(tmp_path / "results" / "compare.json"), [compared("dense", {0: 0.88}), longer]
    )

    assert [one.network for one in after.networks] == ["dense", "conv3", "vgg"]
    assert after.networks[1:] == (longer, earlier.networks[1])


def test_more_seeds_of_the_same_recipe_are_counted_with_the_earlier_ones() -> None:
    earlier = Comparison(networks=(compared("conv3", {0: 0.90, 1: 0.92}),))

    after = merged(earlier, [compared("conv3", {1: 0.92, 2: 0.94})]).networks[0]

    assert [one.seed for one in after.seeds] == [0, 1, 2]
    assert after.summary.test.n == 3
    assert after.summary.test.mean == pytest.approx(0.92)
    assert after.summary.test.std == pytest.approx(0.02)


def test_the_front_leaves_out_what_is_dearer_and_no_better() -> None:
    cheap, better = (KNOWN[name] for name in ("dense", "conv2_same"))
    dearer = better.model_copy(update={"timing": better.timing.model_copy(update={"milliseconds": 9.0})})

    assert pareto_front([dearer, better, cheap]) == [cheap, better]


def test_results_never_replace_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"minutes": 10}')

    with pytest.raises(ComparisonUnreadable, match=r"other\.json: minutes: .* name another place with --out"):
        compare.main(["--networks", "dense", "--out", str(tmp_path / "other")])

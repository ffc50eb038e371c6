"""How the results of a comparison are kept, and what replaces them."""

from pathlib import Path

import pytest

from model_store.manifest import DataSet
from reports.values import Report
from scripts import compare
from tests.releases import a_report
from tests.service import ROOT
from training.errors import ComparisonUnreadable
from training.gradient.comparison_results import (
    NetworkComparison,
    compared,
    in_words,
    merged,
    read_comparison,
    write_comparison,
)
from training.gradient.recipes import NetworkName

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


def reports(*accuracies: float) -> dict[int, Report]:
    return {seed: a_report(("hat", "scarf"), accuracy, DATA) for seed, accuracy in enumerate(accuracies)}


def test_accuracies_are_the_mean_and_the_sample_standard_deviation_over_the_seeds() -> None:
    found = compared("conv3", reports(0.90, 0.92, 0.94)).summary["test"]

    assert found == {"mean": pytest.approx(0.92), "std": pytest.approx(0.02), "n": 3}
    assert in_words(found) == "0.9200 ± 0.0200"
    assert in_words(compared("conv3", reports(0.9)).summary["test"]) == "0.9000"


def test_later_results_replace_those_of_the_same_network_alone(tmp_path: Path) -> None:
    def result(network: NetworkName, *accuracies: float) -> NetworkComparison:
        return NetworkComparison(networks=(compared(network, reports(*accuracies)),))

    file = tmp_path / "results" / "compare.json"
    write_comparison(file, merged(result("conv3", 0.90, 0.92), result("vgg", 0.94).networks))

    after = merged(read_comparison(file), result("conv3", 0.93).networks)

    assert [(one.network, one.summary["test"]["mean"]) for one in after.networks] == [
        ("conv3", 0.93),
        ("vgg", 0.94),
    ]


@pytest.mark.parametrize("name", ["comparison", "curve"])
def test_files_of_earlier_versions_lose_nothing(name: str, tmp_path: Path) -> None:
    stored = read_comparison(ROOT / "docs" / "results" / f"{name}.json")

    write_comparison(tmp_path / "again.json", stored)

    again = read_comparison(tmp_path / "again.json")
    assert again == stored
    assert b'"milliseconds"' in (tmp_path / "again.json").read_bytes()


def test_results_never_replace_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"minutes": 10}')

    with pytest.raises(ComparisonUnreadable, match=r"other\.json: minutes: .* name another place with --out"):
        compare.main(["--networks", "dense", "--out", str(tmp_path / "other")])


def test_results_of_one_network_under_two_recipes_stand_beside_one_another() -> None:
    own, published = (
        NetworkComparison(networks=(compared("dense", reports(0.9), recipe),))
        for recipe in ("own", "published")
    )

    found = merged(own, published.networks).networks

    assert [(one.network, one.recipe_name) for one in found] == [("dense", "own"), ("dense", "published")]

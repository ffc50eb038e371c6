"""What a comparison of networks keeps of several seeds."""

import pytest

from model_store.manifest import DataSet
from reports.values import Report
from tests.releases import a_report
from training.gradient.comparison_results import combine_reports, format_spread

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


def reports(*accuracies: float) -> dict[int, Report]:
    return {seed: a_report(("hat", "scarf"), accuracy, DATA) for seed, accuracy in enumerate(accuracies)}


def test_accuracies_are_the_mean_and_the_sample_standard_deviation_over_the_seeds() -> None:
    found = combine_reports("conv3", reports(0.90, 0.92, 0.94)).summary["test"]

    assert found == {"mean": pytest.approx(0.92), "std": pytest.approx(0.02), "n": 3}
    assert format_spread(found) == "0.9200 ± 0.0200"
    assert format_spread(combine_reports("conv3", reports(0.9)).summary["test"]) == "0.9000"

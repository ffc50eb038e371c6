"""What a comparison of networks keeps of several seeds."""

import pytest

from model_store.manifest import DataSet
from reports.network_figures import Epoch
from reports.values import Report
from tests.releases import a_report
from training.gradient.comparison_results import combine_reports, describe_short_training, format_mean_and_std

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


def reports(*accuracies: float) -> dict[int, Report]:
    return {seed: a_report(("hat", "scarf"), accuracy, DATA) for seed, accuracy in enumerate(accuracies)}


def test_accuracies_are_the_mean_and_the_sample_standard_deviation_over_the_seeds() -> None:
    found = combine_reports("conv3", reports(0.90, 0.92, 0.94)).summary["test"]

    assert found == {"mean": pytest.approx(0.92), "std": pytest.approx(0.02), "n": 3}
    assert format_mean_and_std(found) == "0.9200 ± 0.0200"
    assert format_mean_and_std(combine_reports("conv3", reports(0.9)).summary["test"]) == "0.9000"


def trained(epochs: int, right_learnt: float, right_held_out: float, averaging: float) -> Report:
    """A training of 30,000 pictures in batches of 100, with what it got right in its last epoch."""
    report = a_report(("hat", "scarf"), 0.5, DATA)
    last = Epoch(
        epoch=epochs, loss=1, accuracy=right_learnt, val_loss=1, val_accuracy=right_held_out, seconds=1
    )
    configuration = {"averaging": averaging, "batch_size": 100}
    return report.replace_fields(
        history=(last,),
        train=report.train.model_copy(update={"n": 30_000}),
        training=report.training.model_copy(update={"configuration": configuration}),
    )


def test_a_network_whose_averaged_weights_need_more_epochs_is_named() -> None:
    said = describe_short_training("conv3", trained(2, 0.8, 0.17, averaging=0.998))

    assert said is not None
    assert "80% of the training pictures were right, but 17% of the held-out ones" in said
    assert "After 600 steps 30% of this average are still the first weights. Train for more epochs." in said


UNSUSPICIOUS = {
    "held-out pictures are answered nearly as well": trained(2, 0.8, 0.75, averaging=0.998),
    "learnt by heart, after many epochs": trained(50, 1.0, 0.6, averaging=0.998),
    "no average is kept": trained(2, 0.8, 0.17, averaging=0.0),
    "a release without a history": a_report(("hat", "scarf"), 0.5, DATA),
}


@pytest.mark.parametrize("report", UNSUSPICIOUS.values(), ids=UNSUSPICIOUS)
def test_no_other_network_is_told_to_train_for_longer(report: Report) -> None:
    assert describe_short_training("conv3", report) is None

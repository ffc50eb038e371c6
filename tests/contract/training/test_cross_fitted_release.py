"""What other networks say about pictures that they did not learn decides a release's thresholds."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.session import Scores
from model_store.catalogue import files_in_folder
from model_store.local import LocalRelease, open_release
from reports.answers import ANSWERS, TEST_SET
from reports.evidence import evidence_of
from reports.values import TrainingFigures, report_of
from tests.contract.training.conftest import Exported
from tests.fashion import CLASSES, striped_pictures
from training.measure.evaluate import undecided
from training.measure.why_nothing import promised_in_words
from training.pictures.fashion import LabelledData
from training.pictures.labels import Codes
from training.pictures.split import Split
from training.progress import Lines
from training.release.of_fit import Evaluation, Origin, complete_release

SHOWN = striped_pictures(180, seed=5)
FAR = 1000.0
"""A distance that no picture has here."""


def sure_of(classes: Codes, distance: float) -> Scores:
    """Answers for these classes with 0.91, from this distance on."""
    probabilities = np.full((len(classes), CLASSES), 0.01, np.float32)
    probabilities[np.arange(len(classes)), classes] = 0.91
    return Scores.of_class(probabilities, np.linspace(distance, distance + 1, len(classes), dtype=np.float32))


ORIGIN = Origin(
    network="plain",
    parameters=1000,
    trainable=1000,
    training=TrainingFigures(
        seed=0,
        epochs=3,
        best_epoch=3,
        seconds=1.0,
        hardware="2 cores",
        libraries={},
        configuration={"network": "plain"},
    ),
)


@pytest.fixture(scope="module")
def evaluation(parts: Split) -> Evaluation:
    data = LabelledData(striped_pictures(400), striped_pictures(100, seed=1))
    return Evaluation(data=data, split=parts)


def released(exported: Exported, folder: Path, evaluation: Evaluation) -> LocalRelease:
    """A release that is measured on this; the network was exported before."""
    folder.mkdir(exist_ok=True)
    shutil.copy(exported.model_path, folder)
    shutil.copy(exported.graph_path, folder)
    complete_release(folder, evaluation, ORIGIN, Lines())
    return open_release(folder)


@pytest.fixture(scope="module")
def few(evaluation: Evaluation, exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """Decided by the few pictures that are held out."""
    return released(exported, tmp_path_factory.mktemp("few"), evaluation)


def test_answers_of_other_networks_give_the_thresholds_enough_to_rest_on(
    few: LocalRelease, evaluation: Evaluation, exported: Exported, tmp_path: Path
) -> None:
    learnt = evaluation.split.train
    others = undecided(sure_of(learnt.classes, distance=FAR), learnt, folds=1)

    enough = released(exported, tmp_path / "enough", replace(evaluation, out_of_fold=others))
    alone, with_others = (promised_in_words(report_of(one)) for one in (few, enough))

    assert few.manifest.contract("pixels").of_label.accepts_nothing
    assert any("takes 299 without an error" in line for line in alone)
    assert not any("review" in line for line in with_others)
    assert not enough.manifest.contract("pixels").of_label.accepts_nothing
    assert report_of(enough).promises[0].n >= 360
    familiarity = enough.manifest.contract("pixels").familiarity
    assert familiarity is not None
    assert familiarity.quantiles[-1] == FAR + 1


def test_where_groups_are_products_the_report_says_how_many_are_accepted_and_right(
    evaluation: Evaluation, exported: Exported, tmp_path: Path
) -> None:
    test = evaluation.data.test
    files = tuple(tmp_path / str(n) for n in range(len(test)))
    pairs = replace(
        test, files=files, groups=np.array([f"{label} {n // 40}" for n, label in enumerate(test.classes)])
    )
    on = replace(evaluation, data=replace(evaluation.data, test=pairs), of_products=True)

    found = report_of(released(exported, tmp_path / "products", on)).products

    several = [group for group, n in Counter(pairs.groups.tolist()).items() if n > 1]
    assert several
    assert list(found) == ["label"]
    assert (found["label"].n, found["label"].accuracy) == (len(several), 0.99)


def test_a_release_keeps_its_answers_to_the_test_set(few: LocalRelease) -> None:
    kept = evidence_of(files_in_folder(few)).answers.of_set(TEST_SET)

    assert kept.right.mean() == few.manifest.headline.test_accuracy
    assert kept.decided.all()
    assert np.array_equal(kept.probabilities.argmax(axis=1), kept.predicted)
    assert ANSWERS in few.manifest.files

"""What other networks say about pictures that they did not learn decides a release's thresholds."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.session import Scores
from model_store.catalogue import files_in_folder
from model_store.local import LocalRelease, open_release
from reports.answers import ANSWERS, TEST_SET
from reports.evidence import evidence_of
from reports.values import report_of
from tests.contract.training.conftest import RECIPE, Exported
from tests.fashion import CLASSES, striped_pictures
from training.fitted import Fitted
from training.gradient.fitting.checkpoints import Run
from training.measure.acceptance import promised_in_words
from training.measure.evaluate import undecided
from training.pictures.fashion import LabelledData
from training.pictures.split import Split
from training.progress import summed
from training.release.builder import (
    Material,
    complete_release,
    make_release,
    material_of,
    pictures_to_answer,
)

SHOWN = striped_pictures(180, seed=5)
FAR = 1000.0
"""A distance that no picture has here."""


def sure_of(classes: NDArray[np.uint8], distance: float) -> Scores:
    """Answers for these classes with 0.91, from this distance on."""
    probabilities = np.full((len(classes), CLASSES), 0.01, np.float32)
    probabilities[np.arange(len(classes)), classes] = 0.91
    return Scores(probabilities, np.linspace(distance, distance + 1, len(classes), dtype=np.float32))


@pytest.fixture
def material(parts: Split, fitted: Fitted) -> Material:
    data = LabelledData(striped_pictures(400), striped_pictures(100, seed=1))
    return material_of(fitted, RECIPE, Run(Path("runs"), ""), data=data, split=parts)


def released(exported: Exported, folder: Path, material: Material) -> LocalRelease:
    """A release of this material; the network was exported before."""
    folder.mkdir(exist_ok=True)
    shutil.copy(exported.model_path, folder)
    shutil.copy(exported.graph_path, folder)
    complete_release(folder, material, lambda _: None)
    return open_release(folder)


def test_answers_of_other_networks_give_the_thresholds_enough_to_rest_on(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    learnt = material.split.train
    others = undecided(sure_of(learnt.labels, distance=FAR), learnt, folds=1)

    few = released(exported, tmp_path / "few", material)
    enough = released(exported, tmp_path / "enough", replace(material, out_of_fold=others))
    alone, with_others = (promised_in_words(report_of(one)) for one in (few, enough))

    assert few.manifest.model.thresholds.accept_nothing
    assert any("takes 299 without an error" in line for line in alone)
    assert not any("review" in line for line in with_others)
    assert not enough.manifest.model.thresholds.accept_nothing
    assert report_of(enough).promises[0].n >= 360
    assert enough.manifest.model.familiarity is not None
    assert enough.manifest.model.familiarity.quantiles[-1] == FAR + 1


def test_the_progress_of_making_a_release_ends_at_all_of_its_pictures(
    material: Material, fitted: Fitted, tmp_path: Path
) -> None:
    reported = list[tuple[int, int]]()
    of = pictures_to_answer(material)

    make_release(
        tmp_path, fitted.model, material, lambda _: None, summed(lambda *now: reported.append(now), of)
    )

    assert [of] * len(reported) == [total for _, total in reported]
    assert reported[-1] == (of, of) > reported[-2]
    assert len({done for done, _ in reported}) > 3


def test_a_release_keeps_its_answers_to_the_test_set(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    release = released(exported, tmp_path, material)

    kept = evidence_of(files_in_folder(release)).answers.of_set(TEST_SET)

    assert kept.right.mean() == release.manifest.headline.test_accuracy
    assert kept.decided.all()
    assert np.array_equal(kept.probabilities.argmax(axis=1), kept.predicted)
    assert ANSWERS in release.manifest.files

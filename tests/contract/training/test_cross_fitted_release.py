"""What other networks say about pictures that they did not learn decides a release's thresholds."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.contract import Ground
from inference.onnx_session import OnnxSession
from inference.session import Scores
from model_store.answers import ANSWERS, TEST_SET
from model_store.evidence import evidence_in_folder
from model_store.local import LocalRelease, open_release
from model_store.model_card import MODEL_CARD
from tests.contract.training.conftest import RECIPE, Exported
from tests.fashion import CLASSES, ON_PLAIN, striped_pictures
from training.data.datasets import LabelledData
from training.data.splitting import Split
from training.export.out_of_fold import OutOfFold
from training.export.release import Material, complete_release, material_of, scores_of
from training.fitting.fit import Fitted
from training.photos.reading import Photos

SHOWN = striped_pictures(180, seed=5)
FAR = 1000.0
"""A distance that no picture has here."""


def sure_of(classes: NDArray[np.uint8], distance: float) -> Scores:
    """Answers for these classes with 0.91, from this distance on."""
    probabilities = np.full((len(classes), CLASSES), 0.01, np.float32)
    probabilities[np.arange(len(classes)), classes] = 0.91
    return Scores(probabilities, np.linspace(distance, distance + 1, len(classes), dtype=np.float32))


def some_photos() -> Photos:
    names = tuple(hashlib.sha256(bytes([number])).hexdigest() for number in range(len(SHOWN)))
    files = (Path("A/0/photo.jpg"),) * len(SHOWN)
    tiers = ("A", "B", "C") * (len(SHOWN) // 3)
    return Photos(
        *(SHOWN.images, SHOWN.labels, tiers, files, names, names, ("0",) * len(SHOWN)),
        worn=(None,) * len(SHOWN),
        shown=(ON_PLAIN,) * len(SHOWN),
    )


@pytest.fixture
def material(parts: Split, fitted: Fitted) -> Material:
    data = LabelledData(striped_pictures(400), striped_pictures(100, seed=1))
    return material_of(fitted, RECIPE, "train", data=data, split=parts)


def released(exported: Exported, folder: Path, material: Material, said: list[str]) -> LocalRelease:
    """A release of this material; the network was exported before."""
    folder.mkdir(exist_ok=True)
    shutil.copy(exported.model_path, folder)
    shutil.copy(exported.graph_path, folder)
    complete_release(folder, material, said.append)
    return open_release(folder)


def test_answers_of_other_networks_give_the_thresholds_enough_to_rest_on(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    others = OutOfFold(5, 3, sure_of(material.split.train.labels, distance=FAR), None)
    alone, with_others = list[str](), list[str]()

    few = released(exported, tmp_path / "few", material, alone)
    enough = released(exported, tmp_path / "enough", replace(material, out_of_fold=others), with_others)

    assert few.manifest.model.thresholds.accept_nothing
    assert any("takes 299 without an error" in line for line in alone)
    assert not any("review" in line for line in with_others)
    assert not enough.manifest.model.thresholds.accept_nothing
    assert enough.report().promises[0].n >= 360
    assert enough.manifest.model.familiarity is not None
    assert enough.manifest.model.familiarity.quantiles[-1] == FAR + 1


def test_photos_that_were_learnt_are_reported_by_what_other_networks_say(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    mistaken = sure_of((SHOWN.labels + 1) % CLASSES, distance=0.0)
    others = OutOfFold(5, 3, sure_of(material.split.train.labels, distance=FAR), mistaken)

    release = released(exported, tmp_path, replace(material, photos=some_photos(), out_of_fold=others), [])

    figures = release.report().photos["A"]
    assert (figures.split, figures.n, figures.accuracy) == ("cross-fitted", 60, 0.0)
    contract = release.manifest.model
    assert contract.photo_thresholds is not None
    assert contract.photo_thresholds.accept_nothing
    assert figures.decisions.confidence_threshold == contract.photo_thresholds.confidence
    assert figures.decisions.coverage == 0.0
    assert not contract.thresholds.accept_nothing


def test_figures_of_photos_rest_on_out_of_fold_calibration(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    sure = sure_of(SHOWN.labels, distance=0.0)
    doubtful = Scores((sure.probabilities / 2 + 0.05).astype(np.float32), sure.distances)
    others = OutOfFold(5, 3, sure_of(material.split.train.labels, distance=FAR), doubtful)

    release = released(exported, tmp_path, replace(material, photos=some_photos(), out_of_fold=others), [])

    calibration, figures = release.manifest.model.photo_calibration, release.report().photos["B"]
    assert calibration is not None
    assert calibration.temperature < 0.5
    assert calibration.biases == ()
    assert figures.accuracy == 1.0
    assert figures.ece is not None
    assert figures.ece < 0.05


def test_photos_on_plain_and_cluttered_ground_choose_the_thresholds_that_decide_about_them(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    """Each tier has 140 photos. Those of C are on cluttered ground, and half of their answers wrong."""
    shown = striped_pictures(420, seed=6)
    names = tuple(hashlib.sha256(number.to_bytes(2)).hexdigest() for number in range(420))
    cluttered: Ground = "cluttered"
    tiers = (*"A" * 140, *"B" * 140, *"C" * 140)
    photos = Photos(
        *(shown.images, shown.labels, tiers, (Path("photo.jpg"),) * 420, names, names, tiers),
        worn=(None,) * 420,
        shown=(*(ON_PLAIN,) * 280, *(cluttered,) * 140),
    )
    answered = shown.labels.copy()
    answered[350:] = (answered[350:] + 1) % CLASSES
    sure = sure_of(answered, distance=0.0)
    sure.probabilities[350:] = 0.9 * sure.probabilities[350:] + 0.01
    others = OutOfFold(5, 3, sure_of(material.split.train.labels, distance=FAR), sure)

    release = released(exported, tmp_path, replace(material, photos=photos, out_of_fold=others), [])

    contract, report = release.manifest.model, release.report()
    assert contract.photo_thresholds is not None
    assert contract.cluttered_thresholds is not None
    assert contract.photo_thresholds.confidence <= contract.cluttered_thresholds.confidence
    decisions = {tier: one.decisions for tier, one in report.photos.items()}
    assert decisions["A"].confidence_threshold == contract.photo_thresholds.confidence
    assert decisions["C"].confidence_threshold == contract.cluttered_thresholds.confidence
    assert decisions["A"].coverage > 0.9
    assert 0.4 < decisions["C"].coverage < 0.55
    assert "on cluttered ground" in (tmp_path / MODEL_CARD).read_text("utf-8")


def test_pictures_of_ones_own_and_photos_have_the_same_thresholds(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    pictures = replace(material.data.train, files=(Path("1.png"),) * len(material.data.train))
    own = replace(material, data=replace(material.data, train=pictures), photos=some_photos())

    contract = released(exported, tmp_path, own, []).manifest.model

    assert (contract.photo_thresholds, contract.photo_calibration) == (None, None)


def test_photos_of_one_group_get_no_calibration_of_their_own(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    photos = some_photos()
    of_one = replace(photos, keys=photos.keys[:1] * len(photos))

    assert (
        released(exported, tmp_path, replace(material, photos=of_one), []).manifest.model.photo_calibration
        is None
    )


def test_a_release_keeps_its_answers_to_the_test_set(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    release = released(exported, tmp_path, material, [])

    kept = evidence_in_folder(release).answers.of_set(TEST_SET)

    assert kept.right.mean() == release.manifest.headline.test_accuracy
    assert kept.decided
    assert np.array_equal(kept.probabilities.argmax(axis=1), kept.predicted)
    assert ANSWERS in release.manifest.files


def test_a_release_keeps_its_answers_to_photos(
    material: Material, exported: Exported, tmp_path: Path
) -> None:
    photos = some_photos()

    release = released(exported, tmp_path, replace(material, photos=photos), [])

    kept, figures = evidence_in_folder(release).answers, release.report().photos
    for tier in ("A", "B", "C"):
        of_tier = kept.of_set(tier)
        assert {*of_tier.pictures.tolist()} <= {sha256[:16] for sha256 in photos.sha256}
        assert len(of_tier) == figures[tier].n
        assert of_tier.right.mean() == figures[tier].accuracy
        assert of_tier.accepted.mean() == figures[tier].decisions.coverage


def test_a_network_is_asked_as_its_serving_graph_would_be(
    exported: Exported, fitted: Fitted, parts: Split
) -> None:
    found = scores_of(fitted.model, parts, CLASSES, SHOWN.images)

    served = OnnxSession(exported.graph_path).run(SHOWN.images)
    assert found.distances is not None
    assert served.distances is not None
    assert np.allclose(found.probabilities, served.probabilities, atol=1e-5)
    assert np.allclose(found.distances, served.distances, rtol=1e-3)

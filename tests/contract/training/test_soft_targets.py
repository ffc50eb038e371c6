"""A teacher's answers, stored once: what they hold, whom they fit, and that a student learns them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.contract.training.conftest import RECIPE, Exported, Listener
from tests.fashion import CLASSES, striped_pictures
from training.data.learnt import Learnt
from training.data.splitting import split
from training.errors import SoftTargetsUnfit
from training.export.onnx_graph import probabilities_of
from training.fitting.checkpoints import Run
from training.fitting.distillation import SoftTargets, answers_of, load_soft_targets, soften
from training.fitting.fit import Fitted, fit

PICTURES = striped_pictures(200)


@pytest.fixture(scope="module")
def targets(fitted: Fitted) -> SoftTargets:
    """What the little network of the other tests says about the pictures."""
    answers = answers_of(fitted.model, PICTURES.images, flip=True)
    return SoftTargets(soften(answers, 1.0), PICTURES.sha256(), ("one",), 1.0, Learnt.of(PICTURES.contents))


def test_they_are_the_mean_of_the_answers_to_a_picture_and_to_its_mirror_image(
    targets: SoftTargets, exported: Exported
) -> None:
    straight = probabilities_of(exported.artifact, PICTURES.images)
    mirrored = probabilities_of(exported.artifact, PICTURES.images[:, :, ::-1])

    assert np.allclose(targets.probabilities, (straight + mirrored) / 2, atol=2e-3)


def test_they_come_back_from_their_file_as_they_were(targets: SoftTargets, tmp_path: Path) -> None:
    targets.save(tmp_path / "soft.npz")

    again = load_soft_targets(tmp_path / "soft.npz")

    assert (again.sha256, again.teachers, again.temperature) == (targets.sha256, ("one",), 1.0)
    assert again.learnt.has(PICTURES.contents).all()
    assert [path.name for path in tmp_path.iterdir()] == ["soft.npz"]


def flipped(whole: bytes) -> bytes:
    """With one bit that is not as it was, in what is compressed."""
    place = whole.index(b".npy") + 100
    return whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]


@pytest.mark.parametrize("damage", [flipped, lambda whole: whole[:20], lambda _: None])
def test_a_damaged_or_missing_file_is_named(
    damage: Callable[[bytes], bytes | None], targets: SoftTargets, tmp_path: Path
) -> None:
    path = tmp_path / "soft.npz"
    targets.save(path)
    content = damage(path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SoftTargetsUnfit, match=r"soft\.npz: .*--save-answers"):
        load_soft_targets(path)


def test_they_fit_the_training_set_that_they_were_made_for_alone(targets: SoftTargets) -> None:
    targets.check(PICTURES, CLASSES)

    with pytest.raises(SoftTargetsUnfit, match="another training set"):
        targets.check(striped_pictures(201), CLASSES)
    with pytest.raises(SoftTargetsUnfit, match=r"expected \(200, 4\)"):
        targets.check(PICTURES, 4)


def test_a_student_learns_what_the_teacher_says_against_the_labels(tmp_path: Path) -> None:
    always_two = np.zeros((len(PICTURES), CLASSES), np.float16)
    always_two[:, 2] = 1
    parts = split(replace(PICTURES, taught=always_two), CLASSES)
    recipe = replace(RECIPE, teacher="aa", teaching=1.0)

    student = fit(parts, CLASSES, recipe, Run(tmp_path, "aa"), Listener()).model

    assert (student.predict(PICTURES.images, verbose=0).argmax(axis=1) == 2).all()

"""Teachers answer what they did not learn; a network learns that beside the labels, and becomes a release."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from lab import pixels
from lab.pixels import SoftTargets, compute_answers, load_soft_targets, soften_probabilities
from model_store.local_releases import open_release
from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES, idx_bytes, striped_pictures, write_idx_folder
from training.data.fashion import FASHION_MNIST_LABELS, FASHION_MNIST_TRAIN_SHA256
from training.data.learnt_hashes import LearntHashes, load_learnt_hashes
from training.data.pictures import Pictures
from training.data.pixel_data_sets import read_idx_folder
from training.data.split import hold_out_pictures
from training.errors import BadRecipe
from training.gradient.fitting.checkpoints import TrainingRun
from training.gradient.fitting.fit import fit_by_gradient
from training.gradient.networks.registry import build_network
from training.gradient.recipes import choose_default_recipe
from training.untyped import Network

PICTURES = striped_pictures(200)


def left_is_zero() -> Network:
    """Surer of class 0 the brighter the left half is."""
    pixels = keras.Input((28, 28), dtype="uint8")
    left = keras.ops.mean(keras.ops.cast(pixels[:, :, :14], "float32"), axis=(1, 2)) / 50
    return keras.Model(pixels, keras.ops.stack([left, keras.ops.zeros_like(left)], axis=1))


def always(label: int, pictures: Pictures = PICTURES) -> SoftTargets:
    """Teachers that answer this to each picture."""
    answers = np.eye(CLASSES, dtype=np.float16)[np.full(len(pictures), label)]
    return SoftTargets(
        answers,
        pictures.compute_digest(),
        ("one",),
        1.0,
        LearntHashes.make_from_digests(pictures.sha256[:20]),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with labels at random, which a network can learn by heart alone."""
    folder = tmp_path_factory.mktemp("lab")
    write_idx_folder(folder / "data", train=100, test=20)
    labels = np.random.default_rng(0).permutation(striped_pictures(100).classes.astype(np.uint8))
    (folder / "data" / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture(scope="module")
def stored(place: Path) -> SoftTargets:
    """What networks that learn most of their labels by heart answer."""
    plain = replace(
        choose_default_recipe("dense"), epochs=12, flip=False, shift=0, batch_size=8, learning_rate=0.005
    )
    pixels.fit_teachers(read_idx_folder(place / "data"), place / "soft.npz", place / "teachers", plain)
    return load_soft_targets(place / "soft.npz")


@pytest.mark.slow
def test_no_teacher_answers_what_it_learnt(place: Path, stored: SoftTargets) -> None:
    train = read_idx_folder(place / "data").train
    learnt = stored.learnt.mark_matches(train.sha256)

    right = stored.probabilities.argmax(axis=1) == train.classes

    assert 0.85 < learnt.mean() < 0.97
    assert right[learnt].mean() < 0.25


@pytest.mark.slow
def test_a_release_records_what_its_network_learnt_from(place: Path, stored: SoftTargets) -> None:
    recipe = replace(choose_default_recipe("dense"), epochs=1)

    pixels.train_learner(read_idx_folder(place / "data"), place / "soft.npz", place / "student", recipe)

    made = open_release(place / "student" / "release")
    learnt = load_learnt_hashes(made.folder)
    assert str(made.manifest.training["command"]).endswith(f"  # soft targets {stored.sha256}")
    assert learnt is not None
    assert learnt.sha256_prefixes.tolist() == stored.learnt.sha256_prefixes.tolist()


def test_the_network_of_the_teachers_is_built_by_its_own_recipe() -> None:
    network = build_network(pixels.TEACHER, CLASSES)

    assert (network.name, network.count_params()) == ("wide4", 2_765_786)


def test_half_of_a_target_is_the_teachers_answer_and_half_the_label() -> None:
    parts = hold_out_pictures(PICTURES, CLASSES)
    next_one = np.roll(np.eye(CLASSES, dtype=np.float16), -1, axis=0)
    stored = replace(always(2), probabilities=next_one[PICTURES.classes])

    targets = stored.mix_with_labels(PICTURES, parts.train)

    assert np.allclose(targets, (np.eye(CLASSES) + next_one)[parts.train.classes] / 2)


def test_a_network_learns_the_targets_in_place_of_the_labels(tmp_path: Path) -> None:
    parts = hold_out_pictures(PICTURES, CLASSES)
    targets = always(2).probabilities[: len(parts.train)].astype(np.float32)

    recipe = replace(RECIPE, network="dense", learning_rate=0.01)
    model = fit_by_gradient(
        parts, CLASSES, recipe, TrainingRun(tmp_path, "aa"), Listener(), targets=targets
    ).model

    assert (model.predict(PICTURES.images, verbose=0).argmax(axis=1) == 2).all()


def test_soft_targets_of_another_training_set_are_refused() -> None:
    others = Pictures.make_from_pixels(PICTURES.images, PICTURES.classes[::-1])

    with pytest.raises(BadRecipe, match="made for another training set"):
        always(2).mix_with_labels(others, others)


def test_an_answer_is_the_mean_of_those_to_a_picture_and_to_its_mirror_image() -> None:
    images = PICTURES.images.copy()
    images[:, :, :14] = 200

    alone, answers = (compute_answers(left_is_zero(), images, flip=flip) for flip in (False, True))

    sure = 1 / (1 + np.exp(-4))
    right = images[:, :, 14:].mean(axis=(1, 2)) / 50
    assert alone[:, 0] == pytest.approx(sure, abs=1e-5)
    assert answers[:, 0] == pytest.approx((sure + 1 / (1 + np.exp(-right))) / 2, abs=1e-5)


def test_a_temperature_softens_or_sharpens() -> None:
    assert soften_probabilities(np.array([[0.8, 0.2]]), 2.0)[0].tolist() == pytest.approx(
        [2 / 3, 1 / 3], abs=1e-3
    )


def test_the_soft_targets_of_the_bundled_network_are_kept() -> None:
    kept = load_soft_targets(Path(pixels.__file__).with_name("soft-targets.npz"))

    assert (kept.sha256, kept.train_sha256) == ("a2f77155987520e8", FASHION_MNIST_TRAIN_SHA256)
    assert kept.probabilities.shape == (60_000, len(FASHION_MNIST_LABELS))

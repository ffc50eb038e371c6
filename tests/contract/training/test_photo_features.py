"""What is seen of photos, how much each counts, and what a head's answers become."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.contract import LABEL
from model_store.local_releases import open_bundled_release
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.labels import OOD, Labels
from training.data.pictures import TEXT_COLUMNS, Pictures
from training.data.vectors import Features
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.features.shipped import SCALED_TIER, compute_photo_features, read_shipped_photos
from training.features.weights import write_npz
from training.heads import hidden
from training.heads.photo_head import (
    BALANCE_EXPONENT,
    OOD_PHOTO_WEIGHT,
    TIER_WEIGHTS,
    compute_photo_weights,
    fit_photo_head,
    make_object_folds,
    make_photo_folds,
    make_photo_scores,
)
from training.progress import ProgressLines
from training.ten_classes import prepare_learnt_photos


def seen(*photos: tuple[int, str, str, str]) -> Pictures:
    """Photos of these labels, tiers, kinds and sources; no two have equal vectors."""
    labels, tiers, kinds, sources = zip(*photos, strict=True)
    names = np.array([f"{at} {photo}" for at, photo in enumerate(photos)])
    vectors = np.arange(len(photos), dtype=np.float32)[:, None]
    return Pictures(
        features=Features(vectors, -1 - vectors),
        labels={LABEL: Labels.make_from_codes(np.array(labels), FASHION_MNIST_LABELS)},
        tiers=np.array(tiers),
        sha256=names,
        groups=names,
        spelt=np.array(kinds),
        sources=np.array(sources),
        is_checked=np.ones(len(photos), bool),
    )


def noise(*seeds: int, sha256: Sequence[str]) -> Pictures:
    """A bag each, as the network reads it."""
    images = [
        np.random.default_rng(seed).integers(0, 256, BLOCKS_INPUT_CONTRACT.array_shape, np.uint8)
        for seed in seeds
    ]
    n = len(images)
    return replace(
        Pictures.make_from_pixels(np.stack(images), np.full(n, 8, np.uint8)),
        labels={LABEL: Labels.make_from_codes(np.full(n, 8), FASHION_MNIST_LABELS)},
        tiers=np.full(n, "own"),
        sha256=np.array(sha256),
        groups=np.array(sha256),
        spelt=np.full(n, "Bag"),
    )


def test_photos_that_follow_others_keep_all_that_is_known_of_them() -> None:
    every = seen((0, "A", "0", ""), (1, "C", "1", "shop"), (OOD, "X", "hat", ""))

    again = every.take(np.array([0])).concatenate(every.take(np.array([False, True, True])))

    assert again.features.upright.tolist() == every.features.upright.tolist()
    assert again.features.mirrored.tolist() == every.features.mirrored.tolist()
    assert again.is_checked.tolist() == every.is_checked.tolist()
    for name in TEXT_COLUMNS:
        assert getattr(again, name).tolist() == getattr(every, name).tolist(), name


def test_a_photo_counts_by_how_many_there_are_of_its_class_and_shop_and_more_or_less_by_what_it_says() -> (
    None
):
    photos = {
        (0, "A", "0", ""): 4,
        (0, SCALED_TIER, "0", ""): 2,
        (OOD, "X", "hat", ""): 2,
        (OOD, "X", "cap", ""): 1,
        (1, "A", "1", ""): 1,
        (6, "B", "6", "large shop"): 8,
        (6, "B", "6", "rare shop"): 2,
        (6, "C", "6", ""): 2,
    }
    learnt = seen(*(photo for photo, count in photos.items() for _ in range(count)))

    found = compute_photo_weights(learnt)

    of_each = [n**-BALANCE_EXPONENT for n in photos.values() for _ in range(n)]
    factors = [
        *[1.0] * 4,
        *[TIER_WEIGHTS[SCALED_TIER]] * 2,
        *[OOD_PHOTO_WEIGHT] * 3,
        *[1.0] * 11,
        *[TIER_WEIGHTS["C"]] * 2,
    ]
    assert found.tolist() == pytest.approx([one * share for one, share in zip(of_each, factors, strict=True)])


def test_heads_leave_out_whole_kinds_but_are_not_asked_about_those_that_the_network_below_has_learnt() -> (
    None
):
    shown = ["kaggle:Scarves", "scarf", "kaggle:Socks", "kaggle:Watches", "dupatta", "kaggle:Bracelets"]
    learnt = seen((0, "A", "0", ""), *((OOD, "X", f"X_{kind}", "") for kind in shown))

    assert make_object_folds(learnt).tolist() == [0, 1, 1, 3, 0, 2, 0]
    assert not make_object_folds(learnt.take(np.array([0, 1, 2, 4, 6]))).any()  # one kind is left


@pytest.mark.slow
@pytest.mark.parametrize(("lone", "name"), [(OOD, "none of these"), (1, FASHION_MNIST_LABELS[1])])
def test_a_class_whose_photos_are_all_of_one_group_is_learnt_and_named(
    lone: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are in one fold, whose head knows the others alone; how well does not matter here."""
    monkeypatch.setattr(hidden, "MIN_FIT_STEPS", 2)
    others = [(kind, "A", str(kind), "") for kind in range(10) if kind != lone for _ in range(5)]
    learnt = seen(*others, *[(lone, "A", "X_hat", "")] * 5)
    groups = np.array([*learnt.groups[: len(others)], *["one sender"] * 5])

    learnt = replace(learnt, groups=groups)

    head = fit_photo_head(
        learnt, FASHION_MNIST_LABELS, make_photo_folds(learnt, 10), make_object_folds(learnt), lambda *_: None
    )

    assert head.lacking_labels == (name,)
    assert head.cross_fitted_scores.class_probabilities.shape == (len(learnt), 10)


def test_the_class_none_of_these_is_no_label_and_the_odds_of_it_make_a_photo_less_familiar() -> None:
    found = make_photo_scores(np.array([[2.0, 0.0, 5.0], [2.0, 0.0, -5.0]], np.float32), classes=2)

    assert found.class_probabilities.shape == (2, 2)
    assert found.class_probabilities.sum(axis=1) == pytest.approx(1)
    assert found.distances is not None
    assert found.distances[0] > 0 > found.distances[1]


@pytest.mark.slow
def test_what_an_earlier_try_saw_is_taken_for_the_same_photos_alone(tmp_path: Path) -> None:
    first, second = noise(1, sha256=["a" * 64]), noise(2, sha256=["b" * 64])
    alone = compute_photo_features(second, tmp_path / "alone", lambda *_: None)

    before = compute_photo_features(first, tmp_path / "run", lambda *_: None)
    after = compute_photo_features(second, tmp_path / "run", lambda *_: None)
    blank = replace(first, pixels=np.zeros_like(first.images))
    again = compute_photo_features(blank, tmp_path / "run", lambda *_: None)

    assert np.allclose(after.features.upright, alone.features.upright, atol=1e-4)
    assert np.array_equal(again.features.upright, before.features.upright)


@pytest.mark.slow
def test_what_another_network_saw_of_the_same_photos_is_not_taken(tmp_path: Path) -> None:
    photos = noise(1, sha256=["a" * 64])
    seen_now = compute_photo_features(photos, tmp_path, lambda *_: None)
    (stored,) = tmp_path.iterdir()
    name, _of_network, of_photos = stored.stem.split("-")
    for old in (f"{name}-{of_photos}.npz", f"{name}-00000000-{of_photos}.npz"):
        write_npz(tmp_path / old, upright=np.zeros((1, 704)), mirrored=np.zeros((1, 704)))
    stored.unlink()

    again = compute_photo_features(photos, tmp_path, lambda *_: None)

    assert np.allclose(again.features.upright, seen_now.features.upright)


def test_a_correction_takes_the_place_of_the_shipped_photo_that_it_is_of(tmp_path: Path) -> None:
    shipped = read_shipped_photos()
    corrected = noise(1, sha256=[str(shipped.sha256[0])])

    learnt = prepare_learnt_photos(
        corrected, tmp_path, open_bundled_release(), ProgressLines(), has_corrections=True
    )

    assert len(learnt) == len(shipped)
    assert learnt.spelt[learnt.sha256 == corrected.sha256[0]].tolist() == ["Bag"]

"""Which pictures are held out, and in which order the others are learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.fashion import striped_pictures
from training.data.datasets import LabelledImages, class_weights, doubt_of_weights
from training.data.splitting import fold_indices, held_out_indices, split, usual_share
from training.errors import BadRecipe

PLAIN = np.zeros((105, 1, 1), np.uint8)

KEYS = np.array([f"{number}" for number in range(2000)])
LABELS = (np.arange(2000) % 10).astype(np.uint8)


def pictures_with_keys(keys: NDArray[np.str_], labels: NDArray[np.uint8]) -> LabelledImages:
    """Blank pictures: the keys alone say where they go."""
    return LabelledImages(np.zeros((len(keys), 1, 1), np.uint8), labels, keys=keys)


def of_own(count: int) -> LabelledImages:
    return pictures_with_keys(KEYS[:count], LABELS[:count])


def held_out_keys(images: LabelledImages, seed: int = 0) -> set[str]:
    assert images.keys is not None
    return set(images.keys[held_out_indices(images, usual_share(images), seed)].tolist())


def test_every_class_keeps_its_share() -> None:
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10, np.uint8)

    chosen = held_out_indices(LabelledImages(PLAIN[:100], labels), 20, seed=0)

    assert np.bincount(labels[chosen]).tolist() == [12, 6, 2]


@given(st.integers(0, 5), st.integers(10, 90), st.integers(0, 1000))
def test_as_many_are_held_out_as_were_asked_for(extra: int, held_out: int, seed: int) -> None:
    labels = np.arange(100 + extra).astype(np.uint8) % 10

    chosen = held_out_indices(LabelledImages(PLAIN[: len(labels)], labels), held_out, seed)

    assert len(set(chosen.tolist())) == held_out


def test_no_picture_is_both_learnt_and_held_out_and_the_seed_decides_which() -> None:
    pictures = striped_pictures(100)

    parts, again, other = (split(pictures, 20, seed=seed, classes=10) for seed in (3, 3, 4))

    everything = [image.tobytes() for image in (*parts.train.images, *parts.validation.images)]
    assert sorted(everything) == sorted(image.tobytes() for image in pictures.images)
    assert len(parts.validation) == 20
    assert parts.validation.sha256() == again.validation.sha256() != other.validation.sha256()


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("before", [500, 777, 1300])
def test_further_pictures_leave_every_old_one_in_its_part(before: int, seed: int) -> None:
    old = set(KEYS[:before].tolist())

    was, now = (held_out_keys(of_own(count), seed) for count in (before, 2000))

    assert now & old == was
    assert len(was) == pytest.approx(before / 12, rel=0.4)


def test_a_small_class_has_a_picture_held_out_too() -> None:
    images = pictures_with_keys(KEYS[:206], np.array([0] * 200 + [1] * 6, np.uint8))

    parts = split(images, usual_share(images), seed=0, classes=2)

    assert 1 <= np.sum(parts.validation.labels == 1) <= 5


def test_pictures_of_one_group_are_on_one_side_of_the_split_and_of_every_fold() -> None:
    groups = np.array([f"sender {number % 50}" for number in range(1000)])
    images = pictures_with_keys(groups, LABELS[:1000])

    parts = split(images, usual_share(images), seed=0, classes=10)
    folds = fold_indices(images.labels, images.keys, 4)

    assert parts.train.keys is not None
    assert parts.validation.keys is not None
    assert set(parts.train.keys).isdisjoint(parts.validation.keys)
    assert all(set(groups[others]).isdisjoint(groups[mine]) for others, mine in folds)
    assert sorted(np.concatenate([mine for _, mine in folds]).tolist()) == list(range(1000))


def test_a_class_of_one_group_cannot_be_both_learnt_and_held_out() -> None:
    keys = np.array([*KEYS[:90], *["sender"] * 10])
    images = pictures_with_keys(keys, np.array([0] * 90 + [1] * 10, np.uint8))

    with pytest.raises(BadRecipe, match="All 10 training pictures of class 1 are in groups that are held"):
        split(images, usual_share(images), seed=0, classes=2)
    with pytest.raises(BadRecipe, match="the rarest class has 1 training pictures or groups"):
        fold_indices(images.labels, images.keys, 2)


@pytest.mark.parametrize(
    ("counts", "weights"),
    [
        ((10, 10), None),
        ((14, 10), None),
        ((30, 10), {0: 2 / 3, 1: 2}),
        ((20, 40, 40), {0: 5 / 3, 1: 5 / 6, 2: 5 / 6}),
        ((400, 3), {0: 403 / 800, 1: 10}),
    ],
)
def test_pictures_of_a_rare_class_count_more_so_that_all_classes_count_alike(
    counts: tuple[int, ...], weights: dict[int, float] | None
) -> None:
    labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)

    assert class_weights(labels, len(counts)) == (None if weights is None else pytest.approx(weights))


def test_a_class_so_rare_that_its_weight_is_capped_is_named() -> None:
    labels = np.repeat(np.arange(3, dtype=np.uint8), (400, 300, 3))

    assert doubt_of_weights(labels[:700], ("Hat", "Sock")) is None
    assert (doubt_of_weights(labels, ("Hat", "Sock", "Ring")) or "").startswith(
        "A picture of Ring counts 10 times as much as an average one, and no more"
    )

"""Which pictures are held out, in which folds the others are answered, and what a rare class counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fashion import striped_pictures
from training.data.class_weights import choose_class_weights, describe_capped_weights
from training.data.pictures import Pictures
from training.data.split import (
    VALIDATION_SALT,
    VALIDATION_SHARE,
    count_groups_of_rarest_class,
    hold_out_pictures,
    make_class_folds,
    make_stratified_folds,
    sample_positions,
)
from training.data.vectors import FeatureVectors
from training.errors import BadRecipe
from training.heads.cross_val import answer_out_of_fold

KEYS = np.array([f"{number}" for number in range(2000)])
LABELS = (np.arange(2000) % 10).astype(np.uint8)


def pictures_with_keys(keys: NDArray[np.str_], labels: NDArray[np.uint8]) -> Pictures:
    """Blank pictures: the keys alone say where they go."""
    blank = np.zeros((len(keys), 1, 1), np.uint8)
    contents = np.array([f"{number:064x}" for number in range(len(keys))])
    return replace(Pictures.make_from_pixels(blank, labels), groups=keys, sha256=contents)


def held_out_keys(count: int) -> set[str]:
    return set(
        KEYS[sample_positions(LABELS[:count], KEYS[:count], VALIDATION_SHARE, VALIDATION_SALT)].tolist()
    )


def test_about_one_picture_in_twelve_is_held_out_and_no_other_data_or_seed_decides_which() -> None:
    pictures = striped_pictures(1200)

    parts = hold_out_pictures(pictures, classes=10)
    turned = hold_out_pictures(pictures.take(np.arange(1200)[::-1]), classes=10)

    everything = [image.tobytes() for image in (*parts.train.images, *parts.validation.images)]
    assert sorted(everything) == sorted(image.tobytes() for image in pictures.images)
    assert len(parts.validation) == pytest.approx(100, rel=0.3)
    assert set(turned.validation.sha256) == set(parts.validation.sha256)


@pytest.mark.parametrize("before", [500, 777, 1300])
def test_further_pictures_leave_every_old_one_in_its_part(before: int) -> None:
    was, now = held_out_keys(before), held_out_keys(2000)

    assert now & set(KEYS[:before].tolist()) == was
    assert len(was) == pytest.approx(before / 12, rel=0.4)


def test_every_version_holds_out_the_same_pictures() -> None:
    numbers = {int(key) for key in held_out_keys(60)}

    assert numbers == {16, 21, 27, 28, 29, 31, 33, 34, 40, 42, 45, 58}


def test_a_small_class_has_a_picture_held_out_too() -> None:
    images = pictures_with_keys(KEYS[:206], np.array([0] * 200 + [1] * 6, np.uint8))

    parts = hold_out_pictures(images, classes=2)

    assert 1 <= np.sum(parts.validation.classes == 1) <= 5


def test_pictures_of_one_group_are_on_one_side_of_the_split_and_of_every_fold() -> None:
    groups = np.array([f"sender {number % 50}" for number in range(1000)])
    images = pictures_with_keys(groups, LABELS[:1000])

    parts = hold_out_pictures(images, classes=10)
    folds = make_class_folds(images.classes, images.groups, 4)

    assert set(parts.train.groups).isdisjoint(parts.validation.groups)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in groups)
    assert np.unique(folds).tolist() == [1, 2, 3, 4]


def test_folds_keep_the_shares_of_common_strata_and_refuse_no_rare_ones() -> None:
    strata = np.array(["A 0"] * 60 + ["C 1"] * 40 + ["C 9"])
    names = np.array([f"{number:03}" for number in range(101)])

    folds = make_stratified_folds(strata, names, 5)

    assert np.bincount(folds[strata == "C 1"]).tolist() == [0, *[8] * 5]
    assert (folds > 0).all()
    with pytest.raises(BadRecipe, match="101 pictures of 2 groups cannot be split into 5 folds"):
        make_stratified_folds(strata, np.where(strata == "A 0", "ann", "bob"), 5)


def test_each_class_is_in_two_folds_however_large_its_groups_are() -> None:
    random, whole = np.random.default_rng(0), 0
    for _ in range(40):
        sizes = random.zipf(1.6, 15).clip(1, 60)
        groups = [(kind, one) for kind in range(12) for one in random.choice(15, 3, replace=False)]
        labels = np.array([kind for kind, one in groups for _ in range(sizes[one])], np.uint8)
        keys = np.array([f"brand {one}" for _, one in groups for _ in range(sizes[one])])

        folds = make_class_folds(labels, keys, 3)

        assert all(len(np.unique(folds[keys == key])) == 1 for key in keys)
        assert all(len(np.unique(folds[labels == label])) > 1 for label in labels)
        plain = make_stratified_folds(labels, keys, 3)
        whole += any(len(np.unique(plain[labels == label])) == 1 for label in labels)
    assert whole > 0


def test_a_picture_of_no_known_class_is_in_a_fold_and_asks_for_no_other() -> None:
    labels = np.array([0, 1] * 20 + [-1])

    folds = make_class_folds(labels, KEYS[:41], 4)

    assert count_groups_of_rarest_class(labels, KEYS[:41]) == 20
    assert (folds > 0).all()


def test_a_class_of_one_group_cannot_be_both_learnt_and_held_out() -> None:
    keys = np.array([*KEYS[:90], *["sender"] * 10])
    images = pictures_with_keys(keys, np.array([0] * 90 + [1] * 10, np.uint8))

    with pytest.raises(BadRecipe, match="All 10 training pictures of class 1 are in groups that are held"):
        hold_out_pictures(images, classes=2)
    with pytest.raises(
        BadRecipe, match="The rarest class has 1 training pictures or groups, and 2 are needed"
    ):
        make_class_folds(images.classes, images.groups, 2)


def test_no_head_learns_a_picture_of_a_group_that_it_answers() -> None:
    groups, learnt = np.array(["ann", "ann", "bob", "eve", "eve", "joe"]), list[list[int]]()
    vectors = np.arange(6, dtype=np.float32)[:, np.newaxis]

    def learn(some: NDArray[np.int64]) -> Callable[[FeatureVectors], FeatureVectors]:
        learnt.append(some.tolist())
        return lambda asked: 10 * asked

    answered = answer_out_of_fold(learn, vectors, groups, np.array([1, 0, 1, 0, 2, 0]))

    assert learnt == [[3, 4, 5], [0, 1, 2, 5]]
    assert answered.ravel().tolist() == [0, 0, 20, 0, 40, 0]


@pytest.mark.parametrize(
    ("counts", "weights"),
    [
        ((10, 10), None),
        ((14, 10), None),
        ((30, 10), {0: 2 / 3, 1: 2}),
        ((400, 3), {0: 403 / 800, 1: 10}),
    ],
)
def test_pictures_of_a_rare_class_count_more_so_that_all_classes_count_alike(
    counts: tuple[int, ...], weights: dict[int, float] | None
) -> None:
    labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)

    assert choose_class_weights(labels, len(counts)) == (None if weights is None else pytest.approx(weights))


def test_a_class_so_rare_that_its_weight_is_capped_is_named() -> None:
    labels = np.repeat(np.arange(3, dtype=np.uint8), (400, 300, 3))

    assert describe_capped_weights(labels[:700], ("Hat", "Sock")) is None
    assert (describe_capped_weights(labels, ("Hat", "Sock", "Ring")) or "").startswith(
        "A picture of Ring counts 10 times as much as an average one, and no more"
    )

"""Photos of other things, against which own classes' score is fitted: the file, and what is taken of it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lab.negatives import MAX_PHOTOS_PER_KIND, draw_photos
from lab.pretraining_photos import Photo
from training.data.pictures import Pictures
from training.data.split import FoldNumbers, make_class_folds
from training.data.vectors import Features
from training.errors import WeightsUnusable
from training.features.blocks import MEASURED_WIDTHS, BlockName
from training.features.weights import write_npz
from training.heads.logistic import fit_logistic_head
from training.heads.negatives import (
    CLUTTERED_PHOTO_WEIGHT,
    MIN_SHARE_OF_SURE_PHOTOS,
    SURE_CONFIDENCE,
    OodPhotoFeatures,
    choose_ood_data,
    load_ood_features,
)
from training.heads.ood import Float32Array, OodFitData, fit_ood_measure

OWN = ("backpack", "necklace", "watch")
"""Kinds that stand for a user's classes; of each, LEARNT photos are learnt."""

LEARNT = 30


BLOCK: BlockName = "backbone"


@pytest.fixture(scope="module")
def negatives() -> OodPhotoFeatures:
    found = load_ood_features(BLOCK)
    assert found is not None
    return found


@dataclass(frozen=True)
class Chosen:
    """A training set of OWN, and what is taken of the file for it.

    Attributes:
        train: LEARNT pictures of each class.
        learnt: their features.
        hidden: features of further photos of these classes.
        ood: the photos of other things.
        own: the kinds of which none is among these.
        said: while they were chosen.
    """

    train: Pictures
    learnt: Float32Array
    hidden: Float32Array
    ood: OodFitData
    own: frozenset[str]
    said: tuple[str, ...]


@pytest.fixture(scope="module")
def chosen(negatives: OodPhotoFeatures) -> Chosen:
    of_each = [negatives.features[(negatives.objects == kind) & ~negatives.is_user_photo] for kind in OWN]
    learnt = np.concatenate([some[:LEARNT] for some in of_each])
    images = np.arange(len(learnt), dtype=np.uint8).reshape(-1, 1, 1)
    train = Pictures.make_from_pixels(images, np.repeat(np.arange(len(OWN), dtype=np.uint8), LEARNT))
    said = list[str]()
    ood = choose_ood_data(BLOCK, train, learnt, in_folds(train), said.append)
    assert ood is not None
    taken = {row.tobytes() for row in (*ood.features, *ood.unseen_features)}
    kept = [row.tobytes() in taken for row in negatives.features]
    own = frozenset(np.setdiff1d(negatives.objects, negatives.objects[kept]).tolist())
    return Chosen(train, learnt, np.concatenate([some[LEARNT:] for some in of_each]), ood, own, tuple(said))


def in_folds(train: Pictures) -> FoldNumbers:
    return make_class_folds(train.classes, train.groups, 5)


@pytest.mark.parametrize("block", MEASURED_WIDTHS)
def test_the_file_fits_every_block_that_measures(block: BlockName) -> None:
    found = load_ood_features(block)

    assert found is not None
    assert found.features.shape[1] == MEASURED_WIDTHS[block]
    assert np.isfinite(found.features).all()
    assert len(found.objects) >= 1_800
    assert len(np.unique(found.objects)) >= 40
    assert found.is_user_photo.sum() >= 150


def test_the_file_is_small_and_has_no_pixels() -> None:
    shipped = Path("training/heads/negatives.npz")

    with np.load(shipped, allow_pickle=False) as stored:
        assert {stored[name].dtype.kind for name in stored} == {"U", "f"}
        assert all(stored[name].ndim == 1 or stored[name].dtype == np.float16 for name in stored)
    assert shipped.stat().st_size < 5_000_000


def test_features_of_other_weights_are_not_used_and_the_log_says_so(tmp_path: Path) -> None:
    train = Pictures.make_from_pixels(np.zeros((4, 1, 1), np.uint8), np.array([0, 0, 1, 1], np.uint8))
    other, said = tmp_path / "other.npz", list[str]()
    write_npz(other, kinds=np.array(["a", "b"]), tiers=np.array(["", ""]))

    found = choose_ood_data(
        BLOCK, train, np.zeros((4, 392), np.float32), np.array([1, 2, 1, 2]), said.append, other
    )

    assert found is None
    assert said == ["other.npz is of other weights: the distance alone says what is unfamiliar."]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18), None])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "negatives.npz").write_bytes(content)

    with pytest.raises(
        WeightsUnusable, match=r"negatives\.npz: no features of photos of .* Restore the file"
    ):
        load_ood_features(BLOCK, tmp_path / "negatives.npz")


def test_kinds_that_are_the_users_own_are_left_out_and_not_named_where_names_would_mislead(
    chosen: Chosen,
) -> None:
    assert set(OWN) <= chosen.own
    assert len(chosen.own) <= len(OWN) + 2
    assert chosen.said == ()


def test_a_kind_that_a_head_takes_for_a_class_is_kept_where_it_lies_farther_off_than_the_class(
    negatives: OodPhotoFeatures, chosen: Chosen
) -> None:
    head = fit_logistic_head(
        Features(chosen.learnt, chosen.learnt), chosen.train.classes, chosen.train.groups
    )
    earrings = negatives.features[negatives.objects == "earrings"]

    assert (
        np.mean(head.compute_probabilities(earrings)[:, OWN.index("necklace")] > SURE_CONFIDENCE)
        >= MIN_SHARE_OF_SURE_PHOTOS
    )
    assert "earrings" not in chosen.own


def test_the_score_is_higher_for_kinds_that_it_has_not_seen_than_for_new_photos_of_the_classes(
    chosen: Chosen,
) -> None:
    score = fit_ood_measure(chosen.learnt, chosen.train.classes, len(OWN), chosen.ood)

    own, others = score.compute_distances(chosen.hidden), score.compute_distances(chosen.ood.unseen_features)
    truth = np.repeat([0, 1], [len(own), len(others)])
    assert roc_auc_score(truth, np.concatenate([own, others])) > 0.9
    assert np.mean(own > 0) < 0.2
    assert np.mean(others > 0) > 0.7


def test_kinds_that_measure_the_score_are_not_learnt(chosen: Chosen) -> None:
    assert len(chosen.ood.unseen_features) >= 100
    assert not {row.tobytes() for row in chosen.ood.unseen_features} & {
        row.tobytes() for row in chosen.ood.features
    }


def test_users_photos_weigh_half_where_the_users_pictures_are_cluttered(chosen: Chosen) -> None:
    few = chosen.train.take(np.arange(0, len(chosen.train), 10))
    weights = [
        ood.weights
        for is_plain in (False, True)
        if (
            ood := choose_ood_data(
                BLOCK,
                replace(few, is_plain=np.full(len(few), is_plain)),
                chosen.learnt[::10],
                make_class_folds(few.classes, few.groups, 2),
                lambda _: None,
            )
        )
    ]

    assert set(weights[0].tolist()) == {CLUTTERED_PHOTO_WEIGHT, 1.0}
    assert set(weights[1].tolist()) == {1.0}


def test_the_same_photos_are_drawn_each_time_and_none_whose_sender_may_be_judged() -> None:
    shop = [Photo("catalogue.zip", f"watch/kag-{n}.jpg", kind="watch") for n in range(100)]
    sent = [Photo("pool_C.zip", f"C/0/clo-{n}.jpg", "me", "T-Shirt (child)", tier="C") for n in range(3)]
    unknown = [Photo("pool_X.zip", "X/clo-1.jpg", "", "clothing:Hat", kind="cap", tier="X")]

    found = draw_photos([*shop, *sent, *unknown])

    assert found == draw_photos([*unknown, *reversed(shop), *reversed(sent)])
    assert sum(photo in shop for photo in found) == MAX_PHOTOS_PER_KIND
    assert sum(photo in sent for photo in found) == len(sent)
    assert unknown[0] not in found

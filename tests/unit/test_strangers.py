"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.contract import GREY_28, Familiarity, Head, ModelContract
from lab import sealing
from lab.kind_head import KindPhotos, decided
from lab.pretraining_photos import Photo
from lab.strangers import COLUMNS
from lab.strangers_heads import Answered, parts_of, read
from lab.tuning_photos import LEFT_OUT_KINDS, OTHER, PARTS, kind_of, names_of_kinds
from reports.answers import NONE_OF_THESE, Answers
from training.data.vectors import Vectors
from training.features.weights import write_npz
from training.heads.hidden import HiddenHead


@pytest.fixture
def answers(tmp_path: Path) -> Answered:
    """A garment and another thing of one shop, and a photo of the collection that all know."""
    shirt, none = ([9.0, *[0.0] * 10], [0.0] * 10 + [9.0])
    rows = [
        ("a", "aa", "a shop", "den", "A", "0", "0", "den-1", "1", shirt),
        ("b", "bb", "a shop", "den", "X", "", "belt", "ek-t", "1", none),
        ("c", "cc", "", "clo", "C", "0", "0", "", "2", shirt),
    ]
    lines = [",".join([*row, " ".join(map(str, logits))]) for *row, logits in rows]
    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress("\n".join([",".join(COLUMNS), *lines]).encode()))
    return read(path)


def test_answers_to_other_sources_are_of_unknown_ones_and_keep_their_products(answers: Answered) -> None:
    found = sealing.answers_to(answers)

    assert found.pictures.tolist() == ["aa", "bb"]
    assert found.sources.tolist() == ["a shop", "a shop"]
    assert found.groups.tolist() == ["den-1", "ek-t"]
    assert found.of_unknown_sources.all()
    assert found.truth.tolist() == [0, NONE_OF_THESE]
    assert found.right.tolist() == [True, False]
    assert found.distances[0] < 0 < found.distances[1]


@pytest.mark.parametrize("word", [word for words in LEFT_OUT_KINDS.values() for word in words])
def test_kinds_that_judge_own_kinds_are_not_learnt_and_have_no_name_of_their_own(word: str) -> None:
    assert kind_of(Photo("sources.zip", "X/X/den-1.jpg", source_label=word, tier="X")) == ("", OTHER)


NAMES = ("top", "skirt", OTHER)
CONTRACT = ModelContract.of_class(
    Head(labels=("top",), temperature=1.0, confidence=0.9),
    GREY_28,
    Familiarity(quantiles=(0.0, 1.0), threshold=0.5),
)


def kinds_of(*groups: tuple[int, str, str, float, bool, str]) -> Answers:
    """So many answers each, the kind that is shown and answered, how sure, whether familiar, the source."""
    counts, shown, said, sure, familiar, sources = zip(*groups, strict=True)
    place = np.repeat(np.arange(len(groups)), counts)
    codes = np.array([NAMES.index(name) for name in said])[place]
    shares = ((1 - np.array(sure)) / 2)[place, None] * np.ones((1, 3))
    shares[np.arange(len(place)), codes] = np.array(sure)[place]
    return Answers.of(
        "X",
        np.array([NAMES.index(name) for name in shown])[place],
        probabilities=shares,
        distances=np.where(familiar, 0.1, 0.9)[place],
        sources=np.array(sources)[place],
        folds=1,
    )


def test_class_names_need_a_familiar_class_further_names_do_not_and_other_is_never_accepted() -> None:
    answers = kinds_of(
        (600, "top", "top", 0.9, True, "one"),
        (100, OTHER, "top", 0.9, False, "one"),
        (600, "skirt", "skirt", 0.9, False, "one"),
        (20, "skirt", OTHER, 0.9, False, "one"),
    )

    head, _ = decided(answers, CONTRACT, NAMES, classes=("top",))

    assert head.fault() is None
    assert (head.familiarity, head.withheld, head.stricter) == ({"skirt": 0.0}, (OTHER,), {})
    assert not head.accepts_nothing


def test_a_promise_counts_what_the_threshold_decides_about_and_what_is_unfamiliar_among_it() -> None:
    answers = kinds_of(
        (2000, "top", "top", 0.9, True, "one"),
        (300, "top", "top", 0.8, True, "one"),
        (200, "top", "top", 0.9, False, "one"),
        (400, "skirt", "skirt", 0.9, False, "two"),
        (100, "skirt", "skirt", 0.9, True, "two"),
        (50, OTHER, OTHER, 0.9, True, "two"),
    )

    _, thresholds = decided(answers, CONTRACT, NAMES, classes=("top",))

    of_all, of_unfamiliar = thresholds.answer_sets
    assert (len(of_all.familiar), len(of_unfamiliar.familiar)) == (2800, 400)


class RecordingShop(KindPhotos):
    """Its heads answer their number, with any name; what each learnt is kept, bool (N,)."""

    def fit(self, both: Vectors, learnt: NDArray[np.bool_]) -> tuple[HiddenHead, Vectors]:
        self.learnt_by = [*getattr(self, "learnt_by", []), learnt]
        self.part_of = [*getattr(self, "part_of", []), int(both[0, 0, 0])]
        nothing = np.zeros((both.shape[2], 1), np.float32)
        head = HiddenHead(nothing, nothing[0], nothing[:1], nothing[0])
        return head, np.full((1, len(names_of_kinds())), len(self.learnt_by) - 1, np.float32)


def test_no_head_that_answers_knows_the_source_nor_a_kind_without_a_name(tmp_path: Path) -> None:
    words = ("skirt", "hat", "suit", "tie", "wallet", "saree", "socks")
    photos = [
        Photo("sources_X.zip", f"X/s{source}-{number}.jpg", source_label=word, tier="X")
        for number, (source, word) in enumerate(product(range(12), words))
    ]
    shop = RecordingShop([*photos, Photo("pool_X.zip", "X/clo-1.jpg", source_label="belt", tier="X")])
    for part in range(PARTS):
        both = np.full((2, len(shop.photos), 1), part, np.float16)
        write_npz(tmp_path / f"part-{part}.npz", both=both)

    by_source, by_kind = (rows[:, 0] for rows in shop.answers(tmp_path))

    assert np.isnan(by_source).tolist() == np.isnan(by_kind).tolist() == [*[False] * len(photos), True]
    parts = parts_of(shop.photos)
    assert set(parts.tolist()) == {-1, 0, 1, 2}
    for place in range(len(photos)):
        of_source, of_kind = (shop.learnt_by[int(rows[place])] for rows in (by_source, by_kind))
        assert {shop.part_of[int(rows[place])] for rows in (by_source, by_kind)} == {parts[place]}
        other_part, of_its_kind = parts != parts[place], shop.kinds == shop.kinds[place]
        is_learnable, is_other = shop.kinds[place] != "", shop.names[place] == OTHER
        assert not (of_source | of_kind)[~other_part | (shop.kinds == "")].any()
        assert of_source[other_part & of_its_kind].all() == is_learnable
        assert of_kind[other_part & of_its_kind].any() == (is_learnable and not is_other)

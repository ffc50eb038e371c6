"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28, Familiarity, Head, ModelContract
from lab.attribute import fit_attribute
from lab.attribute_rules import Fitted, Mask, decide_kind, make_kind_attribute
from lab.pretraining_photos import Photo
from lab.strangers import COLUMNS
from lab.strangers_heads import find_parts, read_answers
from lab.tuning_photos import LEFT_OUT_KINDS, OTHER, find_kind
from reports.answers import NO_CLASS, Answers
from training.data.labels import Labels
from training.data.vectors import Features
from training.heads.hidden import HiddenLayerHead
from training.thresholds.decide import Thresholds


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
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
    return read_answers(path)


def test_answers_to_other_sources_are_of_unknown_ones_and_keep_their_products(answers: Answers) -> None:
    assert answers.pictures.tolist() == ["aa", "bb"]
    assert answers.sources.tolist() == ["a shop", "a shop"]
    assert answers.groups.tolist() == ["den-1", "ek-t"]
    assert answers.is_from_unknown_source.all()
    assert answers.truth.tolist() == [0, NO_CLASS]
    assert answers.is_right.tolist() == [True, False]
    assert answers.distances[0] < 0 < answers.distances[1]


@pytest.mark.parametrize("word", [word for words in LEFT_OUT_KINDS.values() for word in words])
def test_kinds_that_judge_own_kinds_are_not_learnt_and_have_no_name_of_their_own(word: str) -> None:
    assert find_kind(Photo("sources.zip", "X/X/den-1.jpg", source_label=word, tier="X")) == ("", OTHER)


NAMES = ("top", "skirt", OTHER)
CONTRACT = ModelContract.make_class_contract(
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
    return Answers.make_answers(
        "X",
        np.array([NAMES.index(name) for name in shown])[place],
        probabilities=shares,
        distances=np.where(familiar, 0.1, 0.9)[place],
        sources=np.array(sources)[place],
        folds=1,
    )


def decided(answers: Answers) -> tuple[Head, Thresholds]:
    """By answers that are the likeliest name."""
    labels = Labels.make_from_codes(answers.truth, NAMES)
    return decide_kind(answers, labels, answers.probabilities, CONTRACT, classes=("top",))


def test_class_names_need_a_familiar_class_further_names_do_not_and_other_is_never_accepted() -> None:
    answers = kinds_of(
        (600, "top", "top", 0.9, True, "one"),
        (100, OTHER, "top", 0.9, False, "one"),
        (600, "skirt", "skirt", 0.9, False, "one"),
        (20, "skirt", OTHER, 0.9, False, "one"),
    )

    head, _ = decided(answers)

    assert head.find_fault() is None
    assert (head.familiarity, head.withheld, head.stricter) == ({"skirt": 0.0}, (OTHER,), {})
    assert not head.accepts_nothing


def test_names_outside_the_classes_keep_the_promise_by_themselves() -> None:
    answers = kinds_of(
        (2000, "top", "top", 0.8, True, "one"),
        (200, "skirt", "skirt", 0.95, False, "two"),
        (100, "skirt", "skirt", 0.8, False, "two"),
        (20, OTHER, "skirt", 0.8, False, "two"),
    )

    head, thresholds = decided(answers)

    of_unfamiliar = thresholds.answer_sets[1]
    (accepted,), (right,) = of_unfamiliar.count_accepted(np.array([head.confidence], np.float32))
    assert (int(accepted), int(right)) == (200, 200)


def test_a_promise_counts_what_the_threshold_decides_about_and_what_is_unfamiliar_among_it() -> None:
    answers = kinds_of(
        (2000, "top", "top", 0.9, True, "one"),
        (300, "top", "top", 0.8, True, "one"),
        (200, "top", "top", 0.9, False, "one"),
        (400, "skirt", "skirt", 0.9, False, "two"),
        (100, "skirt", "skirt", 0.9, True, "two"),
        (50, OTHER, OTHER, 0.9, True, "two"),
    )

    _, thresholds = decided(answers)

    of_all, of_unfamiliar = thresholds.answer_sets
    assert (len(of_all.familiar_confidences), len(of_unfamiliar.familiar_confidences)) == (2800, 400)


def test_no_head_that_answers_knows_the_source_nor_a_kind_without_a_name() -> None:
    words = ("skirt", "hat", "suit", "tie", "wallet", "saree", "socks")
    photos = [
        Photo("sources_X.zip", f"X/s{source}-{number}.jpg", source_label=word, tier="X")
        for number, (source, word) in enumerate(product(range(12), words))
    ]
    photos.append(Photo("pool_X.zip", "X/clo-1.jpg", source_label="belt", tier="X"))
    parts, kinds = find_parts(photos), np.array([find_kind(photo)[0] for photo in photos])

    def seen(part: int | None) -> Features:
        """By networks that see their part's number."""
        numbers = np.full((len(photos), 1), -1 if part is None else part, np.float32)
        return Features(numbers, numbers)

    def fit(_: Mask, seen: Features) -> Fitted:
        """A head that answers this number."""
        nothing = np.zeros((1, 1), np.float32)
        sums = np.full((1, len(attribute.labels.names)), seen.upright[0])
        return HiddenLayerHead(nothing, nothing[0], nothing, nothing[0]), sums

    attribute = make_kind_attribute(photos, seen)
    _, shares = fit_attribute(replace(attribute, fit=fit))

    assert set(parts.tolist()) == {-1, 0, 1, 2}
    assert shares[:-1, 0].tolist() == parts[:-1].tolist()
    assert np.isnan(shares[-1]).all()
    for place, photo in enumerate(photos[:-1]):
        [trial] = [trial for trial in attribute.trials if trial.answered[place]]
        other_part, of_its_kind = parts != parts[place], kinds == kinds[place]
        kind, name = find_kind(photo)
        assert not trial.learnt[~other_part | (kinds == "")].any()
        assert set(trial.learnt[other_part & of_its_kind].tolist()) == {kind != "" and name != OTHER}

"""From which share of a photo words may decide: what right and wrong words show, and what a report keeps."""

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release
from reports.answers import Answers
from reports.intervals import compute_lower_bounds, compute_upper_bounds
from reports.values import parse_report, read_report
from reports.word_figures import WordsPromise, read_minimum_shares
from training.evaluation.title_shares import (
    MIN_RIGHT_SHARE,
    MIN_RIGHT_SHARE_WITHOUT_CLASS,
    PRODUCT_SET_NAME,
    UNNAMED_THINGS,
    WRONG_TITLE_SHARE,
    make_class_trial,
    make_kind_trial,
    measure_title_words,
)

KINDS = ("top", "dress", "skirt", "other")


def answered(n: int, truth: int, shares: list[float], *, tier: str = "A", groups: str = "") -> Answers:
    return Answers.make_answers(
        tier, [truth] * n, probabilities=np.array([shares] * n), groups=[groups] * n, attributes="kind"
    )


def first(promise: WordsPromise | None, tier: str = "A") -> float:
    assert promise is not None
    return promise.at[0].sets[tier].right or 0.0


def test_the_least_share_is_the_smallest_at_which_every_set_shows_what_it_needs() -> None:
    sure = answered(100, 0, [0.9, 0.04, 0.04, 0.02])
    doubtful = answered(100, 2, [0.3, 0.3, 0.12, 0.28], tier="X")

    alone = measure_title_words(make_kind_trial(sure, KINDS), "photos")
    both = measure_title_words(make_kind_trial(sure + doubtful, KINDS), "photos")

    assert alone.named.least == 0.05
    assert both.named.least is None
    assert both.named.at[0].sets["X"].needed == MIN_RIGHT_SHARE_WITHOUT_CLASS
    assert both.named.at[0].sets["A"].needed == MIN_RIGHT_SHARE


def test_what_is_right_at_least_has_bounds_of_right_words_and_of_the_worst_wrong_ones() -> None:
    confirmed, denied = answered(90, 0, [0.9, 0.06, 0.02, 0.02]), answered(10, 0, [0.01, 0.97, 0.01, 0.01])

    figures = measure_title_words(make_kind_trial(confirmed + denied, KINDS), "photos")

    right = compute_lower_bounds(90, 100)[0] * (1 - WRONG_TITLE_SHARE)
    wrong = compute_upper_bounds(100, 100)[0] * WRONG_TITLE_SHARE
    assert first(figures.named) == pytest.approx(right / (right + wrong))
    of = figures.named.at[0].sets["A"]
    assert (of.n, of.confirmed, of.wrong_n, of.wrong_confirmed) == (100, 90, 100, 100)
    assert figures.named.at[1].sets["A"].wrong_confirmed == 10


def test_words_without_a_label_are_right_of_other_things_and_wrong_of_named_ones() -> None:
    named = answered(200, 0, [0.9, 0.04, 0.05, 0.01])
    others = answered(100, 3, [0.2, 0.2, 0.3, 0.3], tier="X")

    figures = measure_title_words(make_kind_trial(named + others, KINDS), "photos")

    assert figures.other is not None
    assert figures.other.least == 0.05
    of = figures.other.at[0].sets["A"]
    assert (of.n, of.confirmed, of.wrong_n, of.wrong_confirmed) == (100, 100, 200, 0)
    assert figures.named.at[0].beside[UNNAMED_THINGS].wrong_confirmed == 100


def test_products_of_several_photos_stand_beside_by_the_mean_of_their_photos() -> None:
    photos = answered(1, 0, [0.9, 0.08, 0.01, 0.01], groups="a") + answered(
        1, 0, [0.04, 0.9, 0.03, 0.03], groups="a"
    )

    figures = measure_title_words(make_kind_trial(photos, KINDS), "photos")

    products = figures.named.at[0].beside[PRODUCT_SET_NAME]
    assert (products.n, products.confirmed, products.wrong_confirmed) == (1, 1, 1)


def test_photos_of_one_group_show_less_than_as_many_of_their_own() -> None:
    trial = make_class_trial(answered(60, 0, [0.9, 0.1]), ("Hemd", "Hose"))

    of_one = replace(trial, groups=np.zeros(60, np.int64))

    alone, together = (measure_title_words(each, "photos").named for each in (trial, of_one))
    assert first(together) < first(alone)


def test_own_classes_are_tried_by_their_kinds_and_those_without_one_are_left_out() -> None:
    labels = ("Hemd", "Hose", "Sonstiges")
    answers = answered(50, 0, [0.9, 0.05, 0.05]) + answered(50, 2, [0.1, 0.1, 0.8])

    figures = measure_title_words(make_class_trial(answers, labels), "photos")

    assert figures.named.at[0].sets["A"].n == 50
    assert figures.other is None


def test_a_right_word_that_accepts_the_wrong_one_of_two_classes_of_a_kind_counts_against_it() -> None:
    labels = ("Jacke", "Mantel", "Hose")
    told_apart = answered(100, 0, [0.8, 0.1, 0.1])
    confused = told_apart + answered(100, 0, [0.1, 0.8, 0.1])

    right, mixed = (
        measure_title_words(make_class_trial(each, labels), "photos") for each in (told_apart, confused)
    )

    assert right.named.least == 0.2
    assert first(mixed.named) < 0.6
    assert mixed.named.least is None


def test_too_few_pictures_show_nothing() -> None:
    figures = measure_title_words(make_kind_trial(answered(3, 0, [0.9, 0.04, 0.04, 0.02]), KINDS), "photos")

    assert read_minimum_shares(figures, "photos") == NO_MINIMUM_SHARES


def test_shares_hold_for_the_network_that_showed_them() -> None:
    figures = read_report(open_bundled_release()).words

    assert read_minimum_shares(figures, "photos") == MinimumShares(named=0.05, other=0.05)
    assert read_minimum_shares(figures, "pixels") == NO_MINIMUM_SHARES
    assert read_minimum_shares(None, "photos") == NO_MINIMUM_SHARES


def test_a_report_with_figures_that_a_reader_does_not_know_is_read() -> None:
    report = json.loads((BUNDLED_FOLDER / "report.json").read_bytes()) | {"of_tomorrow": {"least": 0.05}}

    assert parse_report(json.dumps(report).encode(), "report.json") == read_report(open_bundled_release())


def test_classes_that_are_no_kind_of_garment_show_nothing() -> None:
    answers = Answers.make_answers("the test set", [0, 1], probabilities=np.eye(2))

    assert len(make_class_trial(answers, ("Ball", "Box")).set_names) == 0

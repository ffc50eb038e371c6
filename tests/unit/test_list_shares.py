"""From which probability words and photos decide together: what right and wrong words show in a report."""

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.posterior import FormulaFigures
from inference.release_labels import translate_release_labels
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release
from reports.answers import Answers
from reports.intervals import compute_share_lower_bounds, compute_share_upper_bounds
from reports.values import parse_report, read_report
from reports.word_figures import (
    OutsideKinds,
    WordFigures,
    WordsAt,
    WordsOf,
    WordsPromise,
    read_formula_figures,
)
from tests.formula_cases import CLASSES, KIND_LABELS
from training.evaluation.title_shares import (
    MIN_RIGHT_SHARE,
    MIN_RIGHT_SHARE_WITHOUT_CLASS,
    PRODUCT_SET_NAME,
    THRESHOLDS_TRIED,
    UNNAMED_THINGS,
    WORDS_CONFIDENCE_LEVEL,
    WRONG_TITLE_SHARE,
    measure_outside_kinds,
    measure_title_words,
)
from training.evaluation.title_word_data import make_class_word_data, make_kind_word_data

KINDS = ("top", "dress", "skirt", "other")


def answered(n: int, truth: int, shares: list[float], *, tier: str = "A", groups: str = "") -> Answers:
    return Answers.make_answers(
        tier, [truth] * n, probabilities=np.array([shares] * n), groups=[groups] * n, attributes="kind"
    )


def first(promise: WordsPromise | None, tier: str = "A") -> float:
    assert promise is not None
    return promise.at[0].sets[tier].right_lower_bound or 0.0


def test_the_threshold_is_the_smallest_at_which_every_set_shows_what_it_needs() -> None:
    sure = answered(200, 0, [0.97, 0.01, 0.01, 0.01])
    # With a wrong word for `top`, the probability of the wrong kind is .86: only .85 and below accept it.
    doubtful = answered(200, 2, [0.058, 0.0, 0.942, 0.0], tier="X")

    alone = measure_title_words(make_kind_word_data(sure, KINDS), "photos")
    both = measure_title_words(make_kind_word_data(sure + doubtful, KINDS), "photos")

    assert alone.named.threshold == THRESHOLDS_TRIED[0]
    assert both.named.threshold == 0.9
    assert both.named.at[0].sets["X"].needed_lower_bound == MIN_RIGHT_SHARE_WITHOUT_CLASS
    assert both.named.at[0].sets["A"].needed_lower_bound == MIN_RIGHT_SHARE


def test_what_is_right_at_least_has_bounds_of_right_words_and_of_the_likeliest_wrong_ones() -> None:
    confirmed = answered(90, 0, [0.9, 0.06, 0.02, 0.02])
    denied = answered(10, 0, [0.001, 0.997, 0.001, 0.001])

    figures = measure_title_words(make_kind_word_data(confirmed + denied, KINDS), "photos")

    level = WORDS_CONFIDENCE_LEVEL
    right = compute_share_lower_bounds(90, 100, level)[0] * (1 - WRONG_TITLE_SHARE)
    wrong = compute_share_upper_bounds(100, 100, level)[0] * WRONG_TITLE_SHARE
    assert first(figures.named) == pytest.approx(right / (right + wrong))
    of = figures.named.at[0].sets["A"]
    assert (of.n, of.accepted, of.wrong_n, of.wrong_accepted) == (100, 90, 100, 100)
    assert figures.named.at[2].sets["A"].wrong_accepted == 10


def test_words_without_a_label_are_right_of_other_things_and_wrong_of_named_ones() -> None:
    named = answered(200, 0, [0.9, 0.04, 0.05, 0.01])
    others = answered(100, 3, [0.2, 0.2, 0.3, 0.3], tier="X")

    figures = measure_title_words(make_kind_word_data(named + others, KINDS), "photos")

    assert figures.other is not None
    assert figures.other.threshold == 0.8
    of = figures.other.at[0].sets["A"]
    assert (of.n, of.accepted, of.wrong_n, of.wrong_accepted) == (100, 100, 200, 0)
    assert figures.named.at[0].beside[UNNAMED_THINGS].wrong_accepted == 100


def test_products_of_several_photos_stand_beside_by_the_mean_of_their_photos() -> None:
    photos = answered(1, 0, [0.9, 0.08, 0.01, 0.01], groups="a") + answered(
        1, 0, [0.04, 0.9, 0.03, 0.03], groups="a"
    )

    figures = measure_title_words(make_kind_word_data(photos, KINDS), "photos")

    products = figures.named.at[0].beside[PRODUCT_SET_NAME]
    assert (products.n, products.accepted, products.wrong_accepted) == (1, 1, 1)


def test_photos_of_one_source_show_less_than_as_many_of_their_own() -> None:
    photos = answered(60, 0, [0.9, 0.05, 0.03, 0.02]) + answered(6, 0, [0.001, 0.997, 0.001, 0.001])
    of_one = replace(photos, sources=np.array(["a shop"] * len(photos)))

    alone = measure_title_words(make_kind_word_data(photos, KINDS), "photos").named
    together = measure_title_words(make_kind_word_data(of_one, KINDS), "photos").named

    assert first(together) < first(alone)


def test_own_classes_are_tried_by_their_kinds_and_those_without_one_are_left_out() -> None:
    labels = ("Hemd", "Hose", "Sonstiges")
    answers = answered(50, 0, [0.9, 0.05, 0.05]) + answered(50, 2, [0.1, 0.1, 0.8])

    figures = measure_title_words(make_class_word_data(answers, labels), "photos")

    assert figures.named.at[0].sets["A"].n == 50
    assert figures.other is None


def test_a_right_word_that_accepts_the_wrong_one_of_two_classes_of_a_kind_counts_against_it() -> None:
    labels = ("Jacke", "Mantel", "Hose")
    told_apart = answered(200, 0, [0.97, 0.02, 0.01])
    confused = told_apart + answered(200, 0, [0.02, 0.97, 0.01])

    right = measure_title_words(make_class_word_data(told_apart, labels), "photos")
    mixed = measure_title_words(make_class_word_data(confused, labels), "photos")

    assert right.named.threshold == THRESHOLDS_TRIED[0]
    assert first(mixed.named) < 0.6
    assert mixed.named.threshold is None


def test_too_few_pictures_show_nothing() -> None:
    figures = measure_title_words(
        make_kind_word_data(answered(3, 0, [0.9, 0.04, 0.04, 0.02]), KINDS), "photos"
    )

    assert read_formula_figures(figures, "photos") is None


def test_the_figures_of_the_formula_hold_for_the_network_that_showed_them() -> None:
    figures = read_report(open_bundled_release()).words

    expected = FormulaFigures(
        threshold=0.9, can_accept_other=True, can_accept_outside=True, second_threshold=0.9
    )
    assert read_formula_figures(figures, "photos") == expected
    assert read_formula_figures(figures, "pixels") is None
    assert read_formula_figures(None, "photos") is None


def shown_at(threshold: float, right: float) -> WordsPromise:
    sets = {
        "A": WordsOf(
            n=9, accepted=9, wrong_n=9, wrong_accepted=0, right_lower_bound=right, needed_lower_bound=0.98
        )
    }
    return WordsPromise(threshold=threshold, at=(WordsAt(threshold=threshold, sets=sets),))


@pytest.mark.parametrize(
    ("other", "is_accepted"),
    [(shown_at(0.9, 0.99), True), (shown_at(0.9, 0.97), False), (shown_at(0.95, 0.99), False), (None, False)],
    ids=["shown", "not right often enough", "shown from a higher threshold", "not measured"],
)
def test_words_for_kinds_without_a_label_only_contradict_unless_they_are_shown(
    other: WordsPromise | None, is_accepted: bool
) -> None:
    figures = WordFigures(network="photos", wrong_titles=0.03, named=shown_at(0.9, 0.99), other=other)

    read = read_formula_figures(figures, "photos")

    assert read is not None
    assert read.can_accept_other == is_accepted


@pytest.mark.parametrize(("bound", "is_accepted"), [(0.97, True), (0.969, False)])
def test_a_kind_outside_the_classes_decides_the_class_if_that_was_right_often_enough(
    bound: float, is_accepted: bool
) -> None:
    outside = OutsideKinds(n=200, right=199, lower_bound=bound, needed_lower_bound=0.97)
    figures = WordFigures(network="photos", wrong_titles=0.03, named=shown_at(0.9, 0.99), outside=outside)

    read = read_formula_figures(figures, "photos")

    assert read is not None
    assert read.can_accept_outside == is_accepted


def test_kinds_outside_the_classes_are_counted_where_the_class_is_in_review() -> None:
    hat, dress = KIND_LABELS.index("hat"), KIND_LABELS.index("dress")
    # picture, predicted kind, true kind, decision about the kind, decision about the class
    photos = [
        ("right", hat, hat, "accept", "unfamiliar"),
        ("wrong", hat, dress, "accept", "unfamiliar"),
        ("kind in review", hat, dress, "ambiguous", "unfamiliar"),
        ("class accepted", hat, dress, "accept", "accept"),
        ("inside", dress, dress, "accept", "unfamiliar"),
    ]
    names = [photo[0] for photo in photos]
    kinds = Answers.make_answers(
        "X",
        [photo[2] for photo in photos],
        probabilities=np.eye(len(KIND_LABELS))[[photo[1] for photo in photos]],
        pictures=names,
        decisions=[photo[3] for photo in photos],
        attributes="kind",
    )
    classes = Answers.make_answers(
        "X",
        [-1] * len(photos),
        probabilities=np.eye(len(KIND_LABELS))[[0] * len(photos)],
        pictures=names,
        decisions=[photo[4] for photo in photos],
    )

    outside = measure_outside_kinds(classes + kinds, translate_release_labels(CLASSES, KIND_LABELS, "en"))

    assert (outside.n, outside.right) == (2, 1)


def test_a_report_with_figures_that_a_reader_does_not_know_is_read() -> None:
    report = json.loads((BUNDLED_FOLDER / "report.json").read_bytes()) | {"of_tomorrow": {"least": 0.05}}

    assert parse_report(json.dumps(report).encode(), "report.json") == read_report(open_bundled_release())


def test_a_report_with_minimum_shares_of_the_rules_before_the_formula_is_read_without_them() -> None:
    old_words = {"network": "photos", "wrong_titles": 0.03, "named": {"least": 0.05, "at": []}}
    report = json.loads((BUNDLED_FOLDER / "report.json").read_bytes()) | {"words": old_words}

    assert parse_report(json.dumps(report).encode(), "report.json").words is None


def test_classes_that_are_no_kind_of_garment_show_nothing() -> None:
    answers = Answers.make_answers("the test set", [0, 1], probabilities=np.eye(2))

    assert len(make_class_word_data(answers, ("Ball", "Box")).set_names) == 0

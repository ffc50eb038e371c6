"""Measure from which probability the words of a list and a photo may decide together.

Each photo gets its right word, such as `skirt`, and its likeliest wrong word: the other kind that the photo
itself finds most probable. inference/posterior.py multiplies the probabilities of the photo by the factors of
such a word. A right word should lead to the right kind nearly always, and a wrong one rarely. The photos are
answered by networks that had not learnt them. The report stores the figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ModelContract, NetworkName, choose_only_network
from inference.decision import ACCEPT
from inference.release_labels import ReleaseLabels, translate_release_labels
from inference.words.kinds import KIND
from reports.answers import CLASS_HEAD, Answers
from reports.grouped_answers import estimate_wrong_shares
from reports.intervals import compute_share_lower_bounds, compute_share_upper_bounds
from reports.product_rule import average_probabilities
from reports.promises import HELD_OUT_PICTURES
from reports.word_figures import OutsideKinds, WordFigures, WordsAt, WordsOf, WordsPromise
from training.data.photos import OOD_TIER
from training.evaluation.title_word_data import (
    BoolArray,
    TitleWordData,
    find_accepted_labels,
    make_class_word_data,
    make_kind_word_data,
)

THRESHOLDS_TRIED: Final = (0.8, 0.85, 0.9, 0.95)
"""Thresholds that are tried: the smallest probability of an accepted kind, by photo and word together. The
smallest one with enough right answers is taken."""

WRONG_TITLE_SHARE: Final = 0.03
"""Share of titles that name another garment: 3 of 107 that were looked at in shops' lists."""

MIN_RIGHT_SHARE: Final = 0.98
"""Smallest share of right answers among those that title and photo accept together, in each tier."""

MIN_RIGHT_SHARE_WITHOUT_CLASS: Final = 0.97
"""Smallest share of right answers about things without a class that title and photo accept together, and of
photos without words whose accepted kind belongs to no class."""

WORDS_CONFIDENCE_LEVEL: Final = 0.99
"""Level of the one-sided bounds of right and of wrong words. It is higher than the usual 95%, because each
figure rests on two bounds, and the smallest of four thresholds is taken."""

UNNAMED_THINGS: Final = "things without a name"
"""Name of the set of photos whose kind the network has no label for: any named kind is wrong."""

PRODUCT_SET_NAME: Final = "products of several photos"


def measure_title_words(word_data: TitleWordData, network: NetworkName) -> WordFigures:
    """Measure how often title words and photos together are right, for each of THRESHOLDS_TRIED.

    Args:
        word_data: cross-fitted answers to photos whose kind is known.
        network: the network that answered them.
    """
    named_promise = _make_words_promise(
        [_measure_named_kinds(word_data, threshold) for threshold in THRESHOLDS_TRIED]
    )
    other_promise = (
        None
        if word_data.other_column is None
        else _make_words_promise(
            [
                _measure_unnamed_kinds(word_data, word_data.other_column, threshold)
                for threshold in THRESHOLDS_TRIED
            ]
        )
    )
    return WordFigures(
        network=network, wrong_titles=WRONG_TITLE_SHARE, named=named_promise, other=other_promise
    )


def measure_own_class_words(answers: Answers, contract: ModelContract) -> WordFigures | None:
    """Measure how often title words and photos of a person's own classes are right together.

    All pictures are one set, and pictures of one group are counted as one.

    Args:
        answers: cross-fitted answers about class and attributes.
        contract: the contract of the network.

    Returns:
        The figures; None if no title word names one of the classes.
    """
    head = contract.heads.get(KIND)
    labels = translate_release_labels(contract.labels, head.labels if head else None, "en")
    kind_answers = answers.select_head(KIND)
    if labels.kinds and len(kind_answers):
        word_data = make_kind_word_data(kind_answers, labels.kinds)
        word_data = replace(
            word_data, products=None, groups=kind_answers.select_rows(kind_answers.has_class).group_numbers
        )
    else:
        word_data = make_class_word_data(answers.select_head(CLASS_HEAD), contract.labels)
    if not word_data.has_named_kind.any():
        return None
    one_set_data = replace(word_data, set_names=np.full(len(word_data.set_names), HELD_OUT_PICTURES))
    return measure_title_words(one_set_data, choose_only_network(contract.input))


def measure_outside_kinds(answers: Answers, labels: ReleaseLabels) -> OutsideKinds:
    """Measure how often a photo shows none of the classes if its accepted kind belongs to none of them.

    Photos whose class is accepted are left out, because their class and kind contradict each other.

    Args:
        answers: answers about class and kind, with the decisions of the release, to photos of sources that
            the network did not learn.
    """
    is_outside = np.array([not labels.classes_of_kinds[kind] for kind in labels.kinds])
    class_answers = answers.select_head(CLASS_HEAD)
    accepted_pictures = class_answers.pictures[class_answers.decisions == ACCEPT]
    kind_answers = answers.select_head(KIND)
    kind_answers = kind_answers.select_rows(kind_answers.has_class)
    is_counted = (
        (kind_answers.decisions == ACCEPT)
        & is_outside[kind_answers.predicted]
        & ~np.isin(kind_answers.pictures, accepted_pictures)
    )
    is_right = is_outside[kind_answers.truth[is_counted]]
    right_count = int(is_right.sum())
    count = int(is_counted.sum())
    bound = compute_share_lower_bounds(right_count, count)[0] if count else 0.0
    return OutsideKinds(
        n=count, right=right_count, lower_bound=float(bound), needed_lower_bound=MIN_RIGHT_SHARE_WITHOUT_CLASS
    )


def _make_words_promise(points: Sequence[WordsAt]) -> WordsPromise:
    """Return the figures at all thresholds with the lowest one that is shown to hold, if there is one."""
    return WordsPromise(
        threshold=next((point.threshold for point in points if point.is_shown), None), at=tuple(points)
    )


def _bound_accepted_share(
    is_counted: BoolArray, is_accepted: BoolArray, groups: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Return one-sided bounds of the share of photos whose words are accepted.

    Args:
        is_counted: bool (N,), the photos that are counted.
        is_accepted: bool (N,), whether the words of each photo are accepted.
        groups: int64 (N,), equal if photos are not independent; None to count by photo.

    Returns:
        The lower and the upper bound.
    """
    if not is_counted.any():
        return 0.0, 1.0
    row_groups = None if groups is None else np.unique(groups[is_counted], return_inverse=True)[1]
    estimate = estimate_wrong_shares(
        ~is_accepted[is_counted],
        row_groups,
        np.array([is_counted.sum()]),
        confidence_level=WORDS_CONFIDENCE_LEVEL,
    )
    count = estimate.independent_answers
    accepted_count = (1 - estimate.wrong_share) * count
    lower_bounds = compute_share_lower_bounds(accepted_count, count, WORDS_CONFIDENCE_LEVEL)
    upper_bounds = compute_share_upper_bounds(accepted_count, count, WORDS_CONFIDENCE_LEVEL)
    return float(lower_bounds[0]), float(upper_bounds[0])


@dataclass(frozen=True)
class _Outcome:
    """The answers that words and photos accept together, bool (N,) each.

    Attributes:
        is_led: whether a right word leads to the right label.
        is_misled: whether a right word leads to a wrong label, because several labels are of its kind.
        is_wrong: whether the likeliest wrong word is accepted.
    """

    is_led: BoolArray
    is_misled: BoolArray
    is_wrong: BoolArray


def _find_outcome(word_data: TitleWordData, threshold: float) -> _Outcome:
    """Return what the words of all photos lead to."""
    accepted = word_data.find_accepted_labels(threshold)
    is_right_word = word_data.is_right_word
    is_right_label = accepted == word_data.truth[:, None]
    is_misled: BoolArray = np.asarray((is_right_word & (accepted >= 0) & ~is_right_label).any(axis=1))
    is_led: BoolArray = np.asarray((is_right_word & is_right_label).any(axis=1)) & ~is_misled
    return _Outcome(is_led, is_misled, np.asarray((~is_right_word & (accepted >= 0)).any(axis=1)))


def _measure_named_kinds(word_data: TitleWordData, threshold: float) -> WordsAt:
    """Measure words for kinds that have a label, on the photos of such kinds."""
    outcome = _find_outcome(word_data, threshold)
    sets = {
        name: _measure_set(word_data, name, outcome, has_right_word=is_in_set, has_wrong_word=is_in_set)
        for name, is_in_set in _walk_sets(word_data)
    }
    further_sets = _measure_products(word_data, threshold)
    if not word_data.has_named_kind.all():
        further_sets[UNNAMED_THINGS] = _count_words((0, 0), ~word_data.has_named_kind, outcome.is_wrong)
    return WordsAt(threshold=threshold, sets=sets, beside=further_sets)


def _measure_unnamed_kinds(word_data: TitleWordData, other_column: int, threshold: float) -> WordsAt:
    """Measure words for kinds that have none: right on their photos, wrong on those of kinds with a label."""
    word = word_data.words[word_data.words[:, other_column]]
    accepted = find_accepted_labels(word_data.probabilities, word, threshold)
    is_accepted: BoolArray = np.asarray((accepted >= 0).any(axis=1))
    outcome = _Outcome(is_accepted, np.zeros(len(is_accepted), np.bool_), is_accepted)
    # Photos of kinds without a label come from few sources, too few for a bound by source.
    by_photo = replace(word_data, groups=None)
    return WordsAt(
        threshold=threshold,
        sets={
            name: _measure_set(by_photo, name, outcome, ~word_data.has_named_kind, is_in_set)
            for name, is_in_set in _walk_sets(word_data)
        },
    )


def _walk_sets(word_data: TitleWordData) -> Iterator[tuple[str, BoolArray]]:
    """Yield the photos of each set whose kind has a word."""
    for name in np.unique(word_data.set_names[word_data.has_named_kind]).tolist():
        yield name, (word_data.set_names == name) & word_data.has_named_kind


def _measure_set(
    word_data: TitleWordData,
    name: str,
    outcome: _Outcome,
    has_right_word: BoolArray,
    has_wrong_word: BoolArray,
) -> WordsOf:
    """Measure right and wrong words on the photos of one set.

    Args:
        word_data: answers to N photos.
        has_right_word: bool (N,), the photos that get a right word.
        has_wrong_word: bool (N,), the photos that get a wrong word.
    """
    groups = word_data.groups
    min_led_share, _ = _bound_accepted_share(has_right_word, outcome.is_led, groups)
    _, max_misled_share = _bound_accepted_share(has_right_word, outcome.is_misled, groups)
    _, max_wrong_share = _bound_accepted_share(has_wrong_word, outcome.is_wrong, groups)
    right_share = (1 - WRONG_TITLE_SHARE) * min_led_share
    wrong_share = WRONG_TITLE_SHARE * max_wrong_share
    if outcome.is_misled.any():
        wrong_share += (1 - WRONG_TITLE_SHARE) * max_misled_share
    right_counts = (int(has_right_word.sum()), int(outcome.is_led[has_right_word].sum()))
    return _count_words(right_counts, has_wrong_word, outcome.is_wrong).replace_fields(
        right=right_share / (right_share + wrong_share) if right_share else 0.0,
        needed=MIN_RIGHT_SHARE_WITHOUT_CLASS if name == OOD_TIER else MIN_RIGHT_SHARE,
    )


def _count_words(right_counts: tuple[int, int], has_wrong_word: BoolArray, is_wrong: BoolArray) -> WordsOf:
    """Return the counts of right words, and count the wrong words of photos that are accepted."""
    return WordsOf(
        n=right_counts[0],
        accepted=right_counts[1],
        wrong_n=int(has_wrong_word.sum()),
        wrong_accepted=int(is_wrong[has_wrong_word].sum()),
    )


def _measure_products(word_data: TitleWordData, threshold: float) -> dict[str, WordsOf]:
    """Measure words on products of several photos of one kind, by the mean of their photos."""
    if word_data.products is None or word_data.other_column is None:
        return {}
    means = list[list[float]]()
    truths = list[int]()
    for name in filter(None, np.unique(word_data.products).tolist()):
        rows = np.flatnonzero(word_data.products == name)
        has_one_kind = len(set(word_data.truth[rows].tolist())) == 1 and word_data.has_named_kind[rows[0]]
        if len(rows) > 1 and has_one_kind:
            means.append(average_probabilities(word_data.probabilities[rows].tolist()))
            truths.append(int(word_data.truth[rows[0]]))
    columns = word_data.probabilities.shape[1]
    products = replace(
        word_data, probabilities=np.array(means).reshape(-1, columns), truth=np.array(truths, np.int64)
    )
    outcome = _find_outcome(products, threshold)
    right_counts = (len(truths), int(outcome.is_led.sum()))
    return {PRODUCT_SET_NAME: _count_words(right_counts, np.ones(len(truths), np.bool_), outcome.is_wrong)}

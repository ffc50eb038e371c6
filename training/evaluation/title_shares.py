"""Measure from which probability the words of a list and a photo may decide together.

Each photo gets its right word, such as `skirt`, and its likeliest wrong word: the other kind that the photo
itself finds most probable. inference/posterior.py multiplies the probabilities of the photo by the factors of
such a word. A right word should lead to the right kind nearly always, and a wrong one rarely. The photos are
answered by networks that had not learnt them. The report stores the figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import ModelContract, NetworkName, choose_only_name
from inference.posterior import (
    MIN_BROAD_KINDS,
    MIN_PHOTO_PROBABILITY,
    WRONG_BROAD_WORD,
    WRONG_WORD,
)
from inference.release_labels import OTHER_KIND, ReleaseLabels, find_release_labels
from inference.words.kinds import KIND, KINDS
from inference.words.recognition import find_label_kinds
from reports.answers import ACCEPT, CLASS_HEAD, Answers
from reports.grouped_answers import estimate_errors
from reports.intervals import compute_lower_bounds, compute_upper_bounds
from reports.product_rule import average_probabilities
from reports.promises import HELD_OUT_PICTURES
from reports.word_figures import OutsideKinds, WordFigures, WordsAt, WordsOf, WordsPromise

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

TIER_WITHOUT_CLASS: Final = "X"
"""The tier of photos that show none of the classes."""

UNNAMED_THINGS: Final = "things without a name"
"""Name of the set of photos whose kind the network has no label for: any named kind is wrong."""

PRODUCT_SET_NAME: Final = "products of several photos"

BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class TitleWordData:
    """Cross-fitted answers to N photos whose kind (such as `skirt`) is known, to measure words of titles.

    Attributes:
        set_names: str (N,), the name of the set of each photo, such as its tier.
        probabilities: float64 (N, K), the probability that the photo gives to each of K labels.
        truth: int64 (N,), the column of the right label.
        words: bool (W, K), the labels that each of W words speaks for.
        other_column: the column of OTHER_KIND; None if no label is OTHER_KIND.
        groups: int64 (N,), equal where photos are not independent; None to count by photo.
        products: str (N,), the same for photos of one product; empty where each is on its own.
    """

    set_names: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    truth: NDArray[np.int64]
    words: BoolArray
    other_column: int | None
    groups: NDArray[np.int64] | None = None
    products: NDArray[np.str_] | None = None

    @property
    def is_right_word(self) -> BoolArray:
        """Whether each word speaks for the right label of each photo, bool (N, W)."""
        return self.words[:, self.truth].T

    @property
    def has_named_kind(self) -> BoolArray:
        """Whether the kind of each photo has a name of its own, bool (N,): a word other than OTHER_KIND."""
        is_other: BoolArray = np.asarray(self.truth == self.other_column)
        return np.asarray(self.is_right_word.any(axis=1) & ~is_other)

    def find_accepted_labels(self, threshold: float) -> NDArray[np.int64]:
        """Return the label that each photo accepts with each word, int64 (N, W); -1 if it accepts none."""
        return find_accepted_labels(self.probabilities, self.words, threshold)


def find_accepted_labels(
    probabilities: NDArray[np.float64], words: BoolArray, threshold: float
) -> NDArray[np.int64]:
    """Return the label that each photo accepts with each word, int64 (N, W); -1 if it accepts none.

    Args:
        probabilities: the probability of each label, float64 (N, K).
        words: the labels that each word speaks for, bool (W, K).
    """
    accepted = np.full((len(probabilities), len(words)), -1)
    for place, word in enumerate(words):
        factor = WRONG_BROAD_WORD if word.sum() >= MIN_BROAD_KINDS else WRONG_WORD
        weights = (probabilities + MIN_PHOTO_PROBABILITY) * np.where(word, 1.0, factor)
        likeliest = weights.argmax(axis=1)
        is_sure = weights.max(axis=1, initial=0.0) >= threshold * weights.sum(axis=1)
        accepted[:, place] = np.where(is_sure & word[likeliest], likeliest, -1)
    return accepted


def make_kind_word_data(answers: Answers, labels: Sequence[str]) -> TitleWordData:
    """Return the measurement data (Trial) from answers of the attribute `kind`, which names garments.

    Args:
        answers: the answers about the attribute, by networks that did not learn the source of the photo; the
            set of each photo is its tier.
        labels: the labels of the attribute: names of KINDS, and OTHER_KIND.
    """
    known_answers = answers.select_rows(answers.has_class)
    # Photos of one shop are alike. A photo of unknown source stands for itself.
    sources = np.where(known_answers.sources == "", known_answers.pictures, known_answers.sources)
    return TitleWordData(
        set_names=known_answers.sets,
        probabilities=known_answers.probabilities[:, : len(labels)],
        truth=known_answers.truth,
        words=np.eye(len(labels), dtype=np.bool_),
        other_column=labels.index(OTHER_KIND) if OTHER_KIND in labels else None,
        groups=np.unique(sources, return_inverse=True)[1] if sources.any() else None,
        products=known_answers.groups,
    )


def make_class_word_data(answers: Answers, labels: Sequence[str]) -> TitleWordData:
    """Return the measurement data (Trial) from answers about the class, by the kinds that each class is.

    Args:
        answers: cross-fitted answers about the class; pictures of a class that is no kind are left out.
        labels: the names of the classes.
    """
    kinds = list(find_label_kinds(labels, "en").values())
    words = [kind for kind in KINDS if any(kind in class_kinds for class_kinds in kinds)]
    words_of_labels = np.array([[word in class_kinds for word in words] for class_kinds in kinds], np.bool_)
    words_of_labels = words_of_labels.reshape(len(kinds), len(words))
    class_answers = answers.select_rows(answers.has_class)
    named_answers = class_answers.select_rows(
        np.flatnonzero(words_of_labels[class_answers.truth].any(axis=1))
    )
    return TitleWordData(
        set_names=named_answers.sets,
        probabilities=named_answers.probabilities[:, : len(labels)],
        truth=named_answers.truth,
        words=words_of_labels.T,
        other_column=None,
        groups=named_answers.group_numbers,
    )


def measure_title_words(trial: TitleWordData, network: NetworkName) -> WordFigures:
    """Measure how often title words and photos together are right, for each of THRESHOLDS_TRIED.

    Args:
        trial: cross-fitted answers to photos whose kind is known.
        network: the network that answered them.
    """
    named_promise = _make_words_promise([_measure_named_kinds(trial, each) for each in THRESHOLDS_TRIED])
    other_promise = (
        None
        if trial.other_column is None
        else _make_words_promise(
            [_measure_unnamed_kinds(trial, trial.other_column, each) for each in THRESHOLDS_TRIED]
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
    labels = find_release_labels(contract.labels, head.labels if head else None, "en")
    kind_answers = answers.select_head(KIND)
    if labels.kinds and len(kind_answers):
        trial = make_kind_word_data(kind_answers, labels.kinds)
        trial = replace(
            trial, products=None, groups=kind_answers.select_rows(kind_answers.has_class).group_numbers
        )
    else:
        trial = make_class_word_data(answers.select_head(CLASS_HEAD), contract.labels)
    if not trial.has_named_kind.any():
        return None
    one_set_trial = replace(trial, set_names=np.full(len(trial.set_names), HELD_OUT_PICTURES))
    return measure_title_words(one_set_trial, choose_only_name(contract.input))


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
    bound = compute_lower_bounds(right_count, count)[0] if count else 0.0
    return OutsideKinds(
        n=count, right=right_count, lower_bound=float(bound), needed=MIN_RIGHT_SHARE_WITHOUT_CLASS
    )


def _make_words_promise(points: Sequence[WordsAt]) -> WordsPromise:
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
    estimate = estimate_errors(
        ~is_accepted[is_counted],
        row_groups,
        np.array([is_counted.sum()]),
        confidence_level=WORDS_CONFIDENCE_LEVEL,
    )
    count = estimate.independent_answers
    accepted_count = (1 - estimate.wrong_share) * count
    lower_bounds = compute_lower_bounds(accepted_count, count, WORDS_CONFIDENCE_LEVEL)
    upper_bounds = compute_upper_bounds(accepted_count, count, WORDS_CONFIDENCE_LEVEL)
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


def _find_outcome(trial: TitleWordData, threshold: float) -> _Outcome:
    """Return what the words of all photos lead to."""
    accepted = trial.find_accepted_labels(threshold)
    is_right_word = trial.is_right_word
    is_right_label = accepted == trial.truth[:, None]
    is_misled: BoolArray = np.asarray((is_right_word & (accepted >= 0) & ~is_right_label).any(axis=1))
    is_led: BoolArray = np.asarray((is_right_word & is_right_label).any(axis=1)) & ~is_misled
    return _Outcome(is_led, is_misled, np.asarray((~is_right_word & (accepted >= 0)).any(axis=1)))


def _measure_named_kinds(trial: TitleWordData, threshold: float) -> WordsAt:
    """Measure words for kinds that have a label, on the photos of such kinds."""
    outcome = _find_outcome(trial, threshold)
    sets = {
        name: _measure_set(trial, name, outcome, has_right_word=is_in_set, has_wrong_word=is_in_set)
        for name, is_in_set in _walk_sets(trial)
    }
    further_sets = _measure_products(trial, threshold)
    if not trial.has_named_kind.all():
        further_sets[UNNAMED_THINGS] = _count_words((0, 0), ~trial.has_named_kind, outcome.is_wrong)
    return WordsAt(threshold=threshold, sets=sets, beside=further_sets)


def _measure_unnamed_kinds(trial: TitleWordData, other_column: int, threshold: float) -> WordsAt:
    """Measure words for kinds that have none: right on their photos, wrong on those of kinds with a label."""
    word = trial.words[trial.words[:, other_column]]
    accepted = find_accepted_labels(trial.probabilities, word, threshold)
    is_accepted: BoolArray = np.asarray((accepted >= 0).any(axis=1))
    outcome = _Outcome(is_accepted, np.zeros(len(is_accepted), np.bool_), is_accepted)
    # Photos of kinds without a label come from few sources, too few for a bound by source.
    by_photo = replace(trial, groups=None)
    return WordsAt(
        threshold=threshold,
        sets={
            name: _measure_set(by_photo, name, outcome, ~trial.has_named_kind, is_in_set)
            for name, is_in_set in _walk_sets(trial)
        },
    )


def _walk_sets(trial: TitleWordData) -> Iterator[tuple[str, BoolArray]]:
    """Yield the photos of each set whose kind has a word."""
    for name in np.unique(trial.set_names[trial.has_named_kind]).tolist():
        yield name, (trial.set_names == name) & trial.has_named_kind


def _measure_set(
    trial: TitleWordData, name: str, outcome: _Outcome, has_right_word: BoolArray, has_wrong_word: BoolArray
) -> WordsOf:
    """Measure right and wrong words on the photos of one set.

    Args:
        trial: answers to N photos.
        has_right_word: bool (N,), the photos that get a right word.
        has_wrong_word: bool (N,), the photos that get a wrong word.
    """
    groups = trial.groups
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
        needed=MIN_RIGHT_SHARE_WITHOUT_CLASS if name == TIER_WITHOUT_CLASS else MIN_RIGHT_SHARE,
    )


def _count_words(right_counts: tuple[int, int], has_wrong_word: BoolArray, is_wrong: BoolArray) -> WordsOf:
    """Return the counts of right words, and count the wrong words of photos that are accepted."""
    return WordsOf(
        n=right_counts[0],
        accepted=right_counts[1],
        wrong_n=int(has_wrong_word.sum()),
        wrong_accepted=int(is_wrong[has_wrong_word].sum()),
    )


def _measure_products(trial: TitleWordData, threshold: float) -> dict[str, WordsOf]:
    """Measure words on products of several photos of one kind, by the mean of their photos."""
    if trial.products is None or trial.other_column is None:
        return {}
    means = list[list[float]]()
    truths = list[int]()
    for name in filter(None, np.unique(trial.products).tolist()):
        rows = np.flatnonzero(trial.products == name)
        has_one_kind = len(set(trial.truth[rows].tolist())) == 1 and trial.has_named_kind[rows[0]]
        if len(rows) > 1 and has_one_kind:
            means.append(average_probabilities(trial.probabilities[rows].tolist()))
            truths.append(int(trial.truth[rows[0]]))
    columns = trial.probabilities.shape[1]
    products = replace(
        trial, probabilities=np.array(means).reshape(-1, columns), truth=np.array(truths, np.int64)
    )
    outcome = _find_outcome(products, threshold)
    right_counts = (len(truths), int(outcome.is_led.sum()))
    return {PRODUCT_SET_NAME: _count_words(right_counts, np.ones(len(truths), np.bool_), outcome.is_wrong)}

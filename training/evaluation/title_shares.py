"""Measure from which share of a photo the words of a list may decide, by answers that show it.

A right word has to be confirmed nearly always, a wrong one rarely. Both are measured on photos that nothing
had learnt; the wrong word of each is the worst one, the photo's own likeliest other name. The rule that uses
the shares is inference/title_rule.py; report.json keeps what is measured here. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import ModelContract, NetworkName, choose_only_name
from inference.kinds import KIND, KINDS
from inference.recognition import find_label_kinds
from inference.release_labels import OTHER_KIND, find_release_labels
from inference.title_rule import MIN_SHARE_OF_LEADER
from reports.answers import CLASS_HEAD, Answers
from reports.intervals import compute_lower_bounds, compute_upper_bounds, estimate_errors
from reports.product_rule import average_probabilities
from reports.values import HELD_OUT_PICTURES
from reports.word_figures import WordFigures, WordsAt, WordsOf, WordsPromise

MINIMUM_SHARES_TRIED: Final = (0.05, 0.1, 0.2)
"""Minimum shares that are tried: the probability that a photo has to give to the kinds in a title. The
smallest one with enough right answers is taken."""

WRONG_TITLE_SHARE: Final = 0.03
"""Share of titles that name another garment: 3 of 107 that were looked at in shops' lists."""

MIN_RIGHT_SHARE: Final = 0.98
"""Smallest share of right answers among those that title and photo accept together, in each tier."""

MIN_RIGHT_SHARE_WITHOUT_CLASS: Final = 0.975
"""Smallest share of right answers about things without a class that title and photo accept together."""

TIER_WITHOUT_CLASS: Final = "X"
"""The tier of photos that show none of the classes."""

UNNAMED_THINGS: Final = "things without a name"
"""Name of the set of photos whose kind the network has no label for: any named kind is wrong."""

PRODUCT_SET_NAME: Final = "products of several photos"

BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class TitleTrial:
    """Cross-fitted answers to N photos whose kind (such as `skirt`) is known, to measure words of titles.

    Attributes:
        set_names: str (N,), the name of the set of each photo, such as its tier.
        word_shares: float64 (N, K), the probability that the photo gives to each of K words with a label.
        is_right_word: bool (N, K), whether each of these words is right for the photo; all False if its kind
            has no such word.
        other_share: float64 (N,), the probability that the photo gives to OTHER_KIND; None if no label is
            OTHER_KIND.
        is_misled: bool (N,), where a right word, once confirmed, accepts a wrong label: several labels are of
            that kind.
        groups: int64 (N,), equal where photos are not independent; None to count by photo.
        products: str (N,), the same for photos of one product; empty where each is on its own.
    """

    set_names: NDArray[np.str_]
    word_shares: NDArray[np.float64]
    is_right_word: BoolArray
    other_share: NDArray[np.float64] | None
    is_misled: BoolArray
    groups: NDArray[np.int64] | None = None
    products: NDArray[np.str_] | None = None

    @property
    def has_name(self) -> BoolArray:
        """Whether the kind of each photo has a word, bool (N,)."""
        return np.asarray(self.is_right_word.any(axis=1))

    def find_right_word_shares(self) -> NDArray[np.float64]:
        """Return the probability that each photo gives to its right word, float64 (N,); -1 if it has none."""
        return np.asarray(np.where(self.is_right_word, self.word_shares, -1.0).max(axis=1, initial=-1.0))

    def find_wrong_word_shares(self) -> NDArray[np.float64]:
        """Return the probability that each photo gives to its likeliest wrong word, float64 (N,), or -1."""
        return np.asarray(np.where(self.is_right_word, -1.0, self.word_shares).max(axis=1, initial=-1.0))


def make_kind_trial(answers: Answers, labels: Sequence[str]) -> TitleTrial:
    """Return the measurement data (Trial) from answers of the attribute `kind`, which names garments.

    Args:
        answers: the answers about the attribute, by networks that did not learn the source of the photo; the
            set of each photo is its tier.
        labels: the labels of the attribute: names of KINDS, and OTHER_KIND.
    """
    known_answers = answers.select_rows(answers.has_class)
    word_columns = [place for place, label in enumerate(labels) if label != OTHER_KIND]
    return TitleTrial(
        set_names=known_answers.sets,
        word_shares=known_answers.probabilities[:, word_columns],
        is_right_word=known_answers.truth[:, None] == np.array(word_columns),
        other_share=known_answers.probabilities[:, labels.index(OTHER_KIND)]
        if OTHER_KIND in labels
        else None,
        is_misled=np.zeros(len(known_answers), np.bool_),
        products=known_answers.groups,
    )


def make_class_trial(answers: Answers, labels: Sequence[str]) -> TitleTrial:
    """Return the measurement data (Trial) from answers about the class, by the kinds that each class is.

    Args:
        answers: cross-fitted answers about the class; pictures of a class that is no kind are left out.
        labels: the names of the classes.
    """
    kinds = list(find_label_kinds(labels, "en").values())
    words = [kind for kind in KINDS if any(kind in kind_answers for kind_answers in kinds)]
    has_word = np.array([[word in kind_answers for word in words] for kind_answers in kinds], np.bool_)
    has_word = has_word.reshape(len(kinds), len(words))
    class_answers = answers.select_rows(answers.has_class)
    kind_answers = class_answers.select_rows(np.flatnonzero(has_word[class_answers.truth].any(axis=1)))
    is_right_word = has_word[kind_answers.truth]
    shares = kind_answers.probabilities @ has_word
    true_class_shares = kind_answers.probabilities[np.arange(len(kind_answers)), kind_answers.truth]
    is_misled: BoolArray = np.asarray(
        (is_right_word & (true_class_shares[:, None] < MIN_SHARE_OF_LEADER * shares)).any(axis=1)
    )
    return TitleTrial(kind_answers.sets, shares, is_right_word, None, is_misled, kind_answers.group_numbers)


def measure_title_words(trial: TitleTrial, network: NetworkName) -> WordFigures:
    """Measure how often title words and photos together are right, for each of MINIMUM_SHARES_TRIED.

    Args:
        trial: cross-fitted answers to photos whose kind is known.
        network: the network that answered them.
    """
    named_promise = _make_words_promise(
        [_measure_named_kinds(trial, share) for share in MINIMUM_SHARES_TRIED]
    )
    other_promise = (
        None
        if trial.other_share is None
        else _make_words_promise([_measure_unnamed_kinds(trial, share) for share in MINIMUM_SHARES_TRIED])
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
        trial = make_kind_trial(kind_answers, labels.kinds)
        trial = replace(
            trial, products=None, groups=kind_answers.select_rows(kind_answers.has_class).group_numbers
        )
    else:
        trial = make_class_trial(answers.select_head(CLASS_HEAD), contract.labels)
    if not trial.has_name.any():
        return None
    one_set_trial = replace(trial, set_names=np.full(len(trial.set_names), HELD_OUT_PICTURES))
    return measure_title_words(one_set_trial, choose_only_name(contract.input))


def _make_words_promise(points: Sequence[WordsAt]) -> WordsPromise:
    return WordsPromise(
        least=next((point.share for point in points if point.is_shown), None), at=tuple(points)
    )


def _bound_confirmed_share(
    is_counted: BoolArray, is_confirmed: BoolArray, groups: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Return one-sided 95% bounds of the share of photos whose words are confirmed.

    Args:
        is_counted: bool (N,), the photos that are counted.
        is_confirmed: bool (N,), whether the words of each photo are confirmed.
        groups: int64 (N,), equal if photos are not independent; None to count by photo.

    Returns:
        The lower and the upper bound.
    """
    if not is_counted.any():
        return 0.0, 1.0
    row_groups = None if groups is None else np.unique(groups[is_counted], return_inverse=True)[1]
    estimate = estimate_errors(~is_confirmed[is_counted], row_groups, np.array([is_counted.sum()]))
    right_count = (1 - estimate.wrong_share) * estimate.independent_answers
    return float(compute_lower_bounds(right_count, estimate.independent_answers)[0]), float(
        compute_upper_bounds(right_count, estimate.independent_answers)[0]
    )


def _measure_named_kinds(trial: TitleTrial, share: float) -> WordsAt:
    """Measure words for kinds that have a label, on the photos of such kinds."""
    is_confirmed = trial.find_right_word_shares() >= share
    is_wrong_confirmed = trial.find_wrong_word_shares() >= share
    sets = {
        name: _measure_set(trial, name, (is_in_set, is_confirmed), (is_in_set, is_wrong_confirmed))
        for name, is_in_set in _walk_sets(trial)
    }
    further_sets = _measure_products(trial, share)
    if not trial.has_name.all():
        further_sets[UNNAMED_THINGS] = _count_words((0, 0), ~trial.has_name, is_wrong_confirmed)
    return WordsAt(share=share, sets=sets, beside=further_sets)


def _measure_unnamed_kinds(trial: TitleTrial, share: float) -> WordsAt:
    """Measure words for kinds that have none: right on their photos, wrong on those of kinds with a label."""
    is_confirmed: BoolArray = np.asarray(trial.other_share) >= share
    right_words = (~trial.has_name, is_confirmed)
    return WordsAt(
        share=share,
        sets={
            name: _measure_set(trial, name, right_words, (is_in_set, is_confirmed))
            for name, is_in_set in _walk_sets(trial)
        },
    )


def _walk_sets(trial: TitleTrial) -> Iterator[tuple[str, BoolArray]]:
    """Yield the photos of each set whose kind has a word."""
    for name in np.unique(trial.set_names[trial.has_name]).tolist():
        yield name, (trial.set_names == name) & trial.has_name


def _measure_set(
    trial: TitleTrial,
    name: str,
    right_words: tuple[BoolArray, BoolArray],
    wrong_words: tuple[BoolArray, BoolArray],
) -> WordsOf:
    """Measure right and wrong words on the photos of one set.

    Args:
        trial: answers to N photos.
        right_words: the photos with right words, and of which photos these words are confirmed; bool (N,).
        wrong_words: the photos with wrong words, and of which photos these words are confirmed; bool (N,).
    """
    is_counted, is_confirmed = right_words
    is_led = is_confirmed & ~trial.is_misled
    is_misled = is_confirmed & trial.is_misled
    min_led_share, _ = _bound_confirmed_share(is_counted, is_led, trial.groups)
    max_misled_share = (
        _bound_confirmed_share(is_counted, is_misled, trial.groups)[1] if trial.is_misled.any() else 0.0
    )
    right_share = (1 - WRONG_TITLE_SHARE) * min_led_share
    wrong_share = (1 - WRONG_TITLE_SHARE) * max_misled_share + WRONG_TITLE_SHARE * _bound_confirmed_share(
        *wrong_words, trial.groups
    )[1]
    return _count_words((int(is_counted.sum()), int(is_led[is_counted].sum())), *wrong_words).replace_fields(
        right=right_share / (right_share + wrong_share) if right_share else 0.0,
        needed=MIN_RIGHT_SHARE_WITHOUT_CLASS if name == TIER_WITHOUT_CLASS else MIN_RIGHT_SHARE,
    )


def _count_words(right_counts: tuple[int, int], is_counted: BoolArray, is_confirmed: BoolArray) -> WordsOf:
    """Return the counts of right words, and count the wrong words of counted photos that are confirmed."""
    return WordsOf(
        n=right_counts[0],
        confirmed=right_counts[1],
        wrong_n=int(is_counted.sum()),
        wrong_confirmed=int(is_confirmed[is_counted].sum()),
    )


def _measure_products(trial: TitleTrial, share: float) -> dict[str, WordsOf]:
    """Measure words on products of several photos of one kind, by the mean of their photos."""
    if trial.products is None or trial.other_share is None:
        return {}
    right_confirmed = list[bool]()
    wrong_confirmed = list[bool]()
    for name in filter(None, np.unique(trial.products).tolist()):
        rows = np.flatnonzero(trial.products == name)
        if len(rows) == 1 or not trial.is_right_word[rows].all(axis=0).any():
            continue
        photo_shares = np.column_stack([trial.word_shares[rows], trial.other_share[rows]])
        mean = np.array(average_probabilities(photo_shares.tolist())[:-1])
        right_confirmed.append(mean[trial.is_right_word[rows[0]]].max() >= share)
        wrong_confirmed.append(mean[~trial.is_right_word[rows[0]]].max() >= share)
    is_counted = np.ones(len(wrong_confirmed), np.bool_)
    return {
        PRODUCT_SET_NAME: _count_words(
            (len(right_confirmed), sum(right_confirmed)), is_counted, np.array(wrong_confirmed, np.bool_)
        )
    }

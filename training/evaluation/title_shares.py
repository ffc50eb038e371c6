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
from inference.recognition import label_kinds
from inference.title_rule import MIN_SHARE_OF_LEADER, OTHER, find_release_labels
from reports.answers import CLASS_HEAD, Answers
from reports.intervals import compute_lower_bounds, compute_upper_bounds, estimate_errors
from reports.product_rule import average_probabilities
from reports.values import HELD_OUT_PICTURES
from reports.word_figures import WordFigures, WordsAt, WordsOf, WordsPromise

LEAST: Final = (0.05, 0.1, 0.2)
"""Minimum shares that are tried: the probability that a photo has to give to the kinds in a title. The
smallest one with enough right answers is taken."""

WRONG_TITLES: Final = 0.03
"""Share of titles that name another garment: 3 of 107 that were looked at in shops' lists."""

RIGHT: Final = 0.98
"""Smallest share of right answers among those that title and photo accept together, in each tier."""

RIGHT_WITHOUT_CLASS: Final = 0.975
"""Smallest share of right answers about things without a class that title and photo accept together."""

WITHOUT_CLASS: Final = "X"
"""The tier of photos that show none of the classes."""

WITHOUT_NAME: Final = "things without a name"
"""Name of the set of photos whose kind the network has no label for: any named kind is wrong."""

PRODUCTS: Final = "products of several photos"

Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """Cross-fitted answers to N photos whose kind (such as `skirt`) is known, to measure words of titles.

    Attributes:
        sets: str (N,), the name of the set of each photo, such as its tier.
        shares: float64 (N, K), the probability that the photo gives to each of K words with a label.
        right: bool (N, K), whether each of these words is right for the photo; all False if its kind has no
            such word.
        other: float64 (N,), the probability that the photo gives to OTHER; None if no label is OTHER.
        misled: bool (N,), where a right word, once confirmed, accepts a wrong label: several labels are of
            that kind.
        groups: int64 (N,), equal where photos are not independent; None to count by photo.
        products: str (N,), the same for photos of one product; empty where each is on its own.
    """

    sets: NDArray[np.str_]
    shares: NDArray[np.float64]
    right: Bools
    other: NDArray[np.float64] | None
    misled: Bools
    groups: NDArray[np.int64] | None = None
    products: NDArray[np.str_] | None = None

    @property
    def has_name(self) -> Bools:
        """Whether the kind of each photo has a word, bool (N,)."""
        return np.asarray(self.right.any(axis=1))

    def of_right(self) -> NDArray[np.float64]:
        """Return the probability that each photo gives to its right word, float64 (N,); -1 if it has none."""
        return np.asarray(np.where(self.right, self.shares, -1.0).max(axis=1, initial=-1.0))

    def of_wrong(self) -> NDArray[np.float64]:
        """Return the probability that each photo gives to its likeliest wrong word, float64 (N,), or -1."""
        return np.asarray(np.where(self.right, -1.0, self.shares).max(axis=1, initial=-1.0))


def trial_of_kinds(answers: Answers, labels: Sequence[str]) -> Trial:
    """Return the measurement data (Trial) from answers of the attribute `kind`, which names garments.

    Args:
        answers: the answers about the attribute, by networks that did not learn the source of the photo; the
            set of each photo is its tier.
        labels: the labels of the attribute: names of KINDS, and OTHER.
    """
    of = answers.select_rows(answers.has_class)
    names = [place for place, label in enumerate(labels) if label != OTHER]
    return Trial(
        sets=of.sets,
        shares=of.probabilities[:, names],
        right=of.truth[:, None] == np.array(names),
        other=of.probabilities[:, labels.index(OTHER)] if OTHER in labels else None,
        misled=np.zeros(len(of), np.bool_),
        products=of.groups,
    )


def trial_of_classes(answers: Answers, labels: Sequence[str]) -> Trial:
    """Return the measurement data (Trial) from answers about the class, by the kinds that each class is.

    Args:
        answers: cross-fitted answers about the class; pictures of a class that is no kind are left out.
        labels: the names of the classes.
    """
    kinds = list(label_kinds(labels, "en").values())
    words = [kind for kind in KINDS if any(kind in of for of in kinds)]
    is_of = np.array([[word in of for word in words] for of in kinds], np.bool_)
    is_of = is_of.reshape(len(kinds), len(words))
    of_classes = answers.select_rows(answers.has_class)
    of = of_classes.select_rows(np.flatnonzero(is_of[of_classes.truth].any(axis=1)))
    right, shares = is_of[of.truth], of.probabilities @ is_of
    of_truth = of.probabilities[np.arange(len(of)), of.truth]
    misled: Bools = np.asarray((right & (of_truth[:, None] < MIN_SHARE_OF_LEADER * shares)).any(axis=1))
    return Trial(of.sets, shares, right, None, misled, of.group_numbers)


def measure_words(trial: Trial, network: NetworkName) -> WordFigures:
    """Measure how often title words and photos together are right, for each minimum share in LEAST.

    Args:
        trial: cross-fitted answers to photos whose kind is known.
        network: the network that answered them.
    """
    named = _promise([_named_at(trial, share) for share in LEAST])
    other = None if trial.other is None else _promise([_other_at(trial, share) for share in LEAST])
    return WordFigures(network=network, wrong_titles=WRONG_TITLES, named=named, other=other)


def words_of_own_classes(answers: Answers, contract: ModelContract) -> WordFigures | None:
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
    of_kinds = answers.select_head(KIND)
    if labels.kinds and len(of_kinds):
        trial = trial_of_kinds(of_kinds, labels.kinds)
        trial = replace(trial, products=None, groups=of_kinds.select_rows(of_kinds.has_class).group_numbers)
    else:
        trial = trial_of_classes(answers.select_head(CLASS_HEAD), contract.labels)
    if not trial.has_name.any():
        return None
    as_one = replace(trial, sets=np.full(len(trial.sets), HELD_OUT_PICTURES))
    return measure_words(as_one, choose_only_name(contract.input))


def _promise(at: Sequence[WordsAt]) -> WordsPromise:
    return WordsPromise(least=next((point.share for point in at if point.is_shown), None), at=tuple(at))


def _bounds(on: Bools, confirmed: Bools, groups: NDArray[np.int64] | None) -> tuple[float, float]:
    """Return one-sided 95% bounds of the share of photos whose words are confirmed.

    Args:
        on: bool (N,), the photos that are counted.
        confirmed: bool (N,), whether the words of each photo are confirmed.
        groups: int64 (N,), equal if photos are not independent; None to count by photo.

    Returns:
        The lower and the upper bound.
    """
    if not on.any():
        return 0.0, 1.0
    of_rows = None if groups is None else np.unique(groups[on], return_inverse=True)[1]
    estimate = estimate_errors(~confirmed[on], of_rows, np.array([on.sum()]))
    right = (1 - estimate.wrong_share) * estimate.independent_answers
    return float(compute_lower_bounds(right, estimate.independent_answers)[0]), float(
        compute_upper_bounds(right, estimate.independent_answers)[0]
    )


def _named_at(trial: Trial, share: float) -> WordsAt:
    """Measure words for kinds that have a label, on the photos of such kinds."""
    confirmed, wrong = trial.of_right() >= share, trial.of_wrong() >= share
    sets = {name: _measure_set(trial, name, (on, confirmed), (on, wrong)) for name, on in _of_sets(trial)}
    beside = _of_products(trial, share)
    if not trial.has_name.all():
        beside[WITHOUT_NAME] = _counted((0, 0), ~trial.has_name, wrong)
    return WordsAt(share=share, sets=sets, beside=beside)


def _other_at(trial: Trial, share: float) -> WordsAt:
    """Measure words for kinds that have none: right on their photos, wrong on those of kinds with a label."""
    confirmed: Bools = np.asarray(trial.other) >= share
    right = (~trial.has_name, confirmed)
    return WordsAt(
        share=share,
        sets={name: _measure_set(trial, name, right, (on, confirmed)) for name, on in _of_sets(trial)},
    )


def _of_sets(trial: Trial) -> Iterator[tuple[str, Bools]]:
    """Yield the photos of each set whose kind has a word."""
    for name in np.unique(trial.sets[trial.has_name]).tolist():
        yield name, (trial.sets == name) & trial.has_name


def _measure_set(
    trial: Trial, name: str, right_words: tuple[Bools, Bools], wrong_words: tuple[Bools, Bools]
) -> WordsOf:
    """Measure right and wrong words on the photos of one set.

    Args:
        trial: answers to N photos.
        name: the name of the set.
        right_words: the photos with right words, and of which photos these words are confirmed; bool (N,).
        wrong_words: the photos with wrong words, and of which photos these words are confirmed; bool (N,).
    """
    on, confirmed = right_words
    led, misled = confirmed & ~trial.misled, confirmed & trial.misled
    least, _ = _bounds(on, led, trial.groups)
    mistaken = _bounds(on, misled, trial.groups)[1] if trial.misled.any() else 0.0
    of_right = (1 - WRONG_TITLES) * least
    of_wrong = (1 - WRONG_TITLES) * mistaken + WRONG_TITLES * _bounds(*wrong_words, trial.groups)[1]
    return _counted((int(on.sum()), int(led[on].sum())), *wrong_words).replace_fields(
        right=of_right / (of_right + of_wrong) if of_right else 0.0,
        needed=RIGHT_WITHOUT_CLASS if name == WITHOUT_CLASS else RIGHT,
    )


def _counted(right: tuple[int, int], on: Bools, wrong: Bools) -> WordsOf:
    """Return the counts of right words, and count wrong words that are `on` photos and confirmed."""
    return WordsOf(
        n=right[0], confirmed=right[1], wrong_n=int(on.sum()), wrong_confirmed=int(wrong[on].sum())
    )


def _of_products(trial: Trial, share: float) -> dict[str, WordsOf]:
    """Measure words on products of several photos of one kind, by the mean of their photos."""
    if trial.products is None or trial.other is None:
        return {}
    right, wrong = list[bool](), list[bool]()
    for name in filter(None, np.unique(trial.products).tolist()):
        rows = np.flatnonzero(trial.products == name)
        if len(rows) == 1 or not trial.right[rows].all(axis=0).any():
            continue
        of_photos = np.column_stack([trial.shares[rows], trial.other[rows]])
        mean = np.array(average_probabilities(of_photos.tolist())[:-1])
        right.append(mean[trial.right[rows[0]]].max() >= share)
        wrong.append(mean[~trial.right[rows[0]]].max() >= share)
    on = np.ones(len(wrong), np.bool_)
    return {PRODUCTS: _counted((len(right), sum(right)), on, np.array(wrong, np.bool_))}

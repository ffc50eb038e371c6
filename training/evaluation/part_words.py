"""Measure from which probability the second look may accept a kind that a word names (second_look.py).

Each photo gets its right word and all wrong ones, and is decided twice as a table decides it: by the whole
photo, and if this accepts nothing, once more with the named kind as its parts show it. A wrong word is one of
those that shops have: a third of them name the kind that the second look finds likeliest, a fifth the next
one, and the others any other kind. The photos are answered by networks that had not learnt them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.posterior import MIN_PHOTO_PROBABILITY, WRONG_WORD
from inference.second_look import MIN_JOINED_PROBABILITY
from reports.grouped_answers import estimate_wrong_shares
from reports.intervals import compute_share_lower_bounds, compute_share_upper_bounds
from reports.word_figures import WordsAt, WordsOf, WordsPromise
from training.evaluation.title_shares import MIN_RIGHT_SHARE, WORDS_CONFIDENCE_LEVEL

SECOND_THRESHOLDS_TRIED: Final = (0.9, 0.93, 0.95, 0.97)
"""Thresholds of the second look that are tried; the smallest one that holds is taken."""

WRONG_WORD_SHARE: Final = 0.04
"""Share of words in the lists of seventeen shops that name another garment: 50 of 1,242."""

LIKELIEST_WRONG_SHARES: Final = (17 / 50, 10 / 50)
"""Shares of the wrong words that name the likeliest wrong kind after the second look, and the next one."""

MAX_MORE_WRONG: Final = 2.0
"""Largest ratio in which wrong words of the same shop may be accepted for products of several photos, against
the first look alone."""

DECIDING_TIERS: Final = ("A", "B", "C")
"""Tiers of photos whose figures decide. Photos of other things have a kind, but come from few sources."""

PRODUCT_SIZES: Final = {"products of 2 to 4 photos": (2, 4), "products of 5 and more photos": (5, 10_000)}
"""Names of the sets of products, with the smallest and the largest number of photos."""

FIRST_LOOK: Final = ", first look"
"""End of the names of the same sets by the first look alone."""


@dataclass(frozen=True)
class PartAnswers:
    """The kinds by N photos, or products, and by their parts.

    Attributes:
        whole: float64 (N, K), the probability of each kind by the whole photo.
        largest: float64 (N, K), the largest probability of each kind by the photo and its parts.
        truth: int64 (N,), the column of the right kind.
        sets: str (N,), the tier.
        groups: str (N,), equal for photos that are not independent: the source, or the sender.
        products: str (N,), equal for photos of one product; empty for a photo on its own.
        other_column: the column of OTHER_KIND, which is not looked for in parts.
    """

    whole: NDArray[np.float64]
    largest: NDArray[np.float64]
    truth: NDArray[np.int64]
    sets: NDArray[np.str_]
    groups: NDArray[np.str_]
    products: NDArray[np.str_]
    other_column: int

    def select_rows(self, rows: NDArray[np.bool_]) -> "PartAnswers":
        """Return the answers of some photos, bool (N,)."""
        return PartAnswers(
            whole=self.whole[rows],
            largest=self.largest[rows],
            truth=self.truth[rows],
            sets=self.sets[rows],
            groups=self.groups[rows],
            products=self.products[rows],
            other_column=self.other_column,
        )

    @classmethod
    def join_answers(cls, several: "Sequence[PartAnswers]") -> "PartAnswers":
        """Join answers to several sets of photos, at least one, in this order."""
        return cls(
            whole=np.concatenate([each.whole for each in several]),
            largest=np.concatenate([each.largest for each in several]),
            truth=np.concatenate([each.truth for each in several]),
            sets=np.concatenate([each.sets for each in several]),
            groups=np.concatenate([each.groups for each in several]),
            products=np.concatenate([each.products for each in several]),
            other_column=several[0].other_column,
        )

    def find_accepted_words(self, first: float, second: float | None) -> NDArray[np.bool_]:
        """Tell for each photo which single word is accepted, bool (N, K).

        Args:
            first: the threshold of the first look.
            second: the threshold of the second look; None for none.
        """
        is_accepted = _weigh_words(self.whole, self.whole) >= first
        return is_accepted if second is None else is_accepted | (self.weigh_second_look() >= second)

    def weigh_second_look(self) -> NDArray[np.float64]:
        """Return the probability of each kind after the second look, if a word names it: float64 (N, K)."""
        raised = np.maximum(self.largest, self.whole)
        raised[:, self.other_column] = self.whole[:, self.other_column]
        return _weigh_words(raised, self.whole)


def _weigh_words(named: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each kind if a word names it, float64 (N, K)."""
    weights = named + MIN_PHOTO_PROBABILITY
    rest = others + MIN_PHOTO_PROBABILITY
    return np.asarray(weights / (weights + WRONG_WORD * (rest.sum(axis=1, keepdims=True) - rest)))


def measure_part_words(answers: PartAnswers, first: float) -> WordsPromise:
    """Measure how often words, photos and their parts are right together, at SECOND_THRESHOLDS_TRIED.

    Args:
        first: the threshold of the first look.
    """
    is_named = answers.truth != answers.other_column
    photos = answers.select_rows(is_named & np.isin(answers.sets, DECIDING_TIERS))
    products = _join_products(answers.select_rows(is_named & (answers.products != "")))
    points = [
        WordsAt(
            threshold=threshold,
            sets={
                tier: _measure_set(photos.select_rows(photos.sets == tier), first, threshold)
                for tier in np.unique(photos.sets).tolist()
            },
            beside=dict(_measure_products(products, first, threshold)),
        )
        for threshold in SECOND_THRESHOLDS_TRIED
    ]
    held = (point.threshold for point in points if point.is_shown and not _accepts_too_many_wrong(point))
    return WordsPromise(threshold=next(held, None), at=tuple(points))


def _measure_set(answers: PartAnswers, first: float, second: float) -> WordsOf:
    """Measure right and wrong words on the photos of one tier."""
    is_accepted = answers.find_accepted_words(first, second)
    rows = np.arange(len(answers.truth))
    is_led = is_accepted[rows, answers.truth]
    wrong_shares, is_likeliest_accepted = _weigh_wrong_words(answers, is_accepted)
    right_share = (1 - WRONG_WORD_SHARE) * _bound_mean(is_led, answers.groups, is_lower=True)
    wrong_share = WRONG_WORD_SHARE * _bound_mean(wrong_shares, answers.groups, is_lower=False)
    return WordsOf(
        n=len(rows),
        accepted=int(is_led.sum()),
        wrong_n=len(rows),
        wrong_accepted=int(is_likeliest_accepted.sum()),
        right_lower_bound=right_share / (right_share + wrong_share) if right_share else 0.0,
        needed_lower_bound=MIN_RIGHT_SHARE,
    )


def _weigh_wrong_words(
    answers: PartAnswers, is_accepted: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the share of wrong words that each photo accepts, and whether it accepts the likeliest one."""
    rows = np.arange(len(answers.truth))
    certainty = answers.weigh_second_look()
    certainty[rows, answers.truth] = -1.0
    order = np.argsort(-certainty, axis=1, kind="stable")[:, :-1]
    accepted = np.take_along_axis(is_accepted, order, axis=1)
    count = len(LIKELIEST_WRONG_SHARES)
    others = 1 - sum(LIKELIEST_WRONG_SHARES)
    shares = accepted[:, :count] @ np.array(LIKELIEST_WRONG_SHARES) + others * accepted[:, count:].mean(
        axis=1
    )
    return shares, accepted[:, 0]


def _bound_mean(
    values: NDArray[np.float64] | NDArray[np.bool_], groups: NDArray[np.str_], *, is_lower: bool
) -> float:
    """Return a one-sided bound of the mean of values from 0 to 1; photos of one group count as fewer."""
    if not len(values):
        return 0.0 if is_lower else 1.0
    numbers = np.unique(groups, return_inverse=True)[1]
    estimate = estimate_wrong_shares(
        1 - values.astype(np.float64),
        numbers,
        np.array([len(values)]),
        confidence_level=WORDS_CONFIDENCE_LEVEL,
    )
    count = estimate.independent_answers
    bound = compute_share_lower_bounds if is_lower else compute_share_upper_bounds
    return float(bound((1 - estimate.wrong_share) * count, count, WORDS_CONFIDENCE_LEVEL)[0])


def _join_products(answers: PartAnswers) -> PartAnswers:
    """Return one row for each product of several photos of one kind; `products` has their number."""
    joined = [answers.select_rows(np.zeros(len(answers.truth), np.bool_))]
    for name in np.unique(answers.products).tolist():
        photos = answers.select_rows(answers.products == name)
        count = len(photos.truth)
        if count < 2 or len(np.unique(photos.truth)) > 1:
            continue
        logarithms = np.log(photos.largest + MIN_JOINED_PROBABILITY).mean(axis=0, keepdims=True)
        joined.append(
            replace(
                photos.select_rows(np.arange(count) == 0),
                whole=photos.whole.mean(axis=0, keepdims=True),
                largest=np.exp(logarithms) - MIN_JOINED_PROBABILITY,
                products=np.array([str(count)]),
            )
        )
    return PartAnswers.join_answers(joined)


def _measure_products(products: PartAnswers, first: float, second: float) -> Iterator[tuple[str, WordsOf]]:
    """Yield the figures of products with titles of other products of their shop, with and without parts."""
    counts = products.products.astype(np.int64) if len(products.products) else np.zeros(0, np.int64)
    for name, (smallest, largest) in PRODUCT_SIZES.items():
        is_counted = (counts >= smallest) & (counts <= largest)
        for end, threshold in (("", second), (FIRST_LOOK, None)):
            yield f"{name}{end}", _count_same_shop_words(products, is_counted, first, threshold)


def _count_same_shop_words(
    products: PartAnswers, is_counted: NDArray[np.bool_], first: float, second: float | None
) -> WordsOf:
    """Count right titles, and titles of each other product of the same shop that is of another kind."""
    is_accepted = products.find_accepted_words(first, second)
    wrong_n = wrong_accepted = 0
    for row in np.flatnonzero(is_counted).tolist():
        of_shop = products.truth[products.groups == products.groups[row]]
        others = of_shop[of_shop != products.truth[row]]
        wrong_n += len(others)
        wrong_accepted += int(is_accepted[row, others].sum())
    rows = np.flatnonzero(is_counted)
    return WordsOf(
        n=len(rows),
        accepted=int(is_accepted[rows, products.truth[rows]].sum()),
        wrong_n=wrong_n,
        wrong_accepted=wrong_accepted,
    )


def _accepts_too_many_wrong(point: WordsAt) -> bool:
    """Return whether products of several photos accept wrong titles too much more often than at first."""
    return any(
        of.wrong_n and of.wrong_accepted > MAX_MORE_WRONG * point.beside[f"{name}{FIRST_LOOK}"].wrong_accepted
        for name, of in point.beside.items()
        if not name.endswith(FIRST_LOOK)
    )

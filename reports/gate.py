"""The gate, which decides whether a new release may follow the current one.

`check_candidate_release` raises an error with the figures of both releases if the new one is measurably
worse, or if it would break clients, for example because its labels differ. Releases are compared on the
pictures that both have answered: those of the test set, and photos of all tiers together. (A tier says how
photos were taken: product shots, worn garments, or users' own photos.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Final

import numpy as np

from model_store.errors import GateRefused
from model_store.manifest import Manifest
from reports.answers import TEST_SET, Answers
from reports.client_contract import FORCE_ADVICE, check_client_contract
from reports.comparison import (
    TEST_ERROR_RATE,
    AnswerComparison,
    AnswerShares,
    ShareComparison,
    compare_answers,
)
from reports.evidence import (
    ALL_PHOTOS,
    ReleaseEvidence,
    select_shared_answers,
    select_shared_attribute_answers,
)
from reports.product_rule import is_accuracy_promise_proven
from reports.promises import ProductPromise
from reports.word_comparison import list_word_losses

MIN_SHARED_PICTURES: Final = 100
"""Number of pictures of a set that both releases must have answered. For a smaller set it is three quarters
of it, because pictures whose right label was corrected meanwhile cannot be compared."""

MAX_ACCEPTED_DROP: Final = 0.1
"""Smallest drop of the share of accepted answers that is refused, if a set has MIN_SHARED_PICTURES or
more."""

MAX_SLOW_DECLINE: Final = 0.02
"""Largest amount by which a release may be measurably worse than the oldest one that is kept. Without this
limit, many releases that are each a little worse could follow one another."""

ATTRIBUTE_SET_PREFIX: Final = "attribute "
"""Beginning of the name under which the answers about an attribute are compared, such as `attribute
colour`."""

_OLDEST: Final = "the oldest release kept"


def check_candidate_release(
    candidate: ReleaseEvidence, current: ReleaseEvidence | None, oldest: ReleaseEvidence | None = None
) -> str:
    """Refuse a release that breaks the contract with clients, or is measurably worse than the current one.

    1. Every release, also the first, must be right about twice as often as guessing is.
    2. The labels, and the form of pixels that clients send, must be those of the current release. Attributes
       (such as the colour) must stay, with their labels; further ones may be added.
    3. Both must have answered MIN_SHARED_PICTURES pictures, or most of a smaller set, of each set about which
       the current release makes promises.
    4. On the test set, on all photos together, and for each attribute, the candidate must not be measurably
       worse: be right less often, or accept more wrong answers. If it accepts more answers, the promised
       share of the additional ones must be right.
    5. In no set may the share of accepted answers drop by MAX_ACCEPTED_DROP or to nothing. Products with
       several photos must still be accepted, if they are now.
    6. With the words of titles it must not accept MAX_WORDS_DROP less of a set, and each set that the current
       release measured must show its share at the chosen threshold.
    7. The oldest release must not be measurably better by more than MAX_SLOW_DECLINE.

    Args:
        candidate: the release that is to become current.
        current: the current release; None if there is none.
        oldest: the oldest kept release that was current, was not rolled back and has the same labels; None if
            there is none.

    Returns:
        A text that says what was compared.

    Raises:
        GateRefused: the release is refused. The message has the figures of both releases, and says how to
            promote anyway.
    """
    _check_accuracy(candidate.manifest)
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    check_client_contract(candidate.manifest, current.manifest)
    comparisons = _compare_all_sets(candidate, current)
    oldest_comparisons = _compare_all_sets(candidate, oldest) if oldest else {}
    reasons = [
        *_join_reasons("cannot be compared with current: ", _describe_unshared_sets(comparisons, current)),
        *_join_reasons("is measurably worse than current: ", _describe_losses(comparisons, 0.0)),
        *_join_reasons("accepts less than current: ", _describe_fewer_accepted(comparisons)),
        *_join_reasons(
            "accepts no product of several photos any more: ", _describe_lost_products(candidate, current)
        ),
        *_join_reasons(
            "accepts less or less surely with words of titles: ",
            list_word_losses(candidate.words, current.words),
        ),
        *_join_reasons(
            f"is worse than {_OLDEST} by more than {MAX_SLOW_DECLINE:.0%}: ",
            _describe_losses(oldest_comparisons, MAX_SLOW_DECLINE),
        ),
    ]
    if reasons:
        raise GateRefused(
            f"{candidate.version} {'; it '.join(reasons)}. Current is {current.version}. {FORCE_ADVICE}"
        )
    text = _describe_comparisons(candidate, current, comparisons)
    if oldest and oldest_comparisons:
        text += (
            f" Nor by more than {MAX_SLOW_DECLINE:.0%} than {_OLDEST}, {oldest.version}: "
            f"{'; '.join(_list_test_rows(oldest_comparisons))}."
        )
    return text


def _check_accuracy(candidate: Manifest) -> None:
    right = candidate.headline.test_accuracy
    classes = len(candidate.labels)
    if right < (needed := compute_minimum_accuracy(classes)):
        raise GateRefused(
            f"{candidate.version} is hardly better than chance: {right:.1%} of its test pictures are right, "
            f"and {needed:.0%} are needed of {classes} classes. {FORCE_ADVICE}"
        )


def compute_minimum_accuracy(classes: int) -> float:
    """Return the smallest accuracy of a release that has learnt something: twice that of guessing.

    Guessing is right in 1 of C answers. For two classes, .75 is needed, half way from guessing to 1.
    """
    return min(2 / classes, (1 + 1 / classes) / 2)


ComparisonsByName = Mapping[str, AnswerComparison]
"""Comparisons of two releases, by TEST_SET, ALL_PHOTOS or `attribute NAME`, as far as they share pictures."""

_TestResult = tuple[ShareComparison, str]
"""A difference of two releases, with a text that tells it to people: "the evaluation, 10,000 pictures: 94.10%
right, before 94.05% (p = 0.4)"."""


def _describe_comparisons(
    candidate: ReleaseEvidence, current: ReleaseEvidence, comparisons: ComparisonsByName
) -> str:
    """Return a text with the figures of a candidate that is not worse than the current release."""
    heads = sorted({*candidate.product_promises, *current.product_promises})
    rows = [*_list_test_rows(comparisons), *(_format_product_row(head, candidate, current) for head in heads)]
    return (
        f"Not measurably worse than current, {current.version}, on the pictures that both decided about and "
        f"whose label did not change: {'; '.join(rows)}."
    )


def _compare_all_sets(candidate: ReleaseEvidence, baseline: ReleaseEvidence) -> ComparisonsByName:
    pairs = {name: select_shared_answers(candidate, baseline, name) for name in (TEST_SET, ALL_PHOTOS)}
    for name, head in baseline.manifest.attributes.items():
        candidate_head = candidate.manifest.attributes.get(name)
        if candidate_head is not None and candidate_head.labels == head.labels:
            answers, baseline_answers = select_shared_attribute_answers(candidate, baseline, name)
            pairs[ATTRIBUTE_SET_PREFIX + name] = (
                _name_answers(answers, name),
                _name_answers(baseline_answers, name),
            )
    return {
        name: compare_answers(
            answers, others, baseline.promised_shares.get(name.removeprefix(ATTRIBUTE_SET_PREFIX), 1.0)
        )
        for name, (answers, others) in pairs.items()
        if len(answers)
    }


def _name_answers(answers: Answers, attribute: str) -> Answers:
    """Return the answers about an attribute as one set of pictures with its name, for messages."""
    return replace(answers, sets=np.full(len(answers), ATTRIBUTE_SET_PREFIX + attribute))


def _describe_unshared_sets(comparisons: ComparisonsByName, current: ReleaseEvidence) -> Iterator[str]:
    """Yield a clause for each set of which too few pictures were answered by both releases."""
    if not len(current.answers):
        yield "current keeps no answers to single pictures"
        return
    sets = {
        name: shares for compared in comparisons.values() for name, shares in compared.shares_by_set.items()
    }
    for name in sorted({TEST_SET, *current.promised_sets}):
        count = sets[name][0].picture_count if name in sets else 0
        total = current.count_pictures(name)
        if count < (needed := min(MIN_SHARED_PICTURES, max(1, 3 * total // 4))):
            pictures = f"{count:,} of the {total:,} pictures of {_name_set(name)}"
            yield f"both decided {pictures}; {needed} are needed"


def _describe_losses(comparisons: ComparisonsByName, margin: float) -> Iterator[str]:
    """Yield a text for each measurable loss of the candidate that is above a margin."""
    class_tests = list[_TestResult]()
    attribute_tests = list[_TestResult]()
    for name, comparison in comparisons.items():
        (attribute_tests if name.startswith(ATTRIBUTE_SET_PREFIX) else class_tests).extend(
            _list_tests(name, comparison)
        )
    # All tests of attributes together get the error rate of the two tests of the class (Holm 1979).
    attribute_tests.sort(key=lambda test: test[0].p_value)
    levels = [2 * TEST_ERROR_RATE / left for left in range(len(attribute_tests), 0, -1)]
    ordered = zip(attribute_tests, levels, strict=True)
    measurable = takewhile(lambda test: test[0][0].p_value < test[1], ordered)
    measurable_tests = [test for test in class_tests if test[0].p_value < TEST_ERROR_RATE] + [
        test for test, _ in measurable
    ]
    yield from (row for difference, row in measurable_tests if difference.loss > margin)


def _describe_fewer_accepted(comparisons: ComparisonsByName) -> Iterator[str]:
    for compared in comparisons.values():
        for name, (candidate, current) in compared.shares_by_set.items():
            if current.right_share is None or not current.accepted_share:
                continue  # nothing should be accepted about pictures of no class
            too_few = (
                candidate.picture_count >= MIN_SHARED_PICTURES
                and current.accepted_share - candidate.accepted_share >= MAX_ACCEPTED_DROP
            )
            if too_few or not candidate.accepted_share:
                yield _format_set_row(name, (candidate, current))


def _describe_lost_products(candidate: ReleaseEvidence, current: ReleaseEvidence) -> Iterator[str]:
    """Yield a text for each question (class or attribute) about which no product is accepted any more."""
    for head, promise in current.product_promises.items():
        if is_accuracy_promise_proven(promise) and not is_accuracy_promise_proven(
            candidate.product_promises.get(head)
        ):
            yield _format_product_row(head, candidate, current)


def _join_reasons(beginning: str, reasons: Iterator[str]) -> list[str]:
    """Join reasons against the candidate to a list of one clause; empty without reasons."""
    rows = "; ".join(reasons)
    return [f"{beginning}{rows}"] if rows else []


def _list_test_rows(comparisons: ComparisonsByName) -> Iterator[str]:
    """Yield a text for each test of a comparison, and for the figures of each set in it."""
    for name, comparison in comparisons.items():
        yield from (row for _, row in _list_tests(name, comparison))
        yield from (_format_set_row(*each) for each in comparison.shares_by_set.items())


def _list_tests(name: str, comparison: AnswerComparison) -> Iterator[_TestResult]:
    groups = (
        f" of {comparison.group_count:,} senders or products"
        if comparison.group_count < comparison.picture_count
        else ""
    )
    answers = f"{_name_set(name)}, {comparison.picture_count:,} pictures{groups}"
    for difference, predicate in (
        (comparison.right, "right"),
        (comparison.wrong_accepted, "wrong and accepted"),
    ):
        if difference is not None:
            shares = f"{difference.candidate_share:.2%} {predicate}, before {difference.baseline_share:.2%}"
            yield difference, f"{answers}: {shares} (p = {difference.p_value:.2g})"


def _format_set_row(name: str, shares: tuple[AnswerShares, AnswerShares]) -> str:
    candidate, baseline = shares
    no_class = (
        f", {candidate.no_class_count:,} of them of none of the classes"
        if 0 < candidate.no_class_count < candidate.picture_count
        else ""
    )
    pictures = f"{candidate.picture_count:,} pictures{no_class}"
    return f"{_name_set(name)} ({pictures}): {_format_shares(candidate)}, before {_format_shares(baseline)}"


def _format_shares(shares: AnswerShares) -> str:
    right = "" if shares.right_share is None else f"{shares.right_share:.1%} right and "
    right_share = shares.right_accepted_share
    return f"{right}{shares.accepted_share:.1%} accepted" + (
        "" if right_share is None else f" ({right_share:.1%} of these right)"
    )


def _format_product_row(head: str, *releases: ReleaseEvidence) -> str:
    candidate_text, current_text = (
        _format_accepted_products(release.product_promises.get(head)) for release in releases
    )
    return f"products by {head}: {candidate_text}, before {current_text}"


def _format_accepted_products(promise: ProductPromise | None) -> str:
    if promise is None or not promise.n:
        return "not measured, so none is accepted"
    accepted = f"{promise.accepted:,} of {promise.n:,} accepted, {promise.accepted_right:,} right"
    return accepted if is_accuracy_promise_proven(promise) else f"{accepted} (too few to accept any)"


def _name_set(name: str) -> str:
    """Return the name of a set of pictures for messages, such as "tier A" for the tier A of photos."""
    if name == TEST_SET:
        # It may also be learnt pictures, each answered by a network that had not learnt it.
        return "the evaluation"
    return name if name == ALL_PHOTOS or name.startswith(ATTRIBUTE_SET_PREFIX) else f"tier {name}"

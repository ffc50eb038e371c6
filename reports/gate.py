"""Rules of the gate, which decides whether a release may follow the current one.

`check_gate` raises an error with the figures of both releases if the new one is measurably worse, or if it
would break clients, for example because its labels differ. Releases are compared on the pictures that both
have answered: those of the test set, and photos of all tiers together (a tier says how photos were taken,
such as by a shop or by users).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Final

import numpy as np

from model_store.errors import GateRefused
from model_store.manifest import Manifest
from reports.answers import TEST_SET, Answers
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
from reports.product_rule import is_promise_shown
from reports.values import ProductPromise

MIN_SHARED_PICTURES: Final = 100
"""Number of pictures of a set that both releases must have answered. For a smaller set it is three quarters,
because a corrected picture has another truth."""

MAX_ACCEPTED_DROP: Final = 0.1
"""Drop of the accepted share, on MIN_SHARED_PICTURES or more pictures of a set, that is refused."""

MAX_SLOW_DECLINE: Final = 0.02
"""Margin by which the oldest kept release may be better before a measurable loss is refused."""

ATTRIBUTE_SET_PREFIX: Final = "attribute "
"""Prefix of an attribute's name, in places where comparisons otherwise have the name of a set."""

_OLDEST: Final = "the oldest release kept"


def check_gate(
    candidate: ReleaseEvidence, current: ReleaseEvidence | None, oldest: ReleaseEvidence | None = None
) -> str:
    """Refuse a release that breaks the contract with clients, or is measurably worse than the current one.

    The contract: labels and the form of pixels must be the same. Attributes must stay, with the same labels;
    further ones may be added. How a photo becomes pixels may change.

    Quality: on the test set, and on photos of all tiers together, the candidate may not be right less often
    than chance explains, nor accept more wrong answers. If it accepts more answers, the promised share of the
    additional ones must be right. In no set may the accepted share drop by MAX_ACCEPTED_DROP or to nothing,
    nor may products with several photos no longer be accepted. The same rules hold for each attribute that
    both answered about the same pictures.

    Evidence: of each set about which the current release makes promises, both must have answered
        MIN_SHARED_PICTURES
    pictures, or most of a smaller set.

    Slow decline: the oldest kept release may not be measurably better by more than MAX_SLOW_DECLINE, also in
    attributes with the same labels.

    Every release, also the first, must be right as often as `compute_minimum_accuracy` says.

    Args:
        candidate: the release that is to become current.
        current: the current release; None if there is none.
        oldest: the oldest kept release that was current, was not rolled back since and has the same labels;
            None if there is none.

    Returns:
        A text that says what was compared.

    Raises:
        GateRefused: the release is refused. The message has the figures of both releases, and says how to
            promote anyway.
    """
    right = candidate.manifest.headline.test_accuracy
    classes = len(candidate.manifest.labels)
    if right < (least := compute_minimum_accuracy(classes)):
        raise GateRefused(
            f"{candidate.version} is hardly better than chance: {right:.1%} of its test pictures are right, "
            f"and {least:.0%} are needed of {classes} classes. --force promotes it anyway."
        )
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    _check_contract(candidate.manifest, current.manifest)
    comparisons = _compare_all_sets(candidate, current)
    declined = _compare_all_sets(candidate, oldest) if oldest else {}
    reasons = [
        *_join_reasons("cannot be compared with current: ", _describe_unshared_sets(comparisons, current)),
        *_join_reasons("is measurably worse than current: ", _describe_losses(comparisons, 0.0)),
        *_join_reasons("accepts less than current: ", _describe_fewer_accepted(comparisons)),
        *_join_reasons(
            "accepts no product of several photos any more: ", _describe_lost_products(candidate, current)
        ),
        *_join_reasons(
            f"is worse than {_OLDEST} by more than {MAX_SLOW_DECLINE:.0%}: ",
            _describe_losses(declined, MAX_SLOW_DECLINE),
        ),
    ]
    if reasons:
        raise GateRefused(
            f"{candidate.version} {'; it '.join(reasons)}. Current is {current.version}. "
            "--force promotes it anyway."
        )
    heads = sorted({*candidate.product_promises, *current.product_promises})
    rows = [*_list_test_rows(comparisons), *(_format_product_row(head, candidate, current) for head in heads)]
    texts = [
        f"Not measurably worse than current, {current.version}, on the pictures that both decided about and "
        f"whose label did not change: {'; '.join(rows)}."
    ]
    if oldest and declined:
        texts.append(
            f"Nor by more than {MAX_SLOW_DECLINE:.0%} than {_OLDEST}, {oldest.version}: "
            f"{'; '.join(_list_test_rows(declined))}."
        )
    return " ".join(texts)


def compute_minimum_accuracy(classes: int) -> float:
    """Return the accuracy that a release needs to be more than chance: twice the accuracy of guessing.

    For two classes, it is half way between the accuracy of guessing and 1.
    """
    return min(2 / classes, (1 + 1 / classes) / 2)


ComparisonsByName = Mapping[str, AnswerComparison]
"""Comparisons by TEST_SET, ALL_PHOTOS or the name of an attribute, as far as two releases share pictures."""

_Test = tuple[ShareComparison, str]
"""A difference with a text about it: the pictures, the share now and before, and the chance of such a
loss."""


def _compare_all_sets(candidate: ReleaseEvidence, baseline: ReleaseEvidence) -> ComparisonsByName:
    pairs = {name: select_shared_answers(candidate, baseline, name) for name in (TEST_SET, ALL_PHOTOS)}
    for name, head in baseline.manifest.attributes.items():
        candidate_head = candidate.manifest.attributes.get(name)
        if candidate_head is not None and candidate_head.labels == head.labels:
            answers, baseline_answers = select_shared_attribute_answers(candidate, baseline, name)
            pairs[ATTRIBUTE_SET_PREFIX + name] = (
                _compare_one_set(answers, name),
                _compare_one_set(baseline_answers, name),
            )
    return {
        name: compare_answers(
            answers, others, baseline.promised_shares.get(name.removeprefix(ATTRIBUTE_SET_PREFIX), 1.0)
        )
        for name, (answers, others) in pairs.items()
        if len(answers)
    }


def _compare_one_set(answers: Answers, attribute: str) -> Answers:
    return replace(answers, sets=np.full(len(answers), ATTRIBUTE_SET_PREFIX + attribute))


def _describe_unshared_sets(comparisons: ComparisonsByName, current: ReleaseEvidence) -> Iterator[str]:
    """Yield sentences on sets of which too few pictures were answered by both releases.

    The sets are the test set, and those about which the current release makes promises.
    """
    if not len(current.answers):
        yield "current keeps no answers to single pictures"
        return
    sets = {
        name: shares for compared in comparisons.values() for name, shares in compared.shares_by_set.items()
    }
    for name in sorted({TEST_SET, *current.promised_sets}):
        n = sets[name][0].picture_count if name in sets else 0
        total = current.count_pictures(name)
        if n < (least := min(MIN_SHARED_PICTURES, max(1, 3 * total // 4))):
            yield f"both decided {n:,} of the {total:,} pictures of {_name_set(name)}; {least} are needed"


def _describe_losses(comparisons: ComparisonsByName, margin: float) -> Iterator[str]:
    """Yield a text for each measurable loss of the candidate that is above a margin.

    All tests of attributes together have the same error rate as those of the class (Holm).
    """
    class_tests = list[_Test]()
    attribute_tests = list[_Test]()
    for name, comparison in comparisons.items():
        (attribute_tests if name.startswith(ATTRIBUTE_SET_PREFIX) else class_tests).extend(
            _list_tests(name, comparison)
        )
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
        for name, (now, then) in compared.shares_by_set.items():
            if then.right_share is None or not then.accepted_share:
                continue  # of a picture of no class nothing should be accepted
            too_few = (
                now.picture_count >= MIN_SHARED_PICTURES
                and then.accepted_share - now.accepted_share >= MAX_ACCEPTED_DROP
            )
            if too_few or not now.accepted_share:
                yield _format_set_row(name, (now, then))


def _describe_lost_products(candidate: ReleaseEvidence, current: ReleaseEvidence) -> Iterator[str]:
    """Yield a text for each head that accepts products in the current release, but not in the candidate."""
    for head, promise in current.product_promises.items():
        if is_promise_shown(promise) and not is_promise_shown(candidate.product_promises.get(head)):
            yield _format_product_row(head, candidate, current)


def _join_reasons(beginning: str, reasons: Iterator[str]) -> list[str]:
    """Join the reasons against the candidate to one clause; none without reasons."""
    rows = "; ".join(reasons)
    return [f"{beginning}{rows}"] if rows else []


def _list_test_rows(comparisons: ComparisonsByName) -> Iterator[str]:
    """Yield the tests of each comparison, then the shares of its sets."""
    for name, comparison in comparisons.items():
        yield from (row for _, row in _list_tests(name, comparison))
        yield from (_format_set_row(*each) for each in comparison.shares_by_set.items())


def _list_tests(name: str, comparison: AnswerComparison) -> Iterator[_Test]:
    groups = (
        f" of {comparison.group_count:,} senders or products"
        if comparison.group_count < comparison.picture_count
        else ""
    )
    answers = f"{_name_set(name)}, {comparison.picture_count:,} pictures{groups}"
    for difference, what in ((comparison.right, "right"), (comparison.wrong_accepted, "wrong and accepted")):
        if difference is not None:
            now, then = f"{difference.candidate_share:.2%}", f"{difference.baseline_share:.2%}"
            yield difference, f"{answers}: {now} {what}, before {then} (p = {difference.p_value:.2g})"


def _format_set_row(name: str, shares: tuple[AnswerShares, AnswerShares]) -> str:
    now, then = shares
    none = (
        f", {now.no_class_count:,} of them of none of the classes"
        if 0 < now.no_class_count < now.picture_count
        else ""
    )
    pictures = f"{now.picture_count:,} pictures{none}"
    return f"{_name_set(name)} ({pictures}): {_format_shares(now)}, before {_format_shares(then)}"


def _format_shares(shares: AnswerShares) -> str:
    right = "" if shares.right_share is None else f"{shares.right_share:.1%} right and "
    right_share = shares.right_accepted_share
    return f"{right}{shares.accepted_share:.1%} accepted" + (
        "" if right_share is None else f" ({right_share:.1%} of these right)"
    )


def _format_product_row(head: str, *releases: ReleaseEvidence) -> str:
    now, then = (_format_accepted_products(release.product_promises.get(head)) for release in releases)
    return f"products by {head}: {now}, before {then}"


def _format_accepted_products(promise: ProductPromise | None) -> str:
    if promise is None or not promise.n:
        return "not measured, so none is accepted"
    accepted = f"{promise.accepted:,} of {promise.n:,} accepted, {promise.right:,} right"
    return accepted if is_promise_shown(promise) else f"{accepted} (too few to accept any)"


def _name_set(name: str) -> str:
    """Return the name of a set of pictures for messages.

    The test set may also be learnt pictures, each answered by a network that had not learnt it.
    """
    if name == TEST_SET:
        return "the evaluation"
    return name if name == ALL_PHOTOS or name.startswith(ATTRIBUTE_SET_PREFIX) else f"tier {name}"


def _check_contract(candidate: Manifest, current: Manifest) -> None:
    if candidate.labels != current.labels:
        raise GateRefused(
            f"{candidate.version} has the labels {_format_value(candidate.labels)}, but {current.version}, "
            f"which is current, has {_format_value(current.labels)}. Clients rely on them; "
            "--force promotes it anyway."
        )
    for name, head in current.attributes.items():
        candidate_head = candidate.attributes.get(name)
        if candidate_head is None or candidate_head.labels != head.labels:
            has = "lacks it" if candidate_head is None else f"has {_format_value(candidate_head.labels)}"
            raise GateRefused(
                f"{current.version}, which is current, answers the attribute `{name}` with "
                f"{_format_value(head.labels)}, and {candidate.version} {has}. Clients rely on it; --force "
                "promotes it anyway."
            )
    if current.has_both_networks and not candidate.has_both_networks:
        raise GateRefused(
            f"{candidate.version} has no network for photos, and {current.version}, which is current, has "
            "one: every photo would be answered by the network for pixels. Train it with `--from` a release "
            "that has both; --force promotes it anyway."
        )
    candidate_form, current_form = map(_describe_pixels, (candidate, current))
    if {key: candidate_form.get(key) for key in current_form} != current_form:
        raise GateRefused(
            f"{candidate.version} reads {_format_value(candidate_form)}, but {current.version}, "
            f"which is current, reads {_format_value(current_form)}. Clients may send pixels of that form. "
            "--force promotes it anyway."
        )


def _describe_pixels(manifest: Manifest) -> dict[str, object]:
    """Return the facts that clients must know to send pixels, such as shape and polarity.

    If there is a network for photos, too, its shape is added. So a release that adds this network breaks no
    client, and one that drops it or changes its shape does.
    """
    form = ("shape", "channels", "dtype", "polarity")
    pixels = {key: asdict(manifest.get_contract("pixels").input)[key] for key in form}
    return (
        pixels | {"photos": manifest.get_contract("photos").input.shape}
        if manifest.has_both_networks
        else pixels
    )


def _format_value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

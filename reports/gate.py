"""Rules of the gate, which decides whether a release may follow the current one. No I/O.

Releases are compared on the pictures that both have answered: those of the test set, and photos of all tiers
together. comparison.py compares; publish.py and the releases command ask before they append a promotion.
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
from reports.comparison import LEVEL, AnswerComparison, Difference, Shares, compare
from reports.evidence import PHOTOS, Evidence, shared, shared_attribute
from reports.products import is_shown
from reports.values import ProductPromise

FEWEST: Final = 100
"""Number of pictures of a set that both releases must have answered. For a smaller set it is three quarters,
because a corrected picture has another truth."""

FEWER_ACCEPTED: Final = 0.1
"""Drop of the accepted share, on FEWEST or more pictures of a set, that is refused."""

DECLINE: Final = 0.02
"""Margin by which the oldest kept release may be better before a measurable loss is refused."""

ATTRIBUTE: Final = "attribute "
"""Prefix of an attribute's name, in places where comparisons otherwise have the name of a set."""

_OLDEST: Final = "the oldest release kept"


def check_gate(candidate: Evidence, current: Evidence | None, oldest: Evidence | None = None) -> str:
    """Refuse a release that breaks the contract with clients, or is measurably worse than the current one.

    The contract: labels and the form of pixels must be the same. Attributes must stay, with the same labels;
    further ones may be added. How a photo becomes pixels may change.

    Quality: on the test set, and on photos of all tiers together, the candidate may not be right less often
    than chance explains, nor accept more wrong answers. If it accepts more answers, the promised share of the
    additional ones must be right. In no set may the accepted share drop by FEWER_ACCEPTED or to nothing, nor
    may products with several photos no longer be accepted. The same rules hold for each attribute that both
    answered about the same pictures.

    Evidence: of each set about which the current release makes promises, both must have answered FEWEST
    pictures, or most of a smaller set.

    Slow decline: the oldest kept release may not be measurably better by more than DECLINE, also in
    attributes with the same labels.

    Every release, also the first, must be right as often as `least_accuracy` says.

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
    right, classes = candidate.manifest.headline.test_accuracy, len(candidate.manifest.labels)
    if right < (least := least_accuracy(classes)):
        raise GateRefused(
            f"{candidate.version} is hardly better than chance: {right:.1%} of its test pictures are right, "
            f"and {least:.0%} are needed of {classes} classes. --force promotes it anyway."
        )
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    _check_contract(candidate.manifest, current.manifest)
    comparisons = _compared(candidate, current)
    declined = _compared(candidate, oldest) if oldest else {}
    reasons = [
        *_clause("cannot be compared with current: ", _not_shared(comparisons, current)),
        *_clause("is measurably worse than current: ", _losses(comparisons, 0.0)),
        *_clause("accepts less than current: ", _fewer_accepted(comparisons)),
        *_clause("accepts no product of several photos any more: ", _lost_products(candidate, current)),
        *_clause(f"is worse than {_OLDEST} by more than {DECLINE:.0%}: ", _losses(declined, DECLINE)),
    ]
    if reasons:
        raise GateRefused(
            f"{candidate.version} {'; it '.join(reasons)}. Current is {current.version}. "
            "--force promotes it anyway."
        )
    heads = sorted({*candidate.products, *current.products})
    rows = [*_rows(comparisons), *(_product_row(head, candidate, current) for head in heads)]
    texts = [
        f"Not measurably worse than current, {current.version}, on the pictures that both decided about and "
        f"whose label did not change: {'; '.join(rows)}."
    ]
    if oldest and declined:
        texts.append(
            f"Nor by more than {DECLINE:.0%} than {_OLDEST}, {oldest.version}: {'; '.join(_rows(declined))}."
        )
    return " ".join(texts)


def least_accuracy(classes: int) -> float:
    """Return the accuracy that a release needs to be more than chance: twice the accuracy of guessing.

    For two classes, it is half way between the accuracy of guessing and 1.

    Args:
        classes: the number of classes.
    """
    return min(2 / classes, (1 + 1 / classes) / 2)


Comparisons = Mapping[str, AnswerComparison]
"""Comparisons by TEST_SET, PHOTOS or the name of an attribute, as far as two releases share pictures."""

_Test = tuple[Difference, str]
"""A difference with a text about it: the pictures, the share now and before, and the chance of such a
loss."""


def _compared(candidate: Evidence, other: Evidence) -> Comparisons:
    pairs = {name: shared(candidate, other, name) for name in (TEST_SET, PHOTOS)}
    for name, head in other.manifest.attributes.items():
        ours = candidate.manifest.attributes.get(name)
        if ours is not None and ours.labels == head.labels:
            answers, others = shared_attribute(candidate, other, name)
            pairs[ATTRIBUTE + name] = _one_set(answers, name), _one_set(others, name)
    return {
        name: compare(answers, others, other.promise.get(name.removeprefix(ATTRIBUTE), 1.0))
        for name, (answers, others) in pairs.items()
        if len(answers)
    }


def _one_set(answers: Answers, attribute: str) -> Answers:
    return replace(answers, sets=np.full(len(answers), ATTRIBUTE + attribute))


def _not_shared(comparisons: Comparisons, current: Evidence) -> Iterator[str]:
    """Yield sentences on sets of which too few pictures were answered by both releases.

    The sets are the test set, and those about which the current release makes promises.
    """
    if not len(current.answers):
        yield "current keeps no answers to single pictures"
        return
    sets = {name: shares for compared in comparisons.values() for name, shares in compared.sets.items()}
    for name in sorted({TEST_SET, *current.promised}):
        n, total = sets[name][0].n if name in sets else 0, current.pictures_in(name)
        if n < (least := min(FEWEST, max(1, 3 * total // 4))):
            yield f"both decided {n:,} of the {total:,} pictures of {_named(name)}; {least} are needed"


def _losses(comparisons: Comparisons, margin: float) -> Iterator[str]:
    """Yield a text for each measurable loss of the candidate that is above a margin.

    All tests of attributes together have the same error rate as those of the class (Holm).
    """
    of_class, of_attributes = list[_Test](), list[_Test]()
    for name, comparison in comparisons.items():
        (of_attributes if name.startswith(ATTRIBUTE) else of_class).extend(_tests(name, comparison))
    of_attributes.sort(key=lambda test: test[0].p)
    levels = [2 * LEVEL / left for left in range(len(of_attributes), 0, -1)]
    ordered = zip(of_attributes, levels, strict=True)
    measurable = takewhile(lambda test: test[0][0].p < test[1], ordered)
    beyond_chance = [test for test in of_class if test[0].p < LEVEL] + [test for test, _ in measurable]
    yield from (row for difference, row in beyond_chance if difference.loss > margin)


def _fewer_accepted(comparisons: Comparisons) -> Iterator[str]:
    for compared in comparisons.values():
        for name, (now, then) in compared.sets.items():
            if then.right is None or not then.accepted:
                continue  # of a picture of no class nothing should be accepted
            too_few = now.n >= FEWEST and then.accepted - now.accepted >= FEWER_ACCEPTED
            if too_few or not now.accepted:
                yield _set_row(name, (now, then))


def _lost_products(candidate: Evidence, current: Evidence) -> Iterator[str]:
    """Yield a text for each head that accepts products in the current release, but not in the candidate."""
    for head, promise in current.products.items():
        if is_shown(promise) and not is_shown(candidate.products.get(head)):
            yield _product_row(head, candidate, current)


def _clause(what: str, reasons: Iterator[str]) -> list[str]:
    """Join the reasons against the candidate to one clause; none without reasons."""
    rows = "; ".join(reasons)
    return [f"{what}{rows}"] if rows else []


def _rows(comparisons: Comparisons) -> Iterator[str]:
    """Yield the tests of each comparison, then the shares of its sets."""
    for name, comparison in comparisons.items():
        yield from (row for _, row in _tests(name, comparison))
        yield from (_set_row(*each) for each in comparison.sets.items())


def _tests(name: str, comparison: AnswerComparison) -> Iterator[_Test]:
    groups = f" of {comparison.groups:,} senders or products" if comparison.groups < comparison.n else ""
    answers = f"{_named(name)}, {comparison.n:,} pictures{groups}"
    for difference, what in ((comparison.right, "right"), (comparison.wrong_accepted, "wrong and accepted")):
        if difference is not None:
            now, then = f"{difference.now:.2%}", f"{difference.then:.2%}"
            yield difference, f"{answers}: {now} {what}, before {then} (p = {difference.p:.2g})"


def _set_row(name: str, shares: tuple[Shares, Shares]) -> str:
    now, then = shares
    none = f", {now.of_none:,} of them of none of the classes" if 0 < now.of_none < now.n else ""
    return f"{_named(name)} ({now.n:,} pictures{none}): {_shares(now)}, before {_shares(then)}"


def _shares(shares: Shares) -> str:
    right = "" if shares.right is None else f"{shares.right:.1%} right and "
    of_these = shares.right_of_accepted
    return f"{right}{shares.accepted:.1%} accepted" + (
        "" if of_these is None else f" ({of_these:.1%} of these right)"
    )


def _product_row(head: str, *releases: Evidence) -> str:
    now, then = (_accepted_products(release.products.get(head)) for release in releases)
    return f"products by {head}: {now}, before {then}"


def _accepted_products(promise: ProductPromise | None) -> str:
    if promise is None or not promise.n:
        return "not measured, so none is accepted"
    accepted = f"{promise.accepted:,} of {promise.n:,} accepted, {promise.right:,} right"
    return accepted if is_shown(promise) else f"{accepted} (too few to accept any)"


def _named(name: str) -> str:
    """Return the name of a set of pictures for messages.

    The test set may also be learnt pictures, each answered by a network that had not learnt it.
    """
    if name == TEST_SET:
        return "the evaluation"
    return name if name == PHOTOS or name.startswith(ATTRIBUTE) else f"tier {name}"


def _check_contract(candidate: Manifest, current: Manifest) -> None:
    if candidate.labels != current.labels:
        raise GateRefused(
            f"{candidate.version} has the labels {_shown(candidate.labels)}, but {current.version}, "
            f"which is current, has {_shown(current.labels)}. Clients rely on them; "
            "--force promotes it anyway."
        )
    for name, head in current.attributes.items():
        ours = candidate.attributes.get(name)
        if ours is None or ours.labels != head.labels:
            has = "lacks it" if ours is None else f"has {_shown(ours.labels)}"
            raise GateRefused(
                f"{current.version}, which is current, answers the attribute `{name}` with "
                f"{_shown(head.labels)}, and {candidate.version} {has}. Clients rely on it; --force promotes "
                "it anyway."
            )
    if current.has_both_networks and not candidate.has_both_networks:
        raise GateRefused(
            f"{candidate.version} has no network for photos, and {current.version}, which is current, has "
            "one: every photo would be answered by the network for pixels. Train it with `--from` a release "
            "that has both; --force promotes it anyway."
        )
    reads, read = map(_pixels_of, (candidate, current))
    if {key: reads.get(key) for key in read} != read:
        raise GateRefused(
            f"{candidate.version} reads {_shown(reads)}, but {current.version}, "
            f"which is current, reads {_shown(read)}. Clients may send pixels of that form. "
            "--force promotes it anyway."
        )


def _pixels_of(manifest: Manifest) -> dict[str, object]:
    """Return the facts that clients must know to send pixels, such as shape and polarity.

    If there is a network for photos, too, its shape is added. So a release that adds this network breaks no
    client, and one that drops it or changes its shape does.
    """
    form = ("shape", "channels", "dtype", "polarity")
    pixels = {key: asdict(manifest.contract("pixels").input)[key] for key in form}
    return (
        pixels | {"photos": manifest.contract("photos").input.shape} if manifest.has_both_networks else pixels
    )


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

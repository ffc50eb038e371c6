"""Sentences about the promises of a report: which answers are accepted, why none is, and what would help.

A promise is a share of accepted answers that must be right, such as 95%, with the measured answers that show
it. The report page shows the sentences in the reader's language; a training prints them in English.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reports.intervals import count_needed_answers
from reports.page.sentences import find_mixed_up_pair, get_promise_pictures_name
from reports.page.wording import Wording
from reports.promises import HELD_OUT_PICTURES, AcceptPoint, PossiblePromise, Promise
from reports.values import Report

FASHION_MNIST_NAME: Final = "Fashion-MNIST"
"""Name of a data set whose labels a reader cannot correct, so that no sentence advises it."""

TRAINING_SETTING: Final = "wardrobe train --accept-right {share}"
"""Option of a training that sets the share of accepted answers that must be right."""

ADOPTION_SETTING: Final = "wardrobe adopt --accept-right {share}"
"""Option for the same share of a model that another program has trained. WARDROBE_ACCEPT_TARGET is not
advised: under it, the service accepts no attribute, and no title confirms an answer."""

MAX_ADOPTION_SHARES: Final = 2
"""Largest number of lower shares of which the owner of an adopted model that accepts nothing is told."""

MAX_LABELS_TO_CORRECT: Final = 3
"""Largest number of labels that a reader is advised to check and correct before anything else."""

ATTRIBUTE_SETTING: Final = f"{TRAINING_SETTING}, of the class as well"
"""Option of a training that sets the share for an attribute such as the colour, which has none of its own."""


def describe_acceptance(report: Report, wording: Wording) -> Iterator[str]:
    """Yield sentences on which answers are accepted, and on other shares or steps that would accept more.

    Args:
        wording: the language of the sentences.
    """
    yield from advise_on_promises(report, wording)
    if _find_stuck_promises(report):
        return
    promised_shares = {
        promise.promised for promise in report.promises if promise.pictures == HELD_OUT_PICTURES
    }
    # The promise that holds comes first, so that the other sentences can refer to it.
    possible = sorted(report.possible_promises, key=lambda promise: promise.promised not in promised_shares)
    described: list[PossiblePromise] = []
    for promise in possible:
        if promise.promised in promised_shares and promise.accepted_share:
            yield _describe_current(promise, wording)
        else:
            yield _describe_share(promise, _choose_setting(report), wording, described)
        described.append(promise)


def advise_on_promises(report: Report, wording: Wording) -> Iterator[str]:
    """Yield sentences on promises that are not kept and why, and on what would help if nothing is accepted.

    Args:
        wording: the language of the sentences.
    """
    yield from describe_unkept_promises(report.promises, wording, report.acceptance)
    for promise in _find_stuck_promises(report):
        if points := report.acceptance.get(promise.pictures, ()):
            yield from _suggest_labels_to_check(promise, points, report, wording)
        if promise.n >= promise.needed and (pair := find_mixed_up_pair(report)):
            yield _describe_mixed_up(pair, report, wording)
        setting = _choose_setting(report)
        yield from describe_lower_share(
            promise.promised,
            report.possible_promises,
            wording,
            setting,
            most=MAX_ADOPTION_SHARES if setting == ADOPTION_SETTING else 1,
        )


def _find_stuck_promises(report: Report) -> list[Promise]:
    """Return the promises about held-out pictures that accept no answer."""
    return [
        promise
        for promise in report.promises
        if promise.pictures == HELD_OUT_PICTURES and not promise.accepted
    ]


def _choose_setting(report: Report) -> str:
    """Return the option by which the reader can ask for another share of right answers."""
    # Only a model that another program has trained has an origin.
    return ADOPTION_SETTING if "origin" in report.training.configuration else TRAINING_SETTING


def describe_unkept_promises(
    promises: Iterable[Promise], wording: Wording, curves: Mapping[str, Sequence[AcceptPoint]]
) -> Iterator[str]:
    """Yield a text for each promise that accepts no answer, or that is not shown for the user's own pictures.

    Args:
        promises: the promises of a report: shares of accepted answers that must be right.
        wording: the language of the texts.
        curves: the figures at each tested threshold, by set of pictures.
    """
    for promise in promises:
        if not promise.accepted:
            reason = explain_no_acceptance(promise, wording, curves.get(promise.pictures, ()))
            yield f"{reason} {wording.t('None is accepted.')}"
        elif promise.lower_bound < promise.promised:
            consequence = wording.t(
                "Too few of your pictures are a random sample, so the threshold of the previous release is "
                "kept."
            )
            yield f"{_explain_unshown_promise(promise, wording)} {consequence}"


def explain_no_acceptance(promise: Promise, wording: Wording, points: Sequence[AcceptPoint] = ()) -> str:
    """Return a sentence on why a promise accepts no answer: too few answers, or no threshold shows the share.

    Args:
        wording: the language of the sentence.
        points: the figures at each threshold that was tested, if they are known. The sentence has those that
            come nearest to the promise.
    """
    if promise.n < promise.needed:
        return _explain_too_few_answers(promise, wording.counted(promise.n, "answer"), wording)
    kind = get_promise_pictures_name(promise.pictures, wording)
    nearest = _find_nearest_point(points)
    if nearest is None or nearest.right_share is None or nearest.lower_bound >= promise.promised:
        return wording.t(
            "{kind}: no threshold proves that {share} of the sure answers are right, both here and for the "
            "other pictures that it decides about. Too many of them are wrong, or too few were checked.",
            kind=kind,
            share=_format_share(promise.promised, wording),
        )
    return wording.t(
        "{kind}: {right} of the answers with a confidence of {confidence} or more are right, which proves "
        "{bound}, not {share}.",
        kind=kind,
        right=wording.percent(nearest.right_share),
        confidence=wording.percent(nearest.threshold, 0),
        bound=wording.percent(nearest.lower_bound),
        share=_format_share(promise.promised, wording),
    )


def _find_nearest_point(points: Sequence[AcceptPoint]) -> AcceptPoint | None:
    """Return the figures at the threshold that comes nearest to its promise; None without any."""
    return max(points, key=lambda point: point.lower_bound, default=None)


def _suggest_labels_to_check(
    promise: Promise, points: Sequence[AcceptPoint], report: Report, wording: Wording
) -> Iterator[str]:
    """Yield a sentence if a few corrected labels may be enough to prove a promise."""
    nearest = _find_nearest_point(points)
    if nearest is None or nearest.right_share is None or nearest.answers is None:
        return
    # Only a training of a person's own pictures writes a page of doubted labels.
    if _choose_setting(report) == ADOPTION_SETTING or report.data.name == FASHION_MNIST_NAME:
        return
    wrong = round((1 - nearest.right_share) * nearest.answers)
    for corrected in range(1, min(wrong, MAX_LABELS_TO_CORRECT) + 1):
        if count_needed_answers(promise.promised, errors=wrong - corrected) <= nearest.answers:
            yield wording.t(
                "The label may be wrong, and not the answer. Look at {page} first: {labels} may be enough.",
                page="doubted.html",
                labels=wording.counted(corrected, "corrected label"),
            )
            return


def _explain_unshown_promise(promise: Promise, wording: Wording) -> str:
    """Return a sentence on why the accepted answers do not show a promise."""
    accepted = wording.counted(promise.accepted, "accepted answer")
    if promise.accepted < promise.needed:
        return _explain_too_few_answers(promise, accepted, wording)
    return wording.t(
        "{kind}: {right} of {answers} are right, which does not show that {share} of all such are.",
        kind=get_promise_pictures_name(promise.pictures, wording),
        right=wording.percent(promise.accepted_right / promise.accepted),
        answers=accepted,
        share=_format_share(promise.promised, wording),
    )


def _explain_too_few_answers(promise: Promise, answers: str, wording: Wording) -> str:
    return wording.t(
        "{kind}: {answers} cannot show that {share} are right: that takes {needed} answers without an error, "
        "or more with some.",
        kind=get_promise_pictures_name(promise.pictures, wording),
        answers=answers,
        share=_format_share(promise.promised, wording),
        needed=wording.whole(promise.needed),
    )


def _format_share(accuracy: float, wording: Wording) -> str:
    """Return a share that a user has asked for, with the digits of the user: 97.5% or 98%."""
    return wording.local(f"{100 * accuracy:g}%")


def describe_lower_share(
    accuracy: float,
    possible_promises: Iterable[PossiblePromise],
    wording: Wording,
    setting: str = ATTRIBUTE_SETTING,
    most: int = 1,
) -> Iterator[str]:
    """Yield sentences on which answers would be accepted if a lower share of them had to be right.

    Args:
        accuracy: the share that has to be right now, 0 to 1.
        possible_promises: promises with other shares, by rising share, with the answers that each would
            accept.
        wording: the language of the sentences.
        setting: the option or setting that asks for a share, with `{share}` in its place.
        most: the largest number of shares that are described.
    """
    # The highest lower shares that accept anything; without one, the lowest share of all.
    lower = [promise for promise in possible_promises if promise.promised < accuracy]
    accepting = [promise for promise in lower if promise.accepted_share]
    described: list[PossiblePromise] = []
    for best in accepting[-most:][::-1] or lower[:1]:
        yield _describe_share(best, setting, wording, described)
        described.append(best)
        if not best.accepted_share:
            yield wording.t(
                "A person has to look at every answer. The review sheet of {command} shows the least sure "
                "ones first.",
                command="wardrobe label --review",
            )


def _describe_current(promise: PossiblePromise, wording: Wording) -> str:
    """Return a sentence on which answers are accepted now."""
    return wording.t(
        "For {share} right, {answers} are accepted, {right} of these right, of all such at least {bound} "
        "(95% sure).",
        share=_format_share(promise.promised, wording),
        answers=_describe_accepted(promise, wording),
        right=wording.percent(promise.right_share),
        bound=wording.percent(promise.lower_bound),
    )


def _describe_share(
    promise: PossiblePromise, setting: str, wording: Wording, before: Iterable[PossiblePromise] = ()
) -> str:
    """Return a sentence on which answers would be accepted if another share had to be right.

    Args:
        setting: the option or setting that asks for a share, with `{share}` in its place.
        before: promises that the reader has been told about, to which the sentence may refer.
    """
    setting_text = setting.replace("{share}", f"{promise.promised:g}")
    if not promise.accepted_share:
        return wording.t(
            "With {setting}, none would be accepted: that takes {needed} answers without an error, or more "
            "with some.",
            setting=setting_text,
            needed=wording.whole(count_needed_answers(promise.promised)),
        )
    for earlier_promise in before:
        if promise.confidence is not None and earlier_promise.confidence == promise.confidence:
            return wording.t(
                "With {setting}, the same answers would be accepted as for {other} right.",
                setting=setting_text,
                other=_format_share(earlier_promise.promised, wording),
            )
    return wording.t(
        "With {setting}, {answers} would be accepted, {right} of these right, of all such at least {bound} "
        "(95% sure).",
        setting=setting_text,
        answers=_describe_accepted(promise, wording),
        right=wording.percent(promise.right_share),
        bound=wording.percent(promise.lower_bound),
    )


def _describe_accepted(promise: PossiblePromise, wording: Wording) -> str:
    """Return a text such as "80% of the answers (confidence 92% or more)"."""
    share = wording.percent(promise.accepted_share)
    if promise.confidence is None:
        return wording.t("{share} of the answers", share=share)
    return wording.t(
        "{share} of the answers (confidence {confidence} or more)",
        share=share,
        confidence=wording.percent(promise.confidence, 0),
    )


def _describe_mixed_up(pair: tuple[str, str, int], report: Report, wording: Wording) -> str:
    """Return a sentence on the two classes that are mixed up most, with advice if it can be followed."""
    first, second, wrong = pair
    values = {
        "label": wording.t(first),
        "other": wording.t(second),
        "wrong": wording.whole(wrong),
        "pictures": wording.counted(report.test.n, "answer"),
    }
    if _choose_setting(report) == ADOPTION_SETTING or report.data.name == FASHION_MNIST_NAME:
        return wording.t("{label} and {other} are mixed up most, in {wrong} of {pictures}.", **values)
    counts = {label: report.test.per_class[label].support for label in (first, second)}
    rare = min(counts, key=lambda label: counts[label])
    return wording.t(
        "{label} and {other} are mixed up most, in {wrong} of {pictures}: give both one name, or bring more "
        "pictures of {rare}; the class has {n}.",
        **values,
        rare=wording.t(rare),
        n=wording.whole(counts[rare]),
    )

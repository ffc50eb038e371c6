"""What a report's answers promise when they are accepted, why nothing is, and what would help, as sentences.

The report page says it in its reader's language; a training says it, in English, as it ends, and calibrating
as it refuses. What else the page says: sentences.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from reports.intervals import needed
from reports.page.sentences import Confusion, confusions, name_of_pictures
from reports.page.wording import Wording
from reports.values import HELD_OUT, PossiblePromise, Promise, Report

ORIGINAL_DATA: Final = "Fashion-MNIST"
"""The data set whose classes and pictures its reader did not choose, and cannot change."""

BY_TRAINING: Final = "wardrobe train --accept-right "
BY_SERVICE: Final = "WARDROBE_ACCEPT_TARGET="
"""What sets the share of accepted answers that must be right; an adopted model is not trained here."""


def what_is_accepted(report: Report, words: Wording) -> Iterator[str]:
    """What each share of right answers would accept; where no held-out one is accepted, what would help."""
    yield from ways_on(report, words)
    if not _stuck(report):
        yield from (_at_share(possible, _setting(report), words) for possible in report.possible_promises)


def ways_on(report: Report, words: Wording) -> Iterator[str]:
    """Which promises are not kept and why; where no held-out answer is accepted, what would help."""
    yield from not_kept(report.promises, words)
    for promise in _stuck(report):
        if promise.n >= promise.needed and (pair := _mixed_up(report)):
            yield _of_mixed_up(pair, report, words)
        yield from at_less(promise.accuracy, report.possible_promises, words, _setting(report))


def _stuck(report: Report) -> list[Promise]:
    """The promise about held-out pictures, where it accepts none."""
    return [one for one in report.promises if one.pictures == HELD_OUT and not one.accepted]


def _setting(report: Report) -> str:
    return BY_SERVICE if "origin" in report.training.configuration else BY_TRAINING


def not_kept(promises: Iterable[Promise], words: Wording) -> Iterator[str]:
    """Why promises accept no answer, or are not shown for a user's pictures: a text for each of these."""
    t = words.t
    for promise in promises:
        if promise.accepted and promise.lower_bound >= promise.accuracy:
            continue
        values = {
            "kind": name_of_pictures(promise.pictures, words),
            "share": words.local(f"{100 * promise.accuracy:g}%"),
            "needed": words.whole(promise.needed),
            "number": words.whole(number := promise.accepted or promise.n),
        }
        why = (
            t(
                "{kind}: to show that {share} are right takes {needed} answers without an error, or more "
                "with some; there are {number}.",
                **values,
            )
            if number < promise.needed
            else t(
                "{kind}: no threshold shows that {share} are right, here and of other pictures that it "
                "decides about: too many of the sure answers are wrong, or too few are checked.",
                **values,
            )
        )
        stays = t("Too few were drawn at random, so the threshold of the release before stays.")
        yield f"{why} {stays if promise.accepted else t('None is accepted.')}"


def at_less(
    accuracy: float, possible: Iterable[PossiblePromise], words: Wording, setting: str = BY_TRAINING
) -> Iterator[str]:
    """What would be accepted were fewer right answers asked for than this share, and by which setting."""
    lower = [promise for promise in possible if promise.accuracy < accuracy]
    for best in [promise for promise in lower if promise.accepted][-1:] or lower[:1]:
        yield _at_share(best, setting, words)
        if not best.accepted:
            yield words.t(
                "People look at every answer, and the sheet of {command} begins with the least sure ones.",
                command="wardrobe label --review",
            )


def _at_share(promise: PossiblePromise, setting: str, words: Wording) -> str:
    """What would be accepted where this share must be right, or what it takes."""
    chosen = f"{setting}{promise.accuracy:g}"
    if not promise.accepted:
        return words.t(
            "With {setting} none would be accepted: that takes {needed} answers without an error, or more "
            "with some.",
            setting=chosen,
            needed=words.whole(needed(promise.accuracy)),
        )
    return words.t(
        "With {setting} {share} would be accepted, {right} of these right, of all such at least {bound} (95% "
        "sure).",
        setting=chosen,
        share=words.percent(promise.accepted),
        right=words.percent(promise.right),
        bound=words.percent(promise.lower_bound),
    )


def _of_mixed_up(pair: Confusion, report: Report, words: Wording) -> str:
    """What to do about two classes, where their pictures are the reader's."""
    named = {
        "label": words.t(pair.truth),
        "other": words.t(pair.predicted),
        "wrong": words.whole(pair.wrong),
        "pictures": words.counted(report.test.n, "answer"),
    }
    if _setting(report) == BY_SERVICE or report.data.name == ORIGINAL_DATA:
        return words.t("{label} and {other} are mixed up most, in {wrong} of {pictures}.", **named)
    counts = {label: report.test.per_class[label].support for label in (pair.truth, pair.predicted)}
    rare = min(counts, key=lambda label: counts[label])
    return words.t(
        "{label} and {other} are mixed up most, in {wrong} of {pictures}: give both one name, or bring more "
        "pictures of {rare}, of which there are {n}.",
        **named,
        rare=words.t(rare),
        n=words.whole(counts[rare]),
    )


def _mixed_up(report: Report) -> Confusion | None:
    """The two classes that are taken for each other most often; None without a mistake."""
    counts = Counter[tuple[str, ...]]()
    for one in confusions(report):
        counts[tuple(sorted((one.truth, one.predicted), key=report.labels.index))] += one.wrong
    most = counts.most_common(1)
    return next((Confusion(one, other, wrong, report.test.n) for (one, other), wrong in most), None)

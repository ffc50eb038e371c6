"""Sentences of the report page: the summary, the weaknesses of the model, and names of sets of pictures.

A `Wording` translates each text into the reader's language. The sentences about accepted answers are in
advice.py.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reports.answer_counts import AnswerCounts
from reports.network_figures import CROSS_FITTED_SPLIT, OutOfScope
from reports.page.photo_drawings import list_drawn_counts
from reports.page.wording import Wording
from reports.promises import HELD_OUT_PICTURES, SOURCE_PHOTOS_PREFIX, PossiblePromise, extract_tier
from reports.values import Report

MAX_CONFUSED_PAIRS: Final = 3
"""Largest number of pairs of confused classes that are listed as weaknesses."""

MIN_CONFUSED_PHOTOS: Final = 20
"""Fewest photos of a class in a tier whose recall or confusion is listed as a weakness: in fewer, the worst
class is a matter of chance."""

MIN_GOOD_AUROC: Final = 0.95
"""AUROC (area under the ROC curve) from which pictures that show no garment, such as noise, are told from
garments so well that they are not listed as a weakness."""

WIDE_ACCURACY_INTERVAL: Final = 0.05
"""Width of the 95% interval of the accuracy above which the page says that the interval is wide."""

TIER_NAMES: Final = {
    "A": "Product shots",
    "B": "Worn garments",
    "C": "Users' own photos",
    "X": "None of the classes",
}
"""Names of the tiers of photos, which say how photos were taken. A tier with another letter keeps it."""

TIER_SHARE_TEXTS: Final = {
    "A": "{share} of product shots",
    "B": "{share} of worn garments",
    "C": "{share} of users' own photos",
}
"""Names of the tiers of photos within a sentence, with the share of right answers before them."""


Confusion = tuple[str, str, int, int]
"""A pair of confused classes: the true class, the class that was answered, the number of such pictures, and
the number of all pictures of the true class."""


def list_confusions(report: Report) -> list[Confusion]:
    """List pairs of classes that the model confuses on the test set, the most frequent confusion first.

    It is empty if the confusion matrix does not fit the labels.
    """
    return _list_matrix_confusions(report.labels, report.test.confusion_matrix)


def _list_matrix_confusions(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[Confusion]:
    if [len(row) for row in matrix] != [len(labels)] * len(labels):
        return []
    pairs = [
        (truth, predicted, wrong, sum(row))
        for truth, row in zip(labels, matrix, strict=True)
        for predicted, wrong in zip(labels, row, strict=True)
        if wrong and truth != predicted
    ]
    return sorted(pairs, key=lambda pair: -pair[2] / pair[3])


def find_mixed_up_pair(report: Report) -> tuple[str, str, int] | None:
    """Return the two classes that are mixed up most often, and in how many pictures; None without any."""
    counts = Counter[tuple[str, ...]]()
    for truth, predicted, wrong, _ in list_confusions(report):
        counts[tuple(sorted((truth, predicted), key=report.labels.index))] += wrong
    most = counts.most_common(1)
    return next(((first, other, wrong) for (first, other), wrong in most), None)


def describe_weaknesses(report: Report, wording: Wording) -> Iterator[str]:
    """Yield sentences on the worst figures of a report, such as the class that is recognised least often.

    If one network answers photos and another one pictures of 28 x 28, each sentence says which it is about,
    and photos come first.

    Args:
        wording: the language of the sentences.
    """
    yield from _describe_photos(report, wording)
    for sentence in _describe_test_pictures(report, wording):
        yield (
            sentence
            if report.photo_model is None
            else wording.t("28 x 28 pictures: {sentence}", sentence=sentence)
        )


def _describe_test_pictures(report: Report, wording: Wording) -> Iterator[str]:
    """Yield sentences on the worst figures of the test set."""
    t = wording.t
    test = report.test
    missed = {
        label: figures for label, figures in test.per_class.items() if figures.support and figures.recall < 1
    }
    if missed:
        label, worst = min(missed.items(), key=lambda item: item[1].recall)
        yield t(
            "{label} is recognised least often: {share} (95% interval {interval}).",
            label=t(label),
            share=wording.percent(worst.recall),
            interval=wording.share_interval(worst.recall, worst.support),
        )
    else:
        yield t("No mistake was found in {pictures}.", pictures=_count_measured(report, wording))
    low, high = test.accuracy_interval
    if high - low > WIDE_ACCURACY_INTERVAL:
        yield t(
            "On only {pictures}, the 95% interval of the accuracy is wide: {interval}.",
            pictures=_count_measured(report, wording),
            interval=wording.interval(test.accuracy_interval),
        )
    for confusion in list_confusions(report)[:MAX_CONFUSED_PAIRS]:
        yield _describe_confusion(confusion, wording)
    for other, ood in report.out_of_scope.items():
        if ood.familiarity_auroc is not None and ood.familiarity_auroc < MIN_GOOD_AUROC:
            yield _describe_unseparated(other, ood, wording)


def _describe_photos(report: Report, wording: Wording) -> Iterator[str]:
    """Yield sentences for each tier of photos, on its worst class and its most frequent confusion."""
    drawn = {tier: (is_of_unknown, counts) for tier, is_of_unknown, counts in list_drawn_counts(report)}
    for name, (is_of_unknown, counts) in drawn.items():
        name_photos = name_unknown_photos if is_of_unknown else name_known_photos
        kind = name_photos(name, wording) if report.unknown_sources else get_tier_name(name, wording)
        yield from _describe_counted_photos(report.labels, counts, kind, wording)
    for name, tier in report.photos.items():
        if name in drawn:
            continue
        label, recall = min(tier.per_class.items(), key=lambda item: item[1].recall, default=("", None))
        if recall and recall.recall < 1:
            yield wording.t(
                "{kind}: {label} is recognised least often: {share} of {photos}.",
                kind=name_known_photos(name, wording)
                if report.unknown_sources
                else get_tier_name(name, wording),
                label=wording.t(label),
                share=wording.percent(recall.recall),
                photos=wording.counted(recall.n, "photo"),
            )


def _describe_counted_photos(
    labels: Sequence[str], counts: AnswerCounts, kind: str, wording: Wording
) -> Iterator[str]:
    """Yield sentences on the worst class and the most frequent confusion of photos with counted answers.

    Args:
        kind: the name of the photos for readers.
    """
    rows = {
        label: (row[index], sum(row))
        for index, (label, row) in enumerate(zip(labels, counts.confusion_matrix, strict=True))
        if sum(row) >= MIN_CONFUSED_PHOTOS
    }
    label, (right, n) = min(rows.items(), key=lambda item: item[1][0] / item[1][1], default=("", (0, 0)))
    if right < n:
        yield wording.t(
            "{kind}: {label} is recognised least often: {share} of {photos}.",
            kind=kind,
            label=wording.t(label),
            share=wording.percent(right / n),
            photos=wording.counted(n, "photo"),
        )
    for confusion in _list_matrix_confusions(labels, counts.confusion_matrix):
        if confusion[3] >= MIN_CONFUSED_PHOTOS:
            yield wording.t("{kind}: {sentence}", kind=kind, sentence=_describe_confusion(confusion, wording))
            return


def _describe_confusion(confusion: Confusion, wording: Wording) -> str:
    truth, predicted, wrong, n = confusion
    return wording.t(
        "{label} is taken for {other} in {wrong} of {all} ({share}).",
        label=wording.t(truth),
        other=wording.t(predicted),
        wrong=wording.whole(wrong),
        all=wording.whole(n),
        share=wording.percent(wrong / n),
    )


def _describe_unseparated(pictures_name: str, ood: OutOfScope, wording: Wording) -> str:
    return wording.t(
        "{kind}: only {share} of {pictures} are called unfamiliar.",
        kind=_capitalize(wording.t(pictures_name)),
        share=wording.percent(ood.unfamiliar),
        pictures=wording.counted(ood.n, "picture"),
    )


def get_tier_name(tier: str, wording: Wording) -> str:
    """Return the name of a tier of photos for readers, such as "Product shots" for A."""
    return wording.t(TIER_NAMES[tier]) if tier in TIER_NAMES else wording.t("Photos, tier {tier}", tier=tier)


def name_known_photos(tier: str, wording: Wording) -> str:
    """Return the name of photos of a tier whose shops and people the release has learnt."""
    return wording.t("{kind} from shops and people that it knows", kind=get_tier_name(tier, wording))


def name_unknown_photos(tier: str, wording: Wording) -> str:
    """Return the name of photos of a tier whose shops and people no network had learnt when it answered."""
    return wording.t("{kind} from shops and people that it does not know", kind=get_tier_name(tier, wording))


def list_possible_promises(report: Report) -> list[PossiblePromise]:
    """List the promises that could be given, each with its threshold of confidence as far as it is known.

    An older report has the thresholds only in the curve of the same held-out pictures.
    """
    thresholds = {
        point.accepted_share: point.threshold for point in report.acceptance.get(HELD_OUT_PICTURES, ())
    }
    return [
        possible
        if possible.confidence is not None
        else possible.replace_fields(confidence=thresholds.get(possible.accepted_share))
        for possible in report.possible_promises
    ]


def get_promise_pictures_name(pictures: str, wording: Wording) -> str:
    """Return the name of a set of pictures for readers, such as "Product shots" for "photos of tier A".

    Args:
        pictures: the name in the report: HELD_OUT_PICTURES, photos of a tier, or photos from a source.
    """
    if pictures.startswith(SOURCE_PHOTOS_PREFIX):
        return wording.t("Photos from {source}", source=pictures.removeprefix(SOURCE_PHOTOS_PREFIX))
    return (
        _capitalize(wording.t(pictures))
        if pictures == HELD_OUT_PICTURES
        else get_tier_name(extract_tier(pictures), wording)
    )


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count_measured(report: Report, wording: Wording) -> str:
    """Return a text on how many pictures the figures are about, such as "10,000 test pictures"."""
    if report.test.split == CROSS_FITTED_SPLIT:
        return wording.t("{pictures}, cross-fitted", pictures=wording.counted(report.test.n, "picture"))
    return wording.counted(report.test.n, "test picture")


def summarize_unknown_sources(report: Report, wording: Wording) -> str:
    """Return a sentence on how often the model is right about photos from shops that it does not know.

    It is empty if the report has no such figures.
    """
    shares = {
        tier: wording.percent(figures.right_share[0]) for tier, figures in report.unknown_sources.items()
    }
    if not shares:
        return ""
    tiers_text = ", ".join(_describe_shares(shares, wording))
    return wording.t(
        "Of a shop or person that it does not know, the model names the right class for {shares}.",
        shares=tiers_text,
    )


def _describe_shares(shares: Mapping[str, str], wording: Wording) -> list[str]:
    return [
        wording.t(TIER_SHARE_TEXTS[tier], share=share)
        if tier in TIER_SHARE_TEXTS
        else wording.t("{share} of photos of tier {tier}", share=share, tier=tier)
        for tier, share in shares.items()
    ]


def summarize_report(report: Report, wording: Wording) -> str:
    """Return one or two sentences on how often the model is right about photos and test pictures."""
    t = wording.t
    crossed = report.test.split == CROSS_FITTED_SPLIT
    shares = {
        name: wording.percent(figures.accuracy) for name, figures in report.photos.items() if figures.accuracy
    }
    share_texts = _describe_shares(shares, wording)
    pictures = wording.counted(report.test.n, "picture" if crossed else "test picture")
    share_texts.append(
        t("{share} of the {pictures}", share=wording.percent(report.test.accuracy), pictures=pictures)
    )
    right = t("The model names the right class for {shares}.", shares=", ".join(share_texts))
    cross_fitted_text = t("Each of these was answered by a network that had not learnt it.")
    return f"{right} {cross_fitted_text}" if crossed else right

"""Measure the answers to photos, separately by tier and for unknown sources.

A tier says how a photo was taken: A on a plain background, B worn, C by a user. Photos that show none of the
classes are measured together as tier X.

A source is a shop or a person. It is unknown if the network that answered had learnt nothing of it, as is a
shop that will use the release. Photos of one source are alike. So only many sources, not many photos of a
few, show how a further source is answered, and below MIN_SOURCES there is no lower bound.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from inference.contract import ModelContract
from inference.decision import ACCEPT
from inference.reasons import Reason
from inference.sessions.session import Scores
from model_store.local_releases import LocalRelease
from model_store.release_networks import open_networks
from reports.answers import NO_CLASS, Answers, ColumnValues
from reports.grouped_answers import (
    compute_grouped_macro_interval,
    compute_share_interval,
    estimate_wrong_shares,
)
from reports.photo_figures import (
    MIN_SOURCES,
    ClassRecall,
    OodAuroc,
    PhotoDecisions,
    PhotoFigures,
    SourceFigures,
    UnknownSource,
    UnknownSources,
)
from training.data.labels import OOD
from training.data.learnt_hashes import mark_learnt_pictures
from training.data.photos import OOD_TIER
from training.data.pictures import Pictures
from training.errors import DataError
from training.evaluation.counted_answers import count_answers
from training.evaluation.evaluate import find_main_network, make_answers, predict_pictures
from training.evaluation.statistics import (
    compute_expected_calibration_error,
    compute_overconfidence,
    simulate_calibration_error_band,
)
from training.progress import Say


def make_photo_answers(scores: Scores, photos: Pictures, **columns: ColumnValues) -> Answers:
    """Return a table of answers to photos, before they are accepted or reviewed; a photo's set is its tier.

    Args:
        photos: the photos with their true classes.
        columns: values of further columns, as for `make_answers`.
    """
    columns_of_photos: dict[str, ColumnValues] = {
        "groups": photos.groups,
        "spelt": photos.spelt,
        "sources": photos.sources,
    }
    return make_answers(scores, photos, photos.tiers, **columns_of_photos | columns)


def compute_photo_figures(
    answers: Answers, contract: ModelContract, split_name: str
) -> dict[str, PhotoFigures]:
    """Return the figures of each tier (way to take a photo), by its name.

    Args:
        answers: the decided answers to photos.
        split_name: the use of the photos so far, for the report, such as `development` or `cross-fitted`.
    """
    ood = answers.select_rows(~answers.has_class)
    tiers = assign_evaluation_tiers(answers)
    return {
        str(tier): _compute_tier_figures(answers.select_rows(tiers == tier), ood, contract, split_name)
        for tier in np.unique(tiers)
    }


def assign_evaluation_tiers(answers: Answers) -> NDArray[np.str_]:
    """Return the tier (way a photo was taken) that each photo is measured in, str (N,).

    It is OOD_TIER for photos that show none of the classes.
    """
    return np.where(answers.has_class, answers.sets, OOD_TIER)


def _compute_tier_figures(
    answers: Answers, ood: Answers, contract: ModelContract, split: str
) -> PhotoFigures:
    """Return the figures of one tier: accuracies if it shows the classes, else the decisions by thing.

    Args:
        ood: answers to all photos that show none of the classes, for the AUROC of the tier.
    """
    garments = answers.select_rows(answers.has_class)
    shows_garments = len(garments) > 0
    classes, counts = np.unique(garments.truth, return_counts=True)
    right_counts = np.array([np.sum(garments.is_right & (garments.truth == index)) for index in classes])
    recalls = right_counts / counts
    return PhotoFigures(
        split=split,
        n=len(answers),
        macro_accuracy=float(recalls.mean()) if shows_garments else None,
        macro_accuracy_interval=(
            compute_grouped_macro_interval(garments.is_right, garments.group_numbers, garments.truth)
            if shows_garments
            else None
        ),
        accuracy=float(garments.is_right.mean()) if shows_garments else None,
        per_class={
            contract.labels[index]: ClassRecall(n=int(count), recall=float(recall))
            for index, count, recall in zip(classes, counts, recalls, strict=True)
        },
        ece=compute_expected_calibration_error(garments.confidences, garments.is_right)
        if shows_garments
        else None,
        ece_null=simulate_calibration_error_band(garments.confidences) if shows_garments else None,
        overconfidence=compute_overconfidence(garments.confidences, garments.is_right)
        if shows_garments
        else None,
        decisions=_measure_decisions(answers, contract.find_deciding_contract(find_main_network(answers))),
        auroc=_measure_auroc(garments, ood) if shows_garments and len(ood) else None,
        sources={} if shows_garments else _compute_thing_figures(answers),
        answer_counts=count_answers(garments, len(contract.labels)) if shows_garments else None,
    )


def _compute_thing_figures(answers: Answers) -> dict[str, SourceFigures]:
    things = {str(thing): answers.select_rows(answers.spelt == thing) for thing in np.unique(answers.spelt)}
    return {
        thing: SourceFigures(
            n=len(thing_answers),
            accepted_share=float(thing_answers.is_accepted.mean()),
            unfamiliar=_measure_reason_share(thing_answers, Reason.UNFAMILIAR),
        )
        for thing, thing_answers in things.items()
    }


def _measure_decisions(answers: Answers, network_contract: ModelContract) -> PhotoDecisions:
    is_accepted = answers.is_accepted
    accepted_answers = answers.select_rows(answers.is_accepted)
    return PhotoDecisions(
        confidence_threshold=network_contract.class_head.confidence,
        familiarity_threshold=network_contract.minimum_familiarity,
        coverage=float(is_accepted.mean()),
        accuracy=float(accepted_answers.is_right.mean()) if len(accepted_answers) else None,
        coverage_interval=compute_share_interval(is_accepted, answers.group_numbers),
        accuracy_interval=compute_share_interval(accepted_answers.is_right, accepted_answers.group_numbers)
        if len(accepted_answers)
        else None,
        ambiguous=_measure_reason_share(answers, Reason.AMBIGUOUS)
        + _measure_reason_share(answers, Reason.UNPROVEN),
        unfamiliar=_measure_reason_share(answers, Reason.UNFAMILIAR),
    )


def _measure_reason_share(answers: Answers, reason: Reason) -> float:
    return float((answers.decisions == reason).mean())


def _measure_auroc(answers: Answers, ood: Answers) -> OodAuroc:
    truth = np.repeat([1, 0], [len(answers), len(ood)])
    familiarities = np.concatenate([answers.familiarity, ood.familiarity])
    confidences = np.concatenate([answers.confidences, ood.confidences])
    has_familiarities = not np.isnan(familiarities).any()
    return OodAuroc(
        n=len(ood),
        familiarity=float(roc_auc_score(truth, familiarities)) if has_familiarities else None,
        confidence=float(roc_auc_score(truth, confidences)),
    )


def compute_unknown_source_figures(answers: Answers, labels: Sequence[str]) -> dict[str, UnknownSources]:
    """Return the figures of photos from sources (shops, people) that were not learnt, by tier.

    Args:
        answers: the decided answers to photos.
        labels: the labels of the classes, by index.
    """
    unknown = answers.select_rows(answers.is_from_unknown_source)
    tiers = assign_evaluation_tiers(unknown)
    ood = unknown.select_rows(tiers == OOD_TIER)
    names = [str(tier) for tier in np.unique(tiers) if tier != OOD_TIER]
    return {
        tier: _compute_unknown_tier_figures(unknown.select_rows(tiers == tier), ood, labels) for tier in names
    }


def mark_known_source_answers(answers: Answers) -> NDArray[np.bool_]:
    """Tell which answers are counted in the figures of tiers, bool (N,).

    Answers to photos of unknown sources (shops, people) are left out, because they have figures of their own.
    If a tier has no other photos, all its answers are counted.
    """
    tiers = assign_evaluation_tiers(answers)
    unknown = answers.is_from_unknown_source
    return np.asarray(~unknown | ~np.isin(tiers, tiers[~unknown]))


def _compute_unknown_tier_figures(garments: Answers, ood: Answers, labels: Sequence[str]) -> UnknownSources:
    class_counts = Counter(garments.truth.tolist())
    source_numbers = np.unique(garments.sources, return_inverse=True)[1]
    counts = {
        str(name): _count_source_answers(garments, garments.sources == name)
        for name in np.unique(garments.sources)
    }
    return UnknownSources(
        of_all=_count_source_answers(garments, np.ones(len(garments), np.bool_)),
        sources=counts,
        lower_bound=_compute_lower_bound(garments),
        auroc=_measure_unknown_auroc(garments, ood),
        interval=compute_share_interval(garments.is_right, source_numbers)
        if len(counts) >= MIN_SOURCES
        else None,
        classes={labels[index]: n for index, n in sorted(class_counts.items())},
        answer_counts=count_answers(garments, len(labels)),
    )


def _count_source_answers(answers: Answers, is_counted: NDArray[np.bool_]) -> UnknownSource:
    return UnknownSource(
        n=int(is_counted.sum()),
        right=int((is_counted & answers.is_right).sum()),
        accepted=int((is_counted & answers.is_accepted).sum()),
        accepted_right=int((is_counted & answers.is_accepted & answers.is_right).sum()),
    )


def _compute_lower_bound(garments: Answers) -> float | None:
    """Return a lower bound of the share of accepted answers that are right for a further source.

    It is None if the photos are from fewer than MIN_SOURCES sources.
    """
    accepted = garments.select_rows(garments.is_accepted)
    names, groups = np.unique(accepted.sources, return_inverse=True)
    if len(names) < MIN_SOURCES:
        return None
    return float(
        estimate_wrong_shares(~accepted.is_right, groups, np.array([len(accepted)])).bound_right_shares()[0]
    )


def _measure_unknown_auroc(garments: Answers, ood: Answers) -> float | None:
    """Return the AUROC of the familiarity, against photos of unknown sources that show no class."""
    familiarities = np.concatenate([garments.familiarity, ood.familiarity])
    if not len(ood) or np.isnan(familiarities).any():
        return None
    return float(roc_auc_score(np.repeat([1, 0], [len(garments), len(ood)]), familiarities))


def choose_compared_photos(photos: Pictures, parent: LocalRelease, say: Say) -> Pictures:
    """Return the photos on which a release can be compared with its parent, which did not learn them.

    Near copies of a learnt photo are left out as well, because the parent would answer them too well.

    Args:
        parent: the release that was trained further.
        say: receives a warning if the parent recorded no hashes, so that near copies are not recognised.

    Raises:
        DataError: none of the photos that are left shows a class.
    """
    new_photos = photos.take(~mark_learnt_pictures(parent, photos.sha256, photos.hashes, say=say))
    if not (new_photos.classes != OOD).any():
        raise DataError(
            f"--photos: none of these {len(photos):,} pictures shows a class and is new to {parent.version}, "
            "so nothing can be compared. Correct others, or begin with the release before it."
        )
    return new_photos


def answer_with_parent(parent: LocalRelease, photos: Pictures) -> Answers:
    """Return the parent's answers to photos. Before a release is published, both are compared by these.

    Args:
        parent: the release that was trained further.
        photos: the photos, from `choose_compared_photos`.
    """
    answers = predict_pictures(open_networks(parent)["photos"], photos)
    return Answers.make_answers(
        photos.tiers,
        np.maximum(photos.classes, NO_CLASS),
        [answer.answer.class_id for answer in answers],
        pictures=photos.sha256,
        groups=photos.groups,
        networks="photos",
        familiarity=[np.nan if answer.familiarity is None else answer.familiarity for answer in answers],
        decisions=[answer.answer.reason or ACCEPT for answer in answers],
        by=parent.version,
        spelt=photos.spelt,
        sources=photos.sources,
    )

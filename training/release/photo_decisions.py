"""Decide the thresholds of a new head for photos, when a release (the parent) learns corrections.

The head is the last part of the network that answers photos. Its thresholds are chosen by answers from
cross-validation: the photos are divided into folds, and a photo is answered by a head that learnt the other
folds. If people's answers are learnt, or few photos are new, the parent's thresholds stay, because many
photos of shops that no head had learnt chose them.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from inference.contract import ACCEPT_NOTHING
from inference.text.plain_text import format_count
from model_store.local_releases import LocalRelease
from reports.answers import NO_ANSWERS, Answers
from reports.intervals import count_needed_answers
from reports.page.advice import describe_unkept_promises
from reports.page.wording import ENGLISH_WORDING
from reports.promises import TIER_PHOTOS_PREFIX
from reports.values import read_report
from training.data.photos import OWN_TIER
from training.progress import Say
from training.thresholds.acceptance import compute_acceptance_curves, make_promises
from training.thresholds.answer_sets import make_scores
from training.thresholds.decide import Thresholds, decide_thresholds
from training.thresholds.requirements import (
    PHOTO_UNFAMILIAR_SHARE,
    ThresholdRequirements,
    choose_deciding_answers,
    find_tiers_of_unknown_sources,
    make_photo_requirements,
)
from training.thresholds.unproven import count_source_labels, decide_photo_thresholds

UNLEARNT_THINGS: Final = "other kinds"
"""Name of the set of photos that show other things than the classes, such as scarves, which no head had
learnt."""


@dataclass(frozen=True, kw_only=True)
class PhotoEvidence:
    """The answers to photos by which a new head is decided and measured. They have no decisions yet.

    Attributes:
        cross_fitted_answers: answers to photos from heads that had not learnt them. The set UNLEARNT_THINGS
            has the answers to photos of other things, from heads that had learnt no such thing.
        parent_answers: answers of the parent to pictures that the new head learnt. The release keeps them, so
            that both releases can be compared before the new one is published. Empty if the user gave no
            corrections.
        has_product_groups: whether photos of one group show one product.
    """

    cross_fitted_answers: Answers
    parent_answers: Answers = NO_ANSWERS
    has_product_groups: bool = False

    @property
    def photo_answers(self) -> Answers:
        """The cross-fitted answers to photos, without UNLEARNT_THINGS."""
        return self.cross_fitted_answers.select_rows(self.cross_fitted_answers.sets != UNLEARNT_THINGS)

    @property
    def unlearnt_object_answers(self) -> Answers:
        """The answers of UNLEARNT_THINGS; empty if no kind of thing was left out of a head."""
        return self.cross_fitted_answers.select_set(UNLEARNT_THINGS)

    @property
    def has_corrections(self) -> bool:
        """Whether the new head learnt people's answers beside the photos that come with this package."""
        return len(self.parent_answers) > 0

    def select_own_products(self, decided_answers: Answers) -> Answers:
        """Return the decided answers to photos of the user's products; empty if groups are no products."""
        # The parent only answered photos that the user corrected.
        is_own = np.isin(decided_answers.pictures, self.parent_answers.pictures)
        return decided_answers.select_rows(is_own & self.has_product_groups)


def decide_photo_head_thresholds(evidence: PhotoEvidence, parent: LocalRelease, say: Say) -> Thresholds:
    """Choose the thresholds of a new head for photos, and say which promises cannot be given.

    A promise is the share of accepted answers that must be right, such as 0.95. If the parent's thresholds
    stay valid, its confidence, its temperature and its rules for single labels are taken over, and only the
    table of familiarities is new.

    Args:
        say: a function that receives each sentence.
    """
    manifest = parent.manifest
    deciding = choose_deciding_answers(evidence.photo_answers)
    required = _make_requirements(evidence, deciding, parent)
    thresholds = None if required.confidence is None else decide_thresholds(deciding, required)
    if thresholds is None or not _is_confidence_kept(thresholds, evidence, parent):
        thresholds = decide_photo_thresholds(deciding, replace(required, confidence=None), manifest.labels)
    _report_thresholds(thresholds, deciding, manifest.labels, required.accuracy, say)
    return thresholds


def _make_requirements(
    evidence: PhotoEvidence, deciding: Answers, parent: LocalRelease
) -> ThresholdRequirements:
    """Return what the thresholds have to fulfil.

    Args:
        deciding: the answers from which thresholds are chosen: in some tiers only those about shops of which
            nothing was learnt.
    """
    parent_confidence = _get_parent_confidence(parent)
    thing_scores = (
        make_scores(evidence.unlearnt_object_answers) if len(evidence.unlearnt_object_answers) else None
    )
    required = make_photo_requirements(deciding, thing_scores, parent_confidence)
    has_corrections = evidence.has_corrections
    if not (
        can_keep_calibration(parent, has_corrections=has_corrections)
        or can_keep_thresholds(evidence.photo_answers, parent, has_corrections=has_corrections)
    ):
        return required
    contract = parent.manifest.get_contract("photos")
    return replace(
        required,
        temperature=contract.temperature,
        confidence=parent_confidence,
        # A service that is asked for another share of right answers takes no lower confidence either.
        minimum_confidence=max(required.minimum_confidence, parent_confidence),
        # Few pictures do not say, either, how many of further ones are unfamiliar.
        unfamiliar_shares=(PHOTO_UNFAMILIAR_SHARE,),
        ood_scores=None,
    ).copy_label_rules(contract)


def _is_confidence_kept(thresholds: Thresholds, evidence: PhotoEvidence, parent: LocalRelease) -> bool:
    """Tell whether the parent's confidence stays: no audit is large enough to speak, or it shows the promise.

    Args:
        thresholds: the thresholds with the parent's confidence.
    """
    if can_keep_thresholds(evidence.photo_answers, parent, has_corrections=evidence.has_corrections):
        return True
    # An audit was drawn from accepted answers, and so it says nothing about lower confidences. A higher one
    # is searched only if the parent's breaks the promise: the confidences that occur in a small audit are few
    # and may lie far above it.
    promises = make_promises(thresholds.answer_sets, thresholds.confidence)
    return all(promise.lower_bound >= promise.promised for promise in promises)


def _get_parent_confidence(parent: LocalRelease) -> float:
    """Return the confidence threshold of a release for photos; ACCEPT_NOTHING if it has no such network."""
    if not parent.manifest.has_both_networks:
        return ACCEPT_NOTHING
    return parent.manifest.get_contract("photos").class_head.confidence


def _report_thresholds(
    thresholds: Thresholds, deciding: Answers, labels: tuple[str, ...], accuracy: float, say: Say
) -> None:
    """Say which promises cannot be given, and which labels need more confidence or are never accepted."""
    curves = compute_acceptance_curves(thresholds.answer_sets)
    for sentence in describe_unkept_promises(
        make_promises(thresholds.answer_sets, thresholds.confidence), ENGLISH_WORDING, curves
    ):
        say(sentence)
    for index, least in thresholds.stricter_confidences.items():
        say(f"{labels[index]} needs a confidence of {least:.0%} for photos: at less, too few are right.")
    withheld = {labels[index] for index in thresholds.withheld_label_ids}
    for row in count_source_labels(deciding, thresholds.mark_sure_answers(deciding), labels, accuracy):
        if row.is_unproven and row.label in withheld:
            say(
                f"{row.label} is never accepted for photos: of "
                f"{format_count(row.accepted_count, 'sure answer')} to photos from {row.source}, of which "
                f"nothing had been learnt, {format_count(row.right_count, 'is', 'are')} right."
            )


def can_keep_calibration(parent: LocalRelease, *, has_corrections: bool) -> bool:
    """Return whether a new head takes over all but the confidence of its parent, which an audit may raise.

    All are the temperature, the rules for single labels and the share of photos that may be unfamiliar.

    Args:
        parent: the release whose head is replaced.
        has_corrections: whether people's answers are learnt, beside the photos that come with this package.
    """
    return has_corrections and _get_parent_confidence(parent) < ACCEPT_NOTHING


def can_keep_thresholds(answers: Answers, parent: LocalRelease, *, has_corrections: bool) -> bool:
    """Return whether the parent's thresholds stay valid for a new head.

    They do not if the parent accepts no photo, or if the photos give evidence of their own, in three cases:

    1. Enough photos are a random sample of the user's pictures.
    2. A tier (way to take a photo) has enough photos from sources of which nothing was learnt.
    3. A tier has enough photos for a promise, and the parent has no promise for it.

    For people's answers only the first case counts. The other photos are those that come with this package,
    and the sources that chose the parent's thresholds are not among them.

    Args:
        answers: the answers to photos. Only their tiers, sources and right classes are read, so that the
            function can be called before a head is fitted.
        parent: the release whose head is replaced.
        has_corrections: whether people's answers are learnt, beside the photos that come with this package.
    """
    if _get_parent_confidence(parent) >= ACCEPT_NOTHING:
        return False
    required = make_photo_requirements(choose_deciding_answers(answers), None, ACCEPT_NOTHING)
    if int((answers.has_class & (answers.sets == OWN_TIER)).sum()) >= count_needed_answers(required.accuracy):
        return False
    if has_corrections:
        return True
    promised = {promise.pictures.removeprefix(TIER_PHOTOS_PREFIX) for promise in read_report(parent).promises}
    return not find_tiers_of_unknown_sources(answers) and (required.tiers or set()) <= {*promised, OWN_TIER}

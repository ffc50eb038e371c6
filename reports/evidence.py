"""Collect the evidence about a release, its answers and its promises, by which it is compared with others.

The gate makes this comparison before a release becomes current. A promise is a statement of the report such
as "95% of accepted answers are right". Evidence is read from the files of a release, in a folder or in a
store. Files whose hash is not the one in the manifest are refused.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from model_store.errors import ReleaseCorrupt
from model_store.manifest import Manifest
from model_store.release_files import REPORT_FILE
from model_store.store_keys import ReleaseFiles
from reports.answers import CLASS_HEAD, CORRECTED_SET, NO_ANSWERS, TEST_SET, Answers
from reports.answers_file import read_all_answers
from reports.promises import HELD_OUT_PICTURES, SOURCE_PHOTOS_PREFIX, ProductPromise, extract_tier
from reports.stored_decisions import reapply_thresholds
from reports.values import Report, parse_report
from reports.word_figures import WordFigures

ALL_PHOTOS: Final = "photos"
"""Name of the set of all photos. Photos of all tiers (product shots, worn garments and so on) are compared
together."""


@dataclass(frozen=True, kw_only=True)
class ReleaseEvidence:
    """The answers and promises of one release, by which it is compared with another release.

    Attributes:
        manifest: the manifest, with labels, input and main figures.
        answers: the release's answers about the class of single pictures; no rows if it stores none.
        parent_answers: the answers of its parent, the release that it was trained from, to pictures that it
            has learnt and its parent has not.
        attribute_answers: the release's answers about attributes (such as the colour) of the same pictures.
        promised_sets: the sets of pictures of which it accepts answers, with a promise about the share that
            is right.
        product_promises: the promise about products with several photos, by attribute; that about their class
            is under `label`.
        promised_shares: the share of accepted answers that is promised to be right, by TEST_SET, ALL_PHOTOS
            or the name of an attribute. A set without a promise is missing.
        words: the figures of what it accepts with the words of titles; None if it has none.
    """

    manifest: Manifest
    answers: Answers = NO_ANSWERS
    parent_answers: Answers = NO_ANSWERS
    attribute_answers: Answers = NO_ANSWERS
    promised_sets: frozenset[str] = frozenset()
    product_promises: Mapping[str, ProductPromise] = field(default_factory=dict)
    promised_shares: Mapping[str, float] = field(default_factory=dict)
    words: WordFigures | None = None

    @property
    def version(self) -> str:
        """The version of the release, such as `20261120T101500Z-3f9a1c2e`."""
        return self.manifest.version

    def count_pictures(self, name: str) -> int:
        """Return the number of pictures in a set on which the release was measured.

        Args:
            name: TEST_SET, or the name of another set, such as a tier.
        """
        return self.manifest.headline.test_n if name == TEST_SET else len(self.answers.select_set(name))


def select_shared_answers(
    candidate: ReleaseEvidence, baseline: ReleaseEvidence, name: str
) -> tuple[Answers, Answers]:
    """Return the answers of two releases to the pictures that both have answered, in the same order.

    Args:
        candidate: the release that is to become current.
        baseline: an earlier release.
        name: TEST_SET or ALL_PHOTOS.

    Returns:
        The candidate's answers and the other release's.
    """
    # If the other release is the candidate's parent, the candidate may store further answers of it.
    baseline_answers = candidate.parent_answers.select_rows(candidate.parent_answers.by == baseline.version)
    stored = baseline.answers + baseline_answers.select_rows(
        ~np.isin(baseline_answers.pictures, baseline.answers.pictures)
    )
    return _select_same_truth(*(_select_compared(answers, name) for answers in (candidate.answers, stored)))


def select_shared_attribute_answers(
    candidate: ReleaseEvidence, baseline: ReleaseEvidence, name: str
) -> tuple[Answers, Answers]:
    """Return the answers of two releases about an attribute of the same pictures, in the same order.

    Args:
        candidate: the release that is to become current.
        baseline: an earlier release.
        name: the name of the attribute, such as `colour`.

    Returns:
        The candidate's answers and the other release's.
    """
    answers_of_both = (evidence.attribute_answers.select_head(name) for evidence in (candidate, baseline))
    return _select_same_truth(*(answers.select_rows(answers.pictures != "") for answers in answers_of_both))


def _select_same_truth(candidate: Answers, baseline: Answers) -> tuple[Answers, Answers]:
    """Return the answers to pictures that both have, and about which they agree on the right label."""
    candidate, baseline = align_answers(candidate, baseline)
    has_same_truth = candidate.truth == baseline.truth
    return candidate.select_rows(has_same_truth), baseline.select_rows(has_same_truth)


def _select_compared(answers: Answers, name: str) -> Answers:
    """Return the answers that are compared with those of another release: to the test set, or to photos."""
    is_test = answers.sets == TEST_SET
    # Photos that people corrected are left out, since they were chosen by the doubts of one release.
    is_in_set = is_test if name == TEST_SET else ~is_test & (answers.sets != CORRECTED_SET)
    return answers.select_rows(is_in_set & answers.has_decision & (answers.pictures != ""))


def align_answers(candidate: Answers, baseline: Answers) -> tuple[Answers, Answers]:
    """Return the rows about pictures that both have, in the same order. A picture may have one row only."""
    _, first, second = np.intersect1d(candidate.pictures, baseline.pictures, return_indices=True)
    return candidate.select_rows(first), baseline.select_rows(second)


def read_evidence(release: ReleaseFiles) -> ReleaseEvidence:
    """Read the evidence about a release from its files: stored answers, report and manifest.

    Raises:
        NotFound: a file is missing in the store.
        ReportInvalid: the report cannot be parsed.
        ReleaseCorrupt: another file is damaged or does not fit the manifest.
    """
    manifest = release.manifest
    text = release.read_file(REPORT_FILE)
    if hashlib.sha256(text).hexdigest() != manifest.files[REPORT_FILE].sha256:
        raise ReleaseCorrupt(
            f"{release.address}/{REPORT_FILE}: its sha256 is not that of the manifest. Publish the release "
            "again."
        )
    report = parse_report(text, f"{release.address}/{REPORT_FILE}")
    all_answers = reapply_thresholds(
        read_all_answers(manifest, release.read_file, release.address), manifest.contracts
    )
    class_answers = all_answers.select_head(CLASS_HEAD)
    return ReleaseEvidence(
        manifest=manifest,
        answers=class_answers.select_rows(class_answers.by == ""),
        parent_answers=class_answers.select_rows(class_answers.by != ""),
        attribute_answers=all_answers.select_rows(all_answers.attributes != CLASS_HEAD),
        promised_sets=_list_promised_sets(report),
        product_promises=report.products,
        promised_shares=_find_promised_shares(report),
        words=report.words,
    )


def _find_promised_shares(report: Report) -> dict[str, float]:
    """Return the largest promised share of right answers, by the name of a set or of an attribute."""
    shares = {name: attribute.promise.promised for name, attribute in report.attributes.items()}
    for promise in report.promises:
        name = TEST_SET if promise.pictures == HELD_OUT_PICTURES else ALL_PHOTOS
        shares[name] = max(promise.promised, shares.get(name, 0.0))
    return shares


def _list_promised_sets(report: Report) -> frozenset[str]:
    """Return the sets of pictures about which the report makes promises: TEST_SET, and tiers of photos.

    Promises about single sources of photos, such as a shop, are left out.
    """
    return frozenset(
        TEST_SET if promise.pictures == HELD_OUT_PICTURES else extract_tier(promise.pictures)
        for promise in report.promises
        if promise.accepted and not promise.pictures.startswith(SOURCE_PHOTOS_PREFIX)
    )

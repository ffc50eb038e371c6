"""Collect the evidence by which the gate compares a release with others: its answers and its promises.

The gate is the check before a release becomes current. A promise is a sentence of the report such as "95% of
accepted answers are right". Evidence is read from the files of a release, in a folder or in a store. Files
whose hash is not the one in the manifest are refused.
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
from reports.answers import CLASS_HEAD, CORRECTED_SET, NO_ANSWERS, TEST_SET, Answers, read_all_answers
from reports.stored_decisions import redecide_answers
from reports.values import (
    HELD_OUT_PICTURES,
    SOURCE_PHOTOS_PREFIX,
    ProductPromise,
    Report,
    extract_tier,
    parse_report,
)

ALL_PHOTOS: Final = "photos"
"""Name of all pictures outside the test set. Photos of all tiers are compared together."""


@dataclass(frozen=True, kw_only=True)
class ReleaseEvidence:
    """The answers and promises of one release, by which it is compared with another release.

    Attributes:
        manifest: the manifest, with labels, input and main figures.
        answers: the release's answers about the class of single pictures; no rows if it stores none.
        parent_answers: the answers of its parent to pictures that the release learnt and the parent did not.
        attribute_answers: the release's answers about attributes of the same pictures.
        promised_sets: the sets of pictures whose answers it accepts with a promise about the share that is
            right.
        product_promises: the promise about products with several photos, by attribute; the class is under
            `label`.
        promised_shares: the share of accepted answers that is promised to be right, by TEST_SET, ALL_PHOTOS
            or the name of an attribute. If there is none, no additional answer may be wrong.
    """

    manifest: Manifest
    answers: Answers = NO_ANSWERS
    parent_answers: Answers = NO_ANSWERS
    attribute_answers: Answers = NO_ANSWERS
    promised_sets: frozenset[str] = frozenset()
    product_promises: Mapping[str, ProductPromise] = field(default_factory=dict)
    promised_shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version, which names the release."""
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
    """Return the answers of two releases to the pictures about which both decided, in the same order.

    The other release's answers that the candidate stores are included, if the other release is the
    candidate's parent. Photos that people looked at because a release doubted its answers are left out.

    Args:
        candidate: the release that is to become current.
        baseline: an earlier release.
        name: TEST_SET or ALL_PHOTOS.

    Returns:
        The candidate's answers and the other release's.
    """
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
    """
    answers_of_both = (evidence.attribute_answers.select_head(name) for evidence in (candidate, baseline))
    return _select_same_truth(*(answers.select_rows(answers.pictures != "") for answers in answers_of_both))


def _select_same_truth(candidate: Answers, baseline: Answers) -> tuple[Answers, Answers]:
    """Return the answers to the same pictures with the same truth."""
    candidate, baseline = align_answers(candidate, baseline)
    has_same_truth = candidate.truth == baseline.truth
    return candidate.select_rows(has_same_truth), baseline.select_rows(has_same_truth)


def _select_compared(answers: Answers, name: str) -> Answers:
    """Return the answers of the test set, or of photos, that a comparison of releases uses."""
    tested = answers.sets == TEST_SET
    counts = tested if name == TEST_SET else ~tested & (answers.sets != CORRECTED_SET)
    return answers.select_rows(counts & answers.has_decision & (answers.pictures != ""))


def align_answers(candidate: Answers, baseline: Answers) -> tuple[Answers, Answers]:
    """Return the rows of both about the same pictures, in the same order.

    Each picture must occur once in each.
    """
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
    all_answers = redecide_answers(
        read_all_answers(manifest, release.read_file, release.address), manifest.contracts
    )
    class_answers = all_answers.select_head(CLASS_HEAD)
    return ReleaseEvidence(
        manifest=manifest,
        answers=class_answers.select_rows(class_answers.by == ""),
        parent_answers=class_answers.select_rows(class_answers.by != ""),
        attribute_answers=all_answers.select_rows(all_answers.attributes != CLASS_HEAD),
        promised_sets=_promised_sets(report),
        product_promises=report.products,
        promised_shares=_promised_shares(report),
    )


def _promised_shares(report: Report) -> dict[str, float]:
    """Return the largest promised share of right answers, by the name of a set or of an attribute."""
    shares = {name: attribute.promise.promised for name, attribute in report.attributes.items()}
    for promise in report.promises:
        name = TEST_SET if promise.pictures == HELD_OUT_PICTURES else ALL_PHOTOS
        shares[name] = max(promise.promised, shares.get(name, 0.0))
    return shares


def _promised_sets(report: Report) -> frozenset[str]:
    """Return the sets of pictures whose answers are accepted under a promise, without sources of photos."""
    return frozenset(
        TEST_SET if promise.pictures == HELD_OUT_PICTURES else extract_tier(promise.pictures)
        for promise in report.promises
        if promise.accepted and not promise.pictures.startswith(SOURCE_PHOTOS_PREFIX)
    )

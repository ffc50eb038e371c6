"""Evidence about a release, by which the gate compares it with others: its answers and its promises.

The gate is the check before a promotion. Reads a folder or a store. Only files whose hashes agree with the
manifest are used. The rules: gate.py.
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
from reports.answers import CLASS, CORRECTED, NO_ANSWERS, TEST_SET, Answers, all_answers_in
from reports.decisions import decide_stored
from reports.values import HELD_OUT, PHOTOS_FROM, ProductPromise, Report, parse_report, tier_of

PHOTOS: Final = "photos"
"""Name of all pictures outside the test set. Photos of all tiers are compared together."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The answers and promises of one release, by which it is compared with another release.

    Attributes:
        manifest: the manifest, with labels, input and main figures.
        answers: the release's answers about the class of single pictures; no rows if it stores none.
        of_parent: the answers of its parent to pictures that the release learnt and the parent did not.
        of_attributes: the release's answers about attributes of the same pictures.
        promised: the sets of pictures whose answers it accepts with a promise about the share that is right.
        products: the promise about products with several photos, by attribute; the class is under `label`.
        promise: the share of accepted answers that is promised to be right, by TEST_SET, PHOTOS or the name
            of an attribute. If there is none, no additional answer may be wrong.
    """

    manifest: Manifest
    answers: Answers = NO_ANSWERS
    of_parent: Answers = NO_ANSWERS
    of_attributes: Answers = NO_ANSWERS
    promised: frozenset[str] = frozenset()
    products: Mapping[str, ProductPromise] = field(default_factory=dict)
    promise: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version, which names the release."""
        return self.manifest.version

    def pictures_in(self, name: str) -> int:
        """Return the number of pictures in a set on which the release was measured.

        Args:
            name: TEST_SET, or the name of another set, such as a tier.
        """
        return self.manifest.headline.test_n if name == TEST_SET else len(self.answers.of_set(name))


def shared(candidate: Evidence, other: Evidence, name: str) -> tuple[Answers, Answers]:
    """Return the answers of two releases to the pictures about which both decided, in the same order.

    The other release's answers that the candidate stores are included, if the other release is the
    candidate's parent. Photos that people looked at because a release doubted its answers are left out.

    Args:
        candidate: the release that is to become current.
        other: an earlier release.
        name: TEST_SET or PHOTOS.

    Returns:
        The candidate's answers and the other release's.
    """
    by_other = candidate.of_parent.take(candidate.of_parent.by == other.version)
    stored = other.answers + by_other.take(~np.isin(by_other.pictures, other.answers.pictures))
    return _alike(*(_counted(answers, name) for answers in (candidate.answers, stored)))


def shared_attribute(candidate: Evidence, other: Evidence, name: str) -> tuple[Answers, Answers]:
    """Return the answers of two releases about an attribute of the same pictures, in the same order.

    Args:
        candidate: the release that is to become current.
        other: an earlier release.
        name: the name of the attribute.
    """
    both = (evidence.of_attributes.of_head(name) for evidence in (candidate, other))
    return _alike(*(answers.take(answers.pictures != "") for answers in both))


def _alike(ours: Answers, theirs: Answers) -> tuple[Answers, Answers]:
    """Return the answers to the same pictures with the same truth."""
    ours, theirs = matched(ours, theirs)
    alike = ours.truth == theirs.truth
    return ours.take(alike), theirs.take(alike)


def _counted(answers: Answers, name: str) -> Answers:
    """Return the answers of the test set, or of photos, that a comparison of releases uses."""
    tested = answers.sets == TEST_SET
    counts = tested if name == TEST_SET else ~tested & (answers.sets != CORRECTED)
    return answers.take(counts & answers.decided & (answers.pictures != ""))


def matched(ours: Answers, theirs: Answers) -> tuple[Answers, Answers]:
    """Return the rows of both about the same pictures, in the same order.

    Each picture must occur once in each.
    """
    _, first, second = np.intersect1d(ours.pictures, theirs.pictures, return_indices=True)
    return ours.take(first), theirs.take(second)


def evidence_of(release: ReleaseFiles) -> Evidence:
    """Read the evidence about a release from its files: stored answers, report and manifest.

    Raises:
        NotFound: a file is missing in the store.
        ReportInvalid: the report cannot be parsed.
        ReleaseCorrupt: another file is damaged or does not fit the manifest.
    """
    manifest, text = release.manifest, release.read_file(REPORT_FILE)
    if hashlib.sha256(text).hexdigest() != manifest.files[REPORT_FILE].sha256:
        raise ReleaseCorrupt(
            f"{release.address}/{REPORT_FILE}: its sha256 is not that of the manifest. Publish the release "
            "again."
        )
    report = parse_report(text, f"{release.address}/{REPORT_FILE}")
    every = decide_stored(all_answers_in(manifest, release.read_file, release.address), manifest.contracts)
    kept = every.of_head(CLASS)
    return Evidence(
        manifest=manifest,
        answers=kept.take(kept.by == ""),
        of_parent=kept.take(kept.by != ""),
        of_attributes=every.take(every.attributes != CLASS),
        promised=_promised(report),
        products=report.products,
        promise=_promise(report),
    )


def _promise(report: Report) -> dict[str, float]:
    """Return the largest promised share of right answers, by TEST_SET, PHOTOS or the name of an attribute."""
    shares = {name: attribute.promise.accuracy for name, attribute in report.attributes.items()}
    for promise in report.promises:
        name = TEST_SET if promise.pictures == HELD_OUT else PHOTOS
        shares[name] = max(promise.accuracy, shares.get(name, 0.0))
    return shares


def _promised(report: Report) -> frozenset[str]:
    """Return the sets of pictures whose answers are accepted under a promise, without sources of photos."""
    return frozenset(
        TEST_SET if promise.pictures == HELD_OUT else tier_of(promise.pictures)
        for promise in report.promises
        if promise.accepted and not promise.pictures.startswith(PHOTOS_FROM)
    )

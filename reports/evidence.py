"""Evidence about a release, by which the gate compares it with others: answers, and promised sets.

Reads a folder or a store. It believes only what the hashes of the manifest vouch for. The rules: gate.py.
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
"""All pictures but those of the test set: tiers are compared together."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Evidence about one release.

    Attributes:
        manifest: its contract with clients, and its headline.
        answers: its answers to single pictures; none if it keeps none.
        of_parent: its parent's answers to pictures that it learnt and that the parent had not learnt.
        of_attributes: its answers to attributes of the same pictures.
        promised: the sets of which it accepts answers and promises that most of these are right.
        products: the promise about products of several photos, by attribute; the class is under `label`.
        promise: the share of accepted answers that each network promises to be right, by TEST_SET or PHOTOS,
            and each attribute by its name; if there is none, not one further answer may be wrong.
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
        """The release's name."""
        return self.manifest.version

    def pictures_in(self, name: str) -> int:
        """Return the number of pictures of a set that the release was measured on."""
        return self.manifest.headline.test_n if name == TEST_SET else len(self.answers.of_set(name))


def shared(candidate: Evidence, other: Evidence, name: str) -> tuple[Answers, Answers]:
    """Return the answers of two releases to the pictures that both decided about, in one order.

    Of the candidate's parent those count, too, that the candidate keeps: to a publisher's own pictures.
    Corrections that no audit drew do not, since people looked at them for one release's doubts.

    Args:
        candidate: the release that wants to be current.
        other: an earlier one.
        name: TEST_SET or PHOTOS.
    """
    by_other = candidate.of_parent.take(candidate.of_parent.by == other.version)
    stored = other.answers + by_other.take(~np.isin(by_other.pictures, other.answers.pictures))
    return _alike(*(_counted(answers, name) for answers in (candidate.answers, stored)))


def shared_attribute(candidate: Evidence, other: Evidence, name: str) -> tuple[Answers, Answers]:
    """Return the answers of two releases to an attribute of the same pictures, in one order; see `shared`."""
    both = (evidence.of_attributes.of_head(name) for evidence in (candidate, other))
    return _alike(*(answers.take(answers.pictures != "") for answers in both))


def _alike(ours: Answers, theirs: Answers) -> tuple[Answers, Answers]:
    """Return the answers to the same pictures with the same truth."""
    ours, theirs = matched(ours, theirs)
    alike = ours.truth == theirs.truth
    return ours.take(alike), theirs.take(alike)


def _counted(answers: Answers, name: str) -> Answers:
    """Return the answers of one kind that a comparison counts."""
    tested = answers.sets == TEST_SET
    counts = tested if name == TEST_SET else ~tested & (answers.sets != CORRECTED)
    return answers.take(counts & answers.decided & (answers.pictures != ""))


def matched(ours: Answers, theirs: Answers) -> tuple[Answers, Answers]:
    """Return the rows of both that name the same pictures, in the same order; each names a picture once."""
    _, first, second = np.intersect1d(ours.pictures, theirs.pictures, return_indices=True)
    return ours.take(first), theirs.take(second)


def evidence_of(release: ReleaseFiles) -> Evidence:
    """Read the evidence about a release.

    Raises:
        NotFound: one of its files is not in the store.
        ReportInvalid: its report cannot be read as one.
        ReleaseCorrupt: another file is not as it has to be.
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
    """Return the share that all promises keep, by network and attribute: the largest of them."""
    shares = {name: attribute.promise.accuracy for name, attribute in report.attributes.items()}
    for promise in report.promises:
        name = TEST_SET if promise.pictures == HELD_OUT else PHOTOS
        shares[name] = max(promise.accuracy, shares.get(name, 0.0))
    return shares


def _promised(report: Report) -> frozenset[str]:
    """Return the sets of the promises."""
    return frozenset(
        TEST_SET if promise.pictures == HELD_OUT else tier_of(promise.pictures)
        for promise in report.promises
        if promise.accepted and not promise.pictures.startswith(PHOTOS_FROM)
    )

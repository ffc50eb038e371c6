"""What a release shows of itself, by which the gate compares it with others: figures and single answers.

Reads a folder or a store. Nothing of it is believed that the manifest's hashes do not vouch for. The rules:
gate.py.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from model_store.answers import NO_ANSWERS, TEST_SET, Answers, Read, all_answers_in
from model_store.catalogue import file_key
from model_store.errors import ReleaseCorrupt
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from model_store.report import HELD_OUT, ON_GROUND, PhotoFigures, Report, parse_report
from model_store.store import Store


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one release shows.

    Attributes:
        manifest: its contract with clients, and its headline.
        tiers: the figures of photos, by tier; empty where none were measured.
        answers: to single pictures; none where it keeps none.
        of_parent: its parent's answers to pictures that it learnt, and that the parent had not.
        promised: share of the accepted answers that is promised to be right, by set.
    """

    manifest: Manifest
    tiers: Mapping[str, PhotoFigures] = field(default_factory=dict)
    answers: Answers = NO_ANSWERS
    of_parent: Answers = NO_ANSWERS
    promised: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The release's name."""
        return self.manifest.version


def evidence_in_folder(release: LocalRelease) -> Evidence:
    """What a release in a folder shows.

    Raises:
        ReportInvalid: its report cannot be read as one.
        ReleaseCorrupt: another file is not as it has to be.
    """
    return _evidence(release.manifest, lambda path: (release.folder / path).read_bytes(), str(release.folder))


def evidence_in_store(store: Store, manifest: Manifest) -> Evidence:
    """What a release in a store shows.

    Raises:
        NotFound: one of its files is not there.
        ReportInvalid: its report cannot be read as one.
        ReleaseCorrupt: another file is not as it has to be.
    """
    where = f"{store.address}/{file_key(manifest.version, '')}".rstrip("/")
    return _evidence(manifest, lambda path: store.read(file_key(manifest.version, path)), where)


def _evidence(manifest: Manifest, read: Read, where: str) -> Evidence:
    text = read(REPORT)
    if hashlib.sha256(text).hexdigest() != manifest.files[REPORT].sha256:
        raise ReleaseCorrupt(
            f"{where}/{REPORT}: its sha256 is not that of the manifest. Publish the release again."
        )
    report = parse_report(text, f"{where}/{REPORT}")
    kept = all_answers_in(manifest, read, where)
    return Evidence(
        manifest=manifest,
        tiers=report.photos,
        answers=kept.take(kept.by == ""),
        of_parent=kept.take(kept.by != ""),
        promised=_promised(report),
    )


def _promised(report: Report) -> dict[str, float]:
    """By set; a tier has the same promise on each ground."""
    found = {}
    for one in report.promises:
        name = one.pictures
        for ground in ON_GROUND.values():
            name = name.removesuffix(ground)
        found[TEST_SET if name == HELD_OUT else name.removeprefix("photos of tier ")] = one.accuracy
    return found

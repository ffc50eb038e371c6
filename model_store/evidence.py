"""What a release shows of itself, by which the gate compares it with others: figures and single answers.

Reads a folder or a store. Nothing of it is believed that the manifest's hashes do not vouch for. The rules:
gate.py.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from model_store.catalogue import file_key
from model_store.errors import ReleaseCorrupt
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from model_store.predictions import (
    PhotoPredictions,
    Read,
    Right,
    photo_predictions_in,
    predictions_in,
    right_in,
)
from model_store.report import PhotoFigures, parse_report
from model_store.store import Store


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one release shows.

    Attributes:
        manifest: its contract with clients, and its headline.
        right: which pictures of the test set it is right about; None where it does not say.
        tiers: the figures of photos, by tier; empty where none were measured.
        answers: to single photos that show a class; empty where it keeps none.
        pictures: answers to the pictures of the test set, where these were files.
    """

    manifest: Manifest
    right: Right | None = None
    tiers: Mapping[str, PhotoFigures] = field(default_factory=dict)
    answers: PhotoPredictions = field(default_factory=dict)
    pictures: PhotoPredictions = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The release's name."""
        return self.manifest.version

    def answers_of(self, tier: str) -> PhotoPredictions:
        """The answers to photos of one tier."""
        return {name: one for name, one in self.answers.items() if one.tier == tier}


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
    return Evidence(
        manifest=manifest,
        right=right_in(manifest, read, where),
        tiers=parse_report(text, f"{where}/{REPORT}").photos,
        answers=photo_predictions_in(manifest, read, where),
        pictures=predictions_in(manifest, read, where),
    )

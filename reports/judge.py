"""Compare a release with the current one of a store, before any of its files are sent there.

`judge_release` reads the stored answers of both, and raises an error if the gate refuses the release because
it is worse. Publishing calls it first.
"""

from contextlib import suppress

from model_store.errors import GateRefused, NotFound, ReleaseError
from model_store.local_releases import LocalRelease
from model_store.promotions import read_promotions
from model_store.records import select_good_promotions
from model_store.store import Store
from model_store.store_keys import (
    ReleaseFiles,
    get_files_in_folder,
    get_files_in_store,
    list_complete_versions,
    read_manifest,
)
from reports.evidence import ReleaseEvidence, read_evidence
from reports.gate import check_gate


def judge_release(candidate: ReleaseFiles, store: Store, before: str | None) -> str:
    """Compare a release with the current one of a store, and with the oldest one that the store keeps.

    Args:
        candidate: the files of the release that is to become current.
        before: the version of the current release; None if there is none.

    Returns:
        A text that says what was compared.

    Raises:
        GateRefused: the candidate is measurably worse, or has other labels or another input.
        NotFound, ReleaseError: a file of a compared release is missing or damaged.
    """
    evidence = read_evidence(candidate)
    if before is None:
        return check_gate(evidence, None)
    if before == evidence.version:
        return "It is current already."  # publishing sends its files again, in case one is damaged
    current = _read_evidence(store, before)
    return check_gate(evidence, current, _find_oldest_release(store, evidence, current))


def judge_without_refusing(candidate: ReleaseFiles, store: Store, before: str | None) -> str:
    """Compare a release with the current one, but return an objection as a text instead of raising it.

    This is for a user who publishes a release by force.

    Args:
        candidate: the files of the release that is to become current.
        before: the version of the current release; None if there is none.

    Raises:
        NotFound, ReleaseError: a file of the candidate itself is missing or damaged.
    """
    read_evidence(candidate)
    try:
        return judge_release(candidate, store, before)
    except GateRefused as error:
        return f"Forced past the gate: {error}"
    except (NotFound, ReleaseError) as error:
        return f"Forced, as current could not be compared with: {error}"


def compare_with_parent(candidate: LocalRelease, parent: LocalRelease) -> str:
    """Compare a release with its parent, the release that it was trained from, and return a text about it.

    The text may be an objection, or say that one of the two cannot be read.
    """
    try:
        return check_gate(*(read_evidence(get_files_in_folder(release)) for release in (candidate, parent)))
    except GateRefused as error:
        return str(error)
    except (NotFound, ReleaseError) as error:
        return f"{candidate.version} cannot be compared with {parent.version}: {error}"


def _read_evidence(store: Store, version: str) -> ReleaseEvidence:
    return read_evidence(get_files_in_store(store, read_manifest(store, version)))


def _find_oldest_release(
    store: Store, candidate: ReleaseEvidence, current: ReleaseEvidence
) -> ReleaseEvidence | None:
    """Return the oldest kept release that was current and not rolled back, with the candidate's labels."""
    kept_versions = list_complete_versions(store)
    for promotion in select_good_promotions(read_promotions(store)):
        if promotion.version in kept_versions and promotion.version not in {
            candidate.version,
            current.version,
        }:
            with suppress(NotFound, ReleaseError):  # a damaged release is passed over
                manifest = read_manifest(store, promotion.version)
                if manifest.labels == candidate.manifest.labels:
                    return read_evidence(get_files_in_store(store, manifest))
    return None

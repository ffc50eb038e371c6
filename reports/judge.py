"""Compare a release with the current one of a store, before any of its files are sent there.

`judge_release` reads the stored answers of both, and raises an error if the gate refuses the release because
it is worse. Publishing calls it first.
"""

from contextlib import suppress

from model_store.errors import GateRefused, NotFound, ReleaseError
from model_store.local_releases import LocalRelease
from model_store.promotions import read_promotions
from model_store.records import select_standing_promotions
from model_store.store import Store
from model_store.store_keys import (
    ReleaseFiles,
    list_complete_versions,
    make_folder_release_files,
    make_store_release_files,
    read_manifest,
)
from reports.client_contract import FORCE_ADVICE
from reports.evidence import ReleaseEvidence, read_evidence
from reports.gate import check_candidate_release


def judge_release(candidate: ReleaseFiles, store: Store, current_version: str | None) -> str:
    """Compare a release with the current one of a store, and with the oldest one that the store keeps.

    Args:
        candidate: the files of the release that is to become current.
        current_version: the version of the current release; None if there is none.

    Returns:
        A text that says what was compared.

    Raises:
        GateRefused: the candidate is measurably worse, or has other labels or another input.
        NotFound, ReleaseError: a file of a compared release is missing or damaged.
    """
    evidence = read_evidence(candidate)
    if current_version is None:
        return check_candidate_release(evidence, None)
    if current_version == evidence.version:
        return "It is current already."  # publishing sends its files again, in case one is damaged
    current = _read_evidence(store, current_version)
    return check_candidate_release(evidence, current, _find_oldest_release(store, evidence, current))


def describe_release_verdict(candidate: ReleaseFiles, store: Store, current_version: str | None) -> str:
    """Compare a release with the current one, but return an objection as a text instead of raising it.

    This is for a user who publishes a release by force.

    Args:
        candidate: the files of the release that is to become current.
        current_version: the version of the current release; None if there is none.

    Raises:
        NotFound, ReleaseError: a file of the candidate itself is missing or damaged.
    """
    read_evidence(candidate)
    try:
        return judge_release(candidate, store, current_version)
    except GateRefused as error:
        reason = str(error).removesuffix(FORCE_ADVICE).rstrip(" ;").removesuffix(".")
        return f"Forced past the gate: {reason}."
    except (NotFound, ReleaseError) as error:
        return f"Forced, as current could not be compared with: {error}"


def compare_with_parent(candidate: LocalRelease, parent: LocalRelease) -> str:
    """Compare a release with its parent, the release that it was trained from, and return a text about it.

    The text may be an objection, or say that one of the two cannot be read.
    """
    try:
        return check_candidate_release(
            *(read_evidence(make_folder_release_files(release)) for release in (candidate, parent))
        )
    except GateRefused as error:
        return str(error)
    except (NotFound, ReleaseError) as error:
        return f"{candidate.version} cannot be compared with {parent.version}: {error}"


def _read_evidence(store: Store, version: str) -> ReleaseEvidence:
    return read_evidence(make_store_release_files(store, read_manifest(store, version)))


def _find_oldest_release(
    store: Store, candidate: ReleaseEvidence, current: ReleaseEvidence
) -> ReleaseEvidence | None:
    """Return the oldest kept release that was current and not rolled back, with the candidate's labels."""
    kept_versions = list_complete_versions(store)
    for promotion in select_standing_promotions(read_promotions(store)):
        if promotion.version in kept_versions and promotion.version not in {
            candidate.version,
            current.version,
        }:
            with suppress(NotFound, ReleaseError):  # a damaged release is passed over
                manifest = read_manifest(store, promotion.version)
                if manifest.labels == candidate.manifest.labels:
                    return read_evidence(make_store_release_files(store, manifest))
    return None

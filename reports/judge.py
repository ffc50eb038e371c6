"""May a release become current in a store? The check that publishing makes before it sends anything.

Reads the store. The rules themselves, without I/O: gate.py.
"""

from contextlib import suppress

from model_store.errors import GateRefused, NotFound, ReleaseError
from model_store.local_releases import LocalRelease
from model_store.promotions import read_promotions
from model_store.records import select_good_promotions
from model_store.store import Store
from model_store.store_keys import (
    ReleaseFiles,
    files_in_folder,
    files_in_store,
    list_complete_versions,
    read_manifest,
)
from reports.evidence import Evidence, evidence_of
from reports.gate import check_gate


def judge(candidate: ReleaseFiles, store: Store, before: str | None) -> str:
    """Compare a release with the current one, and with the oldest one that the store keeps.

    Args:
        candidate: the release that wants to be current.
        store: the store.
        before: the version that services serve from it; None if there is none.

    Returns:
        What was compared, in a sentence.

    Raises:
        GateRefused: current is better, or has other labels or another input.
        NotFound, ReleaseError: a file of either is missing or damaged.
    """
    shown = evidence_of(candidate)
    if before is None:
        return check_gate(shown, None)
    if before == shown.version:
        return "It is current already."  # and its files are sent again, should one be damaged
    current = _evidence(store, before)
    return check_gate(shown, current, _oldest(store, shown, current))


def forced(candidate: ReleaseFiles, store: Store, before: str | None) -> str:
    """Compare as `judge` does, but return the objection in place of raising it.

    Raises:
        ReleaseError: the candidate itself cannot be read.
    """
    evidence_of(candidate)
    try:
        return judge(candidate, store, before)
    except GateRefused as error:
        return f"Forced past the gate: {error}"
    except (NotFound, ReleaseError) as error:
        return f"Forced, as current could not be compared with: {error}"


def compared_with(candidate: LocalRelease, parent: LocalRelease) -> str:
    """Return the gate's sentence about a release beside its parent, whether it would be refused or not."""
    try:
        return check_gate(*(evidence_of(files_in_folder(release)) for release in (candidate, parent)))
    except GateRefused as error:
        return str(error)
    except (NotFound, ReleaseError) as error:
        return f"{candidate.version} cannot be compared with {parent.version}: {error}"


def _evidence(store: Store, version: str) -> Evidence:
    return evidence_of(files_in_store(store, read_manifest(store, version)))


def _oldest(store: Store, candidate: Evidence, current: Evidence) -> Evidence | None:
    """Return the oldest kept release that was current, was not rolled back, and has the same labels."""
    kept = list_complete_versions(store)
    for promotion in select_good_promotions(read_promotions(store)):
        if promotion.version in kept and promotion.version not in {candidate.version, current.version}:
            with suppress(NotFound, ReleaseError):  # a damaged one decides about nothing
                manifest = read_manifest(store, promotion.version)
                if manifest.labels == candidate.manifest.labels:
                    return evidence_of(files_in_store(store, manifest))
    return None

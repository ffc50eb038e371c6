"""The outcome of opening a newly promoted release: the one that is served now, and those that were refused.

A promotion is the record that makes a release current, such as `20261120T101500Z-3f9a1c2e`. If the promoted
release cannot be opened, earlier ones are tried. All of them are the *candidates* of the promotion.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.releases.serving import Refusal, ServedModel
from inference.errors import ModelError
from model_store.errors import (
    ManifestTooNew,
    NotFound,
    OpeningKilled,
    ReleaseError,
    StoreBroken,
    StoreRefused,
)
from model_store.records import Promotion

log = logging.getLogger("wardrobe")

REFUSAL_CAUSES = (ReleaseError, NotFound, ModelError)
"""Exceptions that mean that a release itself is wrong. Once all its bytes are verified, another try would
fail, too."""

RETRY_CAUSES = (OpeningKilled, StoreRefused, StoreBroken)
"""Exceptions after which the same release may be opened later, for example because the cache could not be
written. Until then, another candidate is tried."""


@dataclass(frozen=True)
class CandidateOutcome:
    """The outcome of one candidate: it was opened, or it is refused, or the store could not give it.

    Attributes:
        model: the open model; None if the candidate was not opened.
        refusal: the refusal of the candidate; None without one. A refusal of an earlier attempt stays if the
            store could not give the release this time.
        error: the error because of which the candidate was not opened; None if it was.
    """

    model: ServedModel | None = None
    refusal: Refusal | None = None
    error: Exception | None = None

    @property
    def fault(self) -> Exception | None:
        """The error of the store or the cache; None if the release itself is wrong, or was opened."""
        return None if isinstance(self.error, REFUSAL_CAUSES) else self.error

    @property
    def has_store_failed(self) -> bool:
        """Whether the store does not answer, so that trying another candidate would be in vain."""
        return self.fault is not None and not isinstance(self.fault, RETRY_CAUSES)


@dataclass(frozen=True)
class OpeningAttempt:
    """The result of trying to open the newest release of a store, and the earlier ones that may replace it.

    Attributes:
        model: the open model; None if no release could be opened.
        refusals: the releases that are wrong, with the reasons, in the order of the attempts.
        fault: the last error of the store or the cache, which may have kept a sound release from being
            opened; None without such an error.
        errors: the errors of all candidates, in their order.
        record: the newest promotion (the record that makes a release current); None if it was not read.
    """

    model: ServedModel | None = None
    refusals: tuple[Refusal, ...] = ()
    fault: Exception | None = None
    errors: tuple[Exception, ...] = ()
    record: Promotion | None = None

    @property
    def allowed_versions(self) -> set[str] | None:
        """Versions that may be served: the candidates of the promotion, without those that are refused.

        None if no promotion was read, so that nothing is known to be wrong.
        """
        if self.record is None:
            return None
        return {*self.record.candidates} - {refusal.version for refusal in self.refusals}


def select_retryable_refusals(record: Promotion, refusals: Collection[Refusal]) -> dict[str, Refusal]:
    """Return the refusals of a promotion's candidates that are not final, by version.

    These candidates may have been repaired since.
    """
    return {
        refusal.version: refusal
        for refusal in refusals
        if refusal.promotion_number == record.number and not refusal.is_final
    }


def make_refusal(record: Promotion, version: str, error: Exception, *, is_whole: bool) -> Refusal:
    """Make the record of a candidate that is refused because it is wrong.

    The refusal is final if another try would end in the same way: if all bytes of the release have arrived,
    or if a newer version of this program made the release.

    Args:
        record: the newest promotion.
        version: the version of the candidate.
        error: one of REFUSAL_CAUSES.
        is_whole: whether all bytes of the release have arrived and are verified.
    """
    is_final = is_whole or isinstance(error, ManifestTooNew)
    return Refusal(record.number, version, str(error), is_final=is_final)


def summarize_outcomes(
    record: Promotion, outcomes: Sequence[CandidateOutcome], retryable_refusals: Mapping[str, Refusal]
) -> OpeningAttempt:
    """Summarize the outcomes of the candidates that were tried.

    Args:
        record: the newest promotion.
        outcomes: the outcomes in the order of the attempts. Only the last one may have a model.
        retryable_refusals: the earlier refusals that are not final, by version.
    """
    refusals = {outcome.refusal.version: outcome.refusal for outcome in outcomes if outcome.refusal}
    # Candidates that could not be tried stay refused, since nobody knows whether they were repaired.
    if any(outcome.has_store_failed for outcome in outcomes):
        refusals = {**retryable_refusals, **refusals}
    faults = [outcome.fault for outcome in outcomes if outcome.fault is not None]
    return OpeningAttempt(
        model=outcomes[-1].model if outcomes else None,
        refusals=tuple(refusals.values()),
        fault=faults[-1] if faults else None,
        errors=tuple(outcome.error for outcome in outcomes if outcome.error is not None),
        record=record,
    )


def log_new_refusals(attempt: OpeningAttempt, earlier_refusals: Collection[Refusal]) -> None:
    """Log the refusals of an attempt that are new, or that have become final."""
    known = {(refusal.promotion_number, refusal.version, refusal.is_final) for refusal in earlier_refusals}
    new_refusals = [
        refusal
        for refusal in attempt.refusals
        if (refusal.promotion_number, refusal.version, refusal.is_final) not in known
    ]
    for refusal in new_refusals:
        retry_advice = " A new promotion or a restart tries it again." if refusal.is_final else ""
        log.error(
            "Promotion %d: %s is refused: %s%s",
            refusal.promotion_number,
            refusal.version,
            refusal.reason,
            retry_advice,
        )
    if new_refusals and attempt.model is not None:
        log.error("Serving %s instead.", attempt.model.version)

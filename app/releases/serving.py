"""The model that is served, and the one reference through which it is replaced.

A request takes `ModelHolder.current` once and keeps it to its end, so no answer mixes two releases.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.prediction.platform_categories import ReleaseCategories
from inference.contract import Head, ModelContract
from inference.networks import Networks
from model_store.manifest import Manifest
from reports.promises import AcceptPoint
from reports.values import Report


@dataclass(frozen=True)
class TargetAcceptance:
    """The effect of the setting WARDROBE_ACCEPT_TARGET on a release.

    Attributes:
        target: the share of accepted answers that must be right, 0 to 1.
        gives: the chosen threshold with the shares that were measured at it, by set of pictures.
        fault: the reason why the release does not support the target; None if it does. With a fault, every
            decision is `review`; only every one about photos if `gives` is not empty.
    """

    target: float
    gives: Mapping[str, AcceptPoint]
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A loaded and warm model, with all facts that the routes report about it.

    Attributes:
        version: the version of the release, such as `20261120T101500Z-3f9a1c2e`.
        networks: the networks of the release.
        report: the bytes of its stored evaluation, exactly as `/metrics` returns them.
        evaluation: the parsed evaluation; None if it cannot be parsed, and for a bare artifact (a model
            without a manifest).
        manifest: the manifest; None for a bare artifact.
        figures: the PNGs of its report by file name; empty for a bare artifact.
        categories: the categories of the operator's shop system; None if none are configured.
        acceptance: the effect of WARDROBE_ACCEPT_TARGET; None if the thresholds of the release are used.
        promotion_number: the number of the promotion that made it current; None if it was not found through
            one.
        stale_since: the time since which the store has, or may have, a newer release, because it does not
            answer or its current release is refused; None if this release is up to date.
    """

    version: str
    networks: Networks
    report: bytes
    manifest: Manifest | None
    evaluation: Report | None = None
    figures: Mapping[str, bytes] = field(default_factory=dict)
    categories: ReleaseCategories | None = None
    acceptance: TargetAcceptance | None = None
    promotion_number: int | None = None
    stale_since: datetime | None = None

    @property
    def contract(self) -> ModelContract:
        """Contract (input, labels, thresholds) of the network for small pictures, or of the only network."""
        return self.networks["pixels"].contract

    @property
    def attributes(self) -> Mapping[str, Head]:
        """The labels and thresholds of each further question that the model answers, such as `colour`."""
        return self.manifest.attributes if self.manifest else {}

    @property
    def photo_contract(self) -> ModelContract:
        """Contract (input, labels, thresholds) of the network that reads photos."""
        return self.networks["photos"].contract.find_deciding_contract("photos")

    @property
    def photo_fault(self) -> str | None:
        """Sentence that says why no answer to a photo is accepted; None if a network is for photos."""
        if not self.photo_contract.has_unproven_photo_answers:
            return None
        return (
            f"{self.version} has no network that answers photos, so every answer to a photo is `review`, "
            "`unproven`: serve a release that has one, such as the bundled one."
        )


@dataclass(frozen=True)
class Refusal:
    """A promoted release that the service does not serve, and the reason.

    Attributes:
        promotion_number: the number of the promotion that made the release current.
        version: the version of the release.
        reason: a sentence that says why it is not served.
        is_final: whether the release is tried again only after a new promotion, because all of it has arrived
            and is wrong, or its format is too new. Otherwise it may be repaired in the store.
    """

    promotion_number: int
    version: str
    reason: str
    is_final: bool = False


@dataclass(frozen=True)
class StoreFault:
    """The latest error of a store that does not work, and since when it does not."""

    error: Exception
    since: datetime


@dataclass
class ModelHolder:
    """The holder of the model that is served now, which also records the errors of its store.

    One thread writes to it, and many requests read it without a lock. Therefore an attribute is always
    replaced by a new value, which is atomic in CPython, and never changed in place.

    Attributes:
        current: the model that the next request uses.
        refusals: the promoted releases that are not served.
        fault: the latest error of the store; None if it works.
        is_draining: whether this worker is stopping.
        max_silence_seconds: seconds without a successful poll after which the watcher counts as hanging; None
            if nothing polls.
        last_poll_at: time.monotonic() at the last successful poll, or at the start.
    """

    current: ServedModel
    refusals: tuple[Refusal, ...] = field(default=())
    fault: StoreFault | None = None
    is_draining: bool = False
    max_silence_seconds: float | None = None
    last_poll_at: float = field(default_factory=time.monotonic)

    @property
    def current_fault(self) -> StoreFault | None:
        """Error of the store, or a TimeoutError if the thread that polls it hangs; None without an error."""
        silent = time.monotonic() - self.last_poll_at
        if self.fault is not None or self.max_silence_seconds is None or silent <= self.max_silence_seconds:
            return self.fault
        hangs = TimeoutError(
            f"No poll of the store has succeeded for {silent:.0f} s: the release watcher hangs, on the store "
            "or on a model that does not finish loading. Restart this service if it stays so."
        )
        return StoreFault(hangs, datetime.now(UTC) - timedelta(seconds=silent))

    @property
    def newest_known_number(self) -> int | None:
        """Number of the newest promotion whose release was served or refused; None if none was found yet."""
        numbers = [refusal.promotion_number for refusal in self.refusals]
        if self.current.promotion_number is not None:
            numbers.append(self.current.promotion_number)
        return max(numbers, default=None)

    def replace_model(self, model: ServedModel) -> None:
        """Replace the served model. Requests that have begun keep the model with which they began."""
        self.current = model

    def record_refusals(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """Record promoted releases that are not served. If there are any, the served release counts as stale.

        Earlier refusals that are not final are dropped.

        Args:
            now: the present time, with a time zone.
        """
        again = {self.current.version, *(refusal.version for refusal in refusals)}
        final_refusals = [
            refusal for refusal in self.refusals if refusal.is_final and refusal.version not in again
        ]
        self.refusals = (*final_refusals, *refusals)
        if refusals:
            self._mark_stale(now)

    def record_store_success(self) -> None:
        """Record that the store works.

        The served release is not stale any more, unless a newer one is refused.
        """
        self.fault = None
        self.last_poll_at = time.monotonic()
        if self.current.stale_since is not None and self.newest_known_number == self.current.promotion_number:
            self.current = replace(self.current, stale_since=None)

    def record_store_failure(self, error: Exception, now: datetime) -> None:
        """Record an error of the store. The served release counts as stale from the first error on.

        Args:
            now: the present time, with a time zone.
        """
        since = self.fault.since if self.fault else now
        self.fault = StoreFault(error, since)
        self._mark_stale(since)

    def _mark_stale(self, since: datetime) -> None:
        if self.current.stale_since is None:
            self.current = replace(self.current, stale_since=since)

"""The model being served, and the one reference through which it is swapped.

A request takes `models.current` once and keeps it to its end, so no answer mixes two releases. Opening a
release: load.py; watching for promotions: watcher.py.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.prediction.platform_categories import ReleaseCategories
from inference.contract import Head, ModelContract
from inference.networks import Networks
from model_store.manifest import Manifest
from reports.values import AcceptPoint, Report


@dataclass(frozen=True)
class TargetAcceptance:
    """What WARDROBE_ACCEPT_TARGET gives with a release.

    Attributes:
        target: share of the accepted answers that is to be right, 0..1.
        gives: by set of pictures, what its threshold accepts.
        fault: why the release does not support the target, so that every decision is `review`, or where it
            gives something every decision about photos; else None.
    """

    target: float
    gives: Mapping[str, AcceptPoint]
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """One warm model, with everything that the routes report about it.

    Attributes:
        report: the bytes of its evaluation, as `/metrics` answers them.
        evaluation: what they say; None where they cannot be read here, and of a bare artifact.
        manifest: None for a bare artifact.
        figures: the PNGs of its report by file name, verified with the release; a bare artifact has none.
        categories: the platform's own, one a class; None where the operator names none.
        acceptance: None where the release's own thresholds decide.
        promotion_number: of the promotion that made it current; None when it was not found through one.
        stale_since: since when the store may have, or has, something newer: it does not answer, or what it
            calls current is refused.
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
        """Of the network that reads pixels, where there is one."""
        return self.networks["pixels"].contract

    @property
    def attributes(self) -> Mapping[str, Head]:
        """What is answered beside the class; of a bare artifact nothing."""
        return self.manifest.attributes if self.manifest else {}

    @property
    def photo_contract(self) -> ModelContract:
        """The one that decides about photos, by whichever network."""
        return self.networks["photos"].contract.deciding("photos")

    @property
    def photo_fault(self) -> str | None:
        """Why every decision about photos is `review`, `unproven`, where there is no network for them."""
        if not self.photo_contract.photos_unproven:
            return None
        return (
            f"{self.version} has no network that answers photos, so every answer to a photo is `review`, "
            "`unproven`: serve a release that has one, such as the bundled one."
        )


@dataclass(frozen=True)
class Refusal:
    """A promoted release that is not served, and why.

    Attributes:
        is_final: it is tried again by a new promotion alone, as it was fetched whole and is wrong, or its
            schema is too new; else what is in the store may be mended, or still arrive.
    """

    promotion_number: int
    version: str
    reason: str
    is_final: bool = False


@dataclass(frozen=True)
class StoreFault:
    """What went wrong with the store last, and since when something does."""

    error: Exception
    since: datetime


@dataclass
class ModelHolder:
    """The holder of what is served. One writer (the release watcher, once it runs), many readers.

    Every attribute is replaced whole, never changed in place: an assignment is atomic in CPython.

    Attributes:
        current: another one is served from the next request on.
        max_silence_seconds: seconds without a successful poll after which the watcher counts as hanging;
        None where nothing polls.
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
        """What is wrong with the store, or with the watcher: one that hangs can report nothing itself."""
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
        """The newest promotion that was served or refused; None where none was found yet."""
        numbers = [refusal.promotion_number for refusal in self.refusals]
        return max(
            [*numbers, *([] if self.current.promotion_number is None else [self.current.promotion_number])],
            default=None,
        )

    def serve(self, served: ServedModel) -> None:
        """Serve another release from the next request on."""
        self.current = served

    def refuse(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """Replace what is refused, but for what was refused for good; what is served may be outdated."""
        again = {self.current.version, *(refusal.version for refusal in refusals)}
        final_refusals = [
            refusal for refusal in self.refusals if refusal.is_final and refusal.version not in again
        ]
        self.refusals = (*final_refusals, *refusals)
        if refusals:
            self._mark_stale(now)

    def record_answer(self) -> None:
        """The store works: nothing is stale any more, unless the newest release is refused."""
        self.fault = None
        self.last_poll_at = time.monotonic()
        if self.current.stale_since is not None and self.newest_known_number == self.current.promotion_number:
            self.current = replace(self.current, stale_since=None)

    def record_failure(self, error: Exception, now: datetime) -> None:
        """The store does not work; what is served may be outdated from the first failure on."""
        since = self.fault.since if self.fault else now
        self.fault = StoreFault(error, since)
        self._mark_stale(since)

    def _mark_stale(self, since: datetime) -> None:
        if self.current.stale_since is None:
            self.current = replace(self.current, stale_since=since)

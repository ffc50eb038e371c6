"""Watch the promotions: every worker polls for the number after the one it serves.

One request to the store per poll, jittered so that many workers do not poll at once. A release that must not
be served is refused and remembered: `/readyz` reports it, and the service keeps the old one. What may be
mended, or still arrive, is tried again (retries.py) until a newer promotion comes.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import takewhile

from app.memory import give_back
from app.native_threads import start_native_thread
from app.observability.metrics import Metrics
from app.observability.reference_distribution import reference_distribution
from app.releases.load import open_first
from app.releases.retries import Retries
from app.releases.serving import Models
from app.settings import Settings, SettingsError
from model_store.errors import StoreError
from model_store.promotions import after, newest, record_of
from model_store.records import Promotion, Unread
from model_store.store import Store

log = logging.getLogger("wardrobe")

PATIENCE_REFRESHES, PATIENCE_SECONDS = 4, 120
"""Refreshes, and seconds at least, without a successful poll after which `/readyz` reports that the watcher
hangs: to load a release takes some, however often it polls."""

JITTER = 0.2
"""Share of REFRESH_SECONDS by which a poll may come earlier or later."""


class ReleaseWatcher:
    """Swaps `models.current` when the store has a newer promotion.

    Args:
        open_store: called by the first poll, in its thread: gevent ties the sockets of an S3 connection to
            the thread that opened them.
        clock: seconds that only grow, by which a refused release is tried again.
    """

    def __init__(
        self,
        settings: Settings,
        open_store: Callable[[], Store],
        models: Models,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._open_store = open_store
        self._models = models
        self._metrics = metrics
        self._newest_known = models.newest_known
        self._retries = Retries(clock)
        self._retries.begin()
        self._stopped = threading.Event()
        self._ended = threading.Event()

    def start(self) -> None:
        """Poll in the background until `stop`."""
        self._models.patience = max(PATIENCE_REFRESHES * self._settings.refresh_seconds, PATIENCE_SECONDS)
        # Loading and verifying a release take seconds, and would stop the event loop.
        start_native_thread(self._run, "release-watcher")

    def stop(self) -> None:
        """End the background polling; returns once it has ended."""
        self._stopped.set()
        self._ended.wait()

    def poll(self) -> None:
        """Ask once, and serve what is newer. Raises nothing: `/readyz` and the log report a fault."""
        try:
            promotion = self._newer() or self._due()
            if promotion is not None:
                self._adopt(promotion)
        except (StoreError, SettingsError) as error:
            # One line for each change: an outage of an hour would be a thousand of them.
            level = logging.ERROR if self._models.fault is None else logging.DEBUG
            log.log(level, "%s Serving %s on.", error, self._models.current.version)
            self._failed(error)
        except Exception as error:  # the thread's boundary: without it, an error would end the watcher
            log.exception(
                "A poll failed in a way that is not known here. Serving %s on.", self._models.current.version
            )
            self._failed(error)
        else:
            if self._models.fault is not None:
                log.info("The store answers again.")
            self._models.store_answered()
            self._metrics.count_poll("ok")
        self._metrics.set_condition(self._models)

    def _failed(self, error: Exception) -> None:
        self._models.store_failed(error, datetime.now(UTC))
        self._metrics.count_poll("failed")

    def _run(self) -> None:
        while not self._stopped.wait(self._pause()):
            self.poll()
            give_back()  # what was replaced is freed once its last request has its answer
        self._ended.set()

    def _pause(self) -> float:
        usual = self._settings.refresh_seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
        until_due = self._retries.seconds_left if self._models.waits_for(self._newest_known) else usual
        return min(usual, until_due) if until_due > 0 else usual  # the last poll failed before what was due

    @cached_property
    def _store(self) -> Store:
        return self._open_store()

    def _newer(self) -> Promotion | None:
        """The newest promotion that was not known.

        Raises:
            RecordUnreadable: it cannot be read; it is read again by the next poll.
        """
        number = self._newest_known
        record = newest(self._store) if number is None else after(self._store, number)
        if isinstance(record, Unread):
            raise record.error
        return record

    def _due(self) -> Promotion | None:
        """The newest promotion that is known, where something of it is to be tried again now."""
        number = self._newest_known
        if number is None or not self._models.waits_for(number) or self._retries.seconds_left > 0:
            return None
        self._retries.postpone()
        record = record_of(self._store, number)
        return record if isinstance(record, Promotion) else None

    def _adopt(self, promotion: Promotion) -> None:
        serving = self._models.current.version
        self._models.record_read(promotion.number)
        if promotion.version == serving:
            self._models.serve(replace(self._models.current, number=promotion.number))
        elif candidates := self._to_try(promotion, serving):
            self._try(promotion, candidates)
        if promotion.number != self._newest_known:
            self._newest_known = promotion.number
            self._retries.begin()

    def _to_try(self, promotion: Promotion, serving: str) -> list[str]:
        """The candidates before what is served; of those refused for good only what is promoted again."""
        refused = {
            refusal.version
            for refusal in self._models.refusals
            if refusal.for_good
            and (refusal.number == promotion.number or refusal.version != promotion.version)
        }
        before = takewhile(lambda version: version != serving, promotion.in_turn)
        return [version for version in before if version not in refused]

    def _try(self, promotion: Promotion, candidates: list[str]) -> None:
        earlier = self._models.refusals
        attempt = open_first(self._settings, self._store, promotion, candidates, earlier)
        before, logged = self._models.current.version, {refusal.of for refusal in earlier}
        new = [refusal for refusal in attempt.refusals if refusal.of not in logged]
        if attempt.served is not None:
            served = attempt.served
            self._metrics.set_release(served.version, before, reference_distribution(served))
            self._models.serve(served)
            log.info("Serving %s (promotion %d).", served.version, promotion.number)
        elif new and attempt.fault is None:
            log.error("Serving %s on.", before)
        for refusal in attempt.refusals:
            self._models.refuse(refusal, datetime.now(UTC))
        for _ in new:
            self._metrics.count_refusal()
        if attempt.fault is not None:
            raise attempt.fault  # the next poll tries again

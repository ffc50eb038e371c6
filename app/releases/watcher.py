"""Watch the promotions: every worker polls for the number after the one it serves.

One request to the store per poll, jittered so that many workers do not poll at once. A release that must not
be served is refused and remembered: `/readyz` reports it, and the service keeps the old one. While one may be
mended, or still arrive, each poll looks whether it is whole.
"""

import logging
import random
import threading
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
from app.releases.serving import Models
from app.settings import Settings, SettingsError
from model_store.errors import StoreError
from model_store.promotions import read_newer_promotion, read_newest_promotion
from model_store.records import Promotion
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
    """

    def __init__(
        self,
        settings: Settings,
        open_store: Callable[[], Store],
        models: Models,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._open_store = open_store
        self._models = models
        self._metrics = metrics
        self._newest_known = models.newest_known
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
            promotion = self._newer()
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
        while not self._stopped.wait(
            self._settings.refresh_seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
        ):
            self.poll()
            give_back()  # what was replaced is freed once its last request has its answer
        self._ended.set()

    @cached_property
    def _store(self) -> Store:
        return self._open_store()

    def _newer(self) -> Promotion | None:
        """The newest promotion that was not known, or of which a release may be served by now.

        Raises:
            RecordUnreadable: it cannot be read; it is read again by the next poll.
        """
        if self._newest_known is None or any(not refusal.for_good for refusal in self._models.refusals):
            return read_newest_promotion(self._store)
        return read_newer_promotion(self._store, self._newest_known)

    def _adopt(self, promotion: Promotion) -> None:
        serving, earlier = self._models.current.version, self._models.refusals
        # Of those refused for good only what is promoted again is tried.
        refused = {
            refusal.version
            for refusal in earlier
            if refusal.for_good
            and (refusal.number == promotion.number or refusal.version != promotion.version)
        }
        before = takewhile(lambda version: version != serving, promotion.candidates)
        candidates = [version for version in before if version not in refused]
        if promotion.version == serving:
            self._models.serve(replace(self._models.current, number=promotion.number))
        attempt = open_first(self._settings, self._store, promotion, candidates, earlier)
        logged = {(refusal.number, refusal.version) for refusal in earlier}
        new = [refusal for refusal in attempt.refusals if (refusal.number, refusal.version) not in logged]
        if attempt.served is not None:
            served = attempt.served
            self._metrics.set_release(served.version, serving, reference_distribution(served))
            self._models.serve(served)
            log.info("Serving %s (promotion %d).", served.version, promotion.number)
        elif new and attempt.fault is None:
            log.error("Serving %s on.", serving)
        self._models.refuse(attempt.refusals, datetime.now(UTC))
        for _ in new:
            self._metrics.count_refusal()
        if attempt.fault is not None:
            raise attempt.fault  # the next poll tries again
        self._newest_known = promotion.number

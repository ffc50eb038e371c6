"""Watch a store for promotions, the numbered records that make a release current.

Every worker asks the store for the number after the one that it serves. If a newer release cannot be served,
the worker keeps the old one, and `/readyz` says why. As long as the newer one may be repaired, each poll
checks whether it is complete.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import takewhile

from app.memory import release_free_memory
from app.native_threads import start_native_thread
from app.observability.metrics import Metrics
from app.observability.reference_distribution import create_reference_distribution
from app.releases.load import open_first_candidate
from app.releases.serving import ModelHolder
from app.settings import Settings, SettingsError
from model_store.errors import StoreError
from model_store.promotions import read_newer_promotion, read_newest_promotion
from model_store.records import Promotion
from model_store.store import Store

log = logging.getLogger("wardrobe")

MAX_SILENT_REFRESHES, MIN_SILENT_SECONDS = 4, 120
"""Number of intervals without a successful poll after which `/readyz` reports that polling hangs, and the
seconds that have to pass in any case, because loading a release takes some time."""

JITTER_SHARE = 0.2
"""Share of REFRESH_SECONDS by which a poll comes earlier or later at random, so that workers do not poll
together."""


class ReleaseWatcher:
    """A background thread that polls a store and replaces the served model when a newer release is promoted.

    Args:
        settings: the settings of the service.
        open_store: a function that opens the store. The first poll calls it in the background thread, because
            gevent ties the sockets of an S3 connection to the thread that opened them.
        models: the holder of the served model, which the thread changes.
        metrics: the Prometheus metrics, which count polls and refused releases.
    """

    def __init__(
        self,
        settings: Settings,
        open_store: Callable[[], Store],
        models: ModelHolder,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._open_store = open_store
        self._models = models
        self._metrics = metrics
        self._newest_known = models.newest_known_number
        self._stopped = threading.Event()
        self._ended = threading.Event()

    def start(self) -> None:
        """Start the thread, which polls every REFRESH_SECONDS until `stop` is called."""
        self._models.max_silence_seconds = max(
            MAX_SILENT_REFRESHES * self._settings.refresh_seconds, MIN_SILENT_SECONDS
        )
        # Loading and verifying a release takes seconds, which would stop the event loop.
        start_native_thread(self._poll_regularly, "release-watcher")

    def stop(self) -> None:
        """Stop the thread, and wait until it has ended."""
        self._stopped.set()
        self._ended.wait()

    def poll(self) -> None:
        """Ask the store once for a newer release, and serve it if there is one.

        An error is not raised: it is logged, and recorded for `/readyz`.
        """
        try:
            promotion = self._read_newer()
            if promotion is not None:
                self._adopt_promotion(promotion)
        except (StoreError, SettingsError) as error:
            # Only the first failure is an error in the log: an outage of an hour would give a thousand lines.
            level = logging.ERROR if self._models.fault is None else logging.DEBUG
            log.log(level, "%s Serving %s on.", error, self._models.current.version)
            self._record_failure(error)
        except Exception as error:  # without this, an error would end the thread
            log.exception(
                "A poll failed in a way that is not known here. Serving %s on.", self._models.current.version
            )
            self._record_failure(error)
        else:
            if self._models.fault is not None:
                log.info("The store answers again.")
            self._models.record_store_success()
            self._metrics.count_poll("ok")
        self._metrics.set_store_condition(self._models)

    def _record_failure(self, error: Exception) -> None:
        self._models.record_store_failure(error, datetime.now(UTC))
        self._metrics.count_poll("failed")

    def _poll_regularly(self) -> None:
        while not self._stopped.wait(
            self._settings.refresh_seconds * random.uniform(1 - JITTER_SHARE, 1 + JITTER_SHARE)  # noqa: S311 - no secret
        ):
            self.poll()
            release_free_memory()  # a replaced model is freed after its last request was answered
        self._ended.set()

    @cached_property
    def _store(self) -> Store:
        return self._open_store()

    def _read_newer(self) -> Promotion | None:
        """Return the newest promotion; None if it was seen before, and no refused release may be tried again.

        Raises:
            RecordUnreadable: the record cannot be read; the next poll reads it again.
        """
        if self._newest_known is None or any(not refusal.is_final for refusal in self._models.refusals):
            return read_newest_promotion(self._store)
        return read_newer_promotion(self._store, self._newest_known)

    def _adopt_promotion(self, promotion: Promotion) -> None:
        served_version = self._models.current.version
        earlier_refusals = self._models.refusals
        # A release with a final refusal is tried only if this promotion makes it current anew.
        refused_versions = {
            refusal.version
            for refusal in earlier_refusals
            if refusal.is_final
            and (refusal.promotion_number == promotion.number or refusal.version != promotion.version)
        }
        # Candidates behind the served release would be a step back.
        newer_candidates = takewhile(lambda version: version != served_version, promotion.candidates)
        candidates = [version for version in newer_candidates if version not in refused_versions]
        if promotion.version == served_version:
            self._models.replace_model(replace(self._models.current, promotion_number=promotion.number))
        attempt = open_first_candidate(self._settings, self._store, promotion, candidates, earlier_refusals)
        known = {(refusal.promotion_number, refusal.version) for refusal in earlier_refusals}
        new_refusals = [
            refusal
            for refusal in attempt.refusals
            if (refusal.promotion_number, refusal.version) not in known
        ]
        if attempt.model is not None:
            served = attempt.model
            self._metrics.set_release(served.version, served_version, create_reference_distribution(served))
            self._models.replace_model(served)
            log.info("Serving %s (promotion %d).", served.version, promotion.number)
        elif new_refusals and attempt.fault is None:
            log.error("Serving %s on.", served_version)
        self._models.record_refusals(attempt.refusals, datetime.now(UTC))
        for _ in new_refusals:
            self._metrics.count_refused_release()
        if attempt.fault is not None:
            raise attempt.fault  # the next poll tries again
        self._newest_known = promotion.number

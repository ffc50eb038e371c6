"""What Prometheus scrapes: requests, latency by stage, answers, drift, releases. Right over several workers.

Each app counts in files of its own, so that a fresh app in a test starts at zero. Under gunicorn, workers
have theirs in PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py empties at start. Every metric is made here
and listed in docs/operations.md; how numbers get into files is shared_counts.py.
"""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, multiprocess
from prometheus_client.exposition import choose_encoder

from app.observability.dead_counts import nobody_merging
from app.observability.drift import NOTHING_KNOWN, Reference
from app.observability.shared_counts import Cells, Distribution, Distributions, Family
from app.releases.serving import Models
from inference.arrays import Pixels
from inference.classifier import Prediction

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Histogram bounds: from one stage of a thumbnail to the longest wait in the queue."""

TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
CONFIDENCES = (*TENTHS[1:-1], 0.95, 0.99, 1.0)
"""Most answers are above 0.9, and so is the threshold of the bundled release."""

FAMILIARITIES = (0.01, 0.05, *TENTHS)
"""The finest are below the usual threshold: what is not one of the classes is there."""

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Those that get a label; gunicorn lets clients make up others, and every label stays in memory."""


class Metrics:
    """The metrics of one app.

    Args:
        directory: where workers share their counts; None counts in this process alone.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory or _temporary(self)
        self._lock = threading.Lock()
        self._counters = Cells(self._directory, "counter")
        self._histograms = Cells(self._directory, "histogram")
        self._sums = Cells(self._directory, "gauge_livesum")
        self._maxima = Cells(self._directory, "gauge_livemax")
        self._requests_and_answers()
        self._operation()

    def _requests_and_answers(self) -> None:
        self._requests = self._counter("requests", "Requests answered.", "route", "method", "status")
        self._problems = self._counter("problems", "Problems told, by the end of their type.", "type")
        self._predictions = self._counter(
            "predictions", "Pictures classified.", "label", "decision", "reason"
        )
        self._latency = Distributions(
            self._histograms, "wardrobe_request_seconds", "Wall time of a request.", SECONDS, "route"
        )
        self._stages = Distributions(
            self._histograms, "wardrobe_stage_seconds", "Wall time of a request's stages.", SECONDS, "stage"
        )
        self._confidence = self._histogram("confidence", "Largest probability.", CONFIDENCES)
        self._familiarity = self._histogram(
            "familiarity", "Share of held-out pictures that were at least as strange.", FAMILIARITIES
        )
        self._filled = self._histogram(
            "filled_share", "Share of the 28 x 28 pixels that are not background.", TENTHS
        )

    def _operation(self) -> None:
        self._polls = self._counter("polls", "Times that the store was asked what is new.", "outcome")
        self._refused = self._counter("releases_refused", "Promoted releases that were not served.")
        self._dropped = self._counter("log_lines_dropped", "Log lines that stderr did not take.")
        self._in_progress = self._sum("requests_in_progress", "Requests being answered.")
        self._places = self._sum("places", "Requests that may wait and work at a time.")
        self._workers = self._sum("workers", "Workers that have started.")
        self._failing = self._sum("store_failing", "Workers that the store did not answer last time.")
        self._stale = self._sum("release_stale", "Workers whose release may not be the current one.")
        self._release = self._largest("release_info", "1 for the release being served.", "version")
        self._usual_labels = self._largest("label_reference", "Share of test pictures with it.", "label")
        self._usual_familiarity = self._largest(
            "familiarity_reference", "Share of held-out pictures that are no more familiar.", "bound"
        )

    def begin_request(self) -> None:
        """One request came in; `end_request` follows, whatever becomes of it."""
        with self._lock:
            self._sums.add(self._in_progress.cell(), 1.0)

    def end_request(self) -> None:
        """One request is over."""
        with self._lock:
            self._sums.add(self._in_progress.cell(), -1.0)

    def count_request(
        self, route: str, method: str, status: int, seconds: float, stages: Mapping[str, float]
    ) -> None:
        """One answered request.

        Args:
            route: the rule, not the path, so that strangers cannot add labels.
            method: as the client wrote it.
            status: of the answer.
            seconds: wall time in all.
            stages: milliseconds of those that a classifying request went through.
        """
        answered = self._requests.cell(route, method if method in METHODS else "other", str(status))
        latency = self._latency.of(route)
        spent = [(self._stages.of(stage), milliseconds / 1000) for stage, milliseconds in stages.items()]
        with self._lock:
            self._counters.add(answered, 1.0)
            latency.add(seconds)
            for stage, stage_seconds in spent:
                stage.add(stage_seconds)

    def count_prediction(self, prediction: Prediction, pixels: Pixels | None = None) -> None:
        """One classified picture, and what the model saw of it."""
        answer = self._predictions.cell(prediction.label, prediction.decision, prediction.reason or "")
        filled = None if pixels is None else 1.0 - pixels.tobytes().count(0) / pixels.size
        with self._lock:
            self._counters.add(answer, 1.0)
            self._confidence.add(prediction.confidence)
            if prediction.familiarity is not None:
                self._familiarity.add(prediction.familiarity)
            if filled is not None:
                self._filled.add(filled)

    def count_problem(self, kind: str) -> None:
        """One problem that a client was told; `kind` is its `type`, of which problems.py has a few dozen."""
        self._count(self._problems.cell(kind.rpartition(":")[2]))

    def count_refusal(self) -> None:
        """One promoted release that is not served."""
        self._count(self._refused.cell())

    def count_dropped_lines(self, lines: int) -> None:
        """Log lines that were not written."""
        with self._lock:
            self._counters.add(self._dropped.cell(), float(lines))

    def count_poll(self, outcome: Literal["ok", "failed"]) -> None:
        """One question to the store whether there is something newer."""
        self._count(self._polls.cell(outcome))

    def tell_capacity(self, places: int) -> None:
        """This worker has started, and how many requests may have a place in it at a time."""
        with self._lock:
            self._sums.set(self._workers.cell(), 1.0)
            self._sums.set(self._places.cell(), float(places))

    def tell_release(
        self, version: str, before: str | None = None, reference: Reference = NOTHING_KNOWN
    ) -> None:
        """The version that is served from now on, the one that was before, and what is usual from now on."""
        values = dict.fromkeys(self._usual_labels.cells(), 0.0)
        if before is not None:
            values[self._release.cell(before)] = 0.0
        values[self._release.cell(version)] = 1.0
        values |= {self._usual_labels.cell(label): share for label, share in reference.labels.items()}
        if reference.familiarity:
            values |= {self._usual_familiarity.cell(str(bound)): bound for bound in FAMILIARITIES}
        with self._lock:
            for cell, value in values.items():
                self._maxima.set(cell, value)

    def tell_condition(self, models: Models) -> None:
        """Whether what is served may be outdated, and whether the store answers."""
        with self._lock:
            self._sums.set(self._failing.cell(), float(models.trouble is not None))
            self._sums.set(self._stale.cell(), float(models.current.stale_since is not None))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All counts of all workers in the format that `accept` prefers, and its Content-Type."""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=str(self._directory))  # type: ignore[no-untyped-call]
        encode, content_type = choose_encoder(accept)
        with nobody_merging(self._directory):
            return encode(registry), content_type

    def _count(self, cell: int) -> None:
        with self._lock:
            self._counters.add(cell, 1.0)

    def _counter(self, name: str, description: str, *labels: str) -> Family:
        metric = f"wardrobe_{name}"
        return Family(self._counters, metric, f"{metric}_total", description, labels)

    def _sum(self, name: str, description: str) -> Family:
        return Family(self._sums, f"wardrobe_{name}", f"wardrobe_{name}", description)

    def _largest(self, name: str, description: str, label: str) -> Family:
        return Family(self._maxima, f"wardrobe_{name}", f"wardrobe_{name}", description, (label,))

    def _histogram(self, name: str, description: str, bounds: tuple[float, ...]) -> Distribution:
        return Distribution(self._histograms, f"wardrobe_{name}", description, bounds, {})


def _temporary(owner: Metrics) -> Path:
    """A folder that lives as long as its owner."""
    folder = Path(tempfile.mkdtemp(prefix="wardrobe-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder

"""What Prometheus scrapes: requests, latency by stage, decisions, releases. Right over several workers.

Each app has a registry of its own, so that a fresh app in a test starts at zero. Under gunicorn, workers
share counts through files in PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py empties at start.
"""

from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from prometheus_client.exposition import choose_encoder

from inference.classifier import Prediction

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Histogram bounds: from below a thumbnail's whole cost to the longest wait in the queue."""

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Those that get a label; gunicorn lets clients make up others, and every label stays in memory."""

TENTHS = tuple(tenth / 10 for tenth in range(1, 11))


class Instruments:
    """The metrics of one app.

    Args:
        directory: where workers share their counts; None counts in this process alone.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "wardrobe_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._latency = Histogram(
            "wardrobe_request_seconds",
            "Wall time of a request.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "wardrobe_stage_seconds",
            "Wall time of a request's stages.",
            ["stage"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._predictions = Counter(
            "wardrobe_predictions",
            "Pictures classified.",
            ["label", "decision", "reason"],
            registry=self._registry,
        )
        self._confidence = Histogram(
            "wardrobe_confidence", "Largest probability.", buckets=TENTHS, registry=self._registry
        )
        self._refused = Counter(
            "wardrobe_releases_refused", "Promoted releases that were not served.", registry=self._registry
        )
        self._polls = Counter(
            "wardrobe_polls",
            "Times that the store was asked what is new.",
            ["outcome"],
            registry=self._registry,
        )
        self._release = Gauge(
            "wardrobe_release_info",
            "1 for the release being served.",
            ["version"],
            registry=self._registry,
            multiprocess_mode="livemax",
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One answered request; `route` is the rule, not the path, so that strangers cannot add labels."""
        self._requests.labels(route, method if method in METHODS else "other", str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def count_stages(self, milliseconds: dict[str, float]) -> None:
        """The stages that a classifying request went through."""
        for stage, spent in milliseconds.items():
            self._stages.labels(stage).observe(spent / 1000)

    def count_prediction(self, prediction: Prediction) -> None:
        """One classified picture."""
        self._predictions.labels(prediction.label, prediction.decision, prediction.reason or "").inc()
        self._confidence.observe(prediction.confidence)

    def count_refusal(self) -> None:
        """One promoted release that is not served."""
        self._refused.inc()

    def count_poll(self, outcome: Literal["ok", "failed"]) -> None:
        """One question to the store whether there is something newer."""
        self._polls.labels(outcome).inc()

    def tell_release(self, version: str, before: str | None = None) -> None:
        """The version that is served from now on, and the one that no longer is."""
        if before is not None:
            self._release.labels(before).set(0)
        self._release.labels(version).set(1)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All counts in the format that `accept` prefers, and its Content-Type."""
        registry = self._registry
        if self._directory is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, path=str(self._directory))  # type: ignore[no-untyped-call]
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type

"""Metrics for Prometheus: requests, latency by stage, answers, the reference distribution, and releases.

prometheus_client counts in memory for one process. If PROMETHEUS_MULTIPROC_DIR names a folder, all workers
count in files there, so that one scrape covers all of them. docs/runbook.md says which metrics to watch.
"""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    multiprocess,
)
from prometheus_client.exposition import choose_encoder

from app.observability.reference_distribution import NO_REFERENCE, ReferenceDistribution
from app.releases.serving import ModelHolder
from inference.classifier import Prediction

disable_created_metrics()  # type: ignore[no-untyped-call]

LATENCY_BOUNDS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
)
"""Upper bounds, in seconds, of the buckets of the latency histogram: from a tiny picture to the longest wait
in the queue."""

TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
"""The numbers 0.1, 0.2, ... 1.0, for the bounds of histograms."""

CONFIDENCE_BOUNDS = (*TENTHS[1:-1], 0.95, 0.99, 1.0)
"""Upper bounds of the buckets of the histogram of confidence. They are finest above 0.9, where most answers
and the threshold of the bundled release are."""

FAMILIARITY_BOUNDS = (0.01, 0.05, *TENTHS)
"""Upper bounds of the buckets of the histogram of familiarity (0 to 1: how much a picture looks like the
training pictures). They are finest around .02, the usual threshold below which an answer needs a review."""

METHODS_WITH_LABEL = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""HTTP methods that metrics tell apart. gunicorn accepts invented ones, too, and each new one would stay in
memory."""


class Metrics:
    """The Prometheus metrics of one app: requests, latency, predictions, releases and polls of the store.

    Args:
        directory: PROMETHEUS_MULTIPROC_DIR, where workers share their counts; None for a single process.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._registry = CollectorRegistry()
        self._reference = NO_REFERENCE
        self._create_request_metrics()
        self._create_operation_metrics()

    def _create_request_metrics(self) -> None:
        counter = partial(Counter, namespace="wardrobe", registry=self._registry)
        histogram = partial(Histogram, namespace="wardrobe", registry=self._registry)
        requests = counter("requests", "Requests answered.", ("method", "route", "status"))
        self._requests = cache(requests.labels)  # prometheus_client takes 4 us to find a counter
        self._problems = counter("problems", "Problems answered, by the end of their type.", ("type",))
        predictions = counter("predictions", "Pictures classified.", ("decision", "label", "reason"))
        self._predictions = cache(predictions.labels)
        attributes = counter(
            "attribute_predictions", "Attributes answered.", ("attribute", "decision", "reason")
        )
        self._attributes = cache(attributes.labels)
        latency = histogram(
            "request_seconds",
            "Wall time from the whole body on.",
            ("route",),
            buckets=LATENCY_BOUNDS,
        )
        self._latency = cache(latency.labels)
        # Only seconds are counted, because a histogram of each stage would cost a request four times as much.
        stages = counter("stage_seconds", "Wall time that requests spent in a stage.", ("stage",))
        self._stages = cache(stages.labels)
        self._confidence = histogram("confidence", "Largest probability.", buckets=CONFIDENCE_BOUNDS)
        self._familiarity = histogram(
            "familiarity", "Share of held-out pictures that are no more familiar.", buckets=FAMILIARITY_BOUNDS
        )

    def _create_operation_metrics(self) -> None:
        counter = partial(Counter, namespace="wardrobe", registry=self._registry)
        # Gauges disappear with their process.
        gauge = partial(Gauge, namespace="wardrobe", registry=self._registry)
        total = partial(gauge, multiprocess_mode="livesum")
        largest = partial(gauge, multiprocess_mode="livemax")
        self._polls = counter("polls", "Polls of the store for a newer release.", ("outcome",))
        self._refused = counter("releases_refused", "Promoted releases that were not served.")
        self._dropped = counter("log_lines_dropped", "Log lines that stderr did not take.")
        self._places = total("places", "Requests that may wait and work at a time.")
        self._workers = total("workers", "Workers that have started.")
        self._failing = total("store_failing", "Workers that the store did not answer last time.")
        self._stale = total("release_stale", "Workers whose release may not be the current one.")
        self._release = largest("release_info", "1 for the release being served.", ("version",))
        self._reference_labels = largest("label_reference", "Share of test pictures with it.", ("label",))
        self._reference_familiarity = largest(
            "familiarity_reference", "Share of held-out pictures that are no more familiar.", ("bound",)
        )

    def count_request(
        self, route: str, method: str, status: int, seconds: float, stages: Mapping[str, float]
    ) -> None:
        """Count one answered request, with its latency and the time of each stage.

        Args:
            route: the URL rule. It is not the path, since clients must not be able to add labels.
            method: the HTTP method as the client wrote it.
            status: the HTTP status of the answer.
            seconds: wall time of the answer. The time in which the body arrived is left out, since a slow
                client does not make the service slow.
            stages: milliseconds of each stage that a classifying request went through.
        """
        self._requests(method if method in METHODS_WITH_LABEL else "other", route, str(status)).inc()
        self._latency(route).observe(seconds)
        for stage, milliseconds in stages.items():
            self._stages(stage).inc(milliseconds / 1000)

    def count_prediction(self, prediction: Prediction) -> None:
        """Count the prediction for one picture, with its label, decision, confidence and familiarity."""
        answer = prediction.answer
        self._predictions(answer.decision, answer.label, answer.reason or "").inc()
        self._confidence.observe(answer.confidence)
        for name, answer in prediction.attributes.items():
            self._attributes(name, answer.decision, answer.reason or "").inc()
        if prediction.familiarity is not None:
            self._familiarity.observe(prediction.familiarity)

    def count_problem(self, problem: str) -> None:
        """Count one error answer.

        Args:
            problem: the `type` of its problem document (RFC 9457), such as `urn:wardrobe:problem:too-large`.
        """
        self._problems.labels(problem.rpartition(":")[2]).inc()

    def count_refused_release(self) -> None:
        """Count one release that was promoted but that this service refuses to serve."""
        self._refused.inc()

    def count_dropped_lines(self, lines: int) -> None:
        """Count log lines that were dropped because stderr was full, closed or not read."""
        self._dropped.inc(lines)

    def count_poll(self, outcome: Literal["ok", "failed"]) -> None:
        """Count one poll of the store for a newer release.

        Args:
            outcome: whether the store answered ("ok") or there was an error ("failed").
        """
        self._polls.labels(outcome).inc()

    def set_request_capacity(self, places: int) -> None:
        """Report that this worker has started, and how many requests it admits at a time.

        Args:
            places: the number of requests that may run and wait together.
        """
        self._workers.set(1)
        self._places.set(places)

    def set_release(
        self,
        version: str,
        previous_version: str | None = None,
        reference: ReferenceDistribution = NO_REFERENCE,
    ) -> None:
        """Report which release is served from now on, and which answers to expect from it.

        Args:
            previous_version: the version that was served before; None at the start.
            reference: the distribution of the answers to held-out pictures, to compare today's answers with.
        """
        # A value that was reported once stays until the process ends, so the old ones become 0.
        if previous_version is not None:
            self._release.labels(previous_version).set(0)
        self._release.labels(version).set(1)
        for label in self._reference.labels:
            self._reference_labels.labels(label).set(0)
        for label, share in reference.labels.items():
            self._reference_labels.labels(label).set(share)
        if reference.has_familiarity:
            # Familiarity is a rank among held-out pictures: the share below .05 is .05, by its definition.
            for bound in FAMILIARITY_BOUNDS:
                self._reference_familiarity.labels(str(bound)).set(bound)
        self._reference = reference

    def set_store_condition(self, models: ModelHolder) -> None:
        """Report whether the store answers, and whether it may have a newer release than the served one.

        Args:
            models: the holder of the served model, which records errors of the store.
        """
        self._failing.set(models.fault is not None)
        self._stale.set(models.current.stale_since is not None)

    def encode_metrics(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics of all workers in Prometheus' format, and the Content-Type of this format.

        Args:
            accept: the Accept header of the scraper, which chooses between Prometheus' two formats.
        """
        registry = self._registry
        if self._directory is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, path=str(self._directory))  # type: ignore[no-untyped-call]
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type

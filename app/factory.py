"""Create the Flask app: the one place where the parts of the service are chosen and put together.

wsgi.py and the tests call `create_app`. Importing a file of this package starts nothing.
"""

import logging
from dataclasses import dataclass
from functools import partial

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from app.api.classify import RouteServices
from app.api.docs import create_docs_routes
from app.api.health import create_health_routes
from app.api.model import create_model_routes
from app.api.predict import create_predict_routes
from app.api.problems import register_problem_handlers
from app.api.report import create_report_routes
from app.api.web_page import create_web_page_routes
from app.json_provider import OrjsonProvider
from app.middleware.request_context import RequestMiddleware, check_host
from app.middleware.unread_answers import UnreadAnswerLimit
from app.observability.log_queue import set_dropped_line_counter
from app.observability.metrics import Metrics
from app.observability.reference_distribution import create_reference_distribution
from app.payloads.body import BodyReader
from app.payloads.limits import compute_max_large_body_bytes, compute_max_small_body_bytes
from app.prediction.admission import MAX_LARGE_REQUESTS, RequestQueue, RequestQueues
from app.protocols import create_protocol_model_routes, create_protocol_routes
from app.releases.load import load_models, open_configured_store
from app.releases.serving import ModelHolder
from app.releases.watcher import ReleaseWatcher
from app.security.api_keys import ApiKeys, is_known_client, require_api_keys
from app.settings import CURRENT, Settings
from inference.pictures.decode import prepare_decoders
from inference.words.recognition import preload_languages
from model_store.store import Store, open_store

log = logging.getLogger("wardrobe")

CORS_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
"""HTTP methods that pages of other origins may use, if WARDROBE_CORS_ORIGINS allows the origin."""

EXPOSED_HEADERS = [
    "X-Request-ID",
    "X-Model-Version",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
]
"""Headers of an answer that pages of other origins may read, in addition to those that browsers always
show."""


PREFLIGHT_SECONDS = 7200
"""Seconds for which browsers may keep the answer to a CORS preflight, the longest that Chromium accepts."""


@dataclass(frozen=True)
class AppResources:
    """The long-lived objects of an app, stored as `app.extensions["wardrobe"]`.

    Attributes:
        models: the holder of the model that is served.
        queues: the queues in which requests wait until they may run.
        watcher: the object that polls the store for newer releases; None if there is nothing to poll.
    """

    models: ModelHolder
    queues: RequestQueues
    watcher: ReleaseWatcher | None

    def drain(self) -> None:
        """Make `/readyz` answer 503 from now on, since this worker is going to stop."""
        self.models.is_draining = True


def create_app(settings: Settings) -> Flask:
    """Create the Flask app: load the model, connect all parts, and start to poll for newer releases.

    Raises:
        SettingsError: the settings do not fit together, or the key file cannot be read.
        StoreError: no model is available.
        ModelError: the model is there but cannot be run.
    """
    prepare_decoders(settings.max_pixels)
    preload_languages()
    store = open_configured_store(settings)
    models = load_models(settings, store)
    metrics = Metrics(settings.prometheus_dir)
    set_dropped_line_counter(metrics.count_dropped_lines)
    metrics.set_request_capacity(settings.slots + settings.queue_length)
    metrics.set_release(models.current.version, reference=create_reference_distribution(models.current))
    metrics.set_store_condition(models)
    for _ in models.refusals:
        metrics.count_refused_release()

    app = Flask(__name__, static_folder=None)
    app.json = OrjsonProvider(app)
    app.url_map.converters["default"] = PathPartConverter  # before any route is added
    register_problem_handlers(app)
    queues = _create_queues(settings)
    keys = None if settings.api_keys_file is None else ApiKeys(settings.api_keys_file)
    app.before_request(check_host)
    if keys is not None:  # before the rates, so that the log line of a refusal names the key
        require_api_keys(app, keys)
    app.register_blueprint(create_health_routes(models, partial(is_known_client, keys)))
    _register_routes(app, settings, models, queues, metrics)
    _register_pages(app, settings, metrics)
    _allow_origins(app, settings)
    # After the layer that logs was added: so log and rates see the client's address, and not the proxy's.
    _trust_proxies(app, settings)
    app.extensions["wardrobe"] = AppResources(
        models, queues, _start_watcher(settings, store, models, metrics)
    )
    # This is the last step, because a fault such as a missing key file ends the start before it.
    log.info("Serving %s from %s.", models.current.version, settings.model_store)
    return app


class PathPartConverter(BaseConverter):
    """A converter of Werkzeug for URL variables that contain neither a slash nor a colon.

    TensorFlow Serving writes a method behind a colon. Without this converter, the rule `/v1/models/<name>`
    would also match `/v1/models/wardrobe:predict`, and answer that only its own HTTP methods are allowed.
    """

    regex = "[^/:]+"
    part_isolating = True


def _create_queues(settings: Settings) -> RequestQueues:
    small = RequestQueue(settings.slots, settings.queue_length, settings.queue_seconds)
    # As many places as for small requests: a request that turns out to be large must find one there.
    places = settings.slots + settings.queue_length
    large = RequestQueue(MAX_LARGE_REQUESTS, places - MAX_LARGE_REQUESTS, settings.queue_seconds)
    return RequestQueues(small, large)


def _register_routes(
    app: Flask, settings: Settings, models: ModelHolder, queues: RequestQueues, metrics: Metrics
) -> None:
    bodies = BodyReader(compute_max_large_body_bytes(settings), compute_max_small_body_bytes(settings))
    services = RouteServices(settings=settings, models=models, body_reader=bodies, queues=queues)
    limited = (create_predict_routes(services, metrics), create_protocol_routes(services))
    if settings.rate_limit is not None:
        # Imported here, because its libraries take 0.04 s and most services set no rate.
        from app.security.rate_limits import limit_request_rate  # noqa: PLC0415

        limit_request_rate(app, settings.rate_limit, settings.rate_limit_storage, *limited)
    unread_answers = UnreadAnswerLimit()
    for blueprint in limited:
        blueprint.after_request(unread_answers.limit_unread_answer)
        app.register_blueprint(blueprint)
    # Around everything else, so that errors and refusals have an id, headers and a log line as well.
    app.wsgi_app = RequestMiddleware(app.wsgi_app, models, metrics)  # type: ignore[method-assign]
    app.register_blueprint(create_protocol_model_routes(services))


def _register_pages(app: Flask, settings: Settings, metrics: Metrics) -> None:
    app.register_blueprint(create_model_routes(settings, metrics))
    app.register_blueprint(create_report_routes())
    app.register_blueprint(create_web_page_routes())
    app.register_blueprint(create_docs_routes(settings))


def _allow_origins(app: Flask, settings: Settings) -> None:
    """Let pages of the configured origins read the answers (CORS)."""
    if settings.cors_origins:
        CORS(
            app,
            origins=list(settings.cors_origins),
            methods=CORS_METHODS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
            always_send=False,
        )


def _trust_proxies(app: Flask, settings: Settings) -> None:
    """Take the address of the client from the headers of the configured number of proxies."""
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _start_watcher(
    settings: Settings, store: Store | None, models: ModelHolder, metrics: Metrics
) -> ReleaseWatcher | None:
    if store is None or settings.model_version != CURRENT or settings.refresh_seconds == 0:
        return None
    watcher = ReleaseWatcher(settings, partial(open_store, settings.model_store), models, metrics)
    watcher.start()
    return watcher

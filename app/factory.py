"""The composition root: the one place where the parts of the service are chosen and put together.

`wsgi.py` and the tests call `create_app`; importing anything else starts nothing.
"""

import logging
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from app.access_log import configure_logging
from app.following import Follower
from app.headers import set_headers
from app.keys import ApiKeys, require_keys
from app.limits import limit_rate
from app.loading import load, store_of
from app.predicting import Predictor
from app.problems import register_problem_handlers
from app.prometheus import Instruments
from app.requests import surround_requests
from app.routes_health import health_routes
from app.routes_model import model_routes
from app.routes_predict import predict_routes
from app.serving import Models
from app.settings import Settings
from app.slots import Slots
from app.turning_away import TurningAway
from inference.decode import prepare_opencv
from model_store.store import Store

log = logging.getLogger("wardrobe")

METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
"""What the routes have; a preflight is told no more."""

EXPOSED_HEADERS = ["X-Request-ID", "X-Model-Version", "Retry-After"]
"""What a page of another origin may read of an answer, beside the safelisted headers."""


class InMemoryRequest(Request):
    """A request whose files never touch the disk: uploads are not stored, and the root may be read-only."""

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        return BytesIO()


@dataclass(frozen=True)
class Service:
    """What outlives a request; found as `app.extensions["wardrobe"]`.

    Attributes:
        follower: None when there are no promotions to follow.
    """

    models: Models
    follower: Follower | None

    def drain(self) -> None:
        """Tell `/readyz` that this worker is stopping."""
        self.models.draining = True


def create_app(settings: Settings) -> Flask:
    """Build the service: open its model, put the parts together, follow the store.

    Raises:
        SettingsError: the settings do not fit together, or the key file cannot be read.
        StoreError: no model is to be had.
        ModelError: it is there and cannot be run.
    """
    configure_logging(settings)
    prepare_opencv()
    store = store_of(settings)
    models = load(settings, store)
    instruments = Instruments(settings.prometheus_dir)
    instruments.tell_release(models.current.version)
    for _ in models.refusals:
        instruments.count_refusal()

    app = Flask(__name__, static_folder=None)
    app.request_class = InMemoryRequest
    _keep_key_order(app)
    surround_requests(app, models, instruments)
    set_headers(app)
    register_problem_handlers(app)
    _register_routes(app, settings, models, instruments)
    _add_doors(app, settings)
    app.extensions["wardrobe"] = Service(models, _follow(settings, store, models, instruments))
    # Last, so that whoever reads it may rely on it: until here a key file, say, could still be missing.
    log.info("Serving %s from %s.", models.current.version, settings.model_store)
    return app


def _register_routes(app: Flask, settings: Settings, models: Models, instruments: Instruments) -> None:
    slots = Slots(settings.slots, settings.queue_length, settings.queue_seconds)
    predict = predict_routes(settings, Predictor(settings, slots), instruments)
    limit_rate(app, settings, predict)
    app.register_blueprint(predict)
    # No other routes are registered yet: these are the ones that take a place.
    routes = frozenset(rule.rule for rule in app.url_map.iter_rules())
    app.wsgi_app = TurningAway(app.wsgi_app, routes, slots, models, instruments)  # type: ignore[method-assign]
    app.register_blueprint(health_routes(models))
    app.register_blueprint(model_routes(settings, instruments))


def _add_doors(app: Flask, settings: Settings) -> None:
    if settings.api_keys_file is not None:
        require_keys(app, ApiKeys(settings.api_keys_file))
    if settings.cors_origins:
        CORS(
            app,
            origins=list(settings.cors_origins),
            methods=METHODS,
            expose_headers=EXPOSED_HEADERS,
            always_send=False,
        )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _follow(
    settings: Settings, store: Store | None, models: Models, instruments: Instruments
) -> Follower | None:
    if store is None or settings.model_version != "current" or settings.refresh_seconds == 0:
        return None
    follower = Follower(settings, store, models, instruments)
    follower.start()
    return follower


def _keep_key_order(app: Flask) -> None:
    # Flask sorts keys unless told; probabilities are promised in index order.
    provider = app.json
    assert isinstance(provider, DefaultJSONProvider)  # noqa: S101 - narrows the type for mypy
    provider.sort_keys = False

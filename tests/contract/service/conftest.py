"""Fresh apps over a little real release in a folder store."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partialmethod
from logging.config import dictConfig
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.factory import create_app
from app.observability.log_format import create_logging_config
from app.settings import Settings
from tests.places import Place, a_place
from tests.releases import a_store
from tests.uploads import UPLOAD

MakeApp = Callable[..., Flask]

AT_ONCE = {"handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}}}
"""Where a test's lines go: not through a thread, so that they are there when the answer is."""


class PatientClient(FlaskClient):
    """Takes the whole answer, as servers do: what follows it, counts and the access line, is there then."""

    open = partialmethod(FlaskClient.open, buffered=True)


TF, V2, INVOCATIONS = "/v1/models/wardrobe:predict", "/v2/models/wardrobe/infer", "/invocations"
FORM = "multipart/form-data; boundary=edge"


def files(*fields: str, upload: bytes = UPLOAD) -> dict[str, Any]:
    """A form with the picture in each of these fields; Werkzeug's client would spool a large one to disk."""
    head = b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n'
    parts = b"".join(head % field.encode() + upload + b"\r\n" for field in fields)
    return {"data": parts + b"--edge--\r\n", "content_type": FORM}


def ready(app: Flask) -> Any:
    """What /readyz says."""
    return app.test_client().get("/readyz").get_json()


def poll(app: Flask) -> Any:
    """What /readyz says after a look for newer promotions."""
    app.extensions["wardrobe"].watcher.poll()
    return ready(app)


@contextmanager
def every_place_taken(app: Flask) -> Iterator[None]:
    """Other requests work for the block, in the only slots of an app without a queue."""
    queues = app.extensions["wardrobe"].queues
    with queues.create_slot(is_large=False), queues.create_slot(is_large=True):
        yield


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder store with one promoted release; tests must not publish into it."""
    return Path(a_store(tmp_path_factory.mktemp("service-store")))


@pytest.fixture(scope="session")
def filled_cache(store_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows that store's release, so that not every test tries it in a process of its own."""
    cache = tmp_path_factory.mktemp("filled") / "cache"
    create_app(Settings(model_store=str(store_folder), cache_dir=cache, refresh_seconds=0))
    return cache


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Releases in a store, which tests must not change."""
    return a_place(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def place(shelf: Place, tmp_path: Path) -> Place:
    """A store with these releases, and a cache, of a test's own."""
    return shelf.copied(tmp_path)


@pytest.fixture
def make_app(store_folder: Path, filled_cache: Path, tmp_path: Path) -> Iterator[MakeApp]:
    """Builds apps with the settings that a test names; stops what they run in the background."""
    made: list[Flask] = []

    def make(**settings: object) -> Flask:
        defaults = {
            "model_store": str(store_folder),
            "cache_dir": tmp_path / "cache",
            "refresh_seconds": 0,
        }
        if not settings.keys() & {"model_store", "cache_dir"}:
            shutil.copytree(filled_cache, tmp_path / "cache", dirs_exist_ok=True)
        validated = Settings.model_validate(defaults | settings)
        dictConfig(create_logging_config(validated) | AT_ONCE)
        app = create_app(validated)
        app.test_client_class = PatientClient
        made.append(app)
        return app

    yield make
    for app in made:
        if watcher := app.extensions["wardrobe"].watcher:
            watcher.stop()


@pytest.fixture
def fresh_client(make_app: MakeApp) -> FlaskClient:
    """A client of an app of its own, for what a request leaves behind."""
    return make_app().test_client()


@pytest.fixture(scope="module")
def make_shared_app(
    store_folder: Path, filled_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> MakeApp:
    """Builds apps that the tests of a file share, and which poll no store; what they log goes nowhere."""

    def make(**settings: object) -> Flask:
        given = {"model_store": str(store_folder), "cache_dir": filled_cache, "refresh_seconds": 0}
        if "model_store" in settings:
            given["cache_dir"] = tmp_path_factory.mktemp("cache")
        app = create_app(Settings.model_validate(given | settings))
        app.test_client_class = PatientClient
        return app

    return make


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp) -> FlaskClient:
    """A client of an app with default settings, which the tests of a file share."""
    return make_shared_app().test_client()


@contextmanager
def logged() -> Iterator[list[str]]:
    """The lines of the service's log in this block, whatever shows them; making an app ends it."""
    lines: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("wardrobe")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)  # as an app sets it
    yield lines
    logger.setLevel(level)
    logger.removeHandler(handler)

"""What gunicorn serves: `python -m app`, `python wsgi.py`, or `gunicorn -c gunicorn.conf.py wsgi:app`.

A fault that prevents the start is one line on stderr, with an exit status that makes gunicorn's master
give up as well instead of trying for ever. Once a worker has started, one that cannot is tried again: the
others still serve, and a store or a key file that is away for a moment must not end them.
"""

import logging
import sys
import time
from logging.config import dictConfig
from typing import NoReturn

from flask import Flask

from app.dotenv_file import describe_ignored_names, load_dotenv
from app.factory import create_app
from app.observability.log_format import create_logging_config, format_startup_error
from app.settings import Settings, SettingsError, read_settings
from inference.errors import ModelError
from model_store.errors import StoreError

GUNICORN_APP_LOAD_ERROR = 4
"""gunicorn.arbiter.Arbiter.APP_LOAD_ERROR: the master halts when a worker ends with it."""

RETRY_SECONDS = 5
"""Between two tries of a worker that cannot start while others serve."""


def start(settings: Settings) -> Flask:
    """Build the service, or end the process with one line that says why not."""
    if not logging.getLogger("wardrobe").handlers:  # gunicorn.conf.py configures it for gunicorn
        dictConfig(create_logging_config(settings))
        if warning := describe_ignored_names(load_dotenv()):
            logging.getLogger("wardrobe").warning("%s", warning)
    try:
        app = create_app(settings)
    except (SettingsError, StoreError, ModelError) as error:
        _give_up(str(error), settings)
    except Exception:  # gunicorn's master would end the workers that serve, too
        if settings.prometheus_dir is not None and (settings.prometheus_dir / "started").exists():
            logging.getLogger("wardrobe").exception("A worker cannot start.")
            _end_for_another_try("a worker cannot start.", settings)
        raise
    if settings.prometheus_dir is not None:
        (settings.prometheus_dir / "started").touch()
    return app


def _give_up(message: str, settings: Settings) -> NoReturn:
    """End as the worker that makes the master halt; only the first to fail does, the others end quietly.

    All of them fail for the same reason at the same time, and gunicorn's master answers the second such end
    with a traceback that would bury the message.
    """
    if settings.prometheus_dir is None:
        _write(message, settings)
    else:
        _end_for_another_try(message, settings)
        try:
            # The master writes it, as its last line: gunicorn.conf.py.
            with (settings.prometheus_dir / "start-failed").open("x", encoding="utf-8") as reason:
                reason.write(message)
        except FileExistsError:
            raise SystemExit(0) from None
    raise SystemExit(GUNICORN_APP_LOAD_ERROR)


def _end_for_another_try(message: str, settings: Settings) -> None:
    """End as a worker that the master replaces, if one has started before."""
    if settings.prometheus_dir is not None and (settings.prometheus_dir / "started").exists():
        _write(f"{message} Trying again in {RETRY_SECONDS} s.", settings)
        time.sleep(RETRY_SECONDS)
        raise SystemExit(1)


def _write(message: str, settings: Settings) -> None:
    """Write to stderr, as logging may not be set up yet; the log's thread writes there, too."""
    sys.stderr.write(
        format_startup_error(message, settings.log_format)
    )  # one write: no line of the log comes between


if __name__ == "__main__":  # `python wsgi.py`
    from app.__main__ import main

    main()
else:
    app = start(read_settings())

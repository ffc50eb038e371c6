"""What gunicorn serves: `gunicorn -c gunicorn.conf.py wsgi:app`.

Whatever keeps the service from starting is told in one line, with an exit status that makes gunicorn's master
give up as well instead of trying for ever.
"""

import sys

from flask import Flask

from app.factory import create_app
from app.settings import SettingsError, settings_from_environment
from inference.errors import ModelError
from model_store.errors import StoreError

GUNICORN_APP_LOAD_ERROR = 4
"""gunicorn.arbiter.Arbiter.APP_LOAD_ERROR: the master halts when a worker ends with it."""


def start() -> Flask:
    """Build the service from the environment, or end the process with one line that says why not."""
    try:
        return create_app(settings_from_environment())
    except (SettingsError, StoreError, ModelError) as error:
        print(f"wardrobe: {error}", file=sys.stderr)  # noqa: T201 - logging may not be set up yet
        raise SystemExit(GUNICORN_APP_LOAD_ERROR) from error


app = start()

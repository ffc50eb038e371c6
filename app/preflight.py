"""Check what the settings name before gunicorn starts: the store's address, and the files read at a start.

A mistake is reported once, before workers start. They check the same again, as gunicorn may be started by
itself. A store that does not answer is no fault: the cache may serve.
Contacts nothing.
"""

import logging
import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path

from app.observability.log_format import formatter_of
from app.observability.log_queue import STDERR
from app.prediction.categories import read_categories
from app.security.api_keys import read_keys
from app.settings import Settings, SettingsError, parse_settings
from model_store.cache import cache_folder
from model_store.errors import StoreError
from model_store.named_release import store_in
from model_store.notes import last_good
from model_store.signing import TrustedKeys, trusted_keys
from model_store.store import open_store


def fault_of(environment: Mapping[str, str]) -> str:
    """Describe the first fault of the settings, and of what they name; empty if there is none."""
    try:
        _check(parse_settings(environment))
    except (SettingsError, StoreError) as error:
        return str(error)
    return ""


def _check(settings: Settings) -> None:
    if settings.api_keys_file is not None:
        read_keys(settings.api_keys_file)
    if settings.taxonomy is not None:
        read_categories(settings.taxonomy)
    trusted = None if settings.trusted_keys is None else trusted_keys(settings.trusted_keys)
    if settings.model_store != "bundled":
        _announce(settings)
    if store_in(settings.model_store) is not None:
        _check_store(settings, trusted)


def _announce(settings: Settings) -> None:
    """Log which store is opened: a folder on a mount that hangs holds a start without an end."""
    words = {"name": "wardrobe", "levelname": "INFO", "msg": f"Opening {settings.model_store}."}
    if select.select([], [STDERR], [], 0)[1]:  # a log that takes no line delays no start
        sys.stderr.write(f"{formatter_of(settings).format(logging.makeLogRecord(words))}\n")


def _check_store(settings: Settings, trusted: TrustedKeys | None) -> None:
    """Check an address, and that a folder can be listed, unless the cache has its last good release."""
    store = open_store(settings.model_store)
    if store.address.startswith("s3://"):
        return
    try:
        os.scandir(Path(store.address)).close()
    except OSError as error:
        if last_good(cache_folder(settings.cache_dir), store.address, trusted) is None:
            raise SettingsError(f"WARDROBE_MODEL_STORE: {store.address}: {error.strerror}.") from error

"""API keys: the clients that may use the service, if the operator configures any.

The key file has a line `name:hash` for each key, with its SHA-256; `wardrobe keys` writes it. Keys are long
random strings, so a plain hash is enough (NIST SP 800-63B, section 5.1.2.2, look-up secrets). The file is
read again when it changes, so keys are rotated without a restart. While it cannot be read, every request is
refused.
"""

import hashlib
import hmac
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from flask import Flask, request

from app.errors import ApiKeyRefused, ServiceNotReady
from app.middleware.request_context import get_request_context
from app.settings import SettingsError
from inference.text.plain_text import decode_text, remove_blank_characters
from model_store.release_files import read_regular_file

log = logging.getLogger("wardrobe")

KEY_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]+):(?P<sha256>[0-9a-f]{64})")
"""Pattern of a line of the key file: a name, a colon, and the sha256 of the key in hexadecimal."""

OPEN_ENDPOINTS = frozenset(
    {
        "docs.asset",
        "docs.document",
        "docs.page",
        "health.live",
        "health.ready",
        "protocol_models.ping",
        "protocol_models.v2_live",
        "protocol_models.v2_ready",
        "page.asset",
        "page.icon",
        "page.index",
    }
)
"""Names of the Flask endpoints that need no API key. Orchestrators ask for the health and have no key, the
page lets a person enter one, and the contract says how to send it."""

KEY_FILE_RETRY_SECONDS = 5
"""Value of Retry-After in answers while the key file cannot be read."""

FileState: TypeAlias = tuple[int, ...]
"""Numbers from the metadata of a file, such as its size and time, that change whenever the file changes."""


@dataclass(frozen=True)
class ApiKey:
    """One line of the key file: the name of a key, and its hash.

    Attributes:
        name: the name of the key, for logs.
        sha256: the sha256 of the key, in hexadecimal.
    """

    name: str
    sha256: str


class ApiKeys:
    """The valid API keys, read from a file that is read again whenever it changes.

    Raises:
        SettingsError: the file cannot be read, has a line that is not a key, or contains no key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state: FileState = ()
        self._trouble: str | None = None
        self._keys: tuple[ApiKey, ...] = ()
        self._refresh_keys()

    def check_key(self, authorization: str | None) -> str:
        """Check that a request has a valid API key.

        Args:
            authorization: the value of the Authorization header, `Bearer KEY`; None if the request has none.

        Returns:
            The name of the key.

        Raises:
            ApiKeyRefused: there is no such header, or its key is not in the file.
            ServiceNotReady: the file cannot be read any more, so that no key can be checked.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise ApiKeyRefused("Send your API key as `Authorization: Bearer KEY`.")
        digest = hash_key(key.strip())
        # Each comparison takes the same time, so the time of an answer reveals nothing about a hash.
        matching = [entry.name for entry in self._read_current() if hmac.compare_digest(digest, entry.sha256)]
        if not matching:
            raise ApiKeyRefused("This API key is not known here. Was it rotated?")
        return matching[0]

    def _read_current(self) -> tuple[ApiKey, ...]:
        """Return the keys that are valid now, after reading the file again if it has changed.

        Raises:
            ServiceNotReady: the file cannot be read.
        """
        try:
            self._refresh_keys()
        except SettingsError as error:
            # The earlier keys are not used, since one of them may have been withdrawn.
            self._log_change(str(error))
            raise ServiceNotReady(
                "API keys cannot be checked at the moment. Try again.", KEY_FILE_RETRY_SECONDS
            ) from error
        self._log_change(None)
        return self._keys

    def _refresh_keys(self) -> None:
        state = _read_file_state(self._path)
        if state != self._state:
            self._keys = read_api_keys(self._path)
            self._state = state

    def _log_change(self, trouble: str | None) -> None:
        """Log a fault of the key file, or its end; once, and not with every request."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble is None:
            log.info("The API keys can be read again: %d keys.", len(self._keys))
        else:
            log.error("%s Everybody is refused until it is mended.", trouble)


def require_api_keys(app: Flask, keys: ApiKeys) -> None:
    """Make `app` refuse requests without a valid API key, except for OPEN_ENDPOINTS and CORS preflights."""

    @app.before_request
    def check_key() -> None:
        if request.method != "OPTIONS" and request.endpoint not in OPEN_ENDPOINTS:
            get_request_context().key = keys.check_key(request.headers.get("Authorization"))


def is_known_client(keys: ApiKeys | None) -> bool:
    """Return whether the current request has a valid API key, or no keys are configured.

    Args:
        keys: the valid keys; None if the service needs no key.
    """
    try:
        return keys is None or bool(keys.check_key(request.headers.get("Authorization")))
    except (ApiKeyRefused, ServiceNotReady):
        return False


def hash_key(key: str) -> str:
    """Return the sha256 of an API key in hexadecimal, as it is written into the key file."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_api_keys(path: Path) -> tuple[ApiKey, ...]:
    """Read the API keys from a file, in its order. Empty lines and lines that begin with # are skipped.

    Raises:
        SettingsError: the file cannot be read, has a line that is not a key, or contains no key.
    """
    try:
        lines = decode_text(read_regular_file(path)).splitlines()
    except OSError as error:
        raise _create_settings_error(path, error) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"WARDROBE_API_KEYS_FILE: {path} is no UTF-8 text.") from error
    keys = tuple(
        _parse_line(path, number, line)
        for number, line in enumerate(map(remove_blank_characters, lines), start=1)
        if line and not line.startswith("#")
    )
    if not keys:
        raise SettingsError(f"WARDROBE_API_KEYS_FILE: {path} holds no key. Add one: {_ADD_COMMAND}.")
    return keys


_ADD_COMMAND = "wardrobe keys add NAME --file FILE"


def _parse_line(path: Path, number: int, line: str) -> ApiKey:
    match = KEY_LINE.fullmatch(line)
    if match is None:
        # The line is not quoted, since somebody may have written a key in place of its hash.
        raise SettingsError(f"{path}, line {number}: not `name:sha256`. Make a key with {_ADD_COMMAND}.")
    return ApiKey(match["name"], match["sha256"])


def _read_file_state(path: Path) -> FileState:
    """Return numbers that change whenever the file changes, without reading it."""
    try:
        facts = path.stat()
    except OSError as error:
        raise _create_settings_error(path, error) from error
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _create_settings_error(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"WARDROBE_API_KEYS_FILE: {path}: {error.strerror}.")

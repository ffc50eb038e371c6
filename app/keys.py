"""API keys: who may classify, when the operator says that not everybody may.

The file holds SHA-256 hashes, one `name:hash` a line; keys are long random strings, so a plain hash is enough
(NIST SP 800-63B, section 5.1.2.2, look-up secrets). It is read again when it changes, so keys rotate without
a restart.
"""

import hashlib
import hmac
import re
from pathlib import Path

from flask import Flask, request

from app.errors import KeyRefused
from app.settings import SettingsError

LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]+):(?P<sha256>[0-9a-f]{64})")

OPEN_ENDPOINTS = frozenset({"health.live", "health.ready"})
"""What answers without a key: an orchestrator has none."""


class ApiKeys:
    """The keys of one file.

    Raises:
        SettingsError: the file is missing, or a line of it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = -1
        self._hashes: tuple[str, ...] = ()
        self._refresh()

    def check(self, authorization: str | None) -> None:
        """Let a request with a valid `Authorization: Bearer` header pass.

        Raises:
            KeyRefused: there is no such header, or its key is not in the file.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise KeyRefused("Send your API key as `Authorization: Bearer KEY`.")
        self._refresh()
        digest = hashlib.sha256(key.strip().encode()).hexdigest()
        # Every hash is compared, each in constant time, so the answer's time tells nothing.
        if not sum(hmac.compare_digest(digest, known) for known in self._hashes):
            raise KeyRefused("This API key is not known here. Was it rotated?")

    def _refresh(self) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._hashes = _parse(self._path)
                self._changed = changed
        except OSError as error:
            raise SettingsError(f"WARDROBE_API_KEYS_FILE: {self._path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"WARDROBE_API_KEYS_FILE: {self._path} is no UTF-8 text.") from error


def require_keys(app: Flask, keys: ApiKeys) -> None:
    """Ask every request of `app` for a key, save the health routes and CORS preflights."""

    @app.before_request
    def check_key() -> None:
        if request.method != "OPTIONS" and request.endpoint not in OPEN_ENDPOINTS:
            keys.check(request.headers.get("Authorization"))


def _parse(path: Path) -> tuple[str, ...]:
    hashes = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise SettingsError(
                f"{path}, line {number}: not `name:sha256`. Hash a key: printf %s KEY | sha256sum"
            )
        hashes.append(match["sha256"])
    return tuple(hashes)

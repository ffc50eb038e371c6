"""Flask without what no route here uses: sessions, and telling sub-domains and web sockets from the host.

Flask and Werkzeug see to these with every request, which took 20 us of it.
"""

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter
from werkzeug.sansio.utils import get_host
from werkzeug.wsgi import get_path_info

from app.json_provider import FastJSON


class InMemoryRequest(Request):
    """A request whose files never touch the disk: uploads are not stored, and the root may be read-only."""

    @property
    def blueprints(self) -> list[str]:
        """As Flask's, which takes the endpoint's name apart three times a request."""
        return _blueprints(self.endpoint)

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        return BytesIO()


class NoSessions(SessionInterface):
    """The same empty session for everybody; nothing can be put into it."""

    _nobody = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """No cookie is looked at."""
        return self._nobody


class PlainFlask(Flask):
    """Flask as this service needs it."""

    request_class = InMemoryRequest
    json_provider_class = FastJSON
    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine, which Flask asks each of them with every request."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds the rule of a request; hosts that were well formed once are known."""
        if request is None:
            return super().create_url_adapter(None)
        request.host = _host(request.scheme, request.environ.get("HTTP_HOST"), request.server)
        return self.url_map.bind(
            request.host,
            request.root_path,
            "",
            request.scheme,
            request.method,
            get_path_info(request.environ),
            query_args=request.query_string.decode(errors="replace"),
        )


@lru_cache(maxsize=64)
def _host(scheme: str, named: str | None, server: tuple[str, int | None] | None) -> str:
    """The host that a request is for.

    Raises:
        SecurityError: its name cannot be one.
    """
    return get_host(scheme, named, server)


@lru_cache(maxsize=256)
def _blueprints(endpoint: str | None) -> list[str]:
    """The blueprint of an endpoint; none here is within another."""
    return [endpoint.rpartition(".")[0]] if endpoint and "." in endpoint else []

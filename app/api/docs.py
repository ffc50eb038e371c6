"""GET /openapi.json and GET /docs: the contract for programs, and the same for people, to be tried out.

The page is Swagger UI from the package flask-swagger-ui, whose files alone are used: nothing is fetched from
anybody else. What starts it is in docs_page/; what the contract says is made in openapi/.
"""

import json
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Flask, Response, abort

from app.middleware.request_context import served
from app.openapi.subject import Subject
from app.releases.serving import Served
from app.settings import Settings
from app.web.files import PageFile, page_file, read_files, send

FOLDER = Path(__file__).parents[1] / "web" / "docs_page"

SWAGGER_UI = "flask_swagger_ui"
VENDORED = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
"""What the page names of Swagger UI's files."""


class Contract:
    """The document about an app, made when it is first asked for, and again for a model that differs.

    Args:
        app: with all its routes by then.
        settings: those it runs under.
    """

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._made: tuple[str, PageFile] | None = None

    def of(self, model: Served) -> PageFile:
        """The document, with this model's labels and answers in it."""
        made = self._made
        if made is None or made[0] != model.version:
            # Here, not in the start of every worker: its classes take 0.1 s to make.
            from app.openapi.document import openapi_document  # noqa: PLC0415

            subject = Subject(model, self._settings)
            document = openapi_document(self._app.url_map.iter_rules(), subject)
            content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            made = self._made = model.version, page_file(content, ".json")
        return made[1]


def docs_routes(contract: Contract) -> Blueprint:
    """The routes that tell the contract."""
    routes = Blueprint("docs", __name__)
    ours = read_files(FOLDER)
    vendored: dict[str, PageFile] = {}

    @routes.get("/openapi.json")
    def document() -> Response:
        return send(contract.of(served()))

    @routes.get("/docs")
    def page() -> Response:
        return send(ours["index.html"])

    @routes.get("/docs/<name>")
    def asset(name: str) -> Response:
        if name in VENDORED and name not in vendored:
            vendored[name] = _read_vendored(name)
        return send(vendored[name]) if name in vendored else send(ours.get(name) or abort(404))

    return routes


def _read_vendored(name: str) -> PageFile:
    # Only when somebody looks: 1.9 MB that most workers never need.
    content = (files(SWAGGER_UI) / "dist" / name).read_bytes()
    return page_file(content, Path(name).suffix)

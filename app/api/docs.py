"""GET /openapi.json and GET /docs: the contract for programs, and the same for people to read and try.

The page is Swagger UI from the package flask-swagger-ui, of which only the files are used: the page loads
nothing from other servers. web/docs_page/ starts it; openapi.py fills in the contract.
"""

import json
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.api.openapi import filled_document
from app.middleware.request_context import served
from app.releases.serving import Served
from app.settings import Settings
from app.web.files import PageFile, page_file, read_files, send

FOLDER = Path(__file__).parents[1] / "web" / "docs_page"

SWAGGER_UI = "flask_swagger_ui"
VENDORED = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
"""Swagger UI's files that the page names."""


class Contract:
    """The document, filled in on the first request and again for another release."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: tuple[str, PageFile] | None = None

    def of(self, model: Served) -> PageFile:
        """The document for this release."""
        made = self._made
        if made is None or made[0] != model.version:
            document = filled_document(model, self._settings)
            content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            made = self._made = model.version, page_file(content, ".json")
        return made[1]


def docs_routes(settings: Settings) -> Blueprint:
    """The routes of the contract."""
    routes = Blueprint("docs", __name__)
    contract = Contract(settings)
    ours = read_files(FOLDER)
    vendored: dict[str, PageFile] = {}

    @routes.get("/openapi.json")
    def document() -> Response:
        return send(contract.of(served()))

    @routes.get("/docs", strict_slashes=False)
    def page() -> BaseResponse:
        if request.path.endswith("/"):
            return redirect("../docs", code=308)  # relative: works below a proxy's prefix too
        return send(ours["index.html"])

    @routes.get("/docs/<name>")
    def asset(name: str) -> Response:
        if name in VENDORED and name not in vendored:
            vendored[name] = _read_vendored(name)
        return send(vendored[name]) if name in vendored else send(ours.get(name) or abort(404))

    return routes


def _read_vendored(name: str) -> PageFile:
    # On the first request: 1.9 MB that most workers never need.
    content = (files(SWAGGER_UI) / "dist" / name).read_bytes()
    return page_file(content, Path(name).suffix)

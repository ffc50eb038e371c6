"""GET /openapi.json and GET /docs: the HTTP contract as an OpenAPI document, and a page to read and try it.

The page is Swagger UI, from the files of the package flask-swagger-ui. It loads nothing from other servers.
"""

import json
import re
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.api.openapi import fill_openapi_document
from app.middleware.request_context import get_served_model
from app.settings import Settings
from app.web.page_files import PageFile, create_page_file, read_page_files, send_file

FOLDER = Path(__file__).parents[1] / "web" / "docs_page"
"""Path of the folder with the files of the page at /docs."""

SWAGGER_UI = "flask_swagger_ui"
"""Name of the package that contains Swagger UI."""

PREFIX_HEADER = "X-Forwarded-Prefix"
"""Header in which a proxy names the path below which it publishes this service, such as `/wardrobe`."""

PREFIX_PATTERN = re.compile(r"(/[A-Za-z0-9._~-]+){1,8}")
"""Pattern of an allowed value of PREFIX_HEADER: a path without characters to escape, and without the name of
another host."""

SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
"""Files of Swagger UI (a browser page for an OpenAPI document) that the page at /docs loads."""


def create_docs_routes(settings: Settings) -> Blueprint:
    """Create the routes /openapi.json and /docs, for the OpenAPI document and a page that shows it.

    Args:
        settings: the settings of the service, whose limits the document contains.
    """
    routes = Blueprint("docs", __name__)
    page_files = read_page_files(FOLDER)

    # The version only tells the cache when the document changes.
    @lru_cache(maxsize=4)
    def fill_cached_document(_version: str, prefix: str) -> PageFile:
        document = fill_openapi_document(get_served_model(), settings, prefix)
        content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        return create_page_file(content, ".json")

    @routes.get("/openapi.json")
    def document() -> Response:
        response = send_file(fill_cached_document(get_served_model().version, _read_prefix()))
        response.vary.add(PREFIX_HEADER)
        return response

    @routes.get("/docs", strict_slashes=False)
    def page() -> BaseResponse:
        if request.path.endswith("/"):
            return redirect("../docs", code=308)  # a relative address also works below a proxy's prefix
        return send_file(page_files["index.html"])

    @routes.get("/docs/<name>")
    def asset(name: str) -> Response:
        return send_file(
            _read_swagger_file(name) if name in SWAGGER_FILES else page_files.get(name) or abort(404)
        )

    return routes


def _read_prefix() -> str:
    """Return the path below which a proxy publishes this service, such as `/wardrobe`; empty without one."""
    prefix = (request.script_root or request.headers.get(PREFIX_HEADER, "")).rstrip("/")
    return prefix if PREFIX_PATTERN.fullmatch(prefix) else ""


@cache
def _read_swagger_file(name: str) -> PageFile:
    # Read at the first request, because most workers never need these 1.9 MB.
    content = (files(SWAGGER_UI) / "dist" / name).read_bytes()
    return create_page_file(content, Path(name).suffix)

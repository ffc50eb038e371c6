"""GET /openapi.json and GET /docs: the contract for programs, and the same for people to read and try.

The page is Swagger UI from the package flask-swagger-ui, of which only the files are used: the page loads
nothing from other servers. web/docs_page/ starts it; openapi.py fills in the contract.
"""

import json
import re
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.api.openapi import filled_document
from app.middleware.request_context import get_served_model
from app.settings import Settings
from app.web.page_files import PageFile, create_page_file, read_page_files, send_file

FOLDER = Path(__file__).parents[1] / "web" / "docs_page"

SWAGGER_UI = "flask_swagger_ui"
PREFIX_HEADER = "X-Forwarded-Prefix"
PREFIX_PATTERN = re.compile(r"(/[A-Za-z0-9._~-]+){1,8}")
"""What a prefix may be: a path without anything to escape, and no address of another host."""

SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
"""Swagger UI's files that the page names."""


def create_docs_routes(settings: Settings) -> Blueprint:
    """The routes of the contract."""
    routes = Blueprint("docs", __name__)
    page_files = read_page_files(FOLDER)

    @lru_cache(maxsize=4)  # filled in once for each release that is served, and for each way to it
    def filled(_version: str, prefix: str) -> PageFile:
        document = filled_document(get_served_model(), settings, prefix)
        content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        return create_page_file(content, ".json")

    @routes.get("/openapi.json")
    def document() -> Response:
        response = send_file(filled(get_served_model().version, _read_prefix()))
        response.vary.add(PREFIX_HEADER)
        return response

    @routes.get("/docs", strict_slashes=False)
    def page() -> BaseResponse:
        if request.path.endswith("/"):
            return redirect("../docs", code=308)  # relative: works below a proxy's prefix too
        return send_file(page_files["index.html"])

    @routes.get("/docs/<name>")
    def asset(name: str) -> Response:
        return send_file(
            _read_swagger_file(name) if name in SWAGGER_FILES else page_files.get(name) or abort(404)
        )

    return routes


def _read_prefix() -> str:
    """The path below which a proxy serves this service, as it or the server says; empty if neither does.

    Any client may send the header: it changes that client's document alone, and names no other host.
    """
    prefix = (request.script_root or request.headers.get(PREFIX_HEADER, "")).rstrip("/")
    return prefix if PREFIX_PATTERN.fullmatch(prefix) else ""


@cache
def _read_swagger_file(name: str) -> PageFile:
    # On the first request: 1.9 MB that most workers never need.
    content = (files(SWAGGER_UI) / "dist" / name).read_bytes()
    return create_page_file(content, Path(name).suffix)

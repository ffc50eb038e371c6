"""Send the report of the served release, its stored evaluation, as JSON, as a page, and its figures.

The routes here are /metrics/report.json and /metrics/figures/<name>. GET /metrics, which chooses between JSON
and the page, is in model.py.
"""

from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotFound

from app.middleware.request_context import get_served_model
from app.releases.serving import ServedModel
from app.releases.shown_values import hide_in_report
from app.settings import Settings
from app.web.page_files import PageFile, create_page_file, send_file
from app.web.report_page import render_report
from app.web.translations import find_translation
from model_store.release_files import FIGURE_MEDIA_TYPES
from reports.page.wording import Wording

YEAR_SECONDS = 31_536_000
"""Seconds of a year, for which a browser may keep a figure whose address names the release."""


def create_report_routes() -> Blueprint:
    """Create the routes of the JSON report and its figures."""
    # Flask finds the templates of all pages through this blueprint.
    routes = Blueprint("report", __name__, template_folder="../web/templates")

    @routes.get("/metrics/report.json")
    def as_json() -> Response:
        return send_report_json(get_served_model())

    @routes.get("/metrics/figures/<name>")
    def figure(name: str) -> Response:
        return _send_figure(get_served_model(), name, request.args.get("version"))

    return routes


def prefers_html(accept: MIMEAccept) -> bool:
    """Return whether a client prefers HTML to JSON, as browsers do, but curl and other programs do not.

    Args:
        accept: the Accept header of the request.
    """
    return accept["text/html"] > accept["application/json"]


def send_report_page(settings: Settings, model: ServedModel) -> Response:
    """Return a response with the evaluation of a release as an HTML page, in the language of the reader.

    Args:
        settings: the settings of the service, which have the name of the model.
    """
    words = Wording(*find_translation(request.headers.get("Accept-Language")))
    # JSON may hold lone surrogates, which UTF-8 cannot encode.
    page = render_report(settings.model_name, model, words).encode("utf-8", "replace")
    answer = send_file(create_page_file(page, ".html"))
    answer.vary.add("Accept-Language")
    return answer


def send_report_json(model: ServedModel) -> Response:
    """Return a response with the evaluation of a release as JSON, without the places of its training.

    The body is compressed with gzip if the client accepts it. If the client has this report already, the
    status is 304 without a body.
    """
    return send_file(_pack_report(model.report))


@lru_cache(maxsize=1)  # a report is the same until the next release is served
def _pack_report(report: bytes) -> PageFile:
    return create_page_file(hide_in_report(report), ".json")


def _send_figure(model: ServedModel, name: str, version: str | None) -> Response:
    """Return a figure of the served release.

    Args:
        version: the release whose page shows the figure; None if the address names none.

    Raises:
        NotFound: there is no such figure, or another release is served now.
    """
    data = model.figures.get(name)
    if data is None or model.manifest is None or version not in (None, model.version):
        raise NotFound
    response = Response(data, mimetype=FIGURE_MEDIA_TYPES[Path(name).suffix])
    response.set_etag(model.manifest.files[f"figures/{name}"].sha256)
    # An address with a release always shows the same figure. Without one, the browser has to ask again.
    response.headers["Cache-Control"] = (
        f"private, max-age={YEAR_SECONDS}, immutable" if version else "no-cache"
    )
    response.make_conditional(request)
    return response

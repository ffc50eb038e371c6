"""GET /metrics/report.json and /metrics/figures, and what GET /metrics of model.py answers: the report.

It is JSON, or a page that app/web/report_page.py renders.
"""

from functools import lru_cache

from flask import Blueprint, Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotFound

from app.middleware.request_context import get_served_model
from app.releases.serving import ServedModel
from app.settings import Settings
from app.web.page_files import PageFile, create_page_file, send_file
from app.web.report_page import render_report
from app.web.translations import find_translation
from reports.page.wording import Wording

YEAR_SECONDS = 31_536_000  # seconds


def create_report_routes() -> Blueprint:
    """The routes beside the page, and the templates of other pages."""
    routes = Blueprint("report", __name__, template_folder="../web/templates")

    @routes.get("/metrics/report.json")
    def as_json() -> Response:
        return send_report_json(get_served_model())

    @routes.get("/metrics/figures/<name>")
    def figure(name: str) -> Response:
        return _send_figure(get_served_model(), name, request.args.get("version"))

    return routes


def wants_page(accept: MIMEAccept) -> bool:
    """Whether a client prefers HTML to JSON, as browsers do; a client that accepts anything gets JSON."""
    return accept["text/html"] > accept["application/json"]


def send_report_page(settings: Settings, model: ServedModel) -> Response:
    """The report of a model as a page, in the language that the reader prefers."""
    words = Wording(*find_translation(request.headers.get("Accept-Language")))
    # JSON may hold lone surrogates, which UTF-8 cannot encode.
    page = render_report(settings.model_name, model, words).encode("utf-8", "replace")
    answer = send_file(create_page_file(page, ".html"))
    answer.vary.add("Accept-Language")
    return answer


def send_report_json(model: ServedModel) -> Response:
    """The report byte for byte: in gzip where the client accepts that, or 304 where it has this one."""
    return send_file(_pack_report(model.report))


@lru_cache(maxsize=1)  # a report stays until the next release
def _pack_report(report: bytes) -> PageFile:
    return create_page_file(report, ".json")


def _send_figure(model: ServedModel, name: str, version: str | None) -> Response:
    """A figure of the release; never one of another release than the page showed."""
    data = model.figures.get(name)
    if data is None or model.manifest is None or version not in (None, model.version):
        raise NotFound
    response = Response(data, mimetype="image/png")
    response.set_etag(model.manifest.files[f"figures/{name}"].sha256)
    # With its release in the address it is the same for ever; without, it is to be asked for again.
    response.headers["Cache-Control"] = (
        f"private, max-age={YEAR_SECONDS}, immutable" if version else "no-cache"
    )
    response.make_conditional(request)
    return response

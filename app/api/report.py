"""GET /metrics/report.json and /metrics/figures, and what GET /metrics of model.py answers: the report.

It is JSON, or a page that app/web/report_page.py renders.
"""

from functools import lru_cache

from flask import Blueprint, Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotFound

from app.middleware.request_context import served
from app.releases.serving import Served
from app.settings import Settings
from app.web.files import PageFile, page_file, send
from app.web.report_page import report_html
from app.web.translations import preferred
from reports.page.wording import Wording

A_YEAR = 31_536_000  # seconds


def report_routes() -> Blueprint:
    """The routes beside the page, and the templates of other pages."""
    routes = Blueprint("report", __name__, template_folder="../web/templates")

    @routes.get("/metrics/report.json")
    def as_json() -> Response:
        return report_json(served())

    @routes.get("/metrics/figures/<name>")
    def figure(name: str) -> Response:
        return _figure(served(), name, request.args.get("version"))

    return routes


def wants_page(accept: MIMEAccept) -> bool:
    """Whether a client prefers HTML to JSON, as browsers do; a client that accepts anything gets JSON."""
    return accept["text/html"] > accept["application/json"]


def report_page(settings: Settings, model: Served) -> Response:
    """The report of a model as a page, in the language that the reader prefers."""
    words = Wording(*preferred(request.headers.get("Accept-Language")))
    # JSON may hold lone surrogates, which UTF-8 cannot encode.
    page = report_html(settings.model_name, model, words).encode("utf-8", "replace")
    answer = send(page_file(page, ".html"))
    answer.vary.add("Accept-Language")
    return answer


def report_json(model: Served) -> Response:
    """The report byte for byte: in gzip where the client accepts that, or 304 where it has this one."""
    return send(_packed(model.report))


@lru_cache(maxsize=1)  # a report stays until the next release
def _packed(report: bytes) -> PageFile:
    return page_file(report, ".json")


def _figure(model: Served, name: str, version: str | None) -> Response:
    """A figure of the release; never one of another release than the page showed."""
    data = model.figures.get(name)
    if data is None or model.manifest is None or version not in (None, model.version):
        raise NotFound
    response = Response(data, mimetype="image/png")
    response.set_etag(model.manifest.files[f"figures/{name}"].sha256)
    # With its release in the address it is the same for ever; without, it is to be asked for again.
    response.headers["Cache-Control"] = f"private, max-age={A_YEAR}, immutable" if version else "no-cache"
    response.make_conditional(request)
    return response

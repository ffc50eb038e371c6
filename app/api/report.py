"""The report for people: the page at GET /metrics, its figures, and the report as JSON for everybody.

model.py chooses between JSON and the page. app/web/report_page/ prepares what the page says; its style is
app/web/page/report.css.
"""

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotFound

from app.middleware.request_context import served
from app.releases.serving import Served
from app.settings import Settings
from app.web.files import page_file, send
from app.web.report_page import wording
from app.web.report_page.figures import figures_of
from app.web.report_page.foreign import foreign_of
from app.web.report_page.identity import identity_of
from app.web.report_page.page import page_of
from model_store.errors import ReportInvalid
from model_store.report import Report, parse_report

A_YEAR = 31_536_000  # seconds


def report_routes() -> Blueprint:
    """The routes beside the page, and where its templates are."""
    routes = Blueprint("report", __name__, template_folder="../web/report_page/templates")

    @routes.get("/metrics/report.json")
    def as_json() -> Response:
        return Response(served().report, mimetype="application/json")

    @routes.get("/metrics/figures/<name>")
    def figure(name: str) -> Response:
        return _figure(served(), name, request.args.get("version"))

    return routes


def wants_page(accept: MIMEAccept) -> bool:
    """Whether a client prefers HTML to JSON, as browsers do; who takes anything gets JSON."""
    return accept["text/html"] > accept["application/json"]


def report_page(settings: Settings, model: Served) -> Response:
    """The report of a model as a page, or what there is instead of one."""
    try:
        text = _page(settings.model_name, model, parse_report(model.report, "/metrics"))
    except ReportInvalid as error:
        text = _foreign_page(settings.model_name, model, str(error))
    # JSON may hold halves of characters, which no encoding has.
    return send(page_file(text.encode("utf-8", "replace"), ".html"))


def _page(name: str, model: Served, report: Report) -> str:
    return render_template(
        "report/report.html",
        name=name,
        version=model.version,
        report=report,
        page=page_of(report),
        photos=sum(tier.n for tier in report.photos.values()),
        identity=identity_of(report, model.manifest),
        figures=figures_of(model.figures),
        say=wording,
    )


def _foreign_page(name: str, model: Served, why: str) -> str:
    return render_template(
        "report/foreign.html",
        name=name,
        version=model.version,
        labels=model.contract.labels,
        metrics=foreign_of(model.report),
        why=why,
    )


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

"""Render the page about the served model: its report, or the metrics of a model that is no release.

Metrics that are not a report of this program are shown as indented JSON.
"""

import json
from typing import Final
from urllib.parse import quote

from app.releases.serving import ServedModel
from app.releases.shown_values import hide_training_places
from model_store.errors import ReportInvalid
from reports.page.html_page import make_report_page, render_report_page
from reports.page.wording import Wording
from reports.values import parse_report

MAX_METRICS_LENGTH: Final = 20_000
"""Largest number of characters that the page shows of a metrics file that is not a report of this program."""


def render_report(name: str, model: ServedModel, wording: Wording) -> str:
    """Return the HTML page that shows the evaluation of the served model.

    Args:
        name: the name of the model, as in `/model`.
        model: the served model. If it is no release, its report may be JSON of any form.
        wording: the texts of the page in the reader's language.
    """
    page: dict[str, object] = {"name": name, "version": model.version, "manifest": model.manifest}
    page |= {"acceptance": model.acceptance, "contract": model.contract}
    if model.photo_contract is not model.contract:
        page["photo_contract"] = model.photo_contract
    try:
        report = hide_training_places(parse_report(model.report, "/metrics"))
    except ReportInvalid as error:
        labels = model.contract.labels
        metrics = format_metrics(model.report)
        return render_report_page(wording, **page, why=error, labels=labels, metrics=metrics)
    return make_report_page(
        report, model.figures, lambda figure, _: _make_figure_address(figure, model.version), wording, **page
    )


def _make_figure_address(figure: str, version: str) -> str:
    """Return the URL of a figure of this release, relative to the page."""
    return f"metrics/figures/{quote(figure)}?version={quote(version)}"


def format_metrics(metrics: bytes) -> str:
    """Return a metrics file of unknown form as indented JSON; as it is, if it is not JSON.

    A text of more than MAX_METRICS_LENGTH characters is cut.
    """
    try:
        text = json.dumps(json.loads(metrics), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = metrics.decode("utf-8", "replace")
    return text if len(text) <= MAX_METRICS_LENGTH else f"{text[:MAX_METRICS_LENGTH]}…"

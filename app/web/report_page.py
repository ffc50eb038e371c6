"""The report page of what is being served: the report of a release, or whatever metrics a bare model has.

The page itself: reports/page/page.py. Metrics that are not a report are shown as they are.
"""

import json
from typing import Final
from urllib.parse import quote

from app.releases.serving import ServedModel
from model_store.errors import ReportInvalid
from reports.page.page import rendered, report_page
from reports.page.wording import Wording
from reports.values import parse_report

MAX_METRICS_LENGTH: Final = 20_000
"""Characters of metrics of unknown form that are shown."""


def render_report(name: str, model: ServedModel, words: Wording) -> str:
    """The page of the release that is being served.

    Args:
        name: of the model, as `/model` has it.
        model: its report may be of any form.
        words: the reader's.
    """
    page: dict[str, object] = {"name": name, "version": model.version, "manifest": model.manifest}
    page |= {"acceptance": model.acceptance, "contract": model.contract}
    if model.photo_contract is not model.contract:
        page["photo_contract"] = model.photo_contract
    try:
        report = parse_report(model.report, "/metrics")
    except ReportInvalid as error:
        labels, metrics = model.contract.labels, format_metrics(model.report)
        return rendered(words, **page, why=error, labels=labels, metrics=metrics)
    return report_page(
        report, model.figures, lambda figure, _: _figure_address(figure, model.version), words, **page
    )


def _figure_address(figure: str, version: str) -> str:
    """Of a figure, relative to the page, and of this release alone."""
    return f"metrics/figures/{quote(figure)}?version={quote(version)}"


def format_metrics(metrics: bytes) -> str:
    """Metrics of unknown form as indented JSON, or as they are."""
    try:
        text = json.dumps(json.loads(metrics), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = metrics.decode("utf-8", "replace")
    return text if len(text) <= MAX_METRICS_LENGTH else f"{text[:MAX_METRICS_LENGTH]}…"

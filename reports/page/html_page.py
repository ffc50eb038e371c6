"""Render the report of a release as an HTML page for people, with the template report.html.

The service sends the page at GET /metrics, in the reader's language. Each release also contains the page in
English, as one file that needs neither server nor network (`make_report_page_file`).
"""

import base64
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context

from inference.contract import ModelContract, NetworkName
from inference.errors import UploadError
from inference.pictures.decode import MAX_PIXELS
from inference.pictures.picture_opening import open_picture
from model_store.release_files import FIGURE_MEDIA_TYPES, FIGURES_FOLDER
from reports.page.advice import advise_on_promises
from reports.page.photo_drawings import lay_out_photo_drawings
from reports.page.sentences import (
    describe_weaknesses,
    get_promise_pictures_name,
    get_tier_name,
    list_confusions,
    list_possible_promises,
    name_known_photos,
    name_unknown_photos,
    summarize_report,
    summarize_unknown_sources,
)
from reports.page.wording import ENGLISH_WORDING, Wording
from reports.values import Report

PAGE_FOLDER: Final = Path(__file__).parent
"""Path of the folder with the template and the style sheets."""

REPORT_PAGE_FILE: Final = "report.html"
"""Name of the page in a release, and of its template."""

STYLE_FILES: Final = ("frame.css", "report.css")
"""Names of the style sheets, in their order; the service sends them beside the page."""

WORDING_FILTERS: Final = (
    "area",
    "counted",
    "duration",
    "interval",
    "local",
    "number",
    "percent",
    "points",
    "share_interval",
    "whole",
)
"""Methods of `Wording`, the texts and number formats of a language, that the template uses as filters."""

PageFigure = dict[str, str | int]
"""A figure for the template: its `name`, its `address` (a URL, or the picture itself as a data: URL), and its
`width` and `height` in pixels, so that the page does not move while it loads."""

FigureAddress = Callable[[str, bytes], str]
"""Function that returns the address of a figure for the page, given its file name and bytes."""


def make_report_page_file(
    contracts: Mapping[NetworkName, ModelContract],
    report: Report,
    figures: Mapping[str, bytes],
) -> bytes:
    """Return the report page in English as one HTML file, with styles and figures embedded, in UTF-8.

    Args:
        contracts: the contract of each network: labels and thresholds.
        report: the evaluation of the networks.
        figures: the bytes of the release's figures, by file name.
    """
    styles = "".join((PAGE_FOLDER / name).read_text("utf-8") for name in STYLE_FILES)
    contract = contracts.get("pixels") or contracts["photos"]
    photo_contract = contracts.get("photos", contract).find_deciding_contract("photos")
    page_values = {"name": report.data.name, "version": None, "manifest": None, "acceptance": None}
    # The template shows thresholds for photos only if they are not those of the other pictures.
    separate_photo_contract = None if photo_contract is contract else photo_contract
    contract_values = {"contract": contract, "photo_contract": separate_photo_contract, "styles": styles}
    page = make_report_page(report, figures, _embed_figure, ENGLISH_WORDING, **page_values, **contract_values)
    # A label may have lone surrogates, which UTF-8 cannot encode.
    return page.encode("utf-8", "replace")


def read_report_figures(folder: Path) -> dict[str, bytes]:
    """Read the figures in a release's folder, as bytes by file name."""
    paths = sorted((folder / FIGURES_FOLDER).glob("*"))
    return {path.name: path.read_bytes() for path in paths if path.suffix in FIGURE_MEDIA_TYPES}


def _embed_figure(name: str, data: bytes) -> str:
    return f"data:{FIGURE_MEDIA_TYPES[Path(name).suffix]};base64,{base64.b64encode(data).decode()}"


def make_report_page(
    report: Report,
    figures: Mapping[str, bytes],
    make_figure_address: FigureAddress,
    wording: Wording,
    **template_values: object,
) -> str:
    """Return the HTML page of a report in the reader's language.

    Args:
        figures: the bytes of the release's figures, by file name.
        make_figure_address: a function that returns the address of each figure for the page.
        template_values: further values that the template uses, by name.
    """
    return render_report_page(
        wording,
        report=report,
        garments={
            tier: photos for tier, photos in report.photos.items() if photos.macro_accuracy is not None
        },
        summary=summarize_report(report, wording),
        summary_of_unknown=summarize_unknown_sources(report, wording),
        weaknesses=list(describe_weaknesses(report, wording)),
        ways_on=list(advise_on_promises(report, wording)),
        confusions=list_confusions(report),
        drawings=lay_out_photo_drawings(report),
        possible_promises=list_possible_promises(report),
        figures=make_page_figures(figures, make_figure_address),
        **template_values,
    )


def render_report_page(wording: Wording, **template_values: object) -> str:
    """Render the template of the report page with these values, which are escaped for HTML.

    Args:
        template_values: the values that the template uses, by name.
    """
    return (
        _create_environment()
        .get_template(REPORT_PAGE_FILE)
        .render(words=wording, t=wording.t, **template_values)
    )


@cache
def _create_environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(PAGE_FOLDER), autoescape=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters |= {name: _make_wording_filter(name) for name in WORDING_FILTERS}
    environment.filters |= {
        "known_photos": _make_text_filter(name_known_photos),
        "name_of_pictures": _make_text_filter(get_promise_pictures_name),
        "tier_name": _make_text_filter(get_tier_name),
        "unknown_photos": _make_text_filter(name_unknown_photos),
        "t": _make_wording_filter("t"),
    }
    return environment


def _make_wording_filter(method: str) -> Callable[..., str]:
    """Make a filter for templates that calls a method of the reader's `Wording`."""

    @pass_context
    def filtered(context: Context, *values: object) -> str:
        text: str = getattr(context["words"], method)(*values)
        return text

    return filtered


def _make_text_filter(make_text: Callable[[str, Wording], str]) -> Callable[..., str]:
    """Make a filter for templates that passes the text, and the reader's language, to a function."""

    @pass_context
    def filtered(context: Context, value: str) -> str:
        return make_text(value, context["words"])

    return filtered


def make_page_figures(
    files: Mapping[str, bytes], make_figure_address: FigureAddress
) -> dict[str, PageFigure]:
    """Return the figures with name, address and size for the template, by file name without `.png`.

    Args:
        files: the bytes of the figures, by file name. A file that is not what its name says is left out.
        make_figure_address: a function that returns the address of each figure for the page.
    """
    page_figures = dict[str, PageFigure]()
    for name, data in files.items():
        try:
            picture = open_picture(data, MAX_PIXELS)
        except UploadError:
            continue
        if FIGURE_MEDIA_TYPES.get(Path(name).suffix) == f"image/{picture.format}".lower():
            page_figures[name.removesuffix(".png")] = {
                "name": name,
                "address": make_figure_address(name, data),
                "width": picture.size[0],
                "height": picture.size[1],
            }
    return page_figures

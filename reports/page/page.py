"""A report as a page for people: report.json and the release's own figures, laid out by report.html.

sentences.py picks what stands out; everything else the template takes from the report. The service renders
it at GET /metrics (app/web/report_page.py), in the reader's language: wording.py. Each release holds it as
one file that needs neither server nor network, in English: `file_page`.
"""

import base64
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context

from inference.contract import ModelContract, NetworkName
from inference.decode import MAX_PIXELS
from inference.errors import UploadError
from inference.picture_opening import open_picture
from model_store.release_files import FIGURES_FOLDER
from reports.page.advice import ways_on
from reports.page.sentences import (
    confusions,
    name_of_pictures,
    summary,
    summary_of_unknown,
    tier_name,
    weaknesses,
)
from reports.page.wording import ENGLISH, Wording
from reports.values import Report

FOLDER: Final = Path(__file__).parent

REPORT_PAGE: Final = "report.html"
"""The file of a release."""

STYLES: Final = ("frame.css", "report.css")
"""Styles in their order; the service sends them beside the page."""

OF_WORDING: Final = (
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
"""Methods of the reader's Wording that the template has as filters."""


Figure = dict[str, str | int]
"""A PNG of the release: its `name`, its `address` (where the page finds it, or the picture itself as a data:
URL), and its `width` and `height` in pixels, so that the page does not jump when it loads."""

Address = Callable[[str, bytes], str]
"""Function that returns the place of a figure on a page, by its name and bytes."""


def file_page(
    contracts: Mapping[NetworkName, ModelContract],
    report: Report,
    figures: Mapping[str, bytes],
) -> bytes:
    """Make the page as one file, with styles and figures in it, UTF-8.

    Args:
        contracts: labels and thresholds of each network.
        report: their evaluation.
        figures: its PNGs by file name.
    """
    styles = "".join((FOLDER / name).read_text("utf-8") for name in STYLES)
    contract = contracts.get("pixels") or contracts["photos"]
    of_photos = contracts.get("photos", contract).find_deciding_contract("photos")
    named = {"name": report.data.name, "version": None, "manifest": None, "acceptance": None}
    differs = of_photos is not contract
    of_photos_alone = of_photos if differs else None
    more = {"contract": contract, "photo_contract": of_photos_alone, "styles": styles}
    return report_page(report, figures, _embedded, ENGLISH, **named, **more).encode("utf-8", "replace")


def figures_in(folder: Path) -> dict[str, bytes]:
    """Read the figures of a release's folder, by file name."""
    return {path.name: path.read_bytes() for path in sorted((folder / FIGURES_FOLDER).glob("*.png"))}


def _embedded(_: str, data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def report_page(
    report: Report, figures: Mapping[str, bytes], address: Address, words: Wording, **page: object
) -> str:
    """Make the page of a report.

    Args:
        report: the report that is shown.
        figures: PNGs by file name.
        address: the address of each figure.
        words: the wording of the reader's language.
        page: further values that the template names.
    """
    return rendered(
        words,
        report=report,
        garments={
            tier: photos for tier, photos in report.photos.items() if photos.macro_accuracy is not None
        },
        summary=summary(report, words),
        summary_of_unknown=summary_of_unknown(report, words),
        weaknesses=list(weaknesses(report, words)),
        ways_on=list(ways_on(report, words)),
        confusions=confusions(report),
        figures=figures_of(figures, address),
        **page,
    )


def rendered(words: Wording, **page: object) -> str:
    """Render the template with these values, which are escaped."""
    return _environment().get_template(REPORT_PAGE).render(words=words, t=words.t, **page)


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters |= {name: _by_the_reader(name) for name in OF_WORDING}
    environment.filters |= {
        "name_of_pictures": _worded(name_of_pictures),
        "tier_name": _worded(tier_name),
        "t": _by_the_reader("t"),
    }
    return environment


def _by_the_reader(method: str) -> Callable[..., str]:
    """Make a filter of a method of the page's Wording."""

    @pass_context
    def filtered(context: Context, *values: object) -> str:
        made: str = getattr(context["words"], method)(*values)
        return made

    return filtered


def _worded(named: Callable[[str, Wording], str]) -> Callable[..., str]:
    """Make a filter that calls a function with the page's Wording."""

    @pass_context
    def filtered(context: Context, value: str) -> str:
        return named(value, context["words"])

    return filtered


def figures_of(files: Mapping[str, bytes], address: Address) -> dict[str, Figure]:
    """Return the PNGs among the files, by their names without `.png`."""
    shown = dict[str, Figure]()
    for name, data in files.items():
        try:
            picture = open_picture(data, MAX_PIXELS)
        except UploadError:
            continue
        if picture.format == "PNG":
            shown[name.removesuffix(".png")] = {
                "name": name,
                "address": address(name, data),
                "width": picture.size[0],
                "height": picture.size[1],
            }
    return shown

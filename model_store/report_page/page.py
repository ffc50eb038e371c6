"""A report as a page for people: report.json and the release's own figures, laid out by report.html.

Formats numbers and picks what stands out; everything else the template takes from the report. The service
renders it at GET /metrics (app/web/report_page.py). Each release holds it as one file that needs neither
server nor network: `file_page`.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader

from inference.contract import ModelContract
from inference.decode import MAX_PIXELS
from inference.errors import UploadError
from inference.opening import open_picture
from model_store.files import FIGURES
from model_store.manifest import PhotoNetwork
from model_store.report import CROSS_FITTED, Report, wilson_interval

FOLDER: Final = Path(__file__).parent

REPORT_PAGE: Final = "report.html"
"""The file of a release."""

STYLES: Final = ("frame.css", "report.css")
"""In their order; the service sends them beside the page."""

ABSENT: Final = "—"
"""Where a table has no value."""

PAIRS: Final = 3
"""How many of the confused pairs count as weaknesses."""

WELL_SEPARATED: Final = 0.95
"""AUROC from which a kind of out-of-distribution picture is not listed as a weakness."""

FEW_PICTURES: Final = 0.05
"""Width of the 95% interval of the accuracy above which the page says that the test set is small."""

KINDS: Final = {
    "A": "Product shots",
    "B": "Worn garments",
    "C": "Users' own photos",
    "X": "None of the classes",
}
"""What Wardrobe's own tiers of photos are called; other tiers keep their names."""

A_CENTURY: Final = 3.2e9
"""Seconds; a training that claims more has no known duration."""


class Confusion(NamedTuple):
    """One class that was taken for another in `wrong` of its `n` pictures."""

    truth: str
    predicted: str
    wrong: int
    n: int

    @property
    def share(self) -> float:
        """Of the true class, 0..1."""
        return self.wrong / self.n


class Figure(NamedTuple):
    """A PNG of the release with its size in pixels, so that the page does not jump when it loads.

    Attributes:
        address: where the page finds it, or the picture itself as a data: URL.
    """

    name: str
    address: str
    width: int
    height: int


Address = Callable[[str, bytes], str]
"""Where a page finds a figure, by its name and bytes."""


def file_page(
    contract: ModelContract,
    report: Report,
    figures: Mapping[str, bytes],
    photos: PhotoNetwork | None = None,
) -> bytes:
    """The page as one file, with styles and figures in it, UTF-8.

    Args:
        contract: labels and thresholds of the release.
        report: its evaluation.
        figures: its PNGs by file name.
        photos: its second network; None where there is none.
    """
    styles = "".join((FOLDER / name).read_text("utf-8") for name in STYLES)
    of_photos = contract.thresholds_of("plain") if photos is None else photos.thresholds
    named = {"name": report.data.name, "version": None, "manifest": None, "acceptance": None}
    differs = of_photos is not contract.thresholds
    more = {"contract": contract, "photo_thresholds": of_photos if differs else None, "styles": styles}
    return report_page(report, figures, _embedded, **named, **more).encode("utf-8", "replace")


def figures_in(folder: Path) -> dict[str, bytes]:
    """The figures of a release's folder, by file name."""
    return {path.name: path.read_bytes() for path in sorted((folder / FIGURES).glob("*.png"))}


def _embedded(_: str, data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def report_page(report: Report, figures: Mapping[str, bytes], address: Address, **page: object) -> str:
    """The page of a report.

    Args:
        report: what is shown.
        figures: PNGs by file name.
        address: of each.
        page: what else the template names.
    """
    return rendered(
        report=report,
        garments={tier: found for tier, found in report.photos.items() if found.macro_accuracy is not None},
        summary=summary(report),
        weaknesses=list(weaknesses(report)),
        confusions=confusions(report),
        figures=figures_of(figures, address),
        **page,
    )


def rendered(**page: object) -> str:
    """The template with these values, which are escaped."""
    return _environment().get_template(REPORT_PAGE).render(**page)


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    filters = (asked, kind, percent, interval, share_interval, number, area, counted, duration)
    made.filters.update({one.__name__: one for one in filters})
    return made


def figures_of(files: Mapping[str, bytes], address: Address) -> dict[str, Figure]:
    """The PNGs among the files, by their names without `.png`."""
    found = {}
    for name, data in files.items():
        try:
            picture = open_picture(data, MAX_PIXELS)
        except UploadError:
            continue
        if picture is not None and picture.format == "PNG":
            size = picture.width, picture.height
            found[name.removesuffix(".png")] = Figure(name, address(name, data), *size)
    return found


def confusions(report: Report) -> list[Confusion]:
    """Confused pairs of classes, by their share of the true class; none if the matrix does not fit."""
    labels, matrix = report.labels, report.test.confusion_matrix
    if [len(row) for row in matrix] != [len(labels)] * len(labels):
        return []
    found = [
        Confusion(truth, predicted, wrong, sum(row))
        for truth, row in zip(labels, matrix, strict=True)
        for predicted, wrong in zip(labels, row, strict=True)
        if wrong and truth != predicted
    ]
    return sorted(found, key=lambda one: -one.share)


def weaknesses(report: Report) -> Iterator[str]:
    """What the report is worst at, as sentences."""
    test = report.test
    missed = {label: one for label, one in test.per_class.items() if one.support and one.recall < 1}
    if missed:
        label, worst = min(missed.items(), key=lambda item: item[1].recall)
        between = share_interval(worst.recall, worst.support)
        yield f"{label} is recognised least often: {percent(worst.recall)} (95% interval {between})."
    else:
        yield f"No mistake was found in {measured(report)}."
    low, high = test.accuracy_interval
    if high - low > FEW_PICTURES:
        pictures, bounds = measured(report), interval(test.accuracy_interval)
        yield f"On only {pictures}, the 95% interval of the accuracy is wide: {bounds}."
    for one in confusions(report)[:PAIRS]:
        pictures = f"{one.wrong:,} of {one.n:,} ({percent(one.share)})"
        yield f"{one.truth} is taken for {one.predicted} in {pictures}."
    for name, tier in report.photos.items():
        label, recall = min(tier.per_class.items(), key=lambda item: item[1].recall, default=("", None))
        if recall and recall.recall < 1:
            photos = f"{percent(recall.recall)} of {counted(recall.n, 'photo')}"
            yield f"{kind(name)}: {label} is recognised least often: {photos}."
    for other, ood in report.out_of_scope.items():
        if ood.familiarity_auroc is not None and ood.familiarity_auroc < WELL_SEPARATED:
            found = f"{percent(ood.reviewed)} of them get review"
            if ood.reviewed is None:
                found = f"{percent(ood.unfamiliar)} of them are unfamiliar"
            yield (
                f"Familiarity separates pictures of {other} from the test set with an AUROC of only "
                f"{area(ood.familiarity_auroc)}; {found}."
            )


def kind(tier: str) -> str:
    """What readers call a tier of photos."""
    return KINDS.get(tier, f"Photos, tier {tier}")


def asked(pictures: str) -> str:
    """What readers call the pictures that a promise is about."""
    tier, _, ground = pictures.removeprefix("photos of tier ").partition(" on ")
    if tier == pictures:
        return pictures[0].upper() + pictures[1:]
    return f"{kind(tier)} on {ground}" if ground else kind(tier)


def measured(report: Report) -> str:
    """How many pictures the report's figures are of, and which."""
    if report.test.split == CROSS_FITTED:
        return f"{counted(report.test.n, 'picture')}, cross-fitted"
    return counted(report.test.n, "test picture")


def summary(report: Report) -> str:
    """The report in one plain sentence."""
    shares = {kind(tier): one.accuracy for tier, one in report.photos.items()}
    named = [f"{percent(share)} of {name[0].lower()}{name[1:]}" for name, share in shares.items() if share]
    crossed = report.test.split == CROSS_FITTED
    pictures = counted(report.test.n, "picture" if crossed else "test picture")
    of_test = f"{percent(report.test.accuracy)} of the {pictures}"
    how = " Each of these was answered by a network that had not learnt it." if crossed else ""
    return f"The model names the right class for {', '.join([*named, of_test])}.{how}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 0..1 as `94.9%`; only 0 is `0.0%` and only 1 is `100.0%`."""
    if share is None:
        return ABSENT
    if 0 < share < 1:
        smallest = 10.0 ** -(digits + 2)
        if share < smallest / 2:
            return f"< {smallest:.{digits}%}"
        if share > 1 - smallest / 2:
            return f"> {1 - smallest:.{digits}%}"
    return f"{share:.{digits}%}"


def interval(bounds: tuple[float, float] | None, digits: int = 1) -> str:
    """Two shares of 0..1 as `94.5 to 95.3%`."""
    return f"{bounds[0] * 100:.{digits}f} to {bounds[1]:.{digits}%}" if bounds else ABSENT


def share_interval(share: float, n: int, digits: int = 1) -> str:
    """The 95% interval of a share that was counted on `n`."""
    return interval(wilson_interval(share * n, n), digits) if n else ABSENT


def number(value: float) -> str:
    """Four significant digits, thousands separated: `0.1504`, `311,530`."""
    value = value or 0.0  # a loss of minus zero is zero
    return f"{value:,.0f}" if isfinite(value) and abs(value) >= 1000 else f"{value:.4g}"


def area(auroc: float | None) -> str:
    """An area under a curve, 0..1, as `0.978`."""
    return ABSENT if auroc is None else f"{auroc:.3f}"


def counted(things: int, name: str) -> str:
    """`1 picture`, `10,000 pictures`."""
    return f"{things:,} {name}" if things == 1 else f"{things:,} {name}s"


def duration(seconds: float | None) -> str:
    """`0:35:05`, in hours, minutes and seconds."""
    if seconds is None or not seconds < A_CENTURY:
        return ABSENT
    return str(timedelta(seconds=round(seconds)))

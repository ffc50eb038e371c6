"""A report as a page for people: report.json and the release's own figures, laid out by report.html.

Picks what stands out; everything else the template takes from the report. The service renders it at GET
/metrics (app/web/report_page.py), in the reader's language: wording.py. Each release holds it as one file
that needs neither server nor network, in English: `file_page`.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context

from inference.contract import ModelContract
from inference.decode import MAX_PIXELS
from inference.errors import UploadError
from inference.opening import open_picture
from model_store.files import FIGURES
from model_store.manifest import PhotoNetwork
from model_store.report import CROSS_FITTED, OutOfScope, Report
from model_store.report_page.wording import ENGLISH, Wording

FOLDER: Final = Path(__file__).parent

REPORT_PAGE: Final = "report.html"
"""The file of a release."""

STYLES: Final = ("frame.css", "report.css")
"""In their order; the service sends them beside the page."""

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

OF_KINDS: Final = {
    "A": "{share} of product shots",
    "B": "{share} of worn garments",
    "C": "{share} of users' own photos",
}
"""The same within a sentence."""

OF_WORDING: Final = (
    "area",
    "counted",
    "duration",
    "interval",
    "local",
    "number",
    "percent",
    "share_interval",
    "whole",
)
"""Methods of the reader's Wording that the template has as filters."""


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
    return report_page(report, figures, _embedded, ENGLISH, **named, **more).encode("utf-8", "replace")


def figures_in(folder: Path) -> dict[str, bytes]:
    """The figures of a release's folder, by file name."""
    return {path.name: path.read_bytes() for path in sorted((folder / FIGURES).glob("*.png"))}


def _embedded(_: str, data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def report_page(
    report: Report, figures: Mapping[str, bytes], address: Address, words: Wording, **page: object
) -> str:
    """The page of a report.

    Args:
        report: what is shown.
        figures: PNGs by file name.
        address: of each.
        words: the reader's.
        page: what else the template names.
    """
    return rendered(
        words,
        report=report,
        garments={tier: found for tier, found in report.photos.items() if found.macro_accuracy is not None},
        summary=summary(report, words),
        weaknesses=list(weaknesses(report, words)),
        confusions=confusions(report),
        figures=figures_of(figures, address),
        **page,
    )


def rendered(words: Wording, **page: object) -> str:
    """The template with these values, which are escaped."""
    return _environment().get_template(REPORT_PAGE).render(words=words, t=words.t, **page)


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    made.filters |= {name: _by_the_reader(name) for name in OF_WORDING}
    made.filters |= {"asked": _worded(asked), "kind": _worded(kind), "t": _by_the_reader("t")}
    return made


def _by_the_reader(method: str) -> Callable[..., str]:
    """A filter that is a method of the page's Wording."""

    @pass_context
    def filtered(context: Context, *values: object) -> str:
        made: str = getattr(context["words"], method)(*values)
        return made

    return filtered


def _worded(named: Callable[[str, Wording], str]) -> Callable[..., str]:
    """A filter that calls a function with the page's Wording."""

    @pass_context
    def filtered(context: Context, value: str) -> str:
        return named(value, context["words"])

    return filtered


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


def weaknesses(report: Report, words: Wording) -> Iterator[str]:
    """What the report is worst at, as sentences."""
    t, test = words.t, report.test
    missed = {label: one for label, one in test.per_class.items() if one.support and one.recall < 1}
    if missed:
        label, worst = min(missed.items(), key=lambda item: item[1].recall)
        yield t(
            "{label} is recognised least often: {share} (95% interval {interval}).",
            label=t(label),
            share=words.percent(worst.recall),
            interval=words.share_interval(worst.recall, worst.support),
        )
    else:
        yield t("No mistake was found in {pictures}.", pictures=_measured(report, words))
    low, high = test.accuracy_interval
    if high - low > FEW_PICTURES:
        yield t(
            "On only {pictures}, the 95% interval of the accuracy is wide: {interval}.",
            pictures=_measured(report, words),
            interval=words.interval(test.accuracy_interval),
        )
    for one in confusions(report)[:PAIRS]:
        yield t(
            "{label} is taken for {other} in {wrong} of {all} ({share}).",
            label=t(one.truth),
            other=t(one.predicted),
            wrong=words.whole(one.wrong),
            all=words.whole(one.n),
            share=words.percent(one.share),
        )
    yield from _of_photos(report, words)
    for other, ood in report.out_of_scope.items():
        if ood.familiarity_auroc is not None and ood.familiarity_auroc < WELL_SEPARATED:
            yield _not_separated(other, ood, words)


def _of_photos(report: Report, words: Wording) -> Iterator[str]:
    """The class of each tier that is recognised least often."""
    for name, tier in report.photos.items():
        label, recall = min(tier.per_class.items(), key=lambda item: item[1].recall, default=("", None))
        if recall and recall.recall < 1:
            yield words.t(
                "{kind}: {label} is recognised least often: {share} of {photos}.",
                kind=kind(name, words),
                label=words.t(label),
                share=words.percent(recall.recall),
                photos=words.counted(recall.n, "photo"),
            )


def _not_separated(other: str, ood: OutOfScope, words: Wording) -> str:
    t, share = words.t, words.percent(ood.unfamiliar if ood.reviewed is None else ood.reviewed)
    poorly = t(
        "{kind}: familiarity separates them from the classes with an AUROC of only {area}.",
        kind=_capital(t(other)),
        area=words.area(ood.familiarity_auroc),
    )
    if ood.reviewed is None:
        return f"{poorly} {t('{share} of them are unfamiliar.', share=share)}"
    return f"{poorly} {t('{share} of them get review.', share=share)}"


def kind(tier: str, words: Wording) -> str:
    """What readers call a tier of photos."""
    return words.t(KINDS[tier]) if tier in KINDS else words.t("Photos, tier {tier}", tier=tier)


def asked(pictures: str, words: Wording) -> str:
    """What readers call the pictures that a promise is about."""
    tier, _, ground = pictures.removeprefix("photos of tier ").partition(" on ")
    if tier == pictures:
        return _capital(words.t(pictures))
    return ", ".join([kind(tier, words), *([words.t(f"on {ground}")] if ground else [])])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _measured(report: Report, words: Wording) -> str:
    """How many pictures the report's figures are of, and which."""
    if report.test.split == CROSS_FITTED:
        return words.t("{pictures}, cross-fitted", pictures=words.counted(report.test.n, "picture"))
    return words.counted(report.test.n, "test picture")


def summary(report: Report, words: Wording) -> str:
    """The report in one plain sentence."""
    t, crossed = words.t, report.test.split == CROSS_FITTED
    shares = {name: words.percent(one.accuracy) for name, one in report.photos.items() if one.accuracy}
    named = [
        t(OF_KINDS[name], share=share)
        if name in OF_KINDS
        else t("{share} of photos of tier {tier}", share=share, tier=name)
        for name, share in shares.items()
    ]
    pictures = words.counted(report.test.n, "picture" if crossed else "test picture")
    named.append(t("{share} of the {pictures}", share=words.percent(report.test.accuracy), pictures=pictures))
    right = t("The model names the right class for {shares}.", shares=", ".join(named))
    how = t("Each of these was answered by a network that had not learnt it.")
    return f"{right} {how}" if crossed else right

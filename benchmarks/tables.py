"""The figures in the documents, a block for each table: docs/results and the bundled report, rounded.

`make docs` puts them into the pages (scripts/documents.py). Nothing is measured here.
"""

import json
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import TypeAlias

from benchmarks.results import FOLDER
from benchmarks.side_by_side.page import Stored, machine_line, photos_rows, rates_rows
from model_store.local import bundled
from reports.values import PhotoFigures, Report, UnknownSources, report_of
from training.gradient.networks.published_figures import PUBLISHED_FIGURES

MEBIBYTE = 2**20
SETTLED_MINUTES = 10
"""After which a worker's memory is steady."""

TIERS = {"A": "A: product shots", "B": "B: on a model", "C": "C: users' own", "X": "X: none of the ten"}

Row: TypeAlias = Sequence[str]


def figures() -> dict[str, str]:
    """What each block shows, by its name."""
    side_by_side, of_photos, report = _result("benchmark"), _result("photos/benchmark"), report_of(bundled())
    tables: dict[str, list[Row]] = {
        "rates": rates_rows(side_by_side),
        "photos": photos_rows(of_photos),
        "processor time": _processor_time(_result("growth")["seen"]),
        "labels per second": _labels_per_second(_result("labelling")),
        "own classes": _own_classes(_result("own-classes")),
        "conversion": _conversion(_result("conversion")),
        "memory of a picture": _memory_of_a_picture(_result("decode-memory")),
        "published networks": _published_networks(_result("comparison")),
        "unknown sources": _unknown_sources(report),
        "tiers": [_tier(TIERS[tier], its) for tier, its in report.photos.items()],
        "out of distribution": _out_of_distribution(report),
    }
    return {name: table(rows) for name, rows in tables.items()} | {
        "machine": machine_line(side_by_side),
        "machine of photos": machine_line(of_photos),
        "memory of a worker": _memory_of_a_worker(_result("soak")),
    }


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown; their heading stands in the page."""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _result(name: str) -> Stored:
    stored: Stored = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return stored


def _processor_time(seen: Stored) -> list[Row]:
    curves = zip(seen["pixels of a JPEG"], seen["pixels of a PNG"], strict=True)
    return [
        (f"{jpeg['size']:,}", f"{jpeg['processor']:.2f}", f"{png['processor']:.2f}") for jpeg, png in curves
    ]


def _labels_per_second(measured: Stored) -> list[Row]:
    named = {
        "label": "`wardrobe label`",
        "bare": "the bare loop",
        "ray": "`--engine ray`, the start of the cluster included",
    }
    rates = {name: measured[f"{key}_per_second"] for key, name in named.items()}
    return [(name, f"{min(rate):,.0f} to {max(rate):,.0f}") for name, rate in rates.items()]


def _memory_of_a_worker(measured: Stored) -> str:
    _, *workers = measured["resident_megabytes"]
    most = max(megabytes for its in workers for megabytes in its[SETTLED_MINUTES:])
    return f"After ten minutes no worker holds more than {most:.0f} MB, so `max_requests` is not needed.\n"


def _conversion(measured: Stored) -> list[Row]:
    ratios = measured["ratio_to_all_decoded"]
    costs = {
        "a photo, share of the full decode": ratios["photo"],
        "decoding it at an eighth alone": ratios["an eighth decoded"],
        "a thumbnail, ms": measured["milliseconds"]["thumbnail"],
    }
    return [
        (name, f"{cost['median']:.3f}", "{:.3f} to {:.3f}".format(*cost["quartiles"]))
        for name, cost in costs.items()
    ]


def _memory_of_a_picture(measured: Stored) -> list[Row]:
    return [
        (
            name,
            f"{cost['peak_megabytes']}",
            f"{cost['peak_megabytes'] * MEBIBYTE / measured['pixels']:.1f}",
            f"{cost['seconds']:.1f}",
        )
        for name, cost in measured["formats"].items()
    ]


def _own_classes(measured: Stored) -> list[Row]:
    """A row for each choice of classes, of which one draw is shown."""
    return [_of_a_draw(name, *its) for name, its in measured.items() if isinstance(its, list)]


def _of_a_draw(name: str, draw: Stored) -> Row:
    ours = draw["wardrobe"]
    right, taken, others = ours["right"], ours["right_of_accepted"], ours["others_accepted"]
    return (
        name,
        f"{draw['learnt']}",
        f"{right['n']:,}",
        "{share:.1%} ({low:.1%} to {high:.1%})".format(**right),
        f"{ours['accepted']['share']:.1%}",
        f"{taken['share']:.1%}" if taken else "",
        f"{others['share']:.1%} of {others['n']}" if others else "",
        f"{ours['processor_seconds']:.0f}",
        f"{draw['histograms']['right']['share']:.1%}",
    )


def _published_networks(measured: Stored) -> list[Row]:
    """A row for each published network, of the last recipe that it was trained by."""
    last = {network["network"]: network for network in measured["networks"]}
    return [_beside_published(last[name]) for name in PUBLISHED_FIGURES]


def _beside_published(network: Stored) -> Row:
    test, train = network["summary"]["test"], network["summary"]["train"]
    published = PUBLISHED_FIGURES[network["network"]]
    spread = "" if test["std"] is None else f" ± {test['std']:.4f}"
    parameters, trained = f"{network['parameters']:,}", f"{network['trainable_parameters']:,}"
    also = [f"; {published.loss:g}"] if published.loss else []
    also += [f"; test {published.test:g}"] if published.test else []
    return (
        f"{network['network']}, {network['recipe_name']}",
        parameters if trained == parameters else f"{parameters} ({trained})",
        f"{network['seconds']:,.0f}",
        f"{test['mean']:.4f}{spread} ({test['n']})",
        f"{fmean(one['test']['loss'] for one in network['seeds']):.4f}",
        f"{train['mean']:.4f}",
        "".join([f"{published.accuracy:g}", *also]),
    )


def _unknown_sources(report: Report) -> list[Row]:
    return [_of_unknown(TIERS[tier], its) for tier, its in report.unknown_sources.items()]


def _of_unknown(name: str, its: UnknownSources) -> Row:
    """The row of a tier."""
    return (
        name,
        f"{len(its.sources)}",
        f"{its.of_all.n:,}",
        *(_by_source(*of) for of in (its.right, its.accepted)),
        f"{its.of_all.accepted_right:,} of {its.of_all.accepted:,}",
    )


def _by_source(share: float, interval: tuple[float, float] | None) -> str:
    return f"{share:.1%}" if interval is None else "{:.1%} ({:.1%} to {:.1%})".format(share, *interval)


def _tier(name: str, its: PhotoFigures) -> Row:
    """The row of a tier; what tier X has no figure for stays empty."""
    decisions, auroc = its.decisions, its.auroc and its.auroc.familiarity
    macro = "" if its.macro_accuracy is None else "{:.3f} ({:.3f} to {:.3f})"
    return (
        name,
        f"{its.n}",
        macro.format(its.macro_accuracy, *(its.macro_accuracy_interval or ())),
        *(
            "" if figure is None else f"{figure:.3f}"
            for figure in (decisions.coverage, decisions.accuracy, decisions.unfamiliar, auroc, its.ece)
        ),
    )


def _out_of_distribution(report: Report) -> list[Row]:
    return [
        (kind, f"{its.familiarity_auroc:.4f}", f"{its.unfamiliar:.4f}")
        for kind, its in report.out_of_scope.items()
    ]

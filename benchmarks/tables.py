"""The figures in the documents, a block for each table: docs/results and the bundled report, rounded.

`make docs` puts them into the pages (scripts/documents.py). Nothing is measured here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from textwrap import fill
from typing import Any, TypeAlias

from benchmarks.answer_tables import make_answer_tables
from benchmarks.results import FOLDER
from inference.contract import LABEL, Head
from model_store.local_releases import open_bundled_release
from model_store.manifest import Manifest
from reports.photo_figures import PhotoFigures, UnknownSources
from reports.values import Report, read_report
from reports.word_figures import read_formula_figures
from training.gradient.networks.published_figures import PUBLISHED_FIGURES

MEBIBYTE = 2**20
PAGE_WIDTH = 110
SETTLED_MINUTES = 10
"""After which a worker's memory is steady."""

TIERS = {"A": "A: product shots", "B": "B: on a model", "C": "C: users' own", "X": "X: none of the ten"}

SHOWN_CONNECTIONS = 8
TABLED = "png"
"""The upload that all servers answer by the same network; the data have the others as well."""

Row: TypeAlias = Sequence[str]

Stored: TypeAlias = Mapping[str, Any]
"""The content of a file of docs/results, or an object in it."""


def figures() -> dict[str, str]:
    """Return the Markdown of each generated block of the pages, by the name of the block."""
    side_by_side = _result("benchmark")
    release = open_bundled_release()
    report = read_report(release)
    tables: dict[str, list[Row]] = {
        "rates": _rates(side_by_side),
        "cost of an answer": _cost_of_an_answer(_result("answer-cost")),
        "labels per second": _labels_per_second(_result("labelling")),
        "memory of a picture": _memory_of_a_picture(_result("decode-memory")),
        "published networks": _published_networks(_result("comparison")),
        "unknown sources": _unknown_sources(report),
        "how sure accept is": [
            _accepted_of_unknown(TIERS[tier], figures) for tier, figures in report.unknown_sources.items()
        ],
        "tiers": [_tier(TIERS[tier], its) for tier, its in report.photos.items()],
        "out of distribution": _out_of_distribution(report),
        "thresholds": _list_thresholds(release.manifest, report),
        **make_answer_tables(release),
    }
    return {name: table(rows) for name, rows in tables.items()} | {
        "machine": _machine_line(side_by_side),
        "speed in short": _say_how_fast_it_is(),
        "memory of a worker": _memory_of_a_worker(_result("soak")),
        "unknown shop": _say_what_is_accepted_of_product_shots(report.unknown_sources["A"]),
        "cost beside an app": _say_what_the_service_costs(_result("answer-cost")),
        "machine of costs": _machine_line(_result("answer-cost")),
    }


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown; their heading stands in the page."""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _result(name: str) -> Stored:
    stored: Stored = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return stored


def _machine_line(stored: Stored) -> str:
    """When and on what it was measured."""
    machine, plan = stored["machine"], stored["plan"]
    return (
        f"We measured on {stored['measured_at'][:10]}, on {machine['cores']} cores of an "
        f"{machine['processor']},\nwith Python {machine['python']}, in {plan['rounds']} rounds of "
        f"{plan['seconds']} s.\n"
    )


def _rates(stored: Stored) -> list[Row]:
    """A row for each peer, the fastest first."""
    costs = {cost["peer"]: cost for cost in stored["summary"]["costs"]}
    return [
        (
            row["peer"],
            _rate(row),
            f"{row['p99']['median']:.1f}",
            f"{costs[row['peer']]['start_seconds']['median']:.1f}",
            f"{costs[row['peer']]['megabytes']['median']:.0f}",
        )
        for row in _shown(stored)
        if row["upload"] == TABLED
    ]


def _say_how_fast_it_is() -> str:
    """Return the figures that most readers of the page look for: time, rates and memory, as list items."""
    costs = _result("answer-cost")["milliseconds"]
    photo, large, small = (costs[upload]["wardrobe"]["median"] for upload in ("photo", "photo-12mp", TABLED))
    rates = {row[0]: row[1] for row in _rates(_result("benchmark"))}
    labels = {row[0]: row[1] for row in _labels_per_second(_result("labelling"))}["`wardrobe label`"]
    megabytes = _find_most_megabytes(_result("soak"))
    return "".join(
        map(
            _wrap_list_item,
            (
                f"**A photo** of 533 x 400 takes {photo:.0f} ms of processor time, one of 12 megapixels "
                f"{large:.0f} ms.",
                f"**A picture of 28 x 28** takes {small:.1f} ms. Two cores answer {rates['wardrobe']} of "
                "them a second.",
                f"**`wardrobe label`** labels {labels} such pictures a second on two cores.",
                f"**A worker** held at most {megabytes:.0f} MB over twenty minutes of mostly small pictures.",
            ),
        )
    )


def _rate(row: Stored) -> str:
    """Answers per second, the range of our ratio to it, and its errors if there were any."""
    ratio = " ({least:.2f} to {most:.2f})".format_map(row["ratio"]) if row["ratio"] else ""
    errors = f", {row['errors']} errors" if row["errors"] else ""
    return f"{row['per_second']['median']:,.0f}{ratio}{errors}"


def _shown(stored: Stored) -> list[Stored]:
    return [row for row in stored["summary"]["rows"] if row["connections"] == SHOWN_CONNECTIONS]


def _labels_per_second(measured: Stored) -> list[Row]:
    named = {
        "label": "`wardrobe label`",
        "bare": "the bare loop",
        "ray": "`--engine ray`, the start of the cluster included",
    }
    rates = {name: measured[f"{key}_per_second"] for key, name in named.items()}
    return [(name, f"{min(rate):,.0f} to {max(rate):,.0f}") for name, rate in rates.items()]


def _find_most_megabytes(measured: Stored) -> float:
    """Return the most memory that any worker held once its memory was steady."""
    _, *workers = measured["resident_megabytes"]
    return max(float(megabytes) for its in workers for megabytes in its[SETTLED_MINUTES:])


def _memory_of_a_worker(measured: Stored) -> str:
    return (
        f"After the first ten minutes, no worker held more than {_find_most_megabytes(measured):.0f} MB. "
        "So gunicorn need not restart workers after a\nnumber of requests (`max_requests`).\n"
    )


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


def _published_networks(measured: Stored) -> list[Row]:
    """A row for each published network, of the last recipe that it was trained by."""
    last = {network["network"]: network for network in measured["networks"]}
    return [_beside_published(last[name]) for name in PUBLISHED_FIGURES]


def _beside_published(network: Stored) -> Row:
    test, train = network["summary"]["test"], network["summary"]["train"]
    published = PUBLISHED_FIGURES[network["network"]]
    spread = "" if test["std"] is None else f" ± {test['std']:.4f}"
    parameters = f"{network['parameters']:,}"
    trained = f"{network['trainable_parameters']:,}"
    return (
        f"{network['network']}, {network['recipe_name']}",
        parameters if trained == parameters else f"{parameters} ({trained})",
        f"{network['seconds']:,.0f}",
        f"{test['mean']:.4f}{spread} ({test['n']})",
        f"{fmean(one['test']['loss'] for one in network['seeds']):.4f}",
        f"{train['mean']:.4f}",
        f"{published.accuracy:g}",
        f"{published.loss:g}" if published.loss else "",
        f"{published.test:g}" if published.test else "",
    )


def _unknown_sources(report: Report) -> list[Row]:
    return [_of_unknown(TIERS[tier], its) for tier, its in report.unknown_sources.items()]


def _of_unknown(name: str, its: UnknownSources) -> Row:
    """The row of a tier."""
    right, accepted = its.of_all.accepted_right, its.of_all.accepted
    return (
        name,
        f"{len(its.sources)}",
        f"{its.of_all.n:,}",
        *(_by_source(*of) for of in (its.right_share, its.accepted_share)),
        f"{right / accepted:.1%} ({right:,} of {accepted:,})",
    )


def _accepted_of_unknown(name: str, figures: UnknownSources) -> Row:
    """Return the row of a tier about its accepted answers, with the bound for one more source."""
    everything = figures.of_all
    return (
        name,
        f"{everything.n:,}",
        f"{everything.accepted:,}",
        f"{everything.accepted_right / everything.accepted:.1%}",
        "too few sources" if figures.lower_bound is None else f"{figures.lower_bound:.1%}",
    )


def _say_what_is_accepted_of_product_shots(product_shots: UnknownSources) -> str:
    """Return the README's sentence about product shots from shops that the model does not know."""
    share, _ = product_shots.accepted_share
    right = product_shots.of_all.accepted_right / product_shots.of_all.accepted
    return _wrap_list_item(
        "**... let people label everything?** Of the product shots from shops that the model does not know, "
        f"it accepts about {share:.0%}, and {right:.0%} of these are right. People look at the others."
    )


def _say_what_the_service_costs(measured: Stored) -> str:
    """Return the README's sentence about the processor time of an answer beside that of a small app."""
    shares_more = {
        upload: costs["wardrobe"]["median"] / costs["fastapi"]["median"] - 1
        for upload, costs in measured["milliseconds"].items()
    }
    return _wrap_list_item(
        "**... write a small app around a model?** It lacks calibrated probabilities, limits for hostile "
        "files, and a check that stops a worse model. With these, an answer takes "
        f"[{shares_more['photo']:.0%} more processor time](docs/explanation/benchmarks.md) for a photo, and "
        f"{shares_more[TABLED]:.0%} more for a picture of 28 x 28."
    )


def _cost_of_an_answer(measured: Stored) -> list[Row]:
    """Return a row for each upload: the milliseconds of both servers, and our share of the other one."""
    return [
        (
            upload,
            *(
                "{median:.2f} ({least:.2f} to {most:.2f})".format_map(costs[name])
                for name in ("wardrobe", "fastapi")
            ),
            f"{costs['wardrobe']['median'] / costs['fastapi']['median']:.2f}",
        )
        for upload, costs in measured["milliseconds"].items()
    ]


def _wrap_list_item(text: str) -> str:
    return fill(f"- {text}", PAGE_WIDTH, subsequent_indent="  ", break_on_hyphens=False) + "\n"


def _by_source(share: float, interval: tuple[float, float] | None) -> str:
    return f"{share:.1%}" if interval is None else "{:.1%} ({:.1%} to {:.1%})".format(share, *interval)


def _tier(name: str, its: PhotoFigures) -> Row:
    """Return the row of a tier. Cells for which the tier has no figure, as tier X has some, are empty."""
    decisions = its.decisions
    auroc = its.auroc and its.auroc.familiarity
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


def _list_thresholds(manifest: Manifest, report: Report) -> list[Row]:
    """Return a row for each threshold of a release: those of its heads, and those for words and photos."""
    questions = {"pixels": "a picture of 28 x 28", "photos": "a photo"}
    rows: list[Row] = [
        (f"{'the class' if head == LABEL else f'`{head}`'} of {questions[network]}", _show_threshold(its))
        for network, contract in manifest.contracts.items()
        for head, its in contract.heads.items()
    ]
    if formula := read_formula_figures(report.words, "photos"):
        together = {
            "photo and a known word together": formula.find_threshold(has_words=True),
            "photo and the other products of the category": formula.find_threshold(has_words=False),
            "the second look": formula.second_threshold,
        }
        rows += [
            (f"class or kind, by {evidence}", f"{least:g}")
            for evidence, least in together.items()
            if least is not None
        ]
    return rows


def _show_threshold(head: Head) -> str:
    """Return the confidence from which the answers of a head are accepted, with its exceptions by label."""
    if head.accepts_nothing:
        return "never"
    return "".join(
        [
            f"{head.confidence:.3f}",
            *(f", {label} {least:.3f}" for label, least in head.exceptions.items() if least <= 1),
            *(f", {label} never" for label, least in head.exceptions.items() if least > 1),
        ]
    )


def _out_of_distribution(report: Report) -> list[Row]:
    return [
        (kind, f"{its.familiarity_auroc:.4f}", f"{its.unfamiliar:.4f}")
        for kind, its in report.out_of_scope.items()
    ]

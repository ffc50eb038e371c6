"""MODEL_CARD.md: what a release is, for people, under the metadata block that model hubs read.

Made of the model's contract and its report alone, so that it says nothing that these do not. Headings after
Mitchell et al. 2019, arXiv 1810.03993; the block as the Hugging Face Hub documents it. Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from inference.contract import UNPROVEN, ModelContract, Thresholds
from model_store.manifest import PhotoNetwork
from reports.values import (
    CROSS_FITTED,
    HELD_OUT,
    ModelFigures,
    PhotoFigures,
    Promise,
    Report,
)

MODEL_CARD: Final = "MODEL_CARD.md"

DATA_LICENCE: Final = "data_licence"
"""The key of the training's configuration with the licence of the data, as the user stated it."""

TAGS: Final = ("clothing", "onnx", "calibrated", "out-of-distribution-detection")


def model_card(contract: ModelContract, report: Report, photos: PhotoNetwork | None = None) -> str:
    """The card, Markdown with a YAML block, UTF-8.

    Args:
        contract: labels, input and thresholds of the release.
        report: its evaluation.
        photos: its second network; None where there is none.
    """
    sections = (
        _summary(contract, photos, report),
        _training(report),
        _figures(report),
        _decisions(contract, photos, report),
        _limits(report),
        _citation(report),
    )
    body = "\n\n".join("\n".join(lines) for lines in sections)
    return f"---\n{_metadata(report)}---\n\n{body}\n"


def _metadata(report: Report) -> str:
    """YAML of which each value is JSON, which YAML contains."""
    licence = report.training.configuration.get(DATA_LICENCE)
    values: dict[str, JsonValue] = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "license": "other" if licence else "unknown",
        **({"license_name": licence} if licence else {}),
        "tags": list(TAGS),
        "metrics": ["accuracy"],
        "model-index": [{"name": report.model.network, "results": [*_results(report)]}],
    }
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _results(report: Report) -> Iterator[JsonValue]:
    yield _result(report.data.name, "test", report.test.accuracy)
    for tier, figures in report.photos.items():
        if figures.accuracy is not None:
            yield _result(f"photos of tier {tier}", figures.split, figures.accuracy)


def _result(name: str, split: str, accuracy: float) -> JsonValue:
    return {
        "task": {"type": "image-classification"},
        "dataset": {"name": name, "type": name, "split": split},
        "metrics": [{"type": "accuracy", "value": accuracy}],
    }


def _summary(contract: ModelContract, photos: PhotoNetwork | None, report: Report) -> list[str]:
    model = report.model
    return [
        f"# {model.network}: {len(contract.labels)} classes",
        "",
        f"It classifies pictures into {', '.join(map(_as_text, contract.labels))}.",
        "",
        f"- Input: {contract.input.in_words}, {contract.input.dtype}, framing `{contract.input.framing}`.",
        f"- {model.in_words}.",
        f"- Files: {', '.join(f'{name} {size:,} bytes' for name, size in model.bytes.items())}.",
        *_second_network(photos, report.photo_model),
    ]


def _as_text(label: str) -> str:
    """A class as Markdown shows it, whatever a folder is called."""
    return re.sub(r"([\\`*_\[\]<>&|#])", r"\\\1", " ".join(label.split()))


def _second_network(photos: PhotoNetwork | None, figures: ModelFigures | None) -> Iterator[str]:
    if photos is not None:
        yield f"- Photos are answered by a second network. It reads whole pictures: {photos.input.in_words}."
    if figures is not None:
        files = ", ".join(f"{name} {size:,} bytes" for name, size in figures.bytes.items())
        yield f"- The second network: {figures.network}, {figures.in_words}; {files}."


def _training(report: Report) -> list[str]:
    training, data = report.training, report.data
    licence = training.configuration.get(DATA_LICENCE)
    return [
        "## What it was trained on",
        "",
        f"- Data set: {data.name}; SHA-256 of the training part {data.train_sha256}, of the test part "
        f"{data.test_sha256}.",
        f"- Pictures: {report.train.n:,} learnt, {_set_aside(report)}.",
        *_photos_learnt(training.configuration),
        *_frozen(training.configuration),
        f"- Licence of the data: {licence or 'not stated by who trained it'}.",
        f"- Seed {_or_unknown(training.seed)}, {_or_unknown(training.epochs)} epochs, on "
        f"{_or_unknown(training.hardware)}.",
        "",
        "The configuration, whole, is in `report.json` under `training`.",
    ]


def _set_aside(report: Report) -> str:
    if report.test.split == CROSS_FITTED:
        return "none set aside: each was answered by a network that had not learnt it (cross-fitted)"
    return f"{report.validation.n:,} held out, {report.test.n:,} for the test"


def _measured_on(report: Report) -> str:
    return "all pictures, cross-fitted" if report.test.split == CROSS_FITTED else "the test set"


def _photos_learnt(configuration: Mapping[str, JsonValue]) -> Iterator[str]:
    second = configuration.get("photo_network")
    if isinstance(second, Mapping):
        yield from _tiers(second.get("photos"))
    else:
        yield from _tiers(configuration.get("learnt_photos"))
    if said := configuration.get("photo_figures"):
        yield f"- The figures of photos below are {said}."


def _tiers(learnt: JsonValue) -> Iterator[str]:
    if isinstance(learnt, Mapping):
        yield f"- Photos learnt: {', '.join(f'{count:,} of tier {tier}' for tier, count in learnt.items())}."


def _frozen(configuration: Mapping[str, JsonValue]) -> Iterator[str]:
    """What the network had learnt before, where its last layer alone was fitted here."""
    head = configuration.get("head")
    if isinstance(head, Mapping) and isinstance(blocks := head["blocks"], list):
        yield (
            f"- The last layer alone, on {', '.join(map(str, blocks))}; what these have learnt, and under "
            "which licence they are: `training/features/BACKBONE.md` of Wardrobe."
        )


def _or_unknown(value: object) -> str:
    return "unknown" if value is None else str(value)


def _figures(report: Report) -> list[str]:
    test, distinct = report.test, report.test.distinct
    name = "all pictures" if test.split == CROSS_FITTED else "test set"
    rows: list[tuple[str, int, str, float, str, str]] = [
        (name, test.n, test.split, test.accuracy, _between(test.accuracy_interval), "accuracy")
    ]
    if distinct:
        name = f"the same without {distinct.near_copies:,} near copies of training pictures"
        bounds = _between(distinct.accuracy_interval)
        rows.append((name, distinct.n, "test", distinct.accuracy, bounds, "accuracy"))
    for tier, one in report.photos.items():
        if one.macro_accuracy is not None:
            rows.append(
                (f"photos of tier {tier}", one.n, one.split, one.macro_accuracy, _interval(one), "macro")
            )
    return [
        "## How good it is",
        "",
        "| pictures | n | split | figure | value | 95% interval |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {n:,} | {split} | {'macro accuracy' if kind == 'macro' else kind} | {share:.4f} | "
            f"{interval} |"
            for name, n, split, share, interval, kind in rows
        ),
        "",
        f"Expected calibration error on {_measured_on(report)}: {test.ece:.4f} ({test.ece_before:.4f} before "
        f"temperature).{_overconfidence(test.overconfidence)}",
        "",
        f"| class | precision | recall | {'pictures' if test.split == CROSS_FITTED else 'test pictures'} |",
        "|---|---|---|---|",
        *(
            f"| {_as_text(label)} | {one.precision:.4f} | {one.recall:.4f} | {one.support:,} |"
            for label, one in test.per_class.items()
        ),
    ]


def _overconfidence(difference: float | None) -> str:
    return "" if difference is None else f" Mean confidence minus accuracy: {100 * difference:+.1f} points."


def _interval(figures: PhotoFigures) -> str:
    return "none" if figures.macro_accuracy_interval is None else _between(figures.macro_accuracy_interval)


def _between(bounds: tuple[float, float]) -> str:
    return "{:.4f} to {:.4f}".format(*bounds)


def _decisions(contract: ModelContract, photos: PhotoNetwork | None, report: Report) -> list[str]:
    lines = ["## What is accepted without review", "", f"- Pixels: {_threshold(contract.thresholds)}."]
    if photos is not None:
        lines.append(f"- Photos: {_threshold(photos.thresholds)}.")
    elif contract.photos_unproven:
        lines.append(f"- Photos: {_threshold(UNPROVEN)}.")
    else:
        lines.append("- Photos: by the same thresholds.")
    return [*lines, *(f"- {_promised(one)}" for one in report.promises), *_calibrated(report)]


def _calibrated(report: Report) -> Iterator[str]:
    """What a later calibration changed, and what it did not measure."""
    found = report.calibrated
    if found is None:
        return
    yield (
        f"- Calibrated by `wardrobe calibrate` on {found.n:,} checked pictures of {found.groups:,} groups, "
        f"which chose temperature and thresholds of photos. The weights are those of {found.parent}, and so "
        "are the figures of the test set, which was not read again."
    )
    if found.test_decided_by:
        yield (
            f"- Loss and calibration error of the test set are those of the calibration of "
            f"{found.test_decided_by}."
        )
    for tier, one in report.photos.items():
        if one.decided_by:
            yield (
                f"- Photos of tier {tier} were answered by {one.decided_by}: the accuracy holds, and what is "
                "accepted of them now was not measured."
            )


def _threshold(thresholds: Thresholds) -> str:
    if thresholds.accept_nothing:
        return "nothing is accepted, as too few answers show how often they are right"
    return f"from confidence {thresholds.confidence:.4f} and familiarity {thresholds.familiarity:.4f} on"


def _promised(one: Promise) -> str:
    kind = "Held-out pictures" if one.pictures == HELD_OUT else one.pictures[0].upper() + one.pictures[1:]
    kept = one.accepted > 0 and one.lower_bound >= one.accuracy
    unshown = "Not shown for your pictures: they do not show" if one.accepted else "This does not show"
    shows = "This shows" if kept else unshown
    return (
        f"{kind}: {one.accepted:,} of {one.n:,} familiar ones are accepted, {one.right:,} of them right. "
        f"{shows} that {one.accuracy:.0%} are right (one-sided 95% bound {one.lower_bound:.4f})."
    )


def _limits(report: Report) -> list[str]:
    worst = min(report.test.per_class.items(), key=lambda item: item[1].recall)
    lines = [
        "## Limits",
        "",
        f"- Worst on {_measured_on(report)}: {_as_text(worst[0])}, of which {worst[1].recall:.1%} are "
        "recognised.",
        "- A picture of anything else gets one of the classes, too, unless its decision is `review`.",
    ]
    if not report.photos:
        lines.append("- It was not measured on photos: how good it is on these is not known.")
    else:
        lines.append(
            "- Photos: figures and promises are of the shops and senders of these photos, not of others."
        )
    lines += [
        f"- Tier {tier}: choices were made on these photos, so its figures are optimistic."
        for tier, one in report.photos.items()
        if one.split == "development"
    ]
    lines += [
        f"- Photos that show none of the classes (tier {tier}, n = {one.n:,}): "
        f"{one.decisions.coverage:.1%} are accepted all the same."
        for tier, one in report.photos.items()
        if one.sources and not one.decided_by
    ]
    return lines


def _citation(report: Report) -> list[str]:
    lines = ["## How to cite", "", "Name the release by its version, which contains the hash of its files."]
    if report.data.name == "Fashion-MNIST":
        lines.append(
            "The data set: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for "
            "Benchmarking Machine Learning Algorithms, 2017, arXiv 1708.07747."
        )
    return lines

"""Measure a release again, and compare with its report.

It asks the serving graph; --out FOLDER keeps the answers to look at. Exit code 1 when the figures differ
from the report's (training/measure/evaluate.py). Photos of real garments are measured without a data set and
compared with nothing: training/measure/photo_evaluation.py.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.onnx_session import OnnxSession
from model_store.cache import find_release
from model_store.files import GRAPH
from model_store.local import LocalRelease
from reports.answers import Answers
from reports.values import CROSS_FITTED, PhotoFigures, SourceFigures, TestFigures, report_of
from scripts.options import add_data_options, named_of
from scripts.progress import Terminal
from scripts.terminal import (
    RELEASE_HELP,
    Failed,
    command_parser,
    complain,
    console,
    perform,
    print_table,
    run,
)
from training.loading import require
from training.measure.statistics import differences
from training.pictures.corrections import read_corrections
from training.pictures.fashion import LabelledData
from training.pictures.learnt import NOTHING, load_learnt
from training.pictures.named import load
from training.pictures.own_pictures import sampled_for_test
from training.pictures.photos import OOD_TIER, OWN_TIER, photos_in
from training.pictures.table import Pictures

EXAMPLES = (
    "wardrobe evaluate",
    "wardrobe evaluate s3://models/wardrobe --json",
    "wardrobe evaluate releases --data my-pictures --out runs/evaluation",
    "wardrobe evaluate releases --photos photos --split unseen",
)


def main(argv: list[str] | None = None) -> int:
    """Evaluate the release that the arguments name."""
    return perform(build_parser(), _evaluated, argv)


def _evaluated(arguments: argparse.Namespace) -> object:
    found = _evaluate(arguments)
    return Failed(found) if found.get("differences") else found


def _evaluate(arguments: argparse.Namespace) -> dict[str, object]:
    _check_photo_options(arguments)
    require("sklearn", "scikit-learn")
    release = find_release(arguments.release)
    if arguments.photos is not None:
        return _evaluate_photos(release, arguments)
    contract = release.manifest.model
    data = load(named_of(arguments), Terminal(), contract.input, division="to measure").under(contract.labels)
    if data.named:
        data = _measured_on(release, data)
    figures, answers = _measure(release, data)
    objections = _compare(release, data, figures)
    name = data.described().name
    _show(release, name, figures, objections)
    return {
        "version": release.version,
        **_written(arguments.out, name, answers, data.test, contract),
        "test": figures.model_dump(mode="json"),
        "agrees": not objections,
        "differences": objections,
    }


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("evaluate", __doc__, EXAMPLES)
    parser.add_argument("release", nargs="?", default="bundled", help=RELEASE_HELP)
    out = "write the confusion matrix, the answers as a CSV and a sheet of the mistakes there"
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=out)
    add_data_options(parser)
    add = parser.add_argument_group("photos", "of real garments, instead of a data set").add_argument
    layout = (
        "FOLDER/label/files, FOLDER/tier/label/files, or a CSV of `path`, `label` and perhaps `tier`: a "
        "label is a class's index or name, X_ before it says none of them"
    )
    add("--photos", type=Path, metavar="FOLDER|CSV", help=layout)
    add("--split", metavar="NAME", help=f"the name of the split in tables and plots ({SPLIT})")
    return parser


SPLIT = "development"
"""The split of photos by default: photos that were measured may also have guided choices."""


def _check_photo_options(arguments: argparse.Namespace) -> None:
    """Let a contradiction among the options end as wrong usage."""
    if arguments.photos is None and arguments.split is not None:
        arguments.error("--split goes with --photos")
    if arguments.photos is not None and any((arguments.data, arguments.train, arguments.test)):
        arguments.error("--photos are measured without a data set: leave --data, --train and --test out")


def _measured_on(release: LocalRelease, data: LabelledData) -> LabelledData:
    """The release's own test set where the folder is the one that it was trained on, else all of the folder.

    Which of the two is printed.
    """
    drawn, every = sampled_for_test(data.test), len(data.test)
    if drawn.digest() == report_of(release).data.test_sha256:
        console().print(
            f"Measured on {len(drawn):,} of {every:,} pictures: the test set of this release, which learnt "
            "from the others."
        )
        return replace(data, test=drawn)
    console().print(f"Measured on all {every:,} pictures that are there to measure on.")
    learnt = load_learnt(release.folder) or NOTHING
    if known := int(learnt.has(data.test.sha256).sum()):
        complain(f"the release learnt {known:,} of these {every:,} pictures, so the figures are too good.")
    return data


def _measure(release: LocalRelease, data: LabelledData) -> tuple[TestFigures, Answers]:
    from training.measure.evaluate import answer, measured, uncalibrated  # noqa: PLC0415 - needs scikit-learn

    contract = release.manifest.model
    session = OnnxSession(release.folder / GRAPH, shape=contract.input.array_shape)
    before = answer(session, uncalibrated(contract), data.test)
    answers = answer(session, contract, data.test)
    return measured(answers, before, contract), answers


def _written(
    folder: Path | None, name: str, answers: Answers, pictures: Pictures, contract: ModelContract
) -> dict[str, list[str]]:
    """Write the folder that --out names, if it does, and say what is in it."""
    if folder is None:
        return {}
    from training.measure.evaluation_folder import write_evaluation  # noqa: PLC0415 - needs matplotlib

    found = write_evaluation(folder.expanduser(), name, answers, pictures, contract)
    written = [str(path) for path in found]
    console().print(", ".join(written), soft_wrap=True)
    return {"written": written}


def _compare(release: LocalRelease, data: LabelledData, figures: TestFigures) -> list[str]:
    """What speaks against the stored report, a sentence each."""
    report = report_of(release)
    if report.data.test_sha256 != data.test.digest():
        return [f"The report was measured on another test set ({report.data.name}), so nothing was compared."]
    if report.test.split == CROSS_FITTED:
        return [
            "The report has answers of networks that had not learnt the picture, and the release learnt them "
            "all, so nothing was compared."
        ]
    return differences(report.test, figures)


def _show(release: LocalRelease, name: str, figures: TestFigures, objections: list[str]) -> None:
    """Print a line per class, the averages, and the verdict."""
    out = console()
    low, high = figures.accuracy_interval
    out.print(
        f"{release.version}: accuracy {figures.accuracy:.4f} (95% interval {low:.4f} to {high:.4f}) "
        f"on {figures.n:,} pictures of {name}, loss {figures.loss:.4f}, "
        f"calibration error {figures.ece:.4f} ({figures.ece_before:.4f} before calibration).",
        soft_wrap=True,
    )
    _print_classes(figures)
    decisions = figures.decisions
    accepted = "none" if decisions.accuracy is None else f"{decisions.accuracy:.2%} of them right"
    out.print(f"Accepted without review: {decisions.coverage:.2%}, {accepted}.")
    for line in objections or ["This is what the stored report says."]:
        out.print(line)


def _print_classes(figures: TestFigures) -> None:
    rows = figures.per_class | {
        "macro average": figures.averages.macro,
        "weighted average": figures.averages.weighted,
    }
    print_table(
        [
            {
                "class": name,
                "precision": f"{one.precision:.4f}",
                "recall": f"{one.recall:.4f}",
                "F1": f"{one.f1:.4f}",
                "pictures": f"{one.support:,}",
            }
            for name, one in rows.items()
        ]
    )


def _evaluate_photos(release: LocalRelease, arguments: argparse.Namespace) -> dict[str, object]:
    """Measure the release on the photos that the arguments name, and show what was found.

    Raises:
        DataError: the photos cannot be read; the message says why.
        ModelError: the model cannot be run.
    """
    from training.measure.evaluate import decided, scored  # noqa: PLC0415 - needs scikit-learn
    from training.measure.photo_evaluation import asked_photos, photo_figures  # noqa: PLC0415 - as above

    contract, split = release.manifest.photo_contract, arguments.split or SPLIT
    corrections = read_corrections(arguments.corrections)
    (photos,) = photos_in(
        *([arguments.photos], contract.labels, contract.input, Terminal(), corrections), untiered=OWN_TIER
    )
    session = OnnxSession(release.photo_graph, shape=contract.input.array_shape)
    network = "photos" if release.manifest.photos else "pixels"
    asked = asked_photos(scored(session, photos.images), photos, photos.shown, network)
    answers = decided(Classifier(session, contract), asked)
    figures = photo_figures(answers, contract, split)
    console().print(f"{release.version}: {_accepts(contract)}", soft_wrap=True)
    splits = ", ".join(sorted({one.split for one in figures.values()}))
    print_table([{"tier": tier} | _photo_row(one) for tier, one in figures.items()], f"split: {splits}")
    _print_recalls(figures)
    if OOD_TIER in figures:
        print_table([_source_row(*one) for one in figures[OOD_TIER].sources.items()])
    section = {tier: one.model_dump(mode="json") for tier, one in figures.items()}
    more = _written(arguments.out, f"{arguments.photos.name}, {split}", answers, photos, contract)
    return {"version": release.version, "photos": section, **more}


def _accepts(contract: ModelContract) -> str:
    """From where on photos are accepted."""
    thresholds = contract.thresholds_of("photo")
    if thresholds.accept_nothing:
        return "no confidence is accepted."
    return (
        f"accepted from confidence {thresholds.confidence:.4g} and familiarity {thresholds.familiarity:.4g} "
        "on."
    )


def _photo_row(one: PhotoFigures) -> dict[str, str]:
    """The cells of a tier, by their headings.

    `right` is the share of the accepted; `AUROC` says how well familiarity separates the tier from X, and
    the last column how well confidence does.
    """
    interval = one.macro_accuracy_interval
    return {
        "photos": f"{one.n:,}",
        "macro accuracy": _shown(one.macro_accuracy),
        "95% interval": "..".join(map(_shown, interval)) if interval else NONE,
        "accepted": f"{one.decisions.coverage:.1%}",
        "right": _shown(one.decisions.accuracy, ".1%"),
        "ambiguous": f"{one.decisions.ambiguous:.1%}",
        "unfamiliar": f"{one.decisions.unfamiliar:.1%}",
        "AUROC": _shown(one.auroc.familiarity if one.auroc else None),
        "by confidence": _shown(one.auroc.confidence if one.auroc else None),
    }


def _print_recalls(photos: Mapping[str, PhotoFigures]) -> None:
    """Print the recall of each class in each tier, with how many photos it was counted on."""
    garments = {tier: one.per_class for tier, one in photos.items() if one.per_class}
    labels = dict.fromkeys(label for recalls in garments.values() for label in recalls)
    rows = []
    for label in labels:
        found = {tier: recalls.get(label) for tier, recalls in garments.items()}
        cells = {tier: f"{one.recall:.3f} ({one.n})" if one else NONE for tier, one in found.items()}
        rows.append({"class": label} | {f"recall, {tier} (photos)": cell for tier, cell in cells.items()})
    print_table(rows)


def _source_row(source: str, one: SourceFigures) -> dict[str, str]:
    """The decisions about the out-of-distribution photos of a folder."""
    return {
        "none of the classes": source,
        "photos": f"{one.n:,}",
        "accepted": f"{one.accepted:.1%}",
        "unfamiliar": f"{one.unfamiliar:.1%}",
    }


NONE = "-"


def _shown(figure: float | None, form: str = ".3f") -> str:
    return NONE if figure is None else format(figure, form)


if __name__ == "__main__":
    sys.exit(run(main))

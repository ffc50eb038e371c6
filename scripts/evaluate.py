"""Measure a release again, from its serving graph, and compare with the report that it carries.

wardrobe evaluate [bundled|FOLDER|STORE] [--version VERSION] [--json]
                           [--data FOLDER | --train CSV --test CSV | --photos FOLDER]

Exit code 1 when the figures differ from the report's (training/evaluation/measure.py). Photos of real
garments are measured without a data set and compared with nothing: evaluating_photos.py.
"""

import argparse
import json
import sys

from rich.markup import escape
from rich.table import Table

from inference.onnx_session import OnnxSession
from model_store.files import GRAPH, REPORT
from model_store.local import LocalRelease
from model_store.report import TestFigures, parse_report
from scripts.command_line import command_parser
from scripts.data_options import add_data_options, load_data
from scripts.evaluating_photos import (
    add_photo_options,
    check_photo_options,
    check_scikit_learn,
    evaluate_photos,
)
from scripts.opening import find_release
from scripts.terminal import FAILED, console, run
from training.data.datasets import LabelledData
from training.evaluation.agreement import differences

EXAMPLES = (
    "wardrobe evaluate",
    "wardrobe evaluate s3://models/wardrobe --json",
    "wardrobe evaluate releases --photos photos --worst worst.png",
)


def main(argv: list[str] | None = None) -> int:
    """Evaluate the release that the arguments name."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    check_photo_options(parser, arguments)
    check_scikit_learn()
    release = find_release(arguments.release, arguments.version)
    if arguments.photos is not None:
        evaluate_photos(release, arguments)
        return 0
    data = load_data(parser, arguments).under(release.manifest.model.labels)
    figures = _measure(release, data)
    objections = _compare(release, data, figures)
    if arguments.json:
        print(json.dumps(_as_json(release, figures, objections), indent=1, ensure_ascii=False))
    else:
        _show(release, figures, objections)
    return FAILED if objections else 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("evaluate", __doc__, EXAMPLES)
    parser.add_argument(
        "release",
        nargs="?",
        default="bundled",
        help="bundled (the default), a release's folder, or a store: a folder or s3://bucket/prefix",
    )
    parser.add_argument("--version", help="of a store: this one instead of what is current")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_data_options(parser)
    add_photo_options(parser)
    return parser


def _measure(release: LocalRelease, data: LabelledData) -> TestFigures:
    from training.evaluation.measure import answer, measured, uncalibrated  # noqa: PLC0415 - needs scikit-learn

    contract = release.manifest.model
    session = OnnxSession(release.folder / GRAPH)
    before = answer(session, uncalibrated(contract), data.test)
    return measured(answer(session, contract, data.test), before, contract)


def _compare(release: LocalRelease, data: LabelledData, figures: TestFigures) -> list[str]:
    """What speaks against the stored report, a sentence each."""
    path = release.folder / REPORT
    report = parse_report(path.read_bytes(), str(path))
    if report.data.test_sha256 != data.test.sha256():
        return [f"The report was measured on another test set ({report.data.name}), so nothing was compared."]
    return differences(report.test, figures)


def _as_json(release: LocalRelease, figures: TestFigures, objections: list[str]) -> dict[str, object]:
    return {
        "version": release.version,
        "test": figures.model_dump(mode="json"),
        "agrees": not objections,
        "differences": objections,
    }


def _show(release: LocalRelease, figures: TestFigures, objections: list[str]) -> None:
    """Print a line per class, the averages, and the verdict."""
    out = console()
    low, high = figures.accuracy_interval
    out.print(
        f"{release.version}: accuracy {figures.accuracy:.4f} (95% interval {low:.4f} to {high:.4f}) "
        f"on {figures.n:,} pictures, loss {figures.loss:.4f}, "
        f"calibration error {figures.ece:.4f} ({figures.ece_before:.4f} before temperature).",
        soft_wrap=True,
    )
    out.print(_table(figures))
    decisions = figures.decisions
    accepted = "none" if decisions.accuracy is None else f"{decisions.accuracy:.2%} of them right"
    out.print(f"Accepted without review: {decisions.coverage:.2%}, {accepted}.")
    for line in objections or ["This is what the stored report says."]:
        out.print(line, markup=False)


def _table(figures: TestFigures) -> Table:
    table = Table("class", "precision", "recall", "F1", "pictures")
    for column in table.columns[1:]:
        column.justify = "right"
    rows = figures.per_class | {
        "macro average": figures.averages.macro,
        "weighted average": figures.averages.weighted,
    }
    for name, one in rows.items():
        table.add_row(
            escape(name), f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}", f"{one.support:,}"
        )
    return table


if __name__ == "__main__":
    sys.exit(run(main))

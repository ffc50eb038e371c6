"""Measure a release again, and compare with its report.

The pictures are answered by the ONNX graph that a service uses. --out FOLDER keeps report.html, with the
figures of each class, and the answers. The exit code is 1 if the figures differ from those of the report.
Photos of real garments (--photos) are measured without a data set, and not compared.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from app.settings import read_command_settings
from inference.classifier import Classifier
from inference.sessions.onnx_session import OnnxSession
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release
from model_store.release_files import GRAPH_FILE
from reports.answers import Answers
from reports.network_figures import CROSS_FITTED_SPLIT, Examples, TestFigures
from reports.values import read_report
from scripts.__main__ import command
from scripts.console import make_console, print_table
from scripts.data_options import add_data_options, list_data_files, read_data_set_options
from scripts.evaluate_photos import DEFAULT_SPLIT_NAME, evaluate_photos
from scripts.evaluation_outputs import (
    check_evaluation_outputs,
    check_order_of_labels,
    format_figure,
    make_evaluation_page,
    warn_of_learnt_pictures,
    write_evaluation_outputs,
)
from scripts.parsers import BUNDLED_HELP, make_command_parser
from scripts.progress_bars import TerminalProgress
from scripts.terminal import NegativeResult
from training.data.division import sample_test_pictures
from training.data.fashion import LabelledData
from training.data.pictures import Pictures
from training.data.read import load_data_set
from training.evaluation.statistics import describe_differences
from training.loading import require_library

EXAMPLE_COMMANDS = (
    "wardrobe evaluate",
    "wardrobe evaluate s3://models/wardrobe --json",
    "wardrobe evaluate store --data my-pictures --out runs/evaluation",
    "wardrobe evaluate store --photos photos --split unseen",
)


def execute(arguments: argparse.Namespace) -> object:
    """Measure the release that the arguments name on a data set or photos, and print the figures.

    Returns:
        The figures for --json, as a NegativeResult (exit code 1) if they contradict the release's stored
        report.
    """
    document = _measure_release(arguments)
    return NegativeResult(document) if document.get("differences") else document


def _measure_release(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure the release, print the figures, and return them for --json, with differences to its report."""
    _check_photo_options(arguments)
    require_library("sklearn", "scikit-learn")
    release = find_release(arguments.release, read_command_settings().cache_dir)
    if arguments.photos is not None:
        return evaluate_photos(release, arguments)
    contract = release.manifest.get_contract("pixels")
    heads = {name: head.labels for name, head in contract.attributes.items()}
    data_source = replace(read_data_set_options(arguments), required_labels=heads)
    progress = TerminalProgress()
    data = load_data_set(data_source, progress, contract.input, picture_use="measure").match_labels(
        contract.labels, progress.warn, is_forced=arguments.force
    )
    check_evaluation_outputs(arguments.out, [*list_data_files(arguments, data.test), release.folder])
    if data.has_class_names:
        data = _choose_measured_pictures(release, data)
    figures, answers = _measure_answers(release, data)
    if not arguments.force:
        check_order_of_labels(release, answers, contract.labels, can_reorder=data.can_reorder_labels)
    attribute_figures = _measure_attributes(release, data.test, answers)
    objections = _find_differences(release, data, figures)
    name = data.describe_data_set().name
    _print_figures(release, name, figures, objections)
    page = make_evaluation_page(
        release, data=data.describe_data_set(), test=figures, photos={}, **_EMPTY_FIGURES
    )
    return {
        "version": release.version,
        **write_evaluation_outputs(arguments.out, page, answers, data.test, contract),
        "test": figures.model_dump(mode="json"),
        **({"attributes": attribute_figures} if attribute_figures else {}),
        "agrees": not objections,
        "differences": objections,
    }


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe evaluate`."""
    parser = make_command_parser("evaluate", __doc__, EXAMPLE_COMMANDS)
    parser.add_argument("release", nargs="?", default="bundled", help=BUNDLED_HELP)
    out = "write all figures as a page, the answers as a CSV, the confusion matrix and the mistakes there"
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=out)
    parser.add_argument("--force", action="store_true", help=FORCE_HELP)
    add_data_options(parser)
    add = parser.add_argument_group("photos", "of real garments, instead of a data set").add_argument
    layout = (
        "photos in FOLDER/label/ or FOLDER/tier/label/, or a CSV of `path`, `label` and perhaps `tier`: a "
        "label is a class's index or name, X_ before it says none of them"
    )
    add("--photos", type=Path, metavar="FOLDER|CSV", help=layout)
    add(
        "--split",
        metavar="NAME",
        help=f"name of the split in tables and plots (default: {DEFAULT_SPLIT_NAME})",
    )
    return parser


FORCE_HELP = "measure it even if its labels seem to be in another order than its outputs"


def _check_photo_options(arguments: argparse.Namespace) -> None:
    """End the command with an error of usage if --photos and other options contradict each other."""
    if arguments.photos is None and arguments.split is not None:
        arguments.error("--split goes with --photos")
    if arguments.photos is not None and any((arguments.data, arguments.train, arguments.test)):
        arguments.error("--photos are measured without a data set: leave --data, --train and --test out")


def _choose_measured_pictures(release: LocalRelease, data: LabelledData) -> LabelledData:
    """Return the pictures to measure on, and print which ones they are.

    If the folder is the one that the release was trained on, this is the release's own test set, otherwise
    the whole folder.
    """
    drawn_test_set = sample_test_pictures(data.test)
    picture_count = len(data.test)
    # The draw depends only on the pictures, so the folder of the training gives the test set of the training.
    if drawn_test_set.compute_digest() == read_report(release).data.test_sha256:
        make_console().print(
            f"Measured on {len(drawn_test_set):,} of {picture_count:,} pictures: the test set of this "
            "release, which learnt "
            "from the others."
        )
        return replace(data, test=drawn_test_set)
    make_console().print(f"Measured on all {picture_count:,} pictures that are there to measure on.")
    warn_of_learnt_pictures(release, data.test)
    return data


def _measure_answers(release: LocalRelease, data: LabelledData) -> tuple[TestFigures, Answers]:
    """Return the figures of a release on the test set, and the answers from which they are computed."""
    from training.evaluation.evaluate import (  # noqa: PLC0415 - needs scikit-learn
        add_decisions,
        compute_test_figures,
        make_answers,
        remove_calibration,
        score_pictures,
    )

    contract = release.manifest.get_contract("pixels")
    session = OnnxSession(release.folder / GRAPH_FILE, shape=contract.input.array_shape)
    undecided_answers = make_answers(score_pictures(session, data.test.pixels), data.test)
    # The same scores without and with calibration, since the figures compare both.
    uncalibrated_answers, answers = (
        add_decisions(Classifier(session, rules), undecided_answers)
        for rules in (remove_calibration(contract), contract)
    )
    return compute_test_figures(answers, uncalibrated_answers, contract), answers


def _measure_attributes(
    release: LocalRelease, pictures: Pictures, class_answers: Answers
) -> dict[str, dict[str, float | None]]:
    """Measure each attribute, such as the colour, for which the table has a column, and print a row for it.

    Returns:
        The figures by attribute; empty if the pictures have no labels of attributes.
    """
    contract = release.manifest.get_contract("pixels")
    if not pictures.attributes:
        return {}
    from training.evaluation.attributes import make_attribute_answers  # noqa: PLC0415 - needs scikit-learn
    from training.evaluation.evaluate import predict_pictures  # noqa: PLC0415 - as above

    session = OnnxSession(release.folder / GRAPH_FILE, shape=contract.input.array_shape)
    predictions = predict_pictures(Classifier(session, contract), pictures)
    answers = make_attribute_answers(predictions, class_answers, pictures.attributes)
    shares = {name: _compute_shares(rows) for name, rows in answers.items()}
    print_table([{"attribute": name} | _make_attribute_row(row) for name, row in shares.items()])
    return shares


def _make_attribute_row(figures: dict[str, float | None]) -> dict[str, str]:
    """Return the row of an attribute in the printed table, as cells by heading."""
    return {
        "pictures": f"{figures['n']:,}",
        "right": format_figure(figures["accuracy"], ".1%"),
        "accepted": format_figure(figures["accepted"], ".1%"),
        "of these right": format_figure(figures["right_of_accepted"], ".1%"),
    }


def _compute_shares(answers: Answers) -> dict[str, float | None]:
    """Return the shares of right and of accepted answers, over the pictures whose label is known."""
    class_answers = answers.select_rows(answers.has_class)
    right = class_answers.is_right[class_answers.is_accepted]
    return {
        "n": len(class_answers),
        "accuracy": float(class_answers.is_right.mean()) if len(class_answers) else None,
        "accepted": float(class_answers.is_accepted.mean()) if len(class_answers) else None,
        "right_of_accepted": float(right.mean()) if len(right) else None,
    }


_EMPTY_FIGURES = {
    "promises": (),
    "possible_promises": (),
    "out_of_scope": {},
    "examples": Examples(wrong=(), right=()),
    "unknown_sources": {},
    "photo_examples": None,
    "products": {},
    "words": None,
}
"""Empty values for the parts of a report that a data set cannot measure, so that its page leaves them out."""


def _find_differences(release: LocalRelease, data: LabelledData, figures: TestFigures) -> list[str]:
    """Return a sentence for each figure that contradicts the stored report."""
    report = read_report(release)
    if report.data.test_sha256 != data.test.compute_digest():
        return [f"The report was measured on another test set ({report.data.name}), so nothing was compared."]
    if report.test.split == CROSS_FITTED_SPLIT:
        return [
            "The report has answers of networks that had not learnt the picture, and the release learnt them "
            "all, so nothing was compared."
        ]
    return describe_differences(report.test, figures)


def _print_figures(release: LocalRelease, name: str, figures: TestFigures, objections: list[str]) -> None:
    """Print accuracy, accepted answers and calibration, and then the differences to the stored report.

    Args:
        name: the name of the data set.
        objections: the differences, one sentence for each.
    """
    console = make_console()
    low, high = figures.accuracy_interval
    console.print(
        f"{release.version}: {figures.accuracy:.2%} of {figures.n:,} pictures of {name} are right (95% "
        f"interval {low:.2%} to {high:.2%}).",
        soft_wrap=True,
    )
    decisions = figures.decisions
    accepted = "none" if decisions.accuracy is None else f"{decisions.accuracy:.2%} of them right"
    console.print(f"Accepted without review: {decisions.coverage:.2%}, {accepted}.")
    console.print(
        f"Confidences differ from the share of right answers by {100 * figures.ece:.2f} points on average "
        f"(calibration error; {100 * figures.ece_before:.2f} before calibration). Loss {figures.loss:.4f}.",
        soft_wrap=True,
    )
    for line in objections or ["This is what the stored report says."]:
        console.print(line)


if __name__ == "__main__":
    raise SystemExit(command("evaluate"))

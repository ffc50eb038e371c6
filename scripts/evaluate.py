"""Measure a release again, and compare with its report.

The pictures are answered by the ONNX graph that a service uses. --out FOLDER keeps report.html, with the
figures of each class, and the answers. The exit code is 1 if the figures differ from those of the report.
Photos of real garments (--photos) are measured without a data set, and not compared.
"""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.settings import read_command_settings
from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.sessions.onnx_session import OnnxSession
from labelling.lists.list_reading import ListOptions
from labelling.write.outputs import check_outputs
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release
from model_store.release_files import GRAPH_FILE, expand_home
from reports.answers import Answers
from reports.network_figures import CROSS_FITTED_SPLIT, Examples, TestFigures
from reports.page.html_page import REPORT_PAGE_FILE, make_page_file
from reports.photo_figures import PhotoFigures
from reports.values import read_report
from scripts.__main__ import command
from scripts.data_options import add_data_options, choose_data_source, list_data_files
from scripts.progress_bars import TerminalProgress
from scripts.terminal import (
    BUNDLED_HELP,
    NegativeResult,
    make_command_parser,
    make_console,
    print_message,
    print_table,
)
from training.data.data_source import DataSource
from training.data.division import draw_test_pictures
from training.data.fashion import LabelledData
from training.data.learnt_hashes import find_learnt_pictures
from training.data.photo_reading import read_photos
from training.data.pictures import Pictures
from training.data.read import load_data_set
from training.errors import DataError
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
        return _evaluate_photos(release, arguments)
    contract = release.manifest.get_contract("pixels")
    heads = {name: head.labels for name, head in contract.attributes.items()}
    data_source = replace(choose_data_source(arguments), required_labels=heads)
    progress = TerminalProgress()
    data = load_data_set(data_source, progress, contract.input, use="measure").match_labels(
        contract.labels, progress.warn, is_forced=arguments.force
    )
    _check_outputs(arguments.out, [*list_data_files(arguments, data.test), release.folder])
    if data.has_class_names:
        data = _choose_measured_pictures(release, data)
    figures, answers = _measure_answers(release, data)
    if not arguments.force:
        _check_label_order(release, answers, contract.labels)
    attribute_figures = _measure_attributes(release, data.test, answers)
    objections = _find_differences(release, data, figures)
    name = data.describe_data_set().name
    _print_figures(release, name, figures, objections)
    page = _make_report_page(
        release, data=data.describe_data_set(), test=figures, photos={}, **_EMPTY_FIGURES
    )
    return {
        "version": release.version,
        **_write_outputs(arguments.out, page, answers, data.test, contract),
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

DEFAULT_SPLIT_NAME = "development"
"""Default name of a set of photos in tables and plots. It is not called a test set, because people may have
chosen thresholds or networks by these photos."""


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
    drawn_test_set = draw_test_pictures(data.test)
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
    _warn_of_learnt_pictures(release, data.test)
    return data


def _warn_of_learnt_pictures(release: LocalRelease, pictures: Pictures) -> None:
    """Warn if the release learnt some of the pictures that it is measured on."""
    if count := int(find_learnt_pictures(release, pictures.sha256, pictures.hashes, say=print_message).sum()):
        print_message(
            f"the release learnt {count:,} of these {len(pictures):,} pictures, or nearly the same, so the "
            "figures are too good."
        )


def _measure_answers(release: LocalRelease, data: LabelledData) -> tuple[TestFigures, Answers]:
    """Return the figures of a release on the test set, and the answers from which they are computed."""
    from training.evaluation.evaluate import (  # noqa: PLC0415 - needs scikit-learn
        compute_test_figures,
        decide_answers,
        make_answers,
        remove_calibration,
        score_pictures,
    )

    contract = release.manifest.get_contract("pixels")
    session = OnnxSession(release.folder / GRAPH_FILE, shape=contract.input.array_shape)
    undecided_answers = make_answers(score_pictures(session, data.test.pixels), data.test)
    # The same scores without and with calibration, since the figures compare both.
    uncalibrated_answers, answers = (
        decide_answers(Classifier(session, rules), undecided_answers)
        for rules in (remove_calibration(contract), contract)
    )
    return compute_test_figures(answers, uncalibrated_answers, contract), answers


def _check_label_order(release: LocalRelease, answers: Answers, labels: tuple[str, ...]) -> None:
    """Refuse to measure a release if its outputs fit its labels in another order much better.

    Raises:
        DataError: the message has the better order.
    """
    from training.evaluation.label_order import find_better_order  # noqa: PLC0415 - needs scikit-learn

    order = find_better_order(answers, labels)
    if order is None:
        return
    raise DataError(
        f"{release.version}: {order.given_right_share:.1%} of the pictures are right, but "
        f"{order.right_share:.1%} would be if the names of its outputs were in another order: "
        f"{', '.join(order.labels)}. If the labels of the data are right, make the release again with these "
        f"names, such as by `wardrobe adopt MODEL --labels {shlex.quote(order.format_labels())}`. --force "
        "measures it as it is."
    )


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
        "right": _format_figure(figures["accuracy"], ".1%"),
        "accepted": _format_figure(figures["accepted"], ".1%"),
        "of these right": _format_figure(figures["right_of_accepted"], ".1%"),
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
}
"""Empty values for the parts of a report that a data set cannot measure, so that its page leaves them out."""


def _make_report_page(release: LocalRelease, **new_figures: object) -> bytes:
    """Return report.html of a release, with new figures in place of those in its report.

    Args:
        new_figures: the fields of the report that are replaced.
    """
    report = read_report(release).replace_fields(**new_figures)
    return make_page_file(release.manifest.contracts, report, {})


def _check_outputs(folder: Path | None, reads: Sequence[Path]) -> None:
    """Refuse the folder of --out if one of its files would overwrite a file that is read."""
    if folder is None:
        return
    from training.evaluation.folder import ANSWERS_FILE, CONFUSION_MATRIX_FILE, MISTAKES_FILE  # noqa: PLC0415

    check_outputs(
        [
            expand_home(folder) / name
            for name in (REPORT_PAGE_FILE, ANSWERS_FILE, CONFUSION_MATRIX_FILE, MISTAKES_FILE)
        ],
        reads,
    )


def _write_outputs(
    folder: Path | None, page: bytes, answers: Answers, pictures: Pictures, contract: ModelContract
) -> dict[str, list[str]]:
    """Write the files of --out, if a folder was named, and return their paths for --json."""
    if folder is None:
        return {}
    from training.evaluation.folder import write_evaluation  # noqa: PLC0415 - needs matplotlib

    files = write_evaluation(expand_home(folder), page, answers, pictures, contract)
    paths = [str(path) for path in files]
    make_console().print(", ".join(paths), soft_wrap=True)
    return {"written": paths}


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


def _evaluate_photos(release: LocalRelease, arguments: argparse.Namespace) -> dict[str, object]:
    """Measure the release on photos, print the figures, and return them for --json.

    Raises:
        DataError: the photos cannot be read. The message says why.
        ModelError: the model cannot be run.
    """
    from training.evaluation.evaluate import decide_answers, score_pictures  # noqa: PLC0415 - needs scikit-learn
    from training.evaluation.photos import compute_photo_figures, make_photo_answers  # noqa: PLC0415 - as above

    contract = release.manifest.get_contract("photos")
    split = arguments.split or DEFAULT_SPLIT_NAME
    reading = ListOptions.read_arguments(arguments)
    files = tuple(arguments.corrections)
    data_source = DataSource(
        place=str(arguments.photos), corrections=files, reading=reading, photo_use="measure"
    )
    photos = read_photos(
        data_source, data_source.list_photos(contract.labels), contract.input, TerminalProgress()
    )
    list_files = [] if arguments.photos.is_dir() else [arguments.photos]
    _check_outputs(arguments.out, [*list_files, *list_data_files(arguments, photos), release.folder])
    _warn_of_learnt_pictures(release, photos)
    session = OnnxSession(release.get_graph_path("photos"), shape=contract.input.array_shape)
    undecided_answers = make_photo_answers(score_pictures(session, photos.pixels), photos)
    answers = decide_answers(Classifier(session, contract), undecided_answers)
    if not arguments.force:
        _check_label_order(release, answers, contract.labels)
    figures = compute_photo_figures(answers, contract, split)
    make_console().print(f"{release.version}: {_describe_thresholds(contract)}", soft_wrap=True)
    rows = [{"tier": tier} | _make_photo_row(figure) for tier, figure in figures.items()]
    print_table(rows, arguments.split and f"split: {arguments.split}")
    section = {tier: figure.model_dump(mode="json") for tier, figure in figures.items()}
    written_files = _write_outputs(
        arguments.out, _make_report_page(release, photos=figures), answers, photos, contract
    )
    return {"version": release.version, "photos": section, **written_files}


def _describe_thresholds(contract: ModelContract) -> str:
    """Return a sentence with the thresholds from which photos are accepted."""
    deciding_contract = contract.find_deciding_contract("photos")
    if deciding_contract.class_head.accepts_nothing:
        return "no confidence is accepted."
    return (
        f"an answer is accepted where its confidence is {deciding_contract.class_head.confidence:.1%} or "
        f"more{deciding_contract.class_head.exceptions_text}, and its familiarity "
        f"{deciding_contract.minimum_familiarity:.1%} or more."
    )


def _make_photo_row(figures: PhotoFigures) -> dict[str, str]:
    """Return the row of a tier (how photos were taken) in the printed table, as cells by heading."""
    interval = figures.macro_accuracy_interval
    return {
        "photos": f"{figures.n:,}",
        "right, mean of classes": _format_figure(figures.macro_accuracy, ".1%"),
        "95% interval": " to ".join(f"{bound:.1%}" for bound in interval)
        if interval
        else MISSING_FIGURE_TEXT,
        "accepted": f"{figures.decisions.coverage:.1%}",
        "of these right": _format_figure(figures.decisions.accuracy, ".1%"),
    }


MISSING_FIGURE_TEXT = "-"
"""Cell of a table for a figure that could not be measured, because there were no answers."""


def _format_figure(figure: float | None, form: str) -> str:
    return MISSING_FIGURE_TEXT if figure is None else format(figure, form)


if __name__ == "__main__":
    raise SystemExit(command("evaluate"))

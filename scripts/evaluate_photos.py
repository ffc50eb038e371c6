"""Measure a release on photos of real garments, by tier, which says how the photos were taken.

The figures are printed and are not compared with the report of the release.
"""

import argparse

from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.sessions.onnx_session import OnnxSession
from labelling.lists.list_reading import ListOptions
from model_store.local_releases import LocalRelease
from reports.photo_figures import PhotoFigures
from reports.promises import TIER_PHOTOS_PREFIX
from reports.values import read_report
from scripts.console import make_console, print_table
from scripts.data_options import list_data_files
from scripts.evaluation_outputs import (
    MISSING_FIGURE_TEXT,
    check_evaluation_outputs,
    check_order_of_labels,
    format_figure,
    make_evaluation_page,
    warn_of_learnt_pictures,
    write_evaluation_outputs,
)
from scripts.progress_bars import TerminalProgress
from training.data.data_source import DataSource
from training.data.photo_reading import read_photos

DEFAULT_SPLIT_NAME = "development"
"""Default name of a set of photos in tables and plots. It is not called a test set, because people may have
chosen thresholds or networks by these photos."""


def evaluate_photos(release: LocalRelease, arguments: argparse.Namespace) -> dict[str, object]:
    """Measure the release on photos, print the figures, and return them for --json.

    Raises:
        DataError: the photos cannot be read. The message says why.
        ModelError: the model cannot be run.
    """
    from training.evaluation.evaluate import add_decisions, score_pictures  # noqa: PLC0415 - needs scikit-learn
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
    check_evaluation_outputs(
        arguments.out, [*list_files, *list_data_files(arguments, photos), release.folder]
    )
    warn_of_learnt_pictures(release, photos)
    session = OnnxSession(release.get_graph_path("photos"), shape=contract.input.array_shape)
    undecided_answers = make_photo_answers(score_pictures(session, photos.pixels), photos)
    answers = add_decisions(Classifier(session, contract), undecided_answers)
    if not arguments.force:
        check_order_of_labels(release, answers, contract.labels)
    figures = compute_photo_figures(answers, contract, split)
    make_console().print(f"{release.version}: {_describe_thresholds(contract)}", soft_wrap=True)
    rows = [{"tier": tier} | _make_photo_row(figure) for tier, figure in figures.items()]
    print_table(rows, arguments.split and f"split: {arguments.split}")
    section = {tier: figure.model_dump(mode="json") for tier, figure in figures.items()}
    written_files = write_evaluation_outputs(
        arguments.out, _make_page(release, figures), answers, photos, contract
    )
    return {"version": release.version, "photos": section, **written_files}


def _make_page(release: LocalRelease, figures: dict[str, PhotoFigures]) -> bytes:
    """Return the page with these figures of photos, without those of the photos that the release measured."""
    acceptance = {
        pictures: curve
        for pictures, curve in read_report(release).acceptance.items()
        if not pictures.startswith(TIER_PHOTOS_PREFIX)
    }
    return make_evaluation_page(
        release, photos=figures, unknown_sources={}, photo_examples=None, acceptance=acceptance
    )


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
        "right, mean of classes": format_figure(figures.macro_accuracy, ".1%"),
        "95% interval": " to ".join(f"{bound:.1%}" for bound in interval)
        if interval
        else MISSING_FIGURE_TEXT,
        "accepted": f"{figures.decisions.coverage:.1%}",
        "of these right": format_figure(figures.decisions.accuracy, ".1%"),
    }

"""The half of scripts.evaluate that measures photos: read, answer, show. Needs no data set.

Writes the sheet of the worst answers on request. How photos are measured:
training/evaluation/photo_evaluation.py.
"""

import argparse
import importlib.util
import json
from pathlib import Path

from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from model_store.local import LocalRelease
from model_store.report import PhotoFigures
from scripts.photo_reading import photos_in
from scripts.photo_table import class_table, photo_table, source_table
from scripts.terminal import console
from training.errors import NotInstalled
from training.photos.reading import OOD_TIER

SPLIT = "development"
"""The split of photos by default: photos that were measured may also have guided choices."""


def check_scikit_learn() -> None:
    """Make sure of what every measurement needs.

    Raises:
        NotInstalled: it is not there.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise NotInstalled(
            "scikit-learn is not installed. `make train` installs it, or pip: requirements.txt."
        )


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add --photos, --split and --worst."""
    group = parser.add_argument_group("photos", "of real garments, instead of a data set")
    group.add_argument(
        "--photos",
        type=Path,
        metavar="FOLDER",
        help="FOLDER/tier/label/files: a label is a class's index or name, X_ before it says none of them",
    )
    group.add_argument(
        "--split", metavar="NAME", help=f"what the photos are good for, in tables and plots ({SPLIT})"
    )
    group.add_argument("--worst", type=Path, metavar="PNG", help="draw the worst answers of each tier")


def check_photo_options(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Let a contradiction among the options end as wrong usage."""
    if arguments.photos is None and (arguments.split is not None or arguments.worst is not None):
        parser.error("--split and --worst go with --photos")
    if arguments.photos is not None and (arguments.data is not None or arguments.train is not None):
        parser.error("--photos are measured without a data set: leave --data, --train and --test out")


def evaluate_photos(release: LocalRelease, arguments: argparse.Namespace) -> None:
    """Measure the release on the photos that the arguments name, and show what was found.

    Raises:
        DataError: the photos cannot be read; the message says why.
        ModelError: the model cannot be run.
    """
    from training.evaluation.photo_evaluation import answer_photos, photo_figures  # noqa: PLC0415 - needs scikit-learn

    contract, split = release.manifest.model, arguments.split or SPLIT
    photos = photos_in(arguments.photos, contract.labels, contract.input.imaging)
    answers = answer_photos(OnnxSession(release.folder / GRAPH), contract, photos)
    figures = photo_figures(answers, contract, split)
    if arguments.worst is not None:
        from training.evaluation.worst_photos import write_worst  # noqa: PLC0415 - needs matplotlib

        write_worst(arguments.worst, photos, answers, contract.labels, split)
    if arguments.json:
        section = {tier: one.model_dump(mode="json") for tier, one in figures.items()}
        print(json.dumps({"version": release.version, "photos": section}, indent=1, ensure_ascii=False))
    else:
        _show(release, figures)


def _show(release: LocalRelease, figures: dict[str, PhotoFigures]) -> None:
    out = console()
    thresholds = release.manifest.model.thresholds
    out.print(
        f"{release.version}: accepted from confidence {thresholds.confidence:.4g} and "
        f"familiarity {thresholds.familiarity:.4g} on.",
        soft_wrap=True,
    )
    out.print(photo_table(figures))
    out.print(class_table(figures))
    if OOD_TIER in figures:
        out.print(source_table(figures[OOD_TIER]))

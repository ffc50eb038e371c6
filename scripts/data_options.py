"""The options that name a data set, shared by train, evaluate and adopt."""

import argparse
from pathlib import Path

from inference.decode import prepare_opencv
from scripts.quiet import start_backend
from scripts.terminal import complain, counting
from training.data.datasets import SYSTEM_FOLDER, LabelledData, from_csv, from_idx, from_keras
from training.data.listing import has_class_folders
from training.data.own_pictures import from_pictures
from training.errors import DataSetMissing


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --skip-unreadable, --train and --test."""
    group = parser.add_argument_group(
        "data set", "pictures and classes of your own, Fashion-MNIST, or anything in its form"
    )
    group.add_argument(
        "--data",
        metavar="FOLDER|CSV",
        help="a folder with one sub-folder of pictures per class, or a CSV with the columns `path` and "
        "`label`; or a folder with the four IDX files, gzipped or not, or `keras` to let Keras fetch them "
        f"(default: {SYSTEM_FOLDER} if it is there, else keras)",
    )
    group.add_argument(
        "--skip-unreadable", action="store_true", help="leave out files of --data that are no pictures"
    )
    group.add_argument("--train", type=Path, metavar="CSV", help="training set: label and 784 pixels per row")
    group.add_argument("--test", type=Path, metavar="CSV", help="test set in the same form")


def load_data(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> LabelledData:
    """Read the data set that the arguments name; a contradiction among them ends as wrong usage.

    What was left out of a folder of pictures is said on stderr.

    Raises:
        DataError: a file is missing or wrong; the message names it and the row.
    """
    if (arguments.train is None) != (arguments.test is None):
        parser.error("--train and --test belong together: one CSV file each")
    if arguments.train is not None and arguments.data is not None:
        parser.error("--data names pictures or IDX files, --train and --test a CSV pair: give one of the two")
    if arguments.train is not None:
        return from_csv(arguments.train, arguments.test)
    if arguments.data not in {None, "keras"}:
        return _from_place(Path(arguments.data).expanduser(), skip_unreadable=arguments.skip_unreadable)
    if arguments.data is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_backend()
    return from_keras()


def _from_place(place: Path, *, skip_unreadable: bool) -> LabelledData:
    """Read what --data names: IDX files where there are any, else pictures of one's own."""
    if any(place.glob("*-ubyte*")) or not place.exists():
        return from_idx(place)
    if place.is_dir() and not has_class_folders(place):
        raise DataSetMissing(
            f"{place}: no sub-folders were found. Put the pictures of each class into a sub-folder that is "
            "named after it, or name a CSV with the columns `path` and `label`."
        )
    prepare_opencv()
    with counting("reading pictures") as watch:
        return from_pictures(place, complain, watch, skip_unreadable=skip_unreadable)

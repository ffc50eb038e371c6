"""The options that name a data set, shared by train and evaluate."""

import argparse
from pathlib import Path

from scripts.quiet import start_tensorflow
from training.datasets import SYSTEM_FOLDER, FashionMnist, from_csv, from_idx, from_keras


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --train and --test."""
    group = parser.add_argument_group("data set", "Fashion-MNIST, or anything of its shape and classes")
    group.add_argument(
        "--data",
        metavar="FOLDER",
        help=f"a folder with the four IDX files, gzipped or not, or `keras` to let Keras fetch them "
        f"(default: {SYSTEM_FOLDER} if it is there, else keras)",
    )
    group.add_argument("--train", type=Path, metavar="CSV", help="training set: label and 784 pixels per row")
    group.add_argument("--test", type=Path, metavar="CSV", help="test set in the same form")


def load_data(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> FashionMnist:
    """Read the data set that the arguments name; a contradiction among them ends as wrong usage.

    Raises:
        DataError: a file is missing or wrong; the message names it and the row.
    """
    if (arguments.train is None) != (arguments.test is None):
        parser.error("--train and --test belong together: one CSV file each")
    if arguments.train is not None and arguments.data is not None:
        parser.error("--data names IDX files, --train and --test a CSV pair: give one of the two")
    if arguments.train is not None:
        return from_csv(arguments.train, arguments.test)
    if arguments.data not in {None, "keras"}:
        return from_idx(Path(arguments.data).expanduser())
    if arguments.data is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_tensorflow()
    return from_keras()

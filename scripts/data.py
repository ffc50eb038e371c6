"""Check pictures of your own before training.

The pictures are read as in a training, and the same sentences are printed. The exit code is 1 if a training
would refuse the pictures, or if a file cannot be read. Near copies in two classes, and classes with too few
pictures, are named, because a training leaves them out.
"""

import argparse
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference.contract import GREY_28, LABEL
from inference.pictures.decode import prepare_decoders
from inference.text.plain_text import format_count
from labelling.lists.list_reading import ListOptions
from labelling.write.outputs import check_outputs
from model_store.release_files import expand_home
from scripts.__main__ import command
from scripts.console import get_program_name, make_console, print_table
from scripts.list_options import add_list_options, add_product_column_option, format_list_options
from scripts.parsers import make_command_parser
from scripts.progress_bars import TerminalProgress
from scripts.terminal import NegativeResult
from training.data.data_source import KERAS_DATA_SET, DataSource
from training.data.decoded_pictures import decode_pictures, decode_until_photo
from training.data.division import (
    choose_training_labels,
    mark_listed_test_set,
    mark_test_set,
    split_train_test,
)
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.folders import has_idx_files, unwrap_folder
from training.data.near_copies import NearCopies, group_near_copies
from training.data.photo_reading import decode_photos, make_labelled_photos
from training.data.pictures import Pictures
from training.data.pixel_files import is_pixel_csv
from training.data.read import check_near_copies, load_data_set
from training.data.unique_pictures import UniquePictures
from training.errors import DataError
from training.loading import require_library
from training.progress import Progress, warn_of_few_answers
from training.thresholds.requirements import OWN_CLASSES_ACCEPTED_ACCURACY

EXAMPLE_COMMANDS = (
    "wardrobe data my-pictures",
    "wardrobe data labels.csv --json",
    "wardrobe data my-pictures --sheet pictures.png",
)

MAX_GROUPS_SHOWN = 10
"""Largest number of groups of near copies that are printed. The output of --json has all groups."""


class _NotedProgress(TerminalProgress):
    """A display on the terminal, as of a training, which also keeps all warnings for --json.

    Attributes:
        notes: the warnings, in the order in which they were printed.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []

    def warn(self, line: str) -> None:
        """Print a warning to stdout, and keep it. The warnings are the result of this command."""
        self.notes.append(line)
        make_console().print(line)


def execute(arguments: argparse.Namespace) -> object:
    """Check whether a training can learn the pictures that the arguments name, and print its warnings.

    Returns:
        The counts for --json, as a NegativeResult (exit code 1) if a file cannot be read.
    """
    require_library("scipy", "SciPy")
    prepare_decoders()
    place = unwrap_folder(expand_home(arguments.place))
    attributes = tuple(arguments.attribute or ())
    if str(place) == KERAS_DATA_SET or has_idx_files(place) or (place.is_file() and is_pixel_csv(place)):
        if arguments.sheet is None or attributes:
            raise _make_pixels_error(place)
        return _draw_pixels(place, arguments.sheet)
    progress = _NotedProgress()
    data_source = DataSource(
        place=str(place),
        attributes=attributes,
        reading=ListOptions.read_arguments(arguments),
        skip_unreadable=True,
    )
    listing = data_source.list_pictures()
    pictures = listing.pictures if listing else ()
    if arguments.sheet is not None:
        check_outputs([arguments.sheet], [place, *(picture.path for picture in pictures)])
    is_tiered = any(picture.tier for picture in pictures)
    read_parts = _read_training_photos if is_tiered else read_training_pictures
    parts, unique_pictures, near_copies = read_parts(data_source, progress)
    is_whole = not unique_pictures.read_errors and len(near_copies.unique_pictures) == len(
        unique_pictures.learnable_pictures
    )
    counts = {name: _count_labels(name, parts) for name in parts[0].labels}
    for name, label_counts in counts.items():
        heading = "class" if name == LABEL else name
        print_table([{heading: label, "pictures": f"{n:,}"} for label, n in label_counts.items()])
    _print_near_copies(near_copies)
    if arguments.sheet is not None:
        _draw_pictures(parts, parts[0].labels[LABEL].names, arguments.sheet)
    options = (word for name in attributes for word in ("--attribute", name))
    words = shlex.join([str(place), *format_list_options(arguments), *options])
    print("", *_describe_verdict(counts[LABEL], words, is_whole=is_whole, is_tiered=is_tiered), sep="\n")
    document = {
        "counts": counts.pop(LABEL),
        "attributes": counts,
        "notes": progress.notes,
        "near": near_copies.file_groups,
    }
    return document if is_whole else NegativeResult(document)


def _make_pixels_error(place: Path) -> DataError:
    """Return the error for pixels without files, of which this command can only draw a sheet."""
    return DataError(
        f"{place}: pixels in the form of Fashion-MNIST, which are checked as they are learnt: "
        f"{get_program_name()} train --data FOLDER, or --train CSV --test CSV. Here, --sheet PNG draws them."
    )


def _draw_pixels(place: Path, sheet: Path) -> object:
    """Count the pixels in IDX files, in a CSV or of Keras' data set by class, and draw some of each class.

    Returns:
        The counts for --json.
    """
    check_outputs([sheet], list(place.iterdir()) if place.is_dir() else [place])
    data = load_data_set(DataSource(place=str(place)), TerminalProgress(), picture_use="measure")
    # One CSV is read as both parts.
    parts = [data.test] if place.is_file() else [data.train, data.test]
    counts = {
        label: sum(int((part.classes == code).sum()) for part in parts)
        for code, label in enumerate(data.labels)
    }
    print_table([{"class": label, "pictures": f"{n:,}"} for label, n in counts.items()])
    _draw_pictures(parts, data.labels, sheet)
    return {"counts": counts, "attributes": {}, "notes": [], "near": []}


def _print_near_copies(near_copies: NearCopies) -> None:
    """Print the first groups of files that are nearly the same, and the number of the other groups."""
    groups = near_copies.file_groups
    for group in groups[:MAX_GROUPS_SHOWN]:
        make_console().print(f"nearly the same: {', '.join(group)}")
    if len(groups) > MAX_GROUPS_SHOWN:
        more = format_count(len(groups) - MAX_GROUPS_SHOWN, "more such group")
        make_console().print(f"and {more}: --json lists all.")


def read_training_pictures(
    data_source: DataSource, progress: Progress
) -> tuple[list[Pictures], UniquePictures, NearCopies]:
    """Read the pictures that a training would learn, and divide them as the training would.

    Args:
        data_source: the place of the pictures, and how to read them. Files that cannot be read are left out.
        progress: the output for the number of read pictures, and for the warnings of a training.

    Returns:
        The training part and the test part, without empty ones; all different pictures; and the groups
        of pictures that are near copies of one another.

    Raises:
        DataError: a training would refuse the pictures.
    """
    if (listing := data_source.list_pictures()) is None:
        raise DataError(f"{data_source.place}: names no pictures of your own.")
    data_source.check_listing(listing)
    is_of_photos, known_files = decode_until_photo(listing, progress)
    unique_pictures = data_source.make_unique_pictures(listing, known_files)
    unique_pictures.check_pictures(progress.warn, skip_unreadable=True)
    decoded = decode_pictures(unique_pictures, GREY_28, progress, skip_unreadable=True)
    near_copies = group_near_copies(decoded.unique_pictures, decoded.hashes)
    check_near_copies(near_copies, unique_pictures.listing, progress.warn)
    warn_of_few_answers(len(near_copies.kept_positions), OWN_CLASSES_ACCEPTED_ACCURACY, progress.warn)
    is_tested = mark_listed_test_set(near_copies) if is_of_photos else mark_test_set(near_copies)
    labels = choose_training_labels(unique_pictures.listing, near_copies, is_tested, {}, progress.warn)
    data = split_train_test(unique_pictures.listing, decoded, near_copies, labels, is_tested, GREY_28)
    return [part for part in (data.train, data.test) if part], unique_pictures, near_copies


def _read_training_photos(
    data_source: DataSource, progress: Progress
) -> tuple[list[Pictures], UniquePictures, NearCopies]:
    """Read photos in tiers (ways to take a photo), which are all learnt, as `read_training_pictures` does."""
    photo_source = DataSource(place=data_source.place, reading=data_source.reading, photo_use="learn")
    unique_pictures, decoded, near_copies = decode_photos(
        photo_source, photo_source.list_photos(FASHION_MNIST_LABELS), GREY_28, progress
    )
    photos = make_labelled_photos(unique_pictures.listing, decoded, near_copies)
    return [photos], unique_pictures, near_copies


def _count_labels(name: str, parts: Sequence[Pictures]) -> dict[str, int]:
    """Return the number of pictures with each label of a question (the class or an attribute)."""
    names = parts[0].labels[name].names
    labels = Counter(code for part in parts for code in part.labels[name].main_codes.tolist())
    return {label: labels[code] for code, label in enumerate(names)}


def _describe_verdict(counts: dict[str, int], words: str, *, is_whole: bool, is_tiered: bool) -> list[str]:
    """Return sentences about how much can be learnt, and the next command to paste.

    Args:
        counts: the number of pictures of each class.
        words: the folder or list that was checked, with its options, as typed.
        is_whole: whether every file can be read.
        is_tiered: whether these are photos in tiers (ways to take a photo), which another option names.
    """
    pictures = format_count(sum(counts.values()), "picture")
    classes = format_count(len(counts), "class", "classes")
    learnable_text = f"{pictures} of {classes} can be learnt."
    if not is_whole:
        return [
            f"Not yet: files cannot be read. Without these, {learnable_text}",
            f"Next: {get_program_name()} data {words}",
        ]
    option = "--from bundled --photos" if is_tiered else "--data"
    return [f"These {learnable_text}", f"Next: {get_program_name()} train {option} {words}"]


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe data`."""
    parser = make_command_parser("data", __doc__, EXAMPLE_COMMANDS)
    place = (
        "a folder with one sub-folder of pictures per class, or of photos in FOLDER/tier/label/; "
        "or a CSV with `path` and `label`"
    )
    parser.add_argument("place", type=Path, metavar="FOLDER|CSV", help=place)
    column = "check this column of the CSV, too, as `wardrobe train --attribute` learns it; more than once"
    parser.add_argument("--attribute", action="append", metavar="COLUMN", help=column)
    add_list_options(parser)
    add_product_column_option(parser)
    shown = (
        "draw some pictures of each class, as a network of 28 x 28 sees them (needs the training packages)"
    )
    parser.add_argument("--sheet", type=Path, metavar="PNG", help=shown)
    return parser


def _draw_pictures(parts: Sequence[Pictures], names: Sequence[str], target: Path) -> None:
    """Draw some pictures of each class into the PNG file of --sheet.

    Args:
        names: the names of the classes, in the order of their numbers.
    """
    require_library("matplotlib", "matplotlib")
    # matplotlib takes seconds to load, which the check alone should not.
    from training.evaluation.plots import PICTURES_PER_CLASS, draw_class_sheet, save_figure, use_label_fonts  # noqa: PLC0415

    images = [image for part in parts for image in part.images]
    classes = np.concatenate([part.classes for part in parts])
    pictures_by_class = {
        name: [images[place] for place in np.flatnonzero(classes == code)[:PICTURES_PER_CLASS]]
        for code, name in enumerate(names)
    }
    with use_label_fonts(tuple(pictures_by_class)):
        save_figure(draw_class_sheet(pictures_by_class), target)
    make_console().print(f"Pictures of each class: {target}")


if __name__ == "__main__":
    raise SystemExit(command("data"))

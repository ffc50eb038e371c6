"""Make a data set of pictures and classes of one's own.

Each picture counts once, however often it was copied, so that none is both learnt and measured on. The test
set is chosen by the pictures' content: the same pictures give the same one under any names, in any order.
Finding them: listing.py; reading them: picture_files.py. Reads the named folder or CSV.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import PHOTOGRAPHS
from training.data.datasets import LabelledData, LabelledImages
from training.data.listing import Listed, Listing, list_csv, list_folder
from training.data.picture_files import NAMED, PictureFile, Say, Watch, read_pictures
from training.errors import BadClasses, BadPictures

TEST_SHARE: Final = 6
"""One picture of each class in so many is for the test, unless there is a folder `test`."""

FEWEST: Final = 5
"""Different pictures that a class needs in the training set: one to hold out, and some to learn from."""


def from_pictures(place: Path, say: Say, watch: Watch, *, skip_unreadable: bool = False) -> LabelledData:
    """Read a folder with one sub-folder per class, or a CSV with the columns `path` and `label`.

    Args:
        place: the folder or the CSV.
        say: receives what was left out and why.
        watch: receives the progress of reading.
        skip_unreadable: leave out what is no picture, instead of refusing.

    Returns:
        Labels in order of their names. Both parts in order of the files' sha256, which is as good as
        shuffled, and the same wherever the files lie.

    Raises:
        DataSetMissing: the folder cannot be read.
        BadCsv: the CSV or one of its rows is wrong.
        BadClasses: they cannot be learnt.
        BadPictures: a file cannot be read, or one picture is in two classes or in both parts.
    """
    listing = list_folder(place) if place.is_dir() else list_csv(place)
    _report_left_out(listing, say)
    files = read_pictures(listing.pictures, PHOTOGRAPHS, say, watch, skip_unreadable=skip_unreadable)
    train, test = divide(_once(files, say))
    _check_sizes(listing, train, test)
    return LabelledData(
        train=_arrays(train, listing.labels),
        test=_arrays(test, listing.labels),
        labels=listing.labels,
        named=True,
        name=listing.name,
    )


def _report_left_out(listing: Listing, say: Say) -> None:
    if listing.left_out:
        first = ", ".join(map(str, listing.left_out[:NAMED]))
        more = ", ..." if len(listing.left_out) > NAMED else ""
        say(f"left out {len(listing.left_out)} that are not taken for pictures of a class: {first}{more}.")


def _once(files: list[PictureFile[Listed]], say: Say) -> list[PictureFile[Listed]]:
    """Each content once, in order of its sha256."""
    known: dict[str, PictureFile[Listed]] = {}
    for one in files:
        other = known.setdefault(one.sha256, one).listed
        if (other.label, other.part) != (one.listed.label, one.listed.part):
            raise BadPictures(
                f"{other.path} ({_role(other.label, other.part)}) and {one.listed.path} "
                f"({_role(one.listed.label, one.listed.part)}) are the same picture. Keep one of the two: a "
                "picture has one class, and is either learnt or measured on."
            )
    if len(known) < len(files):
        say(f"{len(files) - len(known)} of {len(files)} pictures are copies of others and count once.")
    return [known[sha256] for sha256 in sorted(known)]


def _role(label: str, part: str | None) -> str:
    return label if part is None else f"{label}, {part}"


def _check_sizes(listing: Listing, train: list[PictureFile[Listed]], test: list[PictureFile[Listed]]) -> None:
    learnt, measured = (Counter(one.listed.label for one in part) for part in (train, test))
    for label in listing.labels:
        if learnt[label] < FEWEST or measured[label] < 1:
            raise BadClasses(
                f"{listing.name}: of the class {label!r} there are {learnt[label]} different pictures to "
                f"learn from and {measured[label]} to measure on. A class needs {FEWEST} and 1, so "
                f"{FEWEST + 1} where they are divided here; hundreds are better."
            )


def divide(files: list[PictureFile[Listed]]) -> tuple[list[PictureFile[Listed]], list[PictureFile[Listed]]]:
    """Divide pictures into a training and a test set.

    Args:
        files: in order of their sha256, none twice; with a part each, or none with one.

    Returns:
        By their parts; else of each class the first one in TEST_SHARE, and at least one, is for the test.
    """
    if all(one.listed.part is not None for one in files):
        return (
            [one for one in files if one.listed.part == "train"],
            [one for one in files if one.listed.part == "test"],
        )
    sizes = Counter(one.listed.label for one in files)
    wanted = {label: max(1, round(size / TEST_SHARE)) for label, size in sizes.items()}
    train: list[PictureFile[Listed]] = []
    test: list[PictureFile[Listed]] = []
    for one in files:
        wanted[one.listed.label] -= 1
        (test if wanted[one.listed.label] >= 0 else train).append(one)
    return train, test


def _arrays(files: list[PictureFile[Listed]], labels: tuple[str, ...]) -> LabelledImages:
    numbers = {label: number for number, label in enumerate(labels)}
    return LabelledImages(
        np.stack([one.pixels for one in files]),
        np.array([numbers[one.listed.label] for one in files], np.uint8),
    )

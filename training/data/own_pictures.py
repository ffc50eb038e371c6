"""Make a data set of pictures and classes of one's own.

Each picture counts once, however often it was copied, so that none is both learnt and measured on. The test
set is chosen by the pictures' content, or their group: the same pictures give the same one under any names,
in any order, and further pictures move none of these, unless they are nearly the same or of one group.
Finding them: listing.py; reading them: picture_files.py. Reads the named folder or CSV.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import CUT_OUT, InputContract
from training.data.corrections import NO_CORRECTIONS, Corrections
from training.data.datasets import LabelledData, LabelledImages
from training.data.duplicates import near_groups, split_keys
from training.data.listing import Listed, Listing, list_csv, list_folder
from training.data.picture_files import NAMED, PictureFile, Say, Watch, read_files
from training.data.splitting import drawn_indices
from training.errors import BadClasses, BadPictures

TEST_SHARE: Final = 6
"""One picture in so many is for the test, unless there is a folder `test`."""

TEST: Final = "test"
"""Salt of the draw of the test set, so that it is none of the draws that hold pictures out."""

FEWEST: Final = 3
"""Different pictures that a class needs in the training set: one to hold out, and some to learn from."""

Pictures = list[tuple[Listed, PictureFile]]
"""Files that were read, each with its entry in the listing."""


def from_pictures(  # noqa: PLR0913 - what is read, how, and who follows it
    place: Path,
    say: Say,
    watch: Watch,
    reads: InputContract = CUT_OUT,
    *,
    skip_unreadable: bool = False,
    corrections: Corrections = NO_CORRECTIONS,
) -> LabelledData:
    """Read a folder with one sub-folder per class, or a CSV with the columns `path` and `label`.

    Args:
        place: the folder or the CSV.
        say: receives what was left out and why.
        watch: receives the progress of reading.
        reads: what the model is to read.
        skip_unreadable: leave out what is no picture, instead of refusing.
        corrections: of labels.

    Returns:
        Labels in order of their names. Both parts in order of the files' sha256, which is as good as
        shuffled, and the same wherever the files lie.

    Raises:
        DataSetMissing: the folder cannot be read.
        BadCsv: the CSV or one of its rows is wrong; a correction is none of these pictures or classes, or
            two of them contradict each other.
        BadClasses: they cannot be learnt.
        BadPictures: a file cannot be read, none is left, or one picture is in two classes or in both parts.
    """
    listing = list_folder(place) if place.is_dir() else list_csv(place)
    if listing.left_out:
        first = ", ".join(map(str, listing.left_out[:NAMED]))
        more = ", ..." if len(listing.left_out) > NAMED else ""
        say(f"left out {len(listing.left_out)} that are not taken for pictures of a class: {first}{more}.")
    paths = [one.path for one in listing.pictures]
    corrections.check(paths, listing.labels)
    files = read_files(paths, reads, say, watch, skip_unreadable=skip_unreadable)
    read = [(listed, file) for listed, file in zip(listing.pictures, files, strict=True) if file is not None]
    corrected = corrections.apply(read, lambda listed, label: replace(listed, label=label), listing.name, say)
    if not corrected:
        raise BadPictures(f"{listing.name}: no picture is left of {len(paths)}. Leave out fewer of them.")
    pictures = _once(corrected, say)
    alike = near_groups(np.stack([file.hash for _, file in pictures]))
    _report_alike(pictures, alike, say)
    grouped = [(file.sha256, f"group {listed.group}") for listed, file in corrected if listed.group]
    keys = split_keys([file.sha256 for _, file in pictures], grouped, alike)
    train, test = _divide(pictures, keys)
    _check_sizes(listing, train, test, corrections)
    return LabelledData(
        train=_arrays(train, keys, listing.labels),
        test=_arrays(test, keys, listing.labels),
        labels=listing.labels,
        named=True,
        name=listing.name,
        reads=reads,
        grouped=bool(grouped),
        has_test=any(listed.part for listed, _ in pictures),
    )


def _once(pictures: Pictures, say: Say) -> Pictures:
    """Each content once, in order of its sha256."""
    known: dict[str, tuple[Listed, PictureFile]] = {}
    for listed, file in pictures:
        other, _ = known.setdefault(file.sha256, (listed, file))
        if (other.label, other.part) != (listed.label, listed.part):
            raise BadPictures(
                f"{other.path} ({_role(other)}) and {listed.path} ({_role(listed)}) are the same picture. "
                "Keep one of the two: a picture has one class, and is either learnt or measured on."
            )
    if len(known) < len(pictures):
        copies = len(pictures) - len(known)
        say(f"{copies} of {len(pictures)} pictures are copies of others and count once.")
    return [known[sha256] for sha256 in sorted(known)]


def _role(listed: Listed) -> str:
    return listed.label if listed.part is None else f"{listed.label}, {listed.part}"


def _divide(pictures: Pictures, keys: dict[str, str]) -> tuple[Pictures, Pictures]:
    """Training and test set: by their parts, else one in TEST_SHARE by content."""
    labels = np.array([listed.label for listed, _ in pictures])
    of_each = np.array([keys[file.sha256] for _, file in pictures])
    drawn = set(drawn_indices(labels, of_each, 1 / TEST_SHARE, TEST).tolist())
    tested = [
        listed.part == "test" if listed.part else index in drawn for index, (listed, _) in enumerate(pictures)
    ]
    train, test = (
        [picture for picture, chosen in zip(pictures, tested, strict=True) if chosen == wanted]
        for wanted in (False, True)
    )
    return train, test


def _report_alike(pictures: Pictures, alike: list[list[int]], say: Say) -> None:
    parts = [{pictures[index][0].part for index in members} for members in alike]
    if divided := sum(len(one) > 1 for one in parts):
        say(
            f"{divided} pictures are in `train` and nearly the same in `test`, so the accuracy is too good. "
            "Remove them from one of the two; `wardrobe data` lists them."
        )
    if together := sum(len(members) for members, one in zip(alike, parts, strict=True) if len(one) == 1):
        say(
            f"{together} of {len(pictures)} pictures are nearly the same as others; such are learnt together "
            "or measured on together. `wardrobe data` lists them."
        )


def _check_sizes(listing: Listing, train: Pictures, test: Pictures, corrections: Corrections) -> None:
    after = " after --corrections" if corrections.labels else ""
    learnt, measured = (Counter(listed.label for listed, _ in part) for part in (train, test))
    for label in listing.labels:
        if learnt[label] < FEWEST or measured[label] < 1:
            raise BadClasses(
                f"{listing.name}: of the class {label!r} there are {learnt[label]} different pictures to "
                f"learn from and {measured[label]} to measure on{after}. A class needs {FEWEST} and 1; about "
                f"one picture in {TEST_SHARE} is for measuring; hundreds are better."
            )


def _arrays(pictures: Pictures, keys: dict[str, str], labels: tuple[str, ...]) -> LabelledImages:
    return LabelledImages(
        np.stack([file.pixels for _, file in pictures]),
        np.array([labels.index(listed.label) for listed, _ in pictures], np.uint8),
        keys=np.array([keys[file.sha256] for _, file in pictures]),
        files=tuple(file.path for _, file in pictures),
    )

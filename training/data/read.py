"""Read labelled pictures into one data set, for every command that learns or measures. Read it top to bottom.

What counts of a listing (prepare.py) is decoded as the service would decode it (files.py). Pictures that are
nearly the same or of one group are joined. Then it is decided which labels are learnt, and what is for the
test. Each picture counts once, so that none is both learnt and measured on. What is drawn for a test set is
chosen by content, or by group: the same pictures give the same one under any names, in any order. Adding
pictures moves none between training and test, unless they are nearly the same or of one group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from inference.contract import GREY_28, LABEL, InputContract
from training.data.fashion import LabelledData
from training.data.files import FileImages, PictureFile, See, is_small, read_files
from training.data.labels import Labels, learnt_labels, measured_labels, unread_columns
from training.data.listing import ListedPicture, Listing
from training.data.pictures import Pictures
from training.data.prepare import Prepared, settle
from training.data.split import drawn_for_test, with_test_set
from training.data.vectors import joined
from training.errors import BadPictures
from training.progress import Progress, Say

Use: TypeAlias = Literal["learn", "measure"]
"""What becomes of the pictures; see `read`."""


def read(  # noqa: PLR0913 - what is read, what for, and who follows it
    prepared: Prepared,
    reads: InputContract = GREY_28,
    *,
    use: Use,
    progress: Progress,
    see: See | None = None,
    skip_unreadable: bool = False,
    keep: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> LabelledData:
    """Read the pictures of a listing; what is left out is a warning.

    Args:
        prepared: what counts of the listing.
        reads: what the model reads.
        use: to `learn`, labels that too few pictures show are left out. Where the listing has no test part,
            one is drawn of pictures that are learnt by their pixels; what a network sees, heads of folds
            answer, and all is learnt. To `measure`, no label is left out, and both parts are the test part,
            or all pictures where there is none.
        progress: shows how many are read, and receives what was left out and why.
        see: the network that sees them, if one does.
        skip_unreadable: leave out what is no picture, instead of refusing.
        keep: labels of a release, by what they answer: that have to be learnt, or, to `measure`, those of the
            attributes that are measured.

    Returns:
        Where it is learnt, both parts in order of the files' sha256, which is as good as shuffled, and the
        same wherever the files lie; a picture stays without a class where it has a label of an attribute.
        What is measured is in the order of the listing.

    Raises:
        BadClasses: the labels cannot be learnt.
        BadPictures: a file cannot be read, none is left, or one picture has two classes or is in both parts.
    """
    decoded = decode(prepared, reads, progress, see=see, skip_unreadable=skip_unreadable)
    rows = decoded.rows
    return labelled(prepared.listing, rows, reads, progress.warn, use=use, draws=see is None, keep=keep)


def labelled(  # noqa: PLR0913 - pictures, what they are read for, and who is told
    listing: Listing,
    decoded: Sequence[tuple[ListedPicture, PictureFile]],
    reads: InputContract,
    say: Say,
    *,
    use: Use,
    draws: bool,
    keep: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> LabelledData:
    """Choose the labels and the parts of decoded pictures, as `read` has it.

    Args:
        listing: that the pictures are of.
        decoded: of `decode`.
        reads: what the model reads.
        say: receives what a person should know.
        use: see `read`.
        draws: whether a test set is drawn where the listing has none: of what is learnt by its pixels.
        keep: see `read`.

    Raises:
        BadClasses: the labels cannot be learnt.
    """
    if use == "learn":
        decoded = sorted(decoded, key=lambda picture: picture[0].sha256)
    pictures, files = tuple(picture for picture, _ in decoded), [file for _, file in decoded]
    if use == "learn" and draws:
        pictures = with_test_set(pictures)
    tested = np.array([picture.part == "test" for picture in pictures], np.bool_)
    if use == "measure" and tested.any():
        places = np.flatnonzero(tested).tolist()
        pictures, files = tuple(pictures[place] for place in places), [files[place] for place in places]
    counted = replace(listing, pictures=pictures)
    labels = (measured_labels if use == "measure" else learnt_labels)(counted, keep, say)
    if len(labels) > 1 and (sentence := unread_columns(listing, labels)):
        say(sentence)
    every = pictures_of(pictures, files, reads, labels)
    train = test = every = replace(every, of_products=listing.groups_are_products)
    if use == "learn":  # no picture of which no label is known
        has_label = np.any([of_question.main >= 0 for of_question in labels.values()], axis=0)
        train, test = (every.take(has_label & part) for part in (~tested, tested))
    names = labels[LABEL].names
    return LabelledData(train, test, labels=names, named=True, name=listing.name, reads=reads)


def decode(
    prepared: Prepared,
    reads: InputContract,
    progress: Progress,
    *,
    see: See | None = None,
    skip_unreadable: bool = False,
) -> "Decoded":
    """Decode what counts of a listing, as `read` has it; what is left out is a warning.

    Raises:
        BadPictures: a file cannot be read, none is left, or one picture has two classes or is in both parts.
    """
    listing, say = prepared.listing, progress.warn
    for sentence in listing.warnings:
        say(sentence)
    prepared.check(say, skip_unreadable=skip_unreadable)
    pictures = list(prepared.once)
    if see:  # the same batches, whatever the files are called
        pictures.sort(key=lambda picture: picture.sha256)
    paths = [picture.path for picture in pictures]
    with progress.counting("reading pictures") as watch:
        files = read_files(paths, reads, say, watch, skip_unreadable=skip_unreadable, see=see)
    decoded = [(picture, file) for picture, file in zip(pictures, files, strict=True) if file is not None]
    if changed := [picture.path for picture, file in decoded if file.sha256 != picture.sha256]:
        raise BadPictures(f"{changed[0]} has changed since it was read: do not change pictures meanwhile.")
    if not decoded:
        raise BadPictures(f"{listing.place}: none of {len(listing.pictures)} pictures can be read.")
    settled = settle([picture for picture, _ in decoded], [file.hash for _, file in decoded])
    for sentence in settled.notes:
        say(sentence)
    if not settled.kept:
        raise BadPictures(f"{listing.place}: each picture is nearly the same as one of another class.")
    copies = prepared.copies
    return Decoded(
        list(zip(settled.pictures, (decoded[index][1] for index in settled.kept), strict=True)),
        [[str(copy.path) for picture in group for copy in copies[picture.sha256]] for group in settled.alike],
        not prepared.unreadable and len(decoded) == len(pictures),
    )


class Decoded(NamedTuple):
    """What counts of a listing, decoded.

    Attributes:
        rows: the pictures that count, with the `split_key` of each, and what was read of each.
        near: the paths of all groups that are nearly the same, copies and what is left out among them.
        is_whole: whether each file can be read.
    """

    rows: list[tuple[ListedPicture, PictureFile]]
    near: list[list[str]]
    is_whole: bool


def sampled_for_test(pictures: Pictures) -> Pictures:
    """Those of all pictures of a folder that a training draws for its test set."""
    return pictures.take(drawn_for_test(pictures.classes, pictures.groups))


def pictures_of(
    pictures: Sequence[ListedPicture],
    files: Sequence[PictureFile],
    reads: InputContract,
    labels: Mapping[str, Labels],
) -> Pictures:
    """The table of prepared pictures, of which there is at least one, in their order."""
    paths = tuple(file.path for file in files)
    kept = {file.path: file.pixels for file in files if file.pixels is not None}
    return Pictures(
        pixels=np.stack([kept[path] for path in paths])
        if is_small(reads)
        else FileImages(paths, reads, kept),
        features=joined([file.features for file in files]),
        labels=labels,
        sha256=np.array([picture.sha256 for picture in pictures]),
        groups=np.array([picture.split_key for picture in pictures]),
        files=paths,
        tiers=np.array([picture.tier for picture in pictures]),
        spelt=np.array([picture.label or picture.tier for picture in pictures]),
        sources=np.array([picture.source for picture in pictures]),
        networks=tuple(file.network for file in files),
        hashes=np.stack([file.hash for file in files]),
        is_plain=np.array([file.is_plain for file in files], np.bool_),
    )

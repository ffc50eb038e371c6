"""Make a data set of pictures and classes of one's own.

Each picture counts once, however often it was copied, so that none is both learnt and measured on. What is
sampled for a test set is chosen by content, or by group: the same pictures give the same one under any names,
in any order. Adding pictures moves none between training and test, unless they are nearly the same or of one
group.
Finding them: listing.py; reading them: reading.py. Reads the named folder or CSV.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from inference.contract import GREY_28, LABEL, InputContract
from labelling.review.corrections import OfFiles
from training.data.corrections import NO_CORRECTIONS, check_listed, corrected
from training.data.fashion import LabelledData
from training.data.files import Hashed, See, hash_files
from training.data.labels import (
    UNKNOWN,
    Labels,
    learnt_attribute,
    measured_attribute,
    unread_columns,
)
from training.data.learnt_hashes import Contents
from training.data.listing import Listing
from training.data.pictures import Pictures
from training.data.rare import Measurable, measurable
from training.data.reading import (
    Content,
    ReadPicture,
    cells_of,
    classes_in,
    hashes_of,
    joint_keys,
    pictures_of,
    read_pictures,
)
from training.data.split import check_limit, sampled_indices
from training.progress import Say, Watch

TEST_SHARE: Final = 6
"""One picture in so many is for the test, unless there is a folder `test`."""

TEST: Final = "test"
"""Salt of the draw of the test set, so that it is none of the draws that hold pictures out."""

Division = Literal["divided", "to measure", "cross-fitted"]
"""What becomes of the pictures of a folder; see `from_pictures`."""


def from_pictures(  # noqa: PLR0913 - what is read, how, and who follows it
    listing: Listing,
    say: Say,
    watch: Watch,
    reads: InputContract = GREY_28,
    *,
    hashed: Hashed | None = None,
    skip_unreadable: bool = False,
    corrections: OfFiles = NO_CORRECTIONS,
    division: Division = "divided",
    attributes: Sequence[str] = (),
    keep: Mapping[str, Sequence[str]] = MappingProxyType({}),
    see: See | None = None,
    limit: int | None = None,
) -> LabelledData:
    """Read a folder with one sub-folder per class, or a CSV with the columns `path` and `label`.

    Args:
        listing: of the folder or the CSV.
        say: receives what was left out and why.
        watch: receives the progress of reading.
        reads: what the model is to read.
        hashed: the files of the listing, where they were hashed before.
        skip_unreadable: leave out what is no picture, instead of refusing.
        corrections: of labels.
        division: where it is `to measure`, none is learnt: both parts are the folder's test part, or all
            pictures without one. Where it is `cross-fitted`, and the folder has no test part, all are learnt.
        attributes: columns that are learnt beside the class.
        keep: labels of a release, by what they answer: that have to be learnt, or, `to measure`, those of the
            attributes that are measured.
        see: the network that sees them, if one does.
        limit: how many contents are learnt, the first by their hashes; None for all.

    Returns:
        Labels in order of their names, without those that too few pictures show, unless it is `to measure`.
        Of these a picture stays, without a class, where it has a label of an attribute.
        Both parts in order of the files' sha256, which is as good as shuffled, and the same wherever the
        files lie. The first one knows the attributes.

    Raises:
        BadCsv: the CSV or one of its rows is wrong; a correction is to none of these classes, or names a
            file that is none of these pictures.
        BadClasses: they cannot be learnt.
        BadPictures: a file cannot be read, none is left, or one picture is in two classes or in both parts.
        BadRecipe: there are fewer contents than the limit.
    """
    check_listed(corrections, [listing])
    hashed = hashed or hash_files(picture.path for picture in listing.pictures)
    classes, listing = listing.classes(), with_classes(listing)
    counting = corrected(listing, corrections, classes, hashed, say, attributes)
    if limit is not None:
        counting = _first(counting, hashed, limit)
    read = read_pictures(counting, hashed, reads, say, watch, skip_unreadable=skip_unreadable, see=see)
    read.sort(key=lambda one: one.sha256)
    keys = joint_keys(read, hashes_of(read), say)
    if division == "to measure":
        tested = tested_of(read, keys, is_drawn=False)
        tested = tested if tested.any() else ~tested
        read = [one for one, chosen in zip(read, tested, strict=True) if chosen]
        labels = {LABEL: classes_in(read, classes)} | _measured(listing, read, keep, say)
    else:
        learnt = learnable(read, keys, is_drawn=division == "divided")
        tested = np.array(learnt.tested)
        labels = _labels_of(learnt, listing, classes, attributes, keep, say)
    if len(labels) > 1 and (sentence := unread_columns(listing, labels)):
        say(sentence)
    every = pictures_of(read, keys, reads, labels)
    has_label = np.any([label.main >= 0 for label in labels.values()], axis=0)
    train, test = (
        every if division == "to measure" else every.take(np.flatnonzero(has_label & chosen))
        for chosen in (~tested, tested)
    )
    names = labels[LABEL].names
    return LabelledData(train, test, labels=names, named=True, name=listing.name, reads=reads)


def _measured(
    listing: Listing, read: Sequence[ReadPicture], heads: Mapping[str, Sequence[str]], say: Say
) -> dict[str, Labels]:
    """What a table says of the attributes of a release that it has columns of."""
    return {
        name: measured_attribute(_column(listing, name), cells_of(read, name), labels, say)
        for name, labels in heads.items()
        if name != LABEL and name in listing.columns
    }


@dataclass(frozen=True)
class Learnable:
    """What a training makes of N different pictures.

    Attributes:
        contents: each once.
        groups: of each, as a training joins them: equal ones stay on one side of every split.
        tested: which are for the test set.
    """

    contents: tuple[Content, ...]
    groups: tuple[str, ...]
    tested: tuple[bool, ...]

    def classes(self, where: str, keep: Collection[str] = (), gone: Collection[str] = ()) -> Measurable:
        """The classes that are learnt, and those that are left out; see `rare.measurable`.

        Raises:
            BadClasses: they cannot be learnt.
        """
        labels = [content.row.label for content in self.contents]
        return measurable(where, labels, self.groups, self.tested, keep=keep, gone=gone)


def learnable(contents: Sequence[Content], keys: Mapping[str, str], *, is_drawn: bool) -> Learnable:
    """Tell what is learnt from what is tested: the one rule of trainings and of `wardrobe data`.

    Args:
        contents: that can be read, each once.
        keys: of `joint_keys`, of these.
        is_drawn: whether a test set is drawn where the pictures are not divided: those that have the form of
            Fashion-MNIST are; of others, heads of folds answer all.
    """
    groups = tuple(keys[content.sha256] for content in contents)
    return Learnable(tuple(contents), groups, tuple(tested_of(contents, keys, is_drawn=is_drawn).tolist()))


def tested_of(contents: Sequence[Content], keys: Mapping[str, str], *, is_drawn: bool) -> NDArray[np.bool_]:
    """Which contents are for the test, bool (N,): by their parts, else drawn if they are."""
    tested = np.array([content.row.part == "test" for content in contents], np.bool_)
    if is_drawn and not any(content.row.part for content in contents):
        labels = np.array([content.row.label for content in contents])
        tested[drawn_for_test(labels, np.array([keys[content.sha256] for content in contents]))] = True
    return tested


def _labels_of(  # noqa: PLR0913, PLR0917 - pictures, what is asked of them, and who hears
    learnt: Learnable,
    listing: Listing,
    classes: Sequence[str],
    attributes: Sequence[str],
    keep: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """The labels that can be measured, of the class and of attributes; others are unknown."""
    found = learnt.classes(str(listing.place), keep.get(LABEL, ()), classes)
    if found.rare:
        say(found.of_rare(str(listing.place)))
    place = {label: number for number, label in enumerate(found.labels)}
    codes = [place.get(content.row.label, UNKNOWN) for content in learnt.contents]
    of_class = Labels.of(np.array(codes), found.labels)
    return {LABEL: of_class} | {
        name: learnt_attribute(
            _column(listing, name),
            cells_of(learnt.contents, name),
            learnt.groups,
            of_class,
            say,
            keep.get(name, ()),
        )
        for name in attributes
    }


def _column(listing: Listing, name: str) -> str:
    return f"{listing.place}, column `{name}`"


def with_classes(listing: Listing) -> Listing:
    """A listing with the `class_id` of each picture.

    Raises:
        BadClasses: these are no classes.
    """
    labels = listing.classes()
    place = {label: number for number, label in enumerate(labels)}
    rows = (replace(row, class_id=place[row.label]) for row in listing.pictures)
    return replace(listing, pictures=tuple(rows))


def sampled_for_test(pictures: Pictures) -> Pictures:
    """Those of all pictures of a folder that a training draws for its test set."""
    return pictures.take(drawn_for_test(pictures.classes, pictures.groups))


def drawn_for_test(labels: NDArray[np.generic], keys: Contents) -> NDArray[np.int64]:
    """Positions of the pictures, by content or group, that are the test set of a folder without one."""
    return sampled_indices(labels, keys, 1 / TEST_SHARE, TEST)


def _first(listing: Listing, hashed: Hashed, limit: int) -> Listing:
    """A listing of which as many contents are learnt, before a picture is decoded."""
    learnt = {
        hashed.sha256.get(picture.path, "") for picture in listing.pictures if picture.part != "test"
    } - {""}
    check_limit(limit, len(learnt))
    gone = set(sorted(learnt)[limit:])
    kept = [
        picture
        for picture in listing.pictures
        if picture.part == "test" or hashed.sha256.get(picture.path) not in gone
    ]
    return replace(listing, pictures=tuple(kept))

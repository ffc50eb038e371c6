"""Read labelled pictures into one data set, for every command that learns or measures. Read it top to bottom.

What counts of a listing (contents.py) is decoded as the service would decode it (files.py). Pictures that are
nearly the same or of one group are joined. Then it is decided which labels are learnt, and what is for the
test. Each picture counts once, so that none is both learnt and measured on. What is drawn for a test set is
chosen by content, or by group: the same pictures give the same one under any names, in any order. Adding
pictures moves none between training and test, unless they are nearly the same or of one group.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import GREY_28, LABEL, InputContract
from training.data.contents import Content, DistinctPictures, class_of
from training.data.fashion import LabelledData
from training.data.files import NAMED, FileImages, PictureFile, See, is_small, read_files
from training.data.labels import UNKNOWN, Labels, learnt_attribute, measured_attribute, unread_columns
from training.data.learnt_hashes import Contents
from training.data.listing import Listing
from training.data.near_copies import Hash, near_groups, split_keys
from training.data.pictures import Pictures
from training.data.rare import Measurable, measurable
from training.data.split import sampled_indices
from training.data.vectors import joined
from training.errors import BadPictures
from training.progress import Progress, Say

TEST_SHARE: Final = 6
"""One picture in so many is for the test, unless there is a folder `test`."""

TEST: Final = "test"
"""Salt of the draw of the test set, so that it is none of the draws that hold pictures out."""

Use: TypeAlias = Literal["learn", "measure"]
"""What becomes of the pictures; see `read`."""


def read(  # noqa: PLR0913 - what is read, what for, and who follows it
    counted: DistinctPictures,
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
        counted: what counts of the listing.
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
    listing, say = counted.listing, progress.warn
    decoded = decode(counted, reads, progress, see=see, skip_unreadable=skip_unreadable)
    if use == "learn":
        decoded.sort(key=lambda picture: picture[0].sha256)
    contents, kept = [content for content, _ in decoded], [file for _, file in decoded]
    groups = joint_groups(contents, [file.hash for file in kept], say)
    pictures = learnable(contents, groups, is_drawn=use == "learn" and see is None)
    if use == "measure":
        pictures, kept = _to_measure(pictures, kept)
        labels = _measured_labels(pictures, listing, keep, say)
    else:
        labels = _learnt_labels(pictures, listing, keep, say)
    if len(labels) > 1 and (sentence := unread_columns(listing, labels)):
        say(sentence)
    every = pictures_of(pictures.contents, pictures.groups, kept, reads, labels)
    every = replace(every, of_products=listing.groups_are_products)
    train, test = (every, every) if use == "measure" else _parts(every, np.array(pictures.tested))
    names = labels[LABEL].names
    return LabelledData(train, test, labels=names, named=True, name=listing.name, reads=reads)


def decode(
    counted: DistinctPictures,
    reads: InputContract,
    progress: Progress,
    *,
    see: See | None = None,
    skip_unreadable: bool = False,
) -> list[tuple[Content, PictureFile]]:
    """Decode what counts of a listing, as `read` has it; what is left out is a warning.

    Raises:
        BadPictures: a file cannot be read, none is left, or one picture has two classes or is in both parts.
    """
    listing, say = counted.listing, progress.warn
    for sentence in listing.warnings:
        say(sentence)
    counted.check(say, skip_unreadable=skip_unreadable)
    contents = list(counted.once)
    if see:  # the same batches, whatever the files are called
        contents.sort(key=lambda content: content.sha256)
    paths = [content.picture.path for content in contents]
    with progress.counting("reading pictures") as watch:
        files = read_files(paths, reads, say, watch, skip_unreadable=skip_unreadable, see=see)
    decoded = [(content, file) for content, file in zip(contents, files, strict=True) if file is not None]
    if not decoded:
        raise BadPictures(f"{listing.place}: none of {len(listing.pictures)} pictures can be read.")
    hashes = [file.hash for _, file in decoded]
    kept = not_contradicting([content for content, _ in decoded], hashes, say)
    if not kept:
        raise BadPictures(f"{listing.place}: each picture is nearly the same as one of another class.")
    return [decoded[index] for index in kept]


def joint_groups(contents: Sequence[Content], hashes: Sequence[Hash], say: Say) -> tuple[str, ...]:
    """What decides on which side of every split each content is: equal ones stay together.

    Pictures of one group share theirs, and so do pictures that are nearly the same.

    Args:
        contents: that are split together, each once.
        hashes: of their pictures.
        say: receives how many are nearly the same.
    """
    near = near_groups(np.stack(hashes))
    parts = [{contents[index].picture.part for index in members} for members in near]
    if divided := sum(len(part) > 1 for part in parts):
        say(
            f"{divided} pictures are in `train` and nearly the same in `test`, so the accuracy is too good. "
            "Look at them: `wardrobe data` lists them."
        )
    if together := sum(len(members) for members, part in zip(near, parts, strict=True) if len(part) == 1):
        say(
            f"{together} of {len(contents)} pictures are nearly the same as others; such are learnt together "
            "or measured on together. `wardrobe data` lists them."
        )
    named = [(content.sha256, f"group {group}") for content in contents for group in sorted(content.groups)]
    keys = split_keys([content.sha256 for content in contents], named, near)
    return tuple(keys[content.sha256] for content in contents)


def not_contradicting(contents: Sequence[Content], hashes: Sequence[Hash], say: Say) -> list[int]:
    """The positions of those that are not nearly the same as one of another class, of which one is wrong.

    Args:
        contents: of one place, each once.
        hashes: of their pictures.
        say: receives which are left out.
    """
    # The same groups in every order of the listing: of three in a row the third is not near the first.
    order = sorted(range(len(contents)), key=lambda index: contents[index].sha256)
    near = ([order[place] for place in some] for some in near_groups(np.stack(hashes)[order]))
    mixed = [some for some in near if len({class_of(contents[index].picture) for index in some}) > 1]
    left_out = {index for members in mixed for index in members}
    if left_out:
        groups = [" and ".join(str(contents[index].picture.path) for index in members) for members in mixed]
        say(
            f"{len(left_out)} pictures are nearly the same as others of another class, and are left out: "
            f"{'; '.join(groups[:NAMED])}{'; ...' if len(groups) > NAMED else ''}."
        )
    return [index for index in range(len(contents)) if index not in left_out]


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
        labels = [content.picture.label for content in self.contents]
        return measurable(where, labels, self.groups, self.tested, keep=keep, gone=gone)

    def cells(self, column: str) -> list[str]:
        """What a column says of each picture, as spelt."""
        return [content.picture.labels.get(column, "") for content in self.contents]


def learnable(contents: Sequence[Content], groups: Sequence[str], *, is_drawn: bool) -> Learnable:
    """Tell what is learnt from what is tested: the one rule of trainings and of `wardrobe data`.

    Args:
        contents: that can be read, each once.
        groups: of `joint_groups`, of each.
        is_drawn: whether a test set is drawn where the pictures are not divided.
    """
    tested = np.array([content.picture.part == "test" for content in contents], np.bool_)
    if is_drawn and not any(content.picture.part for content in contents):
        labels = np.array([content.picture.label for content in contents])
        tested[drawn_for_test(labels, np.array(groups))] = True
    return Learnable(tuple(contents), tuple(groups), tuple(tested.tolist()))


def sampled_for_test(pictures: Pictures) -> Pictures:
    """Those of all pictures of a folder that a training draws for its test set."""
    return pictures.take(drawn_for_test(pictures.classes, pictures.groups))


def drawn_for_test(labels: NDArray[np.generic], groups: Contents) -> NDArray[np.int64]:
    """Positions of the pictures, by content or group, that are the test set of a folder without one."""
    return sampled_indices(labels, groups, 1 / TEST_SHARE, TEST)


def _learnt_labels(
    learnt: Learnable, listing: Listing, keep: Mapping[str, Sequence[str]], say: Say
) -> dict[str, Labels]:
    """The labels that can be learnt, of the class and of attributes; others are unknown."""
    classes = learnt.classes(str(listing.place), keep.get(LABEL, ()), listing.labels)
    if classes.rare:
        say(classes.of_rare(str(listing.place)))
    codes = {label: code for code, label in enumerate(classes.labels)}
    of_class = Labels.of(
        np.array([codes.get(content.picture.label, UNKNOWN) for content in learnt.contents]), classes.labels
    )
    return {LABEL: of_class} | {
        name: learnt_attribute(
            listing.column(name), learnt.cells(name), learnt.groups, of_class, say, keep.get(name, ())
        )
        for name in listing.attributes
    }


def _measured_labels(
    pictures: Learnable, listing: Listing, keep: Mapping[str, Sequence[str]], say: Say
) -> dict[str, Labels]:
    """Every class of the listing, and what a table says of a release's attributes that it has columns of."""
    classes = np.array([content.picture.class_id for content in pictures.contents])
    return {LABEL: Labels.of(classes, listing.labels)} | {
        name: measured_attribute(listing.column(name), pictures.cells(name), known, say)
        for name, known in keep.items()
        if name != LABEL and name in listing.columns
    }


def _to_measure(pictures: Learnable, files: list[PictureFile]) -> tuple[Learnable, list[PictureFile]]:
    """Those of the test part with their files, or all where there is none."""
    if not any(pictures.tested):
        return pictures, files
    places = [place for place, tested in enumerate(pictures.tested) if tested]
    contents, groups = pictures.contents, pictures.groups
    tested = Learnable(
        tuple(contents[place] for place in places),
        tuple(groups[place] for place in places),
        (True,) * len(places),
    )
    return tested, [files[place] for place in places]


def _parts(every: Pictures, tested: NDArray[np.bool_]) -> tuple[Pictures, Pictures]:
    """What is learnt and what is tested, without pictures of which no label is known."""
    has_label = np.any([labels.main >= 0 for labels in every.labels.values()], axis=0)
    return every.take(np.flatnonzero(has_label & ~tested)), every.take(np.flatnonzero(has_label & tested))


def pictures_of(
    contents: Sequence[Content],
    groups: Sequence[str],
    files: Sequence[PictureFile],
    reads: InputContract,
    labels: Mapping[str, Labels],
) -> Pictures:
    """The table of these pictures, in the order of the contents, of which there is at least one."""
    paths = tuple(file.path for file in files)
    kept = {file.path: file.pixels for file in files if file.pixels is not None}
    listed = [content.picture for content in contents]
    return Pictures(
        pixels=np.stack([kept[path] for path in paths])
        if is_small(reads)
        else FileImages(paths, reads, kept),
        features=joined([file.features for file in files]),
        labels=labels,
        sha256=np.array([content.sha256 for content in contents]),
        groups=np.array(groups),
        files=paths,
        tiers=np.array([picture.tier for picture in listed]),
        spelt=np.array([picture.label or picture.tier for picture in listed]),
        sources=np.array([picture.source for picture in listed]),
        networks=tuple(file.network for file in files),
        hashes=np.stack([file.hash for file in files]),
        is_plain=np.array([file.is_plain for file in files], np.bool_),
    )

"""Read the pictures of a listing: each content once, with all its groups.

For pictures and classes of one's own (own_pictures.py) and for photos (pictures/photos.py). Decoding and
converting: picture_files.py. Reads the files of the listing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inference.contract import InputContract
from training.errors import BadPictures
from training.pictures.duplicates import near_groups, split_keys
from training.pictures.listing import Listed, Listing
from training.pictures.picture_files import NAMED, PictureFile, read_files
from training.pictures.pixel_room import stacked
from training.pictures.table import Pictures
from training.progress import Say, Watch


@dataclass(frozen=True)
class ReadPicture:
    """One content.

    Attributes:
        listed: the first of its copies.
        file: what was read of it.
        groups: of it and its copies.
    """

    listed: Listed
    file: PictureFile
    groups: frozenset[str]


def read_pictures(
    listing: Listing, reads: InputContract, say: Say, watch: Watch, *, skip_unreadable: bool
) -> list[ReadPicture]:
    """Read pictures whose classes are known.

    Args:
        listing: with the `class_id` of each, under the labels that count.
        reads: the input of the model.
        say: receives what was left out and why, and how many are copies.
        watch: called after each file.
        skip_unreadable: leave out what is no picture, instead of refusing.

    Returns:
        The first of each content, in the order of the listing.

    Raises:
        BadPictures: a file cannot be read, none can, or one picture has two classes or is in both parts.
    """
    listed = listing.pictures
    _report_left_out(listing.left_out, say)
    if nested := listing.of_nested():
        say(nested)
    if listing.missing:
        say(
            f"{len(listing.missing)} pictures that a person answered are not found and left out: "
            f"{', '.join(map(str, listing.missing[:NAMED]))}."
        )
    if listing.outdated:
        say(
            f"{len(listing.outdated)} pictures have another content than when a person answered, and are "
            f"left out: {listing.outdated[0]}."
        )
    files = read_files([one.path for one in listed], reads, say, watch, skip_unreadable=skip_unreadable)
    read = [(one, file) for one, file in zip(listed, files, strict=True) if file is not None]
    if not read:
        raise BadPictures(f"{listing.place}: none of {len(listed)} pictures can be read.")
    return _once(read, say)


def _report_left_out(left_out: Sequence[Path], say: Say) -> None:
    if left_out:
        first = ", ".join(map(str, left_out[:NAMED]))
        more = ", ..." if len(left_out) > NAMED else ""
        say(f"left out {len(left_out)} that are not taken for pictures of a class: {first}{more}.")


def _once(read: Sequence[tuple[Listed, PictureFile]], say: Say) -> list[ReadPicture]:
    known: dict[str, ReadPicture] = {}
    for listed, file in read:
        first = known.setdefault(file.sha256, ReadPicture(listed, file, frozenset()))
        other = first.listed
        if (other.class_id, other.part) != (listed.class_id, listed.part):
            raise BadPictures(
                f"{other.path} ({_role(other)}) and {listed.path} ({_role(listed)}) are the same picture. "
                "Keep one of the two: a picture has one class, and is either learnt or measured on."
            )
        if listed.group:
            known[file.sha256] = replace(first, groups=first.groups | {listed.group})
    if copies := len(read) - len(known):
        say(f"{copies} of {len(read)} pictures are copies of others and count once.")
    return list(known.values())


def _role(listed: Listed) -> str:
    return listed.label if listed.part is None else f"{listed.label}, {listed.part}"


def joint_keys(pictures: Sequence[ReadPicture], say: Say) -> dict[str, str]:
    """What decides on which side of every split each content is: equal keys stay together.

    Pictures of one group share theirs, and so do pictures that are nearly the same.

    Args:
        pictures: of all sets that are split together.
        say: receives how many are nearly the same.
    """
    contents = list({one.file.sha256: one for one in pictures}.values())
    alike = near_groups(np.stack([one.file.hash for one in contents]))
    parts = [{contents[index].listed.part for index in members} for members in alike]
    if divided := sum(len(one) > 1 for one in parts):
        say(
            f"{divided} pictures are in `train` and nearly the same in `test`, so the accuracy is too good. "
            "Look at them: `wardrobe data` lists them."
        )
    if together := sum(len(members) for members, one in zip(alike, parts, strict=True) if len(one) == 1):
        say(
            f"{together} of {len(contents)} pictures are nearly the same as others; such are learnt together "
            "or measured on together. `wardrobe data` lists them."
        )
    grouped = [(one.file.sha256, f"group {group}") for one in pictures for group in sorted(one.groups)]
    return split_keys([one.file.sha256 for one in contents], grouped, alike)


def pictures_of(read: Sequence[ReadPicture], groups: Mapping[str, str]) -> Pictures:
    """One picture or more as a table.

    Args:
        read: with the `class_id` of each.
        groups: of `joint_keys`, of these pictures and perhaps others.
    """
    sha256 = [one.file.sha256 for one in read]
    return Pictures(
        images=stacked([one.file.pixels for one in read]),
        labels=np.array([one.listed.class_id for one in read], np.uint8),
        sha256=np.array(sha256),
        groups=np.array([groups[one] for one in sha256]),
        files=tuple(one.file.path for one in read),
        tiers=np.array([one.listed.tier for one in read]),
        kinds=np.array([one.listed.label or one.listed.tier for one in read]),
        sources=np.array([one.listed.source for one in read]),
        networks=tuple(one.file.network for one in read),
    )

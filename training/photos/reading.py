"""Photos of real garments by tier and label: FOLDER/tier/label/file, read as the service reads uploads.

A tier says how a photo was taken (A: product shot, B: worn by a model, C: a user's own), X that it shows none
of the classes; any other names will do. FOLDER.csv beside the folder may say which photos are of one group,
such as a sender or a product: they stay together in every split. Reads both. Decoding and converting:
picture_files.py; what is measured on photos: photo_evaluation.py.
"""

import csv
import hashlib
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PureWindowsPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.contract import InputContract
from training.data.corrections import NO_CORRECTIONS, Corrections
from training.data.duplicates import split_keys
from training.data.listing import could_be_picture, entries, is_hidden
from training.data.picture_files import PictureFile, Say, Watch, read_files
from training.errors import BadClasses, BadCsv, BadPictures

OOD: Final = 255
"""Label of an out-of-distribution (OOD) photo: it shows none of the classes."""

OOD_TIER: Final = "X"

OOD_PREFIX: Final = "X_"
"""Prefix of a label folder with OOD photos, in any tier."""

LAYOUT: Final = "Photos lie in FOLDER/tier/label/, for example FOLDER/A/Trouser/1.jpg."


@dataclass(frozen=True)
class ListedPhoto:
    """One photo, before it is opened.

    Attributes:
        tier: the name of the folder of its folder.
        label: a class's index, or OOD.
        group: what it shares with other photos; empty where that is not known.
    """

    path: Path
    tier: str
    label: int
    group: str = ""


@dataclass(frozen=True)
class Photos:
    """N photos as a model would see them, each content once.

    Attributes:
        images: uint8 (N, 28, 28).
        labels: uint8 (N,), a class's index, or OOD.
        tiers: of each.
        files: of each.
        sha256: of each file's bytes, hex digests.
        keys: of each its group's sha256, or its own; equal keys stay on one side of every split.
        groups: of each the sha256 of all groups that it and its copies are in; empty where none were read.
    """

    images: PixelsBatch
    labels: NDArray[np.uint8]
    tiers: tuple[str, ...]
    files: tuple[Path, ...]
    sha256: tuple[str, ...]
    keys: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def known_tiers(self) -> tuple[str, ...]:
        """The tiers of those that show one of the classes."""
        return tuple(tier for tier, label in zip(self.tiers, self.labels, strict=True) if label != OOD)

    def take(self, indices: NDArray[np.int64]) -> "Photos":
        """The photos at these positions, in this order."""
        return Photos(
            self.images[indices],
            self.labels[indices],
            tuple(self.tiers[place] for place in indices),
            tuple(self.files[place] for place in indices),
            tuple(self.sha256[place] for place in indices),
            tuple(self.keys[place] for place in indices),
            tuple(self.groups[place] for place in indices) if self.groups else (),
        )

    def followed_by(self, others: "Photos") -> "Photos":
        """These photos, and then others."""
        return Photos(
            np.concatenate([self.images, others.images]),
            np.concatenate([self.labels, others.labels]),
            self.tiers + others.tiers,
            self.files + others.files,
            self.sha256 + others.sha256,
            self.keys + others.keys,
            self.groups + others.groups,
        )

    def drawn(self, shares: int) -> NDArray[np.int64]:
        """Which of so many equal shares each is in, by its key, int64 (N,); other photos do not matter."""
        return np.array([int(key[:16], 16) % shares for key in self.keys])


def with_joint_keys(*sets: Photos) -> tuple[Photos, ...]:
    """Sets of photos whose groups are joined over all of them."""
    contents = list(dict.fromkeys(digest for photos in sets for digest in photos.sha256))
    grouped = [
        (digest, group)
        for photos in sets
        for digest, groups in zip(photos.sha256, photos.groups, strict=True)
        for group in groups
    ]
    keys = split_keys(contents, grouped)
    return tuple(replace(photos, keys=tuple(keys[digest] for digest in photos.sha256)) for photos in sets)


def list_photos(folder: Path, labels: tuple[str, ...], say: Say) -> list[ListedPhoto]:
    """List FOLDER/tier/label/file, by name.

    Hidden files, and those that end as notes and lists do, are passed over.

    Args:
        folder: with one sub-folder per tier, and in each one per label.
        labels: of the model. A label's folder is called by the class's index, or by its name in any
            capitals, with `_` for a slash.
        say: receives how many rows of the CSV beside the folder name none of its photos.

    Raises:
        DataSetMissing: a folder cannot be read.
        BadClasses: a label's folder is called like none of the classes.
        BadPictures: there is no photo, or one lies in a tier's folder.
        BadCsv: the CSV beside the folder cannot be read, or none of its groups is of these photos.
    """
    if len(labels) > OOD:
        raise BadClasses(f"{len(labels)} classes. Photos can be read for at most {OOD}.")
    tiers = [entry for entry in entries(folder) if entry.is_dir() and not is_hidden(entry)]
    listed = [photo for tier in tiers for photo in _tier(tier, labels)]
    if not listed:
        raise BadPictures(f"{folder}: no photo in it. {LAYOUT}")
    listing = folder.absolute().with_name(f"{folder.absolute().name}.csv")
    groups = _groups(listing)
    missed = len(groups.keys() - {_name_of(one.path) for one in listed})
    if missed:
        found = (
            f"{listing}: {missed:,} of its {len(groups):,} rows with a group name no photo of {folder}. "
            "The column `file` has tier/label/file, spelt as there."
        )
        if missed == len(groups):
            raise BadCsv(found)
        say(found)
    return [replace(one, group=groups.get(_name_of(one.path), "")) for one in listed]


def _name_of(path: PurePath) -> tuple[str, ...]:
    """Tier, label and file; accents composed."""
    return PurePath(unicodedata.normalize("NFC", path.as_posix())).parts[-3:]


def _groups(listing: Path) -> dict[tuple[str, ...], str]:
    """The groups that a CSV names, by tier, label and file; none without a column `group`.

    Raises:
        BadCsv: it has such a column and no column `file`, or cannot be read.
    """
    if not listing.is_file():
        return {}
    try:
        with listing.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if "group" not in (reader.fieldnames or []):
                return {}
            rows = [((row["file"] or "").strip(), (row["group"] or "").strip()) for row in reader]
            return {_name_of(PureWindowsPath(name)): group for name, group in rows if name and group}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise BadCsv(
            f"{listing}: cannot be read ({error}). Beside a folder of photos, a CSV in UTF-8 with the "
            "columns `file` (tier/label/file) and `group` says which of them belong together."
        ) from error


def _tier(tier: Path, labels: tuple[str, ...]) -> list[ListedPhoto]:
    listed: list[ListedPhoto] = []
    for entry in entries(tier):
        if could_be_picture(entry):
            raise BadPictures(f"{entry}: lies in no label's folder. {LAYOUT}")
        if entry.is_dir() and not is_hidden(entry):
            label = _label(entry, labels)
            files = [file for file in entries(entry) if could_be_picture(file)]
            listed += [ListedPhoto(file, tier.name, label) for file in files]
    return listed


def _label(folder: Path, labels: tuple[str, ...]) -> int:
    """The class that a label's folder is called by; its name outranks its index."""
    if folder.parent.name == OOD_TIER or folder.name.startswith(OOD_PREFIX):
        return OOD
    known = {str(index): index for index in range(len(labels))}
    known |= {_as_folder(label): index for index, label in enumerate(labels)}
    found = known.get(_as_folder(folder.name))
    if found is None:
        names = ", ".join(label.replace("/", "_") for label in labels)
        raise BadClasses(
            f"{folder}: {folder.name!r} is none of the classes. Call the folder 0 to {len(labels) - 1}, or "
            f"one of {names}; or, if it shows none of them, {OOD_PREFIX}{folder.name}."
        )
    return found


def _as_folder(label: str) -> str:
    """A class's name as it is compared with a folder's."""
    return unicodedata.normalize("NFC", label).replace("/", "_").casefold()


def read_photos(  # noqa: PLR0913 - what is read, how, and who follows it
    listed: list[ListedPhoto],
    contract: InputContract,
    say: Say,
    watch: Watch,
    *,
    labels: tuple[str, ...] = (),
    corrections: Corrections = NO_CORRECTIONS,
) -> Photos:
    """Read photos and convert them as the service converts uploads, on all cores.

    Args:
        listed: which.
        contract: the input of the model.
        say: receives what cannot be read and is left out, how many are copies, and how many come out black.
        watch: called after each file.
        labels: of the model, which corrections name.
        corrections: of labels, of these photos or of copies that lie elsewhere.

    Returns:
        In the order in which they were listed, without copies: the first of each content.

    Raises:
        BadPictures: none of them can be read, or is left, or one content has two labels.
        BadCsv: two corrections contradict each other, or one gives a class to a photo of OOD_TIER.
    """
    files = read_files([one.path for one in listed], contract, say, watch, skip_unreadable=True)
    place = str(listed[0].path.parents[2])
    decoded = [(one, file) for one, file in zip(listed, files, strict=True) if file is not None]
    if not decoded:
        raise BadPictures(f"none of {len(listed)} photos can be read.")
    pairs = corrections.apply(decoded, lambda one, label: _relabelled(one, labels.index(label)), place, say)
    known: dict[str, tuple[ListedPhoto, PictureFile]] = {}
    for one, file in pairs:
        other, _ = known.setdefault(file.sha256, (one, file))
        if other.label != one.label:
            raise BadPictures(
                f"{other.path} and {one.path} are the same photo under two labels. Keep one of the two."
            )
    if not known:
        raise BadPictures(f"{place}: no photo is left of {len(decoded)}. Leave out fewer of them.")
    if copies := len(pairs) - len(known):
        say(f"{copies} of {len(listed)} photos are copies of others and count once.")
    photos, once = zip(*known.values(), strict=True)
    groups: dict[str, set[str]] = {digest: set() for digest in known}
    for one, file in pairs:
        if one.group:
            groups[file.sha256].add(hashlib.sha256(one.group.encode()).hexdigest())
    read = Photos(
        images=np.stack([file.pixels for file in once]),
        labels=np.array([one.label for one in photos], np.uint8),
        tiers=tuple(one.tier for one in photos),
        files=tuple(one.path for one in photos),
        sha256=tuple(known),
        keys=tuple(known),
        groups=tuple(tuple(sorted(groups[digest])) for digest in known),
    )
    return with_joint_keys(read)[0]


def _relabelled(photo: ListedPhoto, label: int) -> ListedPhoto:
    """The photo as one of a class.

    Raises:
        BadCsv: it lies where no photo shows a class.
    """
    if photo.tier == OOD_TIER:
        raise BadCsv(
            f"--corrections: {photo.path} lies in tier {OOD_TIER}, where no photo shows one of the classes. "
            "Move it to the tier that says how it was taken, or leave it out."
        )
    return replace(photo, label=label)

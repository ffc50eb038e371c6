"""Photos of real garments by tier and label, read as the service reads uploads.

FOLDER/tier/label/file, or a table with a column `tier`. A tier says how a photo was taken (A: product shot,
B: worn by a model, C: a user's own), X that it shows none of the classes; any other names will do. Listing:
listing.py; reading: read.py; what is measured on photos: measure/photos.py.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import LABEL, InputContract, ModelContract
from inference.decode import prepare_decoders
from inference.listed import NONE
from labelling.lists import AS_IT_IS, Reading
from labelling.review.corrections import OfFiles
from reports.answers import CORRECTED
from training.data.corrections import NO_CORRECTIONS, check_listed, corrections_in
from training.data.files import PictureFile
from training.data.files_read import hash_files
from training.data.labels import OOD, Labels
from training.data.listing import (
    SPLIT,
    ListedPicture,
    Listing,
    answers_in,
    list_answers,
    list_pictures,
    open_table,
    parts_in,
)
from training.data.pictures import Pictures
from training.data.prepare import grouped, prepare
from training.data.read import decode, pictures_of
from training.errors import BadClasses, BadCsv, BadPictures
from training.progress import Progress

OOD_TIER: Final = "X"

OOD_PREFIX: Final = "X_"
"""Prefix of a label of OOD photos, in any tier."""

OWN_TIER: Final = "own"
"""The tier of photos in a table without tiers: the user's own."""

CORRECTED_TIER: Final = CORRECTED
"""The tier of corrections that no audit drew at random: people looked at them because the model doubted them.
They hold more of its errors than the catalogue does, so they are learnt and measured, and promise nothing."""

LAYOUT: Final = (
    "Photos lie in FOLDER/tier/label/, for example FOLDER/A/Trouser/1.jpg, or are named in a CSV with the "
    "columns `path`, `label` and `tier`."
)


def list_photos(
    place: Path,
    labels: tuple[str, ...],
    untiered: str = "",
    *,
    by_audit: bool = False,
    reading: Reading = AS_IT_IS,
) -> Listing:
    """List the photos of a folder or a table, with the class of each.

    Args:
        place: FOLDER/tier/label/file, or a table with the columns `path`, `label` and `tier`; or corrections,
            which have no tier.
        labels: of the model. A photo's label is the class's index, or its name in any capitals, with `_` for
            a slash.
        untiered: the tier of photos that have none, as in plain class folders; empty to refuse these.
        by_audit: whether corrections that no audit drew are of CORRECTED_TIER.
        reading: how a table is read.

    Raises:
        DataSetMissing: a folder cannot be read.
        BadCsv: the table cannot be read.
        BadClasses: a label is none of the classes.
        BadPictures: there is no photo, or one has no tier.
    """
    if is_corrections(place, reading):
        listing = _list_corrections(place, reading, by_audit=by_audit)
    else:
        listing = list_pictures(place, reading)
    if not listing.pictures:
        raise BadPictures(f"{place}: no photo in it. {LAYOUT}")
    rows = [replace(row, tier=row.tier or untiered) for row in listing.pictures]
    if untold := [row.path for row in rows if not row.tier]:
        raise BadPictures(f"{place}: {len(untold)} photos have no tier, among them {untold[0]}. {LAYOUT}")
    pictures = tuple(replace(row, class_id=_class_id(row, labels)) for row in rows)
    return replace(listing, pictures=pictures, labels=labels)


def of_no_class(listing: Listing, labels: tuple[str, ...]) -> list[str]:
    """Labels of photos in tiers that are none of a model's classes."""
    unknown = set()
    for picture in listing.pictures:
        try:
            _class_id(picture, labels)
        except BadClasses:
            unknown.add(picture.label)
    return sorted(unknown)


def is_corrections(place: Path, reading: Reading = AS_IT_IS) -> bool:
    """Whether this is a table without tiers, as people's answers are."""
    return place.is_file() and "tier" not in open_table(place, reading=reading).columns


def check_learns_whole(place: Path, reading: Reading) -> None:
    """Refuse a table that keeps photos for a test: the head for photos learns all that it is given.

    Args:
        place: a folder, or a table with or without tiers; a leading `~` is the user's own.
        reading: how the table is read.

    Raises:
        BadCsv: its column SPLIT marks photos as measured, or says something else.
    """
    if (place := place.expanduser()).is_file() and parts_in(open_table(place, reading=reading)):
        raise BadCsv(
            f"{place}: the column `{SPLIT}` keeps photos for a test, and all of a table are learnt. Leave "
            "these rows out, and measure on them with wardrobe evaluate; or rename the column."
        )


def _list_corrections(place: Path, reading: Reading, *, by_audit: bool) -> Listing:
    """People's answers as photos of OWN_TIER, also those that show none of the classes."""
    answers = answers_in([place], reading)
    drawn = {answers.hashes[path] for path in answers.audited}
    listing = list_answers(place, answers)

    def tier(photo: ListedPicture) -> str:
        return CORRECTED_TIER if by_audit and answers.hashes[str(photo.path)] not in drawn else OWN_TIER

    return replace(listing, pictures=tuple(replace(row, tier=tier(row)) for row in listing.pictures))


def _class_id(photo: ListedPicture, labels: tuple[str, ...]) -> int:
    """The class that a photo's label names; a name outranks an index."""
    if photo.tier == OOD_TIER or photo.label == NONE or photo.label.startswith(OOD_PREFIX):
        return OOD
    classes = {str(index): index for index in range(len(labels))}
    classes |= {_as_folder(label): index for index, label in enumerate(labels)}
    class_id = classes.get(_as_folder(photo.label))
    if class_id is None:
        names = ", ".join(label.replace("/", "_") for label in labels)
        raise BadClasses(
            f"{photo.path}: {photo.label!r} is none of the classes. Call it 0 to {len(labels) - 1}, or "
            f"one of {names}; or, if it shows none of them, {OOD_PREFIX}{photo.label}."
        )
    return class_id


def _as_folder(label: str) -> str:
    """A class's name as it is compared with a folder's."""
    return unicodedata.normalize("NFC", label).replace("/", "_").casefold()


def photos_in(  # noqa: PLR0913 - places, a model, and how they are read
    places: Sequence[Path],
    labels: tuple[str, ...],
    reads: InputContract,
    progress: Progress,
    corrections: OfFiles = NO_CORRECTIONS,
    *,
    untiered: str = "",
    by_audit: bool = False,
    reading: Reading = AS_IT_IS,
) -> tuple[Pictures, ...]:
    """Read folders or tables of photos as a model would see them; what was left out is a warning.

    Args:
        places: FOLDER/tier/label/file, or a table; a leading `~` is the user's own.
        labels: of the model.
        reads: the input of the model.
        progress: shows how many are read, and what was left out.
        corrections: of labels; each has to name one of these photos, and holds for its copies.
        untiered: as `list_photos` has it.
        by_audit: the same.
        reading: how tables are read.

    Returns:
        The photos of each place; groups join those of all.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    prepare_decoders()
    places = [place.expanduser() for place in places]
    for place in places:
        _warn_of_table(place, progress)
    listings = [list_photos(place, labels, untiered, by_audit=by_audit, reading=reading) for place in places]
    hashed = hash_files(photo.path for listing in listings for photo in listing.pictures)
    check_listed(corrections, listings, hashed)
    sets = []
    for listing in listings:
        prepared = prepare(listing, corrections, hashed=hashed)
        _check_tiers(prepared.listing)
        sets.append(decode(prepared, reads, progress, skip_unreadable=True))
    every = [photo for photos in sets for photo in photos]
    rows = iter(grouped([photo for photo, _ in every], [file.hash for _, file in every]))
    tables = (
        _photos_of([next(rows) for _ in photos], [file for _, file in photos], reads, labels)
        for photos in sets
    )
    return tuple(
        replace(table, of_products=listing.groups_are_products)
        for table, listing in zip(tables, listings, strict=True)
    )


def _photos_of(
    photos: Sequence[ListedPicture],
    files: Sequence[PictureFile],
    reads: InputContract,
    labels: Sequence[str],
) -> Pictures:
    """Photos of one place as a table."""
    classes = Labels.of(np.array([photo.class_id for photo in photos]), tuple(labels))
    return pictures_of(photos, files, reads, {LABEL: classes})


def _check_tiers(listing: Listing) -> None:
    for photo in listing.pictures:
        if photo.tier == OOD_TIER and photo.class_id != OOD:
            raise BadCsv(
                f"--corrections: {photo.path} is of tier {OOD_TIER}, where no photo shows one of the "
                "classes. Give it the tier that says how it was taken, or leave it out."
            )


def own_photos(
    place: Path, files: Sequence[Path], contract: ModelContract, reading: Reading, progress: Progress
) -> Pictures:
    """Read photos of one's own that a release is measured or calibrated on; see `photos_in`.

    Args:
        place: of the photos, which need no tier.
        files: of corrections.
        contract: of the model that answers photos.
        reading: how the table of photos is read.
        progress: shows how many are read, and what was left out.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    corrections = corrections_in(files, reading.of_corrections)
    (photos,) = photos_in(
        [place], contract.labels, contract.input, progress, corrections, untiered=OWN_TIER, reading=reading
    )
    return photos


def _warn_of_table(place: Path, progress: Progress) -> None:
    table = place.absolute().with_name(f"{place.absolute().name}.csv")
    if place.is_dir() and table.is_file():
        progress.warn(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )

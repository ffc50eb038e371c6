"""Photos of real garments by tier and label, read as the service reads uploads.

FOLDER/tier/label/file, or a table with a column `tier`. A tier says how a photo was taken (A: product shot,
B: worn by a model, C: a user's own), X that it shows none of the classes; any other names will do. Listing:
listed_folders.py; reading: read.py; what is measured on photos: measure/photos.py.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import LABEL, InputContract
from inference.decode import prepare_decoders
from inference.listed import NONE
from labelling.lists import AS_IT_IS, Reading, header_of
from model_store.files import expanded
from reports.answers import CORRECTED
from training.data.corrections import Corrections, check_listed, corrections_of, list_answers, rows_in
from training.data.files import Hashed, hash_files
from training.data.labels import OOD, Labels
from training.data.listed_folders import list_pictures
from training.data.listed_tables import open_table, parts_in
from training.data.listing import SPLIT, ListedPicture, Listing
from training.data.pictures import Pictures
from training.data.prepare import prepare
from training.data.read import Use, decode, pictures_of
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


@dataclass(frozen=True, kw_only=True)
class NamedPhotos:
    """Photos by their place, which is listed once, as each file of corrections is.

    Attributes:
        place: FOLDER/tier/label/file, or a table with the columns `path`, `label` and `tier`; or corrections,
            which have no tier. A leading `~` is the user's own.
        corrections: files of other labels; each has to name one of these photos, and holds for its copies.
        reading: how tables are read.
        use: to `learn`, each photo needs a tier, no table keeps some for a test, and corrections that no
            audit drew are of CORRECTED_TIER. To `measure`, what has no tier is of OWN_TIER.
    """

    place: Path
    corrections: tuple[Path, ...] = ()
    reading: Reading = AS_IT_IS
    use: Use

    @cached_property
    def listing(self) -> Listing:
        """The photos of `place`, before their labels are compared with classes.

        Raises:
            DataSetMissing: a folder cannot be read.
            BadCsv: the table cannot be read, or keeps photos for a test.
            BadClasses: a row has no label that can be shown.
        """
        if not (place := expanded(self.place)).is_file():
            return self._whole(list_pictures(place, self.reading))
        columns = open_table(place, reading=self.reading, read=header_of).columns
        if self.use == "learn" and SPLIT in columns and parts_in(open_table(place, reading=self.reading)):
            raise BadCsv(
                f"{place}: the column `{SPLIT}` keeps photos for a test, and all of a table are learnt. "
                "Leave these rows out, and measure on them with wardrobe evaluate; or rename the column."
            )
        if "tier" in columns:
            return self._whole(list_pictures(place, self.reading), columns)
        tier = CORRECTED_TIER if self.use == "learn" else OWN_TIER
        return self._whole(list_answers(place, self.reading, tier=tier, audited=OWN_TIER), columns)

    def _whole(self, listing: Listing, columns: Sequence[str] = ()) -> Listing:
        """Photos that are measured without the part of each: what a release learnt, its own files say."""
        if self.use == "learn":
            return listing
        count = len(listing.pictures)
        note = f"{listing.place}: the column `{SPLIT}` is not read, and all {count:,} photos are measured."
        return replace(
            listing,
            pictures=tuple(replace(picture, part=None) for picture in listing.pictures),
            notes=(*listing.notes, note) if SPLIT in columns else listing.notes,
        )

    @cached_property
    def answers(self) -> Corrections:
        """The corrections that count.

        Raises:
            BadCsv: see `corrections_of`.
        """
        return corrections_of(rows_in(self.corrections, self.reading.of_corrections), self.hashed)

    @cached_property
    def hashed(self) -> Hashed:
        """The files."""
        return hash_files(photo.path for photo in self.listing.pictures)

    def classified(self, labels: tuple[str, ...]) -> Listing:
        """The listing with the tier and the class of each photo.

        Args:
            labels: of the model. A photo's label is the class's index, or its name in any capitals, with `_`
                for a slash.

        Raises:
            BadClasses: a label is none of the classes.
            BadPictures: there is no photo, or one has no tier.
        """
        return _classified(self.listing, labels, self.use)


def _classified(listing: Listing, labels: tuple[str, ...], use: Use) -> Listing:
    if not listing.pictures:
        raise BadPictures(f"{listing.place}: no photo in it. {LAYOUT}")
    usual = OWN_TIER if use == "measure" else ""
    rows = [replace(row, tier=row.tier or usual) for row in listing.pictures]
    if untold := [row.path for row in rows if not row.tier]:
        raise BadPictures(
            f"{listing.place}: {len(untold)} photos have no tier, among them {untold[0]}. {LAYOUT}"
        )
    if use == "learn" and "checked" in listing.columns and not any(row.checked for row in rows):
        raise BadCsv(
            f"{listing.place}: no cell of the column `checked` says that a person checked the label, and "
            "such photos choose the thresholds. Write 1 there, or leave the column out: then all do."
        )
    pictures = (
        replace(row, class_id=_class_id(row, labels), answered=row.answered or row.checked) for row in rows
    )
    return replace(listing, pictures=tuple(pictures), labels=labels)


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
            f"one of {names}; or, if it shows none of them, {OOD_PREFIX}{photo.label}. A folder of a class "
            "of your own lies right in the data set's, or in its `train` and `test`."
        )
    return class_id


def _as_folder(label: str) -> str:
    """A class's name as it is compared with a folder's."""
    return unicodedata.normalize("NFC", label).replace("/", "_").casefold()


def read_photos(
    named: NamedPhotos, labels: tuple[str, ...], reads: InputContract, progress: Progress
) -> Pictures:
    """Read photos as a model would see them; what was left out is a warning.

    Args:
        named: which.
        labels: of the model.
        reads: the input of the model.
        progress: shows how many are read, and what was left out.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    prepare_decoders()
    _warn_of_table(named.listing.place, progress)
    corrections, listing, hashed = named.answers, named.classified(labels), named.hashed
    check_listed(corrections, hashed)
    for sentence in corrections.notes(hashed.unreadable):
        progress.warn(f"--corrections: {sentence}")
    prepared = prepare(listing, corrections, hashed=hashed)
    _check_tiers(prepared.listing)
    decoded, _ = decode(prepared, reads, progress, skip_unreadable=True)
    rows, files = [photo for photo, _ in decoded], [file for _, file in decoded]
    classes = Labels.of(np.array([row.class_id for row in rows]), labels)
    pictures = pictures_of(rows, files, reads, {LABEL: classes})
    checked = np.array([row.checked for row in rows]) if "checked" in listing.columns else None
    return replace(pictures, of_products=listing.groups_are_products, checked=checked)


def _check_tiers(listing: Listing) -> None:
    for photo in listing.pictures:
        if photo.tier == OOD_TIER and photo.class_id != OOD:
            raise BadCsv(
                f"--corrections: {photo.path} is of tier {OOD_TIER}, where no photo shows one of the "
                "classes. Give it the tier that says how it was taken, or leave it out."
            )


def _warn_of_table(place: Path, progress: Progress) -> None:
    table = place.absolute().with_name(f"{place.absolute().name}.csv")
    if place.is_dir() and table.is_file():
        progress.warn(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )

"""Photos of real garments by tier and label, read as the service reads uploads.

FOLDER/tier/label/file, or a table with a column `tier`. A tier says how a photo was taken (A: product shot,
B: worn by a model, C: a user's own), X that it shows none of the classes; any other names will do. Listing:
folders.py; reading: read.py; what is measured on photos: evaluation/photos.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.plain_text import normalize_label
from inference.title_rule import NONE
from labelling.lists.list_files import Reading, open_header
from reports.answers import CORRECTED
from training.data.contents import Contents
from training.data.corrections import answered_files, corrections_of, rows_in
from training.data.folders import list_pictures
from training.data.hashed_files import hash_files
from training.data.labels import OOD, class_named
from training.data.listing import SPLIT, ListedPicture, Listing, Use
from training.data.tables import open_table, parts_in
from training.errors import BadClasses, BadCsv, BadPictures
from training.progress import Say

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


def list_photos(place: Path, reading: Reading, use: Use) -> Listing:
    """List photos, before their labels are compared with classes.

    Args:
        place: FOLDER/tier/label/file, or a table with the columns `path`, `label` and `tier`; or corrections,
            which have no tier.
        reading: the way in which tables are read.
        use: `learn`: no table keeps photos for a test, and corrections that no audit drew are of
            CORRECTED_TIER. `measure`: all photos are of one part, and corrections of OWN_TIER.

    Raises:
        DataSetMissing: a folder cannot be read.
        BadCsv: the table cannot be read, or keeps photos for a test.
        BadClasses: a row has no label that can be shown.
    """
    if not place.is_file():
        return _whole(list_pictures(place, reading), use)
    columns = open_table(place, reading=reading, read=open_header).columns
    if use == "learn" and SPLIT in columns and parts_in(open_table(place, reading=reading)):
        raise BadCsv(
            f"{place}: the column `{SPLIT}` keeps photos for a test, and all of a table are learnt. "
            "Leave these rows out, and measure on them with wardrobe evaluate; or rename the column."
        )
    if "tier" in columns:
        return _whole(list_pictures(place, reading), use, columns)
    return _whole(list_answers(place, reading, use), use, columns)


def list_answers(place: Path, reading: Reading, use: Use) -> Listing:
    """List people's answers about picture files: the valid answer of each, without pictures to leave out.

    Args:
        place: the table.
        reading: the way in which it is read.
        use: see `list_photos`.

    Raises:
        BadCsv: it cannot be read, or none of the pictures is there.
    """
    notes = list[str]()
    rows = rows_in([place], reading, notes.append)
    hashed = hash_files(map(Path, answered_files(rows)))
    answers = corrections_of(rows, known=hashed)
    labelled = [(file, file.answers[LABEL]) for file in answers.of_class]
    pictures = (
        ListedPicture(
            Path(file.path),
            {LABEL: normalize_label(answer.label)},
            tier=OWN_TIER if file.audited or use == "measure" else CORRECTED_TIER,
            group=file.group,
            product=file.product,
        )
        for file, answer in labelled
        if answer.label and file.is_there
    )
    left_out = (Path(file.path) for file, answer in labelled if not answer.label and not answer.is_contested)
    return Listing(
        place,
        tuple(pictures),
        tuple(left_out),
        notes=(*notes, *answers.notes({})),
        corrections=answers.rows,
        hashed=hashed,
    )


def _whole(listing: Listing, use: Use, columns: Sequence[str] = ()) -> Listing:
    """Return photos that are measured without their parts: the release's own files say which it learnt."""
    if use == "learn":
        return listing
    count = len(listing.pictures)
    note = f"{listing.place}: the column `{SPLIT}` is not read, and all {count:,} photos are measured."
    return replace(
        listing,
        pictures=tuple(replace(picture, part=None) for picture in listing.pictures),
        notes=(*listing.notes, note) if SPLIT in columns else listing.notes,
    )


def classified(listing: Listing, labels: tuple[str, ...], use: Use) -> Listing:
    """Return the listing with the tier and the class of each photo.

    Args:
        listing: the photos, from `list_photos`.
        labels: the labels of the model. A photo's label is the class's index, or its name in any capitals,
            with `_` for a slash.
        use: `learn`: each photo needs a tier. `measure`: a photo without a tier is of OWN_TIER.

    Raises:
        BadClasses: a label is none of the classes.
        BadPictures: there is no photo, or one has no tier.
        BadCsv: a column `checked` names no photo that is learnt.
    """
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
    class_ids = tuple(_class_id(row, labels) for row in rows)
    return replace(listing, pictures=tuple(rows), labels=labels, class_ids=class_ids, trusts_checked=True)


def _class_id(photo: ListedPicture, labels: tuple[str, ...]) -> int:
    """Return the class that a photo's label names; a name outranks an index."""
    if photo.tier == OOD_TIER or photo.label == NONE or photo.label.startswith(OOD_PREFIX):
        return OOD
    if (class_id := class_named(photo.label, labels)) is None:
        names = ", ".join(label.replace("/", "_") for label in labels)
        raise BadClasses(
            f"{photo.path}: {photo.label!r} is none of the classes. Call it 0 to {len(labels) - 1}, or "
            f"one of {names}; or, if it shows none of them, {OOD_PREFIX}{photo.label}. A folder of a class "
            "of your own lies right in the data set's, or in its `train` and `test`."
        )
    return class_id


def check_tiers(contents: Contents) -> None:
    """Refuse corrections that give a class to photos of OOD_TIER.

    Raises:
        BadCsv: one does.
    """
    for content in contents.learnable:
        for row in content.rows:
            if row.tier == OOD_TIER and content.class_id != OOD:
                raise BadCsv(
                    f"--corrections: {row.path} is of tier {OOD_TIER}, where no photo shows one of the "
                    "classes. Give it the tier that says how it was taken, or leave it out."
                )


def warn_of_table(place: Path, say: Say) -> None:
    """Say that a table beside a folder of photos is not read."""
    table = place.absolute().with_name(f"{place.absolute().name}.csv")
    if place.is_dir() and table.is_file():
        say(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )

"""Photos of garments by tier and label, read as the service reads uploads.

They lie in FOLDER/tier/label/file, or are named in a table with a column `tier`. A tier says how a photo was
taken (A: product shot, B: worn by a model, C: a user's own) or, as X, that it shows none of the classes.
Other names of tiers are allowed.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.plain_text import format_count, normalize_label
from labelling.lists.list_files import open_header
from labelling.lists.list_reading import ListOptions
from reports.answers import CORRECTED_SET
from training.data.correction_files import read_correction_files
from training.data.corrections import list_corrected_paths, make_corrections
from training.data.folders import list_pictures
from training.data.hashed_files import hash_files
from training.data.labels import OOD, find_class_index
from training.data.listing import SPLIT_COLUMN, ListedPicture, Listing, PictureUse
from training.data.tables import open_picture_table, read_table_parts
from training.data.unique_pictures import UniquePictures
from training.errors import DataError
from training.progress import Say

OOD_TIER: Final = "X"
"""Tier of photos that show none of the classes (out of distribution, OOD)."""

OOD_LABEL_PREFIX: Final = "X_"
"""Prefix of the labels of photos that show none of the classes (out of distribution, OOD), in any tier."""

OWN_TIER: Final = "own"
"""The tier of photos in a table without tiers, which are the user's own."""

CORRECTED_TIER: Final = CORRECTED_SET
"""The tier of photos with corrections that were not drawn at random by an audit. People looked at these
photos because the model doubted them, so they contain more errors than the catalogue. They are learnt and
measured, but no promise rests on them."""

PHOTO_LAYOUT_ADVICE: Final = (
    "Photos lie in FOLDER/tier/label/, for example FOLDER/A/Trouser/1.jpg, or are named in a CSV with the "
    "columns `path`, `label` and `tier`."
)


def list_photos(path: Path, list_options: ListOptions, picture_use: PictureUse) -> Listing:
    """List photos with their labels and tiers, before the labels are compared with the classes of a model.

    Args:
        path: a folder as FOLDER/tier/label/file, a table with the columns `path`, `label` and `tier`, or a
            CSV of people's answers (corrections), which has no tier. A tier says how photos were taken: A for
            product shots, B for worn garments, C for users' own photos.
        list_options: the way in which tables are read, such as the encoding and the names of columns.
        picture_use: `learn` to train on the photos. Then a table with rows for a test is refused, and answers
            to photos that were not drawn at random get CORRECTED_TIER. `measure` to measure on all of them.
            Then people's answers get OWN_TIER.

    Raises:
        DataError: a folder cannot be read; or the table cannot be read, or keeps photos for a test; or a row
            has no label that can be shown.
    """
    if not path.is_file():
        return _ignore_parts(list_pictures(path, list_options), picture_use)
    columns = open_picture_table(path, list_options=list_options, open_function=open_header).columns
    if (
        picture_use == "learn"
        and SPLIT_COLUMN in columns
        and read_table_parts(open_picture_table(path, list_options=list_options))
    ):
        raise DataError(
            f"{path}: the column `{SPLIT_COLUMN}` keeps photos for a test, and all of a table are learnt. "
            "Leave these rows out, and measure on them with wardrobe evaluate; or rename the column."
        )
    if "tier" in columns:
        return _ignore_parts(list_pictures(path, list_options), picture_use, columns)
    return _ignore_parts(list_corrected_photos(path, list_options, picture_use), picture_use, columns)


def list_corrected_photos(path: Path, list_options: ListOptions, picture_use: PictureUse) -> Listing:
    """List the pictures in a CSV of people's answers, each with its valid answer as the label.

    Pictures that an answer leaves out, or that are missing, are not listed.

    Args:
        path: the CSV.
        list_options: the way in which the CSV is read.
        picture_use: `learn` or `measure`, as in `list_photos`.

    Raises:
        DataError: the CSV cannot be read, or none of the pictures exists.
    """
    notes = list[str]()
    rows = read_correction_files([path], list_options, notes.append)
    hashed_files = hash_files(map(Path, list_corrected_paths(rows)))
    answers = make_corrections(rows, known_files=hashed_files)
    files_and_answers = [(file, file.answers[LABEL]) for file in answers.class_corrected_files]
    pictures = (
        ListedPicture(
            Path(file.path),
            {LABEL: normalize_label(answer.label)},
            tier=OWN_TIER if file.is_audited or picture_use == "measure" else CORRECTED_TIER,
            group=file.group,
            product=file.product,
        )
        for file, answer in files_and_answers
        if answer.label and file.is_readable
    )
    left_out = (
        Path(file.path) for file, answer in files_and_answers if not answer.label and not answer.is_contested
    )
    return Listing(
        path,
        tuple(pictures),
        tuple(left_out),
        notes=(*notes, *answers.describe_ignored_answers({})),
        corrections=answers.rows,
        hashed_files=hashed_files,
    )


def _ignore_parts(listing: Listing, use: PictureUse, columns: Sequence[str] = ()) -> Listing:
    """Return photos to be measured without their division into parts, with a note if the table has one.

    The hashes in a release say which photos it learnt, so the parts are not needed.
    """
    if use == "learn":
        return listing
    count = len(listing.pictures)
    photos = format_count(count, "photo is", "photos are")
    note = f"{listing.place}: the column `{SPLIT_COLUMN}` is not read, and {photos} measured."
    return replace(
        listing,
        pictures=tuple(replace(picture, part=None) for picture in listing.pictures),
        notes=(*listing.notes, note) if SPLIT_COLUMN in columns else listing.notes,
    )


def assign_tiers_and_classes(listing: Listing, labels: tuple[str, ...], picture_use: PictureUse) -> Listing:
    """Return a listing of photos with the tier and the class id of each photo filled in.

    Args:
        listing: the photos, from `list_photos`.
        labels: the labels of the model, by class id. The label of a photo may be the class's index, or its
            name in any capitals, with `_` for a slash.
        picture_use: `learn`: each photo needs a tier. `measure`: a photo without a tier gets OWN_TIER.

    Raises:
        DataError: a label is none of the classes; or there is no photo, or one has no tier; or photos are
            learnt, and the column `checked` is set for none of them.
    """
    if not listing.pictures:
        raise DataError(f"{listing.place}: no photo in it. {PHOTO_LAYOUT_ADVICE}")
    default_tier = OWN_TIER if picture_use == "measure" else ""
    rows = [replace(row, tier=row.tier or default_tier) for row in listing.pictures]
    if paths_without_tier := [row.path for row in rows if not row.tier]:
        raise DataError(
            f"{listing.place}: {format_count(len(paths_without_tier), 'photo has', 'photos have')} no tier, "
            "among them "
            f"{paths_without_tier[0]}. {PHOTO_LAYOUT_ADVICE}"
        )
    if picture_use == "learn" and "checked" in listing.columns and not any(row.is_checked for row in rows):
        raise DataError(
            f"{listing.place}: no cell of the column `checked` says that a person checked the label, and "
            "such photos choose the thresholds. Write 1 there, or leave the column out: then all do."
        )
    is_in_table = not listing.place.is_dir()
    class_ids = tuple(_find_class_id(row, labels, is_in_table=is_in_table) for row in rows)
    return replace(listing, pictures=tuple(rows), labels=labels, class_ids=class_ids, is_checked_trusted=True)


def _find_class_id(photo: ListedPicture, labels: tuple[str, ...], *, is_in_table: bool) -> int:
    """Return the class id that the label of a photo names: OOD, the name of a class, or its index."""
    if photo.tier == OOD_TIER or photo.label == NONE or photo.label.startswith(OOD_LABEL_PREFIX):
        return OOD
    class_id = find_class_index(photo.label, labels)
    if class_id is None and is_in_table:
        raise DataError(
            f"{photo.path}: {photo.label!r} is none of the classes {', '.join(labels)}. If the photo shows "
            f"none of them, write {NONE!r}. For a class of your own, train a release of your own: "
            "train --data FOLDER."
        )
    if class_id is None:
        names = ", ".join(label.replace("/", "_") for label in labels)
        raise DataError(
            f"{photo.path}: {photo.label!r} is none of the classes. A folder of a class of your own lies "
            "right in the data set's, or in its `train` and `test`, without any other folder beside these. "
            f"For photos of the model's classes, call it 0 to {len(labels) - 1}, or one of {names}; or, "
            f"if it shows none of them, {OOD_LABEL_PREFIX}{photo.label}."
        )
    return class_id


def check_corrected_tiers(unique_pictures: UniquePictures) -> None:
    """Refuse corrections that give a class to photos of tier X, which show none of the classes.

    Args:
        unique_pictures: the photos, after corrections were applied.

    Raises:
        DataError: a correction gives a class to such a photo.
    """
    # The merged picture has people's answers, and its rows have the tier of the folder.
    for picture in unique_pictures.learnable_pictures:
        for row in picture.rows:
            if row.tier == OOD_TIER and picture.class_id != OOD:
                raise DataError(
                    f"--corrections: {row.path} is of tier {OOD_TIER}, where no photo shows one of the "
                    "classes. Give it the tier that says how it was taken, or leave it out."
                )


def warn_of_unread_table(folder: Path, say: Say) -> None:
    """Report that a table with the name of a folder of photos lies beside it, and is not read.

    Args:
        folder: the folder of photos; for a file nothing is reported.
        say: a function that receives the sentence.
    """
    table = folder.absolute().with_name(f"{folder.absolute().name}.csv")
    if folder.is_dir() and table.is_file():
        say(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )

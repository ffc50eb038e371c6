"""A data set as a person names it on the command line: where the pictures are, and how they are read.

The methods of `DataSource` list the pictures, check names and columns, and hash files. No picture is decoded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from inference.contract import LABEL
from inference.pictures.decode import prepare_decoders
from inference.text.plain_text import format_count
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from model_store.local_releases import LocalRelease
from model_store.release_files import expand_home
from training.data.correction_files import read_correction_files
from training.data.corrections import (
    NO_CORRECTIONS,
    Corrections,
    check_corrections_are_listed,
    make_corrections,
)
from training.data.folders import has_idx_files, list_pictures, resolve_user_path, unwrap_folder
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles, hash_files
from training.data.labels import check_attribute_columns
from training.data.learnt_hashes import mark_learnt_pictures
from training.data.listing import SPLIT_COLUMN, Listing, PictureUse
from training.data.photos import assign_tiers_and_classes, list_photos
from training.data.pixel_files import is_pixel_csv
from training.data.unique_pictures import UniquePictures, make_unique_pictures
from training.progress import Say

KERAS_DATA_SET = "keras"
"""Name of a data set that stands for the copy of Fashion-MNIST that Keras downloads."""


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """The options by which a person names a data set on the command line.

    Attributes:
        place: a folder of pictures, a table, a folder of IDX files, a CSV of pixels to measure on, or
            KERAS_DATA_SET. None for the installed Fashion-MNIST or, if it is not installed, for
            KERAS_DATA_SET.
        csv_pair: the training set and the test set as CSV files of pixels, instead of `place`.
        corrections: CSV files with people's answers, which replace labels.
        skip_unreadable: whether files that are no pictures are left out instead of refused.
        licence: the licence of the data, for the model card.
        attributes: the columns of the table that are further questions, such as `colour`.
        required_labels: labels that have to be learnt, by question: the class by LABEL, an attribute by its
            name.
        reading: the way in which a table is read, such as the encoding and the names of columns.
        parent: the release that is to become better; with it, corrections may name further pictures.
        photo_use: whether photos in tiers are learnt or measured. `place` is then FOLDER/tier/label/file, a
            table with a column `tier`, or corrections. None if `place` names pictures of classes.
    """

    place: str | None = None
    csv_pair: tuple[Path, Path] | None = None
    corrections: tuple[Path, ...] = ()
    skip_unreadable: bool = False
    licence: str | None = None
    attributes: tuple[str, ...] = ()
    required_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reading: ListOptions = DEFAULT_LIST_OPTIONS
    parent: LocalRelease | None = None
    photo_use: PictureUse | None = None

    def list_pictures(self) -> Listing | None:
        """List the pictures in a folder or table of the user.

        Returns:
            The listing; None if the data is Fashion-MNIST, IDX files or a CSV of pixels.

        Raises:
            DataError: the pictures cannot be listed.
        """
        if self.place is None or self.place == KERAS_DATA_SET:
            return None
        place = unwrap_folder(resolve_user_path(self.place))
        if has_idx_files(place) or self.find_pixel_table():
            return None
        attributes = self.attributes or tuple(name for name in self.required_labels if name != LABEL)
        return list_pictures(place, self.reading, attributes)

    def list_photos(self, labels: tuple[str, ...]) -> Listing:
        """List photos in tiers, from FOLDER/tier/label/file or a table, with the class of each photo.

        Args:
            labels: the labels of the model, by class id.

        Raises:
            DataError: the photos cannot be listed, or a label or tier is wrong; see `photos.list_photos` and
                `photos.assign_tiers_and_classes`.
        """
        photo_use = self.photo_use or "learn"
        return assign_tiers_and_classes(
            list_photos(resolve_user_path(self.place or ""), self.reading, photo_use), labels, photo_use
        )

    def check_listing(self, listing: Listing) -> tuple[str, ...] | None:
        """Refuse pictures that cannot be learnt, judged by names and columns, before a file is read.

        Args:
            listing: the pictures, from `list_pictures`.

        Returns:
            The classes that a training would learn; None with corrections, which may change them.

        Raises:
            DataError: the classes or attributes cannot be learnt.
        """
        classified_listing = listing.assign_class_ids()
        required_classes = self.required_labels.get(LABEL, ())
        classes = None if self.corrections else classified_listing.choose_learnable_classes(required_classes)
        check_attribute_columns(
            classified_listing, self.attributes or listing.attributes, classified_listing.labels
        )
        return classes

    def make_unique_pictures(
        self, listing: Listing, known_files: HashedFiles = NO_HASHED_FILES
    ) -> UniquePictures:
        """Hash the files of a listing, read the corrections, and merge all rows and answers of each picture.

        Args:
            listing: the pictures; a listing of photos has its class ids already.
            known_files: files that were hashed before, which are not read again.

        Raises:
            DataError: the pictures or the corrections cannot be read, or no picture is left.
        """
        prepare_decoders()
        paths = {row.path for row in listing.pictures}
        known_files = hash_files((row.path for row in listing.pictures), listing.hashed_files | known_files)
        hashed_files = known_files.select_paths(paths)
        notes = list[str]()
        if self.parent is not None:
            listing = remove_learnt_split(listing, hashed_files, self.parent)
        corrections = self.read_corrections(listing, hashed_files, notes.append, known_files)
        return make_unique_pictures(
            listing if listing.class_ids else listing.assign_class_ids(),
            known_files | corrections.hashed_files,
            corrections,
            can_add_pictures=self.parent is not None,
            notes=notes,
        )

    def read_corrections(
        self,
        listing: Listing | None,
        listed_files: HashedFiles,
        say: Say,
        known_files: HashedFiles = NO_HASHED_FILES,
    ) -> Corrections:
        """Read the files of corrections, and return the answers that are valid.

        Args:
            listing: the pictures; None if the data set is no folder or table of the user.
            say: a function that receives sentences on answers that are ignored.
            known_files: the hashes of other files, which are not read again.

        Returns:
            The valid answers; none if no file of corrections was named.

        Raises:
            DataError: a file cannot be read, or has an answer about a picture that is not in the data set.
        """
        if not self.corrections:
            return NO_CORRECTIONS
        rows = read_correction_files(self.corrections, self.reading.correction_options, say)
        corrections = make_corrections(rows, listed_files, known_files)
        if self.parent is None:
            check_corrections_are_listed(corrections, listed_files)
        for sentence in corrections.describe_ignored_answers(listed_files.read_errors):
            say(f"--corrections: {sentence}")
        if corrections.attribute_answer_keys and not (self.photo_use or (listing and listing.attributes)):
            answers = format_count(len(corrections.attribute_answer_keys), "answer is", "answers are")
            say(f"--corrections: {answers} about attributes, and not used without --attribute.")
        return corrections

    def find_pixel_table(self) -> Path | None:
        """Return the path of the CSV of pixels if the data set is one, otherwise None.

        Raises:
            DataError: the file cannot be read.
        """
        place = expand_home(self.place or KERAS_DATA_SET)
        return place if self.place != KERAS_DATA_SET and place.is_file() and is_pixel_csv(place) else None


def remove_learnt_split(listing: Listing, hashed_files: HashedFiles, parent: LocalRelease) -> Listing:
    """Undo the division of a table into train and test if a release has learnt rows of the test set.

    A next training could not measure itself on these rows. The listing of a folder, and of a table whose test
    set was not learnt, is returned unchanged.


    Args:
        parent: the release from which a training starts.
    """
    test_paths = [picture.path for picture in listing.pictures if picture.part == "test"]
    if not test_paths or not listing.columns:
        return listing
    test_hashes = np.array(
        [hashed_files.sha256[path] for path in test_paths if path in hashed_files.sha256], str
    )
    if not mark_learnt_pictures(parent, test_hashes, is_learnt_if_unstated=True).any():
        return listing
    note = (
        f"{listing.place}: {parent.version} learnt rows of all parts, so the column `{SPLIT_COLUMN}` is not "
        "read. A new training reads it: wardrobe train --data."
    )
    pictures = tuple(replace(picture, part=None) for picture in listing.pictures)
    return replace(listing, pictures=pictures, notes=(*listing.notes, note))

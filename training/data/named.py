"""A data set as a person names it: where the pictures are, and how they are read.

Its methods list and check by names and columns, and make contents of files. None of them remembers what it
read. fashion.py reads Fashion-MNIST and what has its form, read.py a folder or table of pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from inference.contract import LABEL
from inference.decode import prepare_decoders
from labelling.lists.list_files import AS_IT_IS, Reading
from model_store.local_releases import LocalRelease
from model_store.release_files import expand_home
from training.data.contents import Contents, make_contents
from training.data.corrections import NO_CORRECTIONS, Corrections, check_listed, corrections_of, rows_in
from training.data.folders import find_place, has_idx, list_pictures, unwrapped
from training.data.hashed_files import NO_FILES, HashedFiles, hash_files
from training.data.labels import check_columns
from training.data.learnt_hashes import learnt_among
from training.data.listing import SPLIT, Listing, Use
from training.data.photos import classified, list_photos
from training.data.pixel_files import is_pixel_table
from training.progress import Say

KERAS = "keras"
"""Names the copy of Fashion-MNIST that Keras downloads."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A data set by its place.

    Attributes:
        place: a folder of pictures, a table, a folder of IDX files, a CSV of pixels to measure on, KERAS;
            None for the system's Fashion-MNIST, else KERAS.
        csv_pair: training set and test set as CSV files of pixels, in place of `place`.
        corrections: files of other labels.
        skip_unreadable: leave out files that are no pictures.
        licence: the licence of the data, for the model card.
        attributes: columns of the table that are further questions.
        keep: labels that have to be learnt, of the class by "label", and of attributes.
        reading: the way in which a table is read.
        parent: the release that is to become better: its corrections may name further pictures.
        tiers: the use of photos in tiers, which `place` names: FOLDER/tier/label/file, a table with a column
            `tier`, or corrections. None if it names pictures of classes.
    """

    place: str | None = None
    csv_pair: tuple[Path, Path] | None = None
    corrections: tuple[Path, ...] = ()
    skip_unreadable: bool = False
    licence: str | None = None
    attributes: tuple[str, ...] = ()
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reading: Reading = AS_IT_IS
    parent: LocalRelease | None = None
    tiers: Use | None = None

    def list_pictures(self) -> Listing | None:
        """List the pictures of one's own; None for keras, IDX files, pixels, or nothing.

        Raises:
            DataError: they cannot be listed.
        """
        if self.place is None or self.place == KERAS:
            return None
        place = unwrapped(find_place(self.place))
        if has_idx(place) or self.pixel_table():
            return None
        attributes = self.attributes or tuple(name for name in self.keep if name != LABEL)
        return list_pictures(place, self.reading, attributes)

    def list_photos(self, labels: tuple[str, ...]) -> Listing:
        """List photos in tiers, with the class of each; see `photos.list_photos` and `photos.classified`."""
        use = self.tiers or "learn"
        return classified(list_photos(find_place(self.place or ""), self.reading, use), labels, use)

    def check_listing(self, listing: Listing) -> tuple[str, ...] | None:
        """Refuse pictures that cannot be learnt, by their names and columns, before a file is read.

        Args:
            listing: the pictures.

        Returns:
            The classes that a training learns, as far as the listing shows; None with corrections, which may
            change them.

        Raises:
            DataError: the classes or attributes cannot be learnt.
        """
        classified = listing.classified()
        keep = self.keep.get(LABEL, ())
        classes = None if self.corrections else classified.measurable_classes(keep)
        check_columns(classified, self.attributes or listing.attributes, classified.labels)
        return classes

    def make_contents(self, listing: Listing, known: HashedFiles = NO_FILES) -> Contents:
        """Hash the files of a listing, and make a content of all rows and answers of each picture.

        Args:
            listing: the pictures; a listing of photos has its class ids.
            known: files that were hashed before.

        Raises:
            DataError: the pictures, or corrections of them, cannot be read, or leave nothing.
        """
        prepare_decoders()
        paths = {row.path for row in listing.pictures}
        known = hash_files((row.path for row in listing.pictures), listing.hashed | known)
        hashed = known.only(paths)
        notes = list[str]()
        if self.parent is not None:
            listing = without_learnt_parts(listing, hashed, self.parent)
        corrections = self.read_corrections(listing, hashed, notes.append, known)
        return make_contents(
            listing if listing.class_ids else listing.classified(),
            known | corrections.hashed,
            corrections,
            adds=self.parent is not None,
            notes=notes,
        )

    def read_corrections(
        self, listing: Listing | None, hashed: HashedFiles, say: Say, known: HashedFiles = NO_FILES
    ) -> Corrections:
        """Read the corrections that are valid.

        Args:
            listing: the pictures; None if no pictures of one's own are named.
            hashed: their files.
            say: receives what a person should know of them.
            known: other files that were hashed before.

        Raises:
            BadCsv: one cannot be read, or is of a picture that is not named.
        """
        if not self.corrections:
            return NO_CORRECTIONS
        rows = rows_in(self.corrections, self.reading.of_corrections, say)
        corrections = corrections_of(rows, hashed, known)
        if self.parent is None:
            check_listed(corrections, hashed)
        for sentence in corrections.notes(hashed.unreadable):
            say(f"--corrections: {sentence}")
        if corrections.attributes and not (self.tiers or (listing and listing.attributes)):
            say(
                f"--corrections: {len(corrections.attributes):,} of the answers are about attributes, and do "
                "not count without --attribute."
            )
        return corrections

    def pixel_table(self) -> Path | None:
        """Return the CSV of pixels that it names, if it does.

        Raises:
            BadCsv: it cannot be read.
        """
        place = expand_home(self.place or KERAS)
        return place if self.place != KERAS and place.is_file() and is_pixel_table(place) else None


def without_learnt_parts(listing: Listing, hashed: HashedFiles, parent: LocalRelease) -> Listing:
    """Return a listing without the parts that a table names, if the release learnt the test part, too."""
    tested = [picture.path for picture in listing.pictures if picture.part == "test"]
    if not tested or not listing.columns:
        return listing
    contents = np.array([hashed.sha256[path] for path in tested if path in hashed.sha256], str)
    if not learnt_among(parent, contents, unsaid=True).any():
        return listing
    note = (
        f"{listing.place}: {parent.version} learnt rows of all parts, so the column `{SPLIT}` is not read. A "
        "new training reads it: wardrobe train --data."
    )
    pictures = tuple(replace(picture, part=None) for picture in listing.pictures)
    return replace(listing, pictures=pictures, notes=(*listing.notes, note))

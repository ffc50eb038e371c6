"""A data set as a person names it: which of the readers reads it, and what is checked before it is read.

fashion.py reads Fashion-MNIST and what has its form, read.py a folder or table of pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from inference.contract import GREY_28, LABEL, InputContract
from inference.decode import prepare_decoders
from labelling.lists import AS_IT_IS, Reading
from model_store.local_releases import LocalRelease
from model_store.release_files import expand_home
from training.data.corrections import NO_CORRECTIONS, Corrections, check_listed, corrections_of, rows_in
from training.data.fashion import SYSTEM_FOLDER, LabelledData, from_csv, from_idx, from_keras, from_one_csv
from training.data.files import Hashed, See, hash_files, shows_photo
from training.data.folders import find_place, has_idx, list_pictures, unwrapped
from training.data.labels import Labels, check_columns
from training.data.learnt_hashes import learnt_among
from training.data.listing import SPLIT, Listing
from training.data.photos import check_tiers, classified, list_photos, warn_of_table
from training.data.pictures import Pictures
from training.data.pixel_files import is_pixel_table
from training.data.prepare import Prepared, prepare
from training.data.read import Decoded, Use, decode, pictures_of, read
from training.errors import BadPictures
from training.loading import start_tensorflow
from training.progress import Progress, Say

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
        licence: of the data, for the model card.
        attributes: columns of the table that are further questions.
        keep: labels that have to be learnt, of the class by "label", and of attributes.
        reading: how a table is read.
        parent: the release that is to become better: its corrections may name further pictures.
        tiers: what becomes of photos in tiers, which `place` names: FOLDER/tier/label/file, a table with a
            column `tier`, or corrections. None where it names pictures of classes.
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

    @cached_property
    def listing(self) -> Listing | None:
        """The pictures of one's own that it names; None for keras, IDX files, pixels, or nothing.

        Raises:
            DataError: they cannot be listed.
        """
        if self.place is None or self.place == KERAS:
            return None
        if self.tiers:
            return self.photos
        place = unwrapped(find_place(self.place))
        if has_idx(place) or self.pixel_table:
            return None
        attributes = self.attributes or tuple(name for name in self.keep if name != LABEL)
        listing = list_pictures(place, self.reading, attributes)
        return listing if self.parent is None else _as_learnt(listing, self.parent)

    @cached_property
    def photos(self) -> Listing:
        """Those in tiers; see `list_photos`."""
        return list_photos(find_place(self.place or ""), self.reading, self.tiers or "learn")

    def classified(self, labels: tuple[str, ...]) -> Listing:
        """Those in tiers, with the class of each; see `photos.classified`."""
        return classified(self.photos, labels, self.tiers or "learn")

    @cached_property
    def hashed(self) -> Hashed:
        """The files that it names."""
        pictures = self.listing.pictures if self.listing else ()
        return hash_files(picture.path for picture in pictures)

    @cached_property
    def prepared(self) -> Prepared:
        """What counts of the pictures of one's own that it names; see `prepare`.

        Raises:
            DataError: they, or corrections of them, cannot be read, or leave nothing.
        """
        notes = list[str]()
        corrections = self.read_corrections(notes.append)
        if self.listing is None:
            raise BadPictures(f"{self.place}: names no pictures of your own.")
        prepare_decoders()
        return prepare(
            self.listing.classified(),
            corrections,
            hashed=self.hashed,
            adds=self.parent is not None,
            notes=notes,
        )

    def read_corrections(self, say: Say) -> Corrections:
        """The corrections that count.

        Args:
            say: receives what a person should know of them.

        Raises:
            BadCsv: one cannot be read, or is of a picture that is not named.
        """
        if not self.corrections:
            return NO_CORRECTIONS
        rows = rows_in(self.corrections, self.reading.of_corrections, say)
        corrections = corrections_of(rows, self.hashed)
        if self.parent is None:
            check_listed(corrections, self.hashed)
        for sentence in corrections.notes(self.hashed.unreadable):
            say(f"--corrections: {sentence}")
        if corrections.attributes and not (self.tiers or (self.listing and self.listing.attributes)):
            say(
                f"--corrections: {len(corrections.attributes):,} of the answers are about attributes, and do "
                "not count without --attribute."
            )
        return corrections

    @cached_property
    def pixel_table(self) -> Path | None:
        """The CSV of pixels that it names, if it does.

        Raises:
            BadCsv: it cannot be read.
        """
        place = expand_home(self.place or KERAS)
        return place if self.place != KERAS and place.is_file() and is_pixel_table(place) else None

    def check(self, say: Say) -> tuple[str, ...] | None:
        """Refuse pictures of one's own that cannot be learnt, before one is decoded.

        Args:
            say: receives, where they are refused, what a person should know of them; else `load` says it.

        Returns:
            The classes that a training learns, as far as the listing shows; None without one, and with
            corrections, which may change them.

        Raises:
            DataError: by names, columns and bytes of the files.
        """
        if self.listing is None:
            return None
        listing, notes = self.listing.classified(), list[str]()
        classes = None if self.corrections else listing.measurable(self.keep.get(LABEL, ())).labels
        check_columns(listing, self.attributes or listing.attributes, listing.labels)
        try:
            self.prepared.check(notes.append, skip_unreadable=self.skip_unreadable)
        except BadPictures:
            for note in notes:
                say(note)
            raise
        return classes

    def shows_photos(self, progress: Progress) -> bool:
        """Whether it names pictures, not all of them already pixels in the form of Fashion-MNIST.

        Args:
            progress: shows how many of these are read.
        """
        if self.listing is None:
            return False
        with progress.counting("reading pictures") as watch:
            return shows_photo([picture.path for picture in self.listing.pictures], watch)


def _as_learnt(listing: Listing, parent: LocalRelease) -> Listing:
    """The pictures without the parts that a table names, where the release learnt those for the test, too."""
    tested = [picture.path for picture in listing.pictures if picture.part == "test"]
    if not tested or not listing.columns:
        return listing
    contents = np.array(list(hash_files(tested).sha256.values()), str)
    if not learnt_among(parent, contents, unsaid=True).any():
        return listing
    note = (
        f"{listing.place}: {parent.version} learnt rows of all parts, so the column `{SPLIT}` is not read. A "
        "new training reads it: wardrobe train --data."
    )
    pictures = tuple(replace(picture, part=None) for picture in listing.pictures)
    return replace(listing, pictures=pictures, notes=(*listing.notes, note))


def load(  # noqa: PLR0913 - what is read, how, and who follows it
    named: Named,
    progress: Progress,
    reads: InputContract = GREY_28,
    *,
    use: Use = "learn",
    see: See | None = None,
    limit: int | None = None,
) -> LabelledData:
    """Read a data set; what was left out of a folder of pictures is a warning.

    Args:
        named: which.
        progress: shows how many pictures are read.
        reads: what the model reads.
        use: what becomes of pictures of one's own; see `read`.
        see: the network that sees pictures of one's own, if one does.
        limit: of these, how many contents are learnt, for a quick try; None for all.

    Raises:
        BadRecipe: there are fewer of them.
        DataError: a file is missing or wrong; the message names it and the row.
    """
    if named.listing is None:
        named.read_corrections(progress.warn)  # refuses those of pictures
        data = _read_pixels(named, use)
    else:
        data = read(
            named.prepared if limit is None else named.prepared.first(limit),
            reads,
            use=use,
            progress=progress,
            see=see,
            skip_unreadable=named.skip_unreadable,
            keep=named.keep,
        )
        if use == "measure":  # as trainings order them, by whose hash a release knows its test set
            measured = data.test.take(np.argsort(data.test.sha256))
            data = replace(data, train=measured, test=measured)
    if (data.reads.array_shape, data.reads.framing) != (reads.array_shape, reads.framing):
        raise BadPictures(
            f"The model is to read {reads.in_words}, but this data set has {data.reads.in_words}. "
            "Name pictures with --data: a folder with a sub-folder per class, or a CSV."
        )
    return replace(data, licence=named.licence)


def read_photos(named: Named, labels: tuple[str, ...], reads: InputContract, progress: Progress) -> Pictures:
    """Read photos as a model would see them; what was left out is a warning.

    Args:
        named: which; with `tiers`.
        labels: of the model.
        reads: the input of the model.
        progress: shows how many are read, and what was left out.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    return photo_table(*decode_photos(named, labels, reads, progress), reads)


def decode_photos(
    named: Named, labels: tuple[str, ...], reads: InputContract, progress: Progress
) -> tuple[Listing, Decoded]:
    """The first half of `read_photos`."""
    prepare_decoders()
    warn_of_table(named.photos.place, progress.warn)
    listing, corrections = named.classified(labels), named.read_corrections(progress.warn)
    prepared = prepare(listing, corrections, hashed=named.hashed)
    check_tiers(prepared.listing)
    return listing, decode(prepared, reads, progress, skip_unreadable=True)


def photo_table(listing: Listing, decoded: Decoded, reads: InputContract) -> Pictures:
    """The second half of `read_photos`."""
    rows, files = [photo for photo, _ in decoded.rows], [file for _, file in decoded.rows]
    classes = Labels.of(np.array([row.class_id for row in rows]), listing.labels)
    pictures = pictures_of(rows, files, reads, {LABEL: classes})
    checked = np.array([row.checked for row in rows if "checked" in listing.columns], np.bool_)
    return replace(pictures, of_products=listing.groups_are_products, checked=checked)


def _read_pixels(named: Named, use: Use) -> LabelledData:
    """A data set in the form of Fashion-MNIST."""
    if named.csv_pair is not None:
        return from_csv(*named.csv_pair)
    if named.pixel_table is not None:
        if use != "measure":
            raise BadPictures(
                f"{named.pixel_table}: pixels of one part, and a training needs two. Name them as --train "
                "TRAIN.csv --test TEST.csv."
            )
        return from_one_csv(named.pixel_table)
    if named.place not in {None, KERAS}:
        return from_idx(unwrapped(expand_home(named.place or KERAS)))
    if named.place is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_tensorflow()
    return from_keras()

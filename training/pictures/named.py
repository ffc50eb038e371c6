"""A data set as a person names it: which of the readers reads it, and what is checked before it is read.

fashion.py reads Fashion-MNIST and what has its form, own_pictures.py a folder or table of pictures.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from inference.contract import GREY_28, InputContract
from inference.decode import prepare_decoders
from training.errors import BadPictures
from training.loading import start_tensorflow
from training.pictures.checks import check_at_once
from training.pictures.corrections import Corrections, read_corrections
from training.pictures.fashion import SYSTEM_FOLDER, LabelledData, from_csv, from_idx, from_keras
from training.pictures.listing import has_idx, list_pictures, unwrapped
from training.pictures.own_pictures import Division, from_pictures
from training.pictures.picture_files import decode_file
from training.progress import Progress

KERAS = "keras"
"""Names the copy of Fashion-MNIST that Keras downloads."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A data set by its place.

    Attributes:
        place: a folder of pictures, a table, a folder of IDX files, or KERAS; None for the system's
            Fashion-MNIST, else KERAS.
        csv_pair: training set and test set as CSV files of pixels, in place of `place`.
        corrections: files of other labels.
        skip_unreadable: leave out files that are no pictures.
        licence: of the data, for the model card.
    """

    place: str | None = None
    csv_pair: tuple[Path, Path] | None = None
    corrections: tuple[Path, ...] = ()
    skip_unreadable: bool = False
    licence: str | None = None

    @property
    def own(self) -> Path | None:
        """Where the pictures of one's own are that it names; None for keras, IDX files, or nothing."""
        if self.place in {None, KERAS}:
            return None
        place = unwrapped(Path(str(self.place)).expanduser())
        return place if place.exists() and not has_idx(place) else None

    def check(self) -> None:
        """Refuse pictures of one's own that cannot be learnt, before one is decoded.

        Raises:
            DataError: see `check_at_once`.
        """
        if self.own is not None:
            corrected = bool(self.corrections)
            check_at_once(list_pictures(self.own), skip_unreadable=self.skip_unreadable, corrected=corrected)

    def shows_photos(self) -> bool:
        """Whether it names pictures, not all of them already pixels in the form of Fashion-MNIST."""
        if self.own is None:
            return False
        read = (decode_file(one.path) for one in list_pictures(self.own).pictures)
        return any(not isinstance(one, str) and one[1].is_photo for one in read)


def load(
    named: Named,
    progress: Progress,
    reads: InputContract = GREY_28,
    *,
    corrections: Corrections | None = None,
    division: Division = "divided",
) -> LabelledData:
    """Read a data set; what was left out of a folder of pictures is a warning.

    Args:
        named: which.
        progress: shows how many pictures are read.
        reads: what the model reads.
        corrections: of its labels; those of `named` unless they are given.
        division: of pictures of one's own; see `from_pictures`.

    Raises:
        DataError: a file is missing or wrong; the message names it and the row.
    """
    found = read_corrections(named.corrections) if corrections is None else corrections
    data = _read(named, progress, reads, found, division)
    found.check()
    if (data.reads.array_shape, data.reads.framing) != (reads.array_shape, reads.framing):
        raise BadPictures(
            f"The model is to read {reads.in_words}, but this data set has {data.reads.in_words}. "
            "Name pictures with --data: a folder with a sub-folder per class, or a CSV."
        )
    return replace(data, licence=named.licence)


def _read(
    named: Named, progress: Progress, reads: InputContract, corrections: Corrections, division: Division
) -> LabelledData:
    if named.csv_pair is not None:
        return from_csv(*named.csv_pair)
    if named.own is not None:
        prepare_decoders()
        with progress.counting("reading pictures") as watch:
            return from_pictures(
                *(named.own, progress.warn, watch, reads),
                skip_unreadable=named.skip_unreadable,
                corrections=corrections,
                division=division,
            )
    if named.place not in {None, KERAS}:
        return from_idx(unwrapped(Path(str(named.place)).expanduser()))
    if named.place is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_tensorflow()
    return from_keras()

"""Read the folder of photos that a command names, with a progress bar (training/photos/reading.py)."""

from pathlib import Path

from inference.contract import Imaging
from inference.decode import prepare_opencv
from scripts.terminal import complain, counting
from training.data.picture_files import Convert, as_served
from training.photos.reading import Photos, list_photos, read_photos


def photos_in(folder: Path, labels: tuple[str, ...], imaging: Imaging) -> Photos:
    """Read FOLDER/tier/label/file as a model would see it; what was left out is said on stderr.

    Args:
        folder: a leading `~` is the user's own.
        labels: of the model.
        imaging: how the model wants pictures converted.

    Raises:
        DataError: a folder or a label is wrong, or nothing can be read; the message names it.
    """
    return converted_in(folder, labels, as_served(imaging))


def converted_in(folder: Path, labels: tuple[str, ...], convert: Convert) -> Photos:
    """The same, converted in any way."""
    prepare_opencv()
    listed = list_photos(folder.expanduser(), labels)
    with counting("reading photos") as watch:
        return read_photos(listed, convert, complain, watch)

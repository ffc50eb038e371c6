"""Read the photos that options name: to learn from, to choose thresholds on, and to measure.

training/pictures/photos.py documents the layout.
"""

from collections.abc import Sequence
from pathlib import Path

from inference.contract import InputContract
from inference.decode import prepare_decoders
from scripts.progress import counting
from scripts.terminal import complain
from training.pictures.corrections import Corrections
from training.pictures.listing import Listing
from training.pictures.photos import Photos, as_photos, list_photos, read_photos


def photos_in(
    places: Sequence[Path],
    labels: tuple[str, ...],
    contract: InputContract,
    corrections: Corrections | None = None,
    *,
    untiered: str = "",
) -> tuple[Photos, ...]:
    """Read folders or tables of photos as a model would see them; what was left out is said on stderr.

    Args:
        places: FOLDER/tier/label/file, or a table; a leading `~` is the user's own.
        labels: of the model.
        contract: the input of the model.
        corrections: of labels, of these photos or of copies that lie elsewhere; they have to be of pictures
            that have been read after these.
        untiered: as `list_photos` has it.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    prepare_decoders()
    corrections = corrections or Corrections()
    listings = [_listed(place.expanduser(), labels, untiered) for place in places]
    with counting("reading photos") as watch:
        sets = [
            read_photos(one, labels, contract, complain, watch, corrections=corrections) for one in listings
        ]
    corrections.check()
    return as_photos(sets, complain)


def _listed(place: Path, labels: tuple[str, ...], untiered: str) -> Listing:
    table = place.absolute().with_name(f"{place.absolute().name}.csv")
    if place.is_dir() and table.is_file():
        complain(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )
    return list_photos(place, labels, untiered)

"""Write the photos of other things against which the OOD score of own classes is fitted, as feature vectors.

python -m lab.negatives PHOTOS --out FILE

A user who trains classes of their own has no photos of other things. The training compares the user's
pictures with these in place of them. PHOTOS is the folder that lab.fetch makes. No photo of its development
set is used, and none of a sender who is in that set.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from inference.pictures.convert import convert_to_pixels
from lab.pretraining_photos import CLUTTERED, Photo, decode_photo, list_photos
from training.features.blocks import BLOCKS_INPUT_CONTRACT, MEASURED_WIDTHS, build_vector_network
from training.features.weights import hash_weights, write_npz
from training.heads.negatives import SHIPPED_NEGATIVES_FILE, THINGS_ARRAY, TIERS_ARRAY
from training.release.export import compute_layer_features

MAX_PHOTOS_PER_KIND: Final = 45
"""Largest number of photos of one kind from shops, and of the same kind from users."""


def find_thing_kind(photo: Photo) -> str:
    """Return what a photo shows: its kind in the catalogue, or else its source's label without notes.

    It may be empty.
    """
    if photo.kind or not photo.tier:
        return photo.kind or ""
    label = photo.source_label if photo.tier == CLUTTERED else ""
    return label.split(" (")[0].split(" [")[0].lower()


def draw_photos(photos: Iterable[Photo]) -> list[Photo]:
    """Return at most MAX_PHOTOS_PER_KIND photos of each kind from shops, and as many from users.

    The draw depends on the ids of the photos alone, so it is the same each time.

    Args:
        photos: the photos, without those of the development set. In the source that has senders, a photo
            without one may be from a sender in that set, so it is not drawn.
    """
    of_kinds = defaultdict[tuple[str, bool], list[Photo]](list)
    for photo in photos:
        has_unknown_sender = photo.id.startswith("clo-") and not photo.sender
        if find_thing_kind(photo) and not has_unknown_sender:
            of_kinds[find_thing_kind(photo), photo.tier == CLUTTERED].append(photo)
    return [
        photo
        for key in sorted(of_kinds)
        for photo in sorted(of_kinds[key], key=Photo.compute_lot)[:MAX_PHOTOS_PER_KIND]
    ]


def write_negatives(folder: Path, photos: Sequence[Photo], path: Path) -> None:
    """Write the feature vectors of photos, by each block of features in which distances are measured.

    Args:
        folder: the folder of archives.
        photos: the photos, in the order of the file.
        path: the path of the file, which is replaced in one step.
    """
    decoded = (decode_photo(folder, photo) for photo in track(photos, "reading"))
    images = np.stack([convert_to_pixels(picture, BLOCKS_INPUT_CONTRACT) for picture in decoded])
    networks = [build_vector_network((block,)) for block in MEASURED_WIDTHS]
    features = {
        hash_weights(model): compute_layer_features(model, images).astype(np.float16) for model in networks
    }
    about = {
        THINGS_ARRAY: [find_thing_kind(photo) for photo in photos],
        TIERS_ARRAY: [photo.tier for photo in photos],
    }
    write_npz(path, **about, **features)


def main(argv: list[str] | None = None) -> int:
    """Draw photos of many kinds, and write their features."""
    parser = argparse.ArgumentParser(prog="python -m lab.negatives", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument(
        "--out", type=Path, default=SHIPPED_NEGATIVES_FILE, metavar="FILE", help="the features, .npz"
    )
    options = parser.parse_args(argv)
    chosen = draw_photos(list_photos(options.photos))
    write_negatives(options.photos, chosen, options.out)
    kinds = {find_thing_kind(photo) for photo in chosen}
    sys.stdout.write(f"{options.out}: {len(chosen)} photos of {len(kinds)} kinds.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

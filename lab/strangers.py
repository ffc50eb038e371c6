"""Compute feature vectors of photos by networks that have not learnt the photos' source.

python -m lab.strangers PHOTOS --tuned FOLDER --out FOLDER [--only NAME...]

A release meets shops that it has not learnt. To measure how well it answers them, lab.tuning makes three
networks that leave out a third of the sources each, and one that learns all. This command writes a file for
each of them that has none yet (part-0.npz to part-2.npz, and whole.npz). It has the vectors of all
`list_asked_photos`, in their order: `both`, float16 (2, N, D), of the photos and of their mirror images, and
`parts`, float16 (2, parts, N, D), of the parts of both.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from inference.pictures.convert import convert_to_pixels
from lab.part_vectors import average_parts, find_picture_rows
from lab.photo_tables import list_catalogue_things
from lab.pretraining_photos import Photo, decode_photo, list_made_photos, list_source_photos, read_pool_photos
from lab.tuning import TUNINGS
from lab.tuning_photos import OTHER_THINGS, name_shown_thing
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.features.weights import read_npz, write_npz

LEARNT_PER_CLASS: Final = {"A": 80, "B": 100, "users": 150, OTHER_THINGS: 50}
"""Number of photos of a class or kind that the heads learn from the first shop (tiers A and B), from users,
and of other things.
"""
MAX_MADE_OUTFITS: Final = 450
"""Largest number of made outfits."""
COLUMNS: Final = ("id", "picture", "name", "source", "tier", "label", "shown", "product", "part", "logits")
"""Columns of a file of answers. `name` is the name of the source if the network has not learnt it."""
CHUNK: Final = 64
"""Number of photos in a batch."""


def list_asked_photos(folder: Path) -> list[Photo]:
    """Return some learnt photos and made outfits, the development set, and all photos of other sources."""
    lot = partial(Photo.compute_lot, use="judge ")
    cells = defaultdict[tuple[str, str], list[Photo]](list)
    for name in ("pool", "more"):
        for photo in read_pool_photos(folder, name):
            cells["users" if photo.sender else photo.tier, name_shown_thing(photo)].append(photo)
    chosen = [sorted(cells[cell], key=lot)[: LEARNT_PER_CLASS[cell[0]]] for cell in sorted(cells)]
    learnt = [photo for some in chosen for photo in some]
    made = sorted(list_made_photos(folder), key=lot)[:MAX_MADE_OUTFITS]
    return [
        *learnt,
        *made,
        *read_pool_photos(folder, "dev"),
        *list_source_photos(folder),
        *list_catalogue_things(folder),
    ]


def _make_batches(folder: Path, photos: Sequence[Photo]) -> Iterator[NDArray[np.uint8]]:
    """Yield batches of photos, as they are and mirrored: uint8 (2 * CHUNK, 224, 224, 3)."""
    for start in range(0, len(photos), CHUNK):
        seen = [
            convert_to_pixels(decode_photo(folder, photo), BLOCKS_INPUT_CONTRACT)
            for photo in photos[start : start + CHUNK]
        ]
        upright = np.stack(seen)
        yield np.concatenate([upright, upright[:, :, ::-1]])


def _split_mirrored(rows: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return rows of photos and then of their mirror images, (2 N, ...), as float16 (2, N, ...)."""
    return rows.reshape(2, -1, *rows.shape[1:]).astype(np.float16)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the vectors."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--tuned", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", choices=TUNINGS, nargs="*", default=[*TUNINGS], help="(all)")
    given = parser.parse_args(argv)
    from lab import tuning_steps as steps  # noqa: PLC0415 - needs PyTorch, installed for the lab alone

    given.out.mkdir(parents=True, exist_ok=True)
    photos = list_asked_photos(given.photos)
    for name in given.only:
        if (path := given.out / f"{name}.npz").exists():
            continue
        weights = steps.make_tensors(read_npz(given.tuned / f"{name}.npz"))
        both, parts = list[NDArray[np.float16]](), list[NDArray[np.float16]]()
        for pixels in track(_make_batches(given.photos, photos), name, -(-len(photos) // CHUNK)):
            maps = steps.see_pixels(weights, pixels)
            both.append(_split_mirrored(np.concatenate([each.mean((2, 3)) for each in maps], 1)))
            parts.append(_split_mirrored(average_parts(maps, find_picture_rows(pixels))).swapaxes(1, 2))
        write_npz(path, both=np.concatenate(both, 1), parts=np.concatenate(parts, 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())

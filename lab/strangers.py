"""What networks that know nothing of a source see of its photos: vectors for heads and their judges.

python -m lab.strangers PHOTOS --tuned FOLDER --out FOLDER

The FOLDER of networks is tuning.py's. Writes a file for each of part-0.npz, ..., and whole.npz, with the
vectors of all `list_asked_photos`, in their order. The heads: strangers_heads.py; of kinds:
attribute_rules.py.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from inference.framing import fit_whole_picture
from lab.photo_tables import list_catalogue_things
from lab.pretraining_photos import Photo, decode_photo, list_made_photos, list_source_photos, read_pool_photos
from lab.tuning import TUNINGS
from lab.tuning_batches import INPUT_SHAPE
from lab.tuning_photos import OTHER_THINGS, name_shown_thing
from training.features.weights import read_npz, write_npz

LEARNT_PER_CLASS: Final = {"A": 80, "B": 100, "users": 150, OTHER_THINGS: 50}
"""Photos of a class or kind of the shop and the collection that the heads learn."""
MAX_MADE_OUTFITS: Final = 450
"""Outfits that are made."""
COLUMNS: Final = ("id", "picture", "name", "source", "tier", "label", "shown", "product", "part", "logits")
"""Of a file of answers; the name is that of a source which is no collection that the network knows."""
CHUNK: Final = 64


def list_asked_photos(folder: Path) -> list[Photo]:
    """Some of shop, collection and catalogue, made outfits, the development set, and all other sources."""
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


def _make_batches(folder: Path, photos: Sequence[Photo]) -> Iterator[Any]:
    """Photos in chunks, each as it is and mirrored: bfloat16 (2 * CHUNK, 3, 192, 192) in -1..1."""
    import torch  # noqa: PLC0415 - installed for the lab alone

    for start in range(0, len(photos), CHUNK):
        seen = [
            fit_whole_picture(decode_photo(folder, photo).picture, INPUT_SHAPE)
            for photo in photos[start : start + CHUNK]
        ]
        x = (torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).float() - 127) / 128
        both = torch.cat([x, x.flip(3)]).to(torch.bfloat16)
        yield both.contiguous(memory_format=torch.channels_last)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the vectors."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--tuned", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    given = parser.parse_args(argv)
    import torch  # noqa: PLC0415 - installed for the lab alone

    from lab import tuning_steps as steps  # noqa: PLC0415 - needs PyTorch

    given.out.mkdir(parents=True, exist_ok=True)
    networks = {name: steps.make_tensors(read_npz(given.tuned / f"{name}.npz")) for name in TUNINGS}
    seen = defaultdict[str, list[Any]](list)
    for x in _make_batches(given.photos, list_asked_photos(given.photos)):
        for name, weights in networks.items():
            with torch.no_grad():
                seen[name].append(steps.compute_means(weights, x).unflatten(0, (2, -1)).numpy())
    for name, batches in seen.items():
        write_npz(given.out / f"{name}.npz", both=np.concatenate(batches, 1).astype(np.float16))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Tune EfficientNet-Lite2 on clothes: three times without a third of the sources each, and once on all.

python -m lab.tuning FILE --start WEIGHTS --out FOLDER [--only NAME...]

The network learns the ten classes and "none of these", kinds and colours at once, from FILE of
lab.tuning_photos. Its first four stages stay as they are. Views of photos are therefore drawn once, and the
output of the lower stages for each view is stored. Each tuning learns the views of its sources.

FOLDER gets part-0.npz, part-1.npz, part-2.npz and whole.npz: the mean of the tuned weights and the start
weights. A stopped run continues after its last checkpoint.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.stored_arrays import store_array
from lab.tuning_batches import BATCH, INPUT_SHAPE, Drawn, Tuning
from lab.tuning_photos import (
    LEARNT_BY_ALL,
    LEFT_OUT_KINDS,
    PARTS,
    PackedPhotos,
    choose_part,
    read_packed_photos,
)
from training.errors import BadRecipe
from training.features.weights import read_npz, write_npz

VIEWS: Final = 20_480
"""Number of views that are drawn, if the command does not say another one."""
SEED: Final = 0
"""Seed of everything that is drawn."""

TUNINGS: Final[dict[str, int | None]] = {f"part-{part}": part for part in range(PARTS)} | {"whole": None}
"""Names of the tunings, with the part of the sources that each leaves out."""


def store_views(tuning: Tuning, count: int, path: Path) -> NDArray[np.uint8]:
    """Draw the first views of a seed, uint8 (N, 224, 224, 3), and keep them in a file for later runs.

    Raises:
        BadRecipe: the file has another number of views.
    """

    def draw_batches(done: int) -> Iterator[NDArray[np.uint8]]:
        cv2.setNumThreads(1)
        with ThreadPool(os.cpu_count()) as pool:
            yield from pool.imap(tuning.draw_views, range(done // BATCH, steps))

    steps = count // BATCH
    views = store_array(path, (steps * BATCH, *INPUT_SHAPE, 3), np.uint8, draw_batches)
    if len(views) != steps * BATCH:
        raise BadRecipe(
            f"{path} has {len(views):,} views, not {count:,}. To draw another number, name another folder."
        )
    return views


def find_photo_parts(photos: PackedPhotos) -> NDArray[np.int64]:
    """Return the part of each photo's source, int64 (N,); -1 if all tunings learn the source."""
    names, of_each = np.unique(photos.sources, return_inverse=True)
    parts = [-1 if name in LEARNT_BY_ALL else choose_part(name) for name in names.tolist()]
    return np.array(parts, np.int64)[of_each]


def average_weights(
    start: Mapping[str, NDArray[Any]], tuned: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return the mean of tuned and start weights, float16 (Wortsman et al. 2022, arXiv 2109.01903)."""
    both = {
        path: [start[path].astype(np.float32), values.astype(np.float32)] for path, values in tuned.items()
    }
    return {path: np.mean(values, 0).astype(np.float16) for path, values in both.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Tune, and write the files of weights that are not there."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="FILE", help="packed photos, of lab.tuning_photos")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--start", type=Path, required=True, metavar="WEIGHTS", help="of lab.imagenet")
    parser.add_argument("--views", type=int, default=VIEWS, metavar="NUMBER", help="to draw (%(default)s)")
    parser.add_argument("--only", choices=TUNINGS, nargs="*", default=[*TUNINGS], help="(all)")
    given = parser.parse_args(argv)
    from lab import tuning_steps  # noqa: PLC0415 - needs PyTorch, which is installed for the lab alone

    tuning = Tuning(read_packed_photos(given.photos), SEED)
    start = read_npz(given.start)
    given.out.mkdir(parents=True, exist_ok=True)
    views = store_views(tuning, given.views, given.out / "views.npy")
    drawn = np.concatenate([tuning.draw_photos(step) for step in range(len(views) // BATCH)])
    parts = find_photo_parts(tuning.photos)[drawn]
    below, above = tuning_steps.split_stages(tuning_steps.make_tensors(start))
    seen = tuning_steps.store_outputs(below, views, SEED, given.out / "stored.npy")
    for name in given.only:
        path = given.out / f"{name}.npz"
        if path.exists():
            continue
        rows = np.flatnonzero((parts != TUNINGS[name]) | (parts < 0))
        learnt = Drawn(seen, tuning.targets, drawn, rows, SEED)
        tuned = below | tuning_steps.tune(above, learnt, learnt.steps, path.with_suffix(".checkpoint"))
        about = {
            "start": json.loads(str(start["about"])),
            "steps": learnt.steps,
            "of_a_step": learnt.views_per_step,
            "tuned_on": len(np.unique(drawn[rows])),
            "sources": np.unique(tuning.photos.sources[drawn[rows]]).tolist(),
            "left_out": sorted(LEFT_OUT_KINDS),
            "seed": SEED,
        }
        write_npz(path, **average_weights(start, tuning_steps.make_arrays(tuned)), about=json.dumps(about))
    return 0


if __name__ == "__main__":
    sys.exit(main())

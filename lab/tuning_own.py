"""Judge weights of EfficientNet-Lite0 by own classes, on photos and kinds that the tuning did not learn.

python -m lab.tuning_own PHOTOS FILE... [--run RUN]

Kinds that are left out, and colours of products of which other ones were learnt. A head as own classes
have it answers the half of the photos that it did not learn, by each set of blocks; newly right and wrong is
beside the first FILE with all blocks. Reads the folder that pretraining_photos.py describes; writes RUN.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from lab.pretraining_photos import Photo, photos_of
from lab.tuning_judge import decoded_pixels, lot, seen_by
from lab.tuning_photos import LEFT_OUT_KINDS, tuning_photos
from training.features.blocks import Block, Features, network, spread, vectors
from training.heads.logistic import fit_head

OF_A_KIND: Final = 150
OF_COLOURS: Final = 1000
LEAST: Final = 25
"""Photos of a colour."""

BLOCKS: Final[tuple[tuple[Block, ...], ...]] = (
    ("lite0", "backbone", "palette"),
    ("lite0", "palette"),
    ("lite0",),
)
"""The first, with the first file, is what every other is compared with."""

Right = NDArray[np.bool_]
"""(N,), whether each photo was answered rightly."""


def own_kinds(folder: Path) -> tuple[list[Photo], list[str]]:
    """Photos of kinds that are left out, and their kinds."""
    by_kind = defaultdict[str, list[Photo]](list)
    for photo in _of_shops(folder):
        if photo.kind in LEFT_OUT_KINDS:
            by_kind[photo.kind].append(photo)
    photos = [photo for some in by_kind.values() for photo in some[:OF_A_KIND]]
    return photos, [photo.kind or "" for photo in photos]


def own_colours(folder: Path) -> tuple[list[Photo], list[str]]:
    """Shops' photos in one colour that the tuning did not learn, and their colours."""
    learnt = {photo.id for photo in tuning_photos(folder)}
    rest = [photo for photo in _of_shops(folder) if photo.id not in learnt]
    of = [photo for photo in rest if photo.kind not in LEFT_OUT_KINDS and len(photo.colours) == 1]
    counts = Counter(photo.colours for photo in of)
    photos = [photo for photo in of if counts[photo.colours] >= LEAST][:OF_COLOURS]
    return photos, [photo.colours[0] for photo in photos]


def _of_shops(folder: Path) -> list[Photo]:
    return [photo for photo in sorted(photos_of(folder), key=lot) if not photo.sender]


def seen_by_others(pixels: PixelsBatch) -> dict[Block, Features]:
    """What backbone and palette see of photos."""
    blocks: tuple[Block, ...] = ("backbone", "palette")
    return {block: vectors(network((block,)), [pixels]) for block in blocks}


def answered(seen: Features, blocks: tuple[Block, ...], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The probabilities of the half that was not learnt, both ways, float64 (N, C)."""
    half, groups = np.zeros(len(labels), np.bool_), np.arange(len(labels)).astype(str)
    for label in np.unique(labels):
        half[np.flatnonzero(labels == label)[::2]] = True
    chances = np.zeros((len(labels), labels.max() + 1))
    for some in (half, ~half):
        head = fit_head(seen.take(some), labels[some], groups[some], spread=spread(blocks))
        chances[~some] = head.probabilities(seen.upright[~some])
    return chances


def row(cells: Sequence[object], chances: NDArray[np.float64], truth: NDArray[np.uint8], base: Right) -> str:
    """Cells, then accuracy, log loss, and the photos newly right and newly wrong beside the base."""
    right = chances.argmax(axis=1) == truth
    losses = -np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9))
    newly = f"{(right & ~base).sum()}, {(base & ~right).sum()}"
    figures = (f"{right.mean():.3f}", f"{losses.mean():.3f}", newly)
    return f"| {' | '.join(map(str, (*cells, *figures)))} |\n"


def main(argv: list[str] | None = None) -> int:
    """Print a row for each file and set of blocks."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_own", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("weights", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--run", type=Path, default=Path("runs/tuning"), metavar="FOLDER")
    options = parser.parse_args(argv)
    sys.stdout.write(
        f"| classes | photos | weights | blocks | accuracy | log loss | newly right, wrong |\n{'|---' * 7}|\n"
    )
    for task, own in (("kinds", own_kinds), ("colours", own_colours)):
        photos, names = own(options.photos)
        pixels = decoded_pixels(options.photos, photos, options.run / f"own-{task}.npy")
        others = seen_by_others(pixels)
        truth = np.unique(names, return_inverse=True)[1].astype(np.uint8)
        base: Right | None = None
        for weights in options.weights:
            by_block = others | {"lite0": seen_by(weights, pixels)}
            for blocks in BLOCKS:
                parts = [by_block[block] for block in blocks]
                seen = Features(
                    np.concatenate([one.upright for one in parts], axis=1),
                    np.concatenate([one.mirrored for one in parts], axis=1),
                )
                chances = answered(seen, blocks, truth)
                base = chances.argmax(axis=1) == truth if base is None else base
                cells = (task, len(photos), weights.stem, " + ".join(blocks))
                sys.stdout.write(row(cells, chances, truth, base))
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Judge weights of EfficientNet-Lite2 by own classes, on photos and kinds that the tuning did not learn.

python -m lab.tuning_own PHOTOS FILE... [--run RUN]

Kinds that are left out, colours of products of which other ones were learnt, and kinds of a shop of which
nothing was. A head as own classes have it learns LEARNT photos of each class, and answers photos of other
products, by each set of blocks; newly right and wrong is beside the first FILE with all blocks. Reads the
folder that pretraining_photos.py describes; writes RUN.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from inference.arrays import PixelsBatch
from inference.framing import fit_whole
from lab.pretraining_photos import Photo, decoded_photo, photos_of, source_photos
from lab.strangers import lot
from lab.tuning_photos import LEFT_OUT_KINDS, tuning_photos
from training.data.vectors import Features
from training.features import lite2
from training.features.blocks import AT_ONCE, READS, STAGE_ENDS, Block, network, spread, vectors
from training.heads.logistic import fit_head

OF_A_CLASS: Final = 150
LEAST: Final = 25
"""Photos of a class: so many at most, and at least."""
LEARNT: Final = 60
"""Photos of a class that a head learns; of a class that leaves less than LEAST to answer, half."""
UNKNOWN_SHOP: Final = "hnm"
"""One of MEASURED_ALONE, whose photos have the kinds of its own list."""

BLOCKS: Final[tuple[tuple[Block, ...], ...]] = (
    ("lite2", "backbone", "palette"),
    ("lite2", "palette"),
    ("lite2",),
)
"""The first, with the first file, is what every other is compared with."""

Chosen = NDArray[np.bool_]
"""(N,), whether each photo is learnt, asked, or answered rightly."""


def own_kinds(folder: Path) -> tuple[list[Photo], list[str]]:
    """Photos of kinds that are left out, and their kinds."""
    return _by_class((photo.kind or "", photo) for photo in _of_shops(folder) if photo.kind in LEFT_OUT_KINDS)


def own_colours(folder: Path) -> tuple[list[Photo], list[str]]:
    """Shops' photos in one colour that the tuning did not learn, and their colours."""
    learnt = {photo.id for photo in tuning_photos(folder)}
    rest = [photo for photo in _of_shops(folder) if photo.id not in learnt]
    of = [photo for photo in rest if photo.kind not in LEFT_OUT_KINDS and len(photo.colours) == 1]
    return _by_class((photo.colours[0], photo) for photo in of)


def own_kinds_of_unknown_shop(folder: Path) -> tuple[list[Photo], list[str]]:
    """Photos of a shop that nothing learnt, and the kinds that it sorts them by."""
    rest = sorted((photo for photo in source_photos(folder) if photo.source == UNKNOWN_SHOP), key=lot)
    return _by_class((photo.source_label, photo) for photo in rest)


def _by_class(named: Iterable[tuple[str, Photo]]) -> tuple[list[Photo], list[str]]:
    """OF_A_CLASS photos of each class that has LEAST, and their classes."""
    by_class = defaultdict[str, list[Photo]](list)
    for name, photo in named:
        by_class[name].append(photo)
    chosen = [
        (photo, name) for name, some in by_class.items() if len(some) >= LEAST for photo in some[:OF_A_CLASS]
    ]
    return [photo for photo, _ in chosen], [name for _, name in chosen]


def _of_shops(folder: Path) -> list[Photo]:
    return [photo for photo in sorted(photos_of(folder), key=lot) if not photo.sender]


def seen_by(weights: Path, pixels: PixelsBatch) -> Features:
    """What a network with these weights sees of photos, uint8 (N, 192, 192, 3)."""
    whole = lite2.load(weights)
    means = [keras.layers.GlobalAveragePooling2D()(whole.get_layer(name).output) for name in STAGE_ENDS]
    model = keras.Model(whole.input, keras.layers.Concatenate()(means))
    return vectors(model, (pixels[at : at + AT_ONCE] for at in range(0, len(pixels), AT_ONCE)))


def decoded_pixels(folder: Path, photos: Sequence[Photo], path: Path) -> PixelsBatch:
    """The photos as a network reads them, uint8 (N, 192, 192, 3), but for what an earlier run decoded."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = track(photos, path.stem)
        pictures = [fit_whole(decoded_photo(folder, photo).picture, READS.shape) for photo in shown]
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.stack(pictures))
        partial.rename(path)
    return np.asarray(np.load(path, mmap_mode="r"))


def seen_by_others(pixels: PixelsBatch) -> dict[Block, Features]:
    """What backbone and palette see of photos."""
    blocks: tuple[Block, ...] = ("backbone", "palette")
    return {block: vectors(network((block,)), [pixels]) for block in blocks}


def drawn(photos: Sequence[Photo], labels: NDArray[np.uint8]) -> tuple[Chosen, Chosen]:
    """Which photos a head learns, and which it answers, both bool (N,); no product is in both."""
    products = np.array([photo.sender or photo.id for photo in photos])
    learnt = np.zeros(len(labels), np.bool_)
    for label, n in enumerate(np.bincount(labels).tolist()):
        learnt[np.flatnonzero(labels == label)[: LEARNT if n >= LEARNT + LEAST else n // 2]] = True
    return learnt, ~np.isin(products, products[learnt])


def answered(
    seen: Features, blocks: tuple[Block, ...], labels: NDArray[np.uint8], learnt: Chosen, tested: Chosen
) -> NDArray[np.float64]:
    """The probabilities of the photos that are asked, float64 (M, C)."""
    groups = np.arange(learnt.sum()).astype(str)
    head = fit_head(seen.take(learnt), labels[learnt], groups, spread=spread(blocks))
    return np.asarray(head.probabilities(seen.upright[tested]), np.float64)


def row(cells: Sequence[object], chances: NDArray[np.float64], truth: NDArray[np.uint8], base: Chosen) -> str:
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
        "| classes | learnt | answered | weights | blocks | accuracy | log loss | newly right, wrong |\n"
        f"{'|---' * 8}|\n"
    )
    tasks = {"kinds": own_kinds, "colours": own_colours, "kinds of another shop": own_kinds_of_unknown_shop}
    for task, own in tasks.items():
        photos, names = own(options.photos)
        pixels = decoded_pixels(options.photos, photos, options.run / f"own-{task.replace(' ', '-')}.npy")
        others = seen_by_others(pixels)
        labels = np.unique(names, return_inverse=True)[1].astype(np.uint8)
        learnt, tested = drawn(photos, labels)
        truth = labels[tested]
        base: Chosen | None = None
        for weights in options.weights:
            by_block = others | {"lite2": seen_by(weights, pixels)}
            for blocks in BLOCKS:
                parts = [by_block[block] for block in blocks]
                seen = Features(
                    np.concatenate([features.upright for features in parts], axis=1),
                    np.concatenate([features.mirrored for features in parts], axis=1),
                )
                chances = answered(seen, blocks, labels, learnt, tested)
                base = chances.argmax(axis=1) == truth if base is None else base
                cells = (task, learnt.sum(), tested.sum(), weights.stem, " + ".join(blocks))
                sys.stdout.write(row(cells, chances, truth, base))
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Judge weights of EfficientNet-Lite0: heads as the product fits them, on `dev` by sender, and on sources.

python -m lab.tuning_judge PHOTOS FILE... [--seeds N]

FILE is one of tuning.py or imagenet.npz, of which nothing learnt a sender of dev. Photos of other shops and
people are answered by heads that learnt nothing of their source; of MEASURED_ALONE no head and no tuning did.
Reads the folder that pretraining_photos.py describes; writes RUN, with the answers of each file and seed. The
table of them: tuning_table.py.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from inference.arrays import PixelsBatch
from inference.framing import fit_whole
from lab.pretraining_photos import Photo, decoded_photo, pool_photos, source_photos
from lab.tuning_photos import MEASURED_ALONE, OTHER_THINGS, of_left_out_kind
from training.features import lite0
from training.features.blocks import AT_ONCE, READS, STAGE_ENDS, Features, vectors
from training.features.npz import write_npz
from training.features.shipped_vectors import PhotoFeatures
from training.heads import hidden as hidden_head
from training.heads.photo_head import fit_photo_head, scores_of
from training.pictures.photos import OOD

NAMES: Final = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Boot",
)
UNLEARNT: Final = "unlearnt"
"""The part of kinds that nothing learnt."""
OF_SOURCES: Final = "of sources"
"""The part of photos of other shops and people, which heads learn source by source."""
ALONE: Final = "alone"
"""The part of photos of MEASURED_ALONE."""

LEARNT: Final = {"A": 150, "B": 200, OTHER_THINGS: 80, UNLEARNT: 60}
"""Photos of a class in a tier that the heads learn; of users' all."""


def judged_photos(folder: Path) -> tuple[list[Photo], NDArray[np.str_]]:
    """What the heads learn, dev, other sources, and what nothing learnt; and the part of each."""
    cells = defaultdict[tuple[str, str], list[Photo]](list)
    dev = list(pool_photos(folder, "dev"))
    unlearnt = [photo for photo in dev if of_left_out_kind(photo)]
    dev = [photo for photo in dev if not of_left_out_kind(photo)]
    for name in ("pool", "more"):
        for photo in pool_photos(folder, name):
            shown = photo.source_label if photo.label is None else str(photo.label)
            tier = UNLEARNT if of_left_out_kind(photo) else "users" if photo.sender else photo.tier
            cells[tier, shown].append(photo)
    chosen = {cell: sorted(cells[cell], key=lot)[: LEARNT.get(cell[0])] for cell in sorted(cells)}
    learnt = [one for (tier, _), some in chosen.items() for one in some if tier != UNLEARNT]
    unlearnt += [one for (tier, _), some in chosen.items() for one in some if tier == UNLEARNT]
    others = [photo for photo in source_photos(folder) if not of_left_out_kind(photo)]
    alone = [photo for photo in others if photo.source in MEASURED_ALONE]
    sources = [photo for photo in others if photo.source not in MEASURED_ALONE]
    parts = {"learnt": learnt, "dev": dev, OF_SOURCES: sources, UNLEARNT: unlearnt, ALONE: alone}
    photos = [photo for part in parts.values() for photo in part]
    return photos, np.repeat(list(parts), [len(part) for part in parts.values()])


def lot(photo: Photo) -> str:
    """By which photos are drawn."""
    return hashlib.sha256(f"judge {photo.id}".encode()).hexdigest()


def seen_by(weights: Path, pixels: PixelsBatch) -> Features:
    """What a network with these weights sees of photos, uint8 (N, 192, 192, 3)."""
    whole = lite0.load(weights)
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


def photos_seen(photos: list[Photo], parts: NDArray[np.str_], seen: Features) -> PhotoFeatures:
    """As a training of the product sees them."""
    labels = np.array([OOD if photo.label is None else photo.label for photo in photos], np.uint8)
    kinds = [photo.source_label if photo.label is None else str(photo.label) for photo in photos]
    return PhotoFeatures(
        features=seen,
        labels=labels,
        tiers=np.array([photo.tier for photo in photos]),
        sha256=np.array([photo.id for photo in photos]),
        groups=np.where(
            np.isin(parts, (OF_SOURCES, ALONE)),
            [photo.source for photo in photos],
            [photo.sender or photo.id for photo in photos],
        ),
        kinds=np.array(kinds),
        sources=np.array([photo.source for photo in photos]),
        checked=np.isin(parts, ("dev", OF_SOURCES)),
    )


def answer(photos: PhotoFeatures, parts: NDArray[np.str_], seed: int, path: Path) -> None:
    """Write the answers to what nothing learnt, and to dev and sources by heads without their group."""
    hidden_head.SEED = seed  # type: ignore[misc]  # the product has one seed
    apart = np.isin(parts, (UNLEARNT, ALONE))
    fitted = fit_photo_head(photos.take(~apart), NAMES, lambda done, total: None)
    order = np.argsort(fitted.asked)
    others = scores_of(fitted.head.logits(photos.features.upright[apart]), len(NAMES))
    of_dev, given = astuple(fitted.scores), astuple(others)
    probabilities, distances = (
        np.concatenate([first[order], second]) for first, second in zip(of_dev, given, strict=True)
    )
    write_npz(path, probabilities=probabilities, distances=distances)


def main(argv: list[str] | None = None) -> int:
    """Write the answers of heads on each file."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_judge", description=main.__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--run", type=Path, default=Path("runs/tuning"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args(argv)
    photos, parts = judged_photos(options.photos)
    pixels = decoded_pixels(options.photos, photos, options.run / "judged.npy")
    answers = options.run / "answers"
    answers.mkdir(exist_ok=True)
    for weights in options.weights:
        paths = [answers / f"{weights.stem}-{seed}.npz" for seed in options.seeds]
        if all(path.exists() for path in paths):
            continue
        learnt = photos_seen(photos, parts, seen_by(weights, pixels))
        for seed, path in zip(options.seeds, paths, strict=True):
            answer(learnt, parts, seed, path)
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

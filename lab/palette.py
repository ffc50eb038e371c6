"""Find the colours of the palette: the centres of k-means in CIELAB over the middles of users' photos.

python -m lab.palette PHOTOS --out FILE

PHOTOS is the folder that pretraining_photos.py describes. Writes FILE, as training/features/palette.npz, and
prints how far its colours are from these.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from inference.framing import fit_whole
from lab.pretraining_photos import CLUTTERED, Photo, decoded_photo, pool_photos
from training.features.blocks import COLOURS, READS
from training.features.weights import read_npz, write_npz

COUNT: Final = 96
PHOTOS: Final = 1_500
PIXELS: Final = 60
"""Drawn from the middle of each photo."""
POOLED: Final = 4
"""Pixels along each edge whose mean the palette reads, as in features/blocks.py."""
SEED: Final = 0


def drawn(folder: Path) -> list[Photo]:
    """PHOTOS photos of users, the same ones each time; none of the development set."""
    photos = [photo for name in ("pool", "more") for photo in pool_photos(folder, name)]
    of_users = [photo for photo in photos if photo.tier == CLUTTERED]
    return sorted(of_users, key=_lot)[:PHOTOS]


def _lot(photo: Photo) -> str:
    return hashlib.sha256(f"palette {photo.id}".encode()).hexdigest()


def middles(folder: Path, photos: Sequence[Photo]) -> Iterator[NDArray[np.float32]]:
    """CIELAB of PIXELS pixels of the middle of each photo, float32 (PIXELS, 3)."""
    rng, edge = np.random.default_rng(SEED), READS.shape[0] // POOLED
    rows, columns = slice(round(edge * 0.2), edge - round(edge * 0.2)), slice(edge // 4, edge - edge // 4)
    for photo in photos:
        whole = fit_whole(decoded_photo(folder, photo).picture, READS.shape)
        small = cv2.resize(whole.astype(np.float32) / 255, (edge, edge), interpolation=cv2.INTER_AREA)
        middle = cv2.cvtColor(small[rows, columns], cv2.COLOR_RGB2LAB).reshape(-1, 3)
        yield np.asarray(rng.choice(middle, PIXELS, replace=False), np.float32)


def centres(pixels: NDArray[np.float32], count: int = COUNT) -> NDArray[np.float32]:
    """The colours, float32 (count, 3), from dark to light."""
    fitted = KMeans(count, n_init=4, random_state=SEED).fit(pixels)
    return np.asarray(sorted(fitted.cluster_centers_.tolist()), np.float32)


def distances(colours: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far each colour is from the nearest other one, in CIELAB."""
    return np.asarray(np.linalg.norm(colours[:, None] - others[None], axis=2).min(axis=1))


def main(argv: list[str] | None = None) -> int:
    """Write the colours."""
    parser = argparse.ArgumentParser(prog="python -m lab.palette", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the colours, .npz")
    given = parser.parse_args(argv)
    photos = drawn(given.photos)
    colours = centres(np.concatenate([*middles(given.photos, photos)]))
    write_npz(given.out, colours=colours)
    shipped = np.asarray(read_npz(COLOURS)["colours"], np.float32)
    median = np.median(distances(shipped, colours))
    sys.stdout.write(f"{len(photos)} photos; half of the shipped colours are within {median:.1f} of one.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Photos of other things than the user's classes: features of some 2,000, which come with this package.

python -m training.transfer.negatives PHOTOS --out FILE [--leave-out]

The out-of-distribution (OOD) score of own classes is fitted against them. PHOTOS is the folder that
pretraining_photos.py describes; neither its development set nor the senders of that are drawn. The file has
no pixels: of each photo its kind, its tier, and the measured part of its vector for each block that measures
(training/features.py), under a hash of the block's weights. Writes FILE. What is fitted: other_things.py.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from inference.convert import decoded_to_pixels
from training.data.npz import UNREADABLE, read_npz, write_npz
from training.errors import WeightsUnfit
from training.export.onnx_graph import features_of
from training.features import MEASURED, READS, Block, network
from training.transfer.pretraining_photos import (
    CLUTTERED,
    Photo,
    decoded_photo,
    photos_of,
    without_left_out,
)

SHIPPED: Final = Path(__file__).with_name("negatives.npz")

OF_A_KIND: Final = 45
"""Photos of a kind at most, and as many of users' photos of it."""

KINDS: Final = "kinds"
TIERS: Final = "tiers"
"""The arrays of the file besides the features, whose names are hashes."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Negatives:
    """What one block sees of M photos.

    Attributes:
        features: float32 (M, D), the measured part of their vectors.
        kinds: str (M,), what each shows.
        tiers: str (M,); C for a user's photo, empty where it is not known.
    """

    features: Floats
    kinds: NDArray[np.str_]
    tiers: NDArray[np.str_]

    @property
    def of_users(self) -> NDArray[np.bool_]:
        """Which are users' photos, bool (M,)."""
        return np.equal(self.tiers, CLUTTERED)

    def take(self, chosen: NDArray[np.bool_]) -> "Negatives":
        """Those that a mask, bool (M,), picks."""
        return Negatives(self.features[chosen], self.kinds[chosen], self.tiers[chosen])


def load_negatives(block: Block, path: Path = SHIPPED) -> Negatives | None:
    """Read what a block sees of them; None where the file is of other weights.

    Args:
        block: one that measures.
        path: of the file.

    Raises:
        WeightsUnfit: the file is missing or damaged.
    """
    try:
        stored: dict[str, NDArray[Any]] = read_npz(path)
        kinds, tiers = stored[KINDS].astype(np.str_), stored[TIERS].astype(np.str_)
        features = stored.get(weights_hash(block))
        if features is None:
            return None
        if features.shape != (len(kinds), MEASURED[block]):
            raise ValueError(f"features of {features.shape} for {len(kinds)} photos")
    except UNREADABLE as error:
        raise WeightsUnfit(
            f"{path}: no features of photos of other things ({error}). "
            "Restore the file: it comes with Wardrobe."
        ) from error
    return Negatives(features.astype(np.float32), kinds, tiers)


def weights_hash(block: Block) -> str:
    """The SHA-256 of a block's weights, as hex digits."""
    digest = hashlib.sha256()
    for weight in network((block,)).weights:
        digest.update(np.asarray(weight, np.float32).tobytes())
    return digest.hexdigest()


def kind_of(photo: Photo) -> str:
    """What a photo shows: its kind in the catalogue, else its source's label without notes; may be empty."""
    if photo.kind or not photo.tier:
        return photo.kind or ""
    label = photo.source_label if photo.tier == CLUTTERED else ""
    return label.split(" (")[0].split(" [")[0].lower()


def drawn(photos: Iterable[Photo]) -> list[Photo]:
    """At most OF_A_KIND photos of each kind, and of users' photos of it; the same ones each time.

    Args:
        photos: without those of the development set. Of tier X they do not say the sender, so that none of
            the source with senders is drawn.
    """
    found = defaultdict[tuple[str, bool], list[Photo]](list)
    for photo in photos:
        has_unknown_sender = photo.id.startswith("clo-") and not photo.sender
        if kind_of(photo) and not has_unknown_sender:
            found[kind_of(photo), photo.tier == CLUTTERED].append(photo)
    return [photo for key in sorted(found) for photo in sorted(found[key], key=_lot)[:OF_A_KIND]]


def _lot(photo: Photo) -> str:
    return hashlib.sha256(photo.id.encode()).hexdigest()


def write_negatives(folder: Path, photos: Sequence[Photo], path: Path) -> None:
    """Write what each block that measures sees of these photos.

    Args:
        folder: of the archives.
        photos: in the order of the file.
        path: of the file, which is replaced in one step.
    """
    decoded = (decoded_photo(folder, photo) for photo in track(photos, "reading"))
    images = np.stack([decoded_to_pixels(one, READS) for one in decoded])
    features = {
        weights_hash(block): features_of(network((block,)), images).astype(np.float16) for block in MEASURED
    }
    about = {KINDS: [kind_of(photo) for photo in photos], TIERS: [photo.tier for photo in photos]}
    write_npz(path, **about, **features)


def main(argv: list[str] | None = None) -> int:
    """Draw photos of many kinds, and write their features."""
    parser = argparse.ArgumentParser(prog="python -m training.transfer.negatives", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, default=SHIPPED, metavar="FILE", help="the features, .npz")
    parser.add_argument("--leave-out", action="store_true", help="without some kinds and senders, to measure")
    options = parser.parse_args(argv)
    photos = photos_of(options.photos)
    chosen = drawn(without_left_out(photos) if options.leave_out else photos)
    write_negatives(options.photos, chosen, options.out)
    kinds = {kind_of(one) for one in chosen}
    sys.stdout.write(f"{options.out}: {len(chosen)} photos of {len(kinds)} kinds.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

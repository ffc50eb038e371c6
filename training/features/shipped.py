"""Feature vectors of photos: computed once in a run's folder, or read from this package.

A feature vector is the output of a frozen network for a photo. A stopped training goes on with the vectors in
its folder. This package contains vectors of a sample of the photos that the bundled release learnt, because
the photos themselves may not be distributed. With these vectors, the release's head (its last layers) can be
fitted again together with a user's own pictures.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from training.data.labels import OOD, Labels
from training.data.pictures import TEXT_COLUMNS, Pictures
from training.data.vectors import Features, join_features
from training.errors import WeightsUnusable
from training.features.blocks import BlockName, build_vector_network, compute_features
from training.features.weights import NPZ_ERRORS, hash_weights, read_npz, write_npz
from training.progress import ReportDone

PHOTO_BLOCKS: Final[tuple[BlockName, ...]] = ("lite2",)
"""Parts (blocks) of the feature vector that are used for photos of the ten classes. The backbone is not,
because it has learnt some of these photos."""

SCALED_TIER: Final = "scaled"
"""Tier of photos that are enlarged pictures of Fashion-MNIST, which lab/photo_tables.py made."""

PICTURES_PER_FILE: Final = 512
"""Number of pictures whose vectors are in one file of the run's folder. A stopped training computes at most
so many again, which takes some seconds."""

STORED_COLUMN_NAMES: Final = {
    name: {"groups": "keys", "spelt": "kinds"}.get(name, name) for name in TEXT_COLUMNS
}
"""Names of the columns of text in the file of vectors, by the names of the fields of `Pictures`."""

STORED_OOD_CODE: Final = 255
"""Number that stands for OOD (none of the classes) in the file of vectors."""

SHIPPED_VECTORS_FILE: Final = Path(__file__).with_name("vectors.npz")
"""File with the vectors of photos that come with this package, as coordinates on their principal axes."""


def compute_photo_features(photos: Pictures, folder: Path, report_done: ReportDone) -> Pictures:
    """Compute the feature vectors of photos, except those that an earlier try of the same run has stored.

    Args:
        photos: the photos, with pixels uint8 (N, 224, 224, 3).
        folder: the folder of the run, in which the vectors are stored.
        report_done: a function that is called after each PICTURES_PER_FILE with the number done and the
            number of all.

    Returns:
        The photos with features. If it is not known which photos a person checked, all count as checked.
    """
    model = build_vector_network(PHOTO_BLOCKS)
    parts = list[Features]()
    # In the name of each file, so that vectors of another version of the network are not used.
    network_digest = hash_weights(model)[:8]
    for start in range(0, len(photos), PICTURES_PER_FILE):
        rows = slice(start, start + PICTURES_PER_FILE)
        path = folder / f"vectors-{network_digest}-{_hash_digests(photos.sha256[rows])}.npz"
        features = _read_stored_features(path)
        if features is None:
            features = compute_features(model, [photos.pixels[rows]])
            folder.mkdir(parents=True, exist_ok=True)
            write_npz(path, upright=features.upright, mirrored=features.mirrored)
        parts.append(features)
        report_done(min(start + PICTURES_PER_FILE, len(photos)), len(photos))
    is_checked = photos.is_checked if len(photos.is_checked) else np.ones(len(photos), np.bool_)
    return replace(photos, features=join_features(parts), is_checked=is_checked)


def _hash_digests(digests: NDArray[np.str_]) -> str:
    """Return sixteen hex digits for the name of a file with the vectors of these pictures."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def _read_stored_features(path: Path) -> Features | None:
    """Read the vectors in a file; None if it is missing or damaged, so that they are computed again."""
    try:
        stored_arrays = read_npz(path)
        return Features(stored_arrays["upright"], stored_arrays["mirrored"])
    except NPZ_ERRORS:
        return None


def read_shipped_photos(path: Path = SHIPPED_VECTORS_FILE) -> Pictures:
    """Read feature vectors of a sample of the photos that the bundled release learnt, with their labels.

    Args:
        path: the file of vectors that comes with this package.

    Raises:
        WeightsUnusable: the file is missing or damaged.
    """
    try:
        stored_arrays = read_npz(path)
        upright, mirrored = (
            stored_arrays[name].astype(np.float32) @ stored_arrays["axes"] + stored_arrays["mean"]
            for name in ("upright", "mirrored")
        )
        # Stored as uint8, which has no negative numbers.
        classes = stored_arrays["labels"].astype(np.int16)
        labels = Labels.make_from_codes(
            np.where(classes == STORED_OOD_CODE, OOD, classes), stored_arrays["names"].tolist()
        )
        texts: dict[str, Any] = {
            name: stored_arrays[stored_name] for name, stored_name in STORED_COLUMN_NAMES.items()
        }
        features = Features(upright, mirrored)
        return Pictures(
            features=features, is_checked=stored_arrays["checked"], labels={LABEL: labels}, **texts
        )
    except NPZ_ERRORS as error:
        raise WeightsUnusable(f"{path}: no vectors of this version ({error}).") from error

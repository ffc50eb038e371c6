"""Feature vectors of photos: computed once in a run's folder, or read from this package.

A stopped training goes on with the vectors in its folder. This package contains vectors of a sample of the
photos that the bundled release learnt, because the photos themselves may not be distributed. With these
vectors, the release's head can be fitted again together with a user's own pictures. Reads and writes the
named files. What a vector is: training/features/blocks.py.
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
from training.errors import WeightsUnfit
from training.features.blocks import Block, network, vectors
from training.features.weights import UNREADABLE, read_npz, weights_hash, write_npz
from training.progress import Watch

LITE2: Final[tuple[Block, ...]] = ("lite2",)
"""The block that is used for photos of the ten classes. The backbone is not, because it has learnt some of
these photos."""

SCALED: Final = "scaled"
"""The tier of enlarged pictures of the data set, made by lab/photo_tables.py."""

CHUNK: Final = 512
"""Number of pictures in one file of the run's folder, which is some seconds of work."""

STORED: Final = {name: {"groups": "keys", "spelt": "kinds"}.get(name, name) for name in TEXT_COLUMNS}
"""Names of the columns of text in the file of vectors, by their names in Pictures."""

NO_CLASS: Final = 255
"""Number that stands for OOD (none of the classes) in the file of vectors."""

SHIPPED: Final = Path(__file__).with_name("vectors.npz")


def photo_features(photos: Pictures, folder: Path, watch: Watch) -> Pictures:
    """Compute the feature vectors of photos, except those that an earlier try of the same run has stored.

    Args:
        photos: the photos, with pixels uint8 (N, 192, 192, 3).
        folder: the folder of the run, in which the vectors are stored.
        watch: a function that is called after each CHUNK with the number done and the number of all.

    Returns:
        The photos with features. If it is not known which photos a person checked, all count as checked.
    """
    model, parts = network(LITE2), list[Features]()
    # What another version of the network saw, in the folder of the same photos, is not taken for this one's.
    of_network = weights_hash(model)[:8]
    for start in range(0, len(photos), CHUNK):
        some = slice(start, start + CHUNK)
        path = folder / f"vectors-{of_network}-{_digest(photos.sha256[some])}.npz"
        features = _stored(path)
        if features is None:
            features = vectors(model, [photos.pixels[some]])
            folder.mkdir(parents=True, exist_ok=True)
            write_npz(path, upright=features.upright, mirrored=features.mirrored)
        parts.append(features)
        watch(min(start + CHUNK, len(photos)), len(photos))
    checked = photos.is_checked if len(photos.is_checked) else np.ones(len(photos), np.bool_)
    return replace(photos, features=join_features(parts), is_checked=checked)


def _digest(contents: NDArray[np.str_]) -> str:
    return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]


def _stored(path: Path) -> Features | None:
    try:
        stored = read_npz(path)
        return Features(stored["upright"], stored["mirrored"])
    except UNREADABLE:
        return None


def shipped_photos(path: Path = SHIPPED) -> Pictures:
    """Read feature vectors of a sample of the photos that the bundled release learnt, with their labels.

    Args:
        path: the file of vectors that comes with this package.

    Raises:
        WeightsUnfit: the file is missing or damaged.
    """
    try:
        stored = read_npz(path)
        upright, mirrored = (
            stored[name].astype(np.float32) @ stored["axes"] + stored["mean"]
            for name in ("upright", "mirrored")
        )
        classes = stored["labels"].astype(np.int16)
        labels = Labels.make_from_codes(np.where(classes == NO_CLASS, OOD, classes), stored["names"].tolist())
        texts: dict[str, Any] = {name: stored[kept] for name, kept in STORED.items()}
        seen = Features(upright, mirrored)
        return Pictures(features=seen, is_checked=stored["checked"], labels={LABEL: labels}, **texts)
    except UNREADABLE as error:
        raise WeightsUnfit(f"{path}: no vectors of this version ({error}).") from error

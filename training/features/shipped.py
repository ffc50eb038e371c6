"""The vectors of photos: made once in a run's folder, so that a stopped training goes on; and those shipped.

Shipped are vectors of a sample of the photos that the bundled release learnt, since its photos may not be:
with them, its head is fitted again beside a user's own pictures. Reads and writes the named files. What a
vector is: training/features/blocks.py.
"""

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from training.errors import WeightsUnfit
from training.features.blocks import Block, Features, network, scaling, vectors
from training.features.npz import UNREADABLE, read_npz, write_npz
from training.pictures.table import Pictures
from training.progress import Watch

LITE0: Final[tuple[Block, ...]] = ("lite0",)
"""The blocks that photos of the ten classes are seen by: the backbone has learnt some of these photos."""

SCALED: Final = "scaled"
"""The tier of enlarged pictures of the data set (lab/scaled_pictures.py)."""

CHUNK: Final = 512
"""Pictures in a file of the run's folder: some seconds of work."""

COMPONENTS: Final = 256
"""Principal components of a shipped vector: 95% of the variance of what EfficientNet-Lite0 sees of photos."""

MOST: Final = 127
"""The largest whole number that stands for a component."""

SHIPPED: Final = Path(__file__).with_name("vectors.npz")


@dataclass(frozen=True)
class PhotoFeatures:
    """N photos as the frozen networks see them.

    Attributes:
        features: their vectors.
        labels: uint8 (N,), a class's index, or OOD.
        tiers: str (N,).
        sha256: str (N,), of each content.
        groups: str (N,), equal for photos of one sender.
        kinds: str (N,), the label as it was spelt.
        sources: str (N,), the shop or collection; empty where that is not known.
        checked: bool (N,), whether a person has checked the label, so that it may choose thresholds.
    """

    features: Features
    labels: NDArray[np.uint8]
    tiers: NDArray[np.str_]
    sha256: NDArray[np.str_]
    groups: NDArray[np.str_]
    kinds: NDArray[np.str_]
    sources: NDArray[np.str_]
    checked: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "PhotoFeatures":
        """Those that a mask picks, or those at these positions."""
        columns = {name: getattr(self, name)[chosen] for name in COLUMNS}
        return PhotoFeatures(self.features.take(chosen), **columns)

    def followed_by(self, others: "PhotoFeatures") -> "PhotoFeatures":
        """These photos, and then others."""
        seen = Features(
            np.concatenate([self.features.upright, others.features.upright]),
            np.concatenate([self.features.mirrored, others.features.mirrored]),
        )
        return PhotoFeatures(
            seen, **{name: np.concatenate([getattr(self, name), getattr(others, name)]) for name in COLUMNS}
        )


COLUMNS: Final = tuple(one.name for one in fields(PhotoFeatures) if one.name != "features")

STORED: Final = {name: {"groups": "keys"}.get(name, name) for name in COLUMNS}
"""What the columns are called in the file."""


def photo_features(photos: Pictures, folder: Path, watch: Watch, *, checked: bool) -> PhotoFeatures:
    """See photos, but for those that an earlier try of this run saw.

    Args:
        photos: uint8 (N, 192, 192, 3), as `features.READS` says.
        folder: of the run.
        watch: called after each CHUNK.
        checked: whether they may choose thresholds.
    """
    model, parts = network(LITE0), list[Features]()
    for start in range(0, len(photos), CHUNK):
        some = slice(start, start + CHUNK)
        path = folder / f"vectors-{_digest(photos.sha256[some])}.npz"
        found = _stored(path)
        if found is None:
            found = vectors(model, [photos.images[some]])
            folder.mkdir(parents=True, exist_ok=True)
            write_npz(path, upright=found.upright, mirrored=found.mirrored)
        parts.append(found)
        watch(min(start + CHUNK, len(photos)), len(photos))
    return PhotoFeatures(
        Features(
            np.concatenate([one.upright for one in parts]), np.concatenate([one.mirrored for one in parts])
        ),
        photos.labels,
        photos.tiers,
        photos.sha256,
        photos.groups,
        photos.kinds,
        photos.sources,
        np.full(len(photos), checked),
    )


def _digest(contents: NDArray[np.str_]) -> str:
    return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]


def _stored(path: Path) -> Features | None:
    try:
        stored = read_npz(path)
        return Features(stored["upright"], stored["mirrored"])
    except UNREADABLE:
        return None


@dataclass(frozen=True)
class Shipped:
    """A sample of the photos that the bundled release learnt.

    Attributes:
        photos: what was seen of them.
        names: of their classes, in index order.
    """

    photos: PhotoFeatures
    names: tuple[str, ...]

    def save(self, path: Path = SHIPPED) -> None:
        """Write the file, with COMPONENTS of each vector, or all where photos or numbers are fewer."""
        seen = self.photos.features
        mean, deviation = scaling(seen.upright)
        upright, mirrored = ((one - mean) / deviation for one in (seen.upright, seen.mirrored))
        axes = PCA(min(COMPONENTS, *upright.shape)).fit(upright).components_
        found = [one @ axes.T for one in (upright, mirrored)]
        steps = np.abs(np.concatenate(found)).max(axis=0) / MOST
        whole = [np.round(one / steps).astype(np.int8) for one in found]
        write_npz(
            path,
            names=np.array(self.names),
            mean=mean.astype(np.float32),
            axes=(steps[:, None] * axes * deviation).astype(np.float32),
            upright=whole[0],
            mirrored=whole[1],
            **{stored: getattr(self.photos, name) for name, stored in STORED.items()},
        )


def shipped_photos(path: Path = SHIPPED) -> Shipped:
    """The file that comes with this package.

    Raises:
        WeightsUnfit: it is missing or damaged.
    """
    try:
        stored = read_npz(path)
        upright, mirrored = (
            stored[name].astype(np.float32) @ stored["axes"] + stored["mean"]
            for name in ("upright", "mirrored")
        )
        seen = Features(upright, mirrored)
        photos = PhotoFeatures(seen, **{name: stored[kept] for name, kept in STORED.items()})
        return Shipped(photos, tuple(stored["names"].tolist()))
    except UNREADABLE as error:
        raise WeightsUnfit(f"{path}: no vectors of this version ({error}).") from error

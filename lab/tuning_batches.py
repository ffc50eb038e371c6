"""Draw what the tuning learns, step by step: photos as they are, changed, and on other grounds.

Everything is drawn from a seed, so that all runs learn the same views.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.pictures.framing import fit_whole_picture
from lab.pretraining_photos import CLUTTERED
from lab.tuning_photos import NONE, OTHER_THINGS, PackedPhotos
from lab.views import EDGE, change_view, lay_on_ground

INPUT_SHAPE: Final = (224, 224)
"""Height and width of the network's input."""

BATCH: Final = 64
"""Number of views that are drawn at once."""
TIER_SHARES: Final = {CLUTTERED: 0.34, "A": 0.2, "B": 0.2, OTHER_THINGS: 0.12, "": 0.14}
"""Share of each tier in a batch. The empty tier has photos that only the catalogue has."""
BALANCE: Final = 0.6
"""Exponent of the balance within a tier.

The n photos of one class or kind from one source have a chance of n^(1 - BALANCE) together, so that a source
of 20 photos is not lost beside one of 10,000.
"""
SHOES: Final = (5, 7, 9)
"""Classes of shoes."""
SHOE_WEIGHT: Final = 1.5
"""Factor of the chance of shoes, of which users send few photos."""
SHIRT: Final = 6
"""Class of shirts."""
PLAIN_SHIRT_WEIGHT: Final = 3.0
"""Factor of the chance of shirts of one colour from other sources.

Without it, the network takes them for coats.
"""

AS_IT_IS: Final = 0.1
"""Share of the views that are not changed."""
AS_WHOLE: Final = 0.5
"""Share of the other views that show the whole picture, as the service reads it; the rest are crops."""
ON_GROUND: Final = 0.5
"""Share of the views of a shop's photo that get the ground of a user's photo, if the shop's ground is plain.
"""


@dataclass(frozen=True)
class Batch:
    """B views with their targets. A row of zeros stands for an unknown target.

    Attributes:
        views: float16 (B, C, H, W), the output of the stages that do not learn.
        targets: float32 (B, C) for each head.
    """

    views: NDArray[Any]
    targets: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Tuning:
    """The photos and the seed from which the views of each step are drawn.

    Attributes:
        photos: the photos to learn.
        seed: the seed of everything that is drawn.
    """

    photos: PackedPhotos
    seed: int

    @cached_property
    def targets(self) -> dict[str, NDArray[np.float32]]:
        """The targets of each photo, float32 (N, C) for each head; a row of zeros if it is unknown."""
        photos = self.photos
        return {
            "label": _encode_one_hot(photos.labels, NONE + 1),
            "kind": _encode_one_hot(photos.kinds, int(photos.kinds.max()) + 1),
            "colours": photos.colours,
        }

    @cached_property
    def chances(self) -> NDArray[np.float64]:
        """The chance of each photo to be drawn, float64 (N,), sum 1."""
        photos = self.photos
        return compute_chances(photos.tiers, photos.shown, photos.labels, photos.sources, photos.plain)

    @cached_property
    def grounds(self) -> NDArray[np.int64]:
        """The positions of users' photos, which have grounds."""
        return np.flatnonzero(self.photos.tiers == CLUTTERED)

    def draw_photos(self, step: int) -> NDArray[np.int64]:
        """Return the positions of the photos of a step. A photo may occur several times."""
        return np.random.default_rng((self.seed, step)).choice(len(self.photos), BATCH, p=self.chances)

    def draw_views(self, step: int) -> NDArray[np.uint8]:
        """Return a view of each photo of a step, uint8 (BATCH, 224, 224, 3)."""
        rng = np.random.default_rng((self.seed, step, 1))
        return np.stack([self._draw_view(int(number), rng) for number in self.draw_photos(step)])

    def _draw_view(self, number: int, rng: np.random.Generator) -> Picture:
        """Return a photo as it is, changed, or changed with the ground of a user's photo."""
        picture = self.photos.decode_picture(number)
        if not self.photos.of_users[number] and rng.random() < ON_GROUND:
            laid = lay_on_ground(picture, self.photos.decode_picture(int(rng.choice(self.grounds))), rng)
            picture = picture if laid is None else laid
        elif rng.random() < AS_IT_IS:
            return fit_whole_picture(picture, INPUT_SHAPE)
        cropped = bool(rng.random() >= AS_WHOLE)
        return change_view(fit_whole_picture(picture, (EDGE, EDGE)), INPUT_SHAPE[0], rng, cropped=cropped)


@dataclass(frozen=True)
class Drawn:
    """Views that one tuning learns in a random order, in as many steps as there are views of all tunings.

    Attributes:
        views: float16 (N, C, H, W), as in `Batch`.
        targets: float32 (photos, C) for each head.
        photos: the photo of each view, int64 (N,).
        learnt: the positions of the views that this tuning learns, int64 (M,).
        seed: the seed of the order, and of what a step draws.
        views_per_step: the number of views that a step learns.
    """

    views: NDArray[Any]
    targets: dict[str, NDArray[np.float32]]
    photos: NDArray[np.int64]
    learnt: NDArray[np.int64]
    seed: int
    views_per_step: int = 64

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.views) // self.views_per_step

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The positions of the views of all steps. Each view is learnt once before one is learnt again."""
        rng = np.random.default_rng(self.seed)
        times = -(-len(self.views) // len(self.learnt))
        return np.concatenate([rng.permutation(self.learnt) for _ in range(times)])

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step."""
        chosen = self.order[step * self.views_per_step : (step + 1) * self.views_per_step]
        rows = self.photos[chosen]
        return Batch(self.views[chosen], {name: each[rows] for name, each in self.targets.items()})


def compute_chances(
    tiers: NDArray[np.str_],
    shown: NDArray[np.str_],
    labels: NDArray[np.int64],
    sources: NDArray[np.str_],
    plain: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the chance of each photo to be drawn, float64 (N,), sum 1."""
    chances = np.zeros(len(tiers))
    factors = np.where(np.isin(labels, SHOES), SHOE_WEIGHT, 1) * np.where(
        plain & (labels == SHIRT), PLAIN_SHIRT_WEIGHT, 1
    )
    for tier in np.unique(tiers):
        of_tier = tiers == tier
        of_each = np.stack([shown[of_tier], sources[of_tier], plain[of_tier].astype(str)])
        _, cells, counts = np.unique(of_each, axis=1, return_inverse=True, return_counts=True)
        weights = counts[cells] ** -BALANCE * factors[of_tier]
        chances[of_tier] = TIER_SHARES[str(tier)] * weights / weights.sum()
    return np.asarray(chances / chances.sum())


def _encode_one_hot(indices: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Return float32 (N, classes) with a 1 at each index; a row of zeros for -1."""
    return np.eye(classes + 1, dtype=np.float32)[indices][:, :classes]

"""What the tuning learns, step by step: photos as they are, changed, and laid on users' grounds.

Pure functions of packed photos (tuning_photos.py) and a seed. The training: tuning.py.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.framing import fit_whole_picture
from lab.pretraining_photos import CLUTTERED
from lab.tuning_photos import NONE, OTHER_THINGS, PackedPhotos
from lab.views import EDGE, change_view, lay_on_ground

INPUT_SHAPE: Final = (192, 192)
"""Height and width, as in training/features/frozen.py, which needs Keras."""

BATCH: Final = 64
"""Views that are drawn at once."""
TIER_SHARES: Final = {CLUTTERED: 0.34, "A": 0.2, "B": 0.2, OTHER_THINGS: 0.12, "": 0.14}
"""Of a batch, by tier; empty: photos that the catalogue alone has."""
BALANCE: Final = 0.6
"""Within a tier the n photos of a class or kind from one source, plain or not, have n^(1 - BALANCE), as in
training/heads/photo_head.py: a source of 20 photos is not lost beside one of 10,000."""
SHOES: Final = (5, 7, 9)
SHOE_WEIGHT: Final = 1.5
"""What these count: users' photos of them are few."""
SHIRT: Final = 6
PLAIN_SHIRT_WEIGHT: Final = 3.0
"""What a plain shirt of another source counts: else plain means coat."""

AS_IT_IS: Final = 0.1
"""Share of the views that are not changed."""
AS_WHOLE: Final = 0.5
"""Share of the other views that show the whole picture, as the service reads it; the rest are crops."""
ON_GROUND: Final = 0.5
"""Share of the views of a shop's photo that lie on a user's ground, where its own is plain."""


@dataclass(frozen=True)
class Batch:
    """What B views show; rows of zeros where it is not known.

    Attributes:
        views: float16 (B, C, H, W), what the stages that do not learn give of them.
        targets: float32 (B, C) of each head.
    """

    views: NDArray[Any]
    targets: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Tuning:
    """What a seed learns, batch by batch: the same whenever it is asked.

    Attributes:
        photos: to learn.
        seed: of all that is drawn.
    """

    photos: PackedPhotos
    seed: int

    @cached_property
    def targets(self) -> dict[str, NDArray[np.float32]]:
        """What each photo shows, float32 (N, C) of each head; a row of zeros where it is not known."""
        photos = self.photos
        return {
            "label": _encode_one_hot(photos.labels, NONE + 1),
            "kind": _encode_one_hot(photos.kinds, int(photos.kinds.max()) + 1),
            "colours": photos.colours,
        }

    @cached_property
    def chances(self) -> NDArray[np.float64]:
        """Of each photo to be drawn, float64 (N,), sum 1."""
        photos = self.photos
        return compute_chances(photos.tiers, photos.shown, photos.labels, photos.sources, photos.plain)

    @cached_property
    def grounds(self) -> NDArray[np.int64]:
        """Positions of users' photos."""
        return np.flatnonzero(self.photos.tiers == CLUTTERED)

    def draw_photos(self, step: int) -> NDArray[np.int64]:
        """Positions of the photos of a step, with replacement."""
        return np.random.default_rng((self.seed, step)).choice(len(self.photos), BATCH, p=self.chances)

    def draw_views(self, step: int) -> NDArray[np.uint8]:
        """A view of each photo of a step, uint8 (BATCH, 192, 192, 3)."""
        rng = np.random.default_rng((self.seed, step, 1))
        return np.stack([self._draw_view(int(number), rng) for number in self.draw_photos(step)])

    def _draw_view(self, number: int, rng: np.random.Generator) -> Picture:
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
    """Views that a tuning learns in a random order, as many steps as there are views of all tunings.

    Attributes:
        views: float16 (N, C, H, W), as in Batch.
        targets: float32 (photos, C) of each head.
        photos: int64 (N,), the photo of each view.
        learnt: int64 (M,), positions of the views that it learns.
        seed: of the order, and of what a step draws.
        of_a_step: views that a step learns.
    """

    views: NDArray[Any]
    targets: dict[str, NDArray[np.float32]]
    photos: NDArray[np.int64]
    learnt: NDArray[np.int64]
    seed: int
    views_per_step: int = 64

    @property
    def steps(self) -> int:
        """How many steps it learns."""
        return len(self.views) // self.views_per_step

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Positions of the views of all steps, one after the other: each once before one comes again."""
        rng = np.random.default_rng(self.seed)
        times = -(-len(self.views) // len(self.learnt))
        return np.concatenate([rng.permutation(self.learnt) for _ in range(times)])

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step."""
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
    """Of each photo to be drawn, float64 (N,), sum 1."""
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
    """Float32 (N, C); zeros for -1."""
    return np.eye(classes + 1, dtype=np.float32)[indices][:, :classes]

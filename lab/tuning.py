"""Tune EfficientNet-Lite0 on clothes, from ImageNet's weights, and write its file of weights.

python -m lab.tuning FILE --out WEIGHTS [--seed N]

Learns ten classes and none of these, kinds, colours and gender at once, from FILE of tuning_photos.py: photos
as they are, changed, and laid on the grounds of users' photos. With a GPU half a minute, else an hour or
more; a stopped run goes on from its last checkpoint. Writes the checkpoint beside WEIGHTS. What it is for:
training/features/lite0.py.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.framing import fit_whole
from lab.pretraining_photos import CLUTTERED, EDGE, on_ground
from lab.tuning_photos import LEFT_OUT_KINDS, NONE, OTHER_THINGS, PackedPhotos, read_packed
from lab.views import changed
from training.features.npz import read_npz, write_npz

if TYPE_CHECKING:
    from lab.tuning_steps import Batch

IMAGENET: Final = Path(__file__).with_name("imagenet.npz")
"""From where it starts; imagenet.py wrote it."""

READS: Final = (192, 192)

STEPS: Final = 800
BATCH: Final = 128

SHARES: Final = {CLUTTERED: 0.34, "A": 0.2, "B": 0.2, OTHER_THINGS: 0.12, "": 0.14}
"""Of a batch, by tier; empty: photos that the catalogue alone has."""
BALANCE: Final = 0.6
"""Within a tier a class or kind of n photos has n^(1 - BALANCE), as in training/heads/photo_head.py."""
SHOES: Final = (5, 7, 9)
OF_SHOES: Final = 2.5
"""What these count: users' photos of them are few."""

AS_IT_IS: Final = 0.1
"""Share of the views that are not changed."""
ON_GROUND: Final = 0.5
"""Share of the views of a shop's photo that lie on a user's ground, where its own is plain."""


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
    def wanted(self) -> dict[str, NDArray[np.float32]]:
        """What each photo shows, float32 (N, C) of each head; a row of zeros where it is not known."""
        photos = self.photos
        return {
            "label": _one_hot(photos.labels, NONE + 1),
            "kind": _one_hot(photos.kinds, int(photos.kinds.max()) + 1),
            "gender": _one_hot(photos.genders, int(photos.genders.max()) + 1),
            "colours": photos.colours,
        }

    @cached_property
    def chances(self) -> NDArray[np.float64]:
        """Of each photo to be drawn, float64 (N,), sum 1."""
        return chances_of(self.photos.tiers, self.photos.shown, self.photos.labels)

    @cached_property
    def grounds(self) -> NDArray[np.int64]:
        """Positions of users' photos."""
        return np.flatnonzero(self.photos.tiers == CLUTTERED)

    def drawn(self, step: int) -> NDArray[np.int64]:
        """Positions of the photos of a step, with replacement."""
        return np.random.default_rng((self.seed, step)).choice(len(self.photos), BATCH, p=self.chances)

    def views(self, step: int) -> NDArray[np.uint8]:
        """A view of each photo of a step, uint8 (BATCH, 192, 192, 3)."""
        rng = np.random.default_rng((self.seed, step, 1))
        return np.stack([self._view(int(number), rng) for number in self.drawn(step)])

    def _view(self, number: int, rng: np.random.Generator) -> Picture:
        picture = self.photos.picture(number)
        if not self.photos.of_users[number] and rng.random() < ON_GROUND:
            laid = on_ground(picture, self.photos.picture(int(rng.choice(self.grounds))), rng)
            picture = picture if laid is None else laid
        elif rng.random() < AS_IT_IS:
            return fit_whole(picture, READS)
        return changed(fit_whole(picture, (EDGE, EDGE)), READS[0], rng)


def chances_of(
    tiers: NDArray[np.str_], shown: NDArray[np.str_], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Of each photo to be drawn, float64 (N,), sum 1."""
    chances = np.zeros(len(tiers))
    for tier in np.unique(tiers):
        mine = tiers == tier
        _, cells, counts = np.unique(shown[mine], return_inverse=True, return_counts=True)
        weights = counts[cells] ** -BALANCE * np.where(np.isin(labels[mine], SHOES), OF_SHOES, 1)
        chances[mine] = SHARES[str(tier)] * weights / weights.sum()
    return np.asarray(chances / chances.sum())


def _one_hot(indices: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Float32 (N, C); zeros for -1."""
    return np.eye(classes + 1, dtype=np.float32)[indices][:, :classes]


_seen_by_worker: list[Tuning] = []
"""Of a process that makes views: what it makes them of."""


def _begin(file: Path, seed: int) -> None:
    cv2.setNumThreads(1)
    _seen_by_worker[:] = [Tuning(read_packed(file), seed)]


def _views(step: int) -> NDArray[np.uint8]:
    return _seen_by_worker[0].views(step)


def batches(file: Path, known: Tuning, first: int, steps: int) -> Iterator["Batch"]:
    """The batches from a step on; processes make their views."""
    from lab.tuning_steps import Batch  # noqa: PLC0415 - needs PyTorch

    with get_context("spawn").Pool(initializer=_begin, initargs=(file, known.seed)) as pool:
        for step, views in enumerate(pool.imap(_views, range(first, steps)), start=first):
            drawn = known.drawn(step)
            yield Batch(views, {name: rows[drawn] for name, rows in known.wanted.items()})


def main(argv: list[str] | None = None) -> int:
    """Tune, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="FILE", help="packed photos, of lab.tuning_photos")
    parser.add_argument("--out", type=Path, required=True, metavar="WEIGHTS", help="the weights, .npz")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(argv)
    try:
        from lab import tuning_steps  # noqa: PLC0415 - installed for the lab alone
    except ImportError:
        parser.error("PyTorch, which tunes, is not installed: .venv/bin/pip install torch")
    known = Tuning(read_packed(options.photos), options.seed)

    def following(first: int) -> Iterator["Batch"]:
        return batches(options.photos, known, first, STEPS)

    start = tuning_steps.weights_of(read_npz(IMAGENET))
    units = {name: rows.shape[1] for name, rows in known.wanted.items()}
    kept = options.out.with_suffix(".checkpoint")
    tuned = tuning_steps.tune(start, tuning_steps.Course(units, following, STEPS, options.seed), kept)
    about = {"tuned_on": len(known.photos), "left_out": sorted(LEFT_OUT_KINDS), "seed": options.seed}
    write_npz(options.out, **tuning_steps.stored_of(tuned), about=json.dumps(about))
    return 0


if __name__ == "__main__":
    sys.exit(main())

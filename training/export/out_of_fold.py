"""Out-of-fold answers: each picture is answered by a network that did not learn it.

Thresholds and familiarity need more answers than a small data set can hold out, and an answer to what was
learnt is too sure. So networks are fitted on all folds but one each, and answer their own fold. Pure, apart
from running the networks. scripts/training/fitting.py fits them; calibration.py and release.py use them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from inference.session import Scores
from training.data.splitting import Split, dealt_indices, fold_indices
from training.evaluation.measure import joined
from training.fitting.checkpoints import Run
from training.photos.reading import Photos
from training.recipes import Recipe

Indices = NDArray[np.int64]

NONE: Indices = np.arange(0)


@dataclass(frozen=True)
class Fold:
    """The task of one network.

    Attributes:
        number: which fold it answers, 1-based.
        of: how many there are.
        pictures: int64, positions in the training pictures that it answers and does not learn; perhaps none.
        photos: the same of photos.
        photo_sha256: the SHA-256 of these photos, in their order.
    """

    number: int
    of: int
    pictures: Indices
    photos: Indices
    photo_sha256: tuple[str, ...] = ()

    def run(self, task: Run, recipe: Recipe) -> Run:
        """Where its checkpoint is, and what this must carry: no fold of other pictures goes on with it.

        Args:
            task: of the release.
            recipe: of the folds.
        """
        parts = (self.pictures.tolist(), self.photos.tolist(), self.photo_sha256, recipe.as_json())
        dealt = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]
        name = f"fold{self.number}of{self.of}"
        return replace(
            task, folder=task.folder / name, fingerprint=f"{task.fingerprint}-{name}-{dealt}", events=None
        )

    def asked(self, parts: Split, photos: Photos | None) -> tuple[PixelsBatch, list[Pixels | None]]:
        """What it answers: its pictures, then its photos, and the second crop of each."""
        pictures = parts.train.images[self.pictures]
        if photos is None:
            return pictures, [None] * len(pictures)
        mine = photos.take(self.photos)
        return np.concatenate([pictures, mine.images]), [*[None] * len(pictures), *mine.worn]

    def learnt(self, parts: Split, photos: Photos | None) -> tuple[Split, Photos | None]:
        """What it learns: the same held-out pictures, and no photo of a group that it answers."""
        others = np.setdiff1d(np.arange(len(parts.train)), self.pictures)
        if photos is not None:
            asked = {photos.keys[place] for place in self.photos}
            photos = photos.take(np.flatnonzero([key not in asked for key in photos.keys]))
        return replace(parts, train=parts.train.take(others)), photos


@dataclass(frozen=True)
class OutOfFold:
    """The answers of all folds.

    Attributes:
        folds: how many.
        epochs: at most so many for each network.
        pictures: to all training pictures, in their order; None if these were not dealt.
        photos: the same for photos.
    """

    folds: int
    epochs: int
    pictures: Scores | None
    photos: Scores | None


def deal(
    parts: Split, photos: Photos | None, folds: int, *, pictures: bool, before: int = 0
) -> tuple[Fold, ...]:
    """Deal what a network learns into folds; pictures and photos of one group are in one fold.

    Args:
        parts: the training pictures that are dealt, and the held-out ones that are not.
        photos: dealt so that each label of each tier keeps its share; None if they are not dealt.
        folds: how many.
        pictures: whether training pictures are dealt.
        before: number of photos that are not dealt, and that come before these.

    Raises:
        BadRecipe: a class has fewer training pictures than there are folds, or these are more than the groups
            of the photos.
    """
    of_pictures = [NONE] * folds
    if pictures:
        of_pictures = [mine for _, mine in fold_indices(parts.train.labels, parts.train.groups, folds)]
    of_photos = [NONE] * folds
    if photos is not None:
        kinds = np.array([f"{tier} {label}" for tier, label in zip(photos.tiers, photos.labels, strict=True)])
        of_photos = [before + mine for _, mine in dealt_indices(kinds, np.array(photos.keys), folds)]
    digests = [() if photos is None else photos.take(mine - before).sha256 for mine in of_photos]
    shares = zip(of_pictures, of_photos, digests, strict=True)
    return tuple(Fold(number, folds, *share) for number, share in enumerate(shares, start=1))


def gathered(folds: Sequence[Fold], answers: Sequence[Scores], epochs: int) -> OutOfFold:
    """Put the answers of all folds into the order of the pictures, and of the photos.

    Args:
        folds: all that were dealt.
        answers: of each one's network, to its pictures and then to its photos.
        epochs: at most so many had each network.
    """
    counts = [len(fold.pictures) for fold in folds]
    of_pictures = [_some(one, slice(count)) for one, count in zip(answers, counts, strict=True)]
    of_photos = [_some(one, slice(count, None)) for one, count in zip(answers, counts, strict=True)]
    return OutOfFold(
        len(folds),
        epochs,
        _in_order([fold.pictures for fold in folds], of_pictures),
        _in_order([fold.photos for fold in folds], of_photos),
    )


def _in_order(places: Sequence[Indices], answers: Sequence[Scores]) -> Scores | None:
    order = np.argsort(np.concatenate(places))
    return _some(joined(answers), order) if len(order) else None


def _some(scores: Scores, chosen: slice | Indices) -> Scores:
    distances = None if scores.distances is None else scores.distances[chosen]
    return Scores(scores.probabilities[chosen], distances)

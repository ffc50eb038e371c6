"""How many variants to make of each photo, and of which garments of the training set.

A folder of photos is uneven: a thousand worn T-shirts and no boots. A network that learns it as it is takes
boots seen from above for sneakers. So each label of each tier gets a number of variants; where photos are
missing, the training set's own garments are laid on photographed grounds. Reads some photos, to see which
tiers are cluttered. Variants: variants.py.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.arrays import Pixels
from inference.contract import Imaging
from training.data.datasets import LabelledImages
from training.photos.drawn_shoes import DRAWN
from training.photos.reading import OOD, Photos
from training.photos.variants import Task, is_cluttered
from training.recipes import Recipe

KNOWN: Final = (450, 900)
"""Fewest and most variants of one label in one tier: as many as taught rare labels, and no more than a
class of the training set can bear beside its own 6,000."""

OOD_KNOWN: Final = (100, 160)
"""The same of one label that is none of the classes: there are many of them, and all say the same."""

OF_ONE: Final = 12
"""Most variants of one photo; more would be learnt by heart."""

OF_ONE_RARE: Final = 20
RARE: Final = 20
"""Photos of one label in one tier up to which OF_ONE_RARE holds: little variety is better than none."""

GARMENTS: Final = 250
"""Fewest variants made of the training set for a class, so that looking drawn says nothing about it."""

DRAWINGS: Final = 1000
"""Pairs of shoes from above that are drawn of each label that can be: as many as a well-covered tier has."""

LOT: Final = 10
"""Drawings of one task."""

LOOKED_AT: Final = 50
"""Photos of a tier that are looked at to see whether it is cluttered: most of them decide."""

WORN: Final = "B"
"""The tier of photos on which a person wears the garment: they are cut short, and not laid on a floor."""

PAIRED: Final = frozenset({"Sandal", "Sneaker", "Ankle boot"})
"""Classes that people own and photograph two of; the data set shows one, from the side."""


@dataclass(frozen=True)
class Planned:
    """A task, and what its variants are: a class's index, or OOD."""

    task: Task
    label: int


def plan(
    photos: Photos, train: LabelledImages, labels: tuple[str, ...], imaging: Imaging, recipe: Recipe
) -> list[Planned]:
    """Decide on all variants.

    Args:
        photos: to learn from.
        train: the training set, without what is held out of it.
        labels: of the model.
        imaging: how the model wants pictures converted.
        recipe: its `variants` scales the numbers that the constants here set; its `seed` and a photo's
            content decide the variants.

    Returns:
        Photos by content, then garments by class, then drawings: the same whatever the files are called.
    """
    scale, seed = recipe.variants, recipe.seed
    grounds = _grounds(photos, imaging)

    def planned(
        source: Path | Pixels | str, content: str, label: int, count: int, *, worn: bool = False
    ) -> Planned:
        source_seed = _seed(seed, content)
        paired = label != OOD and labels[label] in PAIRED
        drawn = np.random.default_rng([source_seed, 0, _GROUNDS]).integers(max(1, len(grounds)), size=count)
        under = tuple(grounds[place] if grounds else None for place in drawn)
        return Planned(Task(source, source_seed, under, paired, worn, imaging), label)

    made = []
    for index, count in _counts(photos, scale, seed):
        label, worn = int(photos.labels[index]), photos.tiers[index] == WORN
        made.append(planned(photos.files[index], photos.sha256[index], label, count, worn=worn))
    # A picture that is drawn again is another variant of one task: tasks of one picture have the same seed.
    garments = Counter(
        (train.images[index].tobytes(), int(train.labels[index]))
        for index in _garments(made, train, len(labels), scale, seed)
    )
    for (content, label), count in garments.items():
        pixels = np.frombuffer(content, np.uint8).reshape(train.images.shape[1:])
        made.append(planned(pixels, hashlib.sha256(content).hexdigest(), label, count))
    for shoe in filter(DRAWN.__contains__, labels):
        for lot in range(round(DRAWINGS * scale / LOT)):
            made.append(planned(shoe, f"{shoe} {lot}", labels.index(shoe), LOT))
    return made


def _seed(seed: int, source: str) -> int:
    return int(hashlib.sha256(f"{seed} {source}".encode()).hexdigest()[:16], 16)


_EXTRA, _GROUNDS = 1, 2
"""What a photo's seed is drawn from for, beside its variants: those are drawn from [seed, number] alone."""


def _by_content(photos: Photos) -> list[int]:
    return sorted(range(len(photos)), key=photos.sha256.__getitem__)


def _grounds(photos: Photos, imaging: Imaging) -> list[Path]:
    """The known photos of tiers that are cluttered more often than not, by content."""
    tiers: dict[str, list[Path]] = {}
    for index in _by_content(photos):
        if photos.labels[index] != OOD:
            tiers.setdefault(photos.tiers[index], []).append(photos.files[index])
    return [
        file
        for _, files in sorted(tiers.items())
        if np.mean([is_cluttered(file, imaging) for file in files[:LOOKED_AT]]) > 0.5
        for file in files
    ]


def _counts(photos: Photos, scale: float, seed: int) -> Iterator[tuple[int, int]]:
    """How many variants of each photo that gets any, by content."""
    # Each kind of out-of-distribution photo, which is a folder, counts on its own.
    ood = np.equal(photos.labels, OOD)
    kinds = np.where(ood, photos.kinds, "")
    cells = list(zip(photos.tiers, photos.labels.tolist(), kinds.tolist(), strict=True))
    sizes = Counter(cells)
    for index in _by_content(photos):
        size = sizes[cells[index]]
        fewest, most = OOD_KNOWN if ood[index] else KNOWN
        bearable = OF_ONE if size > RARE else OF_ONE_RARE
        wanted = min(min(max(size, fewest * scale), most * scale) / size, bearable * scale)
        # What is left of a share decides by chance, so that a label of thousands gets its hundreds.
        extra = np.random.default_rng([_seed(seed, photos.sha256[index]), 0, _EXTRA]).random() < wanted % 1
        if count := int(wanted) + int(extra):
            yield index, count


def _garments(
    planned: list[Planned], train: LabelledImages, classes: int, scale: float, seed: int
) -> list[int]:
    """Which pictures of the training set become photos: so many that no class is far behind the first."""
    of_class = Counter(dict.fromkeys(range(classes), 0))
    for one in planned:
        of_class[one.label] += len(one.task.grounds)
    del of_class[OOD]
    most, chosen = max(of_class.values()), list[int]()
    for label, count in of_class.items():
        wanted = int(max(most - count, GARMENTS * scale))
        members = np.flatnonzero(train.labels == label)
        rng = np.random.default_rng([seed, label])
        chosen += rng.choice(members, wanted, replace=wanted > len(members)).tolist()
    return chosen

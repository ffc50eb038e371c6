"""What photos of a whole shop show, and what heads answer that know nothing of their source or kind.

A head learns the kinds of kinds.csv, and the names of the attribute `kind` add them up; what has no kind
there is not learnt, to judge own kinds on. Vectors are files of strangers.py. The release: kind_head.py.
"""

import csv
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from lab.attribute_head import UNITS
from lab.pretraining_photos import Photo
from lab.strangers_heads import SOURCES, networks_of, parts_of
from lab.tuning_photos import MEASURED_ALONE, PARTS
from training.data.vectors import Features, Vectors
from training.features.weights import read_npz
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.heads.photo_head import BALANCE

CLASSES: Final = ("top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
OTHER: Final = "other"
"""The name of what has no other one; it is never accepted."""
OF_CATALOGUE: Final = 0.3
"""What a photo of 60 x 80 pixels counts."""
OF_NAMES: Final = {"skirt": 0.7, "underwear": 2.0, "jewellery": 0.15, OTHER: 1.3}
"""What a photo of one name counts: few photos are called jewellery that are none, and underwear is found."""
WORDS: Final = Path(__file__).with_name("kinds.csv")
"""What sources call photos of none of the classes, the kind that a head learns, and its name."""


@cache
def kinds_of_words() -> dict[str, tuple[str, str]]:
    """Kind and name of each word."""
    with WORDS.open(encoding="utf-8", newline="") as file:
        return {row["word"]: (row["kind"], row["name"]) for row in csv.DictReader(file)}


def names_of_kinds() -> tuple[str, ...]:
    """Those of the classes, further ones, and OTHER."""
    further = dict.fromkeys(name for _, name in kinds_of_words().values() if name != OTHER)
    return (*CLASSES, *further, OTHER)


def kind_of(photo: Photo) -> tuple[str, str]:
    """Kind and name of what a photo shows; an empty kind is not learnt, an empty name not asked."""
    if photo.label is not None:
        return CLASSES[photo.label], CLASSES[photo.label]
    word = (photo.source_label or photo.kind or "").rpartition(":")[2].casefold()
    return kinds_of_words().get(word, ("", ""))


class KindPhotos:
    """Photos with their kinds and names, and heads on them."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self.photos = photos
        self.kinds, self.names = (np.array(column) for column in zip(*map(kind_of, photos), strict=True))
        self.learnable = (self.kinds != "") & [photo.source not in MEASURED_ALONE for photo in photos]
        self.asked = (self.names != "") & [photo.archive.startswith(SOURCES) for photo in photos]
        self.weights = self._weights()

    def _weights(self) -> NDArray[np.float64]:
        """Of each in the loss, float64 (N,): n photos of a kind, tier and source have n^(1 - BALANCE)."""
        cells = [f"{kind} {one.tier} {one.source}" for kind, one in zip(self.kinds, self.photos, strict=True)]
        _, of_each, counts = np.unique(cells, return_inverse=True, return_counts=True)
        is_small = [photo.archive.startswith("catalogue") for photo in self.photos]
        of_names = [OF_NAMES.get(name, 1.0) for name in self.names.tolist()]
        return np.asarray(counts[of_each] ** -BALANCE * np.where(is_small, OF_CATALOGUE, 1) * of_names)

    def fit(self, both: Vectors, learnt: NDArray[np.bool_]) -> tuple[HiddenHead, Vectors]:
        """A head on some of the photos, and the name of each of its kinds: float32 (kinds, names), 1 or 0.

        Args:
            both: float32 (2, N, D), vectors of all and of their mirror images.
            learnt: bool (N,).
        """
        places = np.flatnonzero(learnt)
        kinds, labels = np.unique(self.kinds[places], return_inverse=True)
        codes = labels.astype(np.uint8)
        head = fit_hidden_head(Features(*both[:, places]), codes, self.weights[places], UNITS)
        name_of = dict(zip(self.kinds.tolist(), self.names.tolist(), strict=True))
        names = names_of_kinds()
        return head, np.array([[name_of[kind] == name for name in names] for kind in kinds], np.float32)

    def answers(self, vectors: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities of the names of asked photos, float64 (N, names), else NaN, of two heads each.

        The first head learnt nothing of the source. The second, of a photo that has no name but OTHER,
        learnt nothing of its kind either; of other photos it lacks some kinds without a name.

        Args:
            vectors: the folder of strangers.py.
        """
        parts, names = parts_of(self.photos), names_of_kinds()
        groups = {kind: place % PARTS for place, kind in enumerate(np.unique(self.kinds[self._is_other]))}
        group_of = np.array([groups.get(kind, -1) for kind in self.kinds.tolist()])
        of_source, of_kind = (np.full((len(self.photos), len(names)), np.nan) for _ in range(2))
        for part, group in product(range(PARTS), (-1, *range(PARTS))):
            for path, of_network in networks_of(self.photos, vectors, "start"):
                both = read_npz(path)["both"].astype(np.float32)
                learnt = self.learnable & (parts != part) & ((group < 0) | (group_of != group))
                asked, (head, sums) = self.asked & of_network & (parts == part), self.fit(both, learnt)
                if group < 0:
                    _answer(of_source, head, sums, both, asked)
                else:
                    _answer(of_kind, head, sums, both, asked & np.isin(group_of, (group, -1)))
        unlearnt = self.asked & (self.kinds == "")
        of_kind[unlearnt] = of_source[unlearnt]
        return of_source, of_kind

    @property
    def _is_other(self) -> NDArray[np.bool_]:
        return np.asarray((self.names == OTHER) & (self.kinds != ""))


def _answer(
    rows: NDArray[np.float64], head: HiddenHead, sums: Vectors, both: Vectors, asked: NDArray[np.bool_]
) -> None:
    rows[asked] = softmax(head.logits(both[0, asked]).astype(np.float64), 1) @ sums

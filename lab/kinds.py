"""What photos of a whole shop show, and what heads answer that know nothing of their source or kind.

A head learns kinds, and the names of the attribute `kind` add them up (kind_words.py). Vectors are files of
strangers.py. The release: kind_head.py.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from lab.attribute_head import UNITS
from lab.kind_words import OTHER, kind_of, names_of_kinds
from lab.pretraining_photos import Photo
from lab.strangers_heads import SOURCES, parts_of, vectors_of
from lab.tuning_photos import MEASURED_ALONE, PARTS
from training.data.vectors import Features, Vectors
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.heads.photo_head import BALANCE

OF_CATALOGUE: Final = 0.3
"""What a photo of 60 x 80 pixels counts."""
OF_NAMES: Final = {"skirt": 0.4, "underwear": 2.0, "jewellery": 0.2, OTHER: 1.3}
"""What a photo of one name counts: few photos are called jewellery that are none, and underwear is found."""


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
        head = fit_hidden_head(Features(*both[:, places]), codes, len(kinds), self.weights[places], UNITS)
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
            both = vectors_of(vectors, part)
            learnt = self.learnable & (parts != part) & ((group < 0) | (group_of != group))
            asked, (head, sums) = self.asked & (parts == part), self.fit(both, learnt)
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

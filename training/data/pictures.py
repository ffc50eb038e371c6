"""The one table of labelled pictures: a row a picture, a column an attribute.

read.py makes it of files, fashion.py of pixels without files, features/shipped.py of vectors alone;
probabilities stand beside it, in arrays of as many rows. Touches nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.contract import LABEL, NetworkName
from training.data.labels import Codes, Labels, Places
from training.data.learnt_hashes import ContentHashes, Learnt
from training.data.perceptual_hashes import NO_HASHES, Hashes
from training.data.picture_files import FileImages
from training.data.vectors import NOT_SEEN, Features, joined

TEXTS: Final = ("sha256", "groups", "tiers", "spelt", "sources")
"""Columns of text."""

NO_PIXELS: Final[PixelsBatch] = np.zeros(0, np.uint8)
NOT_SAID: Final = np.zeros(0, np.bool_)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """N labelled pictures, each content once; a column that is not there is empty.

    Attributes:
        labels: the labels by question, those of the class, LABEL, first.
        sha256: str (N,), hex digests of the files, or of the pixels where there are none.
        groups: str (N,), the smallest content in each picture's group: equal ones stay on one side of every
            split. Its own content where a picture belongs with no other.
        tiers: str (N,), how a photo was taken; empty texts where that is not said.
        spelt: str (N,), the label of each as it was spelt, which says what an OOD photo shows.
        sources: str (N,), the shop or collection; empty texts where that is not known.
        pixels: uint8, as the model reads them; of large pictures their files, read when needed. Not there of
            vectors that come with this package.
        files: the file of each; not there of pixels without files.
        networks: the network that each is for, by name.
        features: the features that a network made, if one saw them.
        hashes: the perceptual hash of each; not there of pixels without files.
        is_plain: bool (N,), whether the border of each has one colour; likewise.
        checked: bool (N,), whether a person checked the label of each; not there where that is not said.
        of_products: whether groups are products.
    """

    labels: Mapping[str, Labels]
    sha256: ContentHashes
    groups: ContentHashes
    tiers: NDArray[np.str_]
    spelt: NDArray[np.str_]
    sources: NDArray[np.str_]
    pixels: PixelsBatch | FileImages = field(default_factory=NO_PIXELS.copy)
    files: tuple[Path, ...] = ()
    networks: tuple[NetworkName, ...] = ()
    features: Features = NOT_SEEN
    hashes: Hashes = field(default_factory=NO_HASHES.copy)
    is_plain: NDArray[np.bool_] = field(default_factory=NOT_SAID.copy)
    checked: NDArray[np.bool_] = field(default_factory=NOT_SAID.copy)
    of_products: bool = False

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.sha256)

    def in_words(self, what: str = "pictures") -> str:
        """Say how many pictures there are, of how many classes, and of how many groups if these are fewer."""
        classes, groups = np.unique(self.classes[self.classes >= 0]), len(np.unique(self.groups))
        of_groups = f" and {groups:,} groups" if groups < len(self) else ""
        return f"{len(self):,} {what} of {len(classes):,} classes{of_groups}"

    @property
    def classes(self) -> Codes:
        """The class of each, int16 (N,)."""
        return self.labels[LABEL].main

    @property
    def attributes(self) -> dict[str, Labels]:
        """The other questions."""
        return {name: label for name, label in self.labels.items() if name != LABEL}

    @classmethod
    def of_pixels(cls, images: PixelsBatch, classes: NDArray[np.integer[Any]]) -> Self:
        """Make pictures of pixels without files, each in a group of its own, of classes without names."""
        pixels, unknown = np.ascontiguousarray(images, np.uint8), np.full(len(classes), "")
        sha256 = np.array([hashlib.sha256(picture.data).hexdigest() for picture in pixels])
        pixels_of: NetworkName = "pixels"
        return cls(
            pixels=pixels,
            labels={LABEL: Labels.of(classes, tuple(map(str, range(max(classes, default=0) + 1))))},
            sha256=sha256,
            groups=sha256,
            tiers=unknown,
            spelt=unknown,
            sources=unknown,
            files=(),
            networks=(pixels_of,) * len(classes),
        )

    @property
    def images(self) -> PixelsBatch:
        """All of them, in memory."""
        return self.pixels[:]

    def take(self, places: Places) -> "Pictures":
        """Return the pictures at these positions, in this order, or those that a mask picks."""
        chosen = np.arange(len(self))[places]
        return replace(
            self,
            labels={name: labels.take(chosen) for name, labels in self.labels.items()},
            **{name: _rows(getattr(self, name), chosen) for name in COLUMNS},
        )

    def followed_by(self, others: "Pictures") -> "Pictures":
        """Return these pictures, and then others: their labels, texts and features, and who checked them."""
        texts: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(others, name)]) for name in TEXTS
        }
        return Pictures(
            labels={name: labels.followed_by(others.labels[name]) for name, labels in self.labels.items()},
            features=joined([self.features, others.features]),
            checked=np.concatenate([self.checked, others.checked]),
            **texts,
        )

    @property
    def learnt(self) -> Learnt:
        """Hashes that a release keeps if it learns all of them."""
        is_photo = np.array([name == "photos" for name in self.networks], np.bool_)
        return Learnt.of(self.sha256, self.hashes[is_photo] if len(self.hashes) else NO_HASHES)

    @property
    def of_known_class(self) -> "Pictures":
        """Pictures whose class is known."""
        return self.take(self.classes >= 0)

    def digest(self) -> str:
        """Return the hex SHA-256 of the images' bytes followed by the labels' bytes, uint8, C order.

        Equal for the same data whichever file format it came in. Of large pictures it is that of their hashes
        in place of the images' bytes.
        """
        lie_on_disk = isinstance(self.pixels, FileImages)
        digest = hashlib.sha256("".join(self.sha256.tolist()).encode() if lie_on_disk else self.images.data)
        digest.update(self.classes.astype(np.uint8).data)
        return digest.hexdigest()


COLUMNS: Final = tuple(
    column.name for column in fields(Pictures) if column.name not in {"labels", "of_products"}
)


def _rows(column: Any, chosen: NDArray[np.int64]) -> Any:  # noqa: ANN401 - of whatever kind a column is
    """Return a column at these positions; one that is not there stays so."""
    if not len(column):
        return column
    if isinstance(column, tuple):
        return tuple(column[place] for place in chosen)
    return column[chosen] if isinstance(column, np.ndarray) else column.take(chosen)

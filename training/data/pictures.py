"""A table of labelled pictures: one row for each picture, one column for each fact.

read.py makes it from files, fashion.py from pixels without files, and features/shipped.py from feature
vectors alone. Probabilities are kept in separate arrays with the same number of rows. Touches nothing.
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
"""Names of the columns of text."""

NO_PIXELS: Final[PixelsBatch] = np.zeros(0, np.uint8)
NOT_SAID: Final = np.zeros(0, np.bool_)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """N labelled pictures, each different, as columns. A column without values is empty.

    Attributes:
        labels: the labels by question, with the class, LABEL, first.
        sha256: str (N,), the hex digest of each file, or of the pixels if there is no file.
        groups: str (N,), the group of each picture, named by its alphabetically first sha256. Pictures of one
            group stay on the same side of every split. A picture without relatives is its own group.
        tiers: str (N,), how each photo was taken; empty text if it is not known.
        spelt: str (N,), the label of each picture as it was spelt. For a picture of none of the classes it
            says what the picture shows.
        sources: str (N,), the shop or collection of each picture; empty text if it is not known.
        pixels: uint8 (N, ...), the input of the model; for large pictures an object that reads the files when
            needed. Empty for feature vectors that come with this package.
        files: the file of each picture; empty for pixels without files.
        networks: the name of the network that should read each picture, `pixels` or `photos`.
        features: the network's features of the pictures; empty if no network was used.
        hashes: uint64 (N, 10), the perceptual hash of each picture; empty for pixels without files.
        is_plain: bool (N,), whether the border of each picture has one colour; empty for pixels without
            files.
        checked: bool (N,), whether a person checked the label of each picture; empty if it is not known.
        of_products: whether the groups are products.
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
        """Return a text such as "1,200 pictures of 10 classes", with the number of groups if it is smaller.

        Args:
            what: the noun for the pictures.
        """
        classes, groups = np.unique(self.classes[self.classes >= 0]), len(np.unique(self.groups))
        of_groups = f" and {groups:,} groups" if groups < len(self) else ""
        return f"{len(self):,} {what} of {len(classes):,} classes{of_groups}"

    @property
    def classes(self) -> Codes:
        """The class index of each picture, int16 (N,), or a negative code such as UNKNOWN."""
        return self.labels[LABEL].main

    @property
    def attributes(self) -> dict[str, Labels]:
        """The labels of all questions but the class, by the name of the attribute."""
        return {name: label for name, label in self.labels.items() if name != LABEL}

    @classmethod
    def of_pixels(cls, images: PixelsBatch, classes: NDArray[np.integer[Any]]) -> Self:
        """Make labelled pictures from pixels without files, each in a group of its own.

        Args:
            images: uint8 (N, ...), the pixels.
            classes: integers (N,), the class index of each picture; the classes are named by their numbers.
        """
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
        """The pixels of all pictures in memory, uint8 (N, ...)."""
        return self.pixels[:]

    def take(self, places: Places) -> "Pictures":
        """Return the pictures at these positions, in this order, or the pictures that a mask picks."""
        chosen = np.arange(len(self))[places]
        return replace(
            self,
            labels={name: labels.take(chosen) for name, labels in self.labels.items()},
            **{name: _rows(getattr(self, name), chosen) for name in COLUMNS},
        )

    def followed_by(self, others: "Pictures") -> "Pictures":
        """Return these pictures followed by others, without pixels and files.

        Labels, features, columns of text and `checked` are joined; all other columns of the result are empty.
        """
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
        """Hashes of these pictures, which a release stores if it learns them."""
        is_photo = np.array([name == "photos" for name in self.networks], np.bool_)
        return Learnt.of(self.sha256, self.hashes[is_photo] if len(self.hashes) else NO_HASHES)

    @property
    def of_known_class(self) -> "Pictures":
        """The pictures whose class is known."""
        return self.take(self.classes >= 0)

    def digest(self) -> str:
        """Return the hex SHA-256 of all pixels followed by all class indices, uint8, in C order.

        The digest is equal for equal data in any file format. For large pictures, the hashes of their files
        are used in place of pixels.
        """
        lie_on_disk = isinstance(self.pixels, FileImages)
        digest = hashlib.sha256("".join(self.sha256.tolist()).encode() if lie_on_disk else self.images.data)
        digest.update(self.classes.astype(np.uint8).data)
        return digest.hexdigest()


COLUMNS: Final = tuple(
    column.name for column in fields(Pictures) if column.name not in {"labels", "of_products"}
)


def _rows(column: Any, chosen: NDArray[np.int64]) -> Any:  # noqa: ANN401 - of whatever kind a column is
    """Return a column at these positions; an empty column stays empty."""
    if not len(column):
        return column
    if isinstance(column, tuple):
        return tuple(column[place] for place in chosen)
    return column[chosen] if isinstance(column, np.ndarray) else column.take(chosen)

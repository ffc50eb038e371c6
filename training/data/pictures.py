"""A table of labelled pictures: one row for each picture, one column for each fact.

The pictures may be files, pixels without files, or only feature vectors. Probabilities are kept in separate
arrays with the same number of rows.
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
from inference.text.plain_text import format_count
from training.data.labels import LabelCodes, Labels, RowSelection
from training.data.learnt_hashes import LearntHashes, PictureDigests
from training.data.perceptual_hashes import NO_PERCEPTUAL_HASHES, PerceptualHashes
from training.data.picture_files import FileImages
from training.data.vectors import NO_FEATURES, Features, join_features

TEXT_COLUMNS: Final = ("sha256", "groups", "tiers", "spelt", "sources")
"""Names of the columns of `Pictures` that have a text for each picture."""

NO_PIXELS: Final[PixelsBatch] = np.zeros(0, np.uint8)
NO_FLAGS: Final = np.zeros(0, np.bool_)
"""Empty columns, for pictures whose pixels or flags are not there."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """N labelled pictures, each different, as columns. A column without values is empty.

    Attributes:
        labels: the labels by question: the class (LABEL) first, then attributes.
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
        is_checked: bool (N,), whether a person checked the label of each picture; empty if it is not known.
        has_product_groups: whether the groups are products.
    """

    labels: Mapping[str, Labels]
    sha256: PictureDigests
    groups: PictureDigests
    tiers: NDArray[np.str_]
    spelt: NDArray[np.str_]
    sources: NDArray[np.str_]
    pixels: PixelsBatch | FileImages = field(default_factory=NO_PIXELS.copy)
    files: tuple[Path, ...] = ()
    networks: tuple[NetworkName, ...] = ()
    features: Features = NO_FEATURES
    hashes: PerceptualHashes = field(default_factory=NO_PERCEPTUAL_HASHES.copy)
    is_plain: NDArray[np.bool_] = field(default_factory=NO_FLAGS.copy)
    is_checked: NDArray[np.bool_] = field(default_factory=NO_FLAGS.copy)
    has_product_groups: bool = False

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.sha256)

    def describe_size(self, noun: str = "picture") -> str:
        """Return a text such as "1,200 pictures of 10 classes", with the number of groups if smaller."""
        classes = np.unique(self.classes[self.classes >= 0])
        groups = len(np.unique(self.groups))
        group_text = f" and {format_count(groups, 'group')}" if groups < len(self) else ""
        class_text = format_count(len(classes), "class", "classes")
        return f"{format_count(len(self), noun)} of {class_text}{group_text}"

    @property
    def classes(self) -> LabelCodes:
        """The class index of each picture, int16 (N,), or a negative code such as UNKNOWN_LABEL."""
        return self.labels[LABEL].main_codes

    @property
    def attributes(self) -> dict[str, Labels]:
        """The labels of all questions but the class, by the name of the attribute."""
        return {name: label for name, label in self.labels.items() if name != LABEL}

    @classmethod
    def make_from_pixels(cls, images: PixelsBatch, classes: NDArray[np.integer[Any]]) -> Self:
        """Make labelled pictures from pixels without files, each in a group of its own.

        Args:
            images: uint8 (N, ...), the pixels.
            classes: integers (N,), the class index of each picture; the classes are named by their numbers.
        """
        pixels = np.ascontiguousarray(images, np.uint8)
        empty_texts = np.full(len(classes), "")
        sha256 = np.array([hashlib.sha256(picture.data).hexdigest() for picture in pixels])
        network_name: NetworkName = "pixels"
        return cls(
            pixels=pixels,
            labels={
                LABEL: Labels.make_from_codes(classes, tuple(map(str, range(max(classes, default=0) + 1))))
            },
            sha256=sha256,
            groups=sha256,
            tiers=empty_texts,
            spelt=empty_texts,
            sources=empty_texts,
            files=(),
            networks=(network_name,) * len(classes),
        )

    @property
    def images(self) -> PixelsBatch:
        """The pixels of all pictures in memory, uint8 (N, ...)."""
        return self.pixels[:]

    def take(self, rows: RowSelection) -> "Pictures":
        """Return the pictures at these positions, in this order, or the pictures that a mask picks."""
        positions = np.arange(len(self))[rows]
        return replace(
            self,
            labels={name: labels.take(positions) for name, labels in self.labels.items()},
            **{name: _take_rows(getattr(self, name), positions) for name in PICTURE_COLUMNS},
        )

    def concatenate(self, other_pictures: "Pictures") -> "Pictures":
        """Return these pictures followed by others, without pixels and files.

        Labels, features, columns of text and `is_checked` are joined; all other columns of the result are
        empty.
        """
        texts: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other_pictures, name)])
            for name in TEXT_COLUMNS
        }
        return Pictures(
            labels={
                name: labels.concatenate(other_pictures.labels[name]) for name, labels in self.labels.items()
            },
            features=join_features([self.features, other_pictures.features]),
            is_checked=np.concatenate([self.is_checked, other_pictures.is_checked]),
            **texts,
        )

    @property
    def learnt_hashes(self) -> LearntHashes:
        """Hashes of these pictures, which a release stores if it learns them."""
        is_photo = np.array([name == "photos" for name in self.networks], np.bool_)
        return LearntHashes.make_from_digests(
            self.sha256, self.hashes[is_photo] if len(self.hashes) else NO_PERCEPTUAL_HASHES
        )

    @property
    def pictures_of_known_class(self) -> "Pictures":
        """The pictures whose class is known."""
        return self.take(self.classes >= 0)

    def compute_digest(self) -> str:
        """Return the hex SHA-256 of all pixels followed by all class indices, uint8, in C order.

        The digest is equal for equal data in any file format. For large pictures, the hashes of their files
        are used in place of pixels.
        """
        is_on_disk = isinstance(self.pixels, FileImages)
        digest = hashlib.sha256("".join(self.sha256.tolist()).encode() if is_on_disk else self.images.data)
        digest.update(self.classes.astype(np.uint8).data)
        return digest.hexdigest()


PICTURE_COLUMNS: Final = tuple(
    column.name for column in fields(Pictures) if column.name not in {"labels", "has_product_groups"}
)
"""Names of the fields of `Pictures` that have an entry for each picture, or are empty."""


def _take_rows(column: Any, positions: NDArray[np.int64]) -> Any:  # noqa: ANN401 - of whatever kind a column is
    """Return a column at these positions; an empty column stays empty."""
    if not len(column):
        return column
    if isinstance(column, tuple):
        return tuple(column[place] for place in positions)
    return column[positions] if isinstance(column, np.ndarray) else column.take(positions)

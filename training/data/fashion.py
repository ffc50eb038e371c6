"""A data set of pictures with labels, in two parts, and the names of the classes of Fashion-MNIST.

A release has the names of its classes in its manifest, so code that serves a release does not need this file.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from inference.arrays import PixelsBatch
from inference.classifier import MAX_RUN_NUMBERS
from inference.contract import GREY_28, LABEL, InputContract
from model_store.manifest import DataSet
from training.data.class_names import match_class_names
from training.data.labels import Labels
from training.data.picture_files import FileImages
from training.data.pictures import Pictures
from training.errors import DataError
from training.progress import Say

FASHION_MNIST: Final = "Fashion-MNIST"

OTHER_DATA_SET_NAME: Final = "other pictures in Fashion-MNIST's form"
"""Name in the manifest for data of pixels that is not Fashion-MNIST itself."""

FASHION_MNIST_TRAIN_SHA256: Final = "16d82e2b505296aa2b78bd5ea0992634f30419a4c97def7c907d154a35ac6157"
FASHION_MNIST_TEST_SHA256: Final = "9f1ec356a747bfe4ebab3cfb722d3694c9ca737e2570f6f90cf31d7b6fd689d4"
"""Hashes of the two original parts of Fashion-MNIST, by `Pictures.compute_digest`. Other data is not called
Fashion-MNIST."""

FASHION_MNIST_PARTS: Final = (
    "4731307d751076c8e9a5a3c6cf9aff64c0c524159315cc1d901f3e04b15a2b67",
    "2abda68f968aa62faf1a2925945295f7a355503f14e2be01acc5adb4e6307af1",
)
"""Hashes of the same parts, by `_compute_unordered_digest`. Copies as CSV often have the pictures in another
order."""

FASHION_MNIST_LABELS: Final = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""Class names in index order (arXiv 1708.07747, table 2)."""


MAX_MODEL_BATCH_SIZE: Final = 500
"""Largest number of pictures in one run of a model. More would need more memory for the same answers."""


def choose_model_batch_size(images: PixelsBatch | FileImages) -> int:
    """Return the number of pictures for one run of a model: MAX_MODEL_BATCH_SIZE, fewer if they are large."""
    return max(1, min(MAX_MODEL_BATCH_SIZE, MAX_RUN_NUMBERS // math.prod(images.shape[1:])))


def split_into_batches(images: PixelsBatch | FileImages) -> Iterator[PixelsBatch]:
    """Yield pictures in their order, in batches that are small enough for a model's memory."""
    step = choose_model_batch_size(images)
    for start in range(0, len(images), step):
        yield images[start : start + step]


@dataclass(frozen=True)
class LabelledData:
    """A data set: a training set, and a test set that is used once, for the figures at the end.

    Attributes:
        train: the training set.
        test: the test set; empty if there is none. Then the training set is measured, each picture by a
            network that did not learn it.
        labels: class names in index order; 2 to 256 that differ.
        has_class_names: whether the data itself names its classes. IDX files and pixels in a CSV hold numbers
            alone; they get Fashion-MNIST's names by default.
        name: the name of the data; None to choose FASHION_MNIST or OTHER_DATA_SET_NAME by the hashes of the
            data.
        input_contract: the input contract of a model for these pictures: the shape and form of its pixels.
        licence: the licence of the data, as the user states it; None if nothing was stated.
        is_matched_by_name: whether `match_labels` compared the classes with the labels of a model by name.
    """

    train: Pictures
    test: Pictures
    labels: tuple[str, ...] = FASHION_MNIST_LABELS
    has_class_names: bool = False
    name: str | None = None
    input_contract: InputContract = GREY_28
    licence: str | None = None
    is_matched_by_name: bool = False

    @property
    def can_reorder_labels(self) -> bool:
        """Whether another order of a model's labels changes the names of its outputs, and not of the classes.

        False for data of class numbers alone, except Fashion-MNIST: its classes get the names of the outputs.
        """
        is_known_by_number = self.labels == FASHION_MNIST_LABELS and self.is_fashion_mnist
        return self.has_class_names or self.is_matched_by_name or is_known_by_number

    @property
    def evaluation_pictures(self) -> Pictures:
        """The pictures on which the model is measured: the test set, or without one the training set."""
        return self.test or self.train

    def describe_data_set(self) -> DataSet:
        """Return the name and the hashes of the data, for the manifest and the report."""
        train = self.train.compute_digest()
        test = self.evaluation_pictures.compute_digest()
        standard_name = (
            FASHION_MNIST
            if (train, test) == (FASHION_MNIST_TRAIN_SHA256, FASHION_MNIST_TEST_SHA256)
            else OTHER_DATA_SET_NAME
        )
        return DataSet(name=self.name or standard_name, train_sha256=train, test_sha256=test)

    @property
    def is_fashion_mnist(self) -> bool:
        """Whether one part has the pictures and class numbers of Fashion-MNIST, in any order."""
        return any(_compute_unordered_digest(part) in FASHION_MNIST_PARTS for part in (self.train, self.test))

    def match_labels(
        self, labels: tuple[str, ...], say: Say | None = None, *, is_forced: bool = False
    ) -> "LabelledData":
        """Return this data set with its class indices in the order of a model's labels.

        Data that names its classes is renumbered, and so is Fashion-MNIST if the labels are its names. Other
        data with class numbers alone keeps its numbers.

        Args:
            labels: the labels of the model, in the order of its outputs.
            say: a function that receives the names of classes that the model lacks, whose pictures are then
                left out; None to refuse such classes.
            is_forced: whether Fashion-MNIST keeps its numbers, although some labels are names of other
                numbers.

        Raises:
            DataError: the classes are different, or a class number is too high for the labels.
        """
        if self.has_class_names:
            return self._reorder_classes(labels, say)
        if self.is_fashion_mnist:
            matches = match_class_names(labels, FASHION_MNIST_LABELS)
            numbers = range(len(FASHION_MNIST_LABELS))
            if len(labels) == len(numbers) and set(matches) == set(numbers):
                spelt_labels = tuple(labels[matches.index(number)] for number in numbers)
                # Renumbered data has another hash, but is still Fashion-MNIST.
                data_source = replace(self, labels=spelt_labels, name=self.describe_data_set().name)
                return data_source._reorder_classes(labels, say)
            if not is_forced:
                _check_names_against_numbers(labels, matches)
        highest = int(max(part.classes.max() for part in (self.train, self.evaluation_pictures)))
        if highest >= len(labels):
            raise DataError(
                f"The data set has pictures of class {highest}, but the model knows {len(labels)}: "
                f"{', '.join(labels)}. Give it the data that the model was made for."
            )
        return replace(self, labels=labels)

    def _reorder_classes(self, labels: tuple[str, ...], say: Say | None) -> "LabelledData":
        """Return this data set with its classes numbered in the order of a model's labels.

        Raises:
            DataError: the model has a class that the data lacks, or, if `say` is None, lacks one of the data.
        """
        lacking_labels = [label for label in self.labels if label not in labels]
        if set(labels) - set(self.labels) or (lacking_labels and say is None):
            raise DataError(
                f"The data set has the classes {', '.join(self.labels)}, but the model {', '.join(labels)}. "
                "Give it the data that the model was made for."
            )
        if lacking_labels and say:
            say(f"Pictures of classes that the model lacks are left out: {', '.join(lacking_labels)}.")
        kept_numbers = [number for number, label in enumerate(self.labels) if label in labels]
        new_numbers = np.zeros(len(self.labels), np.int16)
        new_numbers[kept_numbers] = [labels.index(self.labels[number]) for number in kept_numbers]

        def renumber(part: Pictures) -> Pictures:
            kept_pictures = part.take(np.isin(part.classes, kept_numbers))
            return replace(
                kept_pictures,
                labels={
                    **kept_pictures.labels,
                    LABEL: Labels.make_from_codes(new_numbers[kept_pictures.classes], labels),
                },
            )

        return replace(
            self,
            train=renumber(self.train),
            test=renumber(self.test),
            labels=labels,
            is_matched_by_name=True,
        )


def _compute_unordered_digest(pictures: Pictures) -> str:
    """Return a hex SHA-256 of pictures with their class numbers that does not depend on their order."""
    rows = zip(pictures.sha256.tolist(), pictures.classes.tolist(), strict=True)
    return hashlib.sha256(
        "\n".join(sorted(f"{sha256} {number}" for sha256, number in rows)).encode()
    ).hexdigest()


def _check_names_against_numbers(labels: Sequence[str], matches: Sequence[int | None]) -> None:
    """Refuse labels of a model if one of them is Fashion-MNIST's name of another class number.

    Args:
        matches: the class number of Fashion-MNIST that each label names; None if it names none.

    Raises:
        DataError: a label has such a name; the message has the first one.
    """
    for number, (label, match) in enumerate(zip(labels, matches, strict=True)):
        if match not in {None, number}:
            expected = FASHION_MNIST_LABELS[number] if number < len(FASHION_MNIST_LABELS) else "missing"
            raise DataError(
                f"Label {number} of the model is {label!r}, but class {number} of Fashion-MNIST is "
                f"{expected}. The labels cannot be compared by name, since not all ten are Fashion-MNIST's. "
                f"Name the model's outputs in their order with {', '.join(FASHION_MNIST_LABELS)}; --force "
                "compares by number."
            )

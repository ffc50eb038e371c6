"""Labels of pictures by question: the class (LABEL), and attributes such as `colour`.

Each question is a column of a table. An empty cell means that the label is not known. In an attribute's
column, `none of these` also means that it is not known, `-` that the picture does not have the attribute, and
`blue/white` that several labels are right, the main one first.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import ATTRIBUTE_PATTERN, LABEL
from labelling.errors import TableUnusable
from labelling.lists.list_files import suggest_renaming
from labelling.write.columns import check_attributes
from training.data.listing import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, SPLIT_COLUMN, Listing
from training.errors import DataError

LABEL_SEPARATOR: Final = "/"
"""Sign between the labels of a cell, as in `blue/white`."""

UNKNOWN_LABEL: Final = -1
OOD: Final = -2
INAPPLICABLE_LABEL: Final = -3
"""Codes in place of a label's index. UNKNOWN_LABEL: the label is not known. OOD (out of distribution): the
picture shows none of the labels. INAPPLICABLE_LABEL: it does not have the attribute."""

LabelCodes: TypeAlias = NDArray[np.integer[Any]]
"""Integers (N,): a label's index, or UNKNOWN_LABEL, OOD or INAPPLICABLE_LABEL."""


RESERVED_COLUMNS: Final = frozenset({*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, SPLIT_COLUMN, LABEL})
"""Names of columns with a meaning of their own, which no attribute may have."""

MAX_LABELS_NAMED: Final = 5
"""Largest number of labels or rows that a message names."""

RowSelection: TypeAlias = NDArray[np.int64] | NDArray[np.bool_] | slice
"""Choice of rows of an array: positions, a mask or a slice."""


@dataclass(frozen=True)
class Labels:
    """The labels of N pictures for one question: the class, or an attribute such as `colour`.

    Attributes:
        names: the names of the C labels, in alphabetical order or in the order of a release.
        main_codes: int16 (N,), the index of each picture's main label, or a negative code: UNKNOWN_LABEL, OOD
            or INAPPLICABLE_LABEL.
        is_right: bool (N, C), whether each label is right for each picture; several may be.
        applies_to: the classes that have the attribute; None for all classes.
    """

    names: tuple[str, ...]
    main_codes: LabelCodes
    is_right: NDArray[np.bool_]
    applies_to: tuple[str, ...] | None = None

    @classmethod
    def make_from_codes(cls, main_codes: LabelCodes, names: Sequence[str]) -> Self:
        """Make the labels of pictures that have at most one right label each.

        Args:
            main_codes: integers (N,), the index of each picture's label; a negative number for no label.
            names: the names of the labels, by index.
        """
        codes = np.asarray(main_codes, np.int16)
        return cls(tuple(names), codes, codes[:, None] == np.arange(len(names)))

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.main_codes)

    def take(self, rows: RowSelection) -> "Labels":
        """Return the labels of the pictures at these positions, in this order, or of those in a mask."""
        return replace(self, main_codes=self.main_codes[rows], is_right=self.is_right[rows])

    def concatenate(self, other_labels: "Labels") -> "Labels":
        """Return these labels, followed by the labels of other pictures for the same question."""
        main_codes = np.concatenate([self.main_codes, other_labels.main_codes])
        is_right = np.concatenate([self.is_right, other_labels.is_right])
        return replace(self, main_codes=main_codes, is_right=is_right)


def find_class_index(text: str, labels: Sequence[str]) -> int | None:
    """Return the index of the class that a text names, or None if the text names no class.

    Capitals are ignored, `_` stands for a slash, and the index itself is a name, too. If a class has the name
    `3`, this class is meant and not the one with index 3.

    Args:
        text: a name or an index, as a person wrote it, perhaps as a folder's name.
        labels: the names of the classes, by index.
    """
    classes = {str(index): index for index in range(len(labels))}
    return (classes | {_make_folder_name(label): index for index, label in enumerate(labels)}).get(
        _make_folder_name(text)
    )


def _make_folder_name(label: str) -> str:
    """Return the name of a class in the form in which it is compared with a folder's name."""
    return unicodedata.normalize("NFC", label).replace("/", "_").casefold()


def check_attribute_columns(listing: Listing, names: Sequence[str], classes: Sequence[str]) -> None:
    """Check that a table has a column for each attribute, before pictures are read.

    Args:
        names: the names of the attributes, such as `colour`.
        classes: the classes of the same table.

    Raises:
        DataError: the pictures are not in a table, or the table lacks a column; or an attribute cannot have
            this name.
    """
    _check_names(names, classes)
    if names and not listing.columns:
        raise DataError(
            f"{listing.place}: attributes are columns of a CSV with `path` and `label`; this is none."
        )
    if missing_names := [name for name in names if name not in listing.columns]:
        raise DataError(
            f"{listing.place}: has no column `{missing_names[0]}`, only {', '.join(listing.columns)}."
            f"{suggest_renaming(missing_names, listing.columns)}"
        )


def describe_unread_columns(listing: Listing, names: Collection[str]) -> str:
    """Return a sentence with the names of a table's columns that are not used; empty if there are none.

    Args:
        names: the columns that are used as attributes.
    """
    unread_columns = [column for column in listing.columns if column not in {*names, *RESERVED_COLUMNS}]
    return f"Columns that are not read: {', '.join(unread_columns)}." if unread_columns else ""


def _check_names(names: Sequence[str], classes: Sequence[str]) -> None:
    """Refuse names that no attribute can have, such as those of other columns, and repeated names."""
    for name in names:
        if name in RESERVED_COLUMNS or not ATTRIBUTE_PATTERN.fullmatch(name):
            raise DataError(
                f"--attribute {name}: no attribute can be called so. Rename its column: a letter, then "
                f"letters, digits, `_`, `-` and spaces, and none of {', '.join(sorted(RESERVED_COLUMNS))}."
            )
    if repeated_names := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"--attribute {repeated_names[0]}: is named twice.")
    try:
        check_attributes(classes, names)
    except TableUnusable as error:
        raise DataError(str(error)) from error

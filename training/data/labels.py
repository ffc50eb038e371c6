"""Labels of pictures by question: the class (LABEL), and attributes such as `colour`.

Each question is a column of a table. An empty cell means that the label is not known. In an attribute's
column, `none of these` also means that it is not known, `-` that the picture does not have the attribute, and
`blue/white` that several labels are right, the main one first.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import ATTRIBUTE_PATTERN, LABEL
from inference.text.plain_text import join_first_items
from labelling.errors import TableUnusable
from labelling.lists.identifiers import NO_VALUE_TEXT
from labelling.lists.list_files import suggest_renaming
from labelling.write.columns import check_attributes
from training.data.listing import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, SPLIT_COLUMN, Listing
from training.data.rare import MIN_GROUPS_PER_ATTRIBUTE_LABEL, describe_rare_labels, find_measurable_labels
from training.errors import DataError
from training.progress import Say

LABEL_SEPARATOR: Final = "/"
"""Sign between the labels of a cell, as in `blue/white`."""

UNKNOWN_LABEL: Final = -1
OOD: Final = -2
INAPPLICABLE_LABEL: Final = -3
"""Codes in place of a label's index. UNKNOWN_LABEL: the label is not known. OOD (out of distribution): the
picture shows none of the labels. INAPPLICABLE_LABEL: it does not have the attribute."""

LabelCodes: TypeAlias = NDArray[np.integer[Any]]
"""Integers (N,): a label's index, or UNKNOWN_LABEL, OOD or INAPPLICABLE_LABEL."""

MAX_SHARE_OF_ONE_LABEL: Final = 0.97
"""Share of pictures with one label above which an attribute tells little, so that a person is warned."""

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


def choose_learnt_labels(  # noqa: PLR0913, PLR0917 - pictures, what is asked of them, and who is told
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    groups: Sequence[str],
    is_tested: Sequence[bool],
    required_labels: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Choose the labels of the class and of each attribute that can be learnt.

    All other labels become unknown.

    Args:
        listing: the listing of the pictures, with the names of the attributes.
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        groups: the group of each picture, such as its sender or product.
        is_tested: whether each picture is in the test set.
        required_labels: labels of a release that have to be learnt, by question.
        say: a function that receives sentences on labels that are left out.

    Returns:
        The labels by question, the class first.

    Raises:
        DataError: the labels cannot be learnt; see `find_measurable_labels`.
    """
    place = str(listing.place)
    class_labels = [labels_of_picture[LABEL] for labels_of_picture in labels]
    required_classes = required_labels.get(LABEL, ())
    listed_classes = listing.labels
    classes, rare_classes = find_measurable_labels(
        place,
        class_labels,
        groups,
        is_tested,
        required_labels=required_classes,
        emptied_labels=listed_classes,
    )
    if rare_classes:
        say(describe_rare_labels(place, rare_classes))
    codes = {label: code for code, label in enumerate(classes)}
    classes_of_pictures = Labels.make_from_codes(
        np.array([codes.get(label, UNKNOWN_LABEL) for label in class_labels]), classes
    )
    return {LABEL: classes_of_pictures} | {
        name: choose_learnt_attribute(
            listing.describe_column(name),
            list_cells(labels, name),
            groups,
            classes_of_pictures,
            say,
            required_labels.get(name, ()),
        )
        for name in listing.attributes
    }


def choose_measured_labels(
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    class_ids: Sequence[int],
    release_labels: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Return the labels by which a release is measured: the class, and each of its attributes in the table.

    Args:
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        class_ids: the class index of each picture.
        release_labels: the labels of the release, by question. An attribute without a column in the table is
            left out.
        say: a function that receives a sentence on labels that the release lacks.

    Returns:
        The labels by question, the class first.
    """
    return {LABEL: Labels.make_from_codes(np.array(class_ids, np.int64), listing.labels)} | {
        name: choose_measured_attribute(listing.describe_column(name), list_cells(labels, name), names, say)
        for name, names in release_labels.items()
        if name != LABEL and name in listing.columns
    }


def list_cells(labels: Sequence[Mapping[str, str]], name: str) -> list[str]:
    """Return the label of each picture for one question; empty if the label is not known."""
    return [labels_of_picture.get(name, "") for labels_of_picture in labels]


def choose_learnt_attribute(  # noqa: PLR0913, PLR0917 - cells, whose they are, and what is asked of them
    message_start: str,
    cells: Sequence[str],
    groups: Sequence[str],
    classes: Labels,
    say: Say,
    required_labels: Sequence[str] = (),
) -> Labels:
    """Choose the labels of an attribute's column that can be learnt. All other labels become unknown.

    Args:
        message_start: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        groups: the group of each picture, such as its sender or product.
        say: a function that receives sentences that a person should read.

    Raises:
        DataError: the labels cannot be learnt; see `find_measurable_labels`.
    """
    cell_labels = split_cells(cells)
    learnable, warnings = _choose_learnable(
        message_start, _list_main_labels(cell_labels), groups, required_labels
    )
    for sentence in warnings:
        say(sentence)
    main_codes, is_right = _make_codes(cells, cell_labels, learnable)
    inapplicable_classes, labelled_classes = (
        set(classes.main_codes[is_chosen].tolist())
        for is_chosen in (main_codes == INAPPLICABLE_LABEL, main_codes >= 0)
    )
    # A class lacks the attribute if some of its pictures have the cell `-` and none has a label.
    excluded_classes = inapplicable_classes - labelled_classes - {UNKNOWN_LABEL}
    applies_to = (
        tuple(name for class_id, name in enumerate(classes.names) if class_id not in excluded_classes)
        if excluded_classes
        else None
    )
    return Labels(learnable, main_codes, is_right, applies_to)


def choose_measured_attribute(
    message_start: str, cells: Sequence[str], labels: Sequence[str], say: Say
) -> Labels:
    """Return the labels of an attribute's column by which a release is measured.

    Args:
        message_start: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        labels: the labels that the release knows; other labels become unknown.
        say: a function that receives a sentence on labels that the release lacks.
    """
    cell_labels = split_cells(cells, labels)
    if lacking_labels := sorted(set(filter(None, _list_main_labels(cell_labels))) - set(labels)):
        say(
            f"{message_start}: the release lacks these labels "
            f"({join_first_items([*map(repr, lacking_labels)], MAX_LABELS_NAMED)})."
        )
    return Labels(tuple(labels), *_make_codes(cells, cell_labels, labels))


def split_cells(cells: Sequence[str], labels: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Return the labels in each cell, as tuples; a cell that is empty or `-` has none.

    A cell such as `blue/white` is divided only if each part is one of `labels` or is the whole text of
    another cell. Otherwise the text is one label.

    Args:
        labels: labels that are known to exist.
    """
    whole_labels = {*cells, *labels} - {"", NO_VALUE_TEXT}

    def split_cell(cell: str) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip() for part in cell.split(LABEL_SEPARATOR)))
        return parts if len(parts) > 1 and whole_labels.issuperset(parts) else (cell,)

    return [() if cell in {"", NO_VALUE_TEXT} else split_cell(cell) for cell in cells]


def _list_main_labels(cell_labels: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the first label of each cell; empty for a cell without labels."""
    return [labels[0] if labels else "" for labels in cell_labels]


def _make_codes(
    cells: Sequence[str], cell_labels: Sequence[tuple[str, ...]], labels: Sequence[str]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return, for the cells of a column, the codes of the main labels and all right labels, as in Labels.

    Args:
        cell_labels: the labels in each cell, from `split_cells`.
        labels: the names of the labels that are learnt or known.
    """
    index = {label: row for row, label in enumerate(labels)}
    main_codes = np.full(len(cells), UNKNOWN_LABEL, np.int16)
    is_right = np.zeros((len(cells), len(labels)), np.bool_)
    for row, (cell, given_labels) in enumerate(zip(cells, cell_labels, strict=True)):
        kept_codes = [index[label] for label in given_labels if label in index]
        if cell == NO_VALUE_TEXT:
            main_codes[row] = INAPPLICABLE_LABEL
        # A main label that is not learnt makes the whole cell unknown: the others are only right besides it.
        elif kept_codes and given_labels[0] in index:
            main_codes[row] = kept_codes[0]
            is_right[row, kept_codes] = True
    return main_codes, is_right


def _choose_learnable(
    message_start: str, main_labels: Sequence[str], groups: Sequence[str], required_labels: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of an attribute that are learnt, and sentences that a person should read."""
    learnable_labels, rare_labels = find_measurable_labels(
        message_start,
        main_labels,
        groups,
        min_groups=MIN_GROUPS_PER_ATTRIBUTE_LABEL,
        required_labels=required_labels,
    )
    kept_labels = [label for label in main_labels if label in learnable_labels]
    label, count = Counter(kept_labels).most_common(1)[0]
    common_label_warning = (
        f"{message_start}: {count / len(kept_labels):.0%} are {label!r}, so that an answer says little."
    )
    return learnable_labels, tuple(
        filter(
            None,
            (
                describe_rare_labels(message_start, rare_labels),
                common_label_warning if count >= MAX_SHARE_OF_ONE_LABEL * len(kept_labels) else "",
            ),
        )
    )

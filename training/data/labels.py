"""Labels of pictures by question: the class, by LABEL, and attributes, which are further columns of a table.

An empty cell means that the label is not known. In an attribute's column, `none of these` also means that it
is not known, `-` that the picture does not have the attribute, and `blue/white` that several labels are
right, the main one first. Pure. Reading the table: tables.py; which labels can be learnt: rare.py; who learns
them: heads/cross_val.py.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.contract import ATTRIBUTE_PATTERN, LABEL
from inference.plain_text import join_first
from labelling.errors import TableUnusable
from labelling.lists.identifiers import NOT_THERE
from labelling.lists.list_files import suggest_renaming
from labelling.write.columns import check_attributes
from training.data.listing import COLUMNS, FURTHER, SPLIT, Listing
from training.data.rare import GROUPS_OF_ATTRIBUTE, find_measurable, rare_in_words
from training.errors import BadClasses, BadCsv
from training.progress import Say

SEVERAL: Final = "/"
"""Sign between labels in a cell with several labels."""

UNKNOWN: Final = -1
OOD: Final = -2
INAPPLICABLE: Final = -3
"""Codes in place of a label's index. UNKNOWN: the label is not known. OOD (out of distribution): the picture
shows none of the labels. INAPPLICABLE: it does not have the attribute."""

Codes: TypeAlias = NDArray[np.integer[Any]]
"""Integers (N,): a label's index, or UNKNOWN, OOD or INAPPLICABLE."""

TOO_MUCH: Final = 0.97
"""Share of pictures with one label above which an attribute tells little, so that a person is warned."""

OF_TABLES: Final = frozenset({*COLUMNS, *FURTHER, SPLIT, LABEL})
"""Names of columns with a meaning of their own, which no attribute may have."""

SHOWN: Final = 5
"""Number of labels or rows that a message names."""

Places: TypeAlias = NDArray[np.int64] | NDArray[np.bool_] | slice
"""Positions in an array, a mask or a slice, by which rows are chosen."""


@dataclass(frozen=True)
class Labels:
    """The labels of N pictures for one question: the class, or an attribute such as `colour`.

    Attributes:
        names: the names of the C labels, in alphabetical order or in the order of a release.
        main: int16 (N,), the index of each picture's main label, or UNKNOWN, OOD or INAPPLICABLE.
        right: bool (N, C), all labels that are right for each picture.
        applies_to: the classes that have the attribute; None for all classes.
    """

    names: tuple[str, ...]
    main: Codes
    right: NDArray[np.bool_]
    applies_to: tuple[str, ...] | None = None

    @classmethod
    def of(cls, main: Codes, names: Sequence[str]) -> Self:
        """Make the labels of pictures that have at most one right label each.

        Args:
            main: integers (N,), the index of each picture's label; a negative number for no label.
            names: the names of the labels, by index.
        """
        codes = np.asarray(main, np.int16)
        return cls(tuple(names), codes, codes[:, None] == np.arange(len(names)))

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.main)

    def take(self, places: Places) -> "Labels":
        """Return the labels of the pictures at these positions, in this order, or of those in a mask."""
        return replace(self, main=self.main[places], right=self.right[places])

    def followed_by(self, others: "Labels") -> "Labels":
        """Return these labels, followed by the labels of other pictures for the same question."""
        main, right = np.concatenate([self.main, others.main]), np.concatenate([self.right, others.right])
        return replace(self, main=main, right=right)


def class_named(text: str, labels: Sequence[str]) -> int | None:
    """Return the index of the class that a text names, or None if the text names no class.

    Capitals are ignored, `_` stands for a slash, and the index itself is a name, too. If a class has the name
    `3`, this class is meant and not the one with index 3.

    Args:
        text: a name or an index, as a person wrote it, perhaps as a folder's name.
        labels: the names of the classes, by index.
    """
    classes = {str(index): index for index in range(len(labels))}
    return (classes | {_as_folder(label): index for index, label in enumerate(labels)}).get(_as_folder(text))


def _as_folder(label: str) -> str:
    """Return the name of a class in the form in which it is compared with a folder's name."""
    return unicodedata.normalize("NFC", label).replace("/", "_").casefold()


def check_columns(listing: Listing, names: Sequence[str], classes: Sequence[str]) -> None:
    """Check that a table has a column for each attribute, before pictures are read.

    Args:
        listing: the listing of the table.
        names: the names of the attributes, such as `colour`.
        classes: the classes of the same table.

    Raises:
        BadCsv: the pictures are not in a table, or the table lacks a column.
        BadClasses: an attribute cannot have this name.
    """
    _check_names(names, classes)
    if names and not listing.columns:
        raise BadCsv(
            f"{listing.place}: attributes are columns of a CSV with `path` and `label`; this is none."
        )
    if missing := [name for name in names if name not in listing.columns]:
        raise BadCsv(
            f"{listing.place}: has no column `{missing[0]}`, only {', '.join(listing.columns)}."
            f"{suggest_renaming(missing, listing.columns)}"
        )


def unread_columns(listing: Listing, names: Collection[str]) -> str:
    """Return a sentence with the names of a table's columns that are not used; empty if there are none.

    Args:
        listing: the listing of the table.
        names: the columns that are used as attributes.
    """
    ignored = [column for column in listing.columns if column not in {*names, *OF_TABLES}]
    return f"Columns that are not read: {', '.join(ignored)}." if ignored else ""


def _check_names(names: Sequence[str], classes: Sequence[str]) -> None:
    for name in names:
        if name in OF_TABLES or not ATTRIBUTE_PATTERN.fullmatch(name):
            raise BadClasses(
                f"--attribute {name}: no attribute can be called so. Rename its column: a letter, then "
                f"letters, digits, `_`, `-` and spaces, and none of {', '.join(sorted(OF_TABLES))}."
            )
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadClasses(f"--attribute {twice[0]}: is named twice.")
    try:
        check_attributes(classes, names)
    except TableUnusable as error:
        raise BadClasses(str(error)) from error


def learnt_labels(  # noqa: PLR0913, PLR0917 - pictures, what is asked of them, and who is told
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    groups: Sequence[str],
    tested: Sequence[bool],
    keep: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Choose the labels of the class and of each attribute that can be learnt.

    All other labels become unknown.

    Args:
        listing: the listing of the pictures, with the names of the attributes.
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        groups: the group of each picture, such as its sender or product.
        tested: whether each picture is in the test set.
        keep: labels of a release that have to be learnt, by question.
        say: a function that receives sentences on labels that are left out.

    Returns:
        The labels by question, the class first.

    Raises:
        BadClasses: the labels cannot be learnt; see `rare.find_measurable`.
    """
    where, spelt = str(listing.place), [of[LABEL] for of in labels]
    kept, gone = keep.get(LABEL, ()), listing.labels
    classes, rare = find_measurable(where, spelt, groups, tested, keep=kept, gone=gone)
    if rare:
        say(rare_in_words(where, rare))
    codes = {label: code for code, label in enumerate(classes)}
    of_class = Labels.of(np.array([codes.get(label, UNKNOWN) for label in spelt]), classes)
    return {LABEL: of_class} | {
        name: learnt_attribute(
            listing.column(name), cells_of(labels, name), groups, of_class, say, keep.get(name, ())
        )
        for name in listing.attributes
    }


def measured_labels(
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    class_ids: Sequence[int],
    keep: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Return the labels by which a release is measured: the class, and each of its attributes in the table.

    Args:
        listing: the listing of the pictures.
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        class_ids: the class index of each picture.
        keep: the labels of the release, by question. An attribute without a column in the table is left out.
        say: a function that receives a sentence on labels that the release lacks.

    Returns:
        The labels by question, the class first.
    """
    return {LABEL: Labels.of(np.array(class_ids, np.int64), listing.labels)} | {
        name: measured_attribute(listing.column(name), cells_of(labels, name), names, say)
        for name, names in keep.items()
        if name != LABEL and name in listing.columns
    }


def cells_of(labels: Sequence[Mapping[str, str]], name: str) -> list[str]:
    """Return the label of each picture for one question; empty if the label is not known."""
    return [of.get(name, "") for of in labels]


def learnt_attribute(  # noqa: PLR0913, PLR0917 - cells, whose they are, and what is asked of them
    where: str,
    cells: Sequence[str],
    groups: Sequence[str],
    classes: Labels,
    say: Say,
    keep: Sequence[str] = (),
) -> Labels:
    """Choose the labels of an attribute's column that can be learnt. All other labels become unknown.

    Args:
        where: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        groups: the group of each picture, such as its sender or product.
        classes: the classes of the pictures.
        say: a function that receives sentences that a person should read.
        keep: labels that have to be learnt.

    Raises:
        BadClasses: the labels cannot be learnt; see `rare.find_measurable`.
    """
    of_each = labels_in(cells)
    learnable, warnings = _learnable(where, _main(of_each), groups, keep)
    for sentence in warnings:
        say(sentence)
    main, right = _placed(cells, of_each, learnable)
    none, some = (set(classes.main[chosen].tolist()) for chosen in (main == INAPPLICABLE, main >= 0))
    without = none - some - {UNKNOWN}
    applies_to = (
        tuple(name for place, name in enumerate(classes.names) if place not in without) if without else None
    )
    return Labels(learnable, main, right, applies_to)


def measured_attribute(where: str, cells: Sequence[str], labels: Sequence[str], say: Say) -> Labels:
    """Return the labels of an attribute's column by which a release is measured.

    Args:
        where: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        labels: the labels that the release knows; other labels become unknown.
        say: a function that receives a sentence on labels that the release lacks.
    """
    of_each = labels_in(cells, labels)
    if strange := sorted(set(filter(None, _main(of_each))) - set(labels)):
        say(f"{where}: the release lacks these labels ({join_first([*map(repr, strange)], SHOWN)}).")
    return Labels(tuple(labels), *_placed(cells, of_each, labels))


def labels_in(cells: Sequence[str], labels: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Return the labels in each cell, as tuples; a cell that is empty or `-` has none.

    A cell such as `blue/white` is divided only if each part is one of `labels` or is the whole text of
    another cell. Otherwise the text is one label.

    Args:
        cells: the cells of a column.
        labels: labels that are known to exist.
    """
    alone = {*cells, *labels} - {"", NOT_THERE}

    def parted(cell: str) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip() for part in cell.split(SEVERAL)))
        return parts if len(parts) > 1 and alone.issuperset(parts) else (cell,)

    return [() if cell in {"", NOT_THERE} else parted(cell) for cell in cells]


def _main(of_each: Sequence[tuple[str, ...]]) -> list[str]:
    return [given[0] if given else "" for given in of_each]


def _placed(
    cells: Sequence[str], of_each: Sequence[tuple[str, ...]], labels: Sequence[str]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return the fields `main` and `right` of Labels for the cells of a column."""
    index = {label: place for place, label in enumerate(labels)}
    main, right = np.full(len(cells), UNKNOWN, np.int16), np.zeros((len(cells), len(labels)), np.bool_)
    for place, (cell, given) in enumerate(zip(cells, of_each, strict=True)):
        kept = [index[label] for label in given if label in index]
        if cell == NOT_THERE:
            main[place] = INAPPLICABLE
        elif kept and given[0] in index:
            main[place], right[place, kept] = kept[0], True
    return main, right


def _learnable(
    where: str, main: Sequence[str], groups: Sequence[str], keep: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of an attribute that are learnt, and sentences that a person should read."""
    learnable, rare = find_measurable(where, main, groups, needs=GROUPS_OF_ATTRIBUTE, keep=keep)
    kept = [label for label in main if label in learnable]
    label, count = Counter(kept).most_common(1)[0]
    common = f"{where}: {count / len(kept):.0%} are {label!r}, so that an answer says little."
    return learnable, tuple(
        filter(None, (rare_in_words(where, rare), common if count >= TOO_MUCH * len(kept) else ""))
    )

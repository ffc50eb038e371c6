"""The answers of a release to single pictures, as columns.

Two releases are compared by their answers to the same pictures, which says more than two accuracies. A row
has the answer to one question about one picture, either about its class or about an attribute such as its
colour: the right label, the answered label, the probabilities and the decision. Pictures of the test set come
first, then photos. No picture is answered by a network that has learnt it, unless the report says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.decision import ACCEPT

MAX_STORED_PICTURES: Final = 1_000_000
"""Largest number of pictures in a test set whose answers are stored."""

PICTURE_NAME_DIGITS: Final = 16
"""Number of hex digits of a picture's SHA-256 by which it is named. The chance that two of a million pictures
have one name is 3e-8."""

TEST_SET: Final = "the test set"
"""Name of the test set in the column `set`."""

CORRECTED_SET: Final = "corrected"
"""Name of the set of photos that people have corrected because a release was unsure about them. More answers
to them are wrong than in a random sample."""

CLASS_HEAD: Final = ""
"""Value of the column `attribute` in rows about the class."""

NO_CLASS: Final = -1
"""Value of the column `truth` for a picture that shows none of the classes."""

ColumnValues: TypeAlias = str | float | Sequence[str] | Sequence[int] | Sequence[float] | NDArray[np.generic]
"""Values for a column: one for each row, or a single one for all rows."""


def _describe_column(
    name: str, unknown: str | float, *, is_required: bool = False, length: int = 0
) -> dict[str, Any]:
    """Return the metadata of a field of `Answers` that is a column of the file.

    Args:
        name: the name of the column in the file.
        unknown: the value that means "unknown". It has the type of the column.
        is_required: whether every file has the column. Columns that were added later are not required.
        length: the largest number of characters of a value; 0 for no limit.
    """
    return {"name": name, "unknown": unknown, "is_required": is_required, "length": length}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of a release as columns, with a row for each question about each picture.

    The first question is the class of the picture. Further ones are attributes, such as its colour.

    Attributes:
        sets: str (N,), TEST_SET, HELD_OUT_PICTURES, or the tier of a photo, which says how it was taken: A
            for product shots, B for worn garments, C for users' own photos, X for none of the classes.
        pictures: str (N,), the first PICTURE_NAME_DIGITS hex digits of each picture's SHA-256; empty if it is
            not known.
        groups: str (N,), a text that is equal for pictures that are not independent, such as those of one
            sender; empty for a picture on its own. A file has its first PICTURE_NAME_DIGITS characters.
        folds: int64 (N,), the number of the cross-validation fold whose network answered, from 1; 0 if no
            fold's network did.
        networks: str (N,), the network that should answer, `pixels` or `photos`. If the release lacks this
            network, the other one answered.
        truth: int64 (N,), the index of the right class, or NO_CLASS.
        predicted: int64 (N,), the index of the answered class; NO_CLASS if it is not known.
        familiarity: float64 (N,), 0 to 1, how much the picture looks like the learnt ones; NaN if it was not
            measured.
        decisions: str (N,), `accept` or the reason of a review; empty if the decision is not known.
        by: str (N,), empty if the release itself answered; the version of its parent (the release that it was
            trained from) if the parent did.
        spelt: str (N,), the right label as it was spelt in the data. For a picture of none of the classes it
            says what the picture shows.
        sources: str (N,), the shop or collection that a photo comes from; empty if it is not known.
        distances: float64 (N,), the out-of-distribution (OOD) score; NaN if it was not measured.
        attributes: str (N,), the question: CLASS_HEAD for the class, or the name of an attribute.
        probabilities: float64 (N, C), as the service gives them. While a training chooses thresholds, those
            before calibration. NaN if they are not known.
    """

    # The order of the fields is the order of the columns in the file.
    sets: NDArray[np.str_] = field(metadata=_describe_column("set", "", is_required=True))
    pictures: NDArray[np.str_] = field(
        metadata=_describe_column("picture", "", is_required=True, length=PICTURE_NAME_DIGITS)
    )
    groups: NDArray[np.str_] = field(
        metadata=_describe_column("group", "", is_required=True, length=PICTURE_NAME_DIGITS)
    )
    folds: NDArray[np.int64] = field(metadata=_describe_column("fold", 0, is_required=True))
    networks: NDArray[np.str_] = field(metadata=_describe_column("network", "pixels", is_required=True))
    truth: NDArray[np.int64] = field(metadata=_describe_column("truth", NO_CLASS, is_required=True))
    predicted: NDArray[np.int64] = field(metadata=_describe_column("predicted", NO_CLASS, is_required=True))
    familiarity: NDArray[np.float64] = field(
        metadata=_describe_column("familiarity", math.nan, is_required=True)
    )
    decisions: NDArray[np.str_] = field(metadata=_describe_column("decision", "", is_required=True))
    by: NDArray[np.str_] = field(metadata=_describe_column("by", ""))
    spelt: NDArray[np.str_] = field(metadata=_describe_column("spelt_label", ""))
    sources: NDArray[np.str_] = field(metadata=_describe_column("origin", ""))
    distances: NDArray[np.float64] = field(metadata=_describe_column("distance", math.nan))
    attributes: NDArray[np.str_] = field(metadata=_describe_column("attribute", CLASS_HEAD))
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.truth)

    @classmethod
    def make_answers(
        cls,
        sets: ColumnValues,
        truth: Sequence[int] | NDArray[np.integer],
        predicted: ColumnValues | None = None,
        *,
        probabilities: NDArray[np.floating] | None = None,
        **columns: ColumnValues | None,
    ) -> Self:
        """Make answers from some columns. All other columns are filled with their values for "unknown".

        Args:
            sets: the set of each picture, or one set for all.
            truth: the index of the right class of each picture, or NO_CLASS.
            predicted: the index of the answered class; None for the class with the highest probability.
            probabilities: (N, C), the probabilities; None if they are not known.
            columns: further columns by the name of the field, as N values or a single one.
        """
        n = len(truth)
        shares = np.zeros((n, 0)) if probabilities is None else np.array(probabilities, np.float64)
        likeliest = _find_likeliest_classes(shares) if predicted is None else predicted
        given_columns = {**columns, "sets": sets, "truth": truth, "predicted": likeliest}
        new_columns = {name: make_column(name, given_columns.pop(name, None), n) for name in ANSWER_COLUMNS}
        if given_columns:
            raise TypeError(f"{', '.join(given_columns)}: no column of answers")
        return cls(**new_columns, probabilities=shares)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each answer is right, bool (N,). Never for a picture of none of the classes."""
        return np.asarray((self.predicted == self.truth) & self.has_class)

    @property
    def has_class(self) -> NDArray[np.bool_]:
        """Whether each picture shows one of the classes, bool (N,)."""
        return np.not_equal(self.truth, NO_CLASS)

    @property
    def is_accepted(self) -> NDArray[np.bool_]:
        """Whether the decision about each answer was `accept`, bool (N,)."""
        return np.asarray(self.decisions == ACCEPT)

    @property
    def has_decision(self) -> NDArray[np.bool_]:
        """Whether the decision about each answer is known, bool (N,)."""
        return np.not_equal(self.decisions, "")

    @property
    def confidences(self) -> NDArray[np.float64]:
        """The probability of each answered class, float64 (N,); NaN if it is not known."""
        # NO_CLASS is -1 and picks the last probability, which is NaN then, like all others of the row.
        return np.asarray(self.probabilities[np.arange(len(self)), self.predicted])

    @property
    def group_numbers(self) -> NDArray[np.int64] | None:
        """A number for each picture that is equal within a group, int64 (N,); None if there are no groups."""
        return assign_unit_numbers(self.groups) if (self.groups != "").any() else None

    @property
    def unit_numbers(self) -> NDArray[np.int64]:
        """A number for each picture that is equal within a group, int64 (N,); each its own without groups."""
        return assign_unit_numbers(self.groups)

    @property
    def is_from_unknown_source(self) -> NDArray[np.bool_]:
        """Whether the network that answered had learnt no photo of the picture's source, bool (N,)."""
        # This is so if all photos of the source are in one cross-validation fold.
        is_unknown = np.zeros(len(self), np.bool_)
        for source in np.unique(self.sources[(self.sources != "") & (self.folds > 0)]):
            is_in_source = self.sources == source
            is_unknown[is_in_source] = len(np.unique(self.folds[is_in_source])) == 1
        return is_unknown

    def select_rows(self, mask_or_positions: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the rows that a mask picks, bool (N,), or the rows at these positions."""
        return type(self)(**{name: column[mask_or_positions] for name, column in vars(self).items()})

    def select_set(self, name: str) -> Self:
        """Return the rows of one set of pictures, such as TEST_SET or a tier."""
        return self.select_rows(self.sets == name)

    def select_head(self, attribute: str) -> Self:
        """Return the rows about one question, with as many probabilities as it has labels.

        Args:
            attribute: CLASS_HEAD for the class, or the name of an attribute.
        """
        rows = self.select_rows(self.attributes == attribute)
        # Another question may have more labels.
        classes = np.flatnonzero(~np.isnan(rows.probabilities).all(axis=0))
        return (
            replace(rows, probabilities=rows.probabilities[:, : classes.max() + 1]) if len(classes) else rows
        )

    def __add__(self, added: "Answers") -> "Answers":
        """Return the rows of both. If one has fewer labels, its missing probabilities are NaN."""
        parts = (self, added)
        classes = max(answers.probabilities.shape[1] for answers in parts)
        columns = {
            name: np.concatenate([getattr(answers, name) for answers in parts]) for name in ANSWER_COLUMNS
        }
        wide = [
            np.pad(
                answers.probabilities,
                ((0, 0), (0, classes - answers.probabilities.shape[1])),
                constant_values=math.nan,
            )
            for answers in parts
        ]
        return Answers(**columns, probabilities=np.concatenate(wide))


def _find_likeliest_classes(shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class with the largest share in each row, int64 (N,); NO_CLASS for a row of NaN."""
    has_shares = ~np.isnan(shares).all(axis=1)
    likeliest = np.full(len(shares), NO_CLASS, np.int64)
    if has_shares.any():
        likeliest[has_shares] = shares[has_shares].argmax(axis=1)
    return likeliest


def assign_unit_numbers(groups: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return a number for each row that is equal for rows of one group, int64 (N,).

    Args:
        groups: str (N,), the group of each row; a row with an empty text is a group of its own.
    """
    alone = np.char.add("row ", np.arange(len(groups)).astype(np.str_))
    return np.unique(np.where(groups == "", alone, groups), return_inverse=True)[1].astype(np.int64)


ANSWER_COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    column.name: column.metadata for column in fields(Answers) if column.metadata
}
"""Fields of `Answers` that are columns of the file, in its order, with the metadata from `_describe_column`.
In the file, the columns `p0`, `p1`, ... with the probability of each label follow them."""


def make_column(name: str, values: ColumnValues | None, n: int) -> NDArray[Any]:
    """Return a column with n rows in the type of the field, from n values or a single one."""
    unknown, length = ANSWER_COLUMNS[name]["unknown"], ANSWER_COLUMNS[name]["length"]
    types = {str: f"<U{length}" if length else np.str_, int: np.int64, float: np.float64}
    column = np.array(unknown if values is None else values, types[type(unknown)])
    if column.ndim and len(column) != n:
        raise ValueError(f"{len(column)} values of `{name}` for {n} pictures")
    return column if column.ndim else np.full(n, column)


NO_ANSWERS: Final = Answers.make_answers([], [], [])

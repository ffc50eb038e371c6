"""answers.csv.gz: the answers of a release to pictures, by which everything judges it.

A row is of one picture and one head: the class, or an attribute. Pictures of the test set come first, in its
order, then photos. The report says whether they were answered by networks that had not learnt them. Reads
folder and store; comparison.py compares two.
"""

import csv
import gzip
import hashlib
import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.manifest import Manifest

ANSWERS: Final = "answers.csv.gz"

PREDICTIONS: Final = "test-predictions.csv"
PHOTO_PREDICTIONS: Final = "photo-predictions.csv"
"""Files of version 1.0: truth and prediction alone. Nothing reads them."""

DIGITS: Final = 5
"""Digits of probabilities and familiarities after the point: enough to decide thresholds again."""

LARGEST: Final = 1_000_000
"""Pictures of the largest test set whose answers are kept."""

EXPANSION: Final = 100
"""Times that a file unpacks to at most, beyond a first megabyte; answers pack to a fifth."""

NAME_LENGTH: Final = 16
"""Hex digits of a content's SHA-256 that name a picture: two of a million share one by a chance of 3e-8."""

TEST_SET: Final = "the test set"
"""The set of its pictures."""

CORRECTED: Final = "corrected"
"""The set of photos that people looked at because a release doubted its answers: they hold more errors than a
random sample does."""

ACCEPT: Final = "accept"
"""The decision of an answer that needs no review."""

CLASS: Final = ""
"""The attribute of answers of the first head, and of files that are older than attributes."""

NONE_OF_THESE: Final = -1
"""The truth of a picture that shows none of the classes."""

Read: TypeAlias = Callable[[str], bytes]
"""Reads a file of one release, by its path."""

Values: TypeAlias = str | float | Sequence[str] | Sequence[int] | Sequence[float] | NDArray[np.generic]
"""Values of a column: one for each row, or one for all."""


def _column_called(
    name: str, unknown: str | float, *, is_required: bool = False, length: int = 0
) -> dict[str, Any]:
    """Return the metadata of a field that is a column of the file.

    Args:
        name: the name of the column.
        unknown: the value of a row of which nothing is known. It has the type of the column.
        is_required: whether every file has the column. The others came later.
        length: the most characters of a value; 0 for any number.
    """
    return {"name": name, "unknown": unknown, "is_required": is_required, "length": length}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A row for each picture and head. The order of the fields is the order of the columns in the file.

    Attributes:
        sets: str (N,), TEST_SET, HELD_OUT, or the tier of a photo.
        pictures: str (N,), NAME_LENGTH hex digits of the content; empty where it is not known.
        groups: str (N,), equal where pictures are not independent; empty where each is on its own.
        folds: int64 (N,), from 1: which network answered; 0 where it was not one of folds.
        networks: str (N,), the network that the picture is for, `pixels` or `photos`; where the release lacks
            that one, the other one answered.
        truth: int64 (N,), a class's index, or NONE_OF_THESE.
        predicted: int64 (N,), NONE_OF_THESE where it is not known.
        familiarity: float64 (N,), NaN where none was measured.
        decisions: str (N,), `accept` or the reason of a review; empty where it is not known.
        by: str (N,), empty for the release that keeps them, else the version of its parent, which answered.
        spelt: str (N,), the label as it was spelt, which says what a picture of none of the classes shows.
        sources: str (N,), the shop or collection that a photo comes from; empty where it is not known.
        distances: float64 (N,), the OOD score; NaN where none was measured.
        attributes: str (N,), which head answered: CLASS, or an attribute's name.
        probabilities: float64 (N, C), as served, or as the network gave them before anything is decided; NaN
            where they are not known.
    """

    sets: NDArray[np.str_] = field(metadata=_column_called("set", "", is_required=True))
    pictures: NDArray[np.str_] = field(
        metadata=_column_called("picture", "", is_required=True, length=NAME_LENGTH)
    )
    groups: NDArray[np.str_] = field(
        metadata=_column_called("group", "", is_required=True, length=NAME_LENGTH)
    )
    folds: NDArray[np.int64] = field(metadata=_column_called("fold", 0, is_required=True))
    networks: NDArray[np.str_] = field(metadata=_column_called("network", "pixels", is_required=True))
    truth: NDArray[np.int64] = field(metadata=_column_called("truth", NONE_OF_THESE, is_required=True))
    predicted: NDArray[np.int64] = field(
        metadata=_column_called("predicted", NONE_OF_THESE, is_required=True)
    )
    familiarity: NDArray[np.float64] = field(
        metadata=_column_called("familiarity", math.nan, is_required=True)
    )
    decisions: NDArray[np.str_] = field(metadata=_column_called("decision", "", is_required=True))
    by: NDArray[np.str_] = field(metadata=_column_called("by", ""))
    spelt: NDArray[np.str_] = field(metadata=_column_called("source", ""))
    sources: NDArray[np.str_] = field(metadata=_column_called("origin", ""))
    distances: NDArray[np.float64] = field(metadata=_column_called("distance", math.nan))
    attributes: NDArray[np.str_] = field(metadata=_column_called("attribute", CLASS))
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.truth)

    @classmethod
    def of(
        cls,
        sets: Values,
        truth: Sequence[int] | NDArray[np.integer],
        predicted: Values | None = None,
        *,
        probabilities: NDArray[np.floating] | None = None,
        **columns: Values | None,
    ) -> Self:
        """Make answers of columns. A column that is left out is unknown; `predicted` is the likeliest."""
        n = len(truth)
        shares = np.zeros((n, 0)) if probabilities is None else np.array(probabilities, np.float64)
        likeliest = _likeliest(shares) if predicted is None else predicted
        given = {**columns, "sets": sets, "truth": truth, "predicted": likeliest}
        made = {name: _column(name, given.pop(name, None), n) for name in COLUMNS}
        if given:
            raise TypeError(f"{', '.join(given)}: no column of answers")
        return cls(**made, probabilities=shares)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the answer is the truth; to a picture of none of the classes none is."""
        return np.asarray((self.predicted == self.truth) & self.known)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Bool (N,), which show one of the classes."""
        return np.not_equal(self.truth, NONE_OF_THESE)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the decision was `accept`."""
        return np.asarray(self.decisions == ACCEPT)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the decision is known."""
        return np.not_equal(self.decisions, "")

    @property
    def confidences(self) -> NDArray[np.float64]:
        """float64 (N,), the probability of each answer; NaN where it is not known."""
        return np.asarray(self.probabilities[np.arange(len(self)), self.predicted])

    @property
    def together(self) -> NDArray[np.int64] | None:
        """int64 (N,), a number for each group; None where each picture is on its own."""
        return units_of(self.groups) if (self.groups != "").any() else None

    @property
    def units(self) -> NDArray[np.int64]:
        """int64 (N,), a number for each group, and for each picture that is on its own."""
        return units_of(self.groups)

    @property
    def of_unknown_sources(self) -> NDArray[np.bool_]:
        """Bool (N,), whose source one network of folds answered alone, which so learnt nothing of it."""
        is_unknown = np.zeros(len(self), np.bool_)
        for source in np.unique(self.sources[(self.sources != "") & (self.folds > 0)]):
            of_source = self.sources == source
            is_unknown[of_source] = len(np.unique(self.folds[of_source])) == 1
        return is_unknown

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the rows that a mask picks, bool (N,), or the rows at these positions."""
        return type(self)(**{name: column[which] for name, column in vars(self).items()})

    def of_set(self, name: str) -> Self:
        """Return the rows of one set."""
        return self.take(self.sets == name)

    def of_head(self, attribute: str) -> Self:
        """Return the rows of one head: CLASS, or an attribute."""
        rows = self.take(self.attributes == attribute)
        # Another head may have more labels.
        classes = np.flatnonzero(~np.isnan(rows.probabilities).all(axis=0))
        return (
            replace(rows, probabilities=rows.probabilities[:, : classes.max() + 1]) if len(classes) else rows
        )

    def __add__(self, others: "Answers") -> "Answers":
        """Return both, in this order; a probability that one of them lacks is unknown."""
        both = (self, others)
        classes = max(answers.probabilities.shape[1] for answers in both)
        columns = {name: np.concatenate([getattr(answers, name) for answers in both]) for name in COLUMNS}
        wide = [
            np.pad(
                answers.probabilities,
                ((0, 0), (0, classes - answers.probabilities.shape[1])),
                constant_values=math.nan,
            )
            for answers in both
        ]
        return Answers(**columns, probabilities=np.concatenate(wide))


def _likeliest(shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the likeliest class of each row of (N, C), int64 (N,); NONE_OF_THESE if none is known."""
    has_shares = ~np.isnan(shares).all(axis=1)
    likeliest = np.full(len(shares), NONE_OF_THESE, np.int64)
    if has_shares.any():
        likeliest[has_shares] = shares[has_shares].argmax(axis=1)
    return likeliest


def units_of(groups: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return a number for each group, and for each row without one, int64 (N,)."""
    alone = np.char.add("row ", np.arange(len(groups)).astype(np.str_))
    return np.unique(np.where(groups == "", alone, groups), return_inverse=True)[1].astype(np.int64)


COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    column.name: column.metadata for column in fields(Answers) if column.metadata
}
"""The fields that are columns of the file, in its order, and what `_column_called` says of each.
After these come the probabilities: a column `p0`, `p1`, ... for each class."""


def _column(name: str, values: Values | None, n: int) -> NDArray[Any]:
    """Make the n rows of a column, in its type."""
    unknown, length = COLUMNS[name]["unknown"], COLUMNS[name]["length"]
    types = {str: f"<U{length}" if length else np.str_, int: np.int64, float: np.float64}
    column = np.array(unknown if values is None else values, types[type(unknown)])
    if column.ndim and len(column) != n:
        raise ValueError(f"{len(column)} values of `{name}` for {n} pictures")
    return column if column.ndim else np.full(n, column)


NO_ANSWERS: Final = Answers.of([], [], [])


def packed(answers: Answers) -> bytes:
    """Pack answers into the content of the file. Equal answers give equal bytes."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    classes = answers.probabilities.shape[1]
    rows.writerow(
        [*(column["name"] for column in COLUMNS.values()), *(f"p{index}" for index in range(classes))]
    )
    columns = [map(_written, getattr(answers, name).tolist()) for name in COLUMNS]
    for row, shares in zip(zip(*columns, strict=True), answers.probabilities.tolist(), strict=True):
        rows.writerow([*row, *map(_written, shares)])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _written(value: str | float) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.{DIGITS}f}"


def answers_in(manifest: Manifest, read: Read, where: str) -> Answers:
    """Read the classes that a release answered; no rows if it keeps none. See `all_answers_in`."""
    answers = all_answers_in(manifest, read, where).of_head(CLASS)
    return answers.take(answers.by == "")


def all_answers_in(manifest: Manifest, read: Read, where: str) -> Answers:
    """Read the answers of a release, and its parent's answers to pictures that the release learnt.

    Args:
        manifest: the manifest of the release.
        read: reads a file of the release.
        where: the address of these files, for messages.

    Raises:
        NotFound: its file is not there.
        ReleaseCorrupt: its file is not as it has to be.
    """
    if ANSWERS not in manifest.files:
        return NO_ANSWERS
    answers = _parsed(ANSWERS, manifest, read, where)
    _check_names(answers, where)
    tested = int((answers.of_head(CLASS).sets == TEST_SET).sum())
    if tested not in {0, manifest.headline.test_n}:
        raise ReleaseCorrupt(
            f"{where}: answers to {tested} pictures of the test set, which has {manifest.headline.test_n}."
        )
    return answers


def _check_names(answers: Answers, where: str) -> None:
    """Refuse a picture with two rows of a head: one would hide the other, and its group, from the gate."""
    tested = answers.sets == TEST_SET
    rows = zip(answers.attributes, answers.by, answers.networks, tested, answers.pictures, strict=True)
    counts = Counter(row for row in rows if row[-1])
    for (*_, name), count in counts.items():
        if count > 1:
            raise ReleaseCorrupt(f"{where}: the picture {name} has two rows. Publish the release again.")


def _parsed(path: str, manifest: Manifest, read: Read, where: str) -> Answers:
    content = read(path)
    if hashlib.sha256(content).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(
            f"{where}/{path}: its sha256 is not that of the manifest. Publish the release again."
        )
    try:
        return answers_of(content)
    except (ValueError, KeyError, OSError, EOFError, csv.Error) as error:
        raise ReleaseCorrupt(f"{where}/{path}: {error}. Train the release again.") from error


def _columns(content: bytes) -> dict[str, list[str]]:
    """Return the columns of a CSV by name; ValueError unless every row has each of them."""
    rows = [row for row in csv.reader(io.StringIO(content.decode()), strict=True) if row]
    if not rows:
        raise ValueError("the row of column names is missing")
    header = rows.pop(0)
    if unlike := next((row for row in rows if len(row) != len(header)), None):
        raise ValueError(f"a row of {len(unlike)} values, expected {len(header)}")
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def answers_of(content: bytes) -> Answers:
    """Read the rows of a file that `packed` made.

    Raises:
        ValueError, KeyError, OSError, EOFError, csv.Error: it is none.
    """
    most = 2**20 + EXPANSION * len(content)
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = file.read(most + 1)
    if len(unpacked) > most:
        raise ValueError(f"{len(content)} bytes unpack to more than {most}")
    columns = _columns(unpacked)
    shares = [_numbers(columns[name]) for name in columns if name[0] == "p" and name[1:].isdecimal()]
    rows = len(columns["set"])
    return Answers(
        **{name: _read_column(name, columns, rows) for name in COLUMNS},
        probabilities=np.array(shares, np.float64).T.reshape(rows, len(shares)),
    )


def _read_column(name: str, columns: dict[str, list[str]], rows: int) -> NDArray[Any]:
    """Return a column of the file; KeyError if it has to be there and is not."""
    written, unknown = COLUMNS[name]["name"], COLUMNS[name]["unknown"]
    values = columns[written] if COLUMNS[name]["is_required"] else columns.get(written)
    if name == "networks" and values and (shown := columns.get("shown")):  # of releases before schema 10
        values = [
            "photos" if what not in {"", "pixels"} else value
            for value, what in zip(values, shown, strict=True)
        ]
    if values is not None and isinstance(unknown, float):
        values = _numbers(values)
    return _column(name, values, rows)


def _numbers(values: list[str]) -> list[str]:
    """Return the values of a column of floats, in which an empty one is not a number."""
    return [value or "nan" for value in values]

"""answers.csv.gz: what a release answered to pictures, a row each, by which everything judges it.

Pictures of the test set come first, in its order, then photos. The report says whether they were answered by
networks that had not learnt them. The two files of older releases, test-predictions.csv and
photo-predictions.csv, are read into the same columns. Reads folder and store; comparison.py compares two.
"""

import csv
import gzip
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.manifest import Manifest

ANSWERS: Final = "answers.csv.gz"

PREDICTIONS: Final = "test-predictions.csv"
PHOTO_PREDICTIONS: Final = "photo-predictions.csv"
"""Of older releases: truth and prediction alone."""

COLUMNS: Final = (
    "set",
    "picture",
    "group",
    "fold",
    "network",
    "truth",
    "predicted",
    "familiarity",
    "decision",
    "by",
)
"""Before the probabilities, a column `p0`, `p1`, ... for each class."""

DIGITS: Final = 5
"""Of probabilities and familiarities after the point: enough to decide thresholds again."""

LARGEST: Final = 1_000_000
"""Pictures of the largest test set whose answers are kept."""

MOST_BYTES: Final = 2**31
"""Unpacked; more is no file of ours."""

NAME_LENGTH: Final = 16
"""Hex digits of a content's SHA-256 that name a picture: two of a million share one by a chance of 3e-8."""

TEST_SET: Final = "the test set"
"""The set of its pictures."""

NONE_OF_THESE: Final = -1
"""The truth of a picture that shows none of the classes."""

Read: TypeAlias = Callable[[str], bytes]
"""Reads a file of one release, by its path."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A row a picture.

    Attributes:
        sets: str (N,), TEST_SET, or the tier of a photo.
        pictures: str (N,), NAME_LENGTH hex digits of the content; empty where it has no name.
        groups: str (N,), equal where pictures are not independent; empty where each is on its own.
        folds: int64 (N,), from 1: which network answered; 0 where it was not one of folds.
        networks: str (N,), `pixels` or `photos`.
        truth: int64 (N,), a class's index, or NONE_OF_THESE.
        predicted: int64 (N,).
        familiarity: float64 (N,), NaN where none was measured.
        by: str (N,), empty for the release that keeps them, else the version of its parent, which answered.
        decisions: str (N,), `accept` or the reason of a review; empty where it is not known.
        probabilities: float64 (N, C), as served; (N, 0) in older releases.
    """

    sets: NDArray[np.str_]
    pictures: NDArray[np.str_]
    groups: NDArray[np.str_]
    folds: NDArray[np.int64]
    networks: NDArray[np.str_]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    familiarity: NDArray[np.float64]
    decisions: NDArray[np.str_]
    by: NDArray[np.str_]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.truth)

    @classmethod
    def of(  # noqa: PLR0913 - a column each
        cls,
        sets: Sequence[str] | NDArray[np.str_],
        truth: Sequence[int] | NDArray[np.integer],
        predicted: Sequence[int] | NDArray[np.integer],
        *,
        pictures: Sequence[str] | NDArray[np.str_] | None = None,
        groups: Sequence[str] | NDArray[np.str_] | None = None,
        folds: Sequence[int] | NDArray[np.integer] | None = None,
        network: str = "pixels",
        by: str = "",
        familiarity: NDArray[np.float64] | None = None,
        decisions: Sequence[str] | NDArray[np.str_] | None = None,
        probabilities: NDArray[np.floating] | None = None,
    ) -> Self:
        """These columns; what is left out is not known. Names are cut to NAME_LENGTH."""
        n = len(truth)
        unnamed = [""] * n
        named, grouped = (
            np.array(unnamed if one is None else list(one), f"<U{NAME_LENGTH}") for one in (pictures, groups)
        )
        return cls(
            sets=np.array(sets, np.str_),
            pictures=named,
            groups=grouped,
            folds=np.zeros(n, np.int64) if folds is None else np.array(folds, np.int64),
            networks=np.array([network] * n, np.str_),
            truth=np.array(truth, np.int64),
            predicted=np.array(predicted, np.int64),
            familiarity=np.full(n, np.nan) if familiarity is None else np.array(familiarity, np.float64),
            decisions=np.array(unnamed if decisions is None else decisions, np.str_),
            by=np.array([by] * n, np.str_),
            probabilities=np.zeros((n, 0)) if probabilities is None else np.array(probabilities, np.float64),
        )

    @property
    def right(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the answer is the truth."""
        return np.asarray(self.predicted == self.truth)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the decision was `accept`."""
        return np.asarray(self.decisions == "accept")

    @property
    def decided(self) -> bool:
        """Whether all decisions are known."""
        return bool((self.decisions != "").all())

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The rows that a mask picks, bool (N,), or those at these positions."""
        return type(self)(**{name: column[which] for name, column in vars(self).items()})

    def of_set(self, name: str) -> Self:
        """The rows of one set."""
        return self.take(self.sets == name)

    def __add__(self, others: "Answers") -> "Answers":
        """Both, in this order; those without probabilities get none but zeros beside those with some."""
        classes = max(one.probabilities.shape[1] for one in (self, others))
        columns = {
            name: np.concatenate([column, getattr(others, name)])
            for name, column in vars(self).items()
            if name != "probabilities"
        }
        wide = [np.zeros((len(one), classes)) for one in (self, others)]
        for one, columns_of in zip((self, others), wide, strict=True):
            columns_of[:, : one.probabilities.shape[1]] = one.probabilities
        return Answers(**columns, probabilities=np.concatenate(wide))


NO_ANSWERS: Final = Answers.of([], [], [])


def packed(answers: Answers) -> bytes:
    """The file's content; the same for the same answers."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    classes = answers.probabilities.shape[1]
    rows.writerow([*COLUMNS, *(f"p{index}" for index in range(classes))])
    columns = (answers.sets, answers.pictures, answers.groups, answers.folds, answers.networks)
    numbers = (answers.truth, answers.predicted, map(_rounded, answers.familiarity.tolist()))
    probabilities = answers.probabilities.tolist()
    for *row, shares in zip(*columns, *numbers, answers.decisions, answers.by, probabilities, strict=True):
        rows.writerow([*row, *map(_rounded, shares)])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _rounded(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.{DIGITS}f}"


def answers_in(manifest: Manifest, read: Read, where: str) -> Answers:
    """What a release answered; no rows if it keeps none. Arguments and errors: `all_answers_in`."""
    found = all_answers_in(manifest, read, where)
    return found.take(found.by == "")


def all_answers_in(manifest: Manifest, read: Read, where: str) -> Answers:
    """What a release answered, and what its parent did to pictures that the release learnt.

    Args:
        manifest: of the release.
        read: its files.
        where: the address of these, for messages.

    Raises:
        NotFound: its file is not there.
        ReleaseCorrupt: its file is not as it has to be.
    """
    if ANSWERS in manifest.files:
        found = _parsed(ANSWERS, _unpacked, manifest, read, where)
    else:
        found = NO_ANSWERS
        if PREDICTIONS in manifest.files and manifest.headline.test_n <= LARGEST:
            found += _parsed(PREDICTIONS, _older_test, manifest, read, where)
        if PHOTO_PREDICTIONS in manifest.files:
            found += _parsed(PHOTO_PREDICTIONS, _older_photos, manifest, read, where)
    _check_names(found, where)
    tested = int((found.sets == TEST_SET).sum())
    if tested not in {0, manifest.headline.test_n}:
        raise ReleaseCorrupt(
            f"{where}: answers to {tested} pictures of the test set, which has {manifest.headline.test_n}."
        )
    return found


def _check_names(answers: Answers, where: str) -> None:
    """Refuse a picture with two rows: one would hide the other, and its group, from the gate."""
    rows = zip(answers.by, answers.networks, answers.sets == TEST_SET, answers.pictures, strict=True)
    counts = Counter(row for row in rows if row[-1])
    for (*_, name), count in counts.items():
        if count > 1:
            raise ReleaseCorrupt(f"{where}: the picture {name} has two rows. Publish the release again.")


def _parsed(
    path: str, parse: Callable[[bytes], Answers], manifest: Manifest, read: Read, where: str
) -> Answers:
    content = read(path)
    if hashlib.sha256(content).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(
            f"{where}/{path}: its sha256 is not that of the manifest. Publish the release again."
        )
    try:
        return parse(content)
    except (ValueError, KeyError, OSError, EOFError, csv.Error) as error:
        raise ReleaseCorrupt(f"{where}/{path}: {error}. Train the release again.") from error


def _columns(content: bytes) -> dict[str, list[str]]:
    """The columns of a CSV by name; ValueError unless every row has each of them."""
    rows = list(csv.reader(io.StringIO(content.decode()), strict=True))
    if not rows:
        raise ValueError("the row of column names is missing")
    header = rows.pop(0)
    if unlike := next((row for row in rows if len(row) != len(header)), None):
        raise ValueError(f"a row of {len(unlike)} values, expected {len(header)}")
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def _unpacked(content: bytes) -> Answers:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = file.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    columns = _columns(unpacked)
    classes = [name for name in columns if name[0] == "p" and name[1:].isdecimal()]
    return Answers(
        sets=np.array(columns["set"], np.str_),
        pictures=np.array(columns["picture"], f"<U{NAME_LENGTH}"),
        groups=np.array(columns["group"], f"<U{NAME_LENGTH}"),
        folds=np.array(columns["fold"], np.int64),
        networks=np.array(columns["network"], np.str_),
        truth=np.array(columns["truth"], np.int64),
        predicted=np.array(columns["predicted"], np.int64),
        familiarity=np.array([value or "nan" for value in columns["familiarity"]], np.float64),
        decisions=np.array(columns["decision"], np.str_),
        by=np.array(columns.get("by", [""] * len(columns["set"])), np.str_),
        probabilities=np.array([columns[name] for name in classes], np.float64).T.reshape(
            len(columns["set"]), len(classes)
        ),
    )


def _older_test(content: bytes) -> Answers:
    columns = _columns(content)
    truth = np.array(columns["truth"], np.int64)
    names, groups = columns.get("picture"), columns.get("group")
    of = [TEST_SET] * len(truth)
    return Answers.of(of, truth, np.array(columns["predicted"], np.int64), pictures=names, groups=groups)


def _older_photos(content: bytes) -> Answers:
    columns = _columns(content)
    truth, predicted = (np.array(columns[name], np.int64) for name in ("truth", "predicted"))
    return Answers.of(columns["tier"], truth, predicted, pictures=columns["photo"], groups=columns["group"])

"""test-predictions.csv and photo-predictions.csv: a release's answers, by which the gate compares two.

The first has a row per picture in the test set's order: the true class and the predicted one, as indices, and
a name of a file by its content. The second has a row per photo that shows a class, which it names likewise:
two releases answered the same ones where these names agree. Older releases, and those with larger test sets,
have none. Reads folder and store.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.manifest import Manifest

PREDICTIONS: Final = "test-predictions.csv"

HEADER: Final = "truth,predicted"

NAMED_HEADER: Final = f"{HEADER},picture,group"
"""Of pictures that are files: the name of each, and one of its group."""

LARGEST: Final = 1_000_000
"""Pictures of the largest test set whose predictions are kept: 8 MB at most, which the gate reads at once."""

PHOTO_PREDICTIONS: Final = "photo-predictions.csv"

PHOTO_COLUMNS: Final = ("photo", "group", "tier", "truth", "predicted")

NAME_LENGTH: Final = 16
"""Hex digits of a photo's SHA-256 that name it: two of a million photos share one by a chance of 3e-8."""

Right = NDArray[np.bool_]
"""Bool (N,), whether a release is right about each picture of the test set."""

TEST_SET: Final = "the test set"
"""The tier of its pictures."""

Read = Callable[[str], bytes]
"""Reads a file of one release, by its path."""


@dataclass(frozen=True)
class PhotoPrediction:
    """What a release answered to one photo that shows a class.

    Attributes:
        group: equal for photos of one sender.
        tier: how it was taken.
        truth: index of its class.
        predicted: index of the answer.
    """

    group: str
    tier: str
    truth: int
    predicted: int

    @property
    def right(self) -> bool:
        """Whether the answer is the truth."""
        return self.predicted == self.truth


PhotoPredictions = Mapping[str, PhotoPrediction]
"""By the first NAME_LENGTH hex digits of the SHA-256 of the photo's file."""


def predictions_text(
    truth: NDArray[np.integer],
    predicted: NDArray[np.integer],
    digests: Sequence[str] | None = None,
    groups: Sequence[str] | NDArray[np.str_] | None = None,
) -> str:
    """The file's content.

    Args:
        truth: class indices, (N,).
        predicted: the same.
        digests: hex SHA-256 of each picture's file; None for pictures that had none of their own.
        groups: of each a SHA-256, too; None where each is on its own.
    """
    rows = (f"{true},{answer}" for true, answer in zip(truth.tolist(), predicted.tolist(), strict=True))
    if digests is None:
        return "\n".join([HEADER, *rows]) + "\n"
    named = zip(rows, digests, digests if groups is None else groups, strict=True)
    return (
        "\n".join(
            [NAMED_HEADER, *(f"{row},{one[:NAME_LENGTH]},{group[:NAME_LENGTH]}" for row, one, group in named)]
        )
        + "\n"
    )


def photo_predictions_text(answers: PhotoPredictions) -> str:
    """The file's content, in order of the photos' names."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(PHOTO_COLUMNS)
    rows.writerows(
        (name, one.group, one.tier, one.truth, one.predicted) for name, one in sorted(answers.items())
    )
    return text.getvalue()


def right_in(manifest: Manifest, read: Read, where: str) -> Right | None:
    """What a release is right about in its test set, if it keeps that.

    Args:
        manifest: of the release.
        read: its files.
        where: the address of these, for messages.

    Raises:
        NotFound: its file is not there.
        ReleaseCorrupt: its file is not as it has to be.
    """
    if PREDICTIONS not in manifest.files or manifest.headline.test_n > LARGEST:
        return None
    rows = _test_rows(manifest, read, where)
    return np.array([int(row[0]) == int(row[1]) for row in rows])


def predictions_in(manifest: Manifest, read: Read, where: str) -> PhotoPredictions:
    """What a release answered to the named pictures of its test set; empty if it keeps no names.

    Arguments and errors: `right_in`.
    """
    if PREDICTIONS not in manifest.files or manifest.headline.test_n > LARGEST:
        return {}
    rows = _test_rows(manifest, read, where)
    named = (
        (row[2], PhotoPrediction(row[3], TEST_SET, int(row[0]), int(row[1]))) for row in rows if len(row) > 2
    )
    try:
        return _by_name(named)
    except ValueError as error:
        raise ReleaseCorrupt(f"{where}/{PREDICTIONS}: {error}. Publish the release again.") from error


def _by_name(rows: Iterable[tuple[str, PhotoPrediction]]) -> PhotoPredictions:
    """The rows by name. A name that comes twice would hide a picture, and its group, from the gate."""
    found: dict[str, PhotoPrediction] = {}
    for name, prediction in rows:
        if name in found:
            raise ValueError(f"the picture {name} has two rows")
        found[name] = prediction
    return found


def _test_rows(manifest: Manifest, read: Read, where: str) -> list[list[str]]:
    content = _content(PREDICTIONS, manifest, read, where)
    where = f"{where}/{PREDICTIONS}"
    try:
        header, *rows = [line.split(",") for line in content.decode("ascii").splitlines()]
        if unlike := next((row for row in rows if len(row) != len(header)), None):
            raise ValueError(f"a row of {len(unlike)} values")
        np.array([row[:2] for row in rows], np.int64)
    except ValueError as error:
        raise ReleaseCorrupt(f"{where}: {error}. Expected a row `{HEADER}` per picture.") from error
    if len(rows) != manifest.headline.test_n:
        raise ReleaseCorrupt(
            f"{where}: {len(rows)} rows, but the test set has {manifest.headline.test_n} pictures."
        )
    return rows


def photo_predictions_in(manifest: Manifest, read: Read, where: str) -> PhotoPredictions:
    """What a release answered to photos; empty if it keeps none. Arguments and errors: `right_in`."""
    if PHOTO_PREDICTIONS not in manifest.files:
        return {}
    content = _content(PHOTO_PREDICTIONS, manifest, read, where)
    try:
        return _by_name(_photo_rows(csv.reader(io.StringIO(content.decode()), strict=True)))
    except (ValueError, csv.Error) as error:
        raise ReleaseCorrupt(
            f"{where}/{PHOTO_PREDICTIONS}: {error}. Expected a row `{','.join(PHOTO_COLUMNS)}` per photo."
        ) from error


def _photo_rows(rows: Iterable[list[str]]) -> Iterable[tuple[str, PhotoPrediction]]:
    for number, row in enumerate(rows):
        if number:
            name, group, tier, truth, predicted = row
            yield name, PhotoPrediction(group, tier, int(truth), int(predicted))


def _content(path: str, manifest: Manifest, read: Read, where: str) -> bytes:
    content = read(path)
    if hashlib.sha256(content).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(
            f"{where}/{path}: its sha256 is not that of the manifest. Publish the release again."
        )
    return content

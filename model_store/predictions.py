"""test-predictions.csv: a release's answer to each picture of its test set, by which the gate compares two.

A header, then a row per picture in the test set's order: the true class and the predicted one, as indices.
Releases from before it was kept, and those with larger test sets, have none. Reads folder and store.
"""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.catalogue import file_key
from model_store.errors import ReleaseCorrupt
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from model_store.store import Store

PREDICTIONS: Final = "test-predictions.csv"

HEADER: Final = "truth,predicted"

LARGEST: Final = 1_000_000
"""Pictures of the largest test set whose predictions are kept: 8 MB at most, which the gate reads at once."""

Right = NDArray[np.bool_]
"""Bool (N,), whether a release is right about each picture of the test set."""


def predictions_text(truth: NDArray[np.integer], predicted: NDArray[np.integer]) -> str:
    """The file's content, for class indices of shape (N,)."""
    rows = (f"{true},{answer}" for true, answer in zip(truth.tolist(), predicted.tolist(), strict=True))
    return "\n".join([HEADER, *rows]) + "\n"


def right_in_folder(release: LocalRelease) -> Right | None:
    """What a release in a folder is right about, if it keeps that.

    Raises:
        ReleaseCorrupt: its file is not as it has to be.
    """
    if not _is_kept(release.manifest):
        return None
    path = release.folder / PREDICTIONS
    return _parsed(path.read_bytes(), release.manifest, str(path))


def right_in_store(store: Store, manifest: Manifest) -> Right | None:
    """What a release in a store is right about, if it keeps that.

    Raises:
        NotFound: its file is not there.
        ReleaseCorrupt: its file is not as it has to be.
    """
    if not _is_kept(manifest):
        return None
    key = file_key(manifest.version, PREDICTIONS)
    return _parsed(store.read(key), manifest, f"{store.address}/{key}")


def _is_kept(manifest: Manifest) -> bool:
    return PREDICTIONS in manifest.files and manifest.headline.test_n <= LARGEST


def _parsed(content: bytes, manifest: Manifest, where: str) -> Right:
    if hashlib.sha256(content).hexdigest() != manifest.files[PREDICTIONS].sha256:
        raise ReleaseCorrupt(f"{where}: its sha256 is not that of the manifest. Publish the release again.")
    try:
        rows = [line.split(",") for line in content.decode("ascii").splitlines()[1:]]
        truth, predicted = np.array(rows, np.int64).T
    except ValueError as error:
        raise ReleaseCorrupt(f"{where}: {error}. Expected a row `{HEADER}` per picture.") from error
    if len(truth) != manifest.headline.test_n:
        raise ReleaseCorrupt(
            f"{where}: {len(truth)} rows, but the test set has {manifest.headline.test_n} pictures."
        )
    return np.asarray(truth == predicted)

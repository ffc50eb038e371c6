"""What a release learnt: a hash of each picture and photo, so that no later training measures on these.

A training that starts from a release takes them over and adds its own. The first four bytes of a SHA-256 are
enough: where 74,000 are learnt, one new picture in 58,000 is taken for one of them, and learnt. Reads and
writes `learnt.npy` in a release's folder. Which pictures are held out: splitting.py.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.files import write_whole

LEARNT: Final = "learnt.npy"
"""The file's name in a release; docs/reference/release-format.md describes it."""

Contents = NDArray[np.str_]
"""Str (N,), the hex SHA-256 of each: of a file's bytes, or of a picture's pixels, uint8 in C order."""


@dataclass(frozen=True)
class Learnt:
    """The contents that were learnt.

    Attributes:
        hashes: uint32, ascending, each once: the first 32 bits of each content's SHA-256.
    """

    hashes: NDArray[np.uint32]

    @classmethod
    def of(cls, contents: Contents) -> Self:
        """These contents, in any order."""
        return cls(np.unique(_short(contents)))

    def __or__(self, others: "Learnt") -> "Learnt":
        """Both."""
        return Learnt(np.union1d(self.hashes, others.hashes))

    def has(self, contents: Contents) -> NDArray[np.bool_]:
        """Which of these contents are among them, bool (N,)."""
        return np.isin(_short(contents), self.hashes)

    def save(self, folder: Path) -> None:
        """Write the file into a release's folder, all of it or nothing."""
        packed = io.BytesIO()
        np.save(packed, self.hashes.astype("<u4"), allow_pickle=False)
        write_whole(folder / LEARNT, packed.getvalue())


NOTHING: Final = Learnt(np.empty(0, np.uint32))


def load_learnt(folder: Path) -> Learnt | None:
    """What a release in a folder learnt; None for one from before this was kept, or made elsewhere.

    Raises:
        ReleaseCorrupt: the file is damaged.
    """
    path = folder / LEARNT
    if not path.exists():
        return None
    try:
        with path.open("rb") as file:
            hashes = np.load(file, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise ReleaseCorrupt(f"{path}: {error}. Fetch the release again.") from error
    if hashes.dtype != np.dtype("<u4") or hashes.ndim != 1:
        raise ReleaseCorrupt(f"{path}: {hashes.dtype} of shape {hashes.shape}, expected uint32 in a row.")
    return Learnt(np.unique(hashes))


def _short(contents: Contents) -> NDArray[np.uint32]:
    return np.array([int(digest[:8], 16) for digest in contents.tolist()], np.uint32)

"""What a release learnt: a hash of each picture and photo, so that no later training measures on these.

A training that starts from a release takes them over and adds its own. The first 64 bits of a SHA-256 name a
content. Reads and writes `learnt.npy` in a release's folder. Which pictures are held out: split.py.
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

HEADER: Final = 128
"""Bytes that np.save writes before a row of numbers."""

Contents = NDArray[np.str_]
"""Str (N,), the hex SHA-256 of each: of a file's bytes, or of a picture's pixels, uint8 in C order."""


@dataclass(frozen=True)
class Learnt:
    """The contents that were learnt.

    Attributes:
        hashes: uint64, ascending, each once: the first 64 bits of each content's SHA-256.
    """

    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, contents: Contents) -> Self:
        """These contents, in any order."""
        return cls(np.unique(_first_bits(contents)))

    def __or__(self, others: "Learnt") -> "Learnt":
        """Both."""
        return Learnt(np.union1d(self.hashes, others.hashes))

    def has(self, contents: Contents) -> NDArray[np.bool_]:
        """Which of these contents are among them, bool (N,)."""
        return np.isin(_first_bits(contents), self.hashes)

    def save(self, folder: Path) -> None:
        """Write the file into a release's folder, all of it or nothing."""
        packed = io.BytesIO()
        np.save(packed, self.hashes.astype("<u8"), allow_pickle=False)
        write_whole(folder / LEARNT, packed.getvalue())


NOTHING: Final = Learnt(np.empty(0, np.uint64))


def load_learnt(folder: Path) -> Learnt | None:
    """What a release in a folder learnt; None for one that does not say: of version 1.0, or made elsewhere.

    Raises:
        ReleaseCorrupt: the file is damaged, or not as `save` writes it: no other header is parsed.
    """
    path = folder / LEARNT
    if not path.exists():
        return None
    content = path.read_bytes()
    header, values = content[:HEADER], content[HEADER:]
    if header == _header("<u4", len(values) // 4):  # 32 bits of each, which new contents share by chance
        return None
    if len(values) % 8 or header != _header("<u8", len(values) // 8):
        raise ReleaseCorrupt(
            f"{path}: expected uint64 in a row, as many as its header says. Copy the release again."
        )
    return Learnt(np.unique(np.frombuffer(values, "<u8")))


def _header(dtype: str, n: int) -> bytes:
    """What np.save writes before n numbers."""
    written = io.BytesIO()
    np.lib.format.write_array_header_1_0(written, {"descr": dtype, "fortran_order": False, "shape": (n,)})
    return written.getvalue()


def _first_bits(contents: Contents) -> NDArray[np.uint64]:
    return np.array([int(digest[:16], 16) for digest in contents.tolist()], np.uint64)

"""Hashes of all pictures that a release learnt, so that no later training measures itself on one of them.

A training that starts from a release takes over its hashes and adds its own. The first 64 bits of a SHA-256
identify a content; a perceptual hash finds a photo that was saved again. Reads and writes `learnt.npy` and
`learnt-near.npy` in a release's folder. Which pictures are held out: split.py.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.local_releases import LocalRelease
from model_store.release_files import write_whole
from training.data.perceptual_hashes import NO_HASHES, Hashes, near_to
from training.progress import Say

LEARNT: Final = "learnt.npy"
LEARNT_NEAR: Final = "learnt-near.npy"
"""Names of the two files in a release; docs/reference/release-format.md describes their format."""

UNKNOWN: Final[Hashes] = np.full((1, 10), np.iinfo(np.uint64).max, np.uint64)
"""Perceptual hash that stands for photos whose hashes are not known. It is near no photo's hash: a real hash
has half of its shape bits set, and this one has all."""

ContentHashes = NDArray[np.str_]
"""Str (N,), the hex SHA-256 of N pictures: of a file's bytes, or of the pixels, uint8 in C order."""


@dataclass(frozen=True)
class Learnt:
    """Hashes of the pictures that a release learnt.

    Attributes:
        hashes: uint64, ascending, each once: the first 64 bits of each picture's SHA-256.
        near: the perceptual hashes of the learnt photos, ascending, each once; None if the release does not
            have them. UNKNOWN among them stands for photos without a stored hash.
    """

    hashes: NDArray[np.uint64]
    near: Hashes | None

    @classmethod
    def of(cls, contents: ContentHashes, near: Hashes = NO_HASHES) -> Self:
        """Make this from the full SHA-256 digests and perceptual hashes of pictures, in any order."""
        return cls(np.unique(_first_bits(contents)), np.unique(near, axis=0))

    def __or__(self, others: "Learnt") -> "Learnt":
        """Return the hashes of all pictures that either of two releases learnt."""
        hashes = np.union1d(self.hashes, others.hashes)
        if self.near is None and others.near is None:
            return Learnt(hashes, None)
        near = [UNKNOWN if part is None else part for part in (self.near, others.near)]
        return Learnt(hashes, np.unique(np.concatenate(near), axis=0))

    def has(self, contents: ContentHashes, near: Hashes = NO_HASHES) -> NDArray[np.bool_]:
        """Tell which of N pictures were learnt, or are nearly the same as a learnt photo, bool (N,).

        Args:
            contents: str (N,), the hex SHA-256 of each picture.
            near: uint64 (N, 10), the perceptual hash of each picture; empty if the pictures are no photos.
        """
        learnt = np.isin(_first_bits(contents), self.hashes)
        if self.near is not None and len(self.near):
            for place, hash_ in enumerate(near):
                learnt[place] = learnt[place] or near_to(hash_, self.near).size > 0
        return learnt

    def save(self, folder: Path) -> None:
        """Write both files of hashes into a release's folder, each completely or not at all."""
        for name, numbers in ((LEARNT, self.hashes), (LEARNT_NEAR, self.near)):
            if numbers is not None:
                packed = io.BytesIO()
                np.save(packed, numbers.astype("<u8"), allow_pickle=False)
                write_whole(folder / name, packed.getvalue())


NOTHING: Final = Learnt(np.empty(0, np.uint64), NO_HASHES)

NOT_SAID: Final = Learnt(np.empty(0, np.uint64), None)
"""Hashes for a release that does not say which pictures it learnt."""


def load_learnt(folder: Path) -> Learnt | None:
    """Read the hashes of the pictures that a release learnt.

    Returns:
        The hashes; None if the release has none, because it is of version 1.0 or was made with other
        software.

    Raises:
        ReleaseCorrupt: a file is damaged or has another format than `Learnt.save` writes.
    """
    hashes = _stored(folder / LEARNT, ())
    return None if hashes is None else Learnt(hashes, _stored(folder / LEARNT_NEAR, NO_HASHES.shape[1:]))


def learnt_among(
    release: LocalRelease,
    contents: ContentHashes,
    near: Hashes = NO_HASHES,
    *,
    say: Say = lambda _: None,
    unsaid: bool = False,
) -> NDArray[np.bool_]:
    """Tell which of N pictures a release learnt, or nearly the same ones, bool (N,).

    Args:
        release: the release.
        contents: str (N,), the hex SHA-256 of each picture.
        near: uint64 (N, 10), the perceptual hash of each picture; empty if the pictures are no photos.
        say: a function that receives a warning if the release lacks perceptual hashes, so that photos that
            were saved again are not found.
        unsaid: the value for all pictures if the release does not say which pictures it learnt.
    """
    learnt = load_learnt(release.folder)
    if doubt := knows_bytes_alone(learnt or NOTHING, release.version):
        say(doubt)
    return np.full(len(contents), unsaid) if learnt is None else learnt.has(contents, near)


def knows_bytes_alone(learnt: Learnt, version: str) -> str:
    """Return a warning if a release lacks perceptual hashes of some photos; empty if it has all of them.

    Args:
        learnt: the hashes of the release.
        version: the version of the release, for the warning.
    """
    if learnt.near is not None and not (learnt.near == UNKNOWN).all(axis=1).any():
        return ""
    what = "what it learnt" if learnt.near is None else "some photos that it learnt"
    return f"{version} knows {what} by bytes alone: a photo that was saved again passes for new."


def _stored(path: Path, row: tuple[int, ...]) -> NDArray[np.uint64] | None:
    """Return the rows of a file, each once; None if there is no file."""
    if not path.exists():
        return None
    try:
        # Mapped, so that no more memory is taken than the file has, whatever its header says.
        stored = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, TypeError, OSError, EOFError, TokenError) as error:
        raise _damaged(path, row) from error
    is_whole = stored.offset + stored.nbytes == path.stat().st_size
    if stored.dtype != np.dtype("<u8") or not stored.ndim or stored.shape[1:] != row or not is_whole:
        raise _damaged(path, row)
    return np.unique(stored, axis=0)


def _damaged(path: Path, row: tuple[int, ...]) -> ReleaseCorrupt:
    return ReleaseCorrupt(
        f"{path}: expected uint64, {' x '.join(('N', *map(str, row)))}, as many as its header says. Copy "
        "the release again."
    )


def _first_bits(contents: ContentHashes) -> NDArray[np.uint64]:
    return np.array([int(digest[:16], 16) for digest in contents.tolist()], np.uint64)

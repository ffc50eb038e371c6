"""Hashes of all pictures that a release learnt, so that no later training measures itself on one of them.

A training that starts from a release takes over its hashes and adds its own. The first 64 bits of a SHA-256
find equal bytes. A perceptual hash, which is similar for similar pictures, finds a photo that was saved
again. The folder of a release has them in `learnt.npy` and `learnt-near.npy`.
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
from model_store.release_files import write_atomically
from training.data.perceptual_hashes import NO_PERCEPTUAL_HASHES, PerceptualHashes, find_near_hashes
from training.progress import Say

LEARNT_HASHES_FILE: Final = "learnt.npy"
LEARNT_PERCEPTUAL_HASHES_FILE: Final = "learnt-near.npy"
"""Files in a release with the hashes of bytes, uint64 (N,), and perceptual hashes, uint64 (N, 10)."""

UNKNOWN_PHOTO_HASH: Final[PerceptualHashes] = np.full((1, 10), np.iinfo(np.uint64).max, np.uint64)
"""Perceptual hash that stands for photos whose hashes are not known. It is near no photo's hash: a real hash
has half of its shape bits set, and this one has all."""

PictureDigests = NDArray[np.str_]
"""Str (N,), the hex SHA-256 of N pictures: of a file's bytes, or of the pixels, uint8 in C order."""


@dataclass(frozen=True)
class LearntHashes:
    """Hashes of the pictures that a release learnt.

    Attributes:
        sha256_prefixes: uint64, ascending, each once: the first 64 bits of each picture's SHA-256.
        perceptual_hashes: the perceptual hashes of the learnt photos, ascending, each once; None if the
            release does not have them. UNKNOWN_PHOTO_HASH among them stands for photos without a stored hash.
    """

    sha256_prefixes: NDArray[np.uint64]
    perceptual_hashes: PerceptualHashes | None

    @classmethod
    def make_from_digests(
        cls, sha256: PictureDigests, perceptual_hashes: PerceptualHashes = NO_PERCEPTUAL_HASHES
    ) -> Self:
        """Make the hashes to store from the SHA-256 (hex digits) and the perceptual hashes of pictures."""
        return cls(np.unique(_read_first_bits(sha256)), np.unique(perceptual_hashes, axis=0))

    def __or__(self, other_hashes: "LearntHashes") -> "LearntHashes":
        """Return the hashes of all pictures that are in either of the two.

        If only one of them has perceptual hashes, UNKNOWN_PHOTO_HASH stands for the photos of the other.
        """
        sha256_prefixes = np.union1d(self.sha256_prefixes, other_hashes.sha256_prefixes)
        if self.perceptual_hashes is None and other_hashes.perceptual_hashes is None:
            return LearntHashes(sha256_prefixes, None)
        perceptual_hashes = [
            UNKNOWN_PHOTO_HASH if part is None else part
            for part in (self.perceptual_hashes, other_hashes.perceptual_hashes)
        ]
        return LearntHashes(sha256_prefixes, np.unique(np.concatenate(perceptual_hashes), axis=0))

    def mark_matches(
        self, sha256: PictureDigests, perceptual_hashes: PerceptualHashes = NO_PERCEPTUAL_HASHES
    ) -> NDArray[np.bool_]:
        """Tell which of N pictures were learnt, or are nearly the same as a learnt photo, bool (N,).

        Args:
            sha256: str (N,), the hex SHA-256 of each picture.
            perceptual_hashes: uint64 (N, 10), the perceptual hash of each picture; empty if the pictures are
                no photos.
        """
        is_learnt = np.isin(_read_first_bits(sha256), self.sha256_prefixes)
        if self.perceptual_hashes is not None and len(self.perceptual_hashes):
            for place, hash_ in enumerate(perceptual_hashes):
                is_learnt[place] = (
                    is_learnt[place] or find_near_hashes(hash_, self.perceptual_hashes).size > 0
                )
        return is_learnt

    def save_hashes(self, folder: Path) -> None:
        """Write both files of hashes into a release's folder, each completely or not at all."""
        for name, numbers in (
            (LEARNT_HASHES_FILE, self.sha256_prefixes),
            (LEARNT_PERCEPTUAL_HASHES_FILE, self.perceptual_hashes),
        ):
            if numbers is not None:
                packed = io.BytesIO()
                np.save(packed, numbers.astype("<u8"), allow_pickle=False)
                write_atomically(folder / name, packed.getvalue())


NO_LEARNT_HASHES: Final = LearntHashes(np.empty(0, np.uint64), NO_PERCEPTUAL_HASHES)

UNSTATED_LEARNT_HASHES: Final = LearntHashes(np.empty(0, np.uint64), None)
"""Hashes for a release that does not say which pictures it learnt."""


def load_learnt_hashes(folder: Path) -> LearntHashes | None:
    """Read the hashes of the pictures that a release learnt.

    Returns:
        The hashes; None if the release has none, because it is of version 1.0 or was made with other
        software.

    Raises:
        ReleaseCorrupt: a file is damaged or has another format than `LearntHashes.save_hashes` writes.
    """
    sha256_prefixes = _read_hashes(folder / LEARNT_HASHES_FILE, ())
    return (
        None
        if sha256_prefixes is None
        else LearntHashes(
            sha256_prefixes,
            _read_hashes(folder / LEARNT_PERCEPTUAL_HASHES_FILE, NO_PERCEPTUAL_HASHES.shape[1:]),
        )
    )


def mark_learnt_pictures(
    release: LocalRelease,
    sha256: PictureDigests,
    perceptual_hashes: PerceptualHashes = NO_PERCEPTUAL_HASHES,
    *,
    say: Say = lambda _: None,
    is_learnt_if_unstated: bool = False,
) -> NDArray[np.bool_]:
    """Tell which of N pictures a release learnt, or nearly the same ones, bool (N,).

    Args:
        sha256: str (N,), the hex SHA-256 of each picture.
        perceptual_hashes: uint64 (N, 10), the perceptual hash of each picture; empty if the pictures are no
            photos.
        say: a function that receives a warning if the release lacks perceptual hashes, so that photos that
            were saved again are not found.
        is_learnt_if_unstated: the value for all pictures if the release does not say which pictures it
            learnt.
    """
    learnt_hashes = load_learnt_hashes(release.folder)
    if warning := describe_missing_hashes(learnt_hashes or NO_LEARNT_HASHES, release.version):
        say(warning)
    return (
        np.full(len(sha256), is_learnt_if_unstated)
        if learnt_hashes is None
        else learnt_hashes.mark_matches(sha256, perceptual_hashes)
    )


def describe_missing_hashes(learnt_hashes: LearntHashes, version: str) -> str:
    """Return a warning if a release lacks perceptual hashes of some photos; empty if it has all of them.

    Args:
        version: the version of the release, for the warning.
    """
    if (
        learnt_hashes.perceptual_hashes is not None
        and not (learnt_hashes.perceptual_hashes == UNKNOWN_PHOTO_HASH).all(axis=1).any()
    ):
        return ""
    unknown_photos = (
        "what it learnt" if learnt_hashes.perceptual_hashes is None else "some photos that it learnt"
    )
    return f"{version} knows {unknown_photos} by bytes alone: a photo that was saved again passes for new."


def _read_hashes(path: Path, row_shape: tuple[int, ...]) -> NDArray[np.uint64] | None:
    """Return the different rows of a file, uint64 (N, *row_shape); None if there is no file.

    Raises:
        ReleaseCorrupt: the file is damaged or has rows of another shape.
    """
    if not path.exists():
        return None
    try:
        # Mapped, so that no more memory is taken than the file has, whatever its header says.
        stored_hashes = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, TypeError, OSError, EOFError, TokenError) as error:
        raise _make_damage_error(path, row_shape) from error
    is_whole = stored_hashes.offset + stored_hashes.nbytes == path.stat().st_size
    if (
        stored_hashes.dtype != np.dtype("<u8")
        or not stored_hashes.ndim
        or stored_hashes.shape[1:] != row_shape
        or not is_whole
    ):
        raise _make_damage_error(path, row_shape)
    return np.unique(stored_hashes, axis=0)


def _make_damage_error(path: Path, row_shape: tuple[int, ...]) -> ReleaseCorrupt:
    return ReleaseCorrupt(
        f"{path}: expected uint64, {' x '.join(('N', *map(str, row_shape)))}, as many as its header says. "
        "Copy the release again."
    )


def _read_first_bits(digests: PictureDigests) -> NDArray[np.uint64]:
    """Return the first 64 bits of SHA-256 digests in hex digits, uint64 (N,)."""
    return np.array([int(digest[:16], 16) for digest in digests.tolist()], np.uint64)

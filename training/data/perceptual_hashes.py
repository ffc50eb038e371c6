"""Find pictures that are nearly the same by their perceptual hashes.

Nearly the same is one photo saved twice, scaled, lightened or slightly cropped.

A perceptual hash: which of a picture's lowest cosine frequencies are above their median (Zauner 2010,
"Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1), with 16 x 16 of them in
place of 8 x 8. It sees shapes alone, so coarse colours follow. Touches nothing. What becomes of near copies:
near_copies.py.
"""

from collections.abc import Hashable, Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture

SCALED: Final = 64
"""Edge to which a picture is scaled before the transform, in pixels."""

KEPT: Final = 16
"""Frequencies kept in each direction."""

NEAR: Final = 24
"""Most differing bits of 256 at which two pictures are nearly the same.

Of 600 photos, half product shots and half users' own, it finds nearly all that were saved again at JPEG
quality 60, scaled to 0.7 or lightened by a tenth; half of the product shots that lost 2% at each edge, and
few of the others. Of 1,811 different users' photos it takes none for another.
"""

CELLS: Final = 4
"""Edge of the grid of coarse colours."""

NEAR_LIGHTNESS: Final = 25
NEAR_COLOUR: Final = 8
"""Most root mean square difference of the cells' lightness, apart from that of their means, and of their
two colour channels, in eight bits of CIELAB each. A photo lightened by a tenth stays near; one product in
black, grey and white does not."""

Hash: TypeAlias = NDArray[np.uint64]
"""uint64, (10,): 256 bits of shape, and CELLS x CELLS cells of three bytes."""

Hashes: TypeAlias = NDArray[np.uint64]
"""uint64, (N, 10)."""

NO_HASHES: Final[Hashes] = np.empty((0, 10), np.uint64)

SHAPE: Final = KEPT**2 // 64
"""Numbers of a hash that hold its shape."""


def perceptual_hash(picture: Picture) -> Hash:
    """Compute the hash of a picture of any size, uint8, (H, W, 3), RGB."""
    return np.concatenate([_shape_of(picture), _colours_of(picture)])


def _colours_of(picture: Picture) -> Hash:
    cells = cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(cells, cv2.COLOR_RGB2LAB).reshape(-1).view(np.uint64)


def _shape_of(picture: Picture) -> Hash:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scaled = cv2.resize(grey, (SCALED, SCALED), interpolation=cv2.INTER_AREA).astype(np.float32)
    lowest = cv2.dct(scaled)[:KEPT, :KEPT].ravel()
    lowest[0] = 0  # the brightness
    return np.packbits(lowest > np.median(lowest)).view(np.uint64)


def group_near(hashes: Hashes, pictures: Sequence[int]) -> list[list[int]]:
    """Put pictures into groups of which each is near the group's first.

    Near pictures do not chain: of three in a row the third is in no group of the first, however many lie
    between others.

    Args:
        hashes: uint64 (N, 10), the hashes of N pictures.
        pictures: positions of some; their order decides which is the first.

    Returns:
        The positions of each group of two or more, by its first.
    """
    return _group_near(*_each_once(hashes), pictures)


def _each_once(hashes: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """Return each hash once, uint64 (M, 10), and which of these each picture has, int64 (N,)."""
    different, number = np.unique(hashes, axis=0, return_inverse=True)
    return different, number.ravel()


def _group_near(different: Hashes, number: NDArray[np.int64], pictures: Sequence[int]) -> list[list[int]]:
    group_of = np.full(len(different), -1)
    groups: dict[int, list[int]] = {}
    for picture in pictures:
        own = int(number[picture])
        if group_of[own] < 0:
            near = near_to(different[own], different)
            group_of[near[group_of[near] < 0]] = own
        groups.setdefault(int(group_of[own]), []).append(picture)
    return [members for members in groups.values() if len(members) > 1]


def group_near_of_several(hashes: Hashes, classes: Sequence[Hashable]) -> list[list[int]]:
    """Find pictures that are near one of another class, in groups that such pairs join.

    Args:
        hashes: uint64 (N, 10), the hashes of N pictures.
        classes: the classes of these.

    Returns:
        The positions of each group; each picture is in one group at most.
    """
    different, number = _each_once(hashes)
    pairs = _near_pairs(different, number, classes)
    apart = {own for pair in pairs for own in pair}
    conflicting = [picture for picture, own in enumerate(number.tolist()) if own in apart]
    # What is near one picture is shown together, whichever of them were compared.
    for members in _group_near(different, number, sorted(conflicting, key=number.tolist().__getitem__)):
        pairs += [(int(number[members[0]]), int(number[other])) for other in members]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    joint = joined_components(rows, columns, len(different))
    groups: dict[int, list[int]] = {}
    for picture in conflicting:
        groups.setdefault(joint[number[picture]], []).append(picture)
    return list(groups.values())


def _near_pairs(
    different: Hashes, number: NDArray[np.int64], classes: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """Return pairs of near hashes of two classes, at least one for each such hash."""
    codes = {class_: code for code, class_ in enumerate(dict.fromkeys(classes))}
    shown = np.full(len(different), -1)
    for own, class_ in zip(number.tolist(), classes, strict=True):
        shown[own] = codes[class_] if shown[own] in {-1, codes[class_]} else len(codes)
    pairs = [(own, own) for own in np.flatnonzero(shown == len(codes)).tolist()]
    for code in codes.values():  # of one class alone none is compared
        others, hits = np.flatnonzero(shown != code), np.empty(0, np.int64)
        hashes = different[others]
        for own in np.flatnonzero(shown == code).tolist():
            hash_ = different[own]
            # Thousands of placeholders are near one another: those that were near before come first.
            near = hits[near_to(hash_, different[hits])]
            if not near.size:
                near = others[near_to(hash_, hashes)]
                hits = np.union1d(hits, near[:1])
            pairs += [(own, other) for other in near[:1].tolist()]
    return pairs


def near_to(hash_: Hash, hashes: Hashes) -> NDArray[np.int64]:
    """Return the indices of those hashes, uint64 (N, 10), that are near one hash."""
    # A quarter of the bits rules out nearly all, so that the others are compared for few.
    few = np.flatnonzero(np.bitwise_count(hashes[:, 0] ^ hash_[0]) <= NEAR)
    alike = few[np.bitwise_count(hashes[few, :SHAPE] ^ hash_[:SHAPE]).sum(axis=1) <= NEAR]
    apart = _cells(hashes[alike]) - _cells(hash_[np.newaxis])
    lightness = apart[..., 0].std(axis=1)
    colour = np.sqrt(np.square(apart[..., 1:]).sum(axis=2).mean(axis=1))
    near: NDArray[np.int64] = alike[(lightness <= NEAR_LIGHTNESS) & (colour <= NEAR_COLOUR)]
    return near


def _cells(hashes: Hashes) -> NDArray[np.float32]:
    """Return the colours of (N, 10) hashes, (N, CELLS * CELLS, 3)."""
    return hashes[:, SHAPE:].copy().view(np.uint8).reshape(len(hashes), CELLS**2, 3).astype(np.float32)


def joined_components(rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> list[int]:
    """Return the number of each member's component, in which each row is joined with its column."""
    # Here: commands show their help where serving alone is installed.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(count, count))
    numbers: list[int] = connected_components(graph, directed=False)[1].tolist()
    return numbers

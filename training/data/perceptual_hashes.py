"""Find pictures that are nearly the same, by perceptual hashes, which are similar for similar pictures.

Nearly the same means: one photo that was saved twice, scaled, lightened or slightly cropped. A hash has one
bit for each of a picture's lowest cosine frequencies, which says whether it is above their median (Zauner
2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1), with 16 x 16
frequencies in place of 8 x 8. Such bits describe shapes alone, so coarse colours are added. Touches nothing.
How near copies are used: near_copies.py.
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
"""Number of frequencies in each direction that a hash describes."""

NEAR: Final = 24
"""Largest number of differing bits, of 256, at which two pictures are nearly the same. Tested on 600 photos,
half product shots and half users' own. Nearly all photos that were saved again at JPEG quality 60, scaled to
0.7 or lightened by a tenth are found; of photos that lost 2% at each edge, half of the product shots and few
others. Among 1,811 photos of different users, no two are taken for near copies."""

CELLS: Final = 4
"""Number of rows and of columns in the grid of coarse colours."""

NEAR_LIGHTNESS: Final = 25
NEAR_COLOUR: Final = 8
"""Most root mean square difference of the cells' lightness, apart from that of their means, and of their
two colour channels, in eight bits of CIELAB each. A photo lightened by a tenth stays near; one product in
black, grey and white does not."""

Hash: TypeAlias = NDArray[np.uint64]
"""uint64 (10,), a perceptual hash: 256 bits of shape, then CELLS x CELLS cells of three bytes of colour."""

Hashes: TypeAlias = NDArray[np.uint64]
"""uint64 (N, 10), the perceptual hashes of N pictures."""

NO_HASHES: Final[Hashes] = np.empty((0, 10), np.uint64)

SHAPE: Final = KEPT**2 // 64
"""Number of uint64 values in a hash that describe the shape."""


def perceptual_hash(picture: Picture) -> Hash:
    """Compute the perceptual hash of a picture, which is similar for similar pictures.

    Args:
        picture: uint8 (H, W, 3), RGB, of any size.

    Returns:
        uint64 (10,), the bits of the shape and the coarse colours.
    """
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
    """Group pictures that are nearly the same as the first picture of the group.

    Groups do not grow by chains: if B is near A, and C is near B but not near A, then C is not in A's group.

    Args:
        hashes: uint64 (N, 10), the perceptual hashes of N pictures.
        pictures: positions of the pictures to group, in an order that decides which is first in a group.

    Returns:
        Groups of two or more positions.
    """
    return _group_near(*_each_once(hashes), pictures)


def _each_once(hashes: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the M different hashes, uint64 (M, 10), and the index of each picture's hash, int64 (N,)."""
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
    """Find pictures that are nearly the same as a picture of another class, and group them with it.

    Args:
        hashes: uint64 (N, 10), the perceptual hashes of N pictures.
        classes: the class of each picture.

    Returns:
        Groups of positions, in which near pictures are joined, also through others. Each picture is in one
        group at most.
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
    """Return the positions of the hashes that are near one hash.

    Args:
        hash_: uint64 (10,), the hash to compare with.
        hashes: uint64 (N, 10), the hashes to search.
    """
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
    """Return the number of the connected component to which each of `count` members belongs.

    Args:
        rows: int64 (P,), one member of each of P pairs.
        columns: int64 (P,), the member with which it is joined.
        count: the number of members.
    """
    # Here: commands show their help where serving alone is installed.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(count, count))
    numbers: list[int] = connected_components(graph, directed=False)[1].tolist()
    return numbers

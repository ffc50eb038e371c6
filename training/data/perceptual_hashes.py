"""Find pictures that are nearly the same, by perceptual hashes, which are similar for similar pictures.

Nearly the same means: one photo that was saved twice, scaled, lightened or slightly cropped. A hash has one
bit for each of a picture's lowest cosine frequencies, which says whether it is above their median (Zauner
2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1), with 16 x 16
frequencies in place of 8 x 8. Such bits describe shapes alone, so the hash also has coarse colours.
"""

from collections.abc import Hashable, Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture

SCALED_EDGE_PIXELS: Final = 64
"""Edge to which a picture is scaled before the transform, in pixels."""

FREQUENCIES_PER_AXIS: Final = 16
"""Number of frequencies in each direction that a hash describes."""

MAX_DIFFERENT_BITS: Final = 24
"""Largest number of differing bits, of 256, at which two pictures are nearly the same. Tested on 600 photos,
half product shots and half users' own. Nearly all photos that were saved again at JPEG quality 60, scaled to
0.7 or lightened by a tenth are found; of photos that lost 2% at each edge, half of the product shots and few
others. Among 1,811 photos of different users, no two are taken for near copies."""

COLOUR_GRID_SIZE: Final = 4
"""Number of rows and of columns in the grid of coarse colours."""

MAX_LIGHTNESS_DIFFERENCE: Final = 25
MAX_COLOUR_DIFFERENCE: Final = 8
"""Largest root mean square difference between the cells of two near copies, on CIELAB's scale of 0 to 255.
The lightness is compared after its mean is taken off, so that a photo that was lightened by a tenth stays
near. The black and the white one of a product do not."""

PerceptualHash: TypeAlias = NDArray[np.uint64]
"""uint64 (10,), a perceptual hash: 256 bits of shape, then COLOUR_GRID_SIZE x COLOUR_GRID_SIZE cells of three
bytes of colour."""

PerceptualHashes: TypeAlias = NDArray[np.uint64]
"""uint64 (N, 10), the perceptual hashes of N pictures."""

NO_PERCEPTUAL_HASHES: Final[PerceptualHashes] = np.empty((0, 10), np.uint64)

UINT64S_OF_SHAPE: Final = FREQUENCIES_PER_AXIS**2 // 64
"""Number of uint64 values in a hash that describe the shape."""


def compute_perceptual_hash(picture: Picture) -> PerceptualHash:
    """Compute the perceptual hash of a picture, which is similar for similar pictures.

    Args:
        picture: uint8 (H, W, 3), RGB, of any size.

    Returns:
        uint64 (10,), the bits of the shape and the coarse colours.
    """
    return np.concatenate([_compute_shape_bits(picture), _compute_colour_bytes(picture)])


def _compute_colour_bytes(picture: Picture) -> PerceptualHash:
    """Return the mean CIELAB colours of the grid's cells, as uint64: 16 cells of three bytes."""
    cells = cv2.resize(picture, (COLOUR_GRID_SIZE, COLOUR_GRID_SIZE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(cells, cv2.COLOR_RGB2LAB).reshape(-1).view(np.uint64)


def _compute_shape_bits(picture: Picture) -> PerceptualHash:
    """Return whether each of the lowest cosine frequencies is above their median, 256 bits as uint64."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scaled_picture = cv2.resize(
        grey, (SCALED_EDGE_PIXELS, SCALED_EDGE_PIXELS), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    lowest_frequencies = cv2.dct(scaled_picture)[:FREQUENCIES_PER_AXIS, :FREQUENCIES_PER_AXIS].ravel()
    lowest_frequencies[0] = 0  # the mean brightness, by which a lightened copy differs
    return np.packbits(lowest_frequencies > np.median(lowest_frequencies)).view(np.uint64)


def group_similar_pictures(hashes: PerceptualHashes, positions: Sequence[int]) -> list[list[int]]:
    """Group pictures that are nearly the same as the first picture of the group.

    Groups do not grow by chains: if B is near A, and C is near B but not near A, then C is not in A's group.

    Args:
        hashes: uint64 (N, 10), the perceptual hashes of N pictures.
        positions: positions of the pictures to group, in an order that decides which is first in a group.

    Returns:
        Groups of two or more positions.
    """
    return _group_similar_hashes(*_find_different_hashes(hashes), positions)


def _find_different_hashes(hashes: PerceptualHashes) -> tuple[PerceptualHashes, NDArray[np.int64]]:
    """Return the M different hashes, uint64 (M, 10), and the index of each picture's hash, int64 (N,)."""
    different_hashes, hash_indices = np.unique(hashes, axis=0, return_inverse=True)
    return different_hashes, hash_indices.ravel()


def _group_similar_hashes(
    different_hashes: PerceptualHashes, hash_indices: NDArray[np.int64], pictures: Sequence[int]
) -> list[list[int]]:
    """Group pictures by their hashes as `group_similar_pictures` does, from `_find_different_hashes`."""
    group_by_hash = np.full(len(different_hashes), -1)
    groups: dict[int, list[int]] = {}
    for picture in pictures:
        index = int(hash_indices[picture])
        if group_by_hash[index] < 0:
            near_indices = find_near_hashes(different_hashes[index], different_hashes)
            group_by_hash[near_indices[group_by_hash[near_indices] < 0]] = index
        groups.setdefault(int(group_by_hash[index]), []).append(picture)
    return [members for members in groups.values() if len(members) > 1]


def group_similar_across_classes(hashes: PerceptualHashes, classes: Sequence[Hashable]) -> list[list[int]]:
    """Find pictures that are nearly the same as a picture of another class, and group them with it.

    Args:
        hashes: uint64 (N, 10), the perceptual hashes of N pictures.
        classes: the class of each picture.

    Returns:
        Groups of positions. The pictures of a group are near each other, directly or through others. Each
        picture is in one group at most.
    """
    different_hashes, hash_indices = _find_different_hashes(hashes)
    pairs = _find_near_pairs(different_hashes, hash_indices, classes)
    conflicting_indices = {index for pair in pairs for index in pair}
    conflicting_pictures = [
        picture for picture, index in enumerate(hash_indices.tolist()) if index in conflicting_indices
    ]
    # Only one near picture of another class was found for each. A message shows all near ones together.
    for members in _group_similar_hashes(
        different_hashes, hash_indices, sorted(conflicting_pictures, key=hash_indices.tolist().__getitem__)
    ):
        pairs += [(int(hash_indices[members[0]]), int(hash_indices[member])) for member in members]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    component_by_hash = find_connected_components(rows, columns, len(different_hashes))
    groups: dict[int, list[int]] = {}
    for picture in conflicting_pictures:
        groups.setdefault(component_by_hash[hash_indices[picture]], []).append(picture)
    return list(groups.values())


def _find_near_pairs(
    different_hashes: PerceptualHashes, hash_indices: NDArray[np.int64], classes: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """Return pairs of indices of near hashes that show two classes, at least one pair for each such hash."""
    codes = {class_: code for code, class_ in enumerate(dict.fromkeys(classes))}
    # The class of each hash; -1 at first, and len(codes) if pictures of several classes have the same hash.
    class_shown = np.full(len(different_hashes), -1)
    for index, class_ in zip(hash_indices.tolist(), classes, strict=True):
        class_shown[index] = codes[class_] if class_shown[index] in {-1, codes[class_]} else len(codes)
    pairs = [(index, index) for index in np.flatnonzero(class_shown == len(codes)).tolist()]
    for code in codes.values():  # hashes of one class are not compared with each other
        other_indices = np.flatnonzero(class_shown != code)
        earlier_hits = np.empty(0, np.int64)
        hashes = different_hashes[other_indices]
        for index in np.flatnonzero(class_shown == code).tolist():
            hash_ = different_hashes[index]
            # Placeholders such as "no image" may be near thousands of others. Hashes that were near an
            # earlier one are tried first, which saves most comparisons.
            near_indices = earlier_hits[find_near_hashes(hash_, different_hashes[earlier_hits])]
            if not near_indices.size:
                near_indices = other_indices[find_near_hashes(hash_, hashes)]
                earlier_hits = np.union1d(earlier_hits, near_indices[:1])
            pairs += [(index, other_index) for other_index in near_indices[:1].tolist()]
    return pairs


def find_near_hashes(hash_: PerceptualHash, hashes: PerceptualHashes) -> NDArray[np.int64]:
    """Return the positions of the hashes that are near one hash.

    Args:
        hash_: uint64 (10,), the hash to compare with.
        hashes: uint64 (N, 10), the hashes to search.
    """
    # The first 64 of 256 bits rule out nearly all hashes, so all bits are compared for few.
    candidates = np.flatnonzero(np.bitwise_count(hashes[:, 0] ^ hash_[0]) <= MAX_DIFFERENT_BITS)
    similar_shapes = candidates[
        np.bitwise_count(hashes[candidates, :UINT64S_OF_SHAPE] ^ hash_[:UINT64S_OF_SHAPE]).sum(axis=1)
        <= MAX_DIFFERENT_BITS
    ]
    difference = _unpack_colour_cells(hashes[similar_shapes]) - _unpack_colour_cells(hash_[np.newaxis])
    lightness = difference[..., 0].std(axis=1)
    colour = np.sqrt(np.square(difference[..., 1:]).sum(axis=2).mean(axis=1))
    near_positions: NDArray[np.int64] = similar_shapes[
        (lightness <= MAX_LIGHTNESS_DIFFERENCE) & (colour <= MAX_COLOUR_DIFFERENCE)
    ]
    return near_positions


def _unpack_colour_cells(hashes: PerceptualHashes) -> NDArray[np.float32]:
    """Return the colours of (N, 10) hashes, (N, COLOUR_GRID_SIZE * COLOUR_GRID_SIZE, 3)."""
    return (
        hashes[:, UINT64S_OF_SHAPE:]
        .copy()
        .view(np.uint8)
        .reshape(len(hashes), COLOUR_GRID_SIZE**2, 3)
        .astype(np.float32)
    )


def find_connected_components(rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> list[int]:
    """Return the number of the connected component to which each of `count` members belongs.

    Args:
        rows: int64 (P,), one member of each of P pairs.
        columns: int64 (P,), the member with which it is joined.
    """
    # Imported here, because scipy is missing where only serving is installed, and --help has to work there.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(count, count))
    numbers: list[int] = connected_components(graph, directed=False)[1].tolist()
    return numbers

"""Find pictures that are nearly the same, and keep what belongs together on one side of every split.

Nearly the same is one photo saved twice, scaled, lightened or slightly cropped.

A perceptual hash: which of a picture's lowest cosine frequencies are above their median (Zauner 2010,
"Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1), with 16 x 16 of them in
place of 8 x 8. Pure; checks.py reads the files.
"""

from collections.abc import Iterable, Sequence
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

Hash: TypeAlias = NDArray[np.uint64]
"""uint64, (4,): 256 bits."""


def perceptual_hash(picture: Picture) -> Hash:
    """The hash of a picture of any size, uint8, (H, W, 3), RGB."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scaled = cv2.resize(grey, (SCALED, SCALED), interpolation=cv2.INTER_AREA).astype(np.float32)
    lowest = cv2.dct(scaled)[:KEPT, :KEPT].ravel()
    lowest[0] = 0  # the brightness
    return np.packbits(lowest > np.median(lowest)).view(np.uint64)


def near_groups(hashes: NDArray[np.uint64]) -> list[list[int]]:
    """Put pictures into groups of which each is near another one of the group.

    Args:
        hashes: uint64, (N, 4).

    Returns:
        The indices of each group of two or more, ascending, by its first.
    """
    different, of = np.unique(hashes, axis=0, return_inverse=True)
    near = [
        [index, *(np.flatnonzero(np.bitwise_count(different[index:] ^ one).sum(axis=1) <= NEAR)[1:] + index)]
        for index, one in enumerate(different)
    ]
    equal = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1])
    return joined([[index for one in group for index in equal[one].tolist()] for group in near], len(hashes))


def joined(groups: Sequence[Sequence[int]], count: int) -> list[list[int]]:
    """Join groups that share a member.

    Args:
        groups: of indices below `count`.
        count: of all members there may be.

    Returns:
        The joined groups of two or more, each ascending, by their first.
    """
    # Here: commands show their help where serving alone is installed.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    rows = [group[0] for group in groups for _ in group]
    columns = [index for group in groups for index in group]
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    _, group_of = connected_components(graph, directed=False)
    found: dict[int, list[int]] = {}
    for index, group in enumerate(group_of.tolist()):
        found.setdefault(group, []).append(index)
    return [members for members in found.values() if len(members) > 1]


def split_keys(
    contents: Sequence[str], grouped: Iterable[tuple[str, str]], alike: Sequence[Sequence[int]] = ()
) -> dict[str, str]:
    """What decides on which side of every split each content is: equal keys stay together.

    Args:
        contents: hashes, each once.
        grouped: a content and a group of it; copies may bring one content into several groups.
        alike: indices of contents that belong together in addition.

    Returns:
        By content: the least content of all that belong together with it.
    """
    place = {content: index for index, content in enumerate(contents)}
    keys = dict(zip(contents, contents, strict=True))
    members: dict[str, list[int]] = {}
    for content, group in grouped:
        members.setdefault(group, []).append(place[content])
    for together in joined([*alike, *members.values()], len(contents)):
        joint = [contents[index] for index in together]
        keys |= dict.fromkeys(joint, min(joint))
    return keys

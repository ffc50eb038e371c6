"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

Opens each file that a listing names, as training does, and changes none. Finding files: listing.py; the
command: scripts/data.py.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.contract import EDGE
from training.data.files import Hashed, content_of, decode_content, on_all_cores
from training.data.listing import Listing, Row, of_several_products
from training.data.near_copies import Hash, near_groups, perceptual_hash
from training.data.own_pictures import Learnable, learnable
from training.data.reading import copies_in, joint_keys
from training.progress import Watch

WARNED_UNEVEN: Final = 5
"""So many times the pictures of the smallest class in the largest one are a finding; from fashion.UNEVEN on,
training weighs the classes."""


@dataclass(frozen=True)
class Looked:
    """A picture that was read.

    Attributes:
        sha256: hex digest of the file's bytes.
        hash: of the picture.
        shorter_edge: in pixels.
        is_pixels: whether it has the form of Fashion-MNIST.
    """

    row: Row
    sha256: str
    hash: Hash
    shorter_edge: int
    is_pixels: bool


@dataclass(frozen=True)
class Findings:
    """What was found in a folder of pictures.

    Attributes:
        counts: pictures of each class that can be read.
        unreadable: why, for each that cannot.
        tiny: those whose shorter edge is below the model's input.
        copies: groups of files with the same bytes, of one class.
        near: groups of pictures of one class that are nearly the same.
        in_two_classes: groups that are the same or nearly so, and have several classes, of which one is
            wrong, or are in both parts of a divided folder.
        of_products: the same, but by way of several products: none is wrong, and the same picture is not
            learnt.
        uneven: the largest and the smallest class, if the first has WARNED_UNEVEN times the pictures of the
            second; else None.
        learnt: what a training learns, as trainings decide it; nothing of tiers of photos.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[Row, ...]
    copies: tuple[tuple[Row, ...], ...]
    near: tuple[tuple[Row, ...], ...]
    in_two_classes: tuple[tuple[Row, ...], ...]
    of_products: tuple[tuple[Row, ...], ...]
    uneven: tuple[str, str] | None
    learnt: Learnable


def check(listing: Listing, watch: Watch) -> Findings:
    """Read every picture and compare each with each.

    Args:
        listing: of the pictures.
        watch: called after each file with how many of how many are read.
    """
    found = on_all_cores(_look, listing.pictures, watch)
    looked = [one for one in found if isinstance(one, Looked)]
    counts = Counter(one.row.label for one in looked)
    groups = _groups(looked)
    of_products = [group for group in groups if of_several_products([one.row for one in group])]
    mixed = [
        group
        for group in groups
        if group not in of_products and len({(one.row.label, one.row.part) for one in group}) > 1
    ]
    alike = [group for group in groups if group not in mixed and group not in of_products]
    same = [group for group in alike if len({one.sha256 for one in group}) == 1]
    return Findings(
        counts={label: counts[label] for label in sorted({picture.label for picture in listing.pictures})},
        unreadable=tuple(one for one in found if isinstance(one, str)),
        tiny=tuple(one.row for one in looked if one.shorter_edge < EDGE),
        copies=_row(same),
        near=_row([group for group in alike if group not in same]),
        in_two_classes=_row(mixed),
        of_products=_row(of_products),
        uneven=_uneven(counts),
        learnt=_learnt(listing, [one for one in looked if not one.row.tier]),
    )


def _look(row: Row) -> Looked | str:
    """The picture, or why it cannot be read."""
    content = content_of(row.path)
    decoded = content if isinstance(content, str) else decode_content(row.path, content)
    if isinstance(content, str) or isinstance(decoded, str):
        return str(decoded)
    picture = decoded.picture
    return Looked(
        row=row,
        sha256=hashlib.sha256(content).hexdigest(),
        hash=perceptual_hash(picture),
        shorter_edge=min(picture.shape[:2]),
        is_pixels=decoded.pixels is not None,
    )


def _groups(looked: Sequence[Looked]) -> list[list[Looked]]:
    if not looked:
        return []
    return [
        [looked[index] for index in group] for group in near_groups(np.stack([one.hash for one in looked]))
    ]


def _row(groups: Sequence[Sequence[Looked]]) -> tuple[tuple[Row, ...], ...]:
    return tuple(tuple(one.row for one in group) for group in groups)


def _learnt(listing: Listing, looked: Sequence[Looked]) -> Learnable:
    """What a training makes of these pictures."""
    hashed = Hashed({one.row.path: one.sha256 for one in looked}, {})
    contents = sorted(copies_in(listing, hashed).once, key=lambda content: content.sha256)
    if not contents:
        return Learnable((), (), ())
    keys = joint_keys(contents, {one.sha256: one.hash for one in looked}, lambda _: None)
    return learnable(contents, keys, is_drawn=all(one.is_pixels for one in looked))


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None

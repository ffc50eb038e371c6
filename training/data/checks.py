"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

Opens each file that a listing names, as training does, and changes none. Finding files: listing.py; the
command: scripts/data.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.contract import EDGE
from training.data.duplicates import Hash, near_groups, perceptual_hash
from training.data.listing import Listed, Listing
from training.data.picture_files import Watch, decode_file, on_all_cores

WARNED_UNEVEN: Final = 5
"""So many times the pictures of the smallest class in the largest one are a finding; from datasets.UNEVEN on,
training weighs the classes."""


@dataclass(frozen=True)
class Looked:
    """A picture that was read.

    Attributes:
        sha256: hex digest of the file's bytes.
        hash: of the picture.
        shorter_edge: in pixels.
    """

    listed: Listed
    sha256: str
    hash: Hash
    shorter_edge: int


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
        uneven: the largest and the smallest class, if the first has WARNED_UNEVEN times the pictures of the
            second; else None.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[Listed, ...]
    copies: tuple[tuple[Listed, ...], ...]
    near: tuple[tuple[Listed, ...], ...]
    in_two_classes: tuple[tuple[Listed, ...], ...]
    uneven: tuple[str, str] | None


def check(listing: Listing, watch: Watch) -> Findings:
    """Read every picture and compare each with each.

    Args:
        listing: of the pictures.
        watch: called after each file with how many of how many are read.
    """
    found = on_all_cores(_look, listing.pictures, watch)
    looked = [one for one in found if isinstance(one, Looked)]
    counts = Counter(one.listed.label for one in looked)
    groups = _groups(looked)
    mixed = [group for group in groups if len({(one.listed.label, one.listed.part) for one in group}) > 1]
    alike = [group for group in groups if group not in mixed]
    same = [group for group in alike if len({one.sha256 for one in group}) == 1]
    return Findings(
        counts={label: counts[label] for label in sorted({one.label for one in listing.pictures})},
        unreadable=tuple(one for one in found if isinstance(one, str)),
        tiny=tuple(one.listed for one in looked if one.shorter_edge < EDGE),
        copies=_listed(same),
        near=_listed([group for group in alike if group not in same]),
        in_two_classes=_listed(mixed),
        uneven=_uneven(counts),
    )


def _look(listed: Listed) -> Looked | str:
    """The picture, or why it cannot be read."""
    read = decode_file(listed.path)
    if isinstance(read, str):
        return read
    digest, decoded = read
    picture = decoded.picture
    return Looked(listed, digest, perceptual_hash(picture), min(picture.shape[:2]))


def _groups(looked: Sequence[Looked]) -> list[list[Looked]]:
    if not looked:
        return []
    return [
        [looked[index] for index in group] for group in near_groups(np.stack([one.hash for one in looked]))
    ]


def _listed(groups: Sequence[Sequence[Looked]]) -> tuple[tuple[Listed, ...], ...]:
    return tuple(tuple(one.listed for one in group) for group in groups)


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None

"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

Opens each file that a listing names, as training does, and changes none. Finding files: listing.py; the
command: scripts/data.py.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import EDGE, LABEL
from training.pictures.duplicates import Hash, near_groups, perceptual_hash, split_keys
from training.pictures.listing import Listing, Row, of_several_products
from training.pictures.own_pictures import drawn_for_test
from training.pictures.picture_files import content_of, decode_content, on_all_cores
from training.pictures.rare import Measurable, measurable
from training.pictures.reading import merged_labels
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
class Learnt:
    """N different pictures.

    Attributes:
        labels: of each, by the class and attributes.
        groups: of each, as a training joins them.
        tested: which are for the test set.
    """

    labels: tuple[Mapping[str, str], ...]
    groups: tuple[str, ...]
    tested: tuple[bool, ...]


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
        learnt: what a training learns, each content once; none of tiers of photos.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[Row, ...]
    copies: tuple[tuple[Row, ...], ...]
    near: tuple[tuple[Row, ...], ...]
    in_two_classes: tuple[tuple[Row, ...], ...]
    of_products: tuple[tuple[Row, ...], ...]
    uneven: tuple[str, str] | None
    learnt: Learnt

    def rare(self, place: Path) -> Measurable:
        """The classes that a training learns, and those that it leaves out.

        Raises:
            BadClasses: they cannot be learnt; see `rare.measurable`.
        """
        labels = [one[LABEL] for one in self.learnt.labels]
        return measurable(str(place), labels, self.learnt.groups, self.learnt.tested)


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
        counts={label: counts[label] for label in sorted({one.label for one in listing.pictures})},
        unreadable=tuple(one for one in found if isinstance(one, str)),
        tiny=tuple(one.row for one in looked if one.shorter_edge < EDGE),
        copies=_row(same),
        near=_row([group for group in alike if group not in same]),
        in_two_classes=_row(mixed),
        of_products=_row(of_products),
        uneven=_uneven(counts),
        learnt=_learnt([one for one in looked if not one.row.tier]),
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


def _learnt(looked: Sequence[Looked]) -> Learnt:
    """What a training makes of these pictures: see own_pictures.py."""
    by_content = defaultdict[str, list[Looked]](list)
    for one in looked:
        by_content[one.sha256].append(one)
    copies = {key: of for key, of in by_content.items() if not of_several_products([one.row for one in of])}
    if not copies:
        return Learnt((), (), ())
    contents = sorted(copies)
    first = [copies[content][0] for content in contents]
    alike = near_groups(np.stack([one.hash for one in first]))
    grouped = [(key, one.row.group) for key, of in copies.items() for one in of if one.row.group]
    keys = split_keys(contents, grouped, alike)
    groups, tested = [keys[one] for one in contents], [one.row.part == "test" for one in first]
    if all(one.is_pixels for one in looked) and not any(one.row.part for one in looked):
        drawn = drawn_for_test(np.array([one.row.label for one in first]), np.array(groups)).tolist()
        tested = [place in drawn for place in range(len(contents))]
    labels = (merged_labels([one.row for one in copies[content]]) for content in contents)
    return Learnt(tuple(labels), tuple(groups), tuple(tested))


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None

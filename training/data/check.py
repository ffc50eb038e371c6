"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

What counts, and what is learnt, is decided by the functions that trainings call: prepare.py.
Opens each file that a listing names, and changes none. Finding files: listing.py; command: scripts/data.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from inference.contract import EDGE
from training.data.files import decode_file, on_all_cores
from training.data.listing import ListedPicture, Listing, of_several_products
from training.data.near_copies import Hash, near_groups, perceptual_hash
from training.data.prepare import Prepared, grouped, not_contradicting, prepare, with_test_set
from training.progress import Watch

WARNED_UNEVEN: Final = 5
"""So many times the pictures of the smallest class in the largest one are a finding; from fashion.UNEVEN on,
training weighs the classes."""


@dataclass(frozen=True)
class Look:
    """A content that could be decoded.

    Attributes:
        copies: the pictures of the listing that have it.
        hash: of the picture.
        shorter_edge: in pixels.
        is_pixels: whether it has the form of Fashion-MNIST.
    """

    copies: tuple[ListedPicture, ...]
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
        in_two_classes: groups that are the same and have several classes, of which one is wrong, or that are
            the same or nearly so, and are in both parts of a divided folder.
        near_in_two_classes: groups that are nearly the same and have several classes: none is learnt.
        of_products: the same, but by way of several products: none is wrong, and the same picture is not
            learnt.
        uneven: the largest and the smallest class, if the first has WARNED_UNEVEN times the pictures of the
            second; else None.
        learnt: what a training learns, as trainings decide it; nothing of tiers of photos.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[ListedPicture, ...]
    copies: tuple[tuple[ListedPicture, ...], ...]
    near: tuple[tuple[ListedPicture, ...], ...]
    in_two_classes: tuple[tuple[ListedPicture, ...], ...]
    near_in_two_classes: tuple[tuple[ListedPicture, ...], ...]
    of_products: tuple[tuple[ListedPicture, ...], ...]
    uneven: tuple[str, str] | None
    learnt: Listing


def check(listing: Listing, watch: Watch) -> Findings:
    """Decode each content and compare it with all others.

    Args:
        listing: of the pictures.
        watch: called after each content with how many of how many are decoded.

    Raises:
        BadCsv: one picture has two labels of an attribute.
    """
    prepared = prepare(listing)
    decoded = on_all_cores(_look, list(prepared.copies.values()), watch)
    looks = [look for look in decoded if isinstance(look, Look)]
    undecoded = [sentence for look in decoded if isinstance(look, list) for sentence in look]
    why = prepared.unreadable
    unreadable = [why[picture.path] for picture in listing.pictures if picture.path in why]
    counts = Counter(picture.label for look in looks for picture in look.copies)
    of_products, mixed, near_mixed, alike = list[_Group](), list[_Group](), list[_Group](), list[_Group]()
    for found in _groups(looks):
        group = tuple(picture for look in found for picture in look.copies)
        is_same = all(len({picture.label for picture in look.copies}) == 1 for look in found)
        if of_several_products(group):
            of_products.append(group)
        elif is_same and len({picture.label for picture in group}) > 1:
            near_mixed.append(group)
        elif len({(picture.label, picture.part) for picture in group}) > 1:
            mixed.append(group)
        else:
            alike.append(group)
    same = [look.copies for look in looks if len(look.copies) > 1 and look.copies in alike]
    return Findings(
        counts={label: counts[label] for label in sorted({picture.label for picture in listing.pictures})},
        unreadable=(*unreadable, *undecoded),
        tiny=tuple(picture for look in looks if look.shorter_edge < EDGE for picture in look.copies),
        copies=tuple(same),
        near=tuple(group for group in alike if group not in same),
        in_two_classes=tuple(mixed),
        near_in_two_classes=tuple(near_mixed),
        of_products=tuple(of_products),
        uneven=_uneven(counts),
        learnt=_learnt(prepared, looks),
    )


_Group: TypeAlias = tuple[ListedPicture, ...]


def _ignored(_: str) -> None:
    """Findings have it."""


def _look(copies: tuple[ListedPicture, ...]) -> Look | list[str]:
    """A content, or why each of its files cannot be read."""
    decoded = decode_file(copies[0].path)
    if isinstance(decoded, str):
        return [str(decode_file(picture.path)) for picture in copies]
    return Look(
        copies=copies,
        hash=perceptual_hash(decoded.picture),
        shorter_edge=min(decoded.picture.shape[:2]),
        is_pixels=decoded.pixels is not None,
    )


def _groups(looks: Sequence[Look]) -> list[list[Look]]:
    """Contents that are nearly the same, and those of several pictures, by the first."""
    near = near_groups(np.stack([look.hash for look in looks])) if looks else []
    alone = set(range(len(looks))) - {place for group in near for place in group}
    copied = [[place] for place in alone if len(looks[place].copies) > 1]
    return [[looks[place] for place in group] for group in sorted([*near, *copied])]


def _learnt(prepared: Prepared, looks: Sequence[Look]) -> Listing:
    """What a training makes of the pictures without a tier."""
    hashes = {look.copies[0].sha256: look.hash for look in looks}
    there = [picture for picture in prepared.once if picture.sha256 in hashes and not picture.tier]
    pictures = tuple(sorted(there, key=lambda picture: picture.sha256))
    if pictures:
        kept = not_contradicting(pictures, [hashes[picture.sha256] for picture in pictures], _ignored)
        pictures = tuple(pictures[index] for index in kept)
    if pictures:
        pictures = grouped(pictures, [hashes[picture.sha256] for picture in pictures], _ignored)
        is_drawn = all(look.is_pixels for look in looks)
        pictures = with_test_set(pictures) if is_drawn else pictures
    return replace(prepared.listing, pictures=pictures)


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None

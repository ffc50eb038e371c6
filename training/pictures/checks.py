"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

Opens each file that a listing names, as training does, and changes none. Finding files: listing.py; the
command: scripts/data.py. What a training refuses at once, without decoding a picture: `check_at_once`.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import EDGE
from model_store.files import fingerprint
from training.errors import BadPictures
from training.pictures.duplicates import Hash, near_groups, perceptual_hash, split_keys
from training.pictures.listing import Listed, Listing
from training.pictures.own_pictures import drawn_for_test
from training.pictures.picture_files import decode_file, on_all_cores
from training.pictures.rare import Measurable, measurable
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

    listed: Listed
    sha256: str
    hash: Hash
    shorter_edge: int
    is_pixels: bool


@dataclass(frozen=True)
class Learnt:
    """N different pictures.

    Attributes:
        files: the first of each content.
        labels: of each.
        groups: of each, as a training joins them.
        tested: which are for the test set.
    """

    files: tuple[Path, ...]
    labels: tuple[str, ...]
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
        uneven: the largest and the smallest class, if the first has WARNED_UNEVEN times the pictures of the
            second; else None.
        learnt: what a training learns, each content once; none of tiers of photos.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[Listed, ...]
    copies: tuple[tuple[Listed, ...], ...]
    near: tuple[tuple[Listed, ...], ...]
    in_two_classes: tuple[tuple[Listed, ...], ...]
    uneven: tuple[str, str] | None
    learnt: Learnt

    def rare(self, place: Path) -> Measurable:
        """The classes that a training learns, and those that it leaves out.

        Raises:
            BadClasses: they cannot be learnt; see `rare.measurable`.
        """
        return measurable(str(place), self.learnt.labels, self.learnt.groups, self.learnt.tested)


def check_at_once(listing: Listing, *, skip_unreadable: bool, corrected: bool) -> None:
    """Refuse what a training would refuse after minutes, by names, sizes and bytes of the files alone.

    Args:
        listing: of the pictures.
        skip_unreadable: leave out what is no picture, instead of refusing.
        corrected: corrections may take a picture out of one of two classes.

    Raises:
        BadPictures: a file is empty, or in two classes.
    """
    sizes = [_size(one.path) for one in listing.pictures]
    empty = [one.path for one, size in zip(listing.pictures, sizes, strict=True) if size == 0]
    if empty and not skip_unreadable:
        raise BadPictures(
            f"{empty[0]}: the file is empty, as {len(empty):,} of {len(sizes):,} are. Copy it again or "
            "remove it, or leave out what is no picture with --skip-unreadable."
        )
    if not corrected:
        _check_bytes(listing.pictures, sizes)


def _size(path: Path) -> int | None:
    """Bytes of a file; None for one that cannot be read, which reading it says more about."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return None


def _check_bytes(pictures: Sequence[Listed], sizes: Sequence[int | None]) -> None:
    """Check that no two files of the same bytes are of two classes."""
    by_size = defaultdict[int, list[Listed]](list)
    for one, size in zip(pictures, sizes, strict=True):
        if size:
            by_size[size].append(one)
    known: dict[str, Listed] = {}
    for one in (one for group in by_size.values() if len({one.label for one in group}) > 1 for one in group):
        other = known.setdefault(fingerprint(one.path).sha256, one)
        if other.label != one.label:
            raise BadPictures(
                f"{other.path} ({other.label}) and {one.path} ({one.label}) are the same picture. Keep one, "
                "in the class that it shows; `wardrobe data` lists all such pictures."
            )


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
        learnt=_learnt([one for one in looked if not one.listed.tier]),
    )


def _look(listed: Listed) -> Looked | str:
    """The picture, or why it cannot be read."""
    read = decode_file(listed.path)
    if isinstance(read, str):
        return read
    digest, decoded = read
    picture = decoded.picture
    is_pixels = decoded.pixels is not None
    return Looked(listed, digest, perceptual_hash(picture), min(picture.shape[:2]), is_pixels)


def _groups(looked: Sequence[Looked]) -> list[list[Looked]]:
    if not looked:
        return []
    return [
        [looked[index] for index in group] for group in near_groups(np.stack([one.hash for one in looked]))
    ]


def _listed(groups: Sequence[Sequence[Looked]]) -> tuple[tuple[Listed, ...], ...]:
    return tuple(tuple(one.listed for one in group) for group in groups)


def _learnt(looked: Sequence[Looked]) -> Learnt:
    """What a training makes of these pictures: see own_pictures.py."""
    if not looked:
        return Learnt((), (), (), ())
    known: dict[str, Looked] = {}
    for one in looked:
        known.setdefault(one.sha256, one)
    contents = sorted(known)
    alike = near_groups(np.stack([known[content].hash for content in contents]))
    grouped = [(one.sha256, one.listed.group) for one in looked if one.listed.group]
    keys = split_keys(contents, grouped, alike)
    labels, groups = [known[one].listed.label for one in contents], [keys[one] for one in contents]
    tested = [known[one].listed.part == "test" for one in contents]
    if all(one.is_pixels for one in looked) and not any(one.listed.part for one in looked):
        drawn = set(drawn_for_test(np.array(labels), np.array(groups)).tolist())
        tested = [place in drawn for place in range(len(contents))]
    return Learnt(
        tuple(known[one].listed.path for one in contents), tuple(labels), tuple(groups), tuple(tested)
    )


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None

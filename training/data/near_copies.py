"""Find pictures that are nearly the same, and decide which of them are learnt.

Near copies in two classes are not learnt, unless people gave the class of some of them. Near copies, and
pictures of one group, stay on the same side of every split. The result does not depend on the order of the
pictures. Touches nothing. Which pictures are near: perceptual_hashes.py; the next step: read.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from inference.plain_text import join_first
from training.data.contents import Content
from training.data.hashed_files import NAMED
from training.data.labels import SEVERAL
from training.data.learnt_hashes import ContentHashes
from training.data.perceptual_hashes import Hashes, group_near, group_near_of_several, joined_components

Groups = tuple[tuple[int, ...], ...]
"""Groups of pictures; each group is a tuple of positions."""


@dataclass(frozen=True)
class NearCopies:
    """The near copies among N decoded pictures, and the choice of the M pictures that can be learnt.

    Attributes:
        contents: all N pictures.
        kept: int64 (M,), the positions of the pictures that can be learnt, ascending.
        split_keys: str (M,), a key for each kept picture. Pictures with equal keys stay on the same side of a
            split.
        cleared: the attributes that count as not known, by a picture's position, because its near copies have
            no label in common.
        groups: groups of kept pictures that are nearly the same.
        in_two_classes: groups of near copies in different classes, so that some label is wrong. None of them
            is kept.
    """

    contents: tuple[Content, ...]
    kept: NDArray[np.int64]
    split_keys: ContentHashes
    cleared: Mapping[int, frozenset[str]]
    groups: Groups
    in_two_classes: Groups

    @property
    def kept_contents(self) -> list[Content]:
        """The pictures that can be learnt."""
        return [self.contents[place] for place in self.kept.tolist()]

    @property
    def labels(self) -> list[dict[str, str]]:
        """The labels of each kept picture by question; attributes that are cleared are empty."""
        return [
            {**self.contents[place].labels, **dict.fromkeys(self.cleared.get(place, ()), "")}
            for place in self.kept.tolist()
        ]

    def take(self, which: NDArray[np.bool_]) -> "NearCopies":
        """Return these near copies with only the kept pictures that a mask picks.

        Args:
            which: bool (M,), the mask over the kept pictures.
        """
        return replace(self, kept=self.kept[which], split_keys=self.split_keys[which])

    @property
    def files(self) -> list[list[str]]:
        """Paths of the files in each group of near copies, with exact copies and unlearnt pictures."""
        return [
            [str(row.path) for place in group for row in self.contents[place].rows]
            for group in (*self.groups, *self.in_two_classes)
        ]

    @property
    def notes(self) -> list[str]:
        """Sentences about near copies that a person should read, such as those in both `train` and `test`."""
        notes = list[str]()
        of_two_labels = [group for group in self.groups if group[0] in self.cleared]
        for groups, what in (
            (self.in_two_classes, "class, and are left out"),
            (of_two_labels, "label of an attribute, which is not learnt of them"),
        ):
            if groups:
                named = [" and ".join(str(self.contents[place].path) for place in group) for group in groups]
                notes.append(
                    f"{sum(map(len, groups))} pictures are nearly the same as others of another {what}: "
                    f"{join_first(named, NAMED, '; ')}."
                )
        divided = [group for group in self.groups if self._is_divided(group)]
        if divided:
            notes.append(
                f"{len(divided)} pictures are in `train` and nearly the same in `test`, so the accuracy is "
                "too good. Look at them: `wardrobe data` lists them."
            )
        if shared := self._of_learnt_groups({place for group in divided for place in group}):
            notes.append(
                f"{len(shared)} pictures in `test` share a group or a product with some in `train`, so the "
                f"accuracy is too good: {join_first(shared, NAMED)}."
            )
        if together := sum(len(group) for group in self.groups if not self._is_divided(group)):
            notes.append(near_in_words(together, len(self.kept)))
        return notes

    def _is_divided(self, group: Sequence[int]) -> bool:
        """Tell whether a group of near copies is in both the training set and the test set."""
        return len({self.contents[place].part for place in group}) > 1

    def _of_learnt_groups(self, divided: set[int]) -> list[str]:
        """Return files in the test set whose group is also in the training set, without near copies."""
        parts = [content.part for content in self.kept_contents]
        keys = self.split_keys.tolist()
        learnt = {key for key, part in zip(keys, parts, strict=True) if part == "train"}
        return [
            str(self.contents[place].path)
            for place, key, part in zip(self.kept.tolist(), keys, parts, strict=True)
            if part == "test" and key in learnt and place not in divided
        ]


def near_in_words(count: int, of: int) -> str:
    """Return a sentence that says how many pictures are nearly the same as others.

    Args:
        count: the number of such pictures.
        of: the number of all pictures.
    """
    return (
        f"{count} of {of} pictures are nearly the same as others; such are learnt together or measured on "
        "together. `wardrobe data` lists them."
    )


def group_near_copies(contents: Sequence[Content], hashes: Hashes) -> NearCopies:
    """Group pictures that are nearly the same, and decide which pictures can be learnt.

    Args:
        contents: the N pictures that were decoded.
        hashes: uint64 (N, 10), the perceptual hash of each picture.
    """
    mixed = group_near_of_several(hashes, [content.class_key for content in contents])
    in_two_classes = tuple(tuple(_not_kept(members, contents)) for members in mixed)
    left_out = {place for members in in_two_classes for place in members}
    kept = [place for place in range(len(contents)) if place not in left_out]
    # Of three in a row the third is not near the first, so the order of the listing must not decide.
    groups = group_near(hashes, sorted(kept, key=lambda place: contents[place].sha256))
    groups = sorted(map(sorted, groups))
    cleared = {
        place: unclear
        for members in groups
        if (unclear := _unclear([contents[place] for place in members]))
        for place in members
    }
    return NearCopies(
        contents=tuple(contents),
        kept=np.array(kept, np.int64),
        split_keys=_split_keys([contents[place] for place in kept], kept, groups),
        cleared=cleared,
        groups=tuple(map(tuple, groups)),
        in_two_classes=in_two_classes,
    )


def _not_kept(members: Sequence[int], contents: Sequence[Content]) -> list[int]:
    """Return the positions of near copies in two classes that are left out.

    If people gave the class of some of them, and agree, these are kept. Otherwise all are left out.
    """
    answered = [place for place in members if contents[place].answered]
    agree = len({contents[place].class_key for place in answered}) == 1
    return [place for place in members if not (agree and place in answered)]


def _unclear(group: Sequence[Content]) -> frozenset[str]:
    """Return the attributes for which near copies have labels, but no label in common."""
    shared = dict[str, frozenset[str]]()
    for content in group:
        for name, label in content.labels.items():
            if label and name != LABEL:
                parts = frozenset(part.strip() for part in label.split(SEVERAL))
                shared[name] = shared.get(name, parts) & parts
    return frozenset(name for name, labels in shared.items() if not labels)


def _split_keys(
    kept: Sequence[Content], places: Sequence[int], near: Sequence[Sequence[int]]
) -> ContentHashes:
    """Return equal keys for kept contents of one group, and for those that are nearly the same.

    Args:
        kept: the contents, M of them.
        places: the position of each.
        near: groups of such positions.
    """
    number = {place: index for index, place in enumerate(places)}
    named = [(content.sha256, f"group {group}") for content in kept for group in sorted(content.groups)]
    alike = [[number[place] for place in members] for members in near]
    keys = split_keys([content.sha256 for content in kept], named, alike)
    return np.array([keys[content.sha256] for content in kept], np.str_)


def split_keys(
    contents: Sequence[str], grouped: Iterable[tuple[str, str]], alike: Sequence[Sequence[int]] = ()
) -> dict[str, str]:
    """Return a key for each picture, so that pictures with equal keys stay on the same side of every split.

    Args:
        contents: the hashes of the pictures, each once.
        grouped: pairs of a picture's hash and the name of a group. A picture may be in several groups.
        alike: further groups, as positions in `contents`.

    Returns:
        By the hash of each picture: the alphabetically first hash among all pictures that are joined with it,
        directly or through others.
    """
    place = {content: index for index, content in enumerate(contents)}
    members: dict[str, list[int]] = {}
    for content, group in grouped:
        members.setdefault(group, []).append(place[content])
    groups = [*alike, *members.values()]
    rows = np.array([group[0] for group in groups for _ in group], np.int64)
    columns = np.array([index for group in groups for index in group], np.int64)
    components, least = joined_components(rows, columns, len(contents)), dict[int, str]()
    for component, content in zip(components, contents, strict=True):
        least[component] = min(content, least.get(component, content))
    return {content: least[component] for component, content in zip(components, contents, strict=True)}

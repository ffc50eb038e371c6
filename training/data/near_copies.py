"""Decide about contents that are nearly the same. The result does not depend on their order.

Near copies in two classes are not learnt, unless people answered some of them. Near copies and contents of
one group stay on one side of every split. Touches nothing. Which are near: perceptual_hashes.py; the next
step: read.py.
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
"""Positions of contents, by group."""


@dataclass(frozen=True)
class NearCopies:
    """Which of N decoded contents are nearly the same, and which of them can be learnt.

    Attributes:
        contents: the contents.
        kept: int64 (M,), the positions of the contents that can be learnt, ascending.
        split_keys: str (M,), equal for kept contents that stay together.
        cleared: the attributes that are not known of a content because its near copies have no label in
            common, by position.
        groups: the groups of kept contents that are nearly the same.
        in_two_classes: groups of contents that are nearly the same as one of another class, of which one is
            wrong. None of them is kept.
    """

    contents: tuple[Content, ...]
    kept: NDArray[np.int64]
    split_keys: ContentHashes
    cleared: Mapping[int, frozenset[str]]
    groups: Groups
    in_two_classes: Groups

    @property
    def kept_contents(self) -> list[Content]:
        """The contents that can be learnt."""
        return [self.contents[place] for place in self.kept.tolist()]

    @property
    def labels(self) -> list[dict[str, str]]:
        """The labels of each kept content; attributes that are cleared are empty."""
        return [
            {**self.contents[place].labels, **dict.fromkeys(self.cleared.get(place, ()), "")}
            for place in self.kept.tolist()
        ]

    def take(self, which: NDArray[np.bool_]) -> "NearCopies":
        """Return these with fewer kept contents: those that a mask picks, bool (M,)."""
        return replace(self, kept=self.kept[which], split_keys=self.split_keys[which])

    @property
    def files(self) -> list[list[str]]:
        """Files of each group, with copies and with contents that are not kept."""
        return [
            [str(row.path) for place in group for row in self.contents[place].rows]
            for group in (*self.groups, *self.in_two_classes)
        ]

    @property
    def notes(self) -> list[str]:
        """Sentences on near copies that a person should read."""
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
        """Tell whether the contents of a group are in both parts."""
        return len({self.contents[place].part for place in group}) > 1

    def _of_learnt_groups(self, divided: set[int]) -> list[str]:
        """Return the files of the test part that share a group with learnt ones, without near copies."""
        parts = [content.part for content in self.kept_contents]
        keys = self.split_keys.tolist()
        learnt = {key for key, part in zip(keys, parts, strict=True) if part == "train"}
        return [
            str(self.contents[place].path)
            for place, key, part in zip(self.kept.tolist(), keys, parts, strict=True)
            if part == "test" and key in learnt and place not in divided
        ]


def near_in_words(count: int, of: int) -> str:
    """Return the sentence on pictures that are nearly the same as others.

    Args:
        count: the number of such pictures.
        of: the number of all pictures.
    """
    return (
        f"{count} of {of} pictures are nearly the same as others; such are learnt together or measured on "
        "together. `wardrobe data` lists them."
    )


def group_near_copies(contents: Sequence[Content], hashes: Hashes) -> NearCopies:
    """Find contents that are nearly the same, and decide which can be learnt.

    Args:
        contents: the contents, N of them, which were decoded.
        hashes: uint64 (N, 10), the perceptual hash of each.
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
    """Return the near copies in two classes that are not kept: all but the answered ones, if these agree."""
    answered = [place for place in members if contents[place].answered]
    agree = len({contents[place].class_key for place in answered}) == 1
    return [place for place in members if not (agree and place in answered)]


def _unclear(group: Sequence[Content]) -> frozenset[str]:
    """Return the attributes of which these contents have labels, and none in common."""
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
    """Return a key for each content: contents with equal keys stay on the same side of every split.

    Args:
        contents: hashes, each once.
        grouped: a content and a group of it; copies may bring one content into several groups.
        alike: indices of contents that belong together in addition.

    Returns:
        By content: the least content of all that belong together with it.
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

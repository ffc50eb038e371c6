"""Find pictures that are nearly the same, and decide which of them are learnt.

Near copies in two classes are not learnt, unless people gave the class of some of them. Near copies, and
pictures of one group, such as the photos of a product, are learnt together or measured on together. The
result does not depend on the order of the pictures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from inference.text.plain_text import choose_form, format_count, join_first_items
from training.data.hashed_files import MAX_FILES_NAMED
from training.data.labels import LABEL_SEPARATOR
from training.data.learnt_hashes import PictureDigests
from training.data.perceptual_hashes import (
    PerceptualHashes,
    find_connected_components,
    group_similar_across_classes,
    group_similar_pictures,
)
from training.data.unique_pictures import UniquePicture

PictureGroups = tuple[tuple[int, ...], ...]
"""Groups of pictures. Each group is a tuple of positions in the list of decoded pictures."""


@dataclass(frozen=True)
class NearCopies:
    """The near copies among N decoded pictures, and the choice of the M pictures that can be learnt.

    Attributes:
        unique_pictures: all N pictures.
        kept_positions: int64 (M,), the positions of the pictures that can be learnt, ascending.
        split_keys: str (M,), a key for each kept picture. Pictures with equal keys are near copies, or of one
            group, and stay on the same side of a split.
        cleared_attributes: the attributes of a picture that count as not known, because its near copies have
            no label in common; by the picture's position.
        groups: groups of kept pictures that are nearly the same.
        conflicting_groups: groups of near copies in different classes, so that some label is wrong. None of
            them is kept.
    """

    unique_pictures: tuple[UniquePicture, ...]
    kept_positions: NDArray[np.int64]
    split_keys: PictureDigests
    cleared_attributes: Mapping[int, frozenset[str]]
    groups: PictureGroups
    conflicting_groups: PictureGroups

    @property
    def kept_pictures(self) -> list[UniquePicture]:
        """The pictures that can be learnt."""
        return [self.unique_pictures[place] for place in self.kept_positions.tolist()]

    @property
    def labels(self) -> list[dict[str, str]]:
        """The labels of each kept picture by question (the class or an attribute); cleared ones are empty."""
        return [
            {
                **self.unique_pictures[place].labels,
                **dict.fromkeys(self.cleared_attributes.get(place, ()), ""),
            }
            for place in self.kept_positions.tolist()
        ]

    def take(self, is_taken: NDArray[np.bool_]) -> "NearCopies":
        """Return these near copies with only the kept pictures that a mask picks.

        Args:
            is_taken: bool (M,), the mask over the kept pictures.
        """
        return replace(
            self, kept_positions=self.kept_positions[is_taken], split_keys=self.split_keys[is_taken]
        )

    @property
    def file_groups(self) -> list[list[str]]:
        """Paths of the files in each group of near copies, with exact copies and unlearnt pictures."""
        return [
            [str(row.path) for place in group for row in self.unique_pictures[place].rows]
            for group in (*self.groups, *self.conflicting_groups)
        ]

    @property
    def notes(self) -> list[str]:
        """Sentences about near copies that a person should read, such as those in both `train` and `test`."""
        notes = list[str]()
        differing_groups = [group for group in self.groups if group[0] in self.cleared_attributes]
        for groups, reason in (
            (self.conflicting_groups, "class, and left out"),
            (differing_groups, "label of an attribute, which is not learnt of them"),
        ):
            if groups:
                path_lists = [
                    " and ".join(str(self.unique_pictures[place].path) for place in group) for group in groups
                ]
                pictures = format_count(sum(map(len, groups)), "picture is", "pictures are")
                notes.append(
                    f"{pictures} nearly the same as others of another {reason}: "
                    f"{join_first_items(path_lists, MAX_FILES_NAMED, '; ')}."
                )
        divided_groups = [group for group in self.groups if self._is_divided(group)]
        if divided_groups:
            pictures = format_count(len(divided_groups), "picture is", "pictures are")
            notes.append(
                f"{pictures} in `train` and nearly the same in `test`, so the accuracy is too good. "
                "`wardrobe data` lists the pictures."
            )
        if shared_paths := self._find_leaked_test_files(
            {place for group in divided_groups for place in group}
        ):
            notes.append(
                f"{format_count(len(shared_paths), 'picture')} in `test` "
                f"{choose_form(len(shared_paths), 'shares', 'share')} a group or a product with some in "
                f"`train`, so the accuracy is too good: {join_first_items(shared_paths, MAX_FILES_NAMED)}."
            )
        if near_copy_count := sum(len(group) for group in self.groups if not self._is_divided(group)):
            notes.append(describe_near_copies(near_copy_count, len(self.kept_positions)))
        return notes

    def _is_divided(self, group: Sequence[int]) -> bool:
        """Tell whether a group of near copies is in both the training set and the test set."""
        return len({self.unique_pictures[place].part for place in group}) > 1

    def _find_leaked_test_files(self, near_copy_positions: set[int]) -> list[str]:
        """Return files in the test set whose group is also in the training set, without near copies."""
        parts = [picture.part for picture in self.kept_pictures]
        keys = self.split_keys.tolist()
        learnt_keys = {key for key, part in zip(keys, parts, strict=True) if part == "train"}
        return [
            str(self.unique_pictures[place].path)
            for place, key, part in zip(self.kept_positions.tolist(), keys, parts, strict=True)
            if part == "test" and key in learnt_keys and place not in near_copy_positions
        ]


def describe_near_copies(count: int, picture_count: int) -> str:
    """Return a sentence that says how many pictures are nearly the same as others.

    Args:
        count: the number of such pictures.
    """
    verb = choose_form(count, "is", "are")
    return (
        f"{count:,} of {format_count(picture_count, 'picture')} {verb} nearly the same as others. Such "
        "pictures are learnt together or measured on together. `wardrobe data` lists them."
    )


def group_near_copies(unique_pictures: Sequence[UniquePicture], hashes: PerceptualHashes) -> NearCopies:
    """Group pictures that are nearly the same, and decide which pictures can be learnt.

    Args:
        unique_pictures: the N pictures that were decoded.
        hashes: uint64 (N, 10), the perceptual hash of each picture.
    """
    mixed_groups = group_similar_across_classes(hashes, [picture.class_key for picture in unique_pictures])
    conflicting_groups = tuple(tuple(_choose_left_out(members, unique_pictures)) for members in mixed_groups)
    left_out_positions = {place for members in conflicting_groups for place in members}
    kept_positions = [place for place in range(len(unique_pictures)) if place not in left_out_positions]
    # If A is near B and B near C, C may not be near A. Then the first picture decides the groups, so the
    # order of the listing must not matter.
    groups = group_similar_pictures(
        hashes, sorted(kept_positions, key=lambda place: unique_pictures[place].sha256)
    )
    groups = sorted(map(sorted, groups))
    cleared_attributes = {
        place: cleared_names
        for members in groups
        if (cleared_names := _find_unclear_attributes([unique_pictures[place] for place in members]))
        for place in members
    }
    return NearCopies(
        unique_pictures=tuple(unique_pictures),
        kept_positions=np.array(kept_positions, np.int64),
        split_keys=_make_kept_split_keys(
            [unique_pictures[place] for place in kept_positions], kept_positions, groups
        ),
        cleared_attributes=cleared_attributes,
        groups=tuple(map(tuple, groups)),
        conflicting_groups=conflicting_groups,
    )


def _choose_left_out(members: Sequence[int], unique_pictures: Sequence[UniquePicture]) -> list[int]:
    """Return the positions of near copies in two classes that are left out.

    If people gave the class of some of them, and agree, these are kept. Otherwise all are left out.
    """
    answered_positions = [place for place in members if unique_pictures[place].is_answered]
    do_answers_agree = len({unique_pictures[place].class_key for place in answered_positions}) == 1
    return [place for place in members if not (do_answers_agree and place in answered_positions)]


def _find_unclear_attributes(group: Sequence[UniquePicture]) -> frozenset[str]:
    """Return the attributes for which near copies have labels, but no label in common."""
    shared_labels = dict[str, frozenset[str]]()
    for picture in group:
        for name, label in picture.labels.items():
            if label and name != LABEL:
                parts = frozenset(part.strip() for part in label.split(LABEL_SEPARATOR))
                shared_labels[name] = shared_labels.get(name, parts) & parts
    return frozenset(name for name, labels in shared_labels.items() if not labels)


def _make_kept_split_keys(
    kept_pictures: Sequence[UniquePicture], positions: Sequence[int], near_groups: Sequence[Sequence[int]]
) -> PictureDigests:
    """Return a key for each kept picture, str (M,), equal for near copies and for pictures of one group.

    Args:
        kept_pictures: the M pictures that can be learnt.
        positions: the position of each among all decoded pictures.
        near_groups: groups of near copies, as such positions.
    """
    kept_index = {place: index for index, place in enumerate(positions)}
    grouped_hashes = [
        (picture.sha256, f"group {group}") for picture in kept_pictures for group in sorted(picture.groups)
    ]
    further_groups = [[kept_index[place] for place in members] for members in near_groups]
    keys = make_split_keys([picture.sha256 for picture in kept_pictures], grouped_hashes, further_groups)
    return np.array([keys[picture.sha256] for picture in kept_pictures], np.str_)


def make_split_keys(
    sha256: Sequence[str],
    group_members: Iterable[tuple[str, str]],
    near_groups: Sequence[Sequence[int]] = (),
) -> dict[str, str]:
    """Return a key for each picture, so that pictures with equal keys stay on the same side of every split.

    Args:
        sha256: the hashes of the pictures, each once.
        group_members: pairs of a picture's hash and the name of a group. A picture may be in several
            groups.
        near_groups: groups of near copies, as positions in `sha256`.

    Returns:
        By the hash of each picture: the alphabetically first hash among all pictures that are joined with it,
        directly or through others.
    """
    position_by_hash = {digest: index for index, digest in enumerate(sha256)}
    members_by_group: dict[str, list[int]] = {}
    for digest, group in group_members:
        members_by_group.setdefault(group, []).append(position_by_hash[digest])
    groups = [*near_groups, *members_by_group.values()]
    rows = np.array([group[0] for group in groups for _ in group], np.int64)
    columns = np.array([index for group in groups for index in group], np.int64)
    components = find_connected_components(rows, columns, len(sha256))
    first_hashes = dict[int, str]()
    for component, digest in zip(components, sha256, strict=True):
        first_hashes[component] = min(digest, first_hashes.get(component, digest))
    return {digest: first_hashes[component] for component, digest in zip(components, sha256, strict=True)}

"""Decide what counts of a listing: the one place for trainings, measuring and `wardrobe data`.

By names and bytes, before a picture is decoded: corrections, copies, what lies under several products, what
contradicts itself. By perceptual hashes, once pictures are decoded: near copies in two classes, and groups
that stay on one side of every split. Reads the files of the listing. Which labels are learnt: labels.py;
what is drawn for a test set: split.py; next: read.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.contract import LABEL
from inference.plain_text import few
from training.data.corrections import NO_CORRECTIONS, Corrections, corrected
from training.data.files import NAMED, Hashed, hash_files, look, report_unreadable
from training.data.labels import SEVERAL, UNKNOWN
from training.data.listing import ListedPicture, Listing, of_several_products
from training.data.near_copies import NO_HASHES, Hash, Neighbours, split_keys
from training.data.split import check_limit
from training.errors import BadCsv, BadPictures
from training.progress import Say


@dataclass(frozen=True)
class Prepared:
    """What counts of a listing, by names and bytes.

    Attributes:
        listing: under the labels that count.
        copies: the pictures of each content that can be read, by its sha256, in the order of the listing.
        once: the first picture of each content that can be learnt or measured, with the labels and groups of
            its copies, in the same order.
        of_products: pictures of each content that lies under several classes by way of several products: none
            is wrong, and the content is not learnt.
        contradicting: pictures of each content that has two classes, or is in both parts.
        hashed: the files.
        notes: what corrections change, and what does not count of them, a sentence each.
    """

    listing: Listing
    copies: Mapping[str, tuple[ListedPicture, ...]]
    once: tuple[ListedPicture, ...]
    of_products: tuple[tuple[ListedPicture, ...], ...]
    contradicting: tuple[tuple[ListedPicture, ...], ...]
    hashed: Hashed
    notes: tuple[str, ...] = ()

    @property
    def unreadable(self) -> list[str]:
        """Why files of the listing cannot be read, a sentence each."""
        why = self.hashed.unreadable
        return [why[picture.path] for picture in self.listing.pictures if picture.path in why]

    def check(self, say: Say, *, skip_unreadable: bool) -> None:
        """Refuse what the bytes show to be wrong, before a picture is decoded.

        Args:
            say: receives what a person should know: of corrections, of what is left out, and of copies.
            skip_unreadable: leave out files that cannot be read.

        Raises:
            BadPictures: a file cannot be read, or one picture has two classes or is in both parts.
        """
        every = self.listing.pictures
        for note in self.notes:
            say(note)
        broken = {
            picture.path: why
            for copies in self.contradicting
            for picture in copies
            if isinstance(why := look(picture.path), str)
        }
        unreadable = [*self.unreadable, *broken.values()]
        report_unreadable(unreadable, len(every), say, skip_unreadable=skip_unreadable)
        if several := [str(copies[0].path) for copies in self.of_products]:
            say(
                f"{len(several)} pictures lie under several classes by way of several products, and are left "
                f"out: {few(several, NAMED)}."
            )
        if wrong := [copies for copies in self.contradicting if copies[0].path not in broken]:
            raise BadPictures(_contradictions(wrong))
        if further := sum(len(self.copies[picture.sha256]) - 1 for picture in self.once):
            say(f"{further} of {len(every)} pictures are copies of others and count once.")

    def first(self, limit: int) -> "Prepared":
        """The same, of which as many contents are learnt: the first by their hashes.

        Raises:
            BadRecipe: there are fewer contents than the limit.
        """
        learnt = {
            sha256
            for sha256, pictures in self.copies.items()
            if any(picture.part != "test" for picture in pictures)
        }
        check_limit(limit, len(learnt))
        gone = set(sorted(learnt)[limit:])
        pictures = (
            picture
            for picture in self.listing.pictures
            if picture.part == "test" or picture.sha256 not in gone
        )
        return _prepared(replace(self.listing, pictures=tuple(pictures)), self.hashed, self.notes)


def prepare(
    listing: Listing,
    corrections: Corrections = NO_CORRECTIONS,
    *,
    hashed: Hashed | None = None,
    adds: bool = False,
    notes: Sequence[str] = (),
) -> Prepared:
    """Decide what counts of a listing, by names and bytes.

    Args:
        listing: with the classes of its pictures, where these are known.
        corrections: of labels, each of which holds for all copies; `check_listed` refuses strange ones.
        hashed: its files, where they were hashed before.
        adds: whether corrections may name further pictures, which are learnt, too.
        notes: what a person should know before what is said here.

    Raises:
        BadCsv: a correction is to none of the classes, or one picture has two labels of an attribute.
        BadPictures: corrections leave none.
    """
    hashed, notes = hashed or hash_files(picture.path for picture in listing.pictures), [*notes]
    return _prepared(corrected(listing, corrections, hashed, notes.append, adds=adds), hashed, notes)


def _prepared(listing: Listing, hashed: Hashed, notes: Sequence[str]) -> Prepared:
    copies: dict[str, list[ListedPicture]] = {}
    for picture in listing.pictures:
        if picture.sha256:
            copies.setdefault(picture.sha256, []).append(picture)
    once, of_products, contradicting = list[ListedPicture](), [], []
    for pictures in copies.values():
        if of_several_products(pictures):
            of_products.append(tuple(pictures))
        elif len({_place(picture) for picture in pictures}) > 1:
            contradicting.append(tuple(pictures))
        else:
            groups = frozenset(picture.group for picture in pictures if picture.group)
            once.append(
                replace(
                    pictures[0],
                    labels=merged_labels(pictures),
                    groups=groups,
                    answered=any(picture.answered for picture in pictures),
                    checked=any(picture.checked for picture in pictures),
                )
            )
    return Prepared(
        listing=listing,
        copies={sha256: tuple(pictures) for sha256, pictures in copies.items()},
        once=tuple(once),
        of_products=tuple(of_products),
        contradicting=tuple(contradicting),
        hashed=hashed,
        notes=tuple(notes),
    )


def _contradictions(wrong: Sequence[Sequence[ListedPicture]]) -> str:
    """The sentence on pictures each of which is in two classes or parts."""
    named = [" and ".join(f"{picture.path} ({_role(picture)})" for picture in copies) for copies in wrong]
    return (
        f"{'; '.join(f'{copies} are the same picture' for copies in named)}. Keep one of them: a picture has "
        "one class, and is either learnt or measured on."
    )


def class_of(picture: ListedPicture) -> tuple[str, int]:
    """What near copies have to share to be learnt."""
    # Several labels may name one class of a release; where no class is known, the label is it.
    return (picture.label if picture.class_id == UNKNOWN else "", picture.class_id)


def _place(picture: ListedPicture) -> tuple[str, int, str]:
    """What all copies of a picture have to share."""
    return (*class_of(picture), picture.part or "")


def _role(picture: ListedPicture) -> str:
    return picture.label if picture.part is None else f"{picture.label}, {picture.part}"


def merged_labels(copies: Sequence[ListedPicture]) -> dict[str, str]:
    """The labels of all copies of one content; the class of the first.

    An attribute in which several products differ is not known: the picture shows all of them.

    Raises:
        BadCsv: they have two labels of an attribute.
    """
    labels = dict(copies[0].labels)
    for name in sorted({name for picture in copies for name in picture.labels} - {LABEL}):
        labelled = [picture for picture in copies if picture.labels.get(name)]
        label, *others = dict.fromkeys(picture.labels[name] for picture in labelled) or [""]
        if others and not of_several_products(labelled, name):
            raise BadCsv(
                f"{labelled[0].path} is {label!r} in one row and {others[0]!r} in another one in column "
                f"`{name}`."
            )
        labels[name] = "" if others else label
    return labels


@dataclass(frozen=True)
class Settled:
    """What counts of pictures of one place that were decoded.

    Attributes:
        kept: the positions of those that count, ascending.
        pictures: these, with the `split_key` of each: equal ones stay together.
        near: groups of them that are nearly the same.
        in_two_classes: pictures that are nearly the same as one of another class, of which one is wrong, by
            groups: none of them counts, unless people answered some of a group and gave these one class.
        of_two_labels: groups of `near` without a common label of an attribute, which is not known of them.
    """

    kept: tuple[int, ...]
    pictures: tuple[ListedPicture, ...]
    near: tuple[tuple[ListedPicture, ...], ...]
    in_two_classes: tuple[tuple[ListedPicture, ...], ...]
    of_two_labels: tuple[tuple[ListedPicture, ...], ...]

    @property
    def alike(self) -> tuple[tuple[ListedPicture, ...], ...]:
        """All groups that are nearly the same, those of which some are left out, too."""
        return (*self.near, *self.in_two_classes)

    @property
    def together(self) -> list[tuple[ListedPicture, ...]]:
        """Groups of near copies that are in one part."""
        return [group for group in self.near if not _is_divided(group)]

    @property
    def divided(self) -> list[tuple[ListedPicture, ...]]:
        """Groups of near copies that are in both parts."""
        return [group for group in self.near if _is_divided(group)]

    @property
    def of_learnt_groups(self) -> list[ListedPicture]:
        """Those of the test part that share a group or a product with learnt ones, and are not near these."""
        learnt = {picture.split_key for picture in self.pictures if picture.part == "train"}
        near = {picture.sha256 for group in self.divided for picture in group}
        tested = (picture for picture in self.pictures if picture.part == "test")
        return [picture for picture in tested if picture.split_key in learnt and picture.sha256 not in near]

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, a sentence each."""
        notes = list[str]()
        for groups, what in (
            (self.in_two_classes, "class, and are left out"),
            (self.of_two_labels, "label of an attribute, which is not learnt of them"),
        ):
            if groups:
                named = [" and ".join(str(picture.path) for picture in group) for group in groups]
                notes.append(
                    f"{sum(map(len, groups))} pictures are nearly the same as others of another {what}: "
                    f"{few(named, NAMED, '; ')}."
                )
        if divided := len(self.divided):
            notes.append(
                f"{divided} pictures are in `train` and nearly the same in `test`, so the accuracy is too "
                "good. Look at them: `wardrobe data` lists them."
            )
        if shared := [picture.path for picture in self.of_learnt_groups]:
            notes.append(
                f"{len(shared)} pictures in `test` share a group or a product with some in `train`, so the "
                f"accuracy is too good: {few(shared, NAMED)}."
            )
        if together := sum(map(len, self.together)):
            notes.append(of_near(together, len(self.pictures)))
        return notes


def _is_divided(group: Sequence[ListedPicture]) -> bool:
    return len({picture.part for picture in group}) > 1


def of_near(count: int, of: int) -> str:
    """The sentence on pictures that are nearly the same as others."""
    return (
        f"{count} of {of} pictures are nearly the same as others; such are learnt together or measured on "
        "together. `wardrobe data` lists them."
    )


def settle(pictures: Sequence[ListedPicture], hashes: Sequence[Hash]) -> Settled:
    """Decide what counts of pictures by what they show: the same in every order of them.

    Args:
        pictures: of one place, each content once.
        hashes: of them.
    """
    near = Neighbours.of(np.stack(hashes) if hashes else NO_HASHES)
    mixed = near.of_several([class_of(picture) for picture in pictures])
    left_out = {index for members in mixed for index in _left_out(members, pictures)}
    kept = tuple(index for index in range(len(pictures)) if index not in left_out)
    alike = _groups(near, pictures, kept)
    place, counting = {index: number for number, index in enumerate(kept)}, list(pictures)
    of_two_labels = list[tuple[ListedPicture, ...]]()
    for members in alike:
        group = tuple(pictures[index] for index in members)
        if unclear := _unclear(group):
            of_two_labels.append(group)
            for index in members:
                counting[index] = replace(pictures[index], labels={**pictures[index].labels, **unclear})
    return Settled(
        kept=kept,
        pictures=_with_split_keys(
            [counting[index] for index in kept], [[place[index] for index in members] for members in alike]
        ),
        near=tuple(tuple(pictures[index] for index in members) for members in alike),
        in_two_classes=tuple(
            tuple(pictures[index] for index in _left_out(members, pictures)) for members in mixed
        ),
        of_two_labels=tuple(of_two_labels),
    )


def _left_out(members: Sequence[int], pictures: Sequence[ListedPicture]) -> list[int]:
    """Those of near copies in two classes that do not count: all but the answered ones, where these agree."""
    answered = [index for index in members if pictures[index].answered]
    agree = len({class_of(pictures[index]) for index in answered}) == 1
    return [index for index in members if not (agree and index in answered)]


def _unclear(group: Sequence[ListedPicture]) -> dict[str, str]:
    """The attributes of which these pictures have labels without one in common: none of these counts."""
    shared = dict[str, frozenset[str]]()
    for picture in group:
        for name, label in picture.labels.items():
            if label and name != LABEL:
                parts = frozenset(part.strip() for part in label.split(SEVERAL))
                shared[name] = shared.get(name, parts) & parts
    return {name: "" for name, labels in shared.items() if not labels}


def _groups(near: Neighbours, pictures: Sequence[ListedPicture], kept: Sequence[int]) -> list[list[int]]:
    """Groups of near copies among those that are kept, by ascending positions."""
    # Of three in a row the third is not near the first, so the order of the listing must not decide.
    groups = near.groups(sorted(kept, key=lambda index: pictures[index].sha256))
    return sorted(map(sorted, groups))


def _with_split_keys(
    pictures: Sequence[ListedPicture], near: Sequence[Sequence[int]]
) -> tuple[ListedPicture, ...]:
    """The pictures with one `group` for those of one group, and for those that are nearly the same."""
    named = [(picture.sha256, f"group {group}") for picture in pictures for group in sorted(picture.groups)]
    keys = split_keys([picture.sha256 for picture in pictures], named, near)
    return tuple(replace(picture, split_key=keys[picture.sha256]) for picture in pictures)

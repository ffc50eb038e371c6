"""Read the pictures of a listing: each content once, with all its labels and groups.

For pictures and classes of one's own (own_pictures.py) and for photos (photos.py). Decoding and
converting: files.py. Reads the files of the listing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.contract import LABEL, InputContract
from training.data.files import (
    NAMED,
    FileImages,
    Hashed,
    PictureFile,
    See,
    read_files,
    report_unreadable,
)
from training.data.labels import UNKNOWN, Labels
from training.data.listing import Listing, Row, of_several_products
from training.data.near_copies import Hash, near_groups, split_keys
from training.data.pictures import Pictures
from training.data.vectors import joined
from training.errors import BadCsv, BadPictures
from training.progress import Say, Watch


@dataclass(frozen=True)
class Content:
    """One content.

    Attributes:
        row: the first of its copies, with the labels of all.
        sha256: hex digest of its bytes.
        groups: of it and its copies.
    """

    row: Row
    sha256: str
    groups: frozenset[str]


@dataclass(frozen=True)
class ReadPicture(Content):
    """One that was decoded.

    Attributes:
        file: what was read of it.
    """

    file: PictureFile


def read_pictures(  # noqa: PLR0913 - what is read, how, and who follows it
    listing: Listing,
    hashed: Hashed,
    reads: InputContract,
    say: Say,
    watch: Watch,
    *,
    skip_unreadable: bool,
    see: See | None = None,
) -> list[ReadPicture]:
    """Read pictures whose classes are known: what their bytes show to be wrong is refused first.

    Args:
        listing: with the `class_id` of each, under the labels that count.
        hashed: its files.
        reads: the input of the model.
        say: receives what was left out and why, and how many are copies.
        watch: called after each file that is decoded.
        skip_unreadable: leave out what is no picture, instead of refusing.
        see: the network that sees them, if one does.

    Returns:
        The first of each content, in the order of the listing; of what a network sees, in that of contents.

    Raises:
        BadPictures: a file cannot be read, none can, or one picture has two classes or is in both parts.
        BadCsv: one picture has two labels of an attribute.
    """
    for sentence in warnings_of(listing):
        say(sentence)
    contents = drop_copies(listing, hashed, say, skip_unreadable=skip_unreadable)
    if see:  # the same batches, whatever the files are called
        contents.sort(key=lambda one: one.sha256)
    paths = [content.row.path for content in contents]
    files = read_files(paths, reads, say, watch, skip_unreadable=skip_unreadable, see=see)
    read = [
        ReadPicture(content.row, content.sha256, content.groups, file)
        for content, file in zip(contents, files, strict=True)
        if file is not None
    ]
    if not read:
        raise BadPictures(f"{listing.place}: none of {len(listing.pictures)} pictures can be read.")
    return read


def warnings_of(listing: Listing) -> list[str]:
    """What a person should know of a listing, a sentence each."""
    left_out, missing, outdated = listing.left_out, listing.missing, listing.outdated
    first = ", ".join(map(str, left_out[:NAMED])) + (", ..." if len(left_out) > NAMED else "")
    said = (
        *listing.notes,
        left_out and f"left out {len(left_out)} that are not taken for pictures of a class: {first}.",
        listing.of_nested(),
        missing
        and f"{len(missing)} pictures that a person answered are not found and left out: "
        f"{', '.join(map(str, missing[:NAMED]))}.",
        outdated
        and f"{len(outdated)} pictures have another content than when a person answered, and are left out: "
        f"{outdated[0]}.",
    )
    return [str(one) for one in said if one]


def drop_copies(listing: Listing, hashed: Hashed, say: Say, *, skip_unreadable: bool) -> list[Content]:
    """Each content of a listing once, in its order.

    Args:
        listing: of pictures.
        hashed: its files.
        say: receives what was left out, and how many are copies.
        skip_unreadable: leave out files that cannot be read.

    Raises:
        BadPictures: a file cannot be read, or one picture has two classes or is in both parts.
        BadCsv: one picture has two labels of an attribute.
    """
    why = [
        hashed.unreadable[picture.path] for picture in listing.pictures if picture.path in hashed.unreadable
    ]
    report_unreadable(why, len(listing.pictures), say, skip_unreadable=skip_unreadable)
    copies = copies_in(listing, hashed)
    if several := [str(rows[0].path) for rows in copies.of_products]:
        say(
            f"{len(several)} pictures lie under several classes by way of several products, and are left "
            f"out: {', '.join(several[:NAMED])}{', ...' if len(several) > NAMED else ''}."
        )
    if copies.contradicting:
        first, *others = copies.contradicting[0]
        other = next(row for row in others if _place(row) != _place(first))
        raise BadPictures(
            f"{first.path} ({_role(first)}) and {other.path} ({_role(other)}) are the same picture. "
            "Keep one of the two: a picture has one class, and is either learnt or measured on; "
            "`wardrobe data` lists all such pictures."
        )
    if copies.further:
        say(f"{copies.further} of {len(listing.pictures)} pictures are copies of others and count once.")
    return list(copies.once)


@dataclass(frozen=True)
class Copies:
    """The pictures of a listing by their bytes.

    Attributes:
        once: each content that can be learnt or measured, in the order of the listing.
        further: how many more pictures have one of these contents.
        of_products: rows of each content that lies under several classes by way of several products: none is
            wrong, and the content is not learnt.
        contradicting: rows of each content that has two classes, or is in both parts.
    """

    once: tuple[Content, ...]
    further: int
    of_products: tuple[tuple[Row, ...], ...]
    contradicting: tuple[tuple[Row, ...], ...]


def copies_in(listing: Listing, hashed: Hashed) -> Copies:
    """Decide what counts of the copies of each picture; of files that can be read.

    Raises:
        BadCsv: one picture has two labels of an attribute.
    """
    rows_of: dict[str, list[Row]] = {}
    for row in listing.pictures:
        if row.path in hashed.sha256:
            rows_of.setdefault(hashed.sha256[row.path], []).append(row)
    once, of_products, contradicting, further = list[Content](), [], [], 0
    for sha256, rows in rows_of.items():
        if of_several_products(rows):
            of_products.append(tuple(rows))
        elif len({_place(row) for row in rows}) > 1:
            contradicting.append(tuple(rows))
        else:
            once.append(Content(replace(rows[0], labels=merged_labels(rows)), sha256, groups_of(rows)))
            further += len(rows) - 1
    return Copies(tuple(once), further, tuple(of_products), tuple(contradicting))


def _place(row: Row) -> tuple[str, int, str]:
    """What all copies of a picture have to share."""
    # Several labels may name one class of a release; where no class is known, the label is it.
    return (row.label if row.class_id == UNKNOWN else "", row.class_id, row.part or "")


def merged_labels(rows: Sequence[Row]) -> dict[str, str]:
    """The labels of all rows of one content; the class of the first.

    An attribute in which several products differ is not known: the picture shows all of them.

    Raises:
        BadCsv: they have two labels of an attribute.
    """
    labels = dict(rows[0].labels)
    for name in sorted({name for row in rows for name in row.labels} - {LABEL}):
        known = [row for row in rows if row.labels.get(name)]
        label, *others = dict.fromkeys(row.labels[name] for row in known) or [""]
        if others and not of_several_products(known, name):
            raise BadCsv(
                f"{known[0].path} is {label!r} in one row and {others[0]!r} in another one in column "
                f"`{name}`."
            )
        labels[name] = "" if others else label
    return labels


def groups_of(rows: Sequence[Row]) -> frozenset[str]:
    """What is known of the groups of one content."""
    return frozenset(row.group for row in rows if row.group)


def _role(row: Row) -> str:
    return row.label if row.part is None else f"{row.label}, {row.part}"


def joint_keys(pictures: Sequence[Content], hashes: Mapping[str, Hash], say: Say) -> dict[str, str]:
    """What decides on which side of every split each content is: equal keys stay together.

    Pictures of one group share theirs, and so do pictures that are nearly the same.

    Args:
        pictures: of all sets that are split together.
        hashes: of the pictures, by content.
        say: receives how many are nearly the same.
    """
    contents = list({picture.sha256: picture for picture in pictures}.values())
    alike = near_groups(np.stack([hashes[content.sha256] for content in contents]))
    parts = [{contents[index].row.part for index in members} for members in alike]
    if divided := sum(len(part) > 1 for part in parts):
        say(
            f"{divided} pictures are in `train` and nearly the same in `test`, so the accuracy is too good. "
            "Look at them: `wardrobe data` lists them."
        )
    if together := sum(len(members) for members, part in zip(alike, parts, strict=True) if len(part) == 1):
        say(
            f"{together} of {len(contents)} pictures are nearly the same as others; such are learnt together "
            "or measured on together. `wardrobe data` lists them."
        )
    grouped = [(picture.sha256, f"group {group}") for picture in pictures for group in sorted(picture.groups)]
    return split_keys([content.sha256 for content in contents], grouped, alike)


def classes_in(read: Sequence[ReadPicture], names: Sequence[str]) -> Labels:
    """The class of each picture, by its `class_id`."""
    return Labels.of(np.array([one.row.class_id for one in read]), names)


def hashes_of(read: Iterable[ReadPicture]) -> dict[str, Hash]:
    """The perceptual hash of each content."""
    return {one.sha256: one.file.hash for one in read}


def cells_of(read: Sequence[Content], name: str) -> list[str]:
    """What a column says of each picture, as spelt."""
    return [one.row.labels.get(name, "") for one in read]


def pictures_of(
    read: Sequence[ReadPicture],
    groups: Mapping[str, str],
    reads: InputContract,
    labels: Mapping[str, Labels],
) -> Pictures:
    """One picture or more as a table.

    Args:
        read: N.
        groups: of `joint_keys`, of these pictures and perhaps others.
        reads: the input of the model.
        labels: of the N pictures.
    """
    sha256, files = [one.sha256 for one in read], tuple(one.file.path for one in read)
    pixels = [one.file.pixels for one in read if one.file.pixels is not None]
    return Pictures(
        pixels=np.stack(pixels) if pixels else FileImages(files, reads),
        features=joined([one.file.features for one in read]),
        labels=labels,
        sha256=np.array(sha256),
        groups=np.array([groups[one] for one in sha256]),
        files=files,
        tiers=np.array([one.row.tier for one in read]),
        spelt=np.array([one.row.label or one.row.tier for one in read]),
        sources=np.array([one.row.source for one in read]),
        networks=tuple(one.file.network for one in read),
    )

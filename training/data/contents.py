"""The pictures of a listing by content: each counts once, under the labels that count.

One rule for trainings, measuring and `wardrobe data`: what is a copy, what lies under several products, what
contradicts itself. Nothing is decoded. Reads the files of the listing. What is nearly the same:
near_copies.py; next: read.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.contract import LABEL
from labelling.review.corrections import OfFiles
from training.data.corrections import NO_CORRECTIONS, corrected
from training.data.files import NAMED, Hashed, hash_files, report_unreadable
from training.data.labels import UNKNOWN
from training.data.listing import ListedPicture, Listing, of_several_products
from training.data.split import check_limit
from training.errors import BadCsv, BadPictures
from training.progress import Say


@dataclass(frozen=True)
class Content:
    """One content.

    Attributes:
        picture: the first of its copies, with the labels of all.
        sha256: hex digest of its bytes.
        groups: of it and its copies.
    """

    picture: ListedPicture
    sha256: str
    groups: frozenset[str]


@dataclass(frozen=True)
class DistinctPictures:
    """The pictures of a listing by their bytes.

    Attributes:
        listing: under the labels that count.
        copies: the pictures of each content that can be read, by its sha256, in the order of the listing.
        once: each content that can be learnt or measured, in the same order.
        of_products: pictures of each content that lies under several classes by way of several products: none
            is wrong, and the content is not learnt.
        contradicting: pictures of each content that has two classes, or is in both parts.
        unreadable: why another file cannot be read, by its path.
    """

    listing: Listing
    copies: Mapping[str, tuple[ListedPicture, ...]]
    once: tuple[Content, ...]
    of_products: tuple[tuple[ListedPicture, ...], ...]
    contradicting: tuple[tuple[ListedPicture, ...], ...]
    unreadable: Mapping[Path, str]

    def check(self, say: Say, *, skip_unreadable: bool) -> None:
        """Refuse what the bytes show to be wrong, before a picture is decoded.

        Args:
            say: receives what is left out, and how many are copies.
            skip_unreadable: leave out files that cannot be read.

        Raises:
            BadPictures: a file cannot be read, or one picture has two classes or is in both parts.
        """
        every = self.listing.pictures
        why = [self.unreadable[picture.path] for picture in every if picture.path in self.unreadable]
        report_unreadable(why, len(every), say, skip_unreadable=skip_unreadable)
        if several := [str(copies[0].path) for copies in self.of_products]:
            say(
                f"{len(several)} pictures lie under several classes by way of several products, and are left "
                f"out: {', '.join(several[:NAMED])}{', ...' if len(several) > NAMED else ''}."
            )
        if self.contradicting:
            first, *others = self.contradicting[0]
            other = next(picture for picture in others if _place(picture) != _place(first))
            raise BadPictures(
                f"{first.path} ({_role(first)}) and {other.path} ({_role(other)}) are the same picture. "
                "Keep one of the two: a picture has one class, and is either learnt or measured on; "
                "`wardrobe data` lists all such pictures."
            )
        if further := sum(len(self.copies[content.sha256]) - 1 for content in self.once):
            say(f"{further} of {len(every)} pictures are copies of others and count once.")


def distinct(  # noqa: PLR0913 - a listing, and what is said of it
    listing: Listing,
    say: Say,
    *,
    hashed: Hashed | None = None,
    corrections: OfFiles = NO_CORRECTIONS,
    limit: int | None = None,
    adds: bool = False,
) -> DistinctPictures:
    """Decide what counts of a listing, by names and bytes.

    Args:
        listing: with the classes of its pictures, where these are known.
        say: receives what corrections change and what does not count of them.
        hashed: its files, where they were hashed before.
        corrections: of labels, each of which holds for all copies; `check_listed` refuses strange ones.
        limit: how many contents are learnt, the first by their hashes; None for all.
        adds: whether corrections may name further pictures, which are learnt, too.

    Raises:
        BadCsv: a correction is to none of the classes, or one picture has two labels of an attribute.
        BadPictures: corrections leave none.
        BadRecipe: there are fewer contents than the limit.
    """
    hashed = hashed or hash_files(picture.path for picture in listing.pictures)
    listing = corrected(listing, corrections, hashed, say, adds=adds)
    if adds:
        answered = {Path(path): sha256 for path, sha256 in corrections.hashes.items()}
        hashed = replace(hashed, sha256={**answered, **hashed.sha256})
    if limit is not None:
        listing = _first(listing, hashed, limit)
    copies: dict[str, list[ListedPicture]] = {}
    for picture in listing.pictures:
        if picture.path in hashed.sha256:
            copies.setdefault(hashed.sha256[picture.path], []).append(picture)
    once, of_products, contradicting = list[Content](), [], []
    for sha256, pictures in copies.items():
        if of_several_products(pictures):
            of_products.append(tuple(pictures))
        elif len({_place(picture) for picture in pictures}) > 1:
            contradicting.append(tuple(pictures))
        else:
            first = replace(pictures[0], labels=merged_labels(pictures))
            groups = frozenset(picture.group for picture in pictures if picture.group)
            once.append(Content(first, sha256, groups))
    return DistinctPictures(
        listing=listing,
        copies={sha256: tuple(pictures) for sha256, pictures in copies.items()},
        once=tuple(once),
        of_products=tuple(of_products),
        contradicting=tuple(contradicting),
        unreadable=hashed.unreadable,
    )


def _first(listing: Listing, hashed: Hashed, limit: int) -> Listing:
    """A listing of which as many contents are learnt."""
    learnt = {
        hashed.sha256.get(picture.path, "") for picture in listing.pictures if picture.part != "test"
    } - {""}
    check_limit(limit, len(learnt))
    gone = set(sorted(learnt)[limit:])
    kept = [
        picture
        for picture in listing.pictures
        if picture.part == "test" or hashed.sha256.get(picture.path) not in gone
    ]
    return replace(listing, pictures=tuple(kept))


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

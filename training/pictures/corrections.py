"""Corrections of labels: what people say of a picture wins over what folders and tables say of its content.

What counts of them is read by labelling/review/corrections.py, as for tables of `wardrobe label`. `apply` is
the one place where they change a listing. Reads the named files, and the pictures of the listing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from labelling.review.corrections import LEFT_OUT, NONE, OfFiles
from labelling.review.moved import hash_of
from training.errors import BadCsv, BadPictures
from training.pictures.listing import Listed, Listing, absolute, answers_in
from training.pictures.picture_files import on_all_cores
from training.progress import Say, Watch

UNREAD: Final = "0" * 64
"""Stands for the hash of a file that cannot be read; reading it says why."""

NO_CORRECTIONS: Final = OfFiles({}, {}, {}, frozenset(), (), ())


@dataclass(frozen=True)
class Applied:
    """A listing under corrections.

    Attributes:
        listing: its pictures under the labels that count, without those to leave out.
        contents: sha256 of each picture that it had before.
        relabelled: pictures that have another label now.
        left_out: pictures that are gone, since a person left them out or saw none of the classes.
        added: pictures that only the corrections name, each content once.
        missing: corrections of pictures that are neither where these say nor near it; they count for nothing.
    """

    listing: Listing
    contents: tuple[str, ...]
    relabelled: int
    left_out: int
    added: tuple[Listed, ...]
    missing: tuple[str, ...]

    @property
    def changes(self) -> int:
        """How many pictures the corrections change."""
        return self.relabelled + self.left_out + len(self.added)


def corrections_in(files: Sequence[Path]) -> OfFiles:
    """Read corrections of picture files, before minutes of reading pictures.

    Args:
        files: CSVs, see labelling/review/corrections.py. An empty label, or NONE, leaves a picture out.

    Raises:
        BadCsv: one cannot be read, has another header or a row that says nothing, names no file, or two
            contradict each other.
    """
    said = answers_in(files)
    if said.missing and len(said.missing) == len(said.labels):
        raise BadCsv(_of_no_picture(said.missing, len(said.labels)))
    return said


def apply(listing: Listing, said: OfFiles, labels: Sequence[str], watch: Watch) -> Applied:
    """Relabel, drop and find new: a correction holds for every copy of its picture.

    Args:
        listing: of pictures, none of which is changed.
        said: of these, of copies that lie elsewhere, or of other pictures.
        labels: of the classes.
        watch: called after each picture, whose content is compared.

    Raises:
        BadCsv: a correction is to none of the classes.
    """
    if strange := sorted(set(said.labels.values()) - {*labels, LEFT_OUT, NONE}):
        near = get_close_matches(strange[0], labels, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise BadCsv(
            f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}.{meant} Name one, or "
            "none to leave the picture out. For a further class, put its pictures into a sub-folder of your "
            "pictures, and train again with wardrobe train --data."
        )
    contents = on_all_cores(lambda one: hash_of(str(one.path)) or UNREAD, listing.pictures, watch)
    by_content = {said.hashes[path]: label for path, label in said.labels.items()}
    found = [(one, by_content.get(content)) for one, content in zip(listing.pictures, contents, strict=True)]
    kept = [(one, _under(one, label, labels)) for one, label in found if label not in {LEFT_OUT, NONE}]
    there = set(contents)
    missing = tuple(path for path in said.missing if said.hashes[path] not in there)
    new = {said.hashes[path]: path for path in said.labels if path not in missing}
    added = (
        Listed(Path(path), said.labels[path], group=said.groups.get(path, ""))
        for content, path in new.items()
        if content not in there and said.labels[path] not in {LEFT_OUT, NONE}
    )
    return Applied(
        listing=replace(listing, pictures=[after for _, after in kept]),
        contents=tuple(contents),
        relabelled=sum(after.label != one.label and after.class_id != one.class_id for one, after in kept),
        left_out=len(found) - len(kept),
        added=tuple(_under(one, one.label, labels) for one in added),
        missing=missing,
    )


def _under(listed: Listed, label: str | None, labels: Sequence[str]) -> Listed:
    return listed if label is None else replace(listed, label=label, class_id=labels.index(label))


def corrected(listing: Listing, said: OfFiles, labels: Sequence[str], say: Say) -> Listing:
    """The pictures of a listing under their corrected labels, without those to leave out.

    Args:
        listing: of pictures, with the `class_id` of each.
        said: of these, or of copies that lie elsewhere; `check_listed` refuses what is of others.
        labels: of the classes.
        say: receives what does not count, how many labels change, and how many pictures are left out.

    Raises:
        BadCsv: a correction is to none of the classes.
        BadPictures: none is left.
    """
    if said.outdated:
        say(
            f"--corrections: {len(said.outdated)} are of pictures that have another content now, and do "
            f"not count, among them {said.outdated[0]}."
        )
    if not said.labels:
        return listing
    applied, count = apply(listing, said, labels, lambda *_: None), len(listing.pictures)
    if applied.missing:
        say(
            f"--corrections: {len(applied.missing)} are of pictures that are not found, and are left out, "
            f"among them {applied.missing[0]}."
        )
    say(
        f"--corrections: of {count} pictures of {listing.place}, {applied.relabelled} get another label and "
        f"{applied.left_out} are left out."
    )
    if not applied.listing.pictures:
        raise BadPictures(f"{listing.place}: no picture is left of {count}. Leave out fewer of them.")
    return applied.listing


def check_listed(said: OfFiles, listings: Iterable[Listing]) -> None:
    """Raise if a correction names a file that is there, and that none of some listings names.

    Args:
        said: as the files have it.
        listings: before they are corrected.

    Raises:
        BadCsv: one does.
    """
    named = {absolute(one.path) for listing in listings for one in listing.pictures}
    if strange := said.labels.keys() - named - set(said.missing):
        raise BadCsv(_of_no_picture(strange, len(said.labels)))


def _of_no_picture(missing: Iterable[str], total: int) -> str:
    paths = sorted(missing)
    return (
        f"--corrections: {len(paths)} of {total} name no picture that is read, among them {paths[0]}. "
        "Corrections are of pictures of your own in --data, --photos or --check-photos. Paths are absolute, "
        "or relative to the CSV; remove what is gone."
    )

"""Corrections of labels: what people say of a picture wins over what folders and tables say of its content.

What counts of them is read by labelling/review/corrections.py, as for tables of `wardrobe label`. `apply` is
the one place where they change a listing. Reads the named files.
"""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.listed import NONE
from inference.plain_text import few
from inference.spreadsheets import as_csv
from labelling.decided import LEFT_OUT
from labelling.lists import AS_IT_IS, Reading
from labelling.review.corrections import NAMED, Correction, OfFiles, file_of
from model_store.files import hash_of, write_whole
from training.data.answered import NO_COPIES, Answers, Near, near_answers
from training.data.files_read import Hashed
from training.data.listed_tables import Sha256Of, counting_of, rows_in
from training.data.listing import ListedPicture, Listing, absolute
from training.errors import BadCsv, BadPictures
from training.progress import Say

UNREAD: Final = "0" * 64
"""Stands for the hash of a file that cannot be read; reading it says why."""

KEPT: Final = ("path", "label", "sha256", "at", "group", "attribute", "product", "audit")
"""Columns of corrections that are kept with a run."""

NO_FILES: Final = partial(Hashed, {}, {})
"""Makes what is known where no files are listed."""

NO_CORRECTIONS: Final = OfFiles({}, {}, {}, frozenset(), (), ())


@dataclass(frozen=True)
class Applied:
    """A listing under corrections.

    Attributes:
        listing: its pictures under the labels that count, without those to leave out.
        relabelled: pictures that have another label now.
        left_out: pictures that are gone, since a person left them out or saw none of the classes.
        added: pictures that only the corrections name, each content once.
        missing: corrections of pictures that are neither where these say nor near it; they count for nothing.
        answers: labels of attributes that change.
        unused: answers to attributes of pictures that are not among these.
        near: of the pictures that have another label or are gone, those that were not answered themselves
            but are nearly the same as one that was.
        unheeded: contents that are among these, or nearly the same, and were answered otherwise, or for
            another product, by the question.
        of_added: contents whose answers count for `added`, by the question.
    """

    listing: Listing
    relabelled: int
    left_out: int
    added: tuple[ListedPicture, ...]
    missing: tuple[str, ...]
    answers: int
    unused: int
    near: int
    unheeded: frozenset[tuple[str, str]]
    of_added: frozenset[tuple[str, str]]

    @property
    def labels(self) -> list[tuple[Path, Mapping[str, str]]]:
        """The pictures that are learnt, and the labels of each."""
        return [(picture.path, picture.labels) for picture in (*self.listing.pictures, *self.added)]


def corrections_in(
    files: Sequence[Path],
    reading: Reading = AS_IT_IS,
    say: Say = lambda _: None,
    sha256_of: Sha256Of = hash_of,
    hashed: Callable[[], Hashed] = NO_FILES,
) -> OfFiles:
    """Read corrections of picture files, before minutes of reading pictures.

    Args:
        files: CSVs, see labelling/review/corrections.py. An empty label, or NONE, leaves a picture out.
        reading: how they are read.
        say: receives what a person should know of them.
        sha256_of: see `corrections_of`.
        hashed: see there, too.

    Raises:
        BadCsv: one cannot be read, has another header or a row that says nothing; see `corrections_of`, too.
    """
    return corrections_of(rows_in(files, reading, say), sha256_of, hashed)


def corrections_of(
    rows: Sequence[Correction], sha256_of: Sha256Of = hash_of, hashed: Callable[[], Hashed] = NO_FILES
) -> OfFiles:
    """What counts of corrections of picture files.

    Args:
        rows: as their files have them.
        sha256_of: reads the pictures.
        hashed: the files of the listings that are corrected; called only where a picture is not where its
            correction says, or cannot be read. One that has its content is the picture.

    Raises:
        BadCsv: they name no file, or two contradict each other.
    """
    corrections = counting_of(rows, sha256_of, lambda: paths_by_content(hashed()))
    if (
        corrections.missing
        and len(corrections.missing) == len(corrections.labels)
        and not set(corrections.missing) & {absolute(path) for path in hashed().unreadable}
    ):
        raise BadCsv(_of_no_picture(corrections.missing, len(corrections.labels)))
    return corrections


def paths_by_content(hashed: Hashed) -> dict[str, str]:
    """The first file of each content."""
    return {sha256: absolute(path) for path, sha256 in reversed(list(hashed.sha256.items()))}


def apply(  # noqa: PLR0913, PLR0917 - pictures, and what is said of which of them
    listing: Listing,
    corrections: OfFiles,
    labels: Sequence[str],
    hashed: Hashed,
    attributes: Sequence[str] = (),
    near: Near = NO_COPIES,
) -> Applied:
    """Relabel, drop and find new: a correction holds for every copy of its picture.

    Args:
        listing: of pictures, none of which is changed.
        corrections: of these, of copies that lie elsewhere, or of other pictures.
        labels: of the classes.
        hashed: the files of the listing.
        attributes: whose answers count, too; NONE and LEFT_OUT make one unknown.
        near: of `near_answers`.

    Raises:
        BadCsv: a correction is to none of the classes.
    """
    _check_classes(corrections, labels)
    answers_of = Answers.of(corrections, near)
    # A file that cannot be read has the content that its answer names.
    contents = [
        hashed.sha256.get(picture.path) or corrections.hashes.get(absolute(picture.path), UNREAD)
        for picture in listing.pictures
    ]
    there = set(contents)
    missing = tuple(path for path in corrections.missing if corrections.hashes[path] not in there)
    rows = list(zip(contents, listing.pictures, strict=True))
    heeded = answers_of.heeded(rows, (LABEL, *attributes))
    new = {
        corrections.hashes[path]: _answered(corrections, path, label)
        for path, label in corrections.labels.items()
        if path not in missing
        and (corrections.hashes[path], LABEL) not in heeded
        and label not in {LEFT_OUT, NONE}
    }
    kept, added = (_relabelled(some, answers_of, labels, attributes) for some in (rows, list(new.items())))
    listed = there | answers_of.copied
    return Applied(
        listing=replace(listing, pictures=kept.pictures),
        relabelled=kept.relabelled,
        left_out=len(contents) - len(kept.pictures),
        added=added.pictures,
        missing=missing,
        answers=kept.answers + added.answers,
        unused=sum(content not in listed | new.keys() for content, _ in corrections.attributes),
        near=kept.near,
        unheeded=frozenset(
            (content, name)
            for name in (LABEL, *attributes)
            for content in answers_of.exact.get(name, ())
            if content in listed and (content, name) not in heeded
        ),
        of_added=frozenset(answers_of.heeded(new.items(), (LABEL, *attributes))),
    )


@dataclass(frozen=True)
class _Relabelled:
    """Pictures under the labels that count; the other attributes are those of `Applied`."""

    pictures: tuple[ListedPicture, ...]
    relabelled: int
    answers: int
    near: int


def _relabelled(
    rows: Sequence[tuple[str, ListedPicture]],
    answers_of: Answers,
    labels: Sequence[str],
    attributes: Sequence[str],
) -> _Relabelled:
    pictures = list[ListedPicture]()
    answers = relabelled = of_near = 0
    for content, picture in rows:
        label = answers_of.label(content, picture, LABEL)
        counting = answers_of.counting(content, picture, LABEL)
        is_near = content not in counting and label != picture.label
        if label in {LEFT_OUT, NONE}:
            of_near += is_near
            continue
        cells = {name: answers_of.label(content, picture, name) for name in attributes}
        cells = {name: "" if cell in {LEFT_OUT, NONE} else cell for name, cell in cells.items()}
        answers += sum(cell != picture.labels.get(name, "") for name, cell in cells.items())
        class_id = labels.index(label) if counting else picture.class_id
        pictures.append(replace(picture, labels={**picture.labels, **cells, LABEL: label}, class_id=class_id))
        is_changed = label != picture.label and class_id != picture.class_id
        relabelled, of_near = relabelled + is_changed, of_near + (is_changed and is_near)
    return _Relabelled(tuple(pictures), relabelled, answers, of_near)


def _answered(corrections: OfFiles, path: str, label: str) -> ListedPicture:
    group, product = corrections.groups.get(path, ""), corrections.products.get(path, "")
    return ListedPicture(Path(path), {LABEL: label}, group=group, product=product)


def _check_classes(corrections: OfFiles, labels: Sequence[str]) -> None:
    if strange := sorted(set(corrections.labels.values()) - {*labels, LEFT_OUT, NONE}):
        alike = get_close_matches(strange[0], labels, 1)
        meant = f" Did you mean {alike[0]!r}?" if alike else ""
        raise BadCsv(
            f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}.{meant} Name one, or "
            "none to leave the picture out. For a further class, put its pictures into a sub-folder of your "
            "pictures, and train again with wardrobe train --data."
        )


def not_counting(corrections: OfFiles, hashed: Hashed) -> list[str]:
    """What does not count of corrections, whichever listing they are of, a sentence each.

    Args:
        corrections: as the files have it.
        hashed: the files of all listings.
    """
    sentences, there = [corrections.of_several_in_words], {absolute(path) for path in hashed.unreadable}
    if corrections.outdated:
        sentences.append(
            f"--corrections: {len(corrections.outdated)} are of pictures that have another content now, and "
            f"do not count, among them {corrections.outdated[0]}."
        )
    if missing := [path for path in corrections.missing if path not in there]:
        sentences.append(
            f"--corrections: {len(missing)} are of pictures that are not found, and are left out, among them "
            f"{missing[0]}."
        )
    return [sentence for sentence in sentences if sentence]


def corrected(
    listing: Listing, corrections: OfFiles, hashed: Hashed, say: Say, *, adds: bool = False
) -> Listing:
    """The pictures of a listing under their corrected labels, without those to leave out.

    Args:
        listing: of pictures, with the `class_id` of each, and with the attributes whose answers count, too.
        corrections: of these, or of copies that lie elsewhere; `check_listed` refuses what is of others.
        hashed: the files of the listing.
        say: receives what does not count for it, how many labels change, and how many pictures are left out.
        adds: whether it may be of further pictures, which then follow those of the listing.

    Raises:
        BadCsv: a correction is to none of the classes.
        BadPictures: none is left.
    """
    if not corrections.labels and not corrections.attributes:
        return listing
    near = near_answers(listing, hashed, corrections, adds=adds)
    applied = apply(listing, corrections, listing.labels, hashed, listing.attributes, near)
    count = len(listing.pictures)
    added = applied.added if adds else ()
    if sentence := unheeded_in_words(applied, corrections, adds=adds):
        say(sentence)
    further = f", {applied.near:,} of them as nearly the same as a corrected one" if applied.near else ""
    further += f"; {len(added)} are new" if adds else ""
    if listing.attributes:
        further += f"; {applied.answers} answers to attributes are new or others"
    if listing.attributes and applied.unused:
        say(
            f"--corrections: {applied.unused} answers to attributes are of pictures whose class no person "
            "gave, and are not learnt."
        )
    say(
        f"--corrections: of {count} pictures of {listing.place}, {applied.relabelled} get another label and "
        f"{applied.left_out} are left out{further}."
    )
    if not applied.listing.pictures:
        raise BadPictures(f"{listing.place}: no picture is left of {count}. Leave out fewer of them.")
    return replace(applied.listing, pictures=(*applied.listing.pictures, *added))


def unheeded_in_words(applied: Applied, corrections: OfFiles, *, adds: bool) -> str:
    """The sentence on answers that count for no picture, perhaps of those added; empty where all count."""
    unheeded = applied.unheeded - applied.of_added if adds else applied.unheeded
    paths = sorted({corrections.files.get(content, content) for content, _ in unheeded})
    if not paths:
        return ""
    return (
        f"--corrections: {len(paths):,} answers count for no picture of {applied.listing.place}: "
        f"{few(paths, NAMED)}. The same pictures, or nearly the same ones, have other answers or are of "
        "other products. Give them one label, or the product that the list has."
    )


def keep_corrections(corrections: OfFiles, runs: Path, sha256_of: Sha256Of = hash_of) -> Path:
    """Write all rows of some files of corrections into one; equal ones have one place.

    Paths are absolute. Each row has the digest of its picture: its answer holds for that picture where it
    moves, and for no other one that has its path later.

    Args:
        corrections: what the files hold, and what counts of them.
        runs: the folder of runs.
        sha256_of: reads the pictures.
    """
    rows = list[tuple[str, ...]]()
    for row in corrections.rows:
        path = corrections.files.get(row.sha256) or file_of(row)
        sha256 = row.sha256 or sha256_of(path) or ""
        attribute, audit = "" if row.attribute == LABEL else row.attribute, str(row.audit or "")
        rows.append((path, row.label, sha256, row.at, row.group, attribute, row.product, audit))
    text = as_csv([KEPT, *rows]).encode("utf-8", "surrogateescape")
    copy = runs / f"improved-{hashlib.sha256(text).hexdigest()[:12]}" / "corrections.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_whole(copy, BOM_UTF8 + text)  # so that no encoding of a list is taken for its own
    return copy


def check_listed(corrections: OfFiles, listings: Sequence[Listing], hashed: Hashed) -> None:
    """Raise if a correction is of a file that is there, and neither it nor a copy is in some listings.

    Args:
        corrections: as the files have it.
        listings: before they are corrected.
        hashed: their files.

    Raises:
        BadCsv: one is.
    """
    named = {absolute(picture.path) for listing in listings for picture in listing.pictures}
    contents = set(hashed.sha256.values())
    strange = {
        path
        for path in corrections.labels.keys() - named - set(corrections.missing)
        if corrections.hashes[path] not in contents
    }
    if strange:  # only then is a picture decoded
        near = [
            copies for listing in listings for copies in near_answers(listing, hashed, corrections).values()
        ]
        strange = {path for path in strange if corrections.hashes[path] not in set(chain.from_iterable(near))}
    if strange:
        raise BadCsv(_of_no_picture(strange, len(corrections.labels)))


def _of_no_picture(missing: Iterable[str], total: int) -> str:
    paths = sorted(missing)
    return (
        f"--corrections: {len(paths)} of {total} name no picture that is read, among them {paths[0]}. "
        "Corrections are of pictures of your own in --data, --photos or --check-photos. Paths are absolute, "
        "or relative to the CSV; remove what is gone."
    )

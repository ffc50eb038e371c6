"""Corrections: people's answers about a picture win over the labels of folders and tables.

An answer is valid for every file of the content that was answered, wherever the file lies. An answer that was
given for a product is not valid for rows of another product. contents.py applies answers to the rows of a
listing; of near copies in two classes near_copies.py keeps the answered one. Reads the answered files.
"""

import hashlib
import os
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.plain_text import join_first
from inference.spreadsheets import format_csv
from inference.title_rule import NONE
from labelling.errors import CorrectionsUnusable
from labelling.journal.human_answer import LEFT_OUT
from labelling.lists.list_files import AS_IT_IS, Reading
from labelling.lists.paths import find_existing
from labelling.review.corrections import NAMED, Correction, merge_human_answers, read_corrections
from model_store.release_files import write_whole
from training.data.hashed_files import NO_FILES, HashedFiles, hash_files
from training.data.labels import UNKNOWN
from training.data.listing import ListedPicture, Listing, absolute
from training.errors import BadCsv, BadPictures
from training.progress import Say

KEPT: Final = ("path", "label", "sha256", "at", "group", "attribute", "product", "audit")
"""Columns of corrections that are kept with a run."""

NO_CLASS: Final = frozenset({LEFT_OUT, NONE})
"""Answers that leave a picture out of its class, or an attribute unknown."""


class ContentAnswer(NamedTuple):
    """The answer to one question that counts for a content.

    Attributes:
        label: a label, NONE or LEFT_OUT.
        products: the products that it was given for; none if it is valid for any.
        is_contested: whether products of the content have several labels, so that LEFT_OUT counts for these.
    """

    label: str
    products: frozenset[str] = frozenset()
    is_contested: bool = False

    def holds(self, product: str) -> bool:
        """Tell whether the answer is valid for a product; an empty name is an unknown product."""
        return not self.products or not product or product in self.products


@dataclass(frozen=True)
class Answered:
    """A picture file that people answered.

    Attributes:
        path: absolute; of a file that has the content, where there is one.
        sha256: the hash of the content that was answered; the path if it cannot be known.
        answers: the valid answers about the content, by question.
        group: a name that it shares with others, such as sender or product; empty if it is not known.
        product: the product that it shows; empty if it is not known.
        audited: whether an audit drew the content at random.
        is_there: whether the file can be read.
    """

    path: str
    sha256: str
    answers: Mapping[str, ContentAnswer]
    group: str
    product: str
    audited: bool
    is_there: bool


@dataclass(frozen=True)
class Corrections:
    """People's answers about picture files.

    Attributes:
        files: the files that were answered.
        outdated: paths that have another content than the one that was answered.
        rows: the rows of the files of corrections.
        hashed: the files that were hashed, listed ones and others.
    """

    files: tuple[Answered, ...] = ()
    outdated: tuple[str, ...] = ()
    rows: tuple[Correction, ...] = ()
    hashed: HashedFiles = NO_FILES

    @cached_property
    def by_content(self) -> Mapping[str, Mapping[str, ContentAnswer]]:
        """The answers that are valid, by content and question."""
        return {file.sha256: file.answers for file in self.files}

    @property
    def of_class(self) -> tuple[Answered, ...]:
        """Files whose class was answered."""
        return tuple(file for file in self.files if LABEL in file.answers)

    @property
    def attributes(self) -> set[tuple[str, str]]:
        """Contents and attributes that were answered, of files that are there."""
        return {
            (file.sha256, name)
            for file in self.files
            if file.is_there
            for name in file.answers
            if name != LABEL
        }

    def notes(self, unreadable: Mapping[Path, str]) -> list[str]:
        """Return a sentence for each sort of answers that are ignored.

        Args:
            unreadable: files of the listings, which may be left out by their paths.
        """
        listed = {absolute(path) for path in unreadable}
        return [
            f"{len(paths):,} {why}, among them {join_first(paths, NAMED)}."
            for paths, why in (
                (
                    [file.path for file in self.of_class if file.answers[LABEL].is_contested],
                    "pictures lie under products of different classes, and are left out",
                ),
                (
                    self.outdated,
                    "corrections are of pictures that have another content now, and do not count",
                ),
                (
                    [file.path for file in self.of_class if not (file.is_there or file.path in listed)],
                    "corrections are of pictures that are not found, and are left out",
                ),
            )
            if paths
        ]


NO_CORRECTIONS: Final = Corrections()


def rows_in(
    files: Sequence[Path], reading: Reading = AS_IT_IS, say: Say = lambda _: None
) -> list[Correction]:
    """Read people's answers to picture files.

    Args:
        files: CSVs, see labelling/review/corrections.py. An empty label, or NONE, leaves a picture out.
        reading: the way in which the files are read.
        say: receives what a person should know of them.

    Raises:
        BadCsv: one cannot be read, has another header or a row that says nothing.
    """
    if reading.root or reading.path_columns != AS_IT_IS.path_columns:
        raise BadCsv(
            f"{files[0]}: is read as people's answers, as it has no `tier` for --photos. Their `path` is "
            "relative to the file: --path-column and --root are not for them."
        )
    try:
        return read_corrections(files, None, reading=reading, say=say)
    except CorrectionsUnusable as error:
        raise BadCsv(str(error)) from error


def corrections_of(
    rows: Sequence[Correction], hashed: HashedFiles = NO_FILES, known: HashedFiles = NO_FILES
) -> Corrections:
    """Decide which of people's answers to picture files are valid.

    Args:
        rows: the answers, from `rows_in`.
        hashed: the files of the listings that are corrected: one that has the content is the picture where
            another one, or none, lies at the path of its answer.
        known: other files that were hashed before, which are not read again.

    Raises:
        BadCsv: none of the pictures is there, or two answers contradict each other.
    """
    own = {sha256: absolute(path) for path, sha256 in reversed(list(hashed.sha256.items()))}
    answered = hash_unlisted(answered_files(rows), hashed | known)
    there = {absolute(path): sha256 for path, sha256 in answered.sha256.items()}
    named, outdated = list[tuple[str, str, Correction]](), dict[str, None]()
    for row in rows:
        path = _file_of(row)
        if row.sha256 not in {"", there.get(path)}:
            if row.sha256 in own:
                path = own[row.sha256]
                there[path] = row.sha256
            elif path in there:
                outdated[path] = None
                continue
        named.append((path, there.get(path) or row.sha256 or path, row))
    files = _answered(named, set(there))
    listed = {absolute(path) for path in hashed.unreadable}
    if files and not any(file.is_there or file.path in listed for file in files):
        raise BadCsv(_of_no_picture([file.path for file in files], rows))
    gone = tuple(path for path in outdated if path not in {file.path for file in files})
    return Corrections(files, gone, tuple(rows), answered)


def answered_files(rows: Sequence[Correction]) -> list[str]:
    """Return the absolute paths of the files that answers name, each once, whether they are there or not."""
    return list(dict.fromkeys(map(_file_of, rows)))


def hash_unlisted(files: Sequence[str], known: HashedFiles) -> HashedFiles:
    """Hash files by their absolute paths.

    Args:
        files: absolute paths.
        known: files that were hashed before, by any paths, which are not read again.

    Returns:
        The known files, and those of the files that are not among them.
    """
    hashed = {absolute(path) for path in (*known.sha256, *known.unreadable)}
    return hash_files((Path(file) for file in files if file not in hashed), known)


def _answered(named: Sequence[tuple[str, str, Correction]], there: set[str]) -> tuple[Answered, ...]:
    """Make a record of each file, of rows with their paths and contents."""
    try:
        merged, _ = merge_human_answers([(sha256, row) for _, sha256, row in named], {})
    except CorrectionsUnusable as error:
        raise BadCsv(str(error)) from error
    labels: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for question, answer in merged.items():
        labels[question.sha256][question.attribute][question.product] = answer.label
    answers = {
        sha256: {name: _counting(of_products) for name, of_products in of.items()}
        for sha256, of in labels.items()
    }
    of_class: dict[str, list[Correction]] = defaultdict(list)
    for path, _, row in named:
        of_class[path] += [row] if row.attribute == LABEL else []
    audited = {sha256 for _, sha256, row in named if row.attribute == LABEL and row.audit}
    return tuple(
        Answered(
            path,
            sha256,
            answers[sha256],
            next((group for row in reversed(of_class[path]) if (group := row.group or row.product)), ""),
            next((row.product for row in reversed(of_class[path]) if row.product), ""),
            sha256 in audited,
            path in there,
        )
        for path, sha256 in {path: sha256 for path, sha256, _ in named}.items()
    )


def _counting(labels: Mapping[str, str]) -> ContentAnswer:
    """Choose the answer that is valid: answers about products are before those about a file.

    As one picture cannot show two classes, LEFT_OUT counts for products that differ.
    """
    different = {label for product, label in labels.items() if product or len(labels) == 1}
    products = frozenset(labels) - {""}
    if len(different) > 1:
        return ContentAnswer(LEFT_OUT, products, is_contested=True)
    [label] = different
    return ContentAnswer(label, frozenset() if labels.get("") == label else products)


def _file_of(correction: Correction) -> str:
    """Return the absolute path of the file that a correction names, whether it is there or not."""
    return os.path.abspath(find_existing(str(correction.file.parent / correction.path)))  # noqa: PTH100 - a link keeps its own name


def kept_rows(
    listing: Listing, corrections: Corrections, hashed: HashedFiles, say: Say, *, adds: bool = False
) -> list[tuple[ListedPicture, str, int]]:
    """Return the rows of a listing that answers do not leave out, and the rows that answers add.

    Args:
        listing: the pictures, with their class ids if these are known, and with the attributes whose answers
            are valid, too.
        corrections: answers about these pictures, or about copies that lie elsewhere; `check_listed` refuses
            answers about other pictures.
        hashed: the files of the listing.
        say: receives how many labels change, and how many pictures are left out.
        adds: whether answers may be about further pictures, which then follow those of the listing.

    Returns:
        Each row as it is listed, its sha256, and its class id as it is listed. The sha256 is empty if the
        file cannot be read.

    Raises:
        BadCsv: a correction is to none of the classes.
        BadPictures: no row is left.
    """
    class_ids = listing.class_ids or (UNKNOWN,) * len(listing.pictures)
    rows = [
        (row, hashed.sha256.get(row.path, ""), class_id)
        for row, class_id in zip(listing.pictures, class_ids, strict=True)
    ]
    if not corrections.files:
        return rows
    _check_classes(corrections, listing.labels)
    # A file that cannot be read has the content that its answer names.
    of_path = {file.path: file.sha256 for file in corrections.files}
    contents = [sha256 or of_path.get(absolute(row.path), "") for row, sha256, _ in rows]
    changed = [
        answered_row(row, corrections.by_content.get(content, {}), listing.attributes)
        for content, (row, _, _) in zip(contents, rows, strict=True)
    ]
    kept = [(row, under) for row, under in zip(rows, changed, strict=True) if under is not None]
    taken = {sha256 for (_, sha256, _), (_, is_answered) in kept if is_answered}
    new = {file.sha256: file for file in corrections.of_class if adds and _adds(file, taken)}
    added = [(_listed_answer(file), file.sha256, UNKNOWN) for file in new.values()]
    changes = [(before, after) for (before, _, _), (after, _) in kept]
    changes += [
        (row, under[0])
        for row, sha256, _ in added
        if (under := answered_row(row, corrections.by_content[sha256], listing.attributes))
    ]
    say(
        f"--corrections: of {len(rows):,} pictures of {listing.place}, "
        f"{sum(before.label != after.label for before, after in changes):,} get another label and "
        f"{len(rows) - len(kept):,} are left out{f'; {len(added):,} are new' if adds else ''}"
        f"{_of_attributes(changes, listing.attributes)}."
    )
    _say_unused(listing, corrections, {*contents, *new}, say)
    if adds:
        _say_idle(listing, corrections, set(contents), say)
    if not kept:
        raise BadPictures(f"{listing.place}: no picture is left of {len(rows)}. Leave out fewer of them.")
    return [*(row for row, _ in kept), *added]


def _say_unused(listing: Listing, corrections: Corrections, contents: Collection[str], say: Say) -> None:
    """Say how many answers about attributes are of pictures that are not learnt."""
    if unused := sum(
        content not in contents for content, name in corrections.attributes if name in listing.attributes
    ):
        say(
            f"--corrections: {unused:,} answers to attributes are of pictures whose class no person gave, "
            "and are not learnt."
        )


def _say_idle(listing: Listing, corrections: Corrections, contents: Collection[str], say: Say) -> None:
    """Say which answers leave out pictures that are not listed."""
    if idle := [
        file.path
        for file in corrections.of_class
        if file.sha256 not in contents and file.answers[LABEL].label in NO_CLASS
    ]:
        say(
            f"--corrections: {len(idle):,} answers leave out what is no picture of {listing.place}, or one "
            f"that was saved again, and change nothing: {join_first(idle, NAMED)}."
        )


def answered_row(
    row: ListedPicture, answers: Mapping[str, ContentAnswer], attributes: Sequence[str]
) -> tuple[ListedPicture, bool] | None:
    """Return a copy of a row with the labels that answers give it.

    Args:
        row: the row as it is listed.
        answers: the answers about its content, by question.
        attributes: the attributes whose answers are valid.

    Returns:
        The copy, and whether a person gave its class; None if the answers leave it out.
    """
    given = {name: answer.label for name, answer in answers.items() if answer.holds(row.product)}
    label = given.get(LABEL, row.label)
    if label in NO_CLASS:
        return None
    cells = {name: given[name] for name in attributes if name in given}
    cells = {name: "" if cell in NO_CLASS else cell for name, cell in cells.items()}
    return replace(row, labels={**row.labels, **cells, LABEL: label}), LABEL in given


def _adds(file: Answered, taken: Collection[str]) -> bool:
    """Tell whether an answer adds its picture: it shows a class, and no listed one took the answer."""
    return file.is_there and file.sha256 not in taken and file.answers[LABEL].label not in NO_CLASS


def _listed_answer(file: Answered) -> ListedPicture:
    """Return the row of a picture that an answer adds."""
    labels = {LABEL: file.answers[LABEL].label}
    return ListedPicture(Path(file.path), labels, group=file.group, product=file.product)


def _of_attributes(rows: Sequence[tuple[ListedPicture, ListedPicture]], attributes: Sequence[str]) -> str:
    """Return how many cells of pictures changed; empty without attributes."""
    changed = sum(
        before.labels.get(name, "") != row.labels.get(name, "") for before, row in rows for name in attributes
    )
    return f"; {changed:,} answers to attributes are new or others" if attributes else ""


def _check_classes(corrections: Corrections, labels: Sequence[str]) -> None:
    given = {file.answers[LABEL].label for file in corrections.of_class}
    if strange := sorted(given - {*labels, *NO_CLASS}):
        alike = get_close_matches(strange[0], labels, 1)
        meant = f" Did you mean {alike[0]!r}?" if alike else ""
        raise BadCsv(
            f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}.{meant} Name one, or "
            "none to leave the picture out. For a further class, put its pictures into a sub-folder of your "
            "pictures, and train again with wardrobe train --data."
        )


def check_listed(corrections: Corrections, hashed: HashedFiles) -> None:
    """Refuse corrections of files that are neither listed nor exact copies of listed ones.

    Args:
        corrections: the corrections of the files.
        hashed: the files of all listings.

    Raises:
        BadCsv: one is.
    """
    named, contents = set(map(absolute, chain(hashed.sha256, hashed.unreadable))), set(hashed.sha256.values())
    every = [file for file in corrections.files if file.is_there]
    if strange := [file.path for file in every if file.path not in named and file.sha256 not in contents]:
        raise BadCsv(_of_no_picture(strange, corrections.rows))


def _of_no_picture(paths: Sequence[str], rows: Sequence[Correction]) -> str:
    return (
        f"{rows[0].file}: {len(paths)} of {len(rows)} name no picture that is read, among them "
        f"{min(paths)}. Corrections are of pictures of your own in --data or --photos, or of files with the "
        "same bytes. Paths are absolute, or relative to the CSV: put it where the pictures are, and remove "
        "what is gone."
    )


def keep_corrections(corrections: Corrections, runs: Path) -> Path:
    """Write all rows of some files of corrections into one; equal ones have one place.

    Paths are absolute. Each row has the digest of its picture: its answer holds for that picture where it
    moves, and for no other one that has its path later.

    Args:
        corrections: the rows of the files, and the answers that are valid.
        runs: the folder of runs.
    """
    paths = {file.sha256: file.path for file in corrections.files if file.is_there}
    hashes = {file.path: file.sha256 for file in corrections.files if file.is_there}
    rows = list[tuple[str, ...]]()
    for row in corrections.rows:
        path = paths.get(row.sha256) or _file_of(row)
        sha256 = row.sha256 or hashes.get(path, "")
        attribute, audit = "" if row.attribute == LABEL else row.attribute, str(row.audit or "")
        rows.append((path, row.label, sha256, row.at, row.group, attribute, row.product, audit))
    text = format_csv([KEPT, *rows]).encode("utf-8", "surrogateescape")
    copy = runs / f"improved-{hashlib.sha256(text).hexdigest()[:12]}" / "corrections.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_whole(copy, BOM_UTF8 + text)  # so that no encoding of a list is taken for its own
    return copy

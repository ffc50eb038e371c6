"""Merge all rows and answers about files with equal bytes into one picture, before any picture is decoded.

Trainings, measurements and `wardrobe data` all use this module, so that copies of a picture count once in
each of them. A picture is not learnt if it lies under several classes because several products show it, or if
its rows contradict each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from inference.contract import LABEL
from inference.text.plain_text import choose_form, format_count, join_first_items
from training.data.applied_corrections import apply_answers, apply_corrections
from training.data.corrections import NO_CORRECTIONS, CorrectionAnswer, Corrections
from training.data.hashed_files import MAX_FILES_NAMED, HashedFiles, check_unreadable_files, hash_files
from training.data.labels import UNKNOWN_LABEL
from training.data.listing import DataSetPart, ListedPicture, Listing, has_several_products
from training.data.picture_files import decode_picture_file
from training.data.split import check_picture_limit
from training.errors import DataError
from training.progress import Say

PictureProblem: TypeAlias = Literal["several products", "contradicting"]
"""Reason why a picture is not learnt. "several products": products of different classes show the picture, so
that no row is wrong. "contradicting": the picture has two classes, or is in both `train` and `test`, so that
one row is wrong."""


@dataclass(frozen=True)
class UniquePicture:
    """A picture, identified by the hash of its bytes, with all of its rows and people's answers merged.

    Attributes:
        sha256: the hex digest of the file's bytes.
        rows: the rows of the list or folder that show the picture, in their order.
        labels: the labels by question (the class or an attribute), after people's answers; a label that is
            not known is empty or not there.
        class_id: the index of the class, or UNKNOWN_LABEL or OOD (none of the classes).
        groups: the groups of the rows, such as senders or products.
        part: train or test, if the data says so.
        is_answered: whether a person gave the label of the class.
        is_checked: whether a table says that a person checked the label.
        problem: the reason why the picture is not learnt; None if it can be learnt.
    """

    sha256: str
    rows: tuple[ListedPicture, ...]
    labels: Mapping[str, str]
    class_id: int = UNKNOWN_LABEL
    groups: frozenset[str] = frozenset()
    part: DataSetPart | None = None
    is_answered: bool = False
    is_checked: bool = False
    problem: PictureProblem | None = None

    @property
    def path(self) -> Path:
        """The file that is decoded: the first of the files with these bytes."""
        return self.rows[0].path

    @property
    def label(self) -> str:
        """The label of the picture's class."""
        return self.labels[LABEL]

    @property
    def class_key(self) -> tuple[str, int]:
        """A key that is equal for two pictures if they are of the same class."""
        return make_class_key(self.label, self.class_id)


def make_class_key(label: str, class_id: int) -> tuple[str, int]:
    """Return a key that is equal for two pictures if they are of the same class.

    Args:
        label: the label of the picture, which is the key if the class id is not known.
        class_id: the index of the class, or UNKNOWN_LABEL or OOD (none of the classes).
    """
    # Several labels may name one class of a release. If no class is known, the label is the class.
    return (label if class_id == UNKNOWN_LABEL else "", class_id)


@dataclass(frozen=True)
class UniquePictures:
    """All different pictures of a data set, each with its merged rows and answers.

    Attributes:
        listing: the pictures as the folder or table lists them.
        rows: the listed rows that people's answers do not leave out, and rows that answers add.
        all_pictures: each different picture that can be read, in the order of the listing.
        corrections: the answers that people gave about the pictures.
        hashed_files: the hashes of the files.
        notes: sentences for a person about labels that corrections change, and about corrections that are
            ignored.
    """

    listing: Listing
    rows: tuple[ListedPicture, ...]
    all_pictures: tuple[UniquePicture, ...]
    corrections: Corrections
    hashed_files: HashedFiles
    notes: tuple[str, ...] = ()

    @cached_property
    def learnable_pictures(self) -> list[UniquePicture]:
        """The pictures without a problem, which can be learnt or measured."""
        return [picture for picture in self.all_pictures if picture.problem is None]

    @property
    def read_errors(self) -> list[str]:
        """Sentences that say why files cannot be read, one for each such file."""
        errors = self.hashed_files.read_errors
        return [errors[row.path] for row in self.rows if row.path in errors]

    def check_pictures(self, say: Say, *, skip_unreadable: bool) -> None:
        """Refuse unreadable or contradicting pictures before any is decoded, and report what was noticed.

        Call this once in a command, because each call reports everything again.

        Args:
            say: a function that receives the sentences: notes of the listing and of corrections, pictures
                that are left out, and the number of copies.
            skip_unreadable: whether unreadable files are left out instead of refused.

        Raises:
            DataError: a file cannot be read, or one picture has two classes or is in both `train` and
                `test`.
        """
        for sentence in (*self.listing.warnings, *self.notes):
            say(sentence)
        contradictory_pictures = [
            picture for picture in self.all_pictures if picture.problem == "contradicting"
        ]
        # Broken downloads are often equal, such as one error page under the names of many pictures. They are
        # reported as unreadable and not as contradicting.
        broken_files = {
            row.path: why
            for picture in contradictory_pictures
            for row in picture.rows
            if isinstance(why := decode_picture_file(row.path), str)
        }
        unreadable = [*self.read_errors, *broken_files.values()]
        check_unreadable_files(unreadable, len(self.rows), say, skip_unreadable=skip_unreadable)
        if shared_pictures := [
            str(picture.path) for picture in self.all_pictures if picture.problem == "several products"
        ]:
            pictures = format_count(len(shared_pictures), "picture lies", "pictures lie")
            left_out = choose_form(len(shared_pictures), "is left out", "are left out")
            say(
                f"{pictures} under several classes by way of several products, and {left_out}: "
                f"{join_first_items(shared_pictures, MAX_FILES_NAMED)}."
            )
        if wrong_pictures := [
            picture for picture in contradictory_pictures if picture.path not in broken_files
        ]:
            raise DataError(self._describe_contradictions(wrong_pictures))
        if copy_count := sum(len(picture.rows) - 1 for picture in self.learnable_pictures):
            say(f"{copy_count} of {len(self.rows)} pictures are copies of others and count once.")

    def _describe_contradictions(self, wrong_pictures: Sequence[UniquePicture]) -> str:
        """Return the error message about pictures that are in two classes or parts, with their files."""
        sentences = [
            " and ".join(f"{row.path} ({self._describe_role(row, picture)})" for row in picture.rows)
            for picture in wrong_pictures
        ]
        return (
            f"{'; '.join(f'{copies} are the same picture' for copies in sentences)}. Keep one of them: a "
            "picture has one class, and is either learnt or measured on."
        )

    def _describe_role(self, row: ListedPicture, picture: UniquePicture) -> str:
        """Return the class of a row after people's answers, with its part of the data: "coat, train"."""
        answers = self.corrections.answers_by_sha256.get(picture.sha256, {})
        answered_picture, _ = apply_answers(row, answers, self.listing.attributes) or (row, False)
        return answered_picture.label if row.part is None else f"{answered_picture.label}, {row.part}"

    def limit_pictures(self, limit: int) -> "UniquePictures":
        """Return this data set with only `limit` pictures to learn; pictures of the test set stay.

        The pictures with the lowest hashes are chosen, so that names and order of the files do not matter.

        Raises:
            BadRecipe: there are fewer pictures to learn than the limit.
        """
        learnt_hashes = sorted(
            picture.sha256 for picture in self.all_pictures if any(row.part != "test" for row in picture.rows)
        )
        check_picture_limit(limit, len(learnt_hashes))
        left_out_hashes = set(learnt_hashes[limit:])
        remaining_pictures = tuple(
            picture for picture in self.all_pictures if picture.sha256 not in left_out_hashes
        )
        left_out_paths = {
            row.path
            for picture in self.all_pictures
            if picture.sha256 in left_out_hashes
            for row in picture.rows
        }
        rows = tuple(row for row in self.rows if row.path not in left_out_paths)
        return replace(self, all_pictures=remaining_pictures, rows=rows)


def make_unique_pictures(
    listing: Listing,
    hashed_files: HashedFiles | None = None,
    corrections: Corrections = NO_CORRECTIONS,
    *,
    can_add_pictures: bool = False,
    notes: Sequence[str] = (),
) -> UniquePictures:
    """Merge the rows of a listing and people's answers, and return each different picture once.

    Args:
        listing: the pictures, with the class id of each if these are known.
        hashed_files: the hashes of the files; None to hash the files now.
        corrections: people's answers about labels, each of which is valid for all copies of its picture. Call
            `check_corrections_are_listed` first to refuse answers about other pictures.
        can_add_pictures: whether corrections may name further pictures, which are then learnt, too.
        notes: sentences for a person, which are placed before the notes that are added here.

    Raises:
        DataError: a correction names an unknown class, or one picture has two labels of an attribute; or
            corrections leave no picture.
    """
    all_notes = list(notes)
    hashed_files = hashed_files or hash_files(
        (picture.path for picture in listing.pictures), listing.hashed_files
    )
    kept_rows = apply_corrections(
        listing, corrections, hashed_files, all_notes.append, can_add_pictures=can_add_pictures
    )
    copies: dict[str, list[tuple[ListedPicture, int]]] = {}
    for row, sha256, class_id in kept_rows:
        if sha256:
            copies.setdefault(sha256, []).append((row, class_id))
    all_pictures = (
        _make_unique_picture(listing, sha256, rows, corrections.answers_by_sha256.get(sha256, {}))
        for sha256, rows in copies.items()
    )
    return UniquePictures(
        listing=listing,
        rows=tuple(row for row, _, _ in kept_rows),
        all_pictures=tuple(all_pictures),
        corrections=corrections,
        hashed_files=hashed_files,
        notes=tuple(all_notes),
    )


def _make_unique_picture(
    listing: Listing,
    sha256: str,
    rows: Sequence[tuple[ListedPicture, int]],
    answers: Mapping[str, CorrectionAnswer],
) -> UniquePicture:
    """Merge all rows of one picture, with their class ids, and the answers about it."""
    answered_rows = [
        (apply_answers(row, answers, listing.attributes) if answers else None) or (row, False)
        for row, _ in rows
    ]
    # A row keeps the class id of its listing unless a person answered. The label of the row is the answer
    # then.
    class_ids = [
        listing.labels.index(row.label) if is_answered else class_id
        for (row, is_answered), (_, class_id) in zip(answered_rows, rows, strict=True)
    ]
    corrected_rows = [row for row, _ in answered_rows]
    keys = {
        (*make_class_key(row.label, class_id), row.part)
        for row, class_id in zip(corrected_rows, class_ids, strict=True)
    }
    problem: PictureProblem | None = "contradicting" if len(keys) > 1 else None
    # Rows of several products have several keys too, but none of them is wrong.
    if has_several_products(corrected_rows):
        problem = "several products"
    first_row = corrected_rows[0]
    is_checked = any(row.is_checked for row, _ in rows)
    has_answer = any(is_answered for _, is_answered in answered_rows)
    return UniquePicture(
        sha256=sha256,
        rows=tuple(row for row, _ in rows),
        # `merge_labels` refuses contradicting labels, and a picture with a problem is left out anyway.
        labels=first_row.labels if problem else merge_labels(corrected_rows),
        class_id=class_ids[0],
        groups=frozenset(row.group for row, _ in rows if row.group),
        part=first_row.part,
        is_answered=has_answer or (listing.is_checked_trusted and is_checked),
        is_checked=is_checked,
        problem=problem,
    )


def merge_labels(copies: Sequence[ListedPicture]) -> dict[str, str]:
    """Merge the labels of all rows of one picture, by question. The class is taken from the first row.

    If several products show the picture and differ in an attribute, this attribute is empty, because the
    picture shows all of them.

    Args:
        copies: the rows of one picture, one or more.

    Raises:
        DataError: the rows have two labels of an attribute, and not because of several products.
    """
    labels = dict(copies[0].labels)
    for name in sorted({name for row in copies for name in row.labels} - {LABEL}):
        labelled_rows = [row for row in copies if row.labels.get(name)]
        label, *other_labels = dict.fromkeys(row.labels[name] for row in labelled_rows) or [""]
        if other_labels and not has_several_products(labelled_rows, name):
            raise DataError(
                f"{labelled_rows[0].path} is {label!r} in one row and {other_labels[0]!r} in another one in "
                f"column `{name}`."
            )
        labels[name] = "" if other_labels else label
    return labels

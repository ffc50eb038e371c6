"""Apply corrections, which are people's answers about pictures, to the rows of a folder or table.

An answer replaces the label of every row that shows the same picture, or leaves the row out. Answers may also
add pictures that are not listed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.plain_text import format_count, join_first_items
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.review.corrections import MAX_NAMED_PICTURES
from training.data.corrections import CorrectedFile, CorrectionAnswer, Corrections
from training.data.hashed_files import HashedFiles
from training.data.labels import UNKNOWN_LABEL
from training.data.listing import ListedPicture, Listing, make_absolute_path
from training.errors import DataError
from training.progress import Say

ANSWERS_WITHOUT_LABEL: Final = frozenset({LEFT_OUT_LABEL, NONE})
"""Answers without a label. About the class, they leave the picture out; about an attribute, they clear it."""


def apply_corrections(
    listing: Listing,
    corrections: Corrections,
    hashed_files: HashedFiles,
    say: Say,
    *,
    can_add_pictures: bool = False,
) -> list[tuple[ListedPicture, str, int]]:
    """Apply people's answers to a listing, and return the rows that are still used, together with added ones.

    Args:
        listing: the pictures, with their class ids if these are known, and with the attributes whose answers
            are used.
        corrections: answers about these pictures, or about copies in other places. Call
            `check_corrections_are_listed` first to refuse answers about other pictures.
        say: a function that receives sentences on how many labels change and how many pictures are left out.
        can_add_pictures: whether answers may be about further pictures, which then follow the listed ones.

    Returns:
        Each remaining row as it was listed (the answers are not written into the row), with its sha256 (empty
        if the file cannot be read) and its listed class id.

    Raises:
        DataError: a correction names an unknown class; or no row is left.
    """
    class_ids = listing.class_ids or (UNKNOWN_LABEL,) * len(listing.pictures)
    rows = [
        (row, hashed_files.sha256.get(row.path, ""), class_id)
        for row, class_id in zip(listing.pictures, class_ids, strict=True)
    ]
    if not corrections.files:
        return rows
    _check_classes(corrections, listing.labels)
    # If a file cannot be read, its hash is the one that its answer names.
    hashes_by_path = {file.path: file.sha256 for file in corrections.files}
    hashes = [sha256 or hashes_by_path.get(make_absolute_path(row.path), "") for row, sha256, _ in rows]
    corrected_rows = [
        apply_answers(row, corrections.answers_by_sha256.get(sha256, {}), listing.attributes)
        for sha256, (row, _, _) in zip(hashes, rows, strict=True)
    ]
    kept_rows = [
        (row, corrected_row)
        for row, corrected_row in zip(rows, corrected_rows, strict=True)
        if corrected_row is not None
    ]
    answered_hashes = {sha256 for (_, sha256, _), (_, is_answered) in kept_rows if is_answered}
    added_rows = _list_added_rows(corrections, answered_hashes) if can_add_pictures else []
    changes = [(before, after) for (before, _, _), (after, _) in kept_rows]
    changes += [
        (row, corrected_row[0])
        for row, sha256, _ in added_rows
        if (corrected_row := apply_answers(row, corrections.answers_by_sha256[sha256], listing.attributes))
    ]
    new = f"; {format_count(len(added_rows), 'is new', 'are new')}" if can_add_pictures else ""
    say(f"--corrections: {_describe_changes(listing, changes, len(rows) - len(kept_rows), new)}.")
    added_hashes = {sha256 for _, sha256, _ in added_rows}
    _report_unused_answers(listing, corrections, {*hashes, *added_hashes}, say)
    if can_add_pictures:
        _report_idle_answers(listing, corrections, set(hashes), say)
    if not kept_rows:
        raise DataError(f"{listing.place}: no picture is left of {len(rows)}. Leave out fewer of them.")
    return [*(row for row, _ in kept_rows), *added_rows]


def _describe_changes(
    listing: Listing, changes: Sequence[tuple[ListedPicture, ListedPicture]], left_out_count: int, new: str
) -> str:
    """Return a sentence on how many labels change, and how many pictures are left out or added.

    Args:
        changes: pairs of a row before and after people's answers.
        new: a clause on the added pictures; empty if none can be added.
    """
    relabelled_count = sum(before.label != after.label for before, after in changes)
    return (
        f"of {format_count(len(listing.pictures), 'picture')} of {listing.place}, "
        f"{format_count(relabelled_count, 'gets', 'get')} another label and "
        f"{format_count(left_out_count, 'is', 'are')} left out{new}"
        f"{_describe_attribute_changes(changes, listing.attributes)}"
    )


def _list_added_rows(
    corrections: Corrections, answered_hashes: Collection[str]
) -> list[tuple[ListedPicture, str, int]]:
    """Return rows for pictures that are not listed and to which an answer gives a class, each picture once.

    Args:
        answered_hashes: the hashes of listed pictures whose class a person gave.
    """
    new_files = {
        file.sha256: file for file in corrections.class_corrected_files if _is_addition(file, answered_hashes)
    }
    return [(_make_added_row(file), file.sha256, UNKNOWN_LABEL) for file in new_files.values()]


def _report_unused_answers(
    listing: Listing, corrections: Corrections, used_hashes: Collection[str], say: Say
) -> None:
    """Report the number of ignored answers about attributes, of pictures whose class no person gave."""
    if unused_count := sum(
        sha256 not in used_hashes
        for sha256, name in corrections.attribute_answer_keys
        if name in listing.attributes
    ):
        answers = format_count(unused_count, "answer to an attribute is", "answers to attributes are")
        say(f"--corrections: {answers} about pictures whose class no person gave, and not learnt.")


def _report_idle_answers(
    listing: Listing, corrections: Corrections, listed_hashes: Collection[str], say: Say
) -> None:
    """Report answers that leave out a picture which is not listed, and so change nothing."""
    if idle_paths := [
        file.path
        for file in corrections.class_corrected_files
        if file.sha256 not in listed_hashes and file.answers[LABEL].label in ANSWERS_WITHOUT_LABEL
    ]:
        answers = format_count(len(idle_paths), "answer changes", "answers change")
        say(
            f"--corrections: {answers} nothing, since what is left out is no picture of {listing.place}, or "
            "was saved again: "
            f"{join_first_items(idle_paths, MAX_NAMED_PICTURES)}."
        )


def apply_answers(
    row: ListedPicture, answers: Mapping[str, CorrectionAnswer], attributes: Sequence[str]
) -> tuple[ListedPicture, bool] | None:
    """Return a copy of a row with the labels that people gave, and whether they gave its class.

    Args:
        row: the row as the folder or table lists it.
        answers: the answers about the picture, by question (the class or an attribute).
        attributes: the attributes whose answers are used.

    Returns:
        The copy, and True if a person gave the class; None if the answers leave the picture out.
    """
    answered_labels = {
        name: answer.label for name, answer in answers.items() if answer.is_valid_for(row.product)
    }
    label = answered_labels.get(LABEL, row.label)
    if label in ANSWERS_WITHOUT_LABEL:
        return None
    cells = {name: answered_labels[name] for name in attributes if name in answered_labels}
    cells = {name: "" if cell in ANSWERS_WITHOUT_LABEL else cell for name, cell in cells.items()}
    return replace(row, labels={**row.labels, **cells, LABEL: label}), LABEL in answered_labels


def _is_addition(file: CorrectedFile, answered_hashes: Collection[str]) -> bool:
    """Tell whether an answer adds its picture: it names a class, and no listed file has these bytes."""
    return (
        file.is_readable
        and file.sha256 not in answered_hashes
        and file.answers[LABEL].label not in ANSWERS_WITHOUT_LABEL
    )


def _make_added_row(file: CorrectedFile) -> ListedPicture:
    """Return the row of a picture that an answer adds."""
    labels = {LABEL: file.answers[LABEL].label}
    return ListedPicture(Path(file.path), labels, group=file.group, product=file.product)


def _describe_attribute_changes(
    rows: Sequence[tuple[ListedPicture, ListedPicture]], attributes: Sequence[str]
) -> str:
    """Return a clause on how many labels of attributes changed; empty if there are no attributes.

    Args:
        rows: pairs of a row before and after people's answers.
    """
    changed = sum(
        before.labels.get(name, "") != row.labels.get(name, "") for before, row in rows for name in attributes
    )
    answers = format_count(changed, "answer to an attribute is", "answers to attributes are")
    return f"; {answers} new or others" if attributes else ""


def _check_classes(corrections: Corrections, labels: Sequence[str]) -> None:
    """Refuse answers that name none of the classes. The message suggests a class with a similar name."""
    answered_labels = {file.answers[LABEL].label for file in corrections.class_corrected_files}
    if unknown_labels := sorted(answered_labels - {*labels, *ANSWERS_WITHOUT_LABEL}):
        close_labels = get_close_matches(unknown_labels[0], labels, 1)
        suggestion = f" Did you mean {close_labels[0]!r}?" if close_labels else ""
        raise DataError(
            f"--corrections: {unknown_labels[0]!r} is none of the classes {', '.join(labels)}.{suggestion} "
            "Name one, or none to leave the picture out. For a further class, put its pictures into a "
            "sub-folder of your pictures, and train again with wardrobe train --data."
        )

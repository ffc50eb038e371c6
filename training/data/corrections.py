"""Corrections: people's answers about pictures, which replace the labels of folders and tables.

An answer is valid for every file with the answered bytes, wherever the file lies. An answer that was given
for a product is not valid for rows of another product.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.text.plain_text import format_count, join_first_items
from labelling.errors import CorrectionsUnusable
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.lists.paths import find_existing_path
from labelling.review.corrections import MAX_NAMED_PICTURES, Correction, merge_human_answers
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles, hash_files
from training.data.listing import make_absolute_path
from training.errors import DataError


class CorrectionAnswer(NamedTuple):
    """The valid answer of a person to one question about a picture.

    Attributes:
        label: a label, NONE (none of the classes) or LEFT_OUT_LABEL (do not use the picture).
        products: the products for which the answer was given; empty if it is valid for any product.
        is_contested: whether people gave different labels for several products with this picture, so that
            LEFT_OUT_LABEL is used.
    """

    label: str
    products: frozenset[str] = frozenset()
    is_contested: bool = False

    def is_valid_for(self, product: str) -> bool:
        """Tell whether the answer is valid for a product.

        Args:
            product: the product; empty if it is not known, for which every answer is valid.
        """
        return not self.products or not product or product in self.products


@dataclass(frozen=True)
class CorrectedFile:
    """A picture file about which people gave answers.

    Attributes:
        path: the absolute path of a file with the answered bytes, if there is such a file.
        sha256: the hash of the answered bytes; the path if the hash cannot be known.
        answers: the valid answers about the picture, by question (the class or an attribute).
        group: a name that the picture shares with others, such as a sender or product; empty if it is not
            known.
        product: the product that the picture shows; empty if it is not known.
        is_audited: whether the picture was drawn at random for an audit.
        is_readable: whether the file can be read.
    """

    path: str
    sha256: str
    answers: Mapping[str, CorrectionAnswer]
    group: str
    product: str
    is_audited: bool
    is_readable: bool


@dataclass(frozen=True)
class Corrections:
    """People's answers about picture files, after the valid ones were chosen.

    Attributes:
        files: the picture files with answers.
        outdated_paths: the paths of files whose bytes have changed since they were answered.
        rows: the rows of the CSVs of corrections.
        hashed_files: the hashes of all files that were read, listed ones and others.
    """

    files: tuple[CorrectedFile, ...] = ()
    outdated_paths: tuple[str, ...] = ()
    rows: tuple[Correction, ...] = ()
    hashed_files: HashedFiles = NO_HASHED_FILES

    @cached_property
    def answers_by_sha256(self) -> Mapping[str, Mapping[str, CorrectionAnswer]]:
        """The valid answers by the sha256 of the picture, then by question (the class or an attribute)."""
        return {file.sha256: file.answers for file in self.files}

    @property
    def class_corrected_files(self) -> tuple[CorrectedFile, ...]:
        """The files about whose class a person gave an answer."""
        return tuple(file for file in self.files if LABEL in file.answers)

    @property
    def attribute_answer_keys(self) -> set[tuple[str, str]]:
        """Pairs of a picture's sha256 and an attribute that a person answered, for files that can be read."""
        return {
            (file.sha256, name)
            for file in self.files
            if file.is_readable
            for name in file.answers
            if name != LABEL
        }

    def describe_ignored_answers(self, read_errors: Mapping[Path, str]) -> list[str]:
        """Return sentences about answers that are ignored or leave pictures out, one for each reason.

        Args:
            read_errors: files of the listings that cannot be read, with the reason. An answer may leave out
                such a file by its path.
        """
        unreadable_paths = {make_absolute_path(path) for path in read_errors}
        return [
            f"{format_count(len(paths), one, several)}, among them "
            f"{join_first_items(paths, MAX_NAMED_PICTURES)}."
            for paths, one, several in (
                (
                    [file.path for file in self.class_corrected_files if file.answers[LABEL].is_contested],
                    "picture lies under products of different classes, and is left out",
                    "pictures lie under products of different classes, and are left out",
                ),
                (
                    self.outdated_paths,
                    "correction is of a picture that has another content now, and is not used",
                    "corrections are of pictures that have another content now, and are not used",
                ),
                (
                    [
                        file.path
                        for file in self.class_corrected_files
                        if not (file.is_readable or file.path in unreadable_paths)
                    ],
                    "correction is of a picture that is not found, and is left out",
                    "corrections are of pictures that are not found, and are left out",
                ),
            )
            if paths
        ]


NO_CORRECTIONS: Final = Corrections()


def make_corrections(
    rows: Sequence[Correction],
    listed_files: HashedFiles = NO_HASHED_FILES,
    known_files: HashedFiles = NO_HASHED_FILES,
) -> Corrections:
    """Match people's answers with picture files, and choose the answers that are valid.

    Args:
        rows: the answers, from `read_correction_files`.
        listed_files: the hashes of the listed files. If a listed file has the answered bytes, and the file
            at the answer's own path is missing or different, the listed file is used.
        known_files: the hashes of other files, which are not read again.

    Raises:
        DataError: none of the pictures can be found, or two answers contradict each other.
    """
    listed_paths = {
        sha256: make_absolute_path(path) for path, sha256 in reversed(list(listed_files.sha256.items()))
    }
    hashed_files = hash_unlisted_files(list_corrected_paths(rows), listed_files | known_files)
    readable_hashes = {make_absolute_path(path): sha256 for path, sha256 in hashed_files.sha256.items()}
    answers = list[tuple[str, str, Correction]]()
    outdated_paths = dict[str, None]()
    for row in rows:
        path = find_corrected_file(row)
        # The file is gone, or its bytes differ from the answered ones. A listed copy with these bytes takes
        # its place. Without one, an answer about other bytes is outdated.
        if row.sha256 not in {"", readable_hashes.get(path)}:
            if row.sha256 in listed_paths:
                path = listed_paths[row.sha256]
                readable_hashes[path] = row.sha256
            elif path in readable_hashes:
                outdated_paths[path] = None
                continue
        answers.append((path, readable_hashes.get(path) or row.sha256 or path, row))
    files = _make_answered_files(answers, set(readable_hashes))
    unreadable_paths = {make_absolute_path(path) for path in listed_files.read_errors}
    if files and not any(file.is_readable or file.path in unreadable_paths for file in files):
        raise DataError(_describe_unlisted([file.path for file in files], rows))
    missing_paths = tuple(path for path in outdated_paths if path not in {file.path for file in files})
    return Corrections(files, missing_paths, tuple(rows), hashed_files)


def list_corrected_paths(rows: Sequence[Correction]) -> list[str]:
    """Return the absolute paths of all files that people's answers name, existing or not, each once."""
    return list(dict.fromkeys(map(find_corrected_file, rows)))


def hash_unlisted_files(files: Sequence[str], known_files: HashedFiles) -> HashedFiles:
    """Hash the files that have not been hashed yet.

    Args:
        files: absolute paths.
        known_files: files that were hashed before, under any path, which are not read again.

    Returns:
        The known hashes together with the new ones.
    """
    known_paths = {make_absolute_path(path) for path in (*known_files.sha256, *known_files.read_errors)}
    return hash_files((Path(file) for file in files if file not in known_paths), known_files)


def _make_answered_files(
    answers_by_file: Sequence[tuple[str, str, Correction]], readable_paths: set[str]
) -> tuple[CorrectedFile, ...]:
    """Make a record of each answered file, with the valid answers about its picture.

    Args:
        answers_by_file: the path, the hash of the picture and the row of each answer.
        readable_paths: the paths of files that can be read.
    """
    try:
        merged_answers, _ = merge_human_answers([(sha256, row) for _, sha256, row in answers_by_file], {})
    except CorrectionsUnusable as error:
        raise DataError(str(error)) from error
    labels: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for question, answer in merged_answers.items():
        labels[question.sha256][question.attribute][question.product] = answer.label
    answers = {
        sha256: {
            name: _choose_valid_answer(product_labels) for name, product_labels in question_labels.items()
        }
        for sha256, question_labels in labels.items()
    }
    class_rows: dict[str, list[Correction]] = defaultdict(list)
    for path, _, row in answers_by_file:
        if row.attribute == LABEL:
            class_rows[path].append(row)
    audited_hashes = {sha256 for _, sha256, row in answers_by_file if row.attribute == LABEL and row.audit}
    files = list[CorrectedFile]()
    for path, sha256 in {path: sha256 for path, sha256, _ in answers_by_file}.items():
        rows = class_rows[path]
        files.append(
            CorrectedFile(
                path=path,
                sha256=sha256,
                answers=answers[sha256],
                group=_find_last(row.group or row.product for row in rows),
                product=_find_last(row.product for row in rows),
                is_audited=sha256 in audited_hashes,
                is_readable=path in readable_paths,
            )
        )
    return tuple(files)


def _find_last(texts: Iterable[str]) -> str:
    """Return the last text that is not empty; empty if there is none."""
    return next(filter(None, reversed([*texts])), "")


def _choose_valid_answer(labels: Mapping[str, str]) -> CorrectionAnswer:
    """Choose the valid answer to one question about a picture; answers about products come first.

    One picture cannot show two classes, so if products have different labels, the picture is left out.

    Args:
        labels: the label by product; the product is empty for an answer about the file.
    """
    # The answer about the file itself, whose product is empty, is used only if it is the only one.
    different_labels = {label for product, label in labels.items() if product or len(labels) == 1}
    products = frozenset(labels) - {""}
    if len(different_labels) > 1:
        return CorrectionAnswer(LEFT_OUT_LABEL, products, is_contested=True)
    [label] = different_labels
    # If people also answered the file itself, and in the same way, the label is right for any product.
    return CorrectionAnswer(label, frozenset() if labels.get("") == label else products)


def find_corrected_file(correction: Correction) -> str:
    """Return the absolute path of the file that a correction names, whether it exists or not."""
    return os.path.abspath(find_existing_path(str(correction.file.parent / correction.path)))  # noqa: PTH100 - a link keeps its own name


def check_corrections_are_listed(corrections: Corrections, listed_files: HashedFiles) -> None:
    """Refuse corrections of files that are neither listed nor exact copies of listed files.

    Raises:
        DataError: a correction is about another file.
    """
    listed_paths = set(map(make_absolute_path, chain(listed_files.sha256, listed_files.read_errors)))
    listed_hashes = set(listed_files.sha256.values())
    readable_files = [file for file in corrections.files if file.is_readable]
    if unlisted_paths := [
        file.path
        for file in readable_files
        if file.path not in listed_paths and file.sha256 not in listed_hashes
    ]:
        raise DataError(_describe_unlisted(unlisted_paths, corrections.rows))


def _describe_unlisted(paths: Sequence[str], rows: Sequence[Correction]) -> str:
    """Return the error message about corrections of files that are not read, with the first of the paths."""
    return (
        f"{rows[0].file}: {len(paths)} of {len(rows)} name no picture that is read, among them "
        f"{min(paths)}. Corrections are of pictures of your own in --data or --photos, or of files with the "
        "same bytes. Paths are absolute, or relative to the CSV: put it where the pictures are, and remove "
        "what is gone."
    )

"""Read corrections: people's answers about pictures, as the review sheet and the service export them as CSV.

    path,label,sha256,at,attribute,product
    a.jpg,Dress,9f86...,2026-11-30T03:00:00.000Z,,
    b.jpg,blue,60bf...,2026-11-30T03:00:04.000Z,colour,A-17

Only `label` and either `path` or `product` are needed. An empty `attribute` means the class. An empty label
leaves the picture out, and NONE means that it shows none of the classes. `sha256` names the content of the
picture. If there are several answers to one content, the one with the latest time `at` is used. `audit`,
`audit_of`, `predicted` and `version` belong to audits, which measure how often the model is right. A row with
a `category` is not about a picture: it says which kinds of garments a shop means by a category.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.plain_text import format_count, normalize_label, shorten_text
from inference.text.spreadsheets import unescape_spreadsheet_text
from labelling.errors import CorrectionsUnusable, ListUnusable
from labelling.journal.human_answer import LEFT_OUT_LABEL, AnswerSubject, HumanAnswer
from labelling.lists.identifiers import read_identifier
from labelling.lists.list_files import open_header, open_list
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from labelling.lists.list_text import MAX_SHOWN_CHARACTERS
from labelling.lists.own_words import CategoryAnswer
from labelling.review.category_answers import CATEGORY_COLUMN, read_category_answer
from labelling.review.correction_columns import suggest_correction_columns

CORRECTION_COLUMNS: Final = ("path", "label")
"""The columns that a CSV of corrections must have, unless its rows name products."""

PRODUCT_CORRECTION_COLUMNS: Final = ("product", "label")
"""The columns that a CSV of corrections must have if it has no column `path`."""

OPTIONAL_COLUMNS: Final = (
    *("sha256", "at", "group", "attribute", "product"),
    *("audit", "audit_of", "predicted", "version", CATEGORY_COLUMN),
)
"""The columns that a CSV of corrections may have in addition."""

MAX_CLOCK_ERROR: Final = timedelta(days=1)
"""Time by which the clock of a reviewer may be ahead of this computer's. A whole day allows for answers whose
time has no time zone."""

SAMPLE_SIZE_PATTERN: Final = re.compile("[0-9]{1,9}")
"""Pattern of a cell of the column `audit`: the number of rows in the random sample."""

ACCEPTED_COUNT_PATTERN: Final = re.compile("(?:[0-9]{1,9} of )?([0-9]{1,9})")
"""Pattern of a cell of the column `audit_of`: the number of accepted rows that a sample was drawn from.

Version 2.0.0 wrote the number for one label in front, as in `20 of 300`.
"""

MAX_NAMED_PICTURES: Final = 5
"""Largest number of pictures that a sentence names."""


class Correction(NamedTuple):
    """The answer of a person about one picture.

    Attributes:
        path: the path as written, relative to the folder of its file, or inside an archive or a bucket; empty
            if the row names a product alone.
        sha256: the hash of the picture in hexadecimal; empty if the file does not have it.
        label: a class, NONE or LEFT_OUT_LABEL.
        answered_at: the time of the answer in UTC, ISO 8601 to the millisecond, so that texts sort by time.
        audit: the size of the sample that the picture belongs to (audit.py); 0 for none.
        file: the file of the correction.
        group: the sender or product that the picture shares with others; empty if it is not known.
        predicted: the earlier label in the table, if the file has it.
        attribute: the attribute of the label; LABEL if the file does not say.
        audit_of: the number of accepted rows that the sample was drawn from; 0 if it is not known.
        product: the product for all of whose pictures the label is valid; empty if it is for this picture
            only.
        version: the version of the release of its sheet; empty if the file does not say.
    """

    path: str
    sha256: str
    label: str
    answered_at: str
    audit: int
    file: Path
    group: str = ""
    predicted: str = ""
    attribute: str = LABEL
    audit_of: int = 0
    product: str = ""
    version: str = ""

    def make_answer_subject(self, sha256: str) -> "AnswerSubject":
        """Return the question that this correction answers: about which picture, attribute and product.

        Args:
            sha256: the hash of the picture, which a correction by path alone does not have.
        """
        return AnswerSubject(sha256, self.attribute, self.product)


class CorrectionFileAnswers(NamedTuple):
    """The answers of people in some files of corrections.

    Attributes:
        pictures: the answers about pictures and products.
        categories: the answers about categories, in the order of the files and their rows.
    """

    pictures: list[Correction]
    categories: list[CategoryAnswer]


def read_corrections(
    files: Sequence[Path],
    labels: Sequence[str] | None,
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Correction]:
    """Read people's answers about pictures and products from CSV files.

    Rows about categories of a shop are left out, and so are rows that name a product and no picture. `say`
    gets their numbers.

    Args:
        labels: the valid classes; None to accept any label, if neither classes nor attributes are known yet.
        attributes: the valid labels of each attribute of the release.
        list_options: the options for reading a list, such as its encoding.
        say: a function that is called with sentences for the user.

    Raises:
        CorrectionsUnusable: a file cannot be read, lacks a column, has rows that do not fit its header, or
            has an attribute or a label that the release lacks; or no row of any file names a picture.
    """
    all_pictures = list[Correction]()
    left_out_by_file = dict[Path, dict[str, int]]()
    for file in files:
        answers, categories = read_all_corrections([file], labels, attributes, list_options, say)
        pictures = [answer for answer in answers if answer.path or answer.sha256]
        counts = {"categories": len(categories), "products alone": len(answers) - len(pictures)}
        left_out_by_file[file] = {subject: count for subject, count in counts.items() if count}
        all_pictures += pictures
    for file, left_out in left_out_by_file.items():
        # A sheet asks about categories first, so that the export of one day can be about these alone.
        if left_out and not all_pictures:
            rows = format_count(sum(left_out.values()), "row")
            raise CorrectionsUnusable(
                f"{file}: none of {rows} is about a picture. All are about {' and '.join(left_out)}, and "
                "`wardrobe label --corrections` takes these."
            )
        for subject, count in left_out.items():
            say(f"{file}: {format_count(count, 'row is', 'rows are')} about {subject}, and left out here.")
    return all_pictures


def read_all_corrections(
    files: Sequence[Path],
    labels: Sequence[str] | None,
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    say: Callable[[str], None] = lambda _: None,
) -> CorrectionFileAnswers:
    """Read people's answers about pictures, products and categories of a shop from CSV files.

    Args:
        labels: the valid classes; None to accept any label, if neither classes nor attributes are known yet.
        attributes: the valid labels of each attribute of the release.
        list_options: the options for reading a list, such as its encoding.
        say: a function that is called with sentences for the user.

    Raises:
        CorrectionsUnusable: a file cannot be read, lacks a column, has rows that do not fit its header, an
            attribute or a label that the release lacks, or an unknown kind in a row about a category.
    """
    heads = None if labels is None else {LABEL: labels, **attributes}
    rows = [row for file in files for row in _read_file(file, heads, list_options, say)]
    pictures = [row for row in rows if isinstance(row, Correction)]
    return CorrectionFileAnswers(pictures, [row for row in rows if isinstance(row, CategoryAnswer)])


def merge_human_answers(
    matched_corrections: Sequence[tuple[str, Correction]], stored_answers: Mapping[AnswerSubject, HumanAnswer]
) -> tuple[dict[AnswerSubject, HumanAnswer], int]:
    """Return the latest answer to each question, whatever the order of the files.

    Args:
        matched_corrections: pairs of a picture's sha256 and a correction of it, in the order of the files.
        stored_answers: the answers that were taken earlier, by question.

    Returns:
        The answers by question, and the number of questions with different answers. Questions that only
        `stored_answers` answers are not in the result.

    Raises:
        CorrectionsUnusable: the two latest answers to a question have the same time and different labels.
    """
    latest: dict[tuple[AnswerSubject, Path], Correction] = {}
    for sha256, correction in matched_corrections:
        key = correction.make_answer_subject(sha256), correction.file
        # If two rows of one file have the same time, the later row is used. Between two files nobody can tell
        # which answer is meant, so `_refuse_contradiction` ends the command.
        if key not in latest or correction.answered_at >= latest[key].answered_at:
            latest[key] = correction
    answers_by_question: dict[AnswerSubject, list[HumanAnswer]] = defaultdict(list)
    for (question, _), correction in latest.items():
        answers_by_question[question].append(HumanAnswer(correction.label, correction.answered_at))
    for question in answers_by_question.keys() & stored_answers.keys():
        answers_by_question[question].append(stored_answers[question])
    differing = {
        question
        for question, answers in answers_by_question.items()
        if len({correction.label for correction in answers}) > 1
    }
    for sha256, correction in matched_corrections:
        if (question := correction.make_answer_subject(sha256)) in differing:
            _refuse_contradiction(answers_by_question[question], correction)
    return {
        question: max(answers, key=lambda correction: correction.answered_at)
        for question, answers in answers_by_question.items()
    }, len(differing)


def _refuse_contradiction(answers: Sequence[HumanAnswer], example: Correction) -> None:
    """End the command if the two latest answers to a question have the same time and different labels."""
    newest = max(answer.answered_at for answer in answers)
    labels = sorted({answer.label for answer in answers if answer.answered_at == newest})
    if len(labels) > 1:
        raise CorrectionsUnusable(
            f"{example.file}: {name_correction(example)} is {shorten_text(labels[0])!r} in one answer "
            f"and {shorten_text(labels[1])!r} in "
            f"another one of the same time, {newest}. Give both the same label, or one a later time in a "
            "column `at`."
        )


def name_correction(correction: Correction) -> str:
    """Return the name of a correction for messages: the path or sha256 of its picture, or its product."""
    return shorten_text(correction.path or correction.sha256 or correction.product)


def _read_file(
    file: Path, heads: Mapping[str, Sequence[str]] | None, reading: ListOptions, say: Callable[[str], None]
) -> Iterator[Correction | CategoryAnswer]:
    """Yield the answers in a file of corrections. One without a time has that of the file's change."""
    try:
        changed_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        # A time in the future would win against every answer until then.
        saved_at = _format_utc(min(changed_at, datetime.now(UTC)))
    except OSError as error:
        raise CorrectionsUnusable(f"{file}: cannot be read ({error.strerror}).") from error
    for row_place, row in _read_rows(file, reading, say):
        answered_at = _parse_time(row.get("at", ""), row_place) or saved_at
        if row.get(CATEGORY_COLUMN):
            yield read_category_answer(row, answered_at, row_place)
            continue
        attribute = _parse_attribute(row.get("attribute", ""), heads, row_place)
        yield Correction(
            path=unescape_spreadsheet_text(row.get("path", "")),
            sha256=row.get("sha256", "").lower(),
            label=_parse_label(row["label"], attribute, heads, row_place),
            answered_at=answered_at,
            audit=_parse_sample_size(row.get("audit", ""), row_place),
            file=file,
            group=read_identifier(row.get("group", "")),
            predicted=unescape_spreadsheet_text(row.get("predicted", "")),
            attribute=attribute,
            audit_of=_parse_accepted_count(row.get("audit_of", ""), row_place),
            product=read_identifier(row.get("product", "")),
            version=unescape_spreadsheet_text(row.get("version", "")),
        )


def _read_rows(
    file: Path, reading: ListOptions, say: Callable[[str], None]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the place of each row in a file of corrections, for messages, and its cells by column."""
    list_options = replace(reading, identifier_columns=("group", "product"))
    try:
        header = open_header(file, (), list_options)
        names_products = "product" in header.columns and "path" not in header.columns
        needed = PRODUCT_CORRECTION_COLUMNS if names_products else CORRECTION_COLUMNS
        if advice := suggest_correction_columns(header, needed):
            begin = header.separator.join(header.header)[:MAX_SHOWN_CHARACTERS]
            raise CorrectionsUnusable(
                f"{file}: begins with {begin!r}. "
                f"It needs the columns `{needed[0]}` and `{needed[1]}`.{advice}"
            )
        opened = open_list(file, needed, list_options, OPTIONAL_COLUMNS)
    except ListUnusable as error:
        raise CorrectionsUnusable(str(error)) from error
    for note in opened.notes:
        say(note)
    for row_place, cells in opened.read_rows():
        row = {name: cell.strip() for name, cell in cells.items()}
        if not any(row.get(column) for column in ("path", "sha256", "product", CATEGORY_COLUMN)):
            raise CorrectionsUnusable(f"{row_place}: names no picture.")
        yield row_place, row


def _parse_attribute(text: str, heads: Mapping[str, Sequence[str]] | None, row_place: str) -> str:
    """Return the head that a cell names; the class if the cell is empty."""
    head = text or LABEL
    if heads is not None and head not in heads:
        attributes = ", ".join(name for name in heads if name != LABEL) or "none"
        raise CorrectionsUnusable(
            f"{row_place}: {shorten_text(text)!r} is no attribute of the release, which has "
            f"{attributes}. Leave the row "
            "out, or its column `attribute` empty."
        )
    return head


def _parse_label(text: str, attribute: str, heads: Mapping[str, Sequence[str]] | None, row_place: str) -> str:
    label = normalize_label(text)
    if heads is None:
        return unescape_spreadsheet_text(label)
    labels = heads[attribute]
    labels_by_spelling = {
        normalize_label(valid_label): valid_label for valid_label in (*labels, NONE, LEFT_OUT_LABEL)
    }
    for meant in (label, unescape_spreadsheet_text(label)):
        if meant in labels_by_spelling:
            return labels_by_spelling[meant]
    nearest_labels = difflib.get_close_matches(label, labels, n=1)
    advice = f" Did you mean {nearest_labels[0]!r}?" if nearest_labels else ""
    group_text = "classes" if attribute == LABEL else f"labels of {attribute!r},"
    raise CorrectionsUnusable(
        f"{row_place}: {shorten_text(label)!r} is none of the {group_text} "
        f"{', '.join(labels)}.{advice} {NONE!r} and an "
        "empty label are possible, too."
    )


def _parse_time(text: str, row_place: str) -> str:
    if not text:
        return ""
    try:
        answered_at = _format_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise CorrectionsUnusable(
            f"{row_place}: {shorten_text(text)!r} is no time in ISO 8601, such as 2026-11-22T10:15:00Z."
        ) from error
    # Such a time would win against every answer until then.
    if answered_at > _format_utc(datetime.now(UTC) + MAX_CLOCK_ERROR):
        raise CorrectionsUnusable(
            f"{row_place}: {text!r} is in the future. Correct the time, or leave it out."
        )
    return answered_at


def _parse_sample_size(text: str, row_place: str) -> int:
    if text and not SAMPLE_SIZE_PATTERN.fullmatch(text):
        raise CorrectionsUnusable(
            f"{row_place}: {shorten_text(text)!r} in the column `audit` is no size of a sample."
        )
    return int(text or 0)


def _parse_accepted_count(text: str, row_place: str) -> int:
    counts = ACCEPTED_COUNT_PATTERN.fullmatch(text or "0")
    if not counts:
        raise CorrectionsUnusable(
            f"{row_place}: {shorten_text(text)!r} in the column `audit_of` counts no accepted rows."
        )
    return int(counts[1])


def _format_utc(time: datetime) -> str:
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")

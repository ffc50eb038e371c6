"""Corrections: what people say that pictures show, as CSV or as an export of Label Studio.

The CSV has the columns `path` and `label`, as training reads it, and perhaps `sha256` of the picture, `at`,
the time of the answer, and `audit`; the review sheet and the service's page export it. An empty label leaves
the picture out; NONE says that it shows none of the classes. Reads the files; answers.py puts them into a
table.
"""

import csv
import difflib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from labelling.errors import CorrectionsUnusable
from labelling.review.label_studio import annotated

NONE: Final = "none of these"
"""The label of a picture that shows none of the classes."""

AHEAD: Final = timedelta(days=1)
"""How far the clock of a reviewer may be ahead, time zones that were left out included."""

SAMPLE: Final = re.compile("[0-9]{1,9}")
"""How the size of a sample is written."""

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""


class Correction(NamedTuple):
    """What a person says of one picture.

    Attributes:
        path: as written; relative to the folder of its file, or inside an archive or a bucket.
        sha256: of the picture's bytes, hexadecimal; empty where the file does not say.
        label: a class, NONE or LEFT_OUT.
        at: the time of the answer in UTC, ISO 8601 to the millisecond, so that texts compare as times do.
        audit: how large the sample is that the picture belongs to, see audit.py; 0 for none.
        file: that says so.
    """

    path: str
    sha256: str
    label: str
    at: str
    audit: int
    file: Path


def read_corrections(files: Sequence[Path], labels: Sequence[str]) -> list[Correction]:
    """Read files of corrections.

    Args:
        files: CSV, or Label Studio's JSON by the ending `.json`.
        labels: the classes.

    Raises:
        CorrectionsUnusable: one cannot be read, lacks a column, or has a label that is none of the classes.
    """
    return [one for file in files for one in _read(file, labels)]


def _read(file: Path, labels: Sequence[str]) -> Iterator[Correction]:
    try:
        saved = _utc(datetime.fromtimestamp(file.stat().st_mtime, UTC))
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorrectionsUnusable(f"{file}: is not UTF-8 ({error}). Save it as CSV UTF-8.") from error
    except OSError as error:
        raise CorrectionsUnusable(f"{file}: cannot be read ({error.strerror}).") from error
    for where, row in _json_rows(file, text) if file.suffix.lower() == ".json" else _csv_rows(file, text):
        yield Correction(
            path=row.get("path", ""),
            sha256=row.get("sha256", "").lower(),
            label=_label(row["label"], labels, where),
            at=_time(row.get("at", ""), where) or saved,
            audit=_count(row.get("audit", ""), where),
            file=file,
        )


def _csv_rows(file: Path, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not {"path", "label"} <= set(reader.fieldnames or ()):
            raise CorrectionsUnusable(
                f"{file}: begins with {text[:40].splitlines()[:1]}. Corrections begin with a header that has "
                "the columns `path` and `label`, separated by commas."
            )
        for row in reader:
            where = f"{file}, line {reader.line_num}"
            if not (row["path"] or row.get("sha256")):
                raise CorrectionsUnusable(f"{where}: names no picture.")
            if row["label"] is None:
                raise CorrectionsUnusable(f"{where}: has no column for the label.")
            yield where, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    except csv.Error as error:
        raise CorrectionsUnusable(f"{file}: is no CSV ({error}).") from error


def _json_rows(file: Path, text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorrectionsUnusable(f"{file}: is no JSON ({error}).") from error
    try:
        yield from ((f"{file}, task {number}", row) for number, row in annotated(tasks))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CorrectionsUnusable(
            f"{file}: is no export of Label Studio of tasks that `wardrobe label --tasks` wrote. "
            "Export as JSON, not as JSON-MIN or CSV."
        ) from error


def _label(text: str, labels: Sequence[str], where: str) -> str:
    label = " ".join(unicodedata.normalize("NFC", text).split())
    if label in {*labels, NONE, LEFT_OUT}:
        return label
    near = difflib.get_close_matches(label, labels, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise CorrectionsUnusable(
        f"{where}: {label!r} is none of the classes {', '.join(labels)}.{meant} {NONE!r} and an empty label "
        "are possible, too."
    )


def _time(text: str, where: str) -> str:
    if not text:
        return ""
    try:
        at = _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise CorrectionsUnusable(
            f"{where}: {text!r} is no time in ISO 8601, such as 2026-11-22T10:15:00Z."
        ) from error
    if at > _utc(datetime.now(UTC) + AHEAD):  # it would outdo every answer until then
        raise CorrectionsUnusable(f"{where}: {text!r} is in the future. Correct the time, or leave it out.")
    return at


def _count(text: str, where: str) -> int:
    if text and not SAMPLE.fullmatch(text):
        raise CorrectionsUnusable(f"{where}: {text!r} in the column `audit` is no size of a sample.")
    return int(text or 0)


def _utc(time: datetime) -> str:
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")

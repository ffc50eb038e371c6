"""People's answers of a journal that a disk has damaged, or that an earlier version left.

Of a damaged file they are read from both of its ends into a new one, and it is kept as
`TABLE.sqlite.damaged`. A sound file of an earlier form becomes one of this form in one transaction, with its
answers alone: what the model answered there lies mixed with what a list said, so that its pictures are
labelled once more.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from inference.contract import LABEL
from labelling.identifiers import identifier

SHA256: Final = re.compile("[0-9a-f]{64}")

_ANSWER: Final = "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?)"


def carry_over(db: sqlite3.Connection, schema: Iterable[str]) -> int:
    """Make a sound file of an earlier form one of this form; takes part in a transaction.

    Args:
        db: the file.
        schema: the statements that make this form.

    Returns:
        how many answers of people came over.
    """
    answers = _usable(_rows_of(db, "ASC"))
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        db.execute(f'DROP TABLE "{name}"')  # with its indices
    for statement in schema:
        db.execute(statement)
    db.executemany(_ANSWER, _in_time(answers))
    return len(answers)


def source_of_earlier(db: sqlite3.Connection) -> str:
    """The source that a file of an earlier form is of; empty where it does not say so."""
    with suppress(sqlite3.DatabaseError, ValueError, TypeError, KeyError):
        return str(json.loads(db.execute("SELECT * FROM run").fetchone()[0])["source"])
    return ""


def replace_damaged(path: Path, schema: Iterable[str]) -> tuple[Path, int]:
    """Put a new file in the place of a damaged one, with people's answers.

    Returns:
        where the damaged one is kept, and how many answers came over.
    """
    names = (path.with_name(f"{path.name}.damaged{f'-{number}' * (number > 1)}") for number in count(1))
    kept, new = next(name for name in names if not name.exists()), path.with_name(f"{path.name}.new")
    shutil.copyfile(path, kept)
    answers = _answers_in(kept)
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as db:
        for statement in schema:
            db.execute(statement)
        db.executemany(_ANSWER, _in_time(answers))
        db.commit()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # SQLite has tried it on the damaged one
    new.replace(path)
    return kept, len(answers)


def _answers_in(path: Path) -> set[tuple[str, ...]]:
    """People's answers in a damaged file, read from both of its ends."""
    answers = set[tuple[str, ...]]()
    with closing(sqlite3.connect(path)) as old:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.DatabaseError, ValueError):
                old.execute("PRAGMA writable_schema = ON")  # without it, SQLite reads nothing of a short file
                for row in _rows_of(old, order):
                    answers |= _usable([row])
    return answers


def _rows_of(db: sqlite3.Connection, order: str) -> Iterable[Sequence[Any]]:
    """The rows of answers, in whatever form; `people` was called `answers` before form 5."""
    for table in ("people", "answers"):
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            return db.execute(f"SELECT * FROM {table} ORDER BY rowid {order}")  # noqa: S608 - names of ours
    return ()


def _usable(rows: Iterable[Sequence[Any]]) -> set[tuple[str, ...]]:
    """Answers as this form has them, without those that are damaged."""
    answers = set[tuple[str, ...]]()
    for *key, label, at in rows:
        # Version 1 had the attribute behind the hash; until form 3, that of the class was empty.
        question = key if len(key) == 3 else (*str(key[0]).partition(" ")[::2], "")
        sha256, head, product = question
        if not all(isinstance(cell, str) for cell in (*question, label, at)) or not SHA256.fullmatch(sha256):
            continue
        if identifier(product) or not product:  # an answer to the product `nan` is one to no picture
            answers.add((sha256, head or LABEL, identifier(product), label, at))
    return answers


def _in_time(answers: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Answers by when they were given: of two products that are one by now, the latest counts.

    A time in the future becomes now: until then, no later answer would count.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return [(*answer, min(at, now)) for *answer, at in sorted(answers, key=lambda answer: answer[-1])]

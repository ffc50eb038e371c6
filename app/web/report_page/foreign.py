"""Metrics that are no report of ours, as beside a bare model: whatever could be read of them, as a table.

Pure, and ready for any JSON at all: long, deep, or none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from app.web.report_page.wording import Entry, count, number

MOST_ROWS: Final = 200
MOST_LETTERS: Final = 200
DEEPEST: Final = 6
"""Levels of nesting that are opened; what lies below is told by its size."""


@dataclass(frozen=True)
class Foreign:
    """The metrics as far as they are shown.

    Attributes:
        entries: at most MOST_ROWS.
        cut: there was more.
        trouble: why nothing could be read; None where something was.
    """

    entries: tuple[Entry, ...]
    cut: bool = False
    trouble: str | None = None


def foreign_of(metrics: bytes) -> Foreign:
    """Read metrics of any shape."""
    try:
        document = json.loads(metrics)
    except (ValueError, RecursionError) as error:
        return Foreign((), trouble=_short(f"They are no JSON that can be read: {error}"))
    entries = tuple(islice(entries_of(document), MOST_ROWS + 1))
    return Foreign(entries[:MOST_ROWS], cut=len(entries) > MOST_ROWS)


def entries_of(value: object, name: str = "", depth: int = 0) -> Iterator[Entry]:
    """Whatever JSON can be, as names and values.

    Args:
        value: a document, or a part of one.
        name: the keys that lead to it, joined by dots.
        depth: how many these are.
    """
    if isinstance(value, dict) and value and depth < DEEPEST:
        for key, one in value.items():
            yield from entries_of(one, f"{name}.{key}" if name else str(key), depth + 1)
    else:
        yield Entry(_short(name) or "everything", _told(value))


def _told(value: object) -> str:
    if isinstance(value, dict):
        return count(len(value), "key")
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, float):
        return number(value)
    return _short("not given" if value is None else value if isinstance(value, str) else json.dumps(value))


def _listed(values: list[object]) -> str:
    """Plain values one after the other; of anything else how many there are."""
    if any(isinstance(one, dict | list) for one in values):
        return count(len(values), "item")
    return _short(", ".join(_told(one) for one in values[:MOST_LETTERS])) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"

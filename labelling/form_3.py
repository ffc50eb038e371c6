"""Journals as version 2.0 left them, in the form of this one, so that nothing is labelled again.

A row was a list of the table's cells, with what the heads of attributes answered behind them. journal.py puts
what comes from here into its own tables, in one transaction.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from inference.contract import LABEL
from labelling.row import HeadAnswer, Row, Run

FORM_3: Final = 3
"""Of such a file, in its user_version."""

_OF_CLASS: Final = 6
"""Cells before the probabilities: path, label, confidence, decision, reason, familiarity."""

_OF_ATTRIBUTE: Final = 4
"""Cells of an attribute: label, confidence, decision, further labels."""

_ORIGIN: Final = 3
"""Cells behind these: version, sha256, error."""


def run_of_form_3(fingerprint: str) -> Run:
    """The run that a journal's fingerprint is of.

    Raises:
        ValueError: it is damaged.
    """
    kept: dict[str, Any] = json.loads(fingerprint)
    heads = {LABEL: kept["labels"], **kept["attributes"]}
    further, by = kept["columns of the list"], kept.get("by")
    return Run.of(
        source=kept["source"],
        version=kept["version"],
        heads=heads,
        further=further,
        categories={head or LABEL: of_labels for head, of_labels in kept.get("categories", {}).items()},
        by=_by(by, further) if by else None,
        notes=kept.get("notes", ()),
    )


def _by(by: Mapping[str, Any], further: Mapping[str, str]) -> dict[str, Any]:
    """Columns were named as the table calls them, and the class by no name."""
    names = {ours: name for name, ours in further.items()}
    column = by["column"] if by["folder"] is not None else names[by["column"]]
    return {**by, "column": column, "proven": [head or LABEL for head in by["proven"]]}


def row_of_form_3(text: str, stamp: str, run: Run) -> Row:
    """The row that a list of cells is of.

    Raises:
        ValueError: it is damaged.
    """
    cells = iter(json.loads(text))
    path, label, confidence, decision, reason, familiarity = _next(cells, _OF_CLASS)
    shares = _next(cells, len(run.heads[LABEL]))
    of_attributes = {name: _next(cells, _OF_ATTRIBUTE) for name in run.attributes}
    _, sha256, error = _next(cells, _ORIGIN)
    further = dict(zip(run.further, _next(cells, len(run.further)), strict=True))
    answered = dict(zip(run.attributes, cells, strict=True))
    of_class = [label, confidence, decision, None]
    heads = {LABEL: _answer(of_class, reason, shares)} if label is not None else {}
    for name, of_attribute in of_attributes.items():
        if answered[name] is not None:
            of_labels, _, why = answered[name]
            heads[name] = _answer(of_attribute, why, of_labels)
    return Row(
        path=path,
        sha256=sha256 or "",
        stamp=stamp,
        error=error or "",
        familiarity=familiarity,
        heads=heads,
        further=further,
    )


def _next(cells: Iterator[Any], count: int) -> list[Any]:
    """The next cells.

    Raises:
        ValueError: there are fewer.
    """
    taken = list(islice(cells, count))
    if len(taken) < count:
        raise ValueError("a row lacks cells")
    return taken


def _answer(cells: Sequence[Any], reason: str | None, probabilities: Sequence[float]) -> HeadAnswer:
    label, confidence, decision, also = cells
    return HeadAnswer(
        label=label,
        confidence=confidence,
        decision=decision,
        reason=reason,
        also=tuple(also.split("/")) if also else (),
        probabilities=tuple(probabilities),
    )

"""The confusion matrix as a heat map, and the confusions that stand out. Pure.

A cell's colour is the name of a step, `heat-0` to `heat-20` in report.css: the page may carry no style of its
own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from app.web.report_page.wording import percent

STEPS: Final = 20
"""Shades beside the bare page; `heat-20` in report.css is the deepest."""

MOST_CLASSES: Final = 20
"""Beyond, a matrix of numbers is no longer read; the release's own figure shows it."""

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Cell:
    """How often one class was taken for one class.

    Attributes:
        share: of its row, as `6.5`; empty where the count is 0.
        shade: 0..STEPS.
        right: on the diagonal.
        told: the cell as a sentence.
    """

    count: int
    share: str
    shade: int
    right: bool
    told: str


@dataclass(frozen=True)
class Row:
    """One true class."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Confusion:
    """One class that was taken for another."""

    truth: str
    predicted: str
    count: int
    of: int

    @property
    def share(self) -> float:
        """Of the true class, 0..1."""
        return self.count / self.of


def fits(matrix: Matrix, labels: Sequence[str]) -> bool:
    """Whether the matrix has a row and a column for each label."""
    return len(matrix) == len(labels) and all(len(row) == len(labels) for row in matrix)


def heat_rows(matrix: Matrix, labels: Sequence[str]) -> tuple[Row, ...]:
    """The matrix by true class; empty where it does not fit the labels, or is too large to be read."""
    if not fits(matrix, labels) or len(labels) > MOST_CLASSES:
        return ()
    return tuple(
        Row(label, tuple(_cell(counts, column, number, labels) for column in range(len(labels))))
        for number, (label, counts) in enumerate(zip(labels, matrix, strict=True))
    )


def _cell(counts: Sequence[int], column: int, row: int, labels: Sequence[str]) -> Cell:
    of = sum(counts)
    share = counts[column] / of if of else 0.0
    return Cell(
        count=counts[column],
        share=f"{share * 100:.1f}" if counts[column] else "",
        shade=_shade(share),
        right=row == column,
        told=f"{labels[row]} taken for {labels[column]}: {counts[column]:,} of {of:,}, {percent(share)}",
    )


def _shade(share: float) -> int:
    """The step of a share of 0..1: by its square root, or the few mistakes could not be told from none."""
    return round(STEPS * sqrt(share))


def confusions(matrix: Matrix, labels: Sequence[str], most: int) -> tuple[Confusion, ...]:
    """The classes that are taken for another one most often, by their share of the true class."""
    if not fits(matrix, labels):
        return ()
    found = [
        Confusion(labels[row], labels[column], count, sum(counts))
        for row, counts in enumerate(matrix)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    return tuple(sorted(found, key=lambda one: -one.share)[:most])

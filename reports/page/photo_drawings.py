"""Lay out what the report page draws of photos: confusion matrices, reliability, and accepted against right.

The template draws the charts as SVG, in the colours and the language of the page. Figures of photos from
unknown shops and people are drawn where a report has them, because a reader's shop is unknown, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from reports.answer_counts import AnswerCounts
from reports.promises import TIER_PHOTOS_PREFIX
from reports.values import Report

LEFT: Final = 46
RIGHT: Final = 304
TOP: Final = 10
BOTTOM: Final = 190
"""Edges of the plot in a chart of 320 x 236."""

MIN_RADIUS: Final = 1.5
MAX_RADIUS: Final = 8.0
"""Radius of the smallest and of the largest dot of a chart whose dots show numbers of photos."""

PLAIN_RADIUS: Final = 2.5
"""Radius of all dots of another chart."""

TICKS: Final = 5
"""Number of steps between the marks of an axis."""

SHADES: Final = 10
"""Number of steps in which a cell of a confusion matrix gets darker."""

MAX_MATRIX_CLASSES: Final = 20
"""Largest number of classes whose confusion matrix is shown."""

Mark = tuple[float, float]
"""A mark at an axis: its position in the drawing, and the share that it stands for."""

Cell = tuple[int, int]
"""A cell of a confusion matrix: the number of photos, and its shade, 0 to SHADES."""


@dataclass(frozen=True)
class Chart:
    """A chart of shares against shares, in the coordinates of its drawing.

    Attributes:
        dots: the x, the y and the radius of each dot.
        marks_x: the marks of the horizontal axis.
        marks_y: the marks of the vertical axis.
        first: the two shares of the first dot.
        last: the two shares of the last dot.
    """

    dots: tuple[tuple[float, float, float], ...]
    marks_x: tuple[Mark, ...]
    marks_y: tuple[Mark, ...]
    first: tuple[float, float]
    last: tuple[float, float]

    @property
    def line(self) -> str:
        """The points of the line through all dots, as SVG writes them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.dots)


@dataclass(frozen=True)
class TierDrawings:
    """The drawings of the photos of one tier.

    Attributes:
        tier: the tier, such as A.
        is_of_unknown: whether the photos come from shops and people that no network had learnt.
        counts: the counts of the answers.
        rows: the confusion matrix, one row for each true class that was photographed; empty for many classes.
        reliability: the share of right answers against the confidence; None without confidences.
        acceptance: the share of right answers against the share of accepted ones; None if the report has no
            thresholds of the tier.
    """

    tier: str
    is_of_unknown: bool
    counts: AnswerCounts
    rows: tuple[tuple[str, int, tuple[Cell, ...]], ...]
    reliability: Chart | None
    acceptance: Chart | None


def list_drawn_counts(report: Report) -> Iterator[tuple[str, bool, AnswerCounts]]:
    """Yield each tier with answer counts, whether its photos are of unknown sources, and the counts."""
    for tier in sorted({*report.photos, *report.unknown_sources}):
        unknown = report.unknown_sources.get(tier)
        known = report.photos.get(tier)
        if unknown is not None and unknown.answer_counts is not None:
            yield tier, True, unknown.answer_counts
        elif known is not None and known.answer_counts is not None:
            yield tier, False, known.answer_counts


def lay_out_photo_drawings(report: Report) -> list[TierDrawings]:
    """Return the drawings of each tier; empty for a report without answer counts of photos."""
    return [
        TierDrawings(
            tier,
            is_of_unknown,
            counts,
            _shade_matrix(report.labels, counts),
            _draw_reliability(counts),
            _draw_acceptance(report, tier),
        )
        for tier, is_of_unknown, counts in list_drawn_counts(report)
    ]


def _shade_matrix(
    labels: Sequence[str], counts: AnswerCounts
) -> tuple[tuple[str, int, tuple[Cell, ...]], ...]:
    """Return the label, the number of photos and the cells of each true class that was photographed."""
    if len(labels) > MAX_MATRIX_CLASSES:
        return ()
    return tuple(
        (label, sum(row), tuple((count, _choose_shade(count, sum(row))) for count in row))
        for label, row in zip(labels, counts.confusion_matrix, strict=True)
        if sum(row)
    )


def _choose_shade(count: int, of_all: int) -> int:
    """Return the shade of a cell by its share of the true class; only an empty cell has none."""
    return max(1, round(SHADES * count / of_all)) if count else 0


def _draw_reliability(counts: AnswerCounts) -> Chart | None:
    bins = counts.confidence_bins
    if not bins:
        return None
    points = [(of.mean_confidence, of.right / of.n) for of in bins]
    most = max(of.n for of in bins)
    radii = [MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * (of.n / most) ** 0.5 for of in bins]
    return _lay_out_chart(points, radii, smallest_y=0.0)


def _draw_acceptance(report: Report, tier: str) -> Chart | None:
    curve = report.acceptance.get(f"{TIER_PHOTOS_PREFIX}{tier}", ())
    points = [(of.accepted_share, of.right_share) for of in curve if of.right_share is not None]
    if not points:
        return None
    # Most shares are high: the axis begins at the tenth below the smallest one.
    smallest_y = min(0.9, floor(10 * min(right for _, right in points)) / 10)
    return _lay_out_chart(sorted(points), [PLAIN_RADIUS] * len(points), smallest_y)


def _lay_out_chart(points: Sequence[tuple[float, float]], radii: Sequence[float], smallest_y: float) -> Chart:
    """Return the chart of points between (0, smallest_y) and (1, 1)."""
    dots = tuple(
        (round(_place_x(x), 1), round(_place_y(y, smallest_y), 1), round(radius, 1))
        for (x, y), radius in zip(points, radii, strict=True)
    )
    steps = [step / TICKS for step in range(TICKS + 1)]
    shares_y = [smallest_y + (1 - smallest_y) * step for step in steps]
    return Chart(
        dots,
        tuple((round(_place_x(share), 1), share) for share in steps),
        tuple((round(_place_y(share, smallest_y), 1), share) for share in shares_y),
        points[0],
        points[-1],
    )


def _place_x(share: float) -> float:
    return LEFT + (RIGHT - LEFT) * share


def _place_y(share: float, smallest: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * (share - smallest) / (1 - smallest)

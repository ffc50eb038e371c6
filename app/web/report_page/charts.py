"""Line charts as numbers that an SVG template writes down. Pure.

Coordinates are those of the view box, y downwards; colours and dashes are classes of report.css, so that
charts follow the page into the dark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Final, NamedTuple

DOTTED_UP_TO: Final = 30
"""Points that still get a dot each."""

LARGEST: Final = 1e9
SMALLEST_SPAN: Final = 1e-6
"""Beyond these a loss has diverged, or two values are one."""

Point = tuple[float, float]


class Frame(NamedTuple):
    """The view box, and the plot's edges within it; the rest is for its numbers and titles."""

    width: int = 420
    height: int = 280
    left: int = 48
    right: int = 398
    top: int = 12
    bottom: int = 236


FRAME: Final = Frame()


@dataclass(frozen=True)
class Series:
    """What one line shows.

    Attributes:
        mark: a point to stand out, such as the threshold that is served.
    """

    name: str
    points: Sequence[Point]
    mark: Point | None = None


@dataclass(frozen=True)
class Axis:
    """What one axis shows, from where to where.

    Attributes:
        whole: numbers between two whole ones mean nothing.
        percent: shares of 0..1, written as percentages.
    """

    title: str
    low: float
    high: float
    whole: bool = False
    percent: bool = False


@dataclass(frozen=True)
class Tick:
    """One number beside an axis."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """One line as drawn.

    Attributes:
        path: the `d` of an SVG path.
        dots: of single points; none where there are many.
        mark: of the point that stands out.
    """

    name: str
    path: str
    dots: tuple[Point, ...]
    mark: Point | None


@dataclass(frozen=True)
class Chart:
    """A chart as drawn."""

    title: str
    x: str
    y: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    frame: Frame = FRAME


def chart(title: str, x: Axis, y: Axis, series: Iterable[Series]) -> Chart:
    """Draw lines; points that are no numbers, as of a training that diverged, are left out."""
    return Chart(
        title=title,
        x=x.title,
        y=y.title,
        x_ticks=tuple(Tick(_across(x, value), _text(x, value)) for value in _round_values(x)),
        y_ticks=tuple(Tick(_down(y, value), _text(y, value)) for value in _round_values(y)),
        lines=tuple(_line(one, x, y) for one in series),
    )


def axis_around(title: str, values: Iterable[float], *, whole: bool = False, percent: bool = False) -> Axis:
    """An axis that just holds the values, widened to round numbers; 0 to 1 where there are none."""
    drawn = [value for value in values if _can_be_drawn(value)] or [0.0, 1.0]
    low, high = min(drawn), max(drawn)
    if high - low < SMALLEST_SPAN:
        low, high = (low - 0.5, high + 0.5) if not percent else (max(0.0, low - 0.05), min(1.0, high + 0.05))
    if whole:
        return Axis(title, low, high, whole, percent)
    step = _step(high - low)
    return Axis(title, floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, whole, percent)


def _line(series: Series, x: Axis, y: Axis) -> Line:
    places = tuple(_place(point, x, y) for point in series.points if all(map(_can_be_drawn, point)))
    path = " ".join(
        f"{'L' if number else 'M'}{across} {down}" for number, (across, down) in enumerate(places)
    )
    mark = None if series.mark is None else _place(series.mark, x, y)
    return Line(series.name, path, places if len(places) <= DOTTED_UP_TO else (), mark)


def _can_be_drawn(value: float) -> bool:
    return isfinite(value) and abs(value) < LARGEST


def _place(point: Point, x: Axis, y: Axis) -> Point:
    return _across(x, point[0]), _down(y, point[1])


def _across(axis: Axis, value: float) -> float:
    return round(FRAME.left + (FRAME.right - FRAME.left) * _part(axis, value), 1)


def _down(axis: Axis, value: float) -> float:
    return round(FRAME.bottom - (FRAME.bottom - FRAME.top) * _part(axis, value), 1)


def _part(axis: Axis, value: float) -> float:
    return (value - axis.low) / (axis.high - axis.low)


def _round_values(axis: Axis) -> list[float]:
    """About five round numbers within an axis."""
    step = _step(axis.high - axis.low)
    if axis.whole:
        step = max(1.0, step)
    first, last = ceil(axis.low / step - 1e-9), floor(axis.high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that some four to seven of it make the span."""
    power = 10.0 ** floor(log10(span / 5))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * 6 >= span)


def _text(axis: Axis, value: float) -> str:
    if not axis.percent:
        return f"{value:.6g}"
    return f"{value * 100:.6g}%"

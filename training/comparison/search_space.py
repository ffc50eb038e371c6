"""Which settings of a recipe are searched, and between which bounds.

Pure. Learning rate and batch size are searched around those of the recipe that a search starts from, because
what suits them differs by optimizer, network and number of pictures. Who proposes values: search.py.
"""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Final, TypeAlias

from model_store.manifest import DataSet
from training.recipes import Recipe, fingerprint

DIGITS: Final = 4


@dataclass(frozen=True)
class Between:
    """Any number from `low` to `high`; `log` when a factor matters, not a difference."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Whole:
    """Any whole number from `low` to `high`."""

    low: int
    high: int


@dataclass(frozen=True)
class Either:
    """One of these."""

    choices: tuple[int, ...]


Bounds: TypeAlias = Between | Whole | Either
Space: TypeAlias = dict[str, Bounds]
"""Bounds by the name of the recipe's field."""

Values: TypeAlias = dict[str, float]
"""A value by the name of the recipe's field; whole numbers are int."""


def search_space(start: Recipe, *, dropout: bool) -> Space:
    """What is searched.

    Args:
        start: the recipe that the search starts from.
        dropout: whether its network has dropout.
    """
    return {
        "learning_rate": Between(start.learning_rate / 8, start.learning_rate * 4, log=True),
        "weight_decay": Between(0.001, 0.2, log=True),
        "label_smoothing": Between(0.0, 0.2),
        "erase": Whole(0, 14),  # half the edge of a picture
        "batch_size": Either(
            tuple(sorted({max(start.batch_size // 2, 1), start.batch_size, start.batch_size * 2}))
        ),
        **({"dropout": Between(0.0, 0.6)} if dropout else {}),
    }


def starting_values(start: Recipe, space: Space) -> Values:
    """The values of the recipe that a search starts from, as far as they lie within the bounds."""
    values = {name: getattr(start, name) for name in space}
    return {name: value for name, value in values.items() if value is not None and _in(value, space[name])}


def _in(value: float, bounds: Bounds) -> bool:
    if isinstance(bounds, Either):
        return value in bounds.choices
    return bounds.low <= value <= bounds.high


def rounded(value: float) -> float:
    """A proposed value to DIGITS significant digits, so that typing it again gives the same value."""
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def with_values(start: Recipe, values: Values) -> Recipe:
    """The recipe of one trial.

    Raises:
        BadRecipe: a value cannot be trained with.
    """
    return replace(start, **values)  # type: ignore[arg-type]  # names and types are the bounds'


def search_fingerprint(start: Recipe, space: Space, data: DataSet) -> str:
    """Sixteen hex digits that differ when the start, the bounds or the data do; a study carries them."""
    bounds = sorted((name, type(one).__name__, asdict(one)) for name, one in space.items())
    text = f"{fingerprint(start, data)} {bounds}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]

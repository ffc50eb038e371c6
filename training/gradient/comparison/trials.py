"""tune.json: what a search for better settings has tried, as frozen values, and the recipe of a trial.

search.py fills them. Does no I/O.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from model_store.manifest import DataSet, Frozen, Share
from training.gradient.recipes import Recipe

Values: TypeAlias = Mapping[str, int | float]
"""A value by the name of the recipe's field."""


class Trial(Frozen):
    """One set of values and how far it came.

    Attributes:
        number: from 0; numbers of trials that were interrupted are left out.
        state: pruned trials were stopped, for being behind half of the others at the same epoch or for a loss
            that is no number.
        values: by the name of the recipe's field.
        val_accuracy: after the last epoch.
        epochs: how many ended; none where the loss was no number after the first.
        seconds: of these; where the trial was interrupted, of those after that.
    """

    number: Annotated[int, Field(ge=0)]
    state: Literal["finished", "pruned"]
    values: dict[str, int | float]
    val_accuracy: Share
    epochs: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0)]

    def __str__(self) -> str:
        epochs = f"{self.epochs} epoch{'s' if self.epochs != 1 else ''}"
        accuracy = f"validation accuracy {self.val_accuracy:.4f}"
        return f"{self.state} after {epochs}, {self.seconds:.0f} s: {accuracy}"


class SearchReport(Frozen):
    """Everything in tune.json.

    Attributes:
        recipe: what the search started from.
        held_out: pictures that each accuracy was measured on.
        best: number of the finished trial with the highest validation accuracy.
        command: trains with its values.
        trials: in the order in which they were begun.
    """

    recipe: dict[str, JsonValue]
    data: DataSet
    held_out: int
    hardware: str
    libraries: dict[str, str]
    best: int
    command: str
    trials: tuple[Trial, ...]


def recipe_of(start: Recipe, values: Values) -> Recipe:
    """The recipe of one trial.

    Raises:
        BadRecipe: a value cannot be trained with.
    """
    return replace(start, **rounded(values))  # type: ignore[arg-type]


def rounded(values: Values) -> dict[str, int | float]:
    """Proposed values to four significant digits, so that typing them again gives the same recipe."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}") for name, value in values.items()
    }


def ranked(trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
    """Finished trials before pruned ones, best validation accuracy first, the earlier first among equals."""
    return tuple(sorted(trials, key=lambda one: (one.state == "pruned", -one.val_accuracy, one.number)))

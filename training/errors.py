"""The errors of trainings: everything that can go wrong between a data set and a release.

TrainingError
├── DataError         the operator can mend the files or their labels
├── LibraryMissing    TensorFlow or scikit-learn is not there
├── BadRecipe         settings that cannot be trained with
│   └── UnusedOption  an option that the training would not use
├── WeightsUnusable   pretrained weights or a checkpoint cannot be read or written
├── TrainingDiverged  the loss is no number any more
└── ExportError       a network cannot become a release that answers as it does

Errors that callers treat in the same way share a class. A message says what is wrong, in which file and row,
and what to do.
"""


class TrainingError(Exception):
    """Base class of all errors that the package `training` raises."""


class DataError(TrainingError):
    """A data set cannot be used until a person repairs its files or labels; the message names the place."""


class LibraryMissing(TrainingError):
    """A library that training needs, such as TensorFlow, is not installed."""


class BadRecipe(TrainingError):
    """The settings of a training contradict each other or do not fit the data."""


class UnusedOption(BadRecipe):
    """An option was typed that would have no effect on the training."""


class WeightsUnusable(TrainingError):
    """Stored weights, a checkpoint or a search are missing, damaged, of another run, or cannot be written."""


class TrainingDiverged(TrainingError):
    """The loss of a training became infinite or NaN, so that further epochs are useless."""


class ExportError(TrainingError):
    """A network cannot become a release: no serving graph answers as it does, or its labels do not fit."""


def describe_missing_library(name: str) -> str:
    """Return the error message for a library that training needs and that is not installed."""
    return f"{name} is not installed: `make install-train` in a checkout installs what training needs."

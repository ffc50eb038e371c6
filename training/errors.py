"""Everything that can go wrong between a data set and a release.

TrainingError
├── DataError               the operator can mend the files
│   ├── DataSetMissing      no data set where one was looked for
│   ├── BadIdxFile          an IDX file with a wrong magic number, size or partner
│   ├── BadCsvFile          a CSV file with a wrong row
│   ├── BadClasses          classes that cannot be learnt, or that are not the model's
│   └── BadPictures         picture files that cannot be read, or that contradict each other
├── NotInstalled            TensorFlow or scikit-learn is not there
├── BadRecipe               settings that cannot be trained with
├── UnusedOption            an option that the training would not use
├── WeightsUnusable         pretrained weights are missing, damaged or of another network
├── TrainingDiverged        the loss is no number any more
├── CheckpointUnreadable    a checkpoint that is damaged or belongs to another run
├── CheckpointUnwritable    the disk is full, for example
├── NotAdoptable            a hand-made model that does not fit the labels or the data
└── ExportError
    ├── GraphUnusable       a layer has no form in ONNX, or ONNX Runtime refuses the graph
    └── ParityFailed        the exported graph answers differently from the network it came from

A message says what came, in which file and row, and what would do.
"""


class TrainingError(Exception):
    """Base class of all errors that the package `training` raises."""


class DataError(TrainingError):
    """A data set cannot be used until a person repairs its files."""


class DataSetMissing(DataError):
    """There is no data set at the place named, or no library to fetch it."""


class BadIdxFile(DataError):
    """An IDX file is damaged, or does not fit the file it comes with."""


class BadCsvFile(DataError):
    """A CSV file is damaged; the message names the row."""


class BadClasses(DataError):
    """The classes are too few, too many, too small, named twice or not at all, or not the model's."""


class BadPictures(DataError):
    """Picture files cannot be read, or give one picture two classes; the message names the files."""


class NotInstalled(TrainingError):
    """A library that training needs is not installed."""


class BadRecipe(TrainingError):
    """The settings contradict each other or the data."""


class UnusedOption(TrainingError):
    """An option was typed that would have no effect on the training."""


class WeightsUnusable(TrainingError):
    """Pretrained weights are not there, cannot be read or are of another network."""


class TrainingDiverged(TrainingError):
    """The loss of a training became infinite or NaN, so that further epochs are useless."""


class CheckpointUnreadable(TrainingError):
    """A checkpoint is damaged, or was written by a run with other settings."""


class CheckpointUnwritable(TrainingError):
    """The weights of an epoch cannot be written."""


class NotAdoptable(TrainingError):
    """A hand-made model cannot become a release with these labels and this data."""


class ExportError(TrainingError):
    """The network cannot be turned into a serving graph."""


class GraphUnusable(ExportError):
    """A layer has no form in ONNX, or ONNX Runtime cannot run the graph."""


class ParityFailed(ExportError):
    """The exported graph answers differently from the network it was made from."""


def describe_missing_library(name: str) -> str:
    """Return the error message that a library of the training requirements is not installed."""
    return f"{name} is not installed: `make install-train` in a checkout installs what training needs."

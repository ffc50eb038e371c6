"""The errors of labelling a catalogue, each with a message for the person who runs the command.

LabellingError
├── ListUnusable       a list cannot be read, or does not fit its header
├── SourceUnusable     there is no such source, or it cannot be read as its kind of source
├── TableUnusable      the table cannot be written there, or in that form
├── OutputUnusable     an output would replace a file that does not belong to the command
├── RunMismatch        the existing table was begun with another source, release or form
├── CorrectionsUnusable people's answers cannot be read, or are not about this table
├── ShopWordsUnusable  a file of a shop's own words cannot be read, or says one thing twice
├── EngineUnusable     the engine of the workers is not installed, or does not answer
├── WorkersFailed      worker processes end before their work is done
└── PictureUnreadable  one picture cannot be read; it becomes a row with this error
"""


class LabellingError(Exception):
    """The base class of the errors that labelling a catalogue raises."""


class ListUnusable(LabellingError):
    """Error: a CSV of pictures or of corrections cannot be read, or its rows do not fit its header."""


class SourceUnusable(LabellingError):
    """Error: the folder, list, ZIP or bucket to label does not exist, or cannot be read."""


class TableUnusable(LabellingError):
    """Error: the table of results, or its journal file, cannot be written or read."""


class OutputUnusable(LabellingError):
    """Error: an output would replace an input of its command, another output, or a file of another kind."""


class RunMismatch(LabellingError):
    """Error: the existing table was made from another source, or with another release or other labels."""


class CorrectionsUnusable(LabellingError):
    """Error: a CSV of people's corrections cannot be read, contradicts another, or is about another table."""


class ShopWordsUnusable(LabellingError):
    """Error: the CSV of a shop's own words cannot be read, names an unknown kind, or has words twice."""


class EngineUnusable(LabellingError):
    """Error: worker processes cannot be started, for example because Ray is missing or does not answer."""


class WorkersFailed(LabellingError):
    """Error: worker processes ended, or met an error that every worker would meet, so the run stops."""


class PictureUnreadable(LabellingError):
    """Error: one picture cannot be read. The run continues, and its row in the table has this error."""

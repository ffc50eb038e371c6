"""Everything that may go wrong between a catalogue and its table.

LabellingError
├── ListUnusable        a list cannot be read, or does not fit its header
├── SourceUnusable      there is no such source, or it cannot be read as its kind of source
├── TableUnusable       the table cannot be written there, or in that form
├── OutputUnusable      an output would replace a file that does not belong to the command
├── OtherRun            the existing table was begun with another source, release or form
├── CorrectionsUnusable people's answers cannot be read, or are not about this table
├── WordsUnusable       a file of a shop's own words cannot be read, or says one thing twice
├── EngineUnusable      the engine of the workers is not installed, or does not answer
├── WorkersFailed       worker processes end before their work is done
└── Unreadable          one picture cannot be read; it becomes a row with this error

inference/errors.py has the faults of a picture itself.
"""


class LabellingError(Exception):
    """The root of this package's errors."""


class ListUnusable(LabellingError):
    """A list of pictures or of corrections cannot be read, or does not fit its header."""


class SourceUnusable(LabellingError):
    """No such source, or not of a kind that is read here."""


class TableUnusable(LabellingError):
    """The table cannot be written there, or in that form."""


class OutputUnusable(LabellingError):
    """An output is read by its command, is another output, or is a file of another kind."""


class OtherRun(LabellingError):
    """An unfinished or finished table is there that another command made."""


class CorrectionsUnusable(LabellingError):
    """A file of corrections cannot be read, contradicts another one, or is not about this table."""


class WordsUnusable(LabellingError):
    """A file of a shop's own words cannot be read, names an unknown kind, or gives the same words twice."""


class EngineUnusable(LabellingError):
    """Workers cannot be started there."""


class WorkersFailed(LabellingError):
    """The processes that label cannot go on."""


class Unreadable(LabellingError):
    """The bytes of one picture cannot be read; the others can."""

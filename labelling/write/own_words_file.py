"""Write the file of a shop's own words beside a table, for its next list."""

from collections.abc import Iterable
from pathlib import Path

from labelling.errors import TableUnusable
from labelling.journal.journal_file import Journal
from labelling.lists.own_words import OwnWord
from labelling.lists.words_file import words_as_csv, words_file_of
from labelling.write.outputs import replace_files


def write_words(table: Path, words: Iterable[OwnWord], journal: Journal) -> Path:
    """Write the file of words beside a table, and return its path.

    Args:
        table: the table.
        words: the rows of the file.
        journal: the journal of the table, which knows whether the file that is there is its own.

    Raises:
        OutputUnusable: the file was changed since.
        TableUnusable: the file cannot be written.
    """
    file = words_file_of(table)
    try:
        with replace_files(journal, [file]) as [new]:
            new.write_text(words_as_csv(words), "utf-8")
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    return file

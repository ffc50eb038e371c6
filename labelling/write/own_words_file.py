"""Write the file that explains a shop's own words (`Gömlek`: shirt) beside a table, for its next list."""

from collections.abc import Iterable
from pathlib import Path

from labelling.errors import TableUnusable
from labelling.journal.journal_file import Journal
from labelling.lists.own_words import ShopWord
from labelling.lists.words_file import (
    format_shop_words,
    hash_row,
    make_rows_name,
    make_shop_words_path,
)
from labelling.write.outputs import replace_files


def write_shop_words(table: Path, words: Iterable[ShopWord], journal: Journal) -> Path:
    """Write the file of a shop's own words beside a table, and return the path of the file.

    Args:
        words: the words with the kinds of garments that they mean, one for each row of the file.
        journal: the journal of the table, which knows whether an existing file was written by its runs.

    Raises:
        OutputUnusable: somebody changed the existing file since a run wrote it.
        TableUnusable: the file cannot be written.
    """
    file = make_shop_words_path(table)
    rows = list(words)
    rows_name = make_rows_name(file)
    new_hashes = [hash_row(word) for word in rows]
    try:
        with replace_files(journal, [file]) as [new]:
            new.write_text(format_shop_words(rows), "utf-8")
            # A kill before the new file takes its place leaves the old one, whose rows nobody changed either.
            old_hashes = (journal.known_hashes or {}).get(rows_name, [])
            journal.keep_hashes({rows_name: [*old_hashes, *new_hashes]})
    except OSError as error:
        raise TableUnusable(f"{file}: cannot be written ({error.strerror}).") from error
    journal.keep_hashes({rows_name: new_hashes})
    return file

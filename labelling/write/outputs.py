"""Check which files a command may write, so that nothing of the user's is lost.

No output may replace a file that the command reads. An existing page, plot or sheet is replaced. A table and
the files that are named after it are replaced only if the journal (the SQLite file beside a table) has the
sha256 of the existing file. So a table that somebody edited is kept.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from inference.text.file_names import is_picture_name
from labelling.errors import OutputUnusable, RunMismatch
from labelling.journal.journal_file import Journal, make_journal_path
from labelling.lists.words_file import make_shop_words_path
from labelling.write.partial_files import make_partial_file
from model_store.release_files import hash_file

CHANGED_FILE_ERROR: Final = (
    "{}: was changed since `wardrobe label` wrote it. Move it away, or --restart replaces it."
)
"""Error of an edited file that a run would replace, with a place for its path."""

CHANGED_WORDS_ERROR: Final = (
    "{0}: was changed since `wardrobe label` wrote it. To use its rows, first give the command that made the "
    "table with --words {0} and without --corrections. Otherwise move it away, or --restart replaces it."
)
"""Error of an edited file that explains the shop's own words, with a place for its path."""

FileIdentity: TypeAlias = str | tuple[int, int]
"""A value by which two names of one file are recognised: the path without links, or the numbers of device and
file, which all hard links of the file have."""


def check_outputs(outputs: Iterable[Path], inputs: Iterable[str | Path]) -> None:
    """Check, before any work, that no output of a command would replace an input or another output.

    Args:
        outputs: the paths of all files that a command writes.
        inputs: the files that the command reads, and folders with everything in them, such as a release.

    Raises:
        OutputUnusable: an output is read by the command, is another output, or is not a file.
    """
    input_identities = {identity for file in inputs for identity in _list_identities(file)}
    other_identities = set[FileIdentity]()
    for file in outputs:
        own_identities = _list_identities(file)
        # A folder that is read, such as a release, must not get a new file anywhere in it.
        inside = {str(folder) for folder in Path(os.path.realpath(file)).parents}
        if not input_identities.isdisjoint(own_identities) or not input_identities.isdisjoint(inside):
            raise OutputUnusable(f"{file}: this command reads it, and would replace it. Name another file.")
        if not other_identities.isdisjoint(own_identities):
            raise OutputUnusable(f"{file}: would be two outputs of this command. Name another file.")
        if os.path.lexists(file) and not file.is_file():
            raise OutputUnusable(f"{file}: is there already and is no file. Name another one.")
        other_identities.update(own_identities)


def check_no_pictures(outputs: Iterable[Path]) -> None:
    """Check that no table or page has a name like a picture's, such as `a.jpg`, which it might replace.

    Raises:
        OutputUnusable: a file has such a name.
    """
    if picture := next((file for file in outputs if is_picture_name(file.name)), None):
        raise OutputUnusable(
            f"{picture}: has the name of a picture, which it might replace. Name it otherwise."
        )


def make_folders(files: Iterable[Path]) -> None:
    """Make the missing parent folders of output files, before the work whose results go there.

    Raises:
        OutputUnusable: a folder cannot be made.
    """
    for file in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnusable(f"{file}: its folder cannot be made ({error.strerror}).") from error


def list_source_inputs(source: str) -> list[str]:
    """Return a source of pictures in a list, if it is a file that no output may replace.

    Args:
        source: the path or address of the source.

    Returns:
        A list with the source; an empty list for a folder, because a command may write beside its pictures.
    """
    return [] if os.path.isdir(source) else [source]  # noqa: PTH112 - it may be an address


def _list_identities(file: str | Path) -> list[FileIdentity]:
    """Return the values by which a file is recognised, or the place of a file that does not exist."""
    try:
        status = os.stat(file)  # noqa: PTH116 - a str may be an address, which Path would change
    except (OSError, ValueError):
        return [os.path.realpath(file)] if "\0" not in str(file) else []
    return [os.path.realpath(file), (status.st_dev, status.st_ino)]


def check_no_file_exists(table: Path, files: Iterable[Path]) -> None:
    """Check that none of the files that a run will write exists yet, for a table that has no journal.

    Without the journal (the SQLite file beside a table), nothing tells which files an earlier run wrote.

    Args:
        table: the table, for the message.
        files: the files that the run will write.

    Raises:
        RunMismatch: a file exists.
    """
    if there := [file for file in files if os.path.lexists(file)]:
        raise RunMismatch(
            f"{there[0]}: is there already, and there is no {make_journal_path(table).name}, which says what "
            "`wardrobe label` wrote. Name another table with --out, or move that file away."
        )


def check_not_edited(journal: Journal, files: Iterable[Path]) -> None:
    """Check that nobody edited files that earlier runs of a journal wrote.

    Args:
        journal: the journal of the table, which has the hashes of the files that its runs wrote.
        files: the files that will be replaced; missing ones are valid.

    Raises:
        OutputUnusable: a file has another content, for example because somebody edited it.
    """
    for file in files:
        if os.path.lexists(file) and hash_file(file) not in (journal.known_hashes or {}).get(file.name, ()):
            # People edit the shop's own words on purpose, for the option that reads them.
            is_words_file = file == make_shop_words_path(journal.table)
            error = CHANGED_WORDS_ERROR if is_words_file else CHANGED_FILE_ERROR
            raise OutputUnusable(error.format(file))


def record_file_hashes(journal: Journal, files: Iterable[Path]) -> None:
    """Record existing files in a journal as written by its runs, so that they may be replaced."""
    journal.keep_hashes({file.name: [hash_file(file)] for file in files if file.is_file()})


@contextmanager
def replace_files(journal: Journal, files: Sequence[Path]) -> Iterator[list[Path]]:
    """Replace some files of a table by new ones, which take their places together once all are written.

    Yields:
        Paths of empty files to write the new contents into, in the order of `files`.

    Raises:
        OSError: the disk is full, for example; all files stay as they were.
        OutputUnusable: a file was changed by somebody else since a run wrote it.
    """
    with ExitStack() as beside:
        partial_files = [beside.enter_context(make_partial_file(file)) for file in files]
        yield [partial.path for partial in partial_files]
        # Now, so that a slow disk makes no pause between the first and the last file that takes its place.
        for partial in partial_files:
            partial.flush()
        check_not_edited(journal, files)
        # A kill between the files leaves old and new ones side by side. The journal knows both as its own.
        pairs = zip(files, partial_files, strict=True)
        journal.keep_hashes({file.name: [hash_file(file), hash_file(new.path)] for file, new in pairs})
        for partial in partial_files:
            partial.move_into_place()

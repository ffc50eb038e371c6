"""Write a file of the user whole or not at all: first beside its place, and then into it.

The new content is written into a hidden file such as `.labels.csv.wardrobe-partial`. If the command is
killed, this file stays, and the next command that writes `labels.csv` overwrites it. An existing file keeps
its mode, and a new one gets the mode that the umask allows. If the file is a symbolic link, the file to which
the link leads is written.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from model_store.release_files import add_path_to_errors, flush_folder

PARTIAL_ENDING: Final = ".wardrobe-partial"
"""End of the name of a file that is not complete yet."""


class PartialFile:
    """A file that is being written, beside the place that it takes once it is complete.

    Attributes:
        path: the path of the new file, which is empty at first.
    """

    def __init__(self, file: Path) -> None:
        """Create an empty file beside `file`, in place of one that a killed command left."""
        self._target = find_linked_file(file)
        self._mode = _read_mode(self._target)
        self.path = self._target.with_name(f".{self._target.name}{PARTIAL_ENDING}")
        self.path.unlink(missing_ok=True)
        # The umask narrows 0o666 for a new file. If there is a file, it may be private, so that nobody else
        # may read the new content before it has the mode of the old one.
        mode = 0o666 if self._mode is None else 0o600
        # O_EXCL, so that no link that another user put there is followed.
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)

    def flush(self) -> None:
        """Wait until the new content is on the disk."""
        os.fsync(self._descriptor)

    def move_into_place(self) -> None:
        """Wait until the new content is on the disk, and replace the earlier file by it.

        Raises:
            OSError: another command writes the same file at the moment, or the system refuses it.
        """
        self.flush()
        if self._mode is not None:
            with suppress(OSError):  # some file systems keep no modes
                os.fchmod(self._descriptor, self._mode)
        if not self._is_own_path():
            raise OSError(errno.EBUSY, "another command writes this file, too", str(self._target))
        self.path.replace(self._target)
        # The name is on the disk only when the folder is.
        flush_folder(self._target.parent)

    def close(self) -> None:
        """Remove the new file if it was not moved into its place."""
        try:
            if self._is_own_path():
                self.path.unlink()
        finally:
            os.close(self._descriptor)

    def _is_own_path(self) -> bool:
        """Return whether the file at the path is still this one, and not one of another command."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.lstat())
        except FileNotFoundError:
            return False


@contextmanager
def make_partial_file(file: Path) -> Iterator[PartialFile]:
    """Yield an empty file to write, which the `with` block then moves into the place of a user's file.

    If the block does not move it, for example after an error, the earlier file stays as it was.

    Args:
        file: the file, which may exist. Its folder exists.

    Raises:
        OSError: the file cannot be written there.
    """
    with add_path_to_errors(file):
        partial = PartialFile(file)
        try:
            yield partial
        finally:
            partial.close()


def write_output(file: Path, content: bytes) -> None:
    """Write a file of the user, which after a crash has all of its earlier or all of its new content.

    Args:
        file: the file, which may exist. Its folder exists.

    Raises:
        OSError: the file cannot be written.
    """
    with make_partial_file(file) as partial:
        partial.path.write_bytes(content)
        partial.move_into_place()


def find_linked_file(file: Path) -> Path:
    """Return the file to which a symbolic link leads, whether it exists or not; or else the path itself.

    Raises:
        OSError: the link leads to itself.
    """
    if not file.is_symlink():
        return file
    linked_file = Path(os.path.realpath(file))
    if linked_file.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(file))
    return linked_file


def _read_mode(file: Path) -> int | None:
    """Return the permissions of a file; None if there is no such file."""
    try:
        return stat.S_IMODE(file.stat().st_mode) & 0o777
    except FileNotFoundError:
        return None

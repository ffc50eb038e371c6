"""What survives a kill: rows that are appended, and a journal of how many of them count.

`TABLE.parts/` holds the rows so far and journal.jsonl. A journal line is written when its rows are on the
disk, and says where they end; recovery cuts off what a kill left behind that end. So a row is in the table
once or not at all. The table itself appears whole, at the end. The caller is run.py.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from labelling.errors import OtherRun, TableUnusable

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk twice."""

RESTART: Final = "--restart labels everything again."


class Commit(NamedTuple):
    """One line of the journal.

    Attributes:
        rows: how many there are in all.
        end: bytes of the file of rows that hold them.
        seconds: time that all runs have worked on them so far.
        is_complete: the source has no more.
    """

    rows: int
    end: int
    seconds: float
    is_complete: bool = False


class Journal:
    """The unfinished table of one run; a context that keeps a second run out.

    Attributes:
        done: the last commit.
    """

    def __init__(
        self, table: Path, appended: str, fingerprint: dict[str, Any], *, restart: bool = False
    ) -> None:
        """Nothing is touched yet.

        Args:
            table: where the finished table goes.
            appended: the ending of the file to which rows are appended.
            fingerprint: what must be the same for a run to be resumed; plain JSON.
            restart: discard the rows of an earlier run.
        """
        self.folder = parts_of(table)
        self.rows = self.folder / f"rows{appended}"
        self.done = Commit(0, 0, 0.0)
        self._fingerprint = fingerprint
        self._restart = restart
        self._file: FileIO | None = None

    def __enter__(self) -> Self:
        """Open or make the folder.

        Raises:
            TableUnusable: it cannot be written, or another run is at work.
            OtherRun: it belongs to another command.
        """
        with ExitStack() as undo:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._journal = undo.enter_context(FileIO(self.folder / "journal.jsonl", "a+"))
                fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TableUnusable(f"{self.folder}: another run is at work on this table.") from error
            except OSError as error:
                raise TableUnusable(f"{self.folder}: cannot be written ({error.strerror}).") from error
            self._recover()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            if not self.done.is_complete:  # a complete table may have been moved away
                with suppress(TableUnusable):  # a full disk was reported already
                    self.commit()
            self._file.close()
        self._journal.close()

    def begin(self, head: bytes) -> None:
        """Prepare to append, after what is done already.

        Args:
            head: what stands before the first row.

        Raises:
            TableUnusable: the committed rows are missing, or the disk is full.
        """
        self._started = time.monotonic() - self.done.seconds
        with self._disk_errors():
            self.rows.touch()
            if self.rows.stat().st_size < self.done.end:
                raise TableUnusable(f"{self.rows}: shorter than its journal says. {RESTART}")
            # Not buffered: what a failed write leaves in a buffer, a later one would write too.
            file = FileIO(self.rows, "r+")
            file.truncate(self.done.end)
            file.seek(self.done.end)
            if not self.done.end:
                _write(file, head)
        self._appended = self.done.rows, self.done.end or len(head)
        self._file = file

    def append(self, rows: bytes, count: int) -> None:
        """Add some rows; they count from the next commit on, at most a second later.

        Raises:
            TableUnusable: the disk is full.
        """
        assert self._file is not None  # noqa: S101 - begin() comes first
        with self._disk_errors():
            _write(self._file, rows)
        # One assignment, after all rows are written: an interruption leaves the old state or the new one.
        self._appended = self._appended[0] + count, self._appended[1] + len(rows)
        if self._elapsed() - self.done.seconds >= COMMIT_SECONDS or not self.done.rows:
            self.commit()

    def commit(self, *, is_complete: bool = False) -> None:
        """Flush all rows to the disk, then record them in the journal."""
        assert self._file is not None  # noqa: S101 - begin() comes first
        done = Commit(*self._appended, self._elapsed(), is_complete)
        with self._disk_errors():
            os.fsync(self._file.fileno())
            self._add_line(done._asdict())
        self.done = done

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _recover(self) -> None:
        """Read the journal up to its last whole line.

        Raises:
            OtherRun: it belongs to another command.
        """
        self._journal.seek(0)
        text = b"" if self._restart else self._journal.read()
        self._whole = text.rfind(b"\n") + 1
        lines = text[: self._whole].splitlines()
        if not lines:
            with self._disk_errors():
                self._add_line(self._fingerprint)
            return
        if others := differences(json.loads(lines[0]), self._fingerprint):
            raise OtherRun(f"{self.folder}: was begun with {others}. {RESTART}")
        if len(lines) > 1:
            last = json.loads(lines[-1])
            self.done = Commit(*(last[name] for name in Commit._fields))

    def _add_line(self, line: dict[str, Any]) -> None:
        data = json.dumps(line).encode() + b"\n"
        self._journal.truncate(self._whole)  # an interruption may have left a part of a line
        _write(self._journal, data)
        os.fsync(self._journal.fileno())
        self._whole += len(data)

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TableUnusable(
                f"{self.folder}: {error.strerror}. What was labelled before is kept."
            ) from error


def _write(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def differences(begun: dict[str, Any], now: dict[str, Any]) -> str:
    """In words, what is not as it was; empty when everything is."""
    return ", ".join(
        f"{name} {begun.get(name)!r} (now {value!r})"
        for name, value in now.items()
        if begun.get(name) != value
    )


def parts_of(table: Path) -> Path:
    """Where an unfinished table is kept."""
    return table.with_name(f"{table.name}.parts")

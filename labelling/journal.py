"""What survives a kill: rows that are appended, and a journal of how many of them count.

`TABLE.parts/` holds the rows so far and journal.jsonl. A journal line is written when its rows are on the
disk, and says where they end; recovery cuts off what a kill left behind that end. So a row is in the table
once or not at all. The table itself appears whole, at the end. The caller is run.py.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from labelling.chunk import Labelled
from labelling.errors import OtherRun, TableUnusable
from labelling.sources import Item
from labelling.tally import Tally

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk twice."""

RESTART: Final = "--restart labels everything again."


class NamesDigest:
    """A hash over the names of pictures, in order, however they are divided into chunks; it never changes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def plus(self, items: Sequence[Item]) -> "NamesDigest":
        """The digest after some more pictures."""
        longer = NamesDigest()
        longer.count = self.count + len(items)
        longer._hash = self._hash.copy()
        names = "".join(f"{item.name}\0" for item in items)
        longer._hash.update(names.encode("utf-8", "surrogatepass"))
        return longer

    def hex(self) -> str:
        """The hash in hexadecimal."""
        return self._hash.hexdigest()


@dataclass(frozen=True)
class Commit:
    """One line of the journal.

    Attributes:
        rows: how many there are in all.
        end: bytes of the file of rows that hold them.
        names: the NamesDigest of their pictures.
        seconds: time that all runs have worked on them so far.
        is_complete: the source has no more.
    """

    rows: int
    end: int
    names: str
    tally: Tally
    seconds: float
    is_complete: bool = False


class _Appended(NamedTuple):
    """What is in the file of rows, committed or not."""

    rows: int
    end: int
    names: NamesDigest
    tally: Tally


class Journal:
    """The unfinished table of one run; a context that keeps a second run out.

    Attributes:
        done: the last commit.
    """

    def __init__(self, table: Path, written: str, fingerprint: dict[str, Any], classes: int) -> None:
        """Nothing is touched yet.

        Args:
            table: where the finished table goes.
            written: the ending of the file that is appended to.
            fingerprint: what must be the same for a run to be resumed; plain JSON.
            classes: how many labels there are.
        """
        self.folder = parts_of(table)
        self.rows = self.folder / f"rows{written}"
        self.done = Commit(0, 0, NamesDigest().hex(), Tally.nothing(classes), 0.0)
        self._fingerprint = fingerprint
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

    def begin(self, head: bytes, names: NamesDigest) -> None:
        """Prepare to append, after what is done already.

        Args:
            head: what stands before the first row.
            names: over the pictures that are done.

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
        self._appended = _Appended(self.done.rows, self.done.end or len(head), names, self.done.tally)
        self._file = file

    def append(self, items: Sequence[Item], labelled: Labelled) -> None:
        """Add the rows of some pictures; they count from the next commit on, at most a second later.

        Raises:
            TableUnusable: the disk is full.
        """
        assert self._file is not None  # noqa: S101 - begin() comes first
        with self._disk_errors():
            _write(self._file, labelled.rows)
        # One assignment, after all rows are written: an interruption leaves the old state or the new one.
        rows, end, names, tally = self._appended
        self._appended = _Appended(
            rows + len(items), end + len(labelled.rows), names.plus(items), tally + labelled.tally
        )
        if self._elapsed() - self.done.seconds >= COMMIT_SECONDS or not self.done.rows:
            self.commit()

    def commit(self, *, is_complete: bool = False) -> None:
        """Flush all rows to the disk, then record them in the journal."""
        assert self._file is not None  # noqa: S101 - begin() comes first
        rows, end, names, tally = self._appended
        done = Commit(rows, end, names.hex(), tally, self._elapsed(), is_complete)
        with self._disk_errors():
            os.fsync(self._file.fileno())
            self._add_line(asdict(done) | {"tally": tally.as_json()})
        self.done = done

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _recover(self) -> None:
        """Read the journal up to its last whole line.

        Raises:
            OtherRun: it belongs to another command.
        """
        self._journal.seek(0)
        text = self._journal.read()
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
            self.done = Commit(**(last | {"tally": Tally.from_json(last["tally"])}))

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

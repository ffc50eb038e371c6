"""What survives a kill: rows that are appended, and a journal of how many of them count.

`TABLE.parts/` holds the rows so far and journal.jsonl. A line of the journal is written when the rows it
speaks of are on the disk, and says where they end. Whatever a kill left behind that end is cut off, so that
a row is there once or not at all. The table itself appears whole, at the end. Who calls this: run.py.
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
from typing import Any, Final, Self

from labelling.chunk import Labelled
from labelling.errors import OtherRun, TableUnusable
from labelling.sources import Item
from labelling.tally import Tally

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk twice."""

AGAIN: Final = "--restart begins anew."


class NamesDigest:
    """A hash over the names of pictures, in order, however they are divided into chunks."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, items: Sequence[Item]) -> None:
        """Add some pictures."""
        self.count += len(items)
        names = "".join(f"{item.name}\0" for item in items)
        self._hash.update(names.encode("utf-8", "surrogatepass"))

    def told(self) -> str:
        """Hexadecimal."""
        return self._hash.hexdigest()


@dataclass(frozen=True)
class Commit:
    """One line of the journal.

    Attributes:
        rows: how many there are in all.
        end: bytes of the file of rows that hold them.
        names: the NamesDigest of their pictures.
        seconds: that runs have worked on them so far.
        is_complete: the source has no more.
    """

    rows: int
    end: int
    names: str
    tally: Tally
    seconds: float
    is_complete: bool = False


class Journal:
    """The unfinished table of one run; a context, which holds it against a second run.

    Attributes:
        done: how far it was when it was opened, and then with the last commit.
    """

    def __init__(self, table: Path, written: str, fingerprint: dict[str, Any], classes: int) -> None:
        """Nothing is touched yet.

        Args:
            table: where the rows shall be in the end.
            written: the ending of the file that is appended to.
            fingerprint: what must be the same for a run to be gone on with; plain JSON.
            classes: how many labels there are.
        """
        self.folder = parts_of(table)
        self.rows = self.folder / f"rows{written}"
        self.done = Commit(0, 0, NamesDigest().told(), Tally.nothing(classes), 0.0)
        self._fingerprint = fingerprint
        self._appended: FileIO | None = None

    def __enter__(self) -> Self:
        """Open or make the folder.

        Raises:
            TableUnusable: it cannot be written, or another run is at it.
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
        if self._appended is not None:
            with suppress(TableUnusable):  # a full disk has been told of already
                self.commit()
            self._appended.close()
        self._journal.close()

    def begin(self, head: bytes, names: NamesDigest) -> None:
        """Make ready to append, after what is done already.

        Args:
            head: what stands before the first row.
            names: over the pictures that are done; from here on it is the journal's.

        Raises:
            TableUnusable: the rows that the journal speaks of are not there, or the disk is full.
        """
        self._names = names
        self._since, self._before = time.monotonic(), self.done.seconds
        self._count, self._tally = self.done.rows, self.done.tally
        with self._told():
            self.rows.touch()
            if self.rows.stat().st_size < self.done.end:
                raise TableUnusable(f"{self.rows}: shorter than its journal says. {AGAIN}")
            self._end = self.done.end
            # Not buffered: what a failed write leaves in a buffer, a later one would write too.
            self._appended = FileIO(self.rows, "r+")
            self._appended.truncate(self._end)
            self._appended.seek(self._end)
            if not self._end:
                self._write(self._appended, head)
                self._end = len(head)

    def append(self, items: Sequence[Item], labelled: Labelled) -> None:
        """Add the rows of some pictures; they count from the next commit on, at most a second later.

        Raises:
            TableUnusable: the disk is full.
        """
        assert self._appended is not None  # noqa: S101 - begin() comes first
        with self._told():
            self._write(self._appended, labelled.rows)
        # Only now, since a full disk may have taken a part of them.
        self._end += len(labelled.rows)
        self._names.add(items)
        self._tally += labelled.tally
        self._count += len(items)
        if self._elapsed() - self.done.seconds >= COMMIT_SECONDS or not self.done.rows:
            self.commit()

    def commit(self, *, is_complete: bool = False) -> None:
        """Have all rows on the disk, and then say so."""
        assert self._appended is not None  # noqa: S101 - begin() comes first
        with self._told():
            os.fsync(self._appended.fileno())
            self.done = Commit(
                rows=self._count,
                end=self._end,
                names=self._names.told(),
                tally=self._tally,
                seconds=self._elapsed(),
                is_complete=is_complete,
            )
            self._note(asdict(self.done) | {"tally": self._tally.as_json()})

    def _elapsed(self) -> float:
        return self._before + time.monotonic() - self._since

    def _recover(self) -> None:
        """Read the journal up to its last whole line, and cut off what a kill left behind it.

        Raises:
            OtherRun: it belongs to another command.
        """
        self._journal.seek(0)
        whole = self._journal.read().rpartition(b"\n")[0].splitlines(keepends=True)
        if not whole:
            self._journal.truncate(0)
            self._note(self._fingerprint)
            return
        self._compare(json.loads(whole[0]))
        self._journal.truncate(sum(map(len, whole)) + 1)
        if len(whole) > 1:
            told = json.loads(whole[-1])
            self.done = Commit(**(told | {"tally": Tally.from_json(told["tally"])}))

    def _compare(self, begun: dict[str, Any]) -> None:
        if others := differences(begun, self._fingerprint):
            raise OtherRun(f"{self.folder}: was begun with {others}. {AGAIN}")

    def _note(self, line: dict[str, Any]) -> None:
        self._write(self._journal, json.dumps(line).encode() + b"\n")
        os.fsync(self._journal.fileno())

    @staticmethod
    def _write(file: FileIO, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TableUnusable(
                f"{self.folder}: {error.strerror}. What was labelled before is kept."
            ) from error


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

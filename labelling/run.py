"""One run from a source to its table: begin or go on, label with all workers, put the table in its place.

The parts: sources.py lists, pool.py labels on an engine, journal.py keeps what is done, table.py has the
rows. Writes beside the table: `TABLE.parts/` until it is whole, and `TABLE.summary.json` with it.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from labelling.errors import OtherRun, SourceChanged, TableUnusable
from labelling.journal import RESTART, Commit, Journal, differences, parts_of
from labelling.labeller import Setup
from labelling.pool import Chunk, MakeEngine, Say, WorkerPool
from labelling.processes import Processes
from labelling.sources import Item, Source
from labelling.table import Form, Tally, columns, csv_to_parquet, form_of, path_in_table, read_rows, tally
from model_store.files import flush_folder, write_whole
from model_store.local import LocalRelease

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Of pictures whose bytes travel with them, as those of a packed TAR do, and all on Ray."""

FORMAT: Final = 1
"""Of what is kept between runs."""

Watch = Callable[[int], None]
"""Called with the number of rows."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Attributes:
        workers: how many, at least 1; None is one per core.
        engine: where they run.
    """

    source: Source
    table: Path
    release: LocalRelease
    workers: int | None = None
    engine: MakeEngine = Processes

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes."""
        return self.release.manifest.model.labels

    @property
    def summary(self) -> Path:
        """Where the summary of the finished table is."""
        return self.table.with_name(f"{self.table.name}.summary.json")

    def fingerprint(self) -> dict[str, Any]:
        """What has to stay the same for a run to be resumed."""
        return {
            "format": FORMAT,
            "source": self.source.address,
            "stamp": self.source.stamp(),
            "version": self.release.version,
            "columns": columns(self.labels),
        }


@dataclass(frozen=True)
class Summary:
    """The figures of a finished table.

    Attributes:
        before: rows that earlier runs had made.
        seconds: that all runs took.
    """

    rows: int
    before: int
    seconds: float
    tally: Tally


def label(job: Job, watch: Watch, say: Say, *, restart: bool = False) -> Summary:
    """Label a source, or what is left of it; a table that is finished is left as it is.

    Every step can be repeated: after an interruption at any point the same call goes on.

    Args:
        job: what is to be done.
        watch: called with the number of rows, a few times a second.
        say: called with a sentence for each lost worker process.
        restart: replace what is there, finished or not.

    Raises:
        LabellingError: see errors.py; what is done already stays for the next run.
        StoreError: the source lies in a store that does not answer.
    """
    form = form_of(job.table)
    if not restart and (finished := _finished(job)) is not None:
        shutil.rmtree(parts_of(job.table), ignore_errors=True)
        return finished
    with Journal(job.table, form.appended, job.fingerprint(), restart=restart) as journal:
        before = journal.done.rows
        if not journal.done.is_complete:
            _label_rest(job, form, journal, watch, say)
        summary = _finish(job, form, journal, before)
        shutil.rmtree(journal.folder, ignore_errors=True)  # else the next run removes it
    return summary


@contextmanager
def _disk_errors(job: Job, what: str) -> Iterator[None]:
    """Turn an error of the disk into a sentence that names the file and what could not be done with it."""
    try:
        yield
    except OSError as error:
        file = error.filename2 or error.filename or job.table
        raise TableUnusable(
            f"{file}: cannot be {what} ({error.strerror}). Every row is kept: the same command goes on."
        ) from error


def _finished(job: Job) -> Summary | None:
    """The summary of a table that is there already, if it is what this job would make.

    Raises:
        OtherRun: it is another one, and not about to be replaced by an unfinished run; or other pictures
            are in its source by now.
    """
    if not job.table.exists():
        return None
    try:
        kept = json.loads(job.summary.read_bytes())
        others = differences(kept["fingerprint"], job.fingerprint())
        summary = Summary(kept["rows"], kept["rows"], kept["seconds"], Tally(**kept["tally"]))
    except (OSError, ValueError, KeyError, TypeError):
        others = "an unknown source: no summary is beside it"
    if not others:
        _check_names(job)
        return summary
    if parts_of(job.table).exists():
        return None
    raise OtherRun(f"{job.table}: is there already, made with {others}. {RESTART}")


def _check_names(job: Job) -> None:
    """Check that the source of a finished table still has the same names, where no stamp says so.

    Raises:
        OtherRun: it has others.
    """
    if job.source.stamp():
        return
    for row, item in zip_longest(read_rows(job.table), job.source.items()):
        if row is None or item is None or path_in_table(item.name) != row.path:
            raise OtherRun(
                f"{job.table}: is finished, and pictures were added, removed or renamed in its source since. "
                f"{RESTART}"
            )


def _label_rest(job: Job, form: Form, journal: Journal, watch: Watch, say: Say) -> None:
    with _disk_errors(job, "replaced"):
        job.summary.unlink(missing_ok=True)  # of an earlier table: from here on a summary is of this one
    journal.begin(form.head(job.labels))
    items = job.source.items()
    _skip_labelled(items, journal)
    rows = journal.done.rows
    watch(rows)
    with job.engine(Setup(job.source, job.release.folder, form), job.workers) as engine:
        for chunk, written in WorkerPool(engine, say).label(_chunks(engine.carried(items))):
            journal.append(written, len(chunk.items))
            rows += len(chunk.items)
            watch(rows)
    journal.commit(is_complete=True)


def _skip_labelled(items: Iterator[Item], journal: Journal) -> None:
    """Pass over the pictures that have a row already.

    Raises:
        SourceChanged: the source does not begin with them.
    """
    for row in read_rows(journal.rows):
        item = next(items, None)
        if item is None or path_in_table(item.name) != row.path:
            raise SourceChanged(
                f"The source does not begin with the {journal.done.rows:,} pictures that are labelled "
                f"already. Some were added, removed or renamed. {RESTART}"
            )


def _chunks(items: Iterator[Item]) -> Iterator[Chunk]:
    """Group pictures that follow one another, by number and by the bytes that travel with them."""
    batch: list[Item] = []
    number = weight = 0
    for item in items:
        batch.append(item)
        weight += len(item.place) if isinstance(item.place, bytes) else 0
        if len(batch) == PICTURES_PER_CHUNK or weight >= BYTES_PER_CHUNK:
            yield Chunk(number, batch)
            batch, number, weight = [], number + 1, 0
    if batch:
        yield Chunk(number, batch)


def _finish(job: Job, form: Form, journal: Journal, before: int) -> Summary:
    """Put the table in its place, whole, and the summary beside it.

    Raises:
        TableUnusable: they cannot be written, or the finished rows are gone.
    """
    if not journal.rows.exists() and not job.table.exists():
        raise TableUnusable(f"{job.table}: was finished, and is gone. {RESTART}")
    with _disk_errors(job, "written"):
        if journal.rows.exists():  # else it was moved already
            _move_into_place(job, form, journal)
        rows, _, seconds, _ = journal.done
        summary = Summary(rows, before, seconds, tally(read_rows(job.table), job.labels))
        write_whole(job.summary, _summary_text(job, journal.done, summary.tally).encode())
    return summary


def _move_into_place(job: Job, form: Form, journal: Journal) -> None:
    whole = journal.rows
    if form.suffix == ".parquet":
        whole = journal.folder / "table.parquet"
        csv_to_parquet(journal.rows, whole, job.labels)
    with whole.open("rb") as opened:
        os.fsync(opened.fileno())
    whole.replace(job.table)
    flush_folder(job.table.parent)


def _summary_text(job: Job, done: Commit, counted: Tally) -> str:
    summary = {
        "rows": done.rows,
        "seconds": done.seconds,
        "tally": asdict(counted),
        "fingerprint": job.fingerprint(),
    }
    return json.dumps(summary, indent=1) + "\n"

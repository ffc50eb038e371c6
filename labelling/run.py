"""One run from a source to its table: begin or go on, label with all workers, hand over whole.

The parts: sources.py lists, crew.py labels on an engine, journal.py keeps what is done, rows.py has the
columns. Writes beside the table: `TABLE.parts/` until it is whole, and `TABLE.summary.json` with it.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from labelling.crew import Crew, Say
from labelling.engine import Chunk, Hire, Orders
from labelling.errors import OtherRun, SourceChanged, TableUnusable
from labelling.journal import RESTART, Commit, Journal, NamesDigest, differences, parts_of
from labelling.parquet import from_csv
from labelling.processes import Processes
from labelling.rows import Form, column_types, columns, form_of
from labelling.sources import Item, Source
from labelling.tally import Tally
from model_store.files import flush_folder, write_whole
from model_store.local import LocalRelease

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Of pictures whose bytes travel with them, as those of a packed TAR do, and all on Ray."""

FORMAT: Final = 1
"""Of what is kept between runs; it is a number of its own, since others may read a summary."""

Watch = Callable[[int], None]
"""Told how many rows there are."""


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
    engine: Hire = Processes

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes."""
        return self.release.manifest.model.labels

    @property
    def summary(self) -> Path:
        """Where the summary of the finished table is."""
        return self.table.with_name(f"{self.table.name}.summary.json")

    def fingerprint(self) -> dict[str, Any]:
        """What has to stay the same for a run to be gone on with."""
        return {
            "format": FORMAT,
            "source": self.source.address,
            "stamp": self.source.stamp(),
            "version": self.release.version,
            "columns": columns(self.labels),
        }


@dataclass(frozen=True)
class Summary:
    """What a finished table says as a whole.

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
        restart: replace what is there, finished or not, whatever it is.

    Raises:
        LabellingError: see errors.py; what is done already stays for the next run.
        StoreError: the source lies in a store that does not answer.
    """
    form = form_of(job.table)
    if restart:
        _forget(job)
    elif (finished := _finished(job)) is not None:
        shutil.rmtree(parts_of(job.table), ignore_errors=True)
        return finished
    with Journal(job.table, form.written, job.fingerprint(), len(job.labels)) as journal:
        before = journal.done.rows
        if not journal.done.is_complete:
            _go_on(job, form, journal, watch, say)
        _hand_over(job, form, journal)
        shutil.rmtree(journal.folder, ignore_errors=True)  # else the next run removes it
    return Summary(journal.done.rows, before, journal.done.seconds, journal.done.tally)


def _forget(job: Job) -> None:
    """Remove what earlier runs left, but a finished table: that stays until it is replaced.

    Raises:
        TableUnusable: it cannot be removed.
    """
    _remove_summary(job)
    try:
        if parts_of(job.table).exists():
            shutil.rmtree(parts_of(job.table))
    except OSError as error:
        raise TableUnusable(f"{parts_of(job.table)}: cannot be removed ({error.strerror}).") from error


def _remove_summary(job: Job) -> None:
    try:
        job.summary.unlink(missing_ok=True)
    except OSError as error:
        raise TableUnusable(f"{job.summary}: cannot be replaced ({error.strerror}).") from error


def _finished(job: Job) -> Summary | None:
    """What is known of a table that is there already, if it is what this job would make.

    Raises:
        OtherRun: it is another one.
    """
    if not job.table.exists():
        return None
    is_unfinished = parts_of(job.table).exists()
    try:
        kept = json.loads(job.summary.read_bytes())
        others = differences(kept["fingerprint"], job.fingerprint())
        summary = Summary(kept["rows"], kept["rows"], kept["seconds"], Tally.from_json(kept["tally"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        if is_unfinished:
            return None
        raise OtherRun(
            f"{job.table}: is there already, without a summary of its origin. {RESTART}"
        ) from error
    if not others:
        return summary
    if is_unfinished:
        return None
    raise OtherRun(f"{job.table}: is there already, made with {others}. {RESTART}")


def _go_on(job: Job, form: Form, journal: Journal, watch: Watch, say: Say) -> None:
    _remove_summary(job)  # of an earlier table: from here on a summary is of this one
    items = job.source.items()
    journal.begin(form.head(job.labels), _skip(items, journal.done))
    watch(journal.done.rows)
    orders = Orders(job.source, job.release.folder, form)
    with job.engine(orders, job.workers) as engine:
        rows = journal.done.rows
        for chunk, labelled in Crew(engine, say).label(_chunks(engine.carried(items))):
            journal.append(chunk.items, labelled)
            rows += len(chunk.items)
            watch(rows)
    journal.commit(is_complete=True)


def _skip(items: Iterator[Item], done: Commit) -> NamesDigest:
    """Pass over the pictures that have a row already, and return the digest of their names.

    Raises:
        SourceChanged: they are not those that the source begins with.
    """
    names = NamesDigest()
    while batch := list(islice(items, min(1024, done.rows - names.count))):
        names = names.plus(batch)
    if names.hex() != done.names:
        raise SourceChanged(
            f"The source does not begin with the {done.rows:,} pictures that are labelled already: some were "
            f"added, removed or renamed. {RESTART}"
        )
    return names


def _chunks(items: Iterator[Item]) -> Iterator[Chunk]:
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


def _hand_over(job: Job, form: Form, journal: Journal) -> None:
    """Put the table in its place, whole, and the summary beside it.

    Raises:
        TableUnusable: they cannot be written, or the finished rows are gone.
    """
    if not journal.rows.exists() and not job.table.exists():
        raise TableUnusable(f"{job.table}: was finished, and is gone. {RESTART}")
    try:
        if journal.rows.exists():  # else it was moved already
            whole = journal.rows
            if form.suffix != form.written:
                whole = journal.folder / f"table{form.suffix}"
                from_csv(journal.rows, whole, column_types(job.labels))
            _flush(whole)
            whole.replace(job.table)
            flush_folder(job.table.parent)
        write_whole(job.summary, _summary_text(job, journal.done).encode())
    except OSError as error:
        raise TableUnusable(
            f"{error.filename2 or error.filename or job.table}: cannot be written ({error.strerror}). "
            "Every row is kept: the same command goes on."
        ) from error


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _summary_text(job: Job, done: Commit) -> str:
    summary = {
        "rows": done.rows,
        "seconds": done.seconds,
        "tally": done.tally.as_json(),
        "fingerprint": job.fingerprint(),
    }
    return json.dumps(summary, indent=1) + "\n"

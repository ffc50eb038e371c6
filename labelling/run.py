"""One run from a source to its table: list, label what has no row yet with all workers, write the table.

The parts: sources.py lists, pool.py labels on an engine, journal.py keeps the rows, table.py writes them.
Beside the table are `TABLE.sqlite`, the journal, and `TABLE.summary.json`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from inference.decision import Reason
from labelling.errors import OtherRun, TableUnusable, Unreadable
from labelling.items import Item, Source
from labelling.journal import RESTART, Journal, journal_of
from labelling.labeller import Setup
from labelling.pool import Chunk, MakeEngine, Say, WorkerPool
from labelling.processes import Processes
from labelling.table import DECIDED, PROBABILITY, Form, columns, form_of
from model_store.files import write_whole
from model_store.local import LocalRelease

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Of pictures: a few photos, so that a kill costs little, and where bytes travel, they take little memory."""

FORMAT: Final = 3
"""Of what is kept between runs."""

ACCEPT: Final = "accept"
OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unproven", "unfamiliar")
"""The reasons for a review; None is ACCEPT."""

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

    def fingerprint(self) -> dict[str, Any]:
        """What has to stay the same for rows to be kept."""
        return {
            "format": FORMAT,
            "source": self.source.address,
            "version": self.release.version,
            "columns": columns(self.labels),
        }


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `TABLE.summary.json` and `--json` say of a table.

    Attributes:
        source: its address.
        version: of the release.
        is_complete: it has a row for each picture of the source.
        rows_before: those that earlier runs had made.
        decided_by_person: those whose label people gave; the other figures are of the model's answers.
        seconds: that all runs took to label.
        review_share: of the answers, how many need a person.
        labels: for each label, in index order, the pictures with each outcome.
    """

    table: str
    source: str
    version: str
    is_complete: bool
    rows: int
    rows_before: int
    errors: int
    decided_by_person: int
    seconds: float
    review_share: float
    labels: dict[str, dict[str, int]]


def label(job: Job, watch: Watch, say: Say, *, restart: bool = False) -> Summary:
    """Label what has no row yet, and write the table, also when something ends the run.

    Every step can be repeated: after an interruption at any point the same call resumes.

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
    if job.table.exists() and not journal_of(job.table).exists() and not restart:
        raise OtherRun(
            f"{job.table}: is there already, and there is no {journal_of(job.table).name} with its rows. "
            f"{RESTART}"
        )
    with Journal(job.table, job.fingerprint(), restart=restart) as journal:
        try:
            _label_rest(job, form, journal, watch, say)
        except BaseException:
            with suppress(TableUnusable):  # the reason why it ended matters more
                export(job.table, journal, is_complete=False)
            raise
        return export(job.table, journal, is_complete=True)


def _label_rest(job: Job, form: Form, journal: Journal, watch: Watch, say: Say) -> None:
    rest = _without_row(job.source, journal)
    first = next(rest, None)
    if first is None:
        return
    with job.engine(Setup(job.source, job.release.folder, form), job.workers) as engine:
        chunks = _chunks(engine.carried(chain([first], rest)))
        for chunk, rows in WorkerPool(engine, say).label(chunks):
            journal.append(chunk, rows)
            watch(journal.kept + journal.added)


def _without_row(source: Source, journal: Journal) -> Iterator[Item]:
    """The pictures without a row of their present content, numbered; at the end, rows of gone pictures go.

    Where a folder could not be listed, none is known to be gone.
    """
    is_whole = True
    for number, found in enumerate(source.items()):
        item = found._replace(number=number)
        is_whole = is_whole and not isinstance(item.place, Unreadable)
        if not journal.holds(item):
            yield item
    if is_whole:
        journal.forget_unlisted()


def _chunks(items: Iterator[Item]) -> Iterator[Chunk]:
    """Group pictures that follow one another, by number and by weight."""
    batch: Chunk = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += item.weight
        if len(batch) == PICTURES_PER_CHUNK or weight >= BYTES_PER_CHUNK:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def export(table: Path, journal: Journal, *, is_complete: bool) -> Summary:
    """Write the table and its summary, unless the same are there already or there is no row yet.

    A complete table stays until there is another complete one: what lacks rows stands beside it meanwhile.

    Args:
        table: where the table goes.
        journal: of this table; its rows and people's answers.
        is_complete: there is a row for each picture of the source.

    Raises:
        TableUnusable: they cannot be written.
    """
    journal.commit()
    beside = partial_of(table)
    if not is_complete and _stands_complete(table):
        table = beside
    form, labels, answers = form_of(table), labels_of(journal), journal.answers()
    decided = {sha256: answer.label for sha256, answer in answers.items()}
    summary = _summary(table, journal, _answered(form, labels, journal, decided), is_complete=is_complete)
    place = summary_of(table)
    is_gone = not table.exists() or not place.exists()
    if not (journal.has_changed or is_gone) or not (is_complete or summary.rows):
        return summary
    try:
        place.unlink(missing_ok=True)  # what is there is of the table before
        if decided:
            form.write(table, labels, _decided(form, labels, journal, decided), DECIDED)
        else:
            form.write(table, labels, journal.lines())
        write_whole(place, (json.dumps(asdict(summary), indent=1) + "\n").encode())
    except OSError as error:
        file = error.filename2 or error.filename or table
        raise TableUnusable(
            f"{file}: cannot be written ({error.strerror}). Every row is kept: the same command resumes."
        ) from error
    if is_complete:
        journal.exported()
        for gone in (beside, summary_of(beside)):
            gone.unlink(missing_ok=True)
    return summary


def labels_of(journal: Journal) -> tuple[str, ...]:
    """The classes of the release that made a journal's rows."""
    names: list[str] = journal.begun["columns"]
    return tuple(name.removeprefix(PROBABILITY) for name in names if name.startswith(PROBABILITY))


def summary_of(table: Path) -> Path:
    """Where the summary of a table is."""
    return table.with_name(f"{table.name}.summary.json")


def partial_of(table: Path) -> Path:
    """Where the rows so far go while a complete table stands."""
    return table.with_stem(f"{table.stem}.unfinished")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_of(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError):
        return False


def _decided(
    form: Form, labels: Sequence[str], journal: Journal, decided: Mapping[str, str]
) -> Iterator[bytes]:
    """The rows with people's answers."""
    for line in journal.lines():
        sha256 = form.cells(line, labels)["sha256"]
        yield form.decided(line, labels, decided.get(sha256))


def _answered(form: Form, labels: Sequence[str], journal: Journal, decided: Mapping[str, str]) -> int:
    """How many rows people answered; copies of a picture are several."""
    if not decided:
        return 0
    return sum(form.cells(line, labels)["sha256"] in decided for line in journal.lines())


def _summary(table: Path, journal: Journal, answered: int, *, is_complete: bool) -> Summary:
    counts = Counter(journal.counts())
    outcomes: dict[str, dict[str, int]] = {
        label: {reason or ACCEPT: counts[label, reason] for reason in OUTCOMES}
        for label in labels_of(journal)
    }
    answers = sum(sum(counted.values()) for counted in outcomes.values())
    accepted = sum(counted[ACCEPT] for counted in outcomes.values())
    errors = counts[None, None]
    return Summary(
        table=str(table),
        source=journal.begun["source"],
        version=journal.begun["version"],
        is_complete=is_complete,
        rows=answers + errors,
        rows_before=journal.kept,
        errors=errors,
        decided_by_person=answered,
        seconds=journal.seconds,
        review_share=1 - accepted / answers if answers else 0.0,
        labels=outcomes,
    )

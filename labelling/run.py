"""One run from a source to its table: list, label what has no row yet with all workers, write the table.

The parts: sources.py lists, pool.py labels on an engine, journal.py keeps the rows, table.py writes them.
Beside the table are `TABLE.sqlite`, the journal, and `TABLE.summary.json`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

from inference.decision import Reason
from labelling.errors import OtherRun, TableUnusable, Unlistable
from labelling.items import Item, Source
from labelling.journal import RESTART, Journal, journal_of
from labelling.labeller import Setup
from labelling.pool import Chunk, MakeEngine, Say, WorkerPool
from labelling.processes import Processes
from labelling.table import (
    Categories,
    Form,
    category_columns,
    check_attributes,
    form_of,
    further_columns,
)
from model_store.files import write_whole
from model_store.local import LocalRelease
from reports.answers import CLASS

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Of pictures: a few photos, so that a kill costs little, and where bytes travel, they take little memory."""

CATEGORIES: Final = "categories"
"""What a journal calls those of the last run. Other ones change the table, and label nothing again."""

FORMAT: Final = 4
"""Of what is kept between runs."""

ACCEPT: Final = "accept"
REVIEW: Final = "review"
OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unproven", "unfamiliar")
"""The reasons for a review; None is ACCEPT."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Attributes:
        workers: how many, at least 1; None is one per core.
        engine: where they run.
        categories: of the platform; without them the table has no such columns.
    """

    source: Source
    table: Path
    release: LocalRelease
    workers: int | None = None
    engine: MakeEngine = Processes
    categories: Categories = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes."""
        return self.release.manifest.labels

    @property
    def further(self) -> dict[str, str]:
        """What the table calls the list's columns, by their names there; empty without a list."""
        return further_columns(self.source.columns, self.labels, tuple(self.attributes))

    @property
    def attributes(self) -> dict[str, list[str]]:
        """The labels of each attribute that one of the networks answers."""
        return {name: list(head.labels) for name, head in self.release.manifest.attributes.items()}

    @property
    def form(self) -> Form:
        """How the table is written.

        Raises:
            TableUnusable: see `form_of` and `check_attributes`.
        """
        check_attributes(self.labels, tuple(self.attributes))
        return form_of(self.table, self.further.values(), self.attributes)

    def fingerprint(self) -> dict[str, Any]:
        """What has to stay the same for rows to be kept."""
        return {
            "format": FORMAT,
            "source": self.source.address,
            "version": self.release.version,
            "labels": list(self.labels),
            "columns of the list": self.further,
            "attributes": self.attributes,
        }


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `TABLE.summary.json` and `--json` say of a table.

    Attributes:
        source: its address.
        version: of the release.
        is_complete: it has a row for each picture of the source.
        rows_before: those that earlier runs had made.
        rows_damaged: those of earlier runs that the journal had lost, and that were labelled again.
        first_error: the first picture that has one, and what it is; empty without errors.
        decided_by_person: those whose label people gave; the other figures are of the model's answers.
        seconds: that all runs took to label.
        review_share: of the answers, how many need a person.
        labels: for each label, in index order, the pictures with each outcome.
        columns: what the table calls the columns of the list, by their names there.
        categories: id and name of the platform's category, by label; empty for none.
        attributes: for each label of each attribute, the pictures with each decision.
    """

    table: str
    source: str
    version: str
    is_complete: bool
    rows: int
    rows_before: int
    rows_damaged: int
    errors: int
    first_error: str
    decided_by_person: int
    seconds: float
    review_share: float
    labels: dict[str, dict[str, int]]
    columns: dict[str, str]
    categories: Mapping[str, Sequence[str | None]]
    attributes: dict[str, dict[str, dict[str, int]]]


def label(job: Job, watch: Callable[[int, int], None], say: Say, *, restart: bool = False) -> Summary:
    """Label what has no row yet, and write the table, also when something ends the run.

    Every step can be repeated: after an interruption at any point the same call resumes.

    Args:
        job: what is to be done.
        watch: called with the number of rows, and of those that were there before, a few times a second.
        say: called with a sentence for each lost worker process, and for rows of an earlier release.
        restart: replace what is there, finished or not.

    Raises:
        LabellingError: see errors.py; what is done already stays for the next run.
        StoreError: the source lies in a store that does not answer.
    """
    form = job.form
    if job.table.exists() and not journal_of(job.table).exists() and not restart:
        raise OtherRun(
            f"{job.table}: is there already, and there is no {journal_of(job.table).name} with its rows. "
            f"{RESTART}"
        )
    with Journal(job.table, job.fingerprint(), restart=restart, supersedes=_is_older) as journal:
        if before := journal.superseded.get("version"):
            say(
                f"{job.table} is of release {before}: everything is labelled again by {job.release.version}. "
                f"The {len(journal.answers()):,} answers of people stay."
            )
        journal.keep(CATEGORIES, job.categories)
        try:
            _label_rest(job, form, journal, watch, say)
        except BaseException:
            with suppress(TableUnusable):  # the reason why it ended matters more
                export(job.table, journal, is_complete=False)
            raise
        return export(job.table, journal, is_complete=True)


def _is_older(begun: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether rows are of an earlier release with the same labels, perhaps fewer attributes, by its time."""
    free = {"version", "attributes"}
    alike = all(begun.get(name, {}) == value for name, value in now.items() if name not in free)
    alike = alike and begun.get("attributes", {}).items() <= now["attributes"].items()
    return alike and str(begun["version"]) < str(now["version"])


def _label_rest(job: Job, form: Form, journal: Journal, watch: Callable[[int, int], None], say: Say) -> None:
    rest = _without_row(job.source, journal)
    first = next(rest, None)
    if first is None:
        return
    with job.engine(Setup(job.source, job.release.folder, form), job.workers) as engine:
        chunks = _chunks(engine.carried(chain([first], rest)))
        for chunk, rows in WorkerPool(engine, say).label(chunks):
            journal.append(chunk, rows)
            watch(journal.kept + journal.added, journal.kept)


def _without_row(source: Source, journal: Journal) -> Iterator[Item]:
    """The pictures without a row of their present content, numbered; at the end, rows of gone pictures go.

    Where a folder could not be listed, none is known to be gone.
    """
    is_whole = True
    for number, found in enumerate(source.items()):
        item = found._replace(number=number)
        is_whole = is_whole and not isinstance(item.place, Unlistable)
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
    form, labels = form_of_journal(table, journal), heads_of(journal)[CLASS]
    decided: dict[str, dict[str, str]] = defaultdict(dict)
    for (sha256, head), answer in journal.answers().items():
        decided[sha256][head] = answer.label
    answered = _answered(form, labels, journal, decided)
    summary = _summary(table, form, journal, answered, is_complete=is_complete)
    place = summary_of(table)
    is_gone = not table.exists() or not place.exists()
    if not (journal.has_changed or is_gone) or not (is_complete or summary.rows):
        return summary
    try:
        place.unlink(missing_ok=True)  # what is there is of the table before
        categories = categories_of(journal)
        named = [head for head in heads_of(journal) if categories.get(head)]
        if more := (*(form.decided_columns if decided else ()), *category_columns(named)):
            form.write(table, labels, _completed(form, journal, more, decided, categories), more)
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


def heads_of(journal: Journal) -> dict[str, tuple[str, ...]]:
    """The labels of the release that made a journal's rows, by attribute; CLASS, the class, comes first."""
    # Earlier versions did not write of attributes.
    heads = {CLASS: journal.begun["labels"], **journal.begun.get("attributes", {})}
    return {head: tuple(labels) for head, labels in heads.items()}


def form_of_journal(table: Path, journal: Journal) -> Form:
    """How the table of a journal is written."""
    _, *attributes = heads_of(journal)
    return form_of(table, _columns_of(journal).values(), attributes)


def _columns_of(journal: Journal) -> dict[str, str]:
    # Earlier versions, which carried none, did not write this.
    found: dict[str, str] = journal.begun.get("columns of the list", {})
    return found


def categories_of(journal: Journal) -> Categories:
    """The platform's categories of a journal's labels, empty for none."""
    found: Categories = journal.begun.get(CATEGORIES, {})
    return found


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


def _completed(
    form: Form,
    journal: Journal,
    more: Sequence[str],
    decided: Mapping[str, Mapping[str, str]],
    categories: Categories,
) -> Iterator[bytes]:
    """The rows with people's answers, and with the platform's categories."""
    labels = heads_of(journal)[CLASS]
    for line in journal.lines():
        sha256 = form.cells(line, labels)["sha256"]
        yield form.completed(line, labels, more, decided.get(sha256, {}), categories)


def _first_error(form: Form, journal: Journal) -> str:
    cells = form.cells(journal.first_error(), heads_of(journal)[CLASS])
    return f"{cells['path']}: {cells['error']}"


def _answered(
    form: Form, labels: Sequence[str], journal: Journal, decided: Mapping[str, Mapping[str, str]]
) -> int:
    """How many rows have a class that people gave; copies of a picture are several."""
    if not decided:
        return 0
    cells = (form.cells(line, labels) for line in journal.lines())
    return sum(CLASS in decided.get(row["sha256"], {}) for row in cells)


def _of_attributes(form: Form, journal: Journal) -> dict[str, dict[str, dict[str, int]]]:
    heads = heads_of(journal)
    classes = heads.pop(CLASS)
    counts = Counter(
        (head, answer[0], answer[2])
        for line in (journal.lines() if heads else ())
        for head in heads
        if (answer := form.answer_of(line, classes, head))
    )
    return {
        head: {one: {ACCEPT: counts[head, one, True], REVIEW: counts[head, one, False]} for one in labels}
        for head, labels in heads.items()
    }


def _summary(table: Path, form: Form, journal: Journal, answered: int, *, is_complete: bool) -> Summary:
    counts = Counter(journal.counts())
    outcomes: dict[str, dict[str, int]] = {
        label: {reason or ACCEPT: counts[label, reason] for reason in OUTCOMES}
        for label in heads_of(journal)[CLASS]
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
        rows_damaged=journal.damaged,
        errors=errors,
        first_error=_first_error(form, journal) if errors else "",
        decided_by_person=answered,
        seconds=journal.seconds,
        review_share=1 - accepted / answers if answers else 0.0,
        labels=outcomes,
        columns=_columns_of(journal),
        categories=categories_of(journal).get(CLASS, {}),
        attributes=_of_attributes(form, journal),
    )

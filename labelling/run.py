"""One run from a source to its table: list, label what has no row yet with all workers, write the table.

The parts: sources.py lists, pool.py labels on an engine, journal.py keeps the rows, export.py writes them.
Beside the table are `TABLE.sqlite`, the journal, and `TABLE.summary.json`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

from labelling.errors import OtherRun, SourceUnusable, TableUnusable, Unlistable
from labelling.export import BY, CATEGORIES, NOTES, Summary, export
from labelling.files import Folder
from labelling.items import Item, Source
from labelling.journal import RESTART, Journal, journal_of
from labelling.labeller import Setup
from labelling.pool import Chunk, MakeEngine, Say, WorkerPool
from labelling.processes import Processes
from labelling.products import FOLDER, By, products_of, shown_by
from labelling.table import (
    Categories,
    Form,
    check_attributes,
    form_of,
    further_columns,
    path_in_table,
)
from model_store.errors import StoreError
from model_store.local import LocalRelease
from reports.values import report_of

PICTURES_PER_CHUNK: Final = 64
"""Pictures that travel to a worker at a time: 35 ms of work, so that handing them over costs little."""

BYTES_PER_CHUNK: Final = 4 << 20
"""Of pictures: a few photos, so that a kill costs little, and where bytes travel, they take little memory."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Attributes:
        workers: how many, at least 1; None is one per core.
        engine: where they run.
        categories: of the platform; without them the table has no such columns.
        column: of the list; photos that share it show one product. FOLDER of a folder, None without products.
    """

    source: Source
    table: Path
    release: LocalRelease
    workers: int | None = None
    engine: MakeEngine = Processes
    categories: Categories = field(default_factory=dict)
    column: str | None = None

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
    def learnt(self) -> tuple[str, ...]:
        """The attributes of which `wardrobe improve` learns corrections: those that its training named."""
        settings = self.release.manifest.training.get("settings")
        named = settings.get("attribute") if isinstance(settings, dict) else None
        return tuple(name for name in self.attributes if isinstance(named, list) and name in named)

    @property
    def form(self) -> Form:
        """How the table is written.

        Raises:
            TableUnusable: see `form_of` and `check_attributes`.
        """
        check_attributes(self.labels, tuple(self.attributes))
        return form_of(self.table, self.labels, self.further.values(), self.attributes)

    @property
    def by(self) -> By | None:
        """What says which photos show one product; None without products.

        Raises:
            ReportInvalid: what the release shows of products cannot be read.
        """
        if self.column is None:
            return None
        shown = list(shown_by(report_of(self.release)))
        if isinstance(self.source, Folder):
            return By(FOLDER, path_in_table(self.source.path), shown)
        return By(self.further[self.column], None, shown)

    def fingerprint(self) -> dict[str, Any]:
        """What has to stay the same for rows to be kept."""
        return {
            "source": self.source.address,
            "version": self.release.version,
            "labels": list(self.labels),
            "columns of the list": self.further,
            "attributes": self.attributes,
        }


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
    form, products = job.form, products_of(job.table)
    replaced = [job.table, products] if job.by else [job.table]
    if own := next((one for one in replaced if one.resolve() == Path(job.source.address).resolve()), None):
        raise OtherRun(f"{own}: is the list itself, and would be replaced. Name another table with --out.")
    if job.table.exists() and not journal_of(job.table).exists() and not restart:
        raise OtherRun(
            f"{job.table}: is there already, and there is no {journal_of(job.table).name} with its rows. "
            f"{RESTART}"
        )
    with Journal(job.table, job.fingerprint(), restart=restart, supersedes=_is_older) as journal:
        if journal.kept_as:
            say(
                f"{journal.path} is damaged, or of an earlier version: it is kept as {journal.kept_as.name}, "
                f"{journal.recovered:,} answers of people came over, and everything is labelled again."
            )
        if (before := journal.superseded.get("version")) and not restart:
            say(
                f"{job.table} is of release {before}: everything is labelled again by {job.release.version}. "
                f"The {len(journal.answers()):,} answers of people stay."
            )
        had_products = {**journal.superseded, **journal.begun}.get(BY)
        if job.by and not had_products and products.exists():
            raise OtherRun(
                f"{products}: is there already, and the products of {job.table} would replace it. Name "
                "another table with --out, or move that file away."
            )
        journal.keep(CATEGORIES, job.categories)
        journal.keep(NOTES, list(job.source.notes))
        if had_products and not job.by and products.resolve() != Path(job.source.address).resolve():
            products.unlink(missing_ok=True)
        journal.keep(BY, job.by._asdict() if job.by else {})
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
    alike = all(begun.get(name) == value for name, value in now.items() if name not in free)
    alike = alike and begun["attributes"].items() <= now["attributes"].items()
    return alike and str(begun["version"]) < str(now["version"])


def _label_rest(job: Job, form: Form, journal: Journal, watch: Callable[[int, int], None], say: Say) -> None:
    ended_by = list[SourceUnusable | StoreError]()
    rest = _until_damage(_without_row(job.source, journal), ended_by)
    if (first := next(rest, None)) is not None:
        with job.engine(Setup(job.source, job.release.folder, form), job.workers) as engine:
            chunks = _chunks(engine.carried(chain([first], rest)))
            for chunk, rows in WorkerPool(engine, say).label(chunks):
                journal.append(chunk, rows)
                watch(journal.kept + journal.added, journal.kept)
    for error in ended_by:
        raise error


def _until_damage(items: Iterator[Item], ended_by: list[SourceUnusable | StoreError]) -> Iterator[Item]:
    """What a source lists; what ends that early is kept: the pictures before are labelled first."""
    try:
        yield from items
    except (SourceUnusable, StoreError) as error:
        ended_by.append(error)


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

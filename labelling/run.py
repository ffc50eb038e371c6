"""One run from a source to its table: list, label what has no row yet with all workers, write the table.

The parts: sources/ lists, workers/ labels on an engine, journal_rows.py keeps both, row_decision.py decides,
and summary.py writes what was decided. Beside the table are `TABLE.sqlite`, the journal, and
`TABLE.summary.json`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from inference.contract import LABEL, NetworkName
from inference.language_files import language_name
from inference.title_rule import MinimumShares
from labelling.columns import check_attributes, name_list_columns
from labelling.decisions import COUNT_OUTDATED_ANSWERS, Decisions
from labelling.errors import OutputUnusable, SourceUnusable, TableUnusable
from labelling.feeds import feed_files
from labelling.items import Item, Source
from labelling.journal import EXPORTED, Journal, journal_path
from labelling.journal_rows import RunListing
from labelling.outputs import check_new, check_own, claim_files
from labelling.product_answers import find_likely_heads, find_proven_heads
from labelling.rows import make_table_path
from labelling.run_settings import FOLDER, Categories, ProductGrouping, RunSettings
from labelling.sources.picture_files import Folder
from labelling.summary import Summary, table_files, write_tables, write_unfinished_tables
from labelling.table import check_form
from labelling.titles import OFF
from labelling.workers.labeller import Engine, Say, Setup
from labelling.workers.process_engine import label_on_processes
from model_store.errors import StoreError
from model_store.local_releases import LocalRelease
from reports.values import report_of
from reports.word_figures import minimum_shares_of


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Attributes:
        workers: how many, at least 1; None is one per core.
        engine: where they run.
        categories: of the platform; without them the table has no such columns.
        column: of the list; photos that share it show one product. FOLDER of a folder, None without products.
        language, title: see RunSettings.
        feed: the platform whose feed is written of the tables; empty for none.
        options: of the command line, which the journal keeps for the next one.
    """

    source: Source
    table: Path
    release: LocalRelease
    workers: int | None = None
    engine: Engine = label_on_processes
    categories: Categories = field(default_factory=dict)
    column: str | None = None
    language: str = ""
    title: str = ""
    feed: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def tables(self) -> list[Path]:
        """The files of its tables."""
        return table_files(self.table, has_products=self.column is not None)

    @property
    def files(self) -> list[Path]:
        """All that is named after the table."""
        return [*self.tables, *feed_files(self.table, self.feed)]

    @property
    def learnt_attributes(self) -> tuple[str, ...]:
        """See `find_learnt_attributes`."""
        return find_learnt_attributes(self.release, self.settings)

    @cached_property
    def settings(self) -> RunSettings:
        """What its rows are of.

        Raises:
            TableUnusable: see `check_attributes`.
            ReportInvalid: what the release shows of products cannot be read.
        """
        manifest = self.release.manifest
        attributes = {name: tuple(head.labels) for name, head in manifest.attributes.items()}
        check_attributes(manifest.labels, tuple(attributes))
        return RunSettings(
            source=self.source.address,
            version=self.release.version,
            heads={LABEL: tuple(manifest.labels), **attributes},
            further=name_list_columns(self.source.columns, manifest.labels, attributes),
            categories=self.categories,
            by=self._by(),
            notes=tuple(self.source.notes),
            language=self.language,
            title=self.title,
            shares=self._shares(),
        )

    def _shares(self) -> MinimumShares:
        """Of the network that answers photos; what it does not answer is held against the words alone."""
        networks = self.release.manifest.networks
        name: NetworkName = "photos" if "photos" in networks else next(iter(networks))
        return minimum_shares_of(report_of(self.release).words, name)

    def _by(self) -> ProductGrouping | None:
        if self.column is None:
            return None
        folder = make_table_path(self.source.word) if isinstance(self.source, Folder) else None
        report = report_of(self.release)
        return ProductGrouping(
            column=FOLDER if folder else self.column,
            folder=folder,
            proven=find_proven_heads(report),
            likely=find_likely_heads(report),
        )


def find_learnt_attributes(release: LocalRelease, run: RunSettings) -> tuple[str, ...]:
    """The attributes of which `wardrobe improve` learns corrections: those that the training named."""
    settings = release.manifest.training.get("settings")
    named = settings.get("attribute") if isinstance(settings, dict) else None
    return tuple(name for name in run.attributes if isinstance(named, list) and name in named)


@contextmanager
def labelled(
    job: Job,
    watch: Callable[[int, int], None],
    say: Say,
    *,
    restart: bool = False,
    take: Callable[[Journal], None] = lambda _: None,
) -> Iterator[tuple[Decisions, Summary]]:
    """Label what has no answer yet, and write the table, also when something ends the run.

    Every step can be repeated: after an interruption at any point the same call resumes.

    Args:
        job: what is to be done.
        watch: called with the number of rows, and of those that were there before, a few times a second.
        say: called with a sentence for each lost worker process, and for rows of an earlier release.
        restart: replace what is there, finished or not.
        take: puts people's answers into the journal, before anything is written.

    Yields:
        what is decided, of which further outputs are written, and the summary.

    Raises:
        LabellingError: see errors.py; what is done already stays for the next run.
        StoreError: the source lies in a store that does not answer.
        SourceUnusable: it lists no picture; the journal and the table are not touched.
    """
    check_form(job.table)
    if not journal_path(job.table).exists():
        check_new(job.table, job.files)
    _check_lists_pictures(job)
    with Journal(job.table, job.settings, restart=restart) as journal:
        if restart or journal.known_hashes is None:
            claim_files(journal, job.files if restart else job.tables)
        check_own(journal, job.files)
        journal.keep_options(job.options)
        _say_what_became(journal, job, say)
        listing = RunListing(journal, job.settings)
        try:
            _label_rest(job, listing, watch, say)
        except BaseException:
            with suppress(TableUnusable, OutputUnusable):  # the reason why it ended matters more
                write_unfinished_tables(job.table, listing, journal)
            raise
        listing.make_current()
        take(journal)
        decisions = Decisions(journal)
        if journal.state != EXPORTED:
            _keep_words(decisions, say)
        _say_what_holds_no_more(journal, say)
        yield decisions, write_tables(job.table, decisions, kept=listing.kept_count)


def _check_lists_pictures(job: Job) -> None:
    """Refuse a source without pictures, such as a folder that is not mounted, before the journal is opened.

    Raises:
        SourceUnusable: it lists none.
    """
    if next(job.source.items(), None) is None:
        stays = f" {job.table} stays as it was." if job.table.exists() else ""
        raise SourceUnusable(f"{job.source.word} lists no picture.{stays}")


def _say_what_became(journal: Journal, job: Job, say: Say) -> None:
    """What a person should know of the answers of earlier runs."""
    if journal.recovered_count is not None:
        say(
            f"{journal.path} is of version 2.0.0: {journal.recovered_count:,} answers of people came over, "
            "and its pictures are labelled once more."
        )
    if journal.is_superseded and journal.earlier_settings:
        say(
            f"{job.table} is of release {journal.earlier_settings.version}: everything is labelled again by "
            f"{job.release.version}. The {len(journal.read_human_answers()):,} answers of people stay."
        )


def _keep_words(decisions: Decisions, say: Say) -> None:
    """Keep how the words of the list are read, and name the language and columns where they were others."""
    journal, now = decisions.journal, decisions.list_words
    before = journal.earlier_settings.list_words if journal.earlier_settings else None
    if before and now.titles != before.titles:
        names, earlier = (", ".join(words.titles) or "none" for words in (now, before))
        say(f"The column of titles is {names}, and was {earlier} before.")
    if before and now.language != before.language and OFF not in {now.language, before.language}:
        names, earlier = (language_name(words.language) for words in (now, before))
        as_before = (
            f" --language {before.language} reads them as before." if before.is_read and now.is_read else ""
        )
        say(f"The titles of the list are read as {names}, and were as {earlier} before.{as_before}")
    journal.keep_settings(decisions.settings)


def _say_what_holds_no_more(journal: Journal, say: Say) -> None:
    """Count the answers to products whose photos are others now."""
    if journal.settings.by and (gone := journal.query_value(COUNT_OUTDATED_ANSWERS)):
        say(
            f"{gone:,} answers of people are to photos that their products have no more. They count for no "
            "product, which a sheet asks about again."
        )


def _label_rest(job: Job, listing: RunListing, watch: Callable[[int, int], None], say: Say) -> None:
    ended_by = list[SourceUnusable | StoreError]()
    rest = _until_damage(listing.list_items(job.source.items()), ended_by)
    if (first := next(rest, None)) is not None:
        setup = Setup(job.source, job.release.folder)
        with closing(job.engine(setup, chain([first], rest), job.workers, say)) as answers:
            for chunk, rows in answers:
                listing.keep_answers(chunk, rows)
                watch(listing.done_count, listing.kept_count)
    for error in ended_by:
        raise error


def _until_damage(items: Iterator[Item], ended_by: list[SourceUnusable | StoreError]) -> Iterator[Item]:
    """What a source lists; what ends that early is kept: the pictures before are labelled first."""
    try:
        yield from items
    except (SourceUnusable, StoreError) as error:
        ended_by.append(error)

"""A job: the inputs, outputs and options of one run of `wardrobe label`, checked before the run begins.

A caller makes a `LabellingJob` from its command line, and gives it to `run_labelling`. The job knows the
paths of all files that the run will write. It also makes the settings that the journal (the SQLite file
beside the table) keeps. Some of these come from the release's report, which has the measured accuracy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from inference.contract import LABEL, NetworkName
from inference.posterior import compute_general_shares
from inference.words.kinds import KIND
from labelling.decide.product_answers import find_feed_thresholds, find_proven_heads
from labelling.lists.own_words import ShopWord
from labelling.lists.words_file import make_shop_words_path
from labelling.review.corrections import CorrectionFileAnswers
from labelling.review.questions import SheetSettings
from labelling.rows import make_table_path
from labelling.run_settings import FOLDER_COLUMN, HeadCategories, ProductGrouping, RunSettings
from labelling.sources.items import Source
from labelling.sources.picture_files import FolderSource
from labelling.workers.labeller import Engine
from labelling.workers.process_engine import label_on_processes
from labelling.write.columns import check_attributes, name_list_columns
from labelling.write.feed_files import list_feed_files
from labelling.write.run_tables import list_table_files
from model_store.local_releases import LocalRelease
from model_store.release_files import REPORT_FILE
from reports.values import Report, read_report
from reports.word_comparison import check_word_numbers
from reports.word_figures import read_formula_figures


@dataclass(frozen=True, kw_only=True)
class LabellingJob:
    """The inputs, outputs and options of one labelling run, read and checked before it begins.

    Attributes:
        source: the pictures, for example those in a folder or in a shop's list.
        table: the path of the table, the file of results, such as `labels.csv`.
        release: the release whose networks label the pictures.
        worker_count: the number of workers, at least 1; None for one per core.
        engine: the engine that the workers run on.
        categories: the category of a sales platform, such as Google's 1581 for skirts, for each label; empty
            to write no such columns.
        product_column: the column of the list that names products; FOLDER_COLUMN if each folder of pictures
            is a product; None if photos are not grouped into products.
        language: the code of the language of the list's titles, such as `de`, or LANGUAGE_OFF; empty to find
            the language.
        title_column: the column of the list with titles; empty to find it.
        colour_column: the column of the list with colours; empty to find it.
        gender: the gender of products for which the list names none; empty for none.
        age_group: the age group of products for which the list names none; empty for none.
        options: the options of the command line, which the journal keeps for the next command.
        is_restart: whether all pictures are labelled again, and existing outputs are replaced.
        corrections: the answers of people from files of corrections; None if no file is given.
        sheet_settings: the settings of the review sheet to write, the page on which people answer; None for
            none.
        sorted_folder: the folder that pictures are sorted into; None for none.
        feed_platform: the platform, such as Shopify, for which an import file is written; empty for none.
        own_words: the rows of the file in which the shop explains its own words (`Gömlek`: shirt).
        words_file: the path of that file; None if the rows are taken from the last run.
        feed_advice: the sentence that says how to fill an import file that would be empty.
    """

    source: Source
    table: Path
    release: LocalRelease
    worker_count: int | None = None
    engine: Engine = label_on_processes
    categories: HeadCategories = field(default_factory=dict)
    product_column: str | None = None
    language: str = ""
    title_column: str = ""
    colour_column: str = ""
    gender: str = ""
    age_group: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    is_restart: bool = False
    corrections: CorrectionFileAnswers | None = None
    sheet_settings: SheetSettings | None = None
    sorted_folder: Path | None = None
    feed_platform: str = ""
    own_words: tuple[ShopWord, ...] = ()
    words_file: Path | None = None
    feed_advice: str = ""

    @property
    def table_paths(self) -> list[Path]:
        """The paths of the table of photos, of the table of products if there is one, and of the summary."""
        return list_table_files(self.table, has_products=self.product_column is not None)

    @property
    def output_paths(self) -> list[Path]:
        """The paths of all files whose names come from the table's name, such as `labels-google.csv`.

        They are the tables and the summary, the import files for a platform, and with corrections the file of
        the shop's own words.
        """
        words = [make_shop_words_path(self.table)] if self.corrections is not None else []
        return [*self.table_paths, *list_feed_files(self.table, self.feed_platform), *words]

    @cached_property
    def settings(self) -> RunSettings:
        """The settings of this run that decide the content of the table, as the journal file keeps them.

        Raises:
            TableUnusable: an attribute of the release has the name of another column of the table.
            ReportInvalid: the report of the release cannot be read.
            ReleaseCorrupt: a threshold or a factor of words is outside of its range.
        """
        manifest = self.release.manifest
        report = read_report(self.release)
        check_word_numbers(report.words, f"{self.release.folder}/{REPORT_FILE}")
        # The network for photos answers a catalogue, and the one for 28 x 28 pixels only if there is no
        # other.
        network: NetworkName = "photos" if "photos" in manifest.networks else next(iter(manifest.networks))
        photo_counts = _count_photos_of_kinds(report)
        attributes = {name: tuple(head.labels) for name, head in manifest.attributes.items()}
        check_attributes(manifest.labels, tuple(attributes))
        return RunSettings(
            source=self.source.address,
            version=self.release.version,
            heads={LABEL: tuple(manifest.labels), **attributes},
            further=name_list_columns(self.source.columns, manifest.labels, attributes),
            categories=self.categories,
            by=self._make_grouping(),
            notes=tuple(self.source.notes),
            language=self.language,
            title=self.title_column,
            colour=self.colour_column,
            gender=self.gender,
            age_group=self.age_group,
            figures=read_formula_figures(report.words, network),
            general_shares=compute_general_shares(photo_counts, attributes.get(KIND, ())),
            own_words=self.own_words,
        )

    def _make_grouping(self) -> ProductGrouping | None:
        if self.product_column is None:
            return None
        # In the form in which the table has it, since products are compared with the paths there.
        folder = make_table_path(self.source.source_word) if isinstance(self.source, FolderSource) else None
        report = read_report(self.release)
        return ProductGrouping(
            column=FOLDER_COLUMN if folder else self.product_column,
            folder=folder,
            proven=find_proven_heads(report),
            likely=find_feed_thresholds(report),
        )


def _count_photos_of_kinds(report: Report) -> dict[str, int]:
    """Return how many photos of each kind of garment a report measured, such as {"dress": 310}."""
    if KIND not in report.attributes:
        return {}
    return {kind: figures.n for kind, figures in report.attributes[KIND].labels.items()}


def list_trainable_attributes(release: LocalRelease) -> tuple[str, ...]:
    """Return the attributes, such as `colour`, whose corrections `wardrobe improve` can use for training.

    An attribute of the release that its training did not name is left out.
    """
    settings = release.manifest.training.get("settings")
    learnt_names = settings.get("attribute") if isinstance(settings, dict) else None
    if not isinstance(learnt_names, list):
        return ()
    return tuple(name for name in release.manifest.attributes if name in learnt_names)

"""Read the command line of `label` into a job, and check everything that can be checked before the work.

A job has all inputs and outputs of one run. A command without SOURCE uses source, options and release of the
last run for the same table, from the journal, which is an SQLite file beside the table. The journal has full
paths, so such a command works from any folder.
"""

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.prediction.platform_categories import CategoriesMismatch, read_release_categories
from app.settings import read_command_settings
from app.web.translations import TRANSLATIONS
from inference.contract import LABEL
from labelling.decide.product_answers import check_has_folders, check_list_column, resolve_grouping_column
from labelling.decide.row_decision import find_colour_head
from labelling.job import LabellingJob, list_trainable_attributes
from labelling.journal.journal_file import make_journal_path
from labelling.lists.list_reading import ListOptions
from labelling.lists.own_words import ShopWord
from labelling.lists.words_file import make_shop_words_path, read_shop_words
from labelling.review.corrections import CorrectionFileAnswers, read_all_corrections
from labelling.review.questions import SheetSettings
from labelling.review.sheet import EXPORT_FILE_NAME
from labelling.rows import Category
from labelling.run_settings import FOLDER_COLUMN, HeadCategories, RunSettings
from labelling.sources.items import Source
from labelling.sources.source_opening import open_source
from labelling.workers.labeller import Engine
from labelling.workers.process_engine import label_on_processes
from labelling.workers.ray_engine import label_on_ray
from labelling.write.feed_files import list_feed_files, mention_earlier_feed
from labelling.write.feeds import require_feed_attribute
from labelling.write.outputs import check_no_pictures, check_outputs, list_source_inputs
from labelling.write.run_tables import list_table_files
from labelling.write.sorted_folders import check_sorted_folder
from labelling.write.taxonomies import TAXONOMY_PLATFORMS, find_platform_categories
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release
from scripts.console import get_program_name, print_message
from scripts.label_last_run import check_run_unchanged, fill_in_arguments, list_journal_options

REVIEW_LIMIT: Final = 1000
"""Default of --review-limit: so many pictures on a page are a few megabytes, and take a person an hour."""


ENGINES_BY_NAME: Final[dict[str, Engine]] = {"processes": label_on_processes, "ray": label_on_ray}
"""Functions that label pictures in parallel, by the values of --engine."""


def read_labelling_job(arguments: argparse.Namespace) -> LabellingJob:
    """Return the settings and inputs of a labelling run, after all checks that are possible before the work.

    Args:
        arguments: the parsed arguments of `wardrobe label`. Missing ones are filled in from the last run of
            the table.

    Raises:
        LabellingError: the source, an output, a correction or an option cannot be used.
        StoreError: the release cannot be used.
    """
    last_settings = fill_in_arguments(arguments)
    _check_product_options(arguments)
    place = _find_source_place(arguments)
    if arguments.into:
        check_sorted_folder(arguments.into, place)
    release = find_release(arguments.model, read_command_settings().cache_dir)
    # Outputs before the source: a list may take long to read, and must not be overwritten.
    taxonomy = arguments.taxonomy or read_command_settings().taxonomy
    word_files = [arguments.own_words] if arguments.own_words else []
    read_files = (*list_source_inputs(place), release.folder, taxonomy, *arguments.corrections, *word_files)
    check_outputs(_list_outputs(arguments), filter(None, read_files))
    source = _open_named_source(arguments)
    column = None if arguments.by is None else resolve_grouping_column(source, arguments.by)
    if not arguments.restart:
        check_run_unchanged(arguments, last_settings, release.version, column)
    # A table that 2.0.0 made of such a folder still takes corrections, whose command names no SOURCE.
    if column == FOLDER_COLUMN and not arguments.by and not arguments.has_no_source:
        check_has_folders(source)
    if arguments.feed:
        with mention_earlier_feed(arguments.out, arguments.feed):
            require_feed_attribute(arguments.feed, source.columns, release.manifest.attributes)
    return LabellingJob(
        source=source,
        product_column=column,
        table=arguments.out,
        release=release,
        worker_count=arguments.workers,
        engine=ENGINES_BY_NAME[arguments.engine or "processes"],
        categories=_read_named_categories(arguments.taxonomy, release),
        language=arguments.language or "",
        title_column=check_list_column(source, arguments.title_column or "", "--title-column"),
        colour_column=check_list_column(source, arguments.colour_column or "", "--colour-column"),
        gender=arguments.gender or "",
        age_group=arguments.age_group or "",
        options=list_journal_options(arguments),
        is_restart=arguments.restart,
        corrections=_read_named_corrections(arguments, release) if arguments.corrections else None,
        sheet_settings=_read_sheet_settings(arguments, release) if arguments.review else None,
        sorted_folder=arguments.into,
        feed_platform=arguments.feed or "",
        own_words=_read_own_words(arguments, last_settings),
        words_file=arguments.own_words,
        feed_advice=describe_missing_colours(arguments),
    )


def _check_product_options(arguments: argparse.Namespace) -> None:
    """End the command with an error of usage if an option needs products, or --into has some."""
    if arguments.feed and arguments.by is None:
        arguments.error(
            f"--feed writes one row for each product, so it needs --by COLUMN{_suggest_list(arguments)}"
        )
    if (arguments.gender or arguments.age_group) and arguments.by is None:
        arguments.error("--gender and --age-group fill the table of products, which needs --by COLUMN")
    if arguments.into and arguments.by is not None:
        arguments.error("--by and --by-folder do not go with --into, which sorts photos")


def _find_source_place(arguments: argparse.Namespace) -> str:
    """Return SOURCE as this process can open it. A stored path is relative to the folder of that command."""
    is_in_s3 = arguments.source.startswith("s3://")
    return arguments.source if is_in_s3 else str(Path(arguments.source_folder, arguments.source))


def _suggest_list(arguments: argparse.Namespace) -> str:
    """Return the end of a message about a missing column: how to write a list, if SOURCE is a folder."""
    if not Path(_find_source_place(arguments)).is_dir():
        return ""
    words = ["label", arguments.source, "--write-list", "list.csv"]
    return f". A folder has no columns; a list of it has: {get_program_name()} {shlex.join(words)}"


def _open_named_source(arguments: argparse.Namespace) -> Source:
    """Open the pictures of SOURCE, with the options by which a list is read."""
    reading = replace(
        ListOptions.read_arguments(arguments),
        product_column=arguments.by or "",
        named_columns=tuple(filter(None, (arguments.title_column, arguments.colour_column))),
    )
    hosts = tuple((host, port) for host, port in arguments.allow_host or ())
    return open_source(arguments.source, hosts, reading, arguments.source_folder)


def _read_own_words(arguments: argparse.Namespace, last_settings: RunSettings | None) -> tuple[ShopWord, ...]:
    """Return what the shop means by its own words: from the file of --words, or else from the last run.

    The last run is used only if no SOURCE is named.
    """
    if arguments.own_words:
        return read_shop_words(arguments.own_words, ListOptions.read_arguments(arguments), print_message)
    return last_settings.own_words if last_settings and arguments.has_no_source else ()


def _list_outputs(arguments: argparse.Namespace) -> list[Path]:
    """Return all files that the run writes: the table, files that are named after it, and the journal."""
    journal = make_journal_path(arguments.out)
    outputs = [
        *(journal, journal.with_name(f"{journal.name}-journal")),
        *list_table_files(arguments.out, has_products=arguments.by is not None),
        *list_feed_files(arguments.out, arguments.feed or ""),
    ]
    if arguments.corrections:
        outputs.append(make_shop_words_path(arguments.out))
    if arguments.review:
        outputs.append(arguments.review)
    check_no_pictures(outputs)
    return outputs


def _read_named_corrections(arguments: argparse.Namespace, release: LocalRelease) -> CorrectionFileAnswers:
    """Read the files of --corrections, whose labels must be those of the release."""
    attributes = {name: head.labels for name, head in release.manifest.attributes.items()}
    reading = ListOptions.read_arguments(arguments).correction_options
    return read_all_corrections(
        arguments.corrections, release.manifest.labels, attributes, reading, print_message
    )


def _read_sheet_settings(arguments: argparse.Namespace, release: LocalRelease) -> SheetSettings:
    """Return the settings of the review sheet that the options --review, --audit and --feed ask for."""
    return SheetSettings(
        page_path=arguments.review,
        question_limit=arguments.review_limit,
        audit_size=arguments.audit,
        attributes=list_trainable_attributes(release),
        feed_attribute=find_colour_head(release.manifest.attributes) if arguments.feed else "",
        translations=TRANSLATIONS,
        command=f"{get_program_name()} {make_corrections_command(arguments)}",
    )


def make_corrections_command(arguments: argparse.Namespace) -> str:
    """Return the words after `wardrobe` of a command that takes in the answers of a review sheet.

    The command writes the sheet and the feed again, so that they have the answers, too.

    Args:
        arguments: the arguments of the run that wrote the sheet.
    """
    words = ["label", "--corrections", EXPORT_FILE_NAME, "--out", str(arguments.out)]
    if arguments.review:
        words += ["--review", str(arguments.review)]
    if arguments.audit is not None:
        words += ["--audit", str(arguments.audit)]
    if arguments.review_limit != REVIEW_LIMIT:
        words += ["--review-limit", str(arguments.review_limit)]
    if arguments.feed:
        words += ["--feed", arguments.feed]
    return shlex.join(words)


def make_sheet_command(arguments: argparse.Namespace) -> str:
    """Return the words after `wardrobe` of a command that repeats a run and writes a review sheet.

    Args:
        arguments: the arguments of the run, which wrote no sheet.
    """
    words = [word for word in arguments.words if word not in ("--restart", "--json")]
    # The folder of --into is filled now, and would be refused.
    kept_words = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if "--into" not in (before, word) and not word.startswith("--into=")
    ]
    return shlex.join(["label", "--review", "sheet.html", *kept_words])


def describe_missing_colours(arguments: argparse.Namespace) -> str:
    """Return a sentence that tells how a person can add the missing colours of a feed.

    Args:
        arguments: the arguments of the run that wrote the feed.

    Returns:
        The part of the review sheet to answer, or without a sheet a command to paste that writes one.
    """
    if arguments.review:
        return f'Answer "Colours for the feed" in {arguments.review}, then run the command after `Later:`.'
    return f"A sheet asks for them: {get_program_name()} {make_sheet_command(arguments)}"


def _read_named_categories(file_or_platform: str | None, release: LocalRelease) -> HeadCategories:
    """Return the platform's category of each label, as its id and name; empty without a file or platform.

    Args:
        file_or_platform: the value of --taxonomy: a JSON file, or one of TAXONOMY_PLATFORMS. None for the
            file of the setting WARDROBE_TAXONOMY, if there is one.

    Raises:
        CategoriesMismatch: the file has other labels than the release.
        SettingsError: the file cannot be read or is not valid.
    """
    manifest = release.manifest
    if file_or_platform in TAXONOMY_PLATFORMS:
        attributes = {name: head.labels for name, head in manifest.attributes.items()}
        return find_platform_categories(file_or_platform, {LABEL: manifest.labels, **attributes})
    if (file := Path(file_or_platform) if file_or_platform else read_command_settings().taxonomy) is None:
        return {}
    try:
        mapping = read_release_categories(file, manifest.labels, manifest.version, manifest.attributes)
    except CategoriesMismatch as error:
        other_file_hint = "--taxonomy FILE names another file"
        raise CategoriesMismatch(
            f"{error} {other_file_hint}."
            if file_or_platform
            else f"{error} {other_file_hint}, and WARDROBE_TAXONOMY= before the command leaves the "
            "categories out."
        ) from error
    categories = mapping.localize_categories(None)
    heads = {LABEL: (manifest.labels, categories.classes)}
    heads |= {
        name: (manifest.attributes[name].labels, attribute_categories)
        for name, attribute_categories in categories.attributes.items()
    }
    return {
        head: {
            label: _parse_category(category) for label, category in zip(labels, label_categories, strict=True)
        }
        for head, (labels, label_categories) in heads.items()
    }


def _parse_category(category: Mapping[str, object]) -> Category:
    """Return the id and the name of a category as texts; None for what the file leaves open."""
    return _format_text(category["id"]), _format_text(category["name"])


def _format_text(value: object) -> str | None:
    return None if value is None else str(value)

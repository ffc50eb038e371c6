"""Take options of `wardrobe label` from the last run for the same table, and store them for the next one.

A journal, which is an SQLite file beside the table, has the options of the last run with absolute paths. So a
command that names no SOURCE works from any folder.
"""

import argparse
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from labelling.errors import CorrectionsUnusable, RunMismatch, TableUnusable
from labelling.journal.journal_file import Journal, make_journal_path
from labelling.run_settings import RunSettings
from labelling.write.table import choose_table_format
from labelling.write.taxonomies import TAXONOMY_PLATFORMS
from model_store.named_release import parse_store_address
from model_store.release_files import expand_home

JOURNAL_OPTIONS: Final = (
    *("source", "by", "language", "title_column", "colour_column", "taxonomy", "allow_host", "engine"),
    *("gender", "age_group"),
    *("path_column", "root", "encoding", "skip_bad_rows"),
)
"""Options that are stored in the journal of a table, together with the model. A later command for the table
that names no SOURCE uses the stored values."""


def fill_in_arguments(arguments: argparse.Namespace) -> RunSettings | None:
    """Set missing arguments, in place, to those of the last run of the table, if SOURCE is not named.

    Returns:
        The settings of that run, also if SOURCE is named; None if there was no run, or if --restart replaces
        its table.

    Raises:
        TableUnusable: no SOURCE is named, and there is no last run that has one.
        RunMismatch: no SOURCE is named, and the journal of the last run cannot be read.
    """
    table = arguments.out
    choose_table_format(table)
    has_journal = make_journal_path(table).exists()
    if arguments.source is None and not has_journal:
        raise TableUnusable(
            f"{table} was not made by `wardrobe label`: {make_journal_path(table).name} is missing. Label "
            "first, or name the SOURCE, too."
        )
    last_settings = None
    options = dict[str, Any]()
    # If SOURCE is named, a damaged journal is no error here. The run reports it, and --restart replaces it.
    with suppress(TableUnusable, RunMismatch) if arguments.source or arguments.restart else ExitStack():
        if has_journal and (arguments.source is None or not arguments.restart):
            with Journal(table) as journal:
                last_settings = journal.earlier_settings
                options = dict(journal.options)
    has_no_source = arguments.has_no_source = arguments.source is None
    for name in JOURNAL_OPTIONS if has_no_source else ():
        if getattr(arguments, name) in (None, False, ()):
            setattr(arguments, name, options.get(name))
    arguments.source_folder = options.get("source_folder", "") if has_no_source else ""
    if arguments.source is None:
        raise TableUnusable(
            f"{make_journal_path(table)}: says of no SOURCE. Name it; what people answered stays."
        )
    arguments.model = arguments.model or options.get("model") or "bundled"
    return last_settings


def list_journal_options(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the options to store in the journal, with absolute paths in place of relative ones."""
    taxonomy = arguments.taxonomy
    root = arguments.root
    return {
        **{name: getattr(arguments, name) for name in JOURNAL_OPTIONS},
        "model": make_model_path_absolute(arguments.model),
        "taxonomy": str(Path(taxonomy).absolute())
        if taxonomy and taxonomy not in TAXONOMY_PLATFORMS
        else taxonomy,
        "root": str(expand_home(root).absolute()) if root else None,
        "source_folder": str(Path(arguments.source_folder).absolute()),
    }


def make_model_path_absolute(model: str) -> str:
    """Return the name of a release or a store, with an absolute path if it is a folder.

    Args:
        model: the value of --model: `bundled`, an address with `://`, or a folder, perhaps with @VERSION.
    """
    if model == "bundled" or "://" in model:
        return model
    address = parse_store_address(model) or model
    return f"{expand_home(address).absolute()}{model.removeprefix(address)}"


def check_run_unchanged(
    arguments: argparse.Namespace, last_settings: RunSettings | None, version: str, column: str | None
) -> None:
    """Refuse corrections if the table was made with another release or another --by.

    People answered the rows of that table, and such a run would replace these by other rows.

    Args:
        last_settings: the settings of the last run; None if there was none.
        version: the release of this run.
        column: the column of products of this run; None without products.

    Raises:
        CorrectionsUnusable: the release or --by differs from the last run.
    """
    if last_settings is None or not arguments.corrections:
        return
    columns = last_settings.by.column if last_settings.by else None, column
    earlier_run, this_run = (
        f"release {run_version}, {'without --by' if run_column is None else f'--by {run_column}'}"
        for run_version, run_column in zip((last_settings.version, version), columns, strict=True)
    )
    if earlier_run != this_run:
        store = parse_store_address(arguments.model) or "STORE"
        raise CorrectionsUnusable(
            f"{arguments.out}: is of {earlier_run}, and this command of {this_run}. For answers to the rows "
            f"that are there, give --model {store}@{last_settings.version} and the same --by; or first the "
            "same command without --corrections."
        )

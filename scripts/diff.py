"""List the answers that change from one release to another.

An answer is a label and a decision, such as Dress and accept. Both releases answer the same pictures. The
exit code is 0 if no answer changes, or no larger share than --allow; otherwise it is 1.
"""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.settings import read_command_settings
from inference.pictures.decode import prepare_decoders
from inference.text.plain_text import format_count
from labelling.errors import OutputUnusable, SourceUnusable
from labelling.lists.list_reading import ListOptions
from labelling.review.changes import (
    AnswerChange,
    ReleaseComparison,
    compare_releases,
    make_changes_page,
    make_changes_table,
)
from labelling.sources.source_opening import open_source
from labelling.write.outputs import check_no_pictures, check_outputs, list_source_inputs
from labelling.write.partial_files import write_output
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release
from model_store.release_networks import open_networks
from reports.answers import CLASS_HEAD
from scripts.__main__ import command
from scripts.console import make_console, print_message, print_table
from scripts.list_options import add_list_options
from scripts.parsers import RELEASE_HELP, make_command_parser, parse_share
from scripts.progress_bars import show_progress
from scripts.terminal import NegativeResult

EXAMPLE_COMMANDS = (
    "wardrobe diff bundled runs/mine/release photos",
    "wardrobe diff s3://models/wardrobe runs/mine/release photos.csv --page changes.html --out changes.csv",
    "wardrobe diff store store@20261120T101500Z-3f9a1c2e photos --allow 0.02",
)

MAX_CHANGES_SHOWN = 20
"""Largest number of changes that are printed. --out and --json have all changes."""

MAX_UNREADABLE_NAMED = 5
"""Largest number of unreadable pictures that a message names."""


def execute(arguments: argparse.Namespace) -> object:
    """Compare the answers of two releases to the same pictures, and print the changes.

    Returns:
        The result for --json, as a NegativeResult (exit code 1) if more answers change than --allow permits.
    """
    prepare_decoders()
    cache = read_command_settings().cache_dir
    releases = find_release(arguments.a, cache), find_release(arguments.b, cache)
    # Not an error: a script may compare a store with its current release.
    if (version := releases[0].version) == releases[1].version:
        print_message(f"{arguments.a} and {arguments.b} are the same release, {version}: nothing changes.")
    read_files: list[str | Path] = [
        *list_source_inputs(arguments.pictures),
        *(release.folder for release in releases),
    ]
    outputs = [*filter(None, (arguments.out, arguments.page))]
    check_outputs(outputs, read_files)
    check_no_pictures(outputs)
    check_table_absent(arguments.out)
    source = open_source(arguments.pictures, list_options=ListOptions.read_arguments(arguments))
    for note in source.notes:
        print_message(note)
    with show_progress("comparing") as watch:
        first, second = map(open_networks, releases)
        has_page = arguments.page is not None
        comparison = compare_releases(source, first, second, watch, has_thumbnails=has_page)
    if not comparison.picture_count:
        raise SourceUnusable(
            f"{arguments.pictures}: none of its {len(comparison.unread_pictures)} files can be answered."
        )
    _write_outputs(arguments, comparison, releases)
    print_comparison(comparison, releases)
    result = make_comparison_document(comparison, releases)
    most_changes = max(Counter(change.attribute for change in comparison.changes).values(), default=0)
    return NegativeResult(result) if most_changes > arguments.allow * comparison.picture_count else result


def check_table_absent(table: Path | None) -> None:
    """Refuse a file of --out that exists, because it may be the table of another command.

    Args:
        table: the file of --out; None without this option.

    Raises:
        OutputUnusable: the file exists.
    """
    if table is not None and os.path.lexists(table):
        raise OutputUnusable(
            f"{table} exists, and --out replaces no file. Name another one, or remove it first."
        )


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe diff`."""
    parser = make_command_parser("diff", __doc__, EXAMPLE_COMMANDS)
    add = parser.add_argument
    add("a", metavar="A", help=RELEASE_HELP)
    add("b", metavar="B", help="release to compare it with, named in the same way")
    add("pictures", metavar="PICTURES", help="a folder, list, archive or bucket, as `wardrobe label` reads")
    allowed = "share of answers that may change before the exit code is 1 (default: 0)"
    add("--allow", type=parse_share, default=0.0, metavar="X", help=allowed)
    add("--out", type=Path, metavar="FILE.csv", help="write all changes into a new table")
    add("--page", type=Path, metavar="FILE.html", help="write a page with thumbnails of what changes")
    add_list_options(parser)
    return parser


def _write_outputs(
    arguments: argparse.Namespace, comparison: ReleaseComparison, releases: tuple[LocalRelease, LocalRelease]
) -> None:
    """Write the table of --out and the page of --page, if they were named."""
    first, second = releases
    if arguments.out is not None:
        check_table_absent(arguments.out)  # it may have appeared while pictures were compared
        write_output(arguments.out, make_changes_table(comparison.changes))
    if arguments.page is not None:
        write_output(arguments.page, make_changes_page(comparison, (first.version, second.version)))


def print_comparison(comparison: ReleaseComparison, releases: tuple[LocalRelease, LocalRelease]) -> None:
    """Print the first changes, the number of all changes, and the pictures that cannot be read.

    Args:
        releases: the first and the second release.
    """
    console = make_console()
    first, second = (release.version for release in releases)
    print_table(
        [_make_cells(change) for change in comparison.changes[:MAX_CHANGES_SHOWN]],
        left_aligned_columns=(LABEL_A, LABEL_B),
    )
    if (unlisted_count := len(comparison.changes) - MAX_CHANGES_SHOWN) > 0:
        changes = format_count(unlisted_count, "further change is", "further changes are")
        console.print(f"{changes} not listed: --out FILE.csv and --page FILE.html have all.")
    class_text, *attribute_texts = [
        f"{format_count(relabelled, 'gets', 'get')} another {attribute or 'label'} and {decided:,} another "
        "decision"
        for attribute, (relabelled, decided) in _count_changes(comparison.changes).items()
    ]
    console.print(
        f"{first} to {second}: of {format_count(comparison.picture_count, 'picture')} {class_text} alone. "
        f"Accepted: {comparison.accepted_counts[0]:,} before, {comparison.accepted_counts[1]:,} now."
    )
    for line in attribute_texts:
        console.print(f"Of attributes: {line} alone.", markup=False, highlight=False)
    if comparison.unread_pictures:
        unreadable_text = "; ".join(
            f"{name}: {reason}" for name, reason in comparison.unread_pictures[:MAX_UNREADABLE_NAMED]
        )
        pictures = format_count(len(comparison.unread_pictures), "picture")
        print_message(f"{pictures} cannot be read, and so not compared: {unreadable_text}")


def _count_changes(changes: Sequence[AnswerChange]) -> dict[str, tuple[int, int]]:
    """Count the changes of the class and of each attribute.

    Returns:
        By attribute ("" for the class): the number of changed labels, and the number of answers with the same
        label and another decision. The class comes first.
    """
    label_changes = Counter(change.attribute for change in changes if change.label_a != change.label_b)
    decision_changes = Counter(change.attribute for change in changes if change.label_a == change.label_b)
    return {
        name: (label_changes[name], decision_changes[name])
        for name in sorted({CLASS_HEAD, *label_changes, *decision_changes})
    }


LABEL_A = "A: label"
LABEL_B = "B: label"
"""Headings of the printed table for the answers of the first and of the second release."""


def _make_cells(change: AnswerChange) -> dict[str, str]:
    """Return the row of a change in the printed table, as cells by heading."""
    question = f"{change.attribute}: " if change.attribute else ""
    return {
        "picture": change.path,
        LABEL_A: f"{question}{change.label_a}, {change.decision_a}",
        "A": f"{change.confidence_a:.1%}",
        LABEL_B: f"{change.label_b}, {change.decision_b}",
        "B": f"{change.confidence_b:.1%}",
    }


def make_comparison_document(
    comparison: ReleaseComparison, releases: tuple[LocalRelease, LocalRelease]
) -> dict[str, object]:
    """Return a comparison of two releases as JSON values, with all changes.

    Args:
        releases: the first and the second release.
    """
    first, second = releases
    return {
        "a": first.version,
        "b": second.version,
        "pictures": comparison.picture_count,
        "accepted": {"a": comparison.accepted_counts[0], "b": comparison.accepted_counts[1]},
        "changes": [asdict(change) for change in comparison.changes],
        "unread": dict(comparison.unread_pictures),
    }


if __name__ == "__main__":
    raise SystemExit(command("diff"))

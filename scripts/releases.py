"""Look after the releases in a store.

`--json` prints the same as JSON. Each subcommand, such as `wardrobe releases promote`, is one function below.
"""

import argparse
from datetime import timedelta

from rich.filesize import decimal

from model_store.promotions import roll_back_release
from model_store.publish import MIN_AGE, list_prunable_releases, promote_release, prune_releases
from model_store.store import Store, open_store
from model_store.store_keys import list_releases
from reports.judge import describe_release_verdict, judge_release
from scripts.__main__ import command
from scripts.console import print_message
from scripts.parsers import add_subcommands, make_command_parser, make_whole_number_parser, parse_number
from scripts.release_lists import (
    format_author,
    print_promotions,
    print_releases,
    read_stored_releases,
    show_release,
)
from scripts.release_messages import format_publish_result
from scripts.store_options import add_promotion_options, choose_author

DEFAULT_RELEASES_KEPT = 5
"""Default of --keep: the number of releases that `wardrobe releases prune` keeps."""

MAX_AGE_MINUTES = 1e9
"""Largest value of --older-than in minutes: 1,900 years, since Python's dates do not go back further."""

EXAMPLE_COMMANDS = (
    "wardrobe releases --store store list",
    "wardrobe releases --store s3://models/wardrobe --json show current",
    "wardrobe releases --store store show current --card",
    "wardrobe releases --store s3://models/wardrobe rollback --reason 'bags come back as shirts'",
    "wardrobe releases --store store prune --keep 3 --dry-run",
)


def execute(arguments: argparse.Namespace) -> object:
    """Run the subcommand that the arguments name on the store of --store; return its result for --json."""
    if arguments.store is None:
        arguments.error("--store is missing: a folder, or s3://bucket/prefix")
    return arguments.command(open_store(arguments.store), arguments)


def _promote_release(store: Store, arguments: argparse.Namespace) -> object:
    """Make a release of the store current, and return the promotion for --json."""
    author = choose_author(arguments.by)
    unconditional = arguments.unconditional
    rule = describe_release_verdict if arguments.force else judge_release
    published = promote_release(
        arguments.version, store, rule, author=author, can_skip_conditional_writes=unconditional
    )
    print(format_publish_result(published, store.address))
    return published.promotion and published.promotion.model_dump(mode="json")


def _roll_back_release(store: Store, arguments: argparse.Namespace) -> object:
    """Make the previous release of the store current again, and return the promotion for --json."""
    author = choose_author(arguments.by)
    unconditional = arguments.unconditional
    promotion = roll_back_release(
        store, author, note=arguments.reason, can_skip_conditional_writes=unconditional
    )
    print(
        f"{promotion.version} is current in {store.address} again, in place of {promotion.previous} "
        f"(promotion {promotion.number} by {format_author(promotion)})."
    )
    return promotion.model_dump(mode="json")


def _prune_releases(store: Store, arguments: argparse.Namespace) -> object:
    """Remove releases that are neither kept nor recent, print their names, and return them for --json."""
    read_stored_releases(store)  # an empty store is an error, probably a mistyped address
    older_than = timedelta(minutes=arguments.older_than)
    if arguments.dry_run:
        pruned = list_prunable_releases(store, arguments.keep, older_than)
    else:
        pruned = prune_releases(store, arguments.keep, older_than)
    for release in pruned:
        print(f"{release.version}  {decimal(release.size)}")
    unfinished_releases = [
        release for release in list_releases(store) if not release.is_complete and release not in pruned
    ]
    for release in unfinished_releases:
        print_message(
            f"{release.version}: {len(release.entries)} files without a manifest stay. It may be on its way: "
            "a prune removes it once it is a day old, unless it is one that is kept."
        )
    noun, verb = ("release", "was") if len(pruned) == 1 else ("releases", "were")
    verb = "would be" if arguments.dry_run else verb
    print(f"{len(pruned)} {noun} {verb} removed from {store.address}.")
    if not pruned:
        age = f"{arguments.older_than:g} minutes"
        print(
            f"Kept are the {arguments.keep} releases that were current last (--keep), and what was written "
            f"to in the last {age} (--older-than)."
        )
    return [{"version": release.version, "bytes": release.size} for release in pruned]


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe releases`."""
    parser = make_command_parser("releases", __doc__, EXAMPLE_COMMANDS)
    # --store may be written before or after the subcommand.
    store_parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for parent in (parser, store_parser):
        parent.add_argument(
            "--store", metavar="ADDRESS", help="store: a folder, or s3://bucket/prefix (boto3 reads AWS_*)"
        )
    add = add_subcommands(parser, store_parser)
    add("list", print_releases, "What is there, what is current, how good it is.")
    add("log", print_promotions, "Every promotion and rollback, newest first, by whom and why.")
    show_parser = add("show", show_release, "One release in full, or its model card.")
    show_parser.add_argument("version", help="a version, or `current`")
    show_parser.add_argument("--card", action="store_true", help="print its model card, Markdown, instead")
    promote_parser = add("promote", _promote_release, "Make a release current.")
    promote_parser.add_argument("version", help="a version that `list` shows")
    promote_parser.add_argument("--force", action="store_true", help="promote it even if the gate refuses it")
    rollback_parser = add("rollback", _roll_back_release, "Go back to the previous release.")
    rollback_parser.add_argument("--reason", metavar="TEXT", help="reason, for the log")
    for subcommand_parser in (promote_parser, rollback_parser):
        add_promotion_options(subcommand_parser)
    prune_parser = add("prune", _prune_releases, "Remove orphans and releases long replaced.")
    keep_type = make_whole_number_parser(1, ", since current has to stay")
    number_kept = f"number of releases to keep (default: {DEFAULT_RELEASES_KEPT})"
    prune_parser.add_argument("--keep", type=keep_type, default=DEFAULT_RELEASES_KEPT, help=number_kept)
    prune_parser.add_argument("--dry-run", action="store_true", help="name them, but remove nothing")
    age = "minutes; what was written to later stays, as a promotion may be under way (default: 60)"
    default = MIN_AGE / timedelta(minutes=1)
    prune_parser.add_argument(
        "--older-than", type=parse_minutes, default=default, metavar="MINUTES", help=age
    )
    return parser


def parse_minutes(text: str) -> float:
    """Parse the value of --older-than, an age in minutes.

    Raises:
        ArgumentTypeError: the text is no number from 0 to MAX_AGE_MINUTES.
    """
    if not 0 <= (age := parse_number(text)) <= MAX_AGE_MINUTES:
        raise argparse.ArgumentTypeError(f"{text} is no age; give 0 or more minutes")
    return age


if __name__ == "__main__":
    raise SystemExit(command("releases"))

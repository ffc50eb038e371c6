"""Look after the releases in a store.

`--json` prints the same as JSON. Each subcommand, such as `wardrobe releases promote`, is one function below.
"""

import argparse
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from textwrap import fill

from rich.filesize import decimal

from inference.contract import ModelContract
from model_store.errors import NothingPromoted, ReleaseCorrupt, ReleaseError
from model_store.manifest import Manifest
from model_store.promotions import read_current_promotion, read_promotions, roll_back
from model_store.publish import MIN_AGE, list_prunable_releases, promote_release, prune_releases
from model_store.records import Promotion
from model_store.release_files import REPORT_FILE
from model_store.store import Store, open_store
from model_store.store_keys import StoredRelease, list_releases, make_file_key, read_manifest
from reports.judge import judge_release, judge_without_refusing
from reports.model_card import MODEL_CARD_FILE, make_model_card
from reports.network_figures import describe_size
from reports.values import parse_report
from scripts.__main__ import command
from scripts.release_messages import format_publish_result
from scripts.store_options import add_promotion_options, choose_author
from scripts.terminal import (
    add_subcommands,
    make_command_parser,
    make_console,
    make_whole_number_parser,
    parse_number,
    print_message,
    print_table,
)

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


@dataclass(frozen=True)
class ReleaseRow:
    """A release of a store, as `wardrobe releases list` shows it.

    Attributes:
        release: the version of the release, and its files in the store.
        state: current, promoted, never promoted, unfinished, or the fault of the release.
        manifest: the manifest of the release; None if it cannot be read.
        last_promotion: the last promotion that made the release current; None without one.
    """

    release: StoredRelease
    state: str
    manifest: Manifest | None
    last_promotion: Promotion | None

    def make_table_cells(self) -> dict[str, str]:
        """Return the row of the release in the printed table: its cells, by heading."""
        headline = self.manifest and self.manifest.headline
        return {
            "version": self.release.version,
            "state": self.state,
            "accuracy": f"{headline.test_accuracy:.4f}" if headline else "",
            "n": f"{headline.test_n:,}" if headline else "",
            "parameters": f"{headline.parameters:,}" if headline else "",
            "size": decimal(self.release.size),
            "last promoted": _format_time(self.last_promotion) if self.last_promotion else "",
            "by": _format_author(self.last_promotion) if self.last_promotion else "",
        }

    def make_json_values(self) -> dict[str, object]:
        """Return the facts about the release as JSON values."""
        return {
            "version": self.release.version,
            "state": self.state,
            "current": self.state == "current",
            "bytes": self.release.size,
            "headline": self.manifest and self.manifest.headline.model_dump(mode="json"),
            "last_promotion": self.last_promotion and self.last_promotion.model_dump(mode="json"),
        }


def _list_releases(store: Store, arguments: argparse.Namespace) -> object:
    """Print a table of all releases in the store, and return their facts for --json."""
    promotions = read_promotions(store)
    last_promotions = {promotion.version: promotion for promotion in promotions}
    current_version = promotions[-1].version if promotions else None
    rows = [
        _describe_release(store, release, last_promotions.get(release.version), current_version)
        for release in _read_stored_releases(store)
    ]
    print_table([row.make_table_cells() for row in rows], words=("state", "by"))
    if (test_set_count := len({row.manifest.data.test_sha256 for row in rows if row.manifest})) > 1:
        make_console().print(
            f"The accuracies are of {test_set_count} test sets, so they do not compare. `wardrobe diff` "
            "compares two releases on the same pictures."
        )
    return [row.make_json_values() for row in rows]


def _list_promotions(store: Store, arguments: argparse.Namespace) -> object:
    """Print every promotion and rollback, the newest first, and return them for --json."""
    promotions = list(reversed(read_promotions(store)))
    print_table(
        [
            {
                "number": str(promotion.number),
                "at": _format_time(promotion),
                "why": promotion.reason,
                "version": promotion.version,
                "in place of": promotion.previous or "",
                "by": _format_author(promotion),
            }
            for promotion in promotions
        ],
        words=("by",),
    )
    return [promotion.model_dump(mode="json") for promotion in promotions]


def _read_stored_releases(store: Store) -> list[StoredRelease]:
    """Return the releases of a store.

    Raises:
        NothingPromoted: the store has none, for example because its address is mistyped.
    """
    if not store.address.startswith("s3://") and not Path(store.address).is_dir():
        raise NothingPromoted(f"{store.address}: no such folder. Correct the address.")
    if not (releases := list_releases(store)):
        raise NothingPromoted(
            f"{store.address}: there is no release here. Publish one (wardrobe publish), or correct "
            "the address."
        )
    return releases


def _describe_release(
    store: Store, release: StoredRelease, last_promotion: Promotion | None, current_version: str | None
) -> ReleaseRow:
    """Return the row of a release in the list.

    Args:
        last_promotion: the last promotion that made the release current; None without one.
        current_version: the version of the current release; None if the store has none.
    """
    if not release.is_complete:
        return ReleaseRow(release, "unfinished", None, last_promotion)
    try:
        manifest = read_manifest(store, release.version)
    except ReleaseError as error:
        return ReleaseRow(release, f"unusable: {error}", None, last_promotion)
    state = (
        "current"
        if release.version == current_version
        else "promoted"
        if last_promotion
        else "never promoted"
    )
    return ReleaseRow(release, state, manifest, last_promotion)


def _format_time(promotion: Promotion) -> str:
    """Return the time of a promotion, such as "2026-11-20 10:15 UTC"."""
    return f"{promotion.at:%Y-%m-%d %H:%M} UTC"


def _format_author(promotion: Promotion) -> str:
    """Return the name of the person who made a release current, with the reason if one was given."""
    return f"{promotion.by}: {promotion.note}" if promotion.note else promotion.by


def _show_release(store: Store, arguments: argparse.Namespace) -> object:
    """Print the facts and promotions of a release, or its model card, and return them for --json."""
    version = read_current_promotion(store).version if arguments.version == "current" else arguments.version
    manifest = read_manifest(store, version)
    if arguments.card:
        return _print_card(store, manifest)
    promotions = [promotion for promotion in read_promotions(store) if promotion.version == version]
    facts = _list_facts(manifest)
    facts += [
        (promotion.reason, f"{promotion.number}, {_format_time(promotion)} by {_format_author(promotion)}")
        for promotion in promotions
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        line_start = f"{name:{width}}  "
        print(
            fill(
                value,
                make_console().width,
                initial_indent=line_start,
                subsequent_indent=" " * len(line_start),
                break_long_words=False,
            )
        )
    return {
        "manifest": manifest.model_dump(mode="json"),
        "promotions": [promotion.model_dump(mode="json") for promotion in promotions],
    }


def _print_card(store: Store, manifest: Manifest) -> object:
    """Print the model card of a release. If an old release has none, it is made from the report."""
    path = MODEL_CARD_FILE if MODEL_CARD_FILE in manifest.files else REPORT_FILE
    key = make_file_key(manifest.version, path)
    text = store.read(key)
    if hashlib.sha256(text).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(f"{store.address}/{key}: its sha256 is not that of the manifest.")
    report = None if path == MODEL_CARD_FILE else parse_report(text, key)
    card = text.decode() if report is None else make_model_card(manifest.contracts, report)
    print(card, end="")
    return {"version": manifest.version, "card": card}


def _list_facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Return the facts in a manifest as pairs of a name and a text, in the printed order."""
    headline = manifest.headline
    model = manifest.get_contract("pixels")
    return [
        ("version", manifest.version),
        ("made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC, commit {manifest.git_commit or 'unknown'}"),
        ("accuracy", f"{headline.test_accuracy:.4f} on {headline.test_n:,} of {manifest.data.name}"),
        ("size", describe_size(headline.parameters, headline.mflops)),
        ("labels", ", ".join(model.labels)),
        ("review below", _describe_threshold(model)),
        (
            "review photos below",
            _describe_threshold(manifest.get_contract("photos").find_deciding_contract("photos")),
        ),
        ("training", ", ".join(f"{key}={value}" for key, value in manifest.training.items())),
        ("libraries", ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())),
        *((path, f"{decimal(entry.size)}, sha256 {entry.sha256}") for path, entry in manifest.files.items()),
    ]


def _describe_threshold(contract: ModelContract) -> str:
    """Return the confidence and the familiarity below which an answer is reviewed, as text."""
    class_head = contract.class_head
    return (
        f"confidence {class_head.confidence}, familiarity {contract.minimum_familiarity}"
        f"{class_head.exceptions_text}"
    )


def _promote_release(store: Store, arguments: argparse.Namespace) -> object:
    """Make a release of the store current, and return the promotion for --json."""
    author = choose_author(arguments.by)
    unconditional = arguments.unconditional
    rule = judge_without_refusing if arguments.force else judge_release
    published = promote_release(arguments.version, store, rule, author=author, unconditional=unconditional)
    print(format_publish_result(published, store.address))
    return published.promotion and published.promotion.model_dump(mode="json")


def _roll_back_release(store: Store, arguments: argparse.Namespace) -> object:
    """Make the previous release of the store current again, and return the promotion for --json."""
    author = choose_author(arguments.by)
    unconditional = arguments.unconditional
    promotion = roll_back(store, author, note=arguments.reason, unconditional=unconditional)
    print(
        f"{promotion.version} is current in {store.address} again, in place of {promotion.previous} "
        f"(promotion {promotion.number} by {_format_author(promotion)})."
    )
    return promotion.model_dump(mode="json")


def _prune_releases(store: Store, arguments: argparse.Namespace) -> object:
    """Remove releases that are neither kept nor recent, print their names, and return them for --json."""
    _read_stored_releases(store)  # an empty store is an error, probably a mistyped address
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
    add("list", _list_releases, "What is there, what is current, how good it is.")
    add("log", _list_promotions, "Every promotion and rollback, newest first, by whom and why.")
    show_parser = add("show", _show_release, "One release in full, or its model card.")
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

"""Look after the releases in a store.

`--json` prints the same as JSON. Each command is one function below; what it does is in model_store/.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from rich.filesize import decimal
from rich.markup import escape
from rich.table import Column, Table

from model_store.catalogue import Stored, read_manifest, stored
from model_store.errors import NothingPromoted, ReleaseError
from model_store.manifest import Manifest
from model_store.promotions import Promotion, current, history, roll_back
from model_store.publish import promote
from model_store.retention import SPARED, prunable, prune
from model_store.store import Store, open_store
from scripts.publish import as_text
from scripts.release_options import add_promotion_options, who
from scripts.terminal import add_command, command_parser, console, run

KEEP = 5
"""How many releases `prune` leaves by default."""

VERSION_COLUMNS = 25
"""Width of `20261120T101500Z-3f9a1c2e`."""

MOST_MINUTES = 1e9
"""Of an age: 1,900 years, as far back as dates reach."""

WIDTH_IN_A_PIPE = 1000
"""Columns; no table is as wide, so that nothing is cut off or wrapped."""

EXAMPLES = (
    "wardrobe releases --store releases list",
    "wardrobe releases --store s3://models/wardrobe --json show current",
    "wardrobe releases --store s3://models/wardrobe rollback",
    "wardrobe releases --store releases prune --keep 3 --dry-run",
)


def main(argv: list[str] | None = None) -> int:
    """Run the command that the arguments name."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if "store" not in arguments:
        parser.error("--store is missing: a folder, or s3://bucket/prefix")
    command: Callable[[Store, argparse.Namespace], None] = arguments.command
    command(open_store(arguments.store), arguments)
    return 0


@dataclass(frozen=True)
class Row:
    """One release in the list.

    Attributes:
        state: current, promoted, never promoted, unfinished, or what is wrong with it.
        last: the last promotion that named it.
    """

    release: Stored
    state: str
    manifest: Manifest | None
    last: Promotion | None


def _list(store: Store, arguments: argparse.Namespace) -> None:
    rows = _rows(store)
    if "json" in arguments:
        print(json.dumps([_row_as_json(row) for row in rows], indent=1))
        return
    version = Column("version", no_wrap=True, min_width=VERSION_COLUMNS)  # it is pasted into `promote`
    table = Table(version, "state", "test accuracy", "n", "parameters", "size", "last promoted", "by")
    for row in rows:
        table.add_row(row.release.version, escape(row.state), *_figures(row), *map(escape, _promoted(row)))
    out = console()
    if not out.is_terminal:
        out.width = WIDTH_IN_A_PIPE
    out.print(table)


def _rows(store: Store) -> list[Row]:
    log = history(store)
    last = {promotion.version: promotion for promotion in log}
    holding = log[-1].version if log else None
    return [_row(store, release, last.get(release.version), holding) for release in _stored(store)]


def _stored(store: Store) -> list[Stored]:
    """The releases of a store.

    Raises:
        NothingPromoted: there is none, as at a mistyped address.
    """
    if not (found := stored(store)):
        raise NothingPromoted(
            f"{store.address}: there is no release here. Publish one (wardrobe publish), or correct "
            "the address."
        )
    return found


def _row(store: Store, release: Stored, last: Promotion | None, holding: str | None) -> Row:
    if not release.complete:
        return Row(release, "unfinished", None, last)
    try:
        manifest = read_manifest(store, release.version)
    except ReleaseError as error:
        return Row(release, f"damaged: {error}", None, last)
    state = "current" if release.version == holding else "promoted" if last else "never promoted"
    return Row(release, state, manifest, last)


def _figures(row: Row) -> tuple[str, str, str, str]:
    size = decimal(row.release.size)
    if row.manifest is None:
        return "", "", "", size
    headline = row.manifest.headline
    return f"{headline.test_accuracy:.4f}", f"{headline.test_n:,}", f"{headline.parameters:,}", size


def _promoted(row: Row) -> tuple[str, str]:
    return ("", "") if row.last is None else (f"{row.last.at:%Y-%m-%d %H:%M} UTC", row.last.by)


def _row_as_json(row: Row) -> dict[str, object]:
    return {
        "version": row.release.version,
        "state": row.state,
        "current": row.state == "current",
        "bytes": row.release.size,
        "headline": row.manifest and row.manifest.headline.model_dump(mode="json"),
        "last_promotion": row.last and row.last.model_dump(mode="json"),
    }


def _show(store: Store, arguments: argparse.Namespace) -> None:
    version = current(store).version if arguments.version == "current" else arguments.version
    manifest = read_manifest(store, version)
    log = [promotion for promotion in history(store) if promotion.version == version]
    if "json" in arguments:
        promotions = [promotion.model_dump(mode="json") for promotion in log]
        print(json.dumps({"manifest": manifest.model_dump(mode="json"), "promotions": promotions}, indent=1))
        return
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(manifest):
        table.add_row(name, escape(value))
    for promotion in log:
        table.add_row(
            promotion.reason, f"{promotion.number}, {promotion.at:%Y-%m-%d %H:%M} UTC by {promotion.by}"
        )
    console().print(table)


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    headline, model = manifest.headline, manifest.model
    return [
        ("version", manifest.version),
        ("made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC, commit {manifest.git_commit or 'unknown'}"),
        ("test accuracy", f"{headline.test_accuracy:.4f} on {headline.test_n:,} of {manifest.data.name}"),
        ("size", f"{headline.parameters:,} parameters, {headline.mflops:.2f} MFLOP per picture"),
        ("labels", ", ".join(model.labels)),
        (
            "review below",
            f"confidence {model.thresholds.confidence}, familiarity {model.thresholds.familiarity}",
        ),
        ("training", ", ".join(f"{key}={value}" for key, value in manifest.training.items())),
        ("libraries", ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())),
        *((path, f"{decimal(entry.size)}, sha256 {entry.sha256}") for path, entry in manifest.files.items()),
    ]


def _promote(store: Store, arguments: argparse.Namespace) -> None:
    published = promote(
        arguments.version,
        store,
        by=who(arguments.by),
        force=arguments.force,
        unconditional=arguments.unconditional,
    )
    if "json" in arguments and published.promotion is not None:
        print(published.promotion.model_dump_json(indent=1))
    else:
        print(as_text(published, store.address))


def _rollback(store: Store, arguments: argparse.Namespace) -> None:
    promotion = roll_back(store, who(arguments.by), unconditional=arguments.unconditional)
    if "json" in arguments:
        print(promotion.model_dump_json(indent=1))
    else:
        print(
            f"{promotion.version} is current in {store.address} again, in place of {promotion.previous} "
            f"(promotion {promotion.number} by {promotion.by})."
        )


def _prune(store: Store, arguments: argparse.Namespace) -> None:
    _stored(store)
    choose = prunable if arguments.dry_run else prune
    chosen = choose(store, arguments.keep, timedelta(minutes=arguments.older_than))
    if "json" in arguments:
        print(
            json.dumps([{"version": release.version, "bytes": release.size} for release in chosen], indent=1)
        )
        return
    for release in chosen:
        print(f"{release.version}  {decimal(release.size)}")
    noun, tense = ("release", "was") if len(chosen) == 1 else ("releases", "were")
    tense = "would be" if arguments.dry_run else tense
    print(f"{len(chosen)} {noun} {tense} removed from {store.address}.")


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    # Accepted before and after the command; what was not given is not in the namespace.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--store", metavar="ADDRESS", help="a folder, or s3://bucket/prefix (boto3 reads AWS_*)"
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    parser = command_parser("releases", __doc__, EXAMPLES, parents=[shared])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = partial(add_command, commands, shared=shared)
    add("list", _list, "What is there, what is current, how good it is.")
    add("show", _show, "One release in full.").add_argument("version", help="a version, or `current`")
    promoting = add("promote", _promote, "Make a release current.")
    promoting.add_argument("version", help="a version that `list` shows")
    promoting.add_argument("--force", action="store_true", help="even if the gate refuses it")
    rolling = add("rollback", _rollback, "Make the release before current's current again.")
    for each in (promoting, rolling):
        add_promotion_options(each)
    pruning = add("prune", _prune, "Remove orphans and releases long replaced.")
    pruning.add_argument("--keep", type=_count, default=KEEP, help=f"releases to keep, {KEEP} if left out")
    pruning.add_argument("--dry-run", action="store_true", help="name them, remove nothing")
    pruning.add_argument(
        "--older-than",
        type=_minutes,
        default=SPARED / timedelta(minutes=1),
        metavar="MINUTES",
        help="keep what was written to since, as it may be promoted at this moment (default: 60)",
    )
    return parser


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{count} is too few; current has to stay, so 1 or more")
    return count


def _minutes(text: str) -> float:
    if not 0 <= (minutes := float(text)) <= MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"{text} is no age; give 0 or more minutes")
    return minutes


if __name__ == "__main__":
    sys.exit(run(main))

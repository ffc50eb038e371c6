"""Send a release to a store and make it current.

After an interruption, run it again: it continues. Refusals: reports/gate.py.
train, adopt and calibrate hand their releases over here: `hand_over`.
"""

import argparse
import getpass
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, TextColumn

from model_store.cache import find_release
from model_store.catalogue import PROMOTIONS, read_manifest
from model_store.errors import GateRefused, StoreError
from model_store.files import GRAPH, MODEL, REPORT, expanded
from model_store.manifest import Manifest
from model_store.promotions import newest, require_conditional_writes
from model_store.publish import Published, publish
from model_store.signing import private_key, sign
from model_store.store import Store, open_store
from reports.intervals import wilson_interval
from reports.judge import forced, judge
from reports.page.page import REPORT_PAGE
from reports.values import CROSS_FITTED, Report, parse_report, size_in_words
from scripts.progress import progress_bar
from scripts.terminal import RELEASE_HELP, command_parser, complain, console, perform, program, run

EXAMPLES = (
    "wardrobe publish runs/mine/release s3://models/wardrobe",
    "wardrobe publish runs/mine/release releases --sign release.key --no-promote",
)


def main(argv: list[str] | None = None) -> int:
    """Publish what the arguments name."""
    return perform(build_parser(), _publish, argv)


def _publish(arguments: argparse.Namespace) -> object:
    store = open_store(arguments.store)
    published = _send(_folder_of(arguments), store, arguments, promote=not arguments.no_promote)
    print(as_text(published, store.address))
    return outcome(published, store.address)


def _folder_of(arguments: argparse.Namespace) -> Path:
    """Where the release is; one of another store comes into the cache first."""
    place = expanded(arguments.release)
    if place.is_dir() and not (place / PROMOTIONS).is_dir():
        return place
    folder = find_release(arguments.release).folder
    if arguments.sign is not None:
        arguments.error(
            f"--sign writes into a release's folder. {arguments.release} is in {folder}: name a copy of that"
        )
    return folder


def _send(folder: Path, store: Store, arguments: argparse.Namespace, *, promote: bool = True) -> Published:
    """Sign a release if that is asked for, and publish it with a bar of its bytes."""
    if arguments.sign is not None:
        sign(folder, arguments.sign)
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with progress_bar(TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn()) as bar:
        task = bar.add_task("", total=total)
        return publish(
            folder,
            store,
            forced if arguments.force else judge,
            by=who(arguments.by),
            promote=promote,
            unconditional=arguments.unconditional,
            progress=lambda path, size: bar.update(task, description=path, advance=size),
        )


def outcome(published: Published, address: str) -> dict[str, object]:
    """What became of a release, as JSON values."""
    promotion = published.promotion
    return {
        "version": published.manifest.version,
        "store": address,
        "promotion": promotion and promotion.model_dump(mode="json"),
        "verdict": published.verdict,
    }


def as_text(published: Published, address: str) -> str:
    """What became of a release, in two lines."""
    version, promotion = published.manifest.version, published.promotion
    if promotion is None:
        state = (
            f"{version} is in {address}, but not current: `releases promote` makes it so, `prune` removes it."
        )
    else:
        state = f"{version} is current in {address} (promotion {promotion.number} by {promotion.by})."
    return f"{state}\n{published.verdict}"


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("publish", __doc__, EXAMPLES)
    parser.add_argument("release", help=RELEASE_HELP.replace(" (the default)", ""))
    parser.add_argument("store", help="a folder, or s3://bucket/prefix (boto3 reads AWS_*)")
    _add_publishing_options(parser)
    parser.add_argument("--no-promote", action="store_true", help="send it, but leave current as it is")
    return parser


def _add_publishing_options(parser: "argparse._ActionsContainer") -> None:
    add = parser.add_argument
    add("--sign", type=Path, metavar="KEY", help="sign with this key (wardrobe signing new makes one)")
    add("--force", action="store_true", help="make it current even if it is worse or has other labels")
    add_promotion_options(parser)


DEFAULT_STORE = "runs/store"

FEW_TEST_PICTURES = 100
"""Below so many, the 95% interval of an accuracy of 0.9 is wider than 0.11."""

RELEASE = "release"
"""The folder of a new release in a run's folder."""


def add_target_options(group: "argparse._ArgumentGroup") -> None:
    """Add --data-licence, --out, --publish, --sign, --force, --by and --unconditional."""
    licence = "licence of the data, such as MIT or `our own pictures`, for the model card"
    group.add_argument("--data-licence", metavar="TEXT", help=licence)
    add_store_options(group)


def add_store_options(group: "argparse._ArgumentGroup") -> None:
    """The same without --data-licence, for releases that learn nothing."""
    target = group.add_mutually_exclusive_group()
    beside = f"a folder store ({DEFAULT_STORE}); current if the first there"
    target.add_argument("--out", metavar="STORE", help=beside)
    promoted = "a folder or s3:// store; current there"
    target.add_argument("--publish", metavar="STORE", help=promoted)
    _add_publishing_options(group)


def add_promotion_options(parser: "argparse._ActionsContainer") -> None:
    """Add --by and --unconditional."""
    parser.add_argument("--by", metavar="NAME", help="who does it, for the log; your login if left out")
    alone = "promote even where conditional writes are ignored (no other writer may promote meanwhile)"
    parser.add_argument("--unconditional", action="store_true", help=alone)


def who(by: str | None) -> str:
    """The name for the log.

    Args:
        by: what --by said; None or empty asks for the login.

    Returns:
        `by`, the login, or `user id 1000` where that has no name, as is usual in a container.
    """
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the first up to Python 3.12, the second since
        return f"user id {os.getuid()}"


def open_target(arguments: argparse.Namespace) -> Store:
    """The store that the release goes to.

    Raises:
        StoreError: it cannot be reached or promoted in, or --sign names no private key. Checked before an
            hour of work.
    """
    if arguments.sign is not None:
        private_key(arguments.sign)
    store = open_store(arguments.publish or arguments.out or DEFAULT_STORE)
    newest(store)
    if store.address.startswith("s3://") and not arguments.unconditional:  # a folder may not exist yet
        require_conditional_writes(store)
    return store


def check_labels(store: Store, labels: Sequence[str], arguments: argparse.Namespace) -> None:
    """Refuse, before anything is trained, what the gate would refuse at the end: other classes.

    Raises:
        GateRefused: current has others, and --publish without --force asks to replace it.
    """
    current = _labels_of_current(store)
    if arguments.publish and not arguments.force and current not in (None, tuple(labels)):
        raise GateRefused(
            f"{store.address}: what is current has the classes {_few(current or ())}, this would have "
            f"{_few(labels)}. Name another store, or --out in place of --publish; --force replaces them."
        )


def _few(labels: Sequence[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")


def _labels_of_current(store: Store) -> tuple[str, ...] | None:
    """The classes of the release that a service of this store answers with; None where that is not known."""
    before = newest(store)
    try:
        return read_manifest(store, before.version).labels if before and before.version else None
    except StoreError:
        return None


def hand_over(release: Path, store: Store, arguments: argparse.Namespace) -> dict[str, object]:
    """Sign the release if requested, store it at its target, and print its headline and what to do next.

    A service may follow the store: where it has a release already, the new one is current only with --publish
    or --force, and stands beside it otherwise.

    Args:
        release: its folder, sealed.
        store: where it goes.
        arguments: with `publish`, `sign`, `force` and `by`, and perhaps `data`.

    Returns:
        the same for programs: JSON values.

    Raises:
        KeyUnusable: what --sign names is no private key.
        StoreError: it cannot be stored, or the gate refuses it.
    """
    before, classes = newest(store), _labels_of_current(store)
    promote = bool(before is None or arguments.publish or arguments.force)
    published = _send(release, store, arguments, promote=promote)
    stands = f" {before.version} stays current there." if before and before.version and not promote else ""
    console().print(f"{published.verdict}\nReleased to {store.address}.{stands}")
    _print_headline(published.manifest, parse_report((release / REPORT).read_bytes(), str(release)))
    # Not by rich, which would break a command where the terminal ends.
    if promote:
        steps = _next_steps(release, store)
    elif classes not in (None, published.manifest.labels):
        steps = _of_other_classes(release, store)
    else:
        steps = _to_decide(release, store, arguments)
    print("\n".join(steps))
    files = published.manifest.files
    return {
        **outcome(published, store.address),
        "release": str(release),
        "signed": arguments.sign is not None,
        "headline": published.manifest.headline.model_dump(mode="json"),
        "bytes": {name: files[name].size for name in (MODEL, GRAPH)},
    }


def _print_headline(manifest: Manifest, report: Report) -> None:
    """Print how good the release is and how large, with a warning if that was measured on few pictures."""
    headline, files = manifest.headline, manifest.files
    low, high = wilson_interval(headline.test_accuracy * headline.test_n, headline.test_n)
    asked = "test pictures"
    if report.test.split == CROSS_FITTED:
        asked = "pictures, answered by networks that had not learnt them,"
    console().print(
        f"{manifest.version}: {headline.test_accuracy:.2%} of {headline.test_n:,} {asked} are right (95% "
        f"interval {low:.2%} to {high:.2%}). Loss {report.test.loss:.4f}, "
        f"{size_in_words(headline.parameters, headline.mflops)}, {MODEL} {files[MODEL].size / 1e6:.2f} MB, "
        f"{GRAPH} {files[GRAPH].size / 1e6:.2f} MB."
    )
    if headline.test_n < FEW_TEST_PICTURES:
        complain(
            f"{headline.test_n} pictures are few: as well {low:.0%} or {high:.0%} of all may be right. "
            f"Measure on {FEW_TEST_PICTURES} or more before you rely on it."
        )


def _next_steps(release: Path, store: Store) -> list[str]:
    """How to serve the release, see its report and publish it: commands to paste."""
    steps = [
        f"Release: {release}",
        f"Serve:   WARDROBE_MODEL_STORE={shlex.quote(store.address)} {program()} serve",
        f"Report:  {release / REPORT_PAGE}, and http://127.0.0.1:8000/metrics once it is served",
    ]
    if not store.address.startswith("s3://"):
        steps.append(f"Publish: {program()} publish {shlex.quote(str(release))} s3://BUCKET/PREFIX")
    return steps


def _of_other_classes(release: Path, store: Store) -> list[str]:
    """How to serve and to publish a release whose classes differ from current's: commands to paste."""
    made, beside = shlex.quote(str(release)), shlex.quote(f"{store.address.rstrip('/')}-other-classes")
    return [
        f"What is current in {store.address} has other classes, so that this one goes into another store.",
        f"Release: {release}",
        f"Serve:   WARDROBE_MODEL_STORE={made} {program()} serve",
        f"Publish: {program()} publish {made} {beside}",
    ]


def _to_decide(release: Path, store: Store, arguments: argparse.Namespace) -> list[str]:
    """How to compare a release with what is current, and to make it current: commands to paste."""
    data = getattr(arguments, "compared", None) or getattr(arguments, "data", None)
    pictures = data if data and Path(data).expanduser().exists() else "PICTURES"
    return [
        f"Release: {release}",
        compare_command(store.address, release, pictures),
        f"Publish: {program()} publish {shlex.quote(str(release))} {shlex.quote(store.address)}",
    ]


def compare_command(before: str, made: Path, pictures: Path | str) -> str:
    """The command that shows what a new release would change; it ends with 0 whatever that is."""
    words = ["diff", before, str(made), str(pictures), "--page", "changes.html", "--allow", "1"]
    return f"Compare: {program()} {shlex.join(words)}"


if __name__ == "__main__":
    sys.exit(run(main))

"""The store that a new release goes to: its options, checks, sending, and the next steps.

train, improve and adopt open it before their work, and hand the release over at the end. publish uses it too.
"""

import argparse
import getpass
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from rich.progress import BarColumn, DownloadColumn, TextColumn

from model_store.errors import GateRefused, StoreError
from model_store.manifest import Manifest
from model_store.promotions import read_newest_promotion, require_conditional_writes
from model_store.publish import PublishResult, publish_release
from model_store.records import Promotion
from model_store.release_files import GRAPH_FILE, MODEL_FILE, REPORT_FILE, expand_home
from model_store.signing import read_private_key
from model_store.store import Store, open_store
from model_store.store_keys import read_manifest
from reports.intervals import compute_wilson_interval
from reports.judge import judge_release, judge_without_refusing
from reports.page.html_page import REPORT_PAGE_FILE
from reports.values import CROSS_FITTED_SPLIT, Report, describe_size, parse_report
from scripts.progress_bars import make_progress_bar
from scripts.terminal import get_program_name, make_console, print_message
from training.progress import explain_resuming

DEFAULT_STORE = "runs/store"

STORE_PLACEHOLDER = "s3://BUCKET/PREFIX"
"""Placeholder for the address of the user's store, in commands that are printed."""

MIN_TEST_PICTURES = 100
"""Number of test pictures below which a warning is printed. With fewer, the 95% interval of an accuracy of
0.9 is wider than 0.11."""


def add_new_release_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options for a new release: --data-licence and those of `add_store_options`."""
    licence = "licence of the data, such as MIT or `our own pictures`, for the model card"
    group.add_argument("--data-licence", metavar="TEXT", help=licence)
    add_store_options(group)


def add_store_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options for storing a release: --out, --publish, --sign, --force, --by and --unconditional."""
    target = group.add_mutually_exclusive_group()
    out_help = (
        "store to put the release into, a folder, without publishing it, unless it is the first one there "
        f"(default: {DEFAULT_STORE})"
    )
    target.add_argument("--out", metavar="STORE", help=out_help)
    publish_help = "store to publish the release in: a folder or s3://bucket/prefix"
    target.add_argument("--publish", metavar="STORE", help=publish_help)
    add_publishing_options(group)


def add_promotion_options(parser: "argparse._ActionsContainer") -> None:
    """Add the options for making a release current in a store: --by and --unconditional."""
    parser.add_argument("--by", metavar="NAME", help="name of who does it, for the log (default: your login)")
    alone = "promote even if the server does not support conditional writes; nobody else may promote then"
    parser.add_argument("--unconditional", action="store_true", help=alone)


def choose_author(name: str | None) -> str:
    """Return the name of the person who makes a release current, for the log of the store.

    Args:
        name: the value of --by. If it is None or empty, the login of the user is used.

    Returns:
        The name, the login, or `user id 1000` if the user has no name, as is usual in a container.
    """
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the first up to Python 3.12, the second since
        return f"user id {os.getuid()}"


def add_publishing_options(parser: "argparse._ActionsContainer") -> None:
    """Add the options for publishing a release: --sign, --force, --by and --unconditional."""
    add = parser.add_argument
    add("--sign", type=Path, metavar="KEY", help="sign with this key (wardrobe signing new makes one)")
    forced = "make it current even if the gate refuses it: it is worse, or has other labels"
    add("--force", action="store_true", help=forced)
    add_promotion_options(parser)


class PublishingOptions(TypedDict):
    """The values of the options for publishing a release, with the meaning that ReleaseTarget gives them."""

    key: Path | None
    forced: bool
    by: str
    unconditional: bool


def read_publishing_options(arguments: argparse.Namespace) -> PublishingOptions:
    """Return the values of --sign, --force, --by and --unconditional, after checking the key of --sign.

    Raises:
        KeyUnusable: the file of --sign has no private key.
    """
    if arguments.sign is not None:
        read_private_key(arguments.sign)
    return PublishingOptions(
        key=arguments.sign,
        forced=arguments.force,
        by=choose_author(arguments.by),
        unconditional=arguments.unconditional,
    )


@dataclass(frozen=True)
class ReleaseTarget:
    """The store that a new release is sent to, in its state at the beginning of the command.

    Attributes:
        store: the store: a folder or S3 prefix that holds releases.
        current_manifest: the manifest of the release that services of the store use; None if there is none,
            or if it cannot be read.
        is_promoted: whether the new release becomes the current one.
        key: the file of the private key that signs the release; None for no signature.
        forced: whether the release becomes current even if it is worse or has other labels.
        by: the name of the person who publishes, for the log.
        unconditional: whether to promote even if the store ignores conditional writes.
        pictures: the places with pictures to compare the new and the current release on, which may be gone.
    """

    store: Store
    current_manifest: Manifest | None
    is_promoted: bool
    key: Path | None
    forced: bool
    by: str
    unconditional: bool
    pictures: tuple[Path, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether the gate, a check before a promotion, compares the new release with the current one."""
        return self.current_manifest is not None and self.is_promoted and not self.forced

    def check_labels(self, labels: Sequence[str]) -> None:
        """Check before a training that the new release will have the same classes as the current one.

        The gate would otherwise refuse the release after the training.

        Args:
            labels: the classes of the new release.

        Raises:
            GateRefused: the current release has other classes, and the new one would replace it.
        """
        if self.current_manifest and self.is_judged and self.current_manifest.labels != tuple(labels):
            raise GateRefused(
                f"{self.store.address}: what is current has the classes "
                f"{_first_labels(self.current_manifest.labels)}, this "
                f"would have {_first_labels(labels)}. Name another store, or --out in place of --publish; "
                "--force "
                "replaces them."
            )

    def publish(self, release: Path) -> PublishResult:
        """Publish a release in the store, with a progress bar, and signed if there is a key."""
        total = sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
        with make_progress_bar(*columns) as bar:
            task = bar.add_task("", total=total)
            return publish_release(
                release,
                self.store,
                judge_without_refusing if self.forced else judge_release,
                author=self.by,
                promote=self.is_promoted,
                unconditional=self.unconditional,
                key=self.key,
                progress=lambda path, size: bar.update(task, description=path, advance=size),
            )

    def publish_and_report(self, release: Path) -> dict[str, object]:
        """Send a release, and print its headline and the next steps.

        Args:
            release: the folder of the sealed release.

        Returns:
            The same information as JSON values.

        Raises:
            StoreError: the release cannot be stored, or the gate refuses it. The message ends with the
                command that stores it, since the release stays where it is.
        """
        address = self.store.address
        current = self.current_manifest
        try:
            with explain_resuming(self._way_to_store(release)):
                published = self.publish(release)
        except StoreError as error:
            way = self._way_to_store(release, is_refused=isinstance(error, GateRefused))
            raise type(error)(f"{error} {way}") from error
        except OSError:
            print_message(self._way_to_store(release))
            raise
        if self.is_promoted:
            make_console().print(f"{published.verdict}\nReleased to {address}.")
        else:
            stands = f" {current.version} stays current there." if current else ""
            make_console().print(
                f"Released to {address}, but not published.{stands} The last line below publishes it."
            )
        _print_headline(published.manifest, parse_report((release / REPORT_FILE).read_bytes(), str(release)))
        # Not by rich, which would break a command where the terminal ends.
        print("\n".join(self._next_steps(release, published.manifest.labels)))
        files = published.manifest.files
        return {
            **make_publish_document(published, address),
            "release": str(release),
            "signed": self.key is not None,
            "headline": published.manifest.headline.model_dump(mode="json"),
            "bytes": {name: files[name].size for name in (MODEL_FILE, GRAPH_FILE)},
        }

    def _way_to_store(self, release: Path, *, is_refused: bool = False) -> str:
        """Say that a release is whole although it is not stored, and which command stores it."""
        words = [get_program_name(), "publish", shlex.join([str(release), self.store.address])]
        words += ["--force"] if is_refused else []
        words += ["--unconditional"] if self.unconditional else []
        words += ["--sign", shlex.quote(str(self.key))] if self.key else []
        return f"The release is in {release}. To store it{' all the same' * is_refused}: `{' '.join(words)}`."

    def _next_steps(self, release: Path, labels: Sequence[str]) -> list[str]:
        """Return commands to paste that serve, compare and publish a release of these classes."""
        address = self.store.address
        lines = [f"Release: {release}"]
        if self.is_promoted:
            shown = f"{release / REPORT_PAGE_FILE}, and http://127.0.0.1:8000/metrics once it is served"
            lines += [_serve_command(address), f"Report:  {shown}"]
            return (
                lines
                if address.startswith("s3://")
                else [*lines, _publish_command(release, STORE_PLACEHOLDER)]
            )
        if self.current_manifest and self.current_manifest.labels != tuple(labels):
            return [
                f"What is current in {address} has other classes, so that this one goes into another store.",
                *lines,
                _serve_command(str(release)),
                _publish_command(release, f"{address.rstrip('/')}-other-classes"),
            ]
        places = [place for place in self.pictures if expand_home(place).exists()]
        return [*lines, *format_next_commands(address, release, places, address)]


def open_release_target(arguments: argparse.Namespace, *pictures: str | Path | None) -> ReleaseTarget:
    """Open the store that the options --publish and --out name, before a new release is trained for it.

    A service may use the store. So if the store has a release already, the new one becomes current only with
    --publish or --force, and is otherwise stored beside it.

    Args:
        arguments: the arguments of a command with `add_store_options`.
        pictures: the places with pictures to compare the new and the current release on; None is ignored.

    Raises:
        StoreError: the store cannot be reached or promoted in, or --sign names no private key. This is
            checked before an hour of work.
    """
    options = read_publishing_options(arguments)
    store = open_store(arguments.publish or arguments.out or DEFAULT_STORE)
    before = read_newest_promotion(store)
    if store.address.startswith("s3://") and not arguments.unconditional:  # a folder may not exist yet
        require_conditional_writes(store)
    return ReleaseTarget(
        store=store,
        current_manifest=_current(store, before),
        is_promoted=bool(before is None or arguments.publish or arguments.force),
        pictures=tuple(Path(place) for place in pictures if place),
        **options,
    )


def _current(store: Store, record: Promotion | None) -> Manifest | None:
    try:
        return read_manifest(store, record.version) if record else None
    except StoreError:
        return None


def _first_labels(labels: Sequence[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")


def make_publish_document(published: PublishResult, address: str) -> dict[str, object]:
    """Return the result of publishing a release as JSON values."""
    promotion = published.promotion
    return {
        "version": published.manifest.version,
        "store": address,
        "promotion": promotion and promotion.model_dump(mode="json"),
        "verdict": published.verdict,
    }


def format_publish_result(published: PublishResult, address: str) -> str:
    """Return the result of publishing a release as two lines of text."""
    version = published.manifest.version
    promotion = published.promotion
    if promotion is None:
        state = (
            f"{version} is in {address}, but not current: `releases promote` makes it so, `prune` removes it."
        )
    else:
        state = f"{version} is current in {address} (promotion {promotion.number} by {promotion.by})."
    return f"{state}\n{published.verdict}"


def _print_headline(manifest: Manifest, report: Report) -> None:
    """Print how good the release is and how large, with a warning if that was measured on few pictures."""
    headline, files = manifest.headline, manifest.files
    low, high = compute_wilson_interval(headline.test_accuracy * headline.test_n, headline.test_n)
    pictures = "test pictures"
    if report.test.split == CROSS_FITTED_SPLIT:
        pictures = "pictures, answered by networks that had not learnt them,"
    make_console().print(
        f"{manifest.version}: {headline.test_accuracy:.2%} of {headline.test_n:,} {pictures} are right (95% "
        f"interval {low:.2%} to {high:.2%}). Loss {report.test.loss:.4f}, "
        f"{describe_size(headline.parameters, headline.mflops)}, {MODEL_FILE} "
        f"{files[MODEL_FILE].size / 1e6:.2f} MB, {GRAPH_FILE} {files[GRAPH_FILE].size / 1e6:.2f} MB."
    )
    if headline.test_n < MIN_TEST_PICTURES:
        print_message(
            f"{headline.test_n} pictures are few: the true accuracy may be anything from {low:.0%} to "
            f"{high:.0%}. Measure on {MIN_TEST_PICTURES} or more before you rely on it."
        )


def format_next_commands(
    earlier_release: str, new_release: Path, pictures: Sequence[Path], store: str
) -> list[str]:
    """Return lines with commands to paste, which compare a new release, and the last makes it current.

    Args:
        earlier_release: the release that the new one is compared with, as commands name it, such as
            `bundled`.
        pictures: the places with pictures to compare on, one for each command; if there is none, the
            command has a word in its place.
        store: the store in which it becomes current.
    """
    lines = []
    for number, place in enumerate(pictures or ["PICTURES"], 1):
        page = "changes.html" if number == 1 else f"changes-{number}.html"
        # By --allow 1 it ends with 0 whatever changes.
        words = ["diff", earlier_release, str(new_release), str(place), "--page", page, "--allow", "1"]
        lines.append(f"Compare: {get_program_name()} {shlex.join(words)}")
    return [*lines, _publish_command(new_release, store)]


def _publish_command(release: Path, store: str) -> str:
    """Return the command that makes a new release current in a store."""
    return f"Publish: {get_program_name()} publish {shlex.join([str(release), store])}"


def _serve_command(store: str) -> str:
    return f"Serve:   WARDROBE_MODEL_STORE={shlex.quote(store)} {get_program_name()} serve"

"""The store that a new release goes to: opened before the work, and given the release after it.

Before an hour of work, `train`, `improve` and `adopt` check that the store can be reached, and that its gate
will not refuse the classes. The gate compares a new release with the current one of the store before the new
one becomes current.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, TextColumn

from model_store.errors import GateRefused, StoreError
from model_store.manifest import Manifest
from model_store.promotions import read_newest_promotion, require_conditional_writes
from model_store.publish import PublishResult, publish_release
from model_store.records import Promotion
from model_store.release_files import GRAPH_FILE, MODEL_FILE, REPORT_FILE, expand_home
from model_store.store import Store, open_store
from model_store.store_keys import read_manifest
from reports.judge import describe_release_verdict, judge_release
from reports.values import parse_report
from scripts.console import make_console, print_message
from scripts.progress_bars import make_progress_bar
from scripts.release_messages import (
    describe_store_command,
    format_comparison_commands,
    format_steps_after_promotion,
    format_steps_for_other_classes,
    make_publish_document,
    print_headline,
)
from scripts.store_options import DEFAULT_STORE, PublishingOptions, read_publishing_options
from training.progress import add_resume_advice

MAX_LABELS_IN_MESSAGE = 3
"""Largest number of classes that a message names."""


@dataclass(frozen=True)
class ReleaseTarget:
    """The store that a new release is sent to, in its state at the beginning of the command.

    Attributes:
        store: the store: a folder or S3 prefix that holds releases.
        current_manifest: the manifest of the release that services of the store use; None if there is none,
            or if it cannot be read.
        is_promoted: whether the new release becomes the current one.
        options: the options by which it is published.
        pictures: the places with pictures to compare the new and the current release on, which may be gone.
    """

    store: Store
    current_manifest: Manifest | None
    is_promoted: bool
    options: PublishingOptions
    pictures: tuple[Path, ...] = ()

    @property
    def has_gate_check(self) -> bool:
        """Whether the gate, a check before a promotion, compares the new release with the current one."""
        return self.current_manifest is not None and self.is_promoted and not self.options.is_forced

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse classes that differ from the current ones, as the gate would do after the training.

        Args:
            labels: the classes of the new release.

        Raises:
            GateRefused: the current release has other classes, and the new one would replace it.
        """
        current = self.current_manifest
        if current is None or not self.has_gate_check or not self._has_other_classes(labels):
            return
        raise GateRefused(
            f"{self.store.address}: what is current has the classes {_name_first_labels(current.labels)}, "
            f"this would have {_name_first_labels(labels)}. Name another store, or --out in place of "
            "--publish; --force replaces them."
        )

    def _has_other_classes(self, labels: Sequence[str]) -> bool:
        """Tell whether the current release has other classes; False if there is no current release."""
        return self.current_manifest is not None and self.current_manifest.labels != tuple(labels)

    def publish(self, release: Path) -> PublishResult:
        """Send a release to the store with a progress bar, sign it if there is a key, and make it current."""
        total = sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
        with make_progress_bar(*columns) as bar:
            task = bar.add_task("", total=total)
            return publish_release(
                release,
                self.store,
                describe_release_verdict if self.options.is_forced else judge_release,
                author=self.options.author,
                promote=self.is_promoted,
                can_skip_conditional_writes=self.options.is_unconditional,
                key=self.options.key,
                progress=lambda path, size: bar.update(task, description=path, advance=size),
            )

    def publish_and_report(self, release: Path) -> dict[str, object]:
        """Send a release, and print its headline and the next steps.

        Args:
            release: the folder of the sealed release.

        Returns:
            The version, the place and the figures of the release as JSON values.

        Raises:
            StoreError: the release cannot be stored, or the gate refuses it. The message ends with the
                command that stores it, since the release stays where it is.
        """
        published = self._publish_or_explain(release)
        address = self.store.address
        if self.is_promoted:
            make_console().print(f"{published.verdict}\nReleased to {address}.")
        else:
            current = self.current_manifest
            current_text = f" {current.version} stays current there." if current else ""
            make_console().print(
                f"Released to {address}, but not published.{current_text} The last line below publishes it."
            )
        print_headline(published.manifest, parse_report((release / REPORT_FILE).read_bytes(), str(release)))
        # Not by rich, which would break a command where the terminal ends.
        print("\n".join(self._format_next_steps(release, published.manifest.labels)))
        files = published.manifest.files
        return {
            **make_publish_document(published, address),
            "release": str(release),
            "signed": self.options.key is not None,
            "headline": published.manifest.headline.model_dump(mode="json"),
            "bytes": {name: files[name].size for name in (MODEL_FILE, GRAPH_FILE)},
        }

    def _publish_or_explain(self, release: Path) -> PublishResult:
        """Publish a release. If this fails or is stopped, the message says which command does it later."""
        advice = describe_store_command(release, self.store.address, self.options)
        try:
            with add_resume_advice(advice):
                return self.publish(release)
        except GateRefused as error:
            advice = describe_store_command(release, self.store.address, self.options, is_refused=True)
            raise GateRefused(f"{error} {advice}") from error
        except StoreError as error:
            raise type(error)(f"{error} {advice}") from error
        except OSError:  # printed apart, since the message of an OSError is made from its number and file
            print_message(advice)
            raise

    def _format_next_steps(self, release: Path, labels: Sequence[str]) -> list[str]:
        """Return lines with commands to paste that serve, compare and publish a release of these classes."""
        address = self.store.address
        if self.is_promoted:
            return format_steps_after_promotion(release, address)
        if self._has_other_classes(labels):
            return format_steps_for_other_classes(release, address)
        places = [place for place in self.pictures if expand_home(place).exists()]
        return [f"Release: {release}", *format_comparison_commands(address, release, places, address)]


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
    newest_promotion = read_newest_promotion(store)
    # A folder may not exist yet, and always supports conditional writes.
    if store.address.startswith("s3://") and not options.is_unconditional:
        require_conditional_writes(store)
    return ReleaseTarget(
        store=store,
        current_manifest=_read_current_manifest(store, newest_promotion),
        is_promoted=bool(newest_promotion is None or arguments.publish or arguments.force),
        options=options,
        pictures=tuple(Path(place) for place in pictures if place),
    )


def _read_current_manifest(store: Store, promotion: Promotion | None) -> Manifest | None:
    """Return the manifest of the current release; None if there is none, or if it cannot be read."""
    try:
        return read_manifest(store, promotion.version) if promotion else None
    except StoreError:
        # A damaged current release must not keep people from training and publishing the next one.
        return None


def _name_first_labels(labels: Sequence[str]) -> str:
    """Return the first labels as a list, with the number of the others."""
    unnamed_count = len(labels) - MAX_LABELS_IN_MESSAGE
    named_labels = ", ".join(labels[:MAX_LABELS_IN_MESSAGE])
    return named_labels + (f" and {unnamed_count} more" if unnamed_count > 0 else "")

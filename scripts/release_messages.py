"""Messages about a release that was made or stored: its headline, and commands to paste next."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from model_store.manifest import Manifest
from model_store.publish import PublishResult
from model_store.release_files import GRAPH_FILE, MODEL_FILE
from reports.intervals import compute_wilson_interval
from reports.network_figures import CROSS_FITTED_SPLIT, describe_size
from reports.page.html_page import REPORT_PAGE_FILE
from reports.values import Report
from scripts.console import get_program_name, make_console, print_message
from scripts.store_options import PublishingOptions

STORE_PLACEHOLDER = "s3://BUCKET/PREFIX"
"""Text in printed commands that stands for the address of the user's own store."""

MIN_TEST_PICTURES = 100
"""Number of test pictures below which a warning is printed. With fewer, the 95% interval of an accuracy of
0.9 is wider than 0.11."""


def describe_store_command(
    release: Path, store: str, options: PublishingOptions, *, is_refused: bool = False
) -> str:
    """Return the sentence that says where a release is that could not be stored, and which command stores it.

    Args:
        release: the folder of the release.
        store: the address of the store.
        options: the options by which it should have been published. The command repeats them.
        is_refused: whether the gate has refused it.
    """
    words = [get_program_name(), "publish", shlex.join([str(release), store])]
    if is_refused:
        words.append("--force")
    if options.is_unconditional:
        words.append("--unconditional")
    if options.key:
        words += ["--sign", shlex.quote(str(options.key))]
    return f"The release is in {release}. To store it{' all the same' * is_refused}: `{' '.join(words)}`."


def print_headline(manifest: Manifest, report: Report) -> None:
    """Print how accurate and how large a release is, with a warning if it was measured on few pictures."""
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


def format_publish_result(publish_result: PublishResult, address: str) -> str:
    """Return two lines about a published release: whether it is current, and what the gate found.

    The gate compares a release with the current one before it becomes current.
    """
    version = publish_result.manifest.version
    promotion = publish_result.promotion
    if promotion is None:
        state = (
            f"{version} is in {address}, but not current: `releases promote` makes it so, `prune` removes it."
        )
    else:
        state = f"{version} is current in {address} (promotion {promotion.number} by {promotion.by})."
    return f"{state}\n{publish_result.verdict}"


def make_publish_document(publish_result: PublishResult, address: str) -> dict[str, object]:
    """Return the result of publishing a release as JSON values."""
    promotion = publish_result.promotion
    return {
        "version": publish_result.manifest.version,
        "store": address,
        "promotion": promotion and promotion.model_dump(mode="json"),
        "verdict": publish_result.verdict,
    }


def format_steps_after_promotion(release: Path, store: str) -> list[str]:
    """Return lines for a release that became current: how to serve it, its report, and how to publish it."""
    lines = [
        f"Release: {release}",
        _format_serve_command(store),
        f"Report:  {release / REPORT_PAGE_FILE}, and http://127.0.0.1:8000/metrics once it is served",
    ]
    # A folder is seldom where services look, so that the release has to go on to S3.
    return (
        lines if store.startswith("s3://") else [*lines, _format_publish_command(release, STORE_PLACEHOLDER)]
    )


def format_steps_for_other_classes(release: Path, store: str) -> list[str]:
    """Return lines for a release whose classes are not those of the current release of its store."""
    return [
        f"What is current in {store} has other classes, so that this one goes into another store.",
        f"Release: {release}",
        _format_serve_command(str(release)),
        _format_publish_command(release, f"{store.rstrip('/')}-other-classes"),
    ]


def format_comparison_commands(
    earlier_release: str, new_release: Path, pictures: Sequence[Path], store: str
) -> list[str]:
    """Return lines with commands to paste, which compare a new release with the old one and publish it.

    Args:
        earlier_release: the release that the new one is compared with, as commands name it, such as
            `bundled`.
        pictures: the places with pictures to compare on, one for each command. If there is none, the command
            has the word PICTURES in its place.
        store: the store in which the new release becomes current.
    """
    lines = []
    for number, place in enumerate(pictures or ["PICTURES"], 1):
        page = "changes.html" if number == 1 else f"changes-{number}.html"
        # With --allow 1 the exit code is 0, however many answers change.
        words = ["diff", earlier_release, str(new_release), str(place), "--page", page, "--allow", "1"]
        lines.append(f"Compare: {get_program_name()} {shlex.join(words)}")
    return [*lines, _format_publish_command(new_release, store)]


def _format_publish_command(release: Path, store: str) -> str:
    """Return the line with the command that makes a new release current in a store."""
    return f"Publish: {get_program_name()} publish {shlex.join([str(release), store])}"


def _format_serve_command(store: str) -> str:
    """Return the line with the command that serves the current release of a store."""
    return f"Serve:   WARDROBE_MODEL_STORE={shlex.quote(store)} {get_program_name()} serve"

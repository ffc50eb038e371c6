"""Store a release that was made from another one, after comparing both."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model_store.local_releases import LocalRelease, open_release
from model_store.named_release import parse_store_address
from reports.judge import compare_with_parent
from scripts.console import make_console
from scripts.release_messages import STORE_PLACEHOLDER, format_comparison_commands
from scripts.release_target import ReleaseTarget

if TYPE_CHECKING:  # needs Keras
    from training.release.make import TrainingResult


def publish_photo_release(
    new_release: "TrainingResult",
    release_name: str,
    parent: LocalRelease,
    target: ReleaseTarget,
    arguments: argparse.Namespace,
) -> object:
    """Store a release that `improve` made of the ten classes, or print the commands that store it.

    It is stored if --out or --publish was typed. In both cases, a sentence says how it compares with its
    parent on the same pictures.

    Args:
        release_name: the name of the release that was fitted again, as typed after --from.
        parent: the same release, opened.
        target: the store, and the pictures to compare both releases on.

    Returns:
        A document for --json: the new release, and how it compares with its parent.
    """
    if arguments.out or arguments.publish:
        return publish_compared_release(new_release.release_folder, target, parent)
    verdict = compare_with_parent(open_release(new_release.release_folder), parent)
    store = parse_store_address(release_name) or STORE_PLACEHOLDER
    print(
        "\n".join(
            [
                verdict,
                *format_comparison_commands(release_name, new_release.release_folder, target.pictures, store),
            ]
        )
    )
    return {"release": str(new_release.release_folder), "verdict": verdict}


def publish_compared_release(release: Path, target: ReleaseTarget, parent: LocalRelease) -> object:
    """Store a new release, after comparing it with the release that it was made from.

    If the gate of the store judges the release anyway, there is no further comparison.

    Args:
        release: the folder of the new release.
        parent: the release that the new one was made from.

    Returns:
        The result for --json.
    """
    if target.has_gate_check:
        return target.publish_and_report(release)
    verdict = compare_with_parent(open_release(release), parent)
    make_console().print(verdict)
    return target.publish_and_report(release) | {"verdict": verdict}

"""Make a release: begin its folder; at the end write report, card, page and answers, and seal it.

In between, networks are exported, decide and are measured: complete.py for what a training fitted or a user
brings, photos.py for what shares the files of another release. Writes one folder.
"""

import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from inference.contract import NetworkName
from labelling.errors import OutputUnusable
from model_store.assemble import seal_release
from model_store.local_releases import LocalRelease
from model_store.manifest import Headline, Manifest, Network
from model_store.release_files import (
    GRAPH_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    NEW_RELEASE_FOLDER,
    PHOTO_FILES,
    REPORT_FILE,
)
from reports.answers import ANSWERS, PHOTO_PREDICTIONS, PREDICTIONS, Answers, packed
from reports.model_card import MODEL_CARD, model_card
from reports.page.page import REPORT_PAGE, figures_in, file_page
from reports.values import Report
from training.data.learnt_hashes import LEARNT, LEARNT_NEAR
from training.environment import git_commit
from training.release.doubts import FileAnswers

OF_RELEASES: Final = frozenset(
    (
        MANIFEST_FILE,
        MODEL_FILE,
        GRAPH_FILE,
        *PHOTO_FILES,
        REPORT_FILE,
        REPORT_PAGE,
        MODEL_CARD,
        ANSWERS,
        LEARNT,
        LEARNT_NEAR,
    )
)
"""Files of a release; one of them is there wherever a training was killed."""


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        run: its folder; the release is in NEW_RELEASE there.
        answers: out-of-fold ones, from which doubted labels are listed.
        labels: of the release.
    """

    run: Path
    answers: FileAnswers
    labels: tuple[str, ...]

    @property
    def release(self) -> Path:
        """The folder of the release."""
        return self.run / NEW_RELEASE_FOLDER


def begin(folder: Path, parent: LocalRelease | None = None, without: Set[str] = frozenset()) -> None:
    """Make a folder, or empty it; copy the parent's files but its answers and those that are named.

    Raises:
        OutputUnusable: something is in it, and no file is called as one of a release.
    """
    there = {path.name for path in folder.glob("[!.]*")}
    if there and there.isdisjoint(OF_RELEASES):
        raise OutputUnusable(
            f"{folder}: is there and is no release. Move it away and give the command again, or name another."
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if parent is None:
        return
    for path in set(parent.manifest.files) - {PREDICTIONS, PHOTO_PREDICTIONS} - without:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parent.folder / path, folder / path)


def make_release(  # noqa: PLR0913 - one keyword for each thing that it seals
    folder: Path,
    *,
    networks: Mapping[NetworkName, Network],
    report: Report,
    answers: Answers,
    parent: Manifest | None = None,
    sources: Sequence[str] = (),
) -> Manifest:
    """Write report, card, page and answers beside networks and figures; the manifest seals them.

    Args:
        folder: of the release, with the files of its networks.
        networks: one or both.
        report: on them.
        answers: behind the report.
        parent: the release whose files it shares; None for none.
        sources: where learnt photos come from, as far as their table names it.

    Raises:
        StoreError: the folder cannot be sealed.
    """
    contracts = {name: network.contract for name, network in networks.items()}
    (folder / REPORT_FILE).write_bytes(report.as_bytes())
    (folder / MODEL_CARD).write_text(model_card(contracts, report), "utf-8")
    (folder / REPORT_PAGE).write_bytes(file_page(contracts, report, figures_in(folder)))
    (folder / ANSWERS).write_bytes(packed(answers))
    return seal_release(
        folder,
        created_at=datetime.now(UTC),
        networks=networks,
        sources=sources,
        training=_training(report, parent),
        libraries=report.training.libraries,
        git_commit=git_commit(),
        data=report.data,
        headline=Headline(
            test_accuracy=report.test.accuracy,
            test_n=report.test.n,
            parameters=report.model.parameters,
            mflops=report.model.mflops,
        ),
    )


def _training(report: Report, parent: Manifest | None) -> dict[str, JsonValue]:
    """What the manifest records of the training."""
    recorded = report.training
    if parent is None:
        return recorded.configuration | {"hardware": recorded.hardware}
    # Of a parent of version 2.0 whose thresholds were chosen after its training, which these no longer are.
    learnt = {name: value for name, value in parent.training.items() if name != "calibrated"}
    return learnt | recorded.configuration

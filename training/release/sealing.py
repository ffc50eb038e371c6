"""Start a release's folder; write report, card, page, answers; seal it.

`begin` empties the folder, and `begin_with` copies what a release shares with its parent. `seal_measured`
writes report, card, page, answers and manifest. In between, networks are exported, decide and are measured:
make.py, photo_release.py, recalibrated.py. Writes one folder.
"""

import shutil
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from inference.contract import NetworkName
from model_store.assemble import seal
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import Headline, Manifest, Network
from reports.answers import ANSWERS, PHOTO_PREDICTIONS, PREDICTIONS, Answers, packed
from reports.model_card import MODEL_CARD, model_card
from reports.page.page import REPORT_PAGE, figures_in, file_page
from reports.values import Report
from training.environment import git_commit


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A release that is decided and measured; its folder holds networks and figures, and is not sealed.

    Attributes:
        networks: one or both.
        report: on them.
        answers: behind the report.
        parent: the release whose files it shares; None for none.
        sources: where learnt photos come from, as far as their table names it.
    """

    networks: Mapping[NetworkName, Network]
    report: Report
    answers: Answers
    parent: Manifest | None = None
    sources: tuple[str, ...] = ()

    @property
    def training(self) -> dict[str, JsonValue]:
        """What the manifest records of the training."""
        recorded, calibrated = self.report.training, self.report.calibrated
        if self.parent is None:
            return recorded.configuration | {"hardware": recorded.hardware}
        decided_by = None if calibrated is None else calibrated.model_dump(mode="json")
        return self.parent.training | recorded.configuration | {"calibrated": decided_by}


def begin(folder: Path) -> None:
    """Make a folder, or empty it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def begin_with(folder: Path, parent: LocalRelease, without: Set[str] = frozenset()) -> None:
    """Begin a folder with the parent's files except its answers and those that are named."""
    begin(folder)
    for path in set(parent.manifest.files) - {PREDICTIONS, PHOTO_PREDICTIONS} - without:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parent.folder / path, folder / path)


def seal_measured(folder: Path, measured: Measured) -> Manifest:
    """Write report, card, page and answers beside networks and figures; the manifest seals them.

    Raises:
        StoreError: the folder cannot be sealed.
    """
    report = measured.report
    contracts = {name: one.contract for name, one in measured.networks.items()}
    (folder / REPORT).write_bytes(report.as_bytes())
    (folder / MODEL_CARD).write_text(model_card(contracts, report), "utf-8")
    (folder / REPORT_PAGE).write_bytes(file_page(contracts, report, figures_in(folder)))
    (folder / ANSWERS).write_bytes(packed(measured.answers))
    return seal(
        folder,
        created_at=datetime.now(UTC),
        networks=measured.networks,
        sources=measured.sources,
        training=measured.training,
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

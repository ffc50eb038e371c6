"""The first and the last step of every release: begin its folder; write what was measured, and seal it.

`begin` empties the folder, and `begin_with` copies what a release shares with its parent. `seal_measured`
writes report, card, page, answers and manifest. In between, networks are exported, decide and are measured:
builder.py, photo_release.py, recalibrated.py. Writes one folder.
"""

import shutil
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from inference.contract import ModelContract
from model_store.assemble import seal
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import Golden, Headline, Manifest, PhotoNetwork
from reports.answers import ANSWERS, PHOTO_PREDICTIONS, PREDICTIONS, Answers, packed
from reports.model_card import MODEL_CARD, model_card
from reports.page.page import REPORT_PAGE, figures_in, file_page
from reports.values import Report
from training.environment import git_commit


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A release that is decided and measured; its folder holds networks and figures, and is not sealed.

    Attributes:
        model: contract of the only network, or of the one that reads pixels.
        golden: inputs of that network with its answers.
        photos: the second network; None for none.
        report: on both.
        answers: behind the report.
        parent: the release whose files it shares; None for none.
    """

    model: ModelContract
    golden: Golden
    photos: PhotoNetwork | None = None
    report: Report
    answers: Answers
    parent: Manifest | None = None

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
    model, photos, report = measured.model, measured.photos, measured.report
    (folder / REPORT).write_bytes(report.as_bytes())
    (folder / MODEL_CARD).write_text(model_card(model, report, photos), "utf-8")
    (folder / REPORT_PAGE).write_bytes(file_page(model, report, figures_in(folder), photos))
    (folder / ANSWERS).write_bytes(packed(measured.answers))
    return seal(
        folder,
        created_at=datetime.now(UTC),
        model=model,
        photos=photos,
        golden=measured.golden,
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

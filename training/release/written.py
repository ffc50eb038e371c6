"""Write what every release has beside its networks, and seal a release that has files of another one.

`begin` copies these files, `write_measured` writes report, card, page and answers, `seal_successor` writes
the manifest. What they say: builder.py, photo_release.py, recalibrated.py. Writes one folder.
"""

import shutil
from collections.abc import Set
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from inference.contract import ModelContract
from model_store.assemble import seal
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import Manifest, PhotoNetwork
from reports.answers import ANSWERS, PHOTO_PREDICTIONS, PREDICTIONS, Answers, packed
from reports.model_card import MODEL_CARD, model_card
from reports.page.page import REPORT_PAGE, figures_in, file_page
from reports.values import Report
from training.environment import git_commit


def begin(folder: Path, parent: LocalRelease, without: Set[str] = frozenset()) -> None:
    """Empty a folder, and copy the parent's files except its answers and those that are named."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in set(parent.manifest.files) - {PREDICTIONS, PHOTO_PREDICTIONS} - without:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parent.folder / path, folder / path)


def write_measured(
    folder: Path, model: ModelContract, report: Report, answers: Answers, photos: PhotoNetwork | None = None
) -> None:
    """Write report, card, page and answers beside the figures, which are drawn before."""
    (folder / REPORT).write_bytes(report.as_bytes())
    (folder / MODEL_CARD).write_text(model_card(model, report, photos), "utf-8")
    (folder / REPORT_PAGE).write_bytes(file_page(model, report, figures_in(folder), photos))
    (folder / ANSWERS).write_bytes(packed(answers))


def seal_successor(
    folder: Path,
    parent: Manifest,
    model: ModelContract,
    photos: PhotoNetwork | None,
    training: dict[str, JsonValue],
) -> Manifest:
    """Seal a release of the parent's pixels and figures, with these networks and keys of its training."""
    return seal(
        folder,
        created_at=datetime.now(UTC),
        model=model,
        photos=photos,
        golden=parent.golden,
        training=parent.training | training,
        libraries=parent.libraries,
        git_commit=git_commit(),
        data=parent.data,
        headline=parent.headline,
    )

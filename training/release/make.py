"""Begin and finish the folder of a release.

A release is written into a temporary folder, which gets its name only when all files are there. So nobody
ever sees half a release, and no release is replaced. The last file is the manifest, which has the hashes of
the others.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from inference.contract import NetworkName
from model_store.assemble import seal_release
from model_store.local_releases import LocalRelease
from model_store.manifest import Headline, Manifest, ReleaseNetwork
from model_store.release_files import NEW_RELEASE_FOLDER, REPORT_FILE
from reports.answers import Answers
from reports.answers_file import ANSWERS_FILE, serialize_answers
from reports.model_card import MODEL_CARD_FILE, make_model_card
from reports.page.html_page import REPORT_PAGE_FILE, make_report_page_file, read_report_figures
from reports.values import Report
from training.environment import find_git_commit
from training.release.doubts import FileAnswers
from training.release.run_folder import (
    check_no_release,
    claim_next_run,
    move_finished_release,
    move_to_free_folder,
    open_unfinished_release,
)


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Attributes:
        run_folder: the folder of the training; the release is in NEW_RELEASE_FOLDER there.
        answers: answers of networks that did not learn the pictures, with the files of these. Pictures with
            doubtful labels are listed from them.
        labels: the labels of the release.
    """

    run_folder: Path
    answers: FileAnswers
    labels: tuple[str, ...]

    @property
    def release_folder(self) -> Path:
        """The folder of the release."""
        return self.run_folder / NEW_RELEASE_FOLDER


@contextmanager
def start_release(
    folder: Path, parent: LocalRelease | None = None, left_out_files: Set[str] = frozenset()
) -> Iterator[Path]:
    """Yield a temporary folder to write a release into, which gets the name `folder` after the block.

    Args:
        folder: the folder of the new release; nothing may have this name.
        parent: the release whose files are copied into the temporary folder; None for an empty one.
        left_out_files: the names of files of the parent that are not copied.

    Yields:
        An unfinished folder beside `folder`. The release has to be sealed in it when the block ends; if the
        block fails, it is removed.

    Raises:
        OutputUnusable: something has the name `folder`.
    """
    # Here, and again when the folder gets its name, since something else may have taken it by then.
    check_no_release(folder)
    with open_unfinished_release(folder.parent, parent, left_out_files) as unfinished:
        yield unfinished
        move_finished_release(unfinished, folder)


@dataclass
class ReleaseFolders:
    """The folders of a release that is being written.

    Attributes:
        unfinished_folder: the temporary folder in which the release is written.
        run_folder: the folder in which the release will lie, such as runs/mine. If the user named none, and
            another training puts a release there first, it becomes runs/mine-2 in the end.
    """

    unfinished_folder: Path
    run_folder: Path


@contextmanager
def start_numbered_release(run_folder: Path | None, default_folder: Path) -> Iterator[ReleaseFolders]:
    """Yield a temporary folder for a release, which gets the first free folder of NAME, NAME-2, NAME-3, ...

    It is for trainings that write nothing but the release into their folder, as the name is known only at the
    end.

    Args:
        run_folder: the folder that a user named. The release is put there, and never into a numbered folder.
            None if the user named none.
        default_folder: the folder NAME, which is used if `run_folder` is None.

    Raises:
        OutputUnusable: `run_folder` has a release.
    """
    if run_folder is not None:
        with start_release(run_folder / NEW_RELEASE_FOLDER) as unfinished:
            yield ReleaseFolders(unfinished, run_folder)
        return
    with claim_next_run(default_folder) as claimed, open_unfinished_release(claimed) as unfinished:
        place = ReleaseFolders(unfinished, claimed)
        yield place
        place.run_folder = move_to_free_folder(unfinished, default_folder)


def write_and_seal_release(  # noqa: PLR0913 - one keyword for each thing that it seals
    folder: Path,
    *,
    networks: Mapping[NetworkName, ReleaseNetwork],
    report: Report,
    answers: Answers,
    parent: Manifest | None = None,
    sources: Sequence[str] = (),
) -> Manifest:
    """Finish a release: write report, model card, page and answers, and last the manifest that seals it.

    Args:
        folder: the folder of the release, with the files of its networks.
        networks: the networks of the release by name, one or both of `pixels` and `photos`.
        answers: the answers from which the report was computed.
        parent: the manifest of the release whose files the new one shares; None if it shares none.
        sources: the shops and collections of the learnt photos, as far as their table names them.

    Raises:
        StoreError: the folder cannot be sealed.
    """
    contracts = {name: network.contract for name, network in networks.items()}
    (folder / REPORT_FILE).write_bytes(report.serialize())
    (folder / MODEL_CARD_FILE).write_text(make_model_card(contracts, report), "utf-8")
    (folder / REPORT_PAGE_FILE).write_bytes(
        make_report_page_file(contracts, report, read_report_figures(folder))
    )
    (folder / ANSWERS_FILE).write_bytes(serialize_answers(answers))
    return seal_release(
        folder,
        created_at=datetime.now(UTC),
        networks=networks,
        sources=sources,
        training=_describe_training(report, parent),
        libraries=report.training.libraries,
        git_commit=find_git_commit(),
        data=report.data,
        headline=Headline(
            test_accuracy=report.test.accuracy,
            test_n=report.test.n,
            parameters=report.model.parameters,
            mflops=report.model.mflops,
        ),
    )


def _describe_training(report: Report, parent: Manifest | None) -> dict[str, JsonValue]:
    """Return the facts about the training that the manifest records."""
    recorded = report.training
    if parent is None:
        return recorded.configuration | {"hardware": recorded.hardware}
    # A release of version 2.0 may say that its thresholds were chosen after its training. The new release has
    # other thresholds.
    learnt = {name: value for name, value in parent.training.items() if name != "calibrated"}
    return learnt | recorded.configuration

"""Write and check the outputs of `wardrobe evaluate`, and warn if its figures would mislead.

The figures of a data set and those of photos have the same outputs.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from inference.contract import ModelContract
from labelling.write.outputs import check_outputs
from model_store.local_releases import LocalRelease
from model_store.release_files import expand_home
from reports.answers import Answers
from reports.page.html_page import REPORT_PAGE_FILE, make_report_page_file
from reports.values import read_report
from scripts.console import make_console, print_message
from training.data.learnt_hashes import mark_learnt_pictures
from training.data.pictures import Pictures
from training.errors import DataError


def warn_of_learnt_pictures(release: LocalRelease, pictures: Pictures) -> None:
    """Warn if the release learnt some of the pictures that it is measured on."""
    if count := int(mark_learnt_pictures(release, pictures.sha256, pictures.hashes, say=print_message).sum()):
        print_message(
            f"the release learnt {count:,} of these {len(pictures):,} pictures, or nearly the same, so the "
            "figures are too good."
        )


def check_order_of_labels(
    release: LocalRelease, answers: Answers, labels: tuple[str, ...], *, can_reorder: bool = True
) -> None:
    """Refuse to measure a release if its outputs fit its labels in another order much better.

    Args:
        can_reorder: whether labels in another order would change the names of the outputs alone, and not
            those of the classes, too.

    Raises:
        DataError: another order is much better. The message has what to change.
    """
    from training.evaluation.label_order import find_better_order  # noqa: PLC0415 - needs scikit-learn

    order = find_better_order(answers, labels)
    if order is None:
        return
    if not can_reorder:
        raise DataError(
            f"{release.version}: {order.given_right_share:.1%} of the pictures are right, but "
            f"{order.right_share:.1%} would be if the data gave its classes the numbers of the outputs: "
            f"{order.describe_renumbering(labels)}. The data has only numbers, which get the names of the "
            "outputs. Change these numbers in the data, or use --force to measure the release as it is."
        )
    raise DataError(
        f"{release.version}: {order.given_right_share:.1%} of the pictures are right, but "
        f"{order.right_share:.1%} would be if the names of its outputs were in another order: "
        f"{', '.join(order.labels)}. If the labels of the data are right, make the release again with these "
        f"names, such as by `wardrobe adopt MODEL --labels {shlex.quote(order.format_labels())}`. --force "
        "measures it as it is."
    )


def make_evaluation_page(release: LocalRelease, **new_figures: object) -> bytes:
    """Return report.html of a release, with new figures in place of those in its report.

    Args:
        new_figures: the fields of the report that are replaced.
    """
    report = read_report(release).replace_fields(**new_figures)
    return make_report_page_file(release.manifest.contracts, report, {})


def check_evaluation_outputs(folder: Path | None, reads: Sequence[Path]) -> None:
    """Refuse the folder of --out if one of its files would overwrite a file that is read."""
    if folder is None:
        return
    from training.evaluation.folder import ANSWERS_FILE, CONFUSION_MATRIX_FILE, MISTAKES_FILE  # noqa: PLC0415

    check_outputs(
        [
            expand_home(folder) / name
            for name in (REPORT_PAGE_FILE, ANSWERS_FILE, CONFUSION_MATRIX_FILE, MISTAKES_FILE)
        ],
        reads,
    )


def write_evaluation_outputs(
    folder: Path | None, page: bytes, answers: Answers, pictures: Pictures, contract: ModelContract
) -> dict[str, list[str]]:
    """Write the files of --out, if a folder was named, and return their paths for --json."""
    if folder is None:
        return {}
    from training.evaluation.folder import write_evaluation  # noqa: PLC0415 - needs matplotlib

    files = write_evaluation(expand_home(folder), page, answers, pictures, contract)
    paths = [str(path) for path in files]
    make_console().print(", ".join(paths), soft_wrap=True)
    return {"written": paths}


MISSING_FIGURE_TEXT = "-"
"""Cell of a table for a figure that could not be measured, because there were no answers."""


def format_figure(figure: float | None, form: str) -> str:
    """Return a figure as text, such as "93.1%"; MISSING_FIGURE_TEXT if it could not be measured.

    Args:
        form: the format of the number, such as `.1%`.
    """
    return MISSING_FIGURE_TEXT if figure is None else format(figure, form)

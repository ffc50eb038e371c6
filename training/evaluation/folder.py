"""Write an evaluation for people: the page of its figures, its answers, and pictures of mistakes.

Writes the named folder alone. The figures: evaluate.py and photos.py; how the pictures are drawn:
plots.py.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.metrics import confusion_matrix

from inference.contract import ModelContract
from inference.spreadsheets import escape_path, format_csv
from model_store.release_files import write_whole
from reports.answers import Answers
from reports.page.html_page import REPORT_PAGE_FILE
from training.data.pictures import Pictures
from training.evaluation.evaluate import mistakes
from training.evaluation.plots import draw_examples, draw_shares, font_for, save

TABLE: Final = "answers.csv"
CONFUSION: Final = "confusion_matrix.png"
MISTAKES: Final = "mistakes.png"

SHOWN: Final = 60
"""Largest number of mistakes on the picture of mistakes; the most confident ones are shown."""

COLUMNS: Final = ("picture", "label", "predicted", "confidence", "familiarity", "decision")


def write_evaluation(
    folder: Path, page: bytes, answers: Answers, pictures: Pictures, contract: ModelContract
) -> list[Path]:
    """Write an evaluation into a folder: page, table of answers, and drawings; return the files.

    The confusion matrix is drawn if pictures show classes of the release, the mistakes if answers are wrong.

    Args:
        folder: the folder of the files, which is made if it is missing.
        page: the page of all figures.
        answers: the served answers to N pictures.
        pictures: the N pictures; one without a file is named by its position in the set.
        contract: the contract of the release.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, matrix, sheet = (folder / name for name in (TABLE, CONFUSION, MISTAKES))
    write_whole(folder / REPORT_PAGE_FILE, page)
    write_whole(table, _table(answers, pictures.files, contract.labels).encode("utf-8", "backslashreplace"))
    written, labels = [folder / REPORT_PAGE_FILE, table], contract.labels
    of_classes = answers.select_rows(answers.has_class)
    with font_for(labels):
        if len(of_classes):
            counts = confusion_matrix(of_classes.truth, of_classes.predicted, labels=np.arange(len(labels)))
            title = f"{len(of_classes):,} pictures: accuracy {of_classes.is_right.mean():.2%}"
            save(draw_shares(counts, labels, title), matrix)
            written.append(matrix)
        worst = mistakes(answers, labels, SHOWN)
        if worst:
            drawn = draw_examples(worst, labels, pictures.pixels, contract.input.polarity)
            save(drawn, sheet)
            written.append(sheet)
    return written


def _table(answers: Answers, files: Sequence[Path], labels: Sequence[str]) -> str:
    """Write a table with COLUMNS, a row per picture, which no spreadsheet takes for formulas."""
    rows = [COLUMNS]
    for place in range(len(answers)):
        shows_class, familiarity = bool(answers.has_class[place]), float(answers.familiarity[place])
        rows.append(
            (
                escape_path(str(files[place])) if files else str(place),
                labels[answers.truth[place]] if shows_class else str(answers.spelt[place]),
                labels[answers.predicted[place]],
                f"{answers.confidences[place]:.4f}",
                "" if np.isnan(familiarity) else f"{familiarity:.4f}",
                answers.decisions[place],
            )
        )
    return format_csv(rows)

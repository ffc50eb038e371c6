"""Write an evaluation into a folder for people: a page of figures, a table of answers, and drawings.

The folder has the page of the report, answers.csv with a row for each picture, confusion_matrix.png, and
mistakes.png with the most confident mistakes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.metrics import confusion_matrix

from inference.contract import ModelContract
from inference.text.spreadsheets import escape_spreadsheet_path, format_csv
from labelling.write.partial_files import write_output
from reports.answers import Answers
from reports.page.html_page import REPORT_PAGE_FILE
from training.data.pictures import Pictures
from training.evaluation.evaluate import choose_mistakes
from training.evaluation.plots import draw_confusion_shares, draw_examples, save_figure, use_label_fonts

ANSWERS_FILE: Final = "answers.csv"
CONFUSION_MATRIX_FILE: Final = "confusion_matrix.png"
MISTAKES_FILE: Final = "mistakes.png"

MAX_MISTAKES_DRAWN: Final = 60
"""Largest number of mistakes on the picture of mistakes; the most confident ones are shown."""

ANSWER_COLUMNS: Final = ("picture", "label", "predicted", "confidence", "familiarity", "decision")


def write_evaluation(
    folder: Path, page: bytes, answers: Answers, pictures: Pictures, contract: ModelContract
) -> list[Path]:
    """Write an evaluation into a folder: page, table of answers, and drawings; return the files.

    The confusion matrix is drawn if pictures show classes of the release, the mistakes if answers are wrong.

    Args:
        folder: the folder of the files, which is made if it is missing.
        answers: the decided answers to N pictures.
        pictures: the N pictures; one without a file is named by its position in the set.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, matrix, sheet = (folder / name for name in (ANSWERS_FILE, CONFUSION_MATRIX_FILE, MISTAKES_FILE))
    write_output(folder / REPORT_PAGE_FILE, page)
    write_output(
        table, _format_table(answers, pictures.files, contract.labels).encode("utf-8", "backslashreplace")
    )
    files = [folder / REPORT_PAGE_FILE, table]
    labels = contract.labels
    class_answers = answers.select_rows(answers.has_class)
    with use_label_fonts(labels):
        if len(class_answers):
            counts = confusion_matrix(
                class_answers.truth, class_answers.predicted, labels=np.arange(len(labels))
            )
            title = f"{len(class_answers):,} pictures: accuracy {class_answers.is_right.mean():.2%}"
            save_figure(draw_confusion_shares(counts, labels, title), matrix)
            files.append(matrix)
        worst = choose_mistakes(answers, labels, MAX_MISTAKES_DRAWN)
        if worst:
            figure = draw_examples(worst, labels, pictures.pixels, contract.input.polarity)
            save_figure(figure, sheet)
            files.append(sheet)
    return files


def _format_table(answers: Answers, files: Sequence[Path], labels: Sequence[str]) -> str:
    """Return a CSV with ANSWER_COLUMNS and a row for each picture.

    A path that a spreadsheet would take for a formula is escaped.
    """
    rows = [ANSWER_COLUMNS]
    for place in range(len(answers)):
        shows_class = bool(answers.has_class[place])
        familiarity = float(answers.familiarity[place])
        rows.append(
            (
                escape_spreadsheet_path(str(files[place])) if files else str(place),
                labels[answers.truth[place]] if shows_class else str(answers.spelt[place]),
                labels[answers.predicted[place]],
                f"{answers.confidences[place]:.4f}",
                "" if np.isnan(familiarity) else f"{familiarity:.4f}",
                answers.decisions[place],
            )
        )
    return format_csv(rows)

"""Write the labels that a training doubts: a CSV with all of them, and a page that shows the first ones.

A label is doubted if networks that had not learnt the picture answer another one. A person looks through
`doubted.html`, corrects wrong labels and exports the corrections. If the networks contradict too many labels,
most of these are their own errors, and one sentence is printed in place of the files.
"""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

from app.web.translations import TRANSLATIONS
from inference.pictures.decode import prepare_decoders
from inference.text.plain_text import choose_form
from labelling.errors import PictureUnreadable
from labelling.review.cards import ReviewCard
from labelling.review.page import ReviewPageFrame, make_review_page, make_thumbnail, write_page
from labelling.sources.picture_files import read_files
from labelling.write.partial_files import write_output
from model_store.release_files import NEW_RELEASE_FOLDER
from scripts.console import get_program_name, make_console, print_message
from scripts.terminal import EXPECTED_ERRORS
from training.release.doubts import DoubtedLabel, FileAnswers, find_doubted_labels, make_doubted_labels_csv

MAX_PICTURES_SHOWN: Final = 200
"""Largest number of pictures on the page, which a person can look at in a quarter of an hour."""

MAX_DOUBTED_SHARE: Final = 0.15
"""Largest share of doubted labels for which a list is written. If more labels are doubted, most doubts are
errors of the network itself."""

DOUBTS_TABLE_NAME: Final = "doubted.csv"
DOUBTS_PAGE_NAME: Final = "doubted.html"
"""Files in the folder of a run with all doubted labels, and with the page that shows the first ones."""

DOUBTS_EXPORT_NAME: Final = "corrections-doubted.csv"
"""Name of the CSV that a browser saves from the page. The export of a review sheet has another name, so that
neither replaces the other."""

DOUBTS_PAGE_INTRODUCTION: Final = (
    "A network that did not learn the picture prefers another class. Where a label is wrong, choose the "
    "right one, or leave the picture out; those without a choice keep their labels."
)

CARD_NOTE_TEMPLATE: Final = "labelled {label}, {share}; {other}? {confidence}"
"""Text below each picture. The page fills in the labels and probabilities, and translates the rest."""


def write_doubted_labels(
    folder: Path,
    answers: FileAnswers,
    labels: Sequence[str],
    *,
    next_command: str = "",
    has_named_folder: bool = False,
) -> None:
    """Write a table and a page of the pictures whose label a training doubts, and print how many there are.

    A label is doubted if networks that had not learnt the picture answer another one. Nothing is written if
    no picture has a file of its own, or if more than MAX_DOUBTED_SHARE of the labels are doubted. The files
    of an earlier training in the folder are renamed. Errors are printed on stderr and not raised, since the
    release is complete without these files.

    Args:
        answers: the answers of networks that had not learnt the pictures, and the file of each picture.
        labels: the names of the classes by index.
        next_command: the command that learns the exported corrections; empty if it is the same command with
            `--corrections`.
        has_named_folder: whether the command named the folder of the run. Then the same command is refused,
            because the folder has a release now.
    """
    try:
        _write_files(folder, answers, labels, next_command, has_named_folder=has_named_folder)
    except (OSError, *EXPECTED_ERRORS) as error:
        print_message(f"the release is made, but its doubted labels cannot be written: {error}")


def _write_files(
    folder: Path, answers: FileAnswers, labels: Sequence[str], next_command: str, *, has_named_folder: bool
) -> None:
    _, files = answers
    picture_count = len(files)
    if not picture_count:
        return
    doubts = find_doubted_labels(answers, labels)
    console = make_console()
    for name in (DOUBTS_TABLE_NAME, DOUBTS_PAGE_NAME):
        _rename_earlier_file(folder / name)
    if len(doubts) > MAX_DOUBTED_SHARE * picture_count:
        console.print(
            f"No list of doubted labels: the network, which did not learn the picture, contradicts "
            f"{len(doubts):,} of {picture_count:,} labels, and beyond {MAX_DOUBTED_SHARE:.0%} most errors "
            "are its own."
        )
        return
    # The name of a file may contain bytes that are no UTF-8.
    write_output(
        folder / DOUBTS_TABLE_NAME, make_doubted_labels_csv(doubts).encode("utf-8", "backslashreplace")
    )
    if not doubts:
        console.print(
            f"None of {picture_count:,} labels is doubted by a network that did not learn the picture."
        )
        return
    verb = choose_form(len(doubts), "is", "are")
    console.print(
        f"{len(doubts):,} of {picture_count:,} labels {verb} doubted by a network that did not learn the "
        f"picture: {folder / DOUBTS_TABLE_NAME}.",
    )
    repeated_command = f"{get_program_name()} … --corrections {DOUBTS_EXPORT_NAME}"
    shown_count = _write_page(folder, doubts, labels, next_command or repeated_command)
    console.print(f"To look through, the first {shown_count:,}: {folder / DOUBTS_PAGE_NAME}", soft_wrap=True)
    if next_command:
        # Not by the console, which would take brackets in a command for styles.
        print(f"To learn what it exports: {next_command}")
        return
    next_step = f"To learn what it exports, add --corrections {DOUBTS_EXPORT_NAME} to the same command."
    if has_named_folder:
        next_step += f" Name another folder with --run, or move {folder / NEW_RELEASE_FOLDER} away first."
    console.print(next_step, soft_wrap=True)


def _rename_earlier_file(file: Path) -> None:
    """Rename a file of an earlier training to NAME-1, NAME-2 or the next free number, if there is one."""
    if not file.is_file():
        return
    names = (file.with_stem(f"{file.stem}-{number}") for number in count(1))
    free_name = next(name for name in names if not os.path.lexists(name))
    file.rename(free_name)
    print_message(f"{file} was there already: it is kept as {free_name}.")


def _write_page(folder: Path, doubts: Sequence[DoubtedLabel], labels: Sequence[str], command: str) -> int:
    """Write the page of doubted labels, and return the number of pictures that it shows.

    Args:
        command: the command that learns the exported corrections, which the page shows.
    """
    prepare_decoders()
    cards = [_make_card(doubt) for doubt in doubts[:MAX_PICTURES_SHOWN]]
    title = f"{folder.name}, {len(cards):,}/{len(doubts):,}"
    write_page(
        folder / DOUBTS_PAGE_NAME,
        make_review_page(
            cards,
            labels,
            ReviewPageFrame(
                title, DOUBTS_PAGE_INTRODUCTION, TRANSLATIONS, DOUBTS_EXPORT_NAME, command=command
            ),
        ),
    )
    return len(cards)


def _make_card(doubt: DoubtedLabel) -> ReviewCard:
    """Return the card of a doubted label: a thumbnail, the label, and the label that is proposed."""
    [upload] = read_files([doubt.path])
    picture = "" if isinstance(upload, PictureUnreadable) else make_thumbnail(upload)
    values: dict[str, str | float] = {
        "label": doubt.label,
        "share": doubt.label_probability,
        "other": doubt.predicted,
        "confidence": doubt.probability,
    }
    return ReviewCard(
        doubt.path,
        doubt.path,
        picture,
        CARD_NOTE_TEMPLATE,
        doubt.predicted,
        doubt.predicted,
        note_values=values,
    )

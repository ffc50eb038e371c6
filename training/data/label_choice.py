"""Choose which labels of a table a training learns, or by which a release is measured.

A question is the class, or an attribute such as `colour`. Labels that are not chosen become unknown.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from inference.text.plain_text import join_first_items
from labelling.lists.identifiers import NO_VALUE_TEXT
from training.data.labels import INAPPLICABLE_LABEL, LABEL_SEPARATOR, MAX_LABELS_NAMED, UNKNOWN_LABEL, Labels
from training.data.listing import Listing
from training.data.rare import MIN_GROUPS_PER_ATTRIBUTE_LABEL, choose_learnable_labels, describe_rare_labels
from training.progress import Say

MAX_SHARE_OF_ONE_LABEL: Final = 0.97
"""Share of pictures with one label above which an attribute tells little, so that a person is warned."""


def choose_learnt_labels(  # noqa: PLR0913, PLR0917 - pictures, what is asked of them, and who is told
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    groups: Sequence[str],
    is_tested: Sequence[bool],
    required_labels: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Choose the labels of the class and of each attribute that can be learnt.

    All other labels become unknown.

    Args:
        listing: the listing of the pictures, with the names of the attributes.
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        groups: the group of each picture, such as its sender or product.
        is_tested: whether each picture is in the test set.
        required_labels: labels of a release that have to be learnt, by question.
        say: a function that receives sentences on labels that are left out.

    Returns:
        The labels by question, the class first.

    Raises:
        DataError: the labels cannot be learnt; see `choose_learnable_labels`.
    """
    place = str(listing.place)
    class_labels = [labels_of_picture[LABEL] for labels_of_picture in labels]
    required_classes = required_labels.get(LABEL, ())
    listed_classes = listing.labels
    classes, rare_classes = choose_learnable_labels(
        place,
        class_labels,
        groups,
        is_tested,
        required_labels=required_classes,
        emptied_labels=listed_classes,
    )
    if rare_classes:
        say(describe_rare_labels(place, rare_classes))
    codes = {label: code for code, label in enumerate(classes)}
    classes_of_pictures = Labels.make_from_codes(
        np.array([codes.get(label, UNKNOWN_LABEL) for label in class_labels]), classes
    )
    return {LABEL: classes_of_pictures} | {
        name: choose_attribute_labels(
            listing.describe_column(name),
            list_question_labels(labels, name),
            groups,
            classes_of_pictures,
            say,
            required_labels.get(name, ()),
        )
        for name in listing.attributes
    }


def choose_evaluation_labels(
    listing: Listing,
    labels: Sequence[Mapping[str, str]],
    class_ids: Sequence[int],
    release_labels: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Return the labels by which a release is measured: the class, and each of its attributes in the table.

    Args:
        labels: the labels of N pictures, by question (the class by LABEL, and attributes).
        class_ids: the class index of each picture.
        release_labels: the labels of the release, by question. An attribute without a column in the table is
            left out.
        say: a function that receives a sentence on labels that the release lacks.

    Returns:
        The labels by question, the class first.
    """
    return {LABEL: Labels.make_from_codes(np.array(class_ids, np.int64), listing.labels)} | {
        name: match_attribute_labels(
            listing.describe_column(name), list_question_labels(labels, name), names, say
        )
        for name, names in release_labels.items()
        if name != LABEL and name in listing.columns
    }


def list_question_labels(labels: Sequence[Mapping[str, str]], name: str) -> list[str]:
    """Return the label of each picture for one question; empty if the label is not known."""
    return [labels_of_picture.get(name, "") for labels_of_picture in labels]


def choose_attribute_labels(  # noqa: PLR0913, PLR0917 - cells, whose they are, and what is asked of them
    message_start: str,
    cells: Sequence[str],
    groups: Sequence[str],
    classes: Labels,
    say: Say,
    required_labels: Sequence[str] = (),
) -> Labels:
    """Choose the labels of an attribute's column that can be learnt. All other labels become unknown.

    Args:
        message_start: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        groups: the group of each picture, such as its sender or product.
        say: a function that receives sentences that a person should read.

    Raises:
        DataError: the labels cannot be learnt; see `choose_learnable_labels`.
    """
    cell_labels = split_cells(cells)
    learnable, warnings = _choose_learnable(
        message_start, _list_main_labels(cell_labels), groups, required_labels
    )
    for sentence in warnings:
        say(sentence)
    main_codes, is_right = _make_codes(cells, cell_labels, learnable)
    inapplicable_classes, labelled_classes = (
        set(classes.main_codes[is_chosen].tolist())
        for is_chosen in (main_codes == INAPPLICABLE_LABEL, main_codes >= 0)
    )
    # A class lacks the attribute if some of its pictures have the cell `-` and none has a label.
    excluded_classes = inapplicable_classes - labelled_classes - {UNKNOWN_LABEL}
    applies_to = (
        tuple(name for class_id, name in enumerate(classes.names) if class_id not in excluded_classes)
        if excluded_classes
        else None
    )
    return Labels(learnable, main_codes, is_right, applies_to)


def match_attribute_labels(
    message_start: str, cells: Sequence[str], labels: Sequence[str], say: Say
) -> Labels:
    """Return the labels of an attribute's column by which a release is measured.

    Args:
        message_start: the beginning of messages, which names the table and the column.
        cells: the cells of N different pictures.
        labels: the labels that the release knows; other labels become unknown.
        say: a function that receives a sentence on labels that the release lacks.
    """
    cell_labels = split_cells(cells, labels)
    if lacking_labels := sorted(set(filter(None, _list_main_labels(cell_labels))) - set(labels)):
        say(
            f"{message_start}: the release lacks these labels "
            f"({join_first_items([*map(repr, lacking_labels)], MAX_LABELS_NAMED)})."
        )
    return Labels(tuple(labels), *_make_codes(cells, cell_labels, labels))


def split_cells(cells: Sequence[str], labels: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Return the labels in each cell, as tuples; a cell that is empty or `-` has none.

    A cell such as `blue/white` is divided only if each part is one of `labels` or is the whole text of
    another cell. Otherwise the text is one label.

    Args:
        labels: labels that are known to exist.
    """
    whole_labels = {*cells, *labels} - {"", NO_VALUE_TEXT}

    def split_cell(cell: str) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip() for part in cell.split(LABEL_SEPARATOR)))
        return parts if len(parts) > 1 and whole_labels.issuperset(parts) else (cell,)

    return [() if cell in {"", NO_VALUE_TEXT} else split_cell(cell) for cell in cells]


def _list_main_labels(cell_labels: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the first label of each cell; empty for a cell without labels."""
    return [labels[0] if labels else "" for labels in cell_labels]


def _make_codes(
    cells: Sequence[str], cell_labels: Sequence[tuple[str, ...]], labels: Sequence[str]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return, for the cells of a column, the codes of the main labels and all right labels, as in Labels.

    Args:
        cell_labels: the labels in each cell, from `split_cells`.
        labels: the names of the labels that are learnt or known.
    """
    index = {label: row for row, label in enumerate(labels)}
    main_codes = np.full(len(cells), UNKNOWN_LABEL, np.int16)
    is_right = np.zeros((len(cells), len(labels)), np.bool_)
    for row, (cell, given_labels) in enumerate(zip(cells, cell_labels, strict=True)):
        kept_codes = [index[label] for label in given_labels if label in index]
        if cell == NO_VALUE_TEXT:
            main_codes[row] = INAPPLICABLE_LABEL
        # A main label that is not learnt makes the whole cell unknown: the others are only right besides it.
        elif kept_codes and given_labels[0] in index:
            main_codes[row] = kept_codes[0]
            is_right[row, kept_codes] = True
    return main_codes, is_right


def _choose_learnable(
    message_start: str, main_labels: Sequence[str], groups: Sequence[str], required_labels: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of an attribute that are learnt, and sentences that a person should read."""
    learnable_labels, rare_labels = choose_learnable_labels(
        message_start,
        main_labels,
        groups,
        min_groups=MIN_GROUPS_PER_ATTRIBUTE_LABEL,
        required_labels=required_labels,
    )
    kept_labels = [label for label in main_labels if label in learnable_labels]
    label, count = Counter(kept_labels).most_common(1)[0]
    common_label_warning = (
        f"{message_start}: {count / len(kept_labels):.0%} are {label!r}, so that an answer says little."
    )
    return learnable_labels, tuple(
        filter(
            None,
            (
                describe_rare_labels(message_start, rare_labels),
                common_label_warning if count >= MAX_SHARE_OF_ONE_LABEL * len(kept_labels) else "",
            ),
        )
    )

"""Decide which labels of a table have enough pictures to be learnt and measured.

A label with too few pictures or groups is left out, and a message says how many it needs. Its pictures count
as unknown, not as examples of other labels. If a label has too few pictures, and its name is nearly another
label, it may be a misspelling, and a person is asked. `wardrobe data` and every training decide in the same
way.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from inference.text.plain_text import join_first_items
from training.errors import DataError

MIN_PICTURES_PER_LABEL: Final = 3
"""Number of different pictures that a label needs to be learnt: one to hold out, and some to learn from."""

MIN_GROUPS_PER_CLASS: Final = 3
"""Fewest groups, such as products, among the pictures of a class, so that folds of a cross-validation can
learn and answer it. Near copies are in one group."""

MIN_GROUPS_PER_ATTRIBUTE_LABEL: Final = 2
"""Fewest groups among the pictures of an attribute's label, so that a head that learnt one group can answer
another."""

MIN_LABELS: Final = 2
MAX_LABELS: Final = 256
"""Smallest and largest number of labels that one question can have."""

MIN_SPELLING_SIMILARITY: Final = 0.75
"""Similarity of two names, 0 to 1, from which one may be a misspelling of the other."""

DIGIT_PATTERN: Final = re.compile(r"\d")
"""One digit. Names such as `size 38` and `size 39` differ in digits and are no misspellings."""

MAX_RARE_LABELS_NAMED: Final = 5
"""Number of labels that a message names."""


def describe_rare_labels(message_start: str, rare_labels: Mapping[str, str]) -> str:
    """Return a sentence on labels that are left out of a training; empty if there are none.

    Args:
        message_start: the table, and perhaps its column.
        rare_labels: a text for each such label with the number of its pictures and the number that it needs.
    """
    if not rare_labels:
        return ""
    label_texts = join_first_items([*rare_labels.values()], MAX_RARE_LABELS_NAMED, "; ")
    return (
        f"{message_start}: too few pictures or groups of {label_texts}. Left out of the training; to the "
        "network their pictures are unknown. Near copies, and pictures of one group, count once."
    )


def choose_learnable_labels(  # noqa: PLR0913 - what pictures show, and what is asked of them
    message_start: str,
    labels: Sequence[str],
    groups: Sequence[str],
    is_tested: Sequence[bool] = (),
    *,
    min_groups: int = MIN_GROUPS_PER_CLASS,
    required_labels: Collection[str] = (),
    emptied_labels: Collection[str] = (),
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Choose the labels with enough pictures and groups to be learnt and measured.

    Args:
        message_start: the beginning of messages: the table, and perhaps its column.
        labels: the label of each of N different pictures; empty if it is not known.
        groups: the group of each picture, such as its sender or product.
        is_tested: whether each picture is in the test set and not learnt; empty if there is no test set.
        min_groups: the fewest groups that a label needs.
        required_labels: labels of the release that this training improves; they may not be left out.
        emptied_labels: labels that may have lost all pictures through corrections.

    Returns:
        The labels that are learnt, in alphabetical order; and, by each label that is left out, a text with
        the number of its pictures and the number that it needs.

    Raises:
        DataError: two labels differ in capitals alone; a label with too few pictures is nearly another
            label, or is in `required_labels`; or fewer than MIN_LABELS or more than MAX_LABELS labels remain.
    """
    learnt_groups = defaultdict[str, list[str]](list)
    test_labels = set[str]()
    for place, (label, group) in enumerate(zip(labels, groups, strict=True)):
        if is_tested and is_tested[place]:
            test_labels.add(label)
        elif label:
            learnt_groups[label].append(group)
    all_labels = sorted({*learnt_groups, *test_labels, *required_labels, *emptied_labels} - {""})
    rare = {
        label: lacking
        for label in all_labels
        if (
            lacking := _describe_lack(
                label,
                learnt_groups[label],
                min_groups,
                is_untested=bool(test_labels) and label not in test_labels,
            )
        )
    }
    check_case_duplicates(message_start, learnt_groups)
    if lost_labels := [lacking for label, lacking in rare.items() if label in required_labels]:
        raise DataError(
            f"{message_start}: the release that is made better has learnt what these pictures are too few "
            f"for: {join_first_items(lost_labels, MAX_RARE_LABELS_NAMED, '; ')}. Add pictures."
        )
    _check_spelling(message_start, {label: len(learnt_groups[label]) for label in rare}, all_labels)
    kept_labels = tuple(label for label in all_labels if label not in rare)
    if not MIN_LABELS <= len(kept_labels) <= MAX_LABELS:
        lacking = (
            f" Too few of {join_first_items([*rare.values()], MAX_RARE_LABELS_NAMED, '; ')}." if rare else ""
        )
        raise DataError(
            f"{message_start}: {len(kept_labels)} labels have enough pictures, and {MIN_LABELS} to "
            f"{MAX_LABELS} can be told apart.{lacking}"
        )
    return kept_labels, rare


def _describe_lack(label: str, groups: Sequence[str], min_groups: int, *, is_untested: bool) -> str:
    """Return a text on how many pictures or groups a label has and needs; empty if there are enough.

    Args:
        groups: the group of each picture with this label.
        min_groups: the fewest groups that the label needs.
        is_untested: whether there is a test set without any picture of the label.
    """
    count_text = f"{label!r} ({len(groups)} picture{'' if len(groups) == 1 else 's'}"
    if len(groups) < MIN_PICTURES_PER_LABEL:
        return f"{count_text}, and needs {MIN_PICTURES_PER_LABEL})"
    if len(set(groups)) < min_groups:
        return f"{count_text} of {len(set(groups))} groups, and needs {min_groups} groups)"
    return f"{count_text} to learn from, and needs 1 in the test set)" if is_untested else ""


def check_case_duplicates(message_start: str, labels: Iterable[str]) -> None:
    """Refuse two labels that differ only in capital letters.

    Args:
        message_start: the beginning of the message: the table, and perhaps its column.

    Raises:
        DataError: two labels differ only in capital letters; the message names both.
    """
    spellings: dict[str, str] = {}
    for label in sorted(labels):
        if (other_label := spellings.setdefault(label.casefold(), label)) != label:
            raise DataError(
                f"{message_start}: {other_label!r} and {label!r} differ in nothing but capital letters. "
                "Spell them alike."
            )


def _check_spelling(message_start: str, rare: Mapping[str, int], labels: Sequence[str]) -> None:
    """Refuse labels of too few pictures that may be misspellings of others.

    Args:
        message_start: the table, and perhaps its column.
        rare: the labels that are left out, with the number of pictures of each.
    """
    pairs = [
        f"{label!r} ({pictures}) for {other_label!r}"
        for label, pictures in rare.items()
        if 0 < pictures < MIN_PICTURES_PER_LABEL
        for other_label in labels
        if (other_label not in rare or other_label > label)
        and _is_similar_name(label.casefold(), other_label.casefold())
    ]
    if pairs:
        raise DataError(
            f"{message_start}: is this a misspelling: {', '.join(pairs[:MAX_RARE_LABELS_NAMED])}? Spell "
            f"both alike. A label of its own needs {MIN_PICTURES_PER_LABEL} different pictures or more: add "
            "some, or take the name out."
        )


def _is_similar_name(name: str, other_name: str) -> bool:
    """Tell whether one of two names may be a misspelling of the other.

    Names that differ in digits alone, as sizes do, are not near.
    """
    if DIGIT_PATTERN.findall(name) != DIGIT_PATTERN.findall(other_name):
        return False
    return bool(get_close_matches(name, [other_name], cutoff=MIN_SPELLING_SIMILARITY))

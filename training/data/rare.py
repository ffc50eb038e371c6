"""Decide which labels of a table have enough pictures to be learnt and measured.

A label with too few pictures or groups is left out, and a message says how many it needs. Its pictures count
as unknown, not as examples of other labels. If a label has too few pictures, and its name is nearly another
label, it may be a misspelling, and a person is asked. `wardrobe data` and every training call
`find_measurable`. Touches nothing.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from inference.plain_text import join_first
from training.errors import BadClasses

FEWEST: Final = 3
"""Number of different pictures that a label needs to be learnt: one to hold out, and some to learn from."""

GROUPS_OF_CLASS: Final = 3
"""Fewest groups, such as products, among the pictures of a class, so that folds of a cross-validation can
learn and answer it. Near copies are in one group."""

GROUPS_OF_ATTRIBUTE: Final = 2
"""Fewest groups among the pictures of an attribute's label, so that a head that learnt one group can answer
another."""

LABELS_MIN: Final = 2
LABELS_MAX: Final = 256

ALIKE: Final = 0.75
"""Similarity of two names, 0 to 1, from which one may be a misspelling of the other."""

DIGIT: Final = re.compile(r"\d")

SHOWN: Final = 5
"""Number of labels that a message names."""


def rare_in_words(where: str, rare: Mapping[str, str]) -> str:
    """Return a sentence on labels that are left out of a training; empty if there are none.

    Args:
        where: the table, and perhaps its column.
        rare: a text for each such label with the number of its pictures and the number that it needs.
    """
    if not rare:
        return ""
    named = join_first([*rare.values()], SHOWN, "; ")
    return (
        f"{where}: too few pictures or groups of {named}. Left out of the training; to the network their "
        "pictures are unknown. Near copies, and pictures of one group, count once."
    )


def find_measurable(  # noqa: PLR0913 - what pictures show, and what is asked of them
    where: str,
    labels: Sequence[str],
    groups: Sequence[str],
    tested: Sequence[bool] = (),
    *,
    needs: int = GROUPS_OF_CLASS,
    keep: Collection[str] = (),
    gone: Collection[str] = (),
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Choose the labels with enough pictures and groups to be learnt and measured.

    Args:
        where: the beginning of messages: the table, and perhaps its column.
        labels: the labels of N different pictures; empty if a label is not known.
        groups: the group of each picture, such as its sender or product.
        tested: whether each picture is in the test set and not learnt; empty if there is no test set.
        needs: the fewest groups that a label needs.
        keep: labels of the release that this training improves; they may not be left out.
        gone: labels that may have lost all pictures through corrections.

    Returns:
        The labels that are learnt, in alphabetical order; and, by each label that is left out, a text with
        the number of its pictures and the number that it needs.

    Raises:
        BadClasses: two labels differ in capitals alone; a label with too few pictures is nearly another
            label, or is in `keep`; or fewer than LABELS_MIN or more than LABELS_MAX labels remain.
    """
    learnt, held = defaultdict[str, list[str]](list), set[str]()
    for place, (label, group) in enumerate(zip(labels, groups, strict=True)):
        if tested and tested[place]:
            held.add(label)
        elif label:
            learnt[label].append(group)
    every = sorted({*learnt, *held, *keep, *gone} - {""})
    rare = {
        label: lacking
        for label in every
        if (lacking := _lacking(label, learnt[label], needs, is_untested=bool(held) and label not in held))
    }
    check_twins(where, learnt)
    if lost := [lacking for label, lacking in rare.items() if label in keep]:
        raise BadClasses(
            f"{where}: the release that is made better has learnt what these pictures are too few for: "
            f"{join_first(lost, SHOWN, '; ')}. Add pictures."
        )
    _check_spelling(where, {label: len(learnt[label]) for label in rare}, every)
    kept = tuple(label for label in every if label not in rare)
    if not LABELS_MIN <= len(kept) <= LABELS_MAX:
        lacking = f" Too few of {join_first([*rare.values()], SHOWN, '; ')}." if rare else ""
        raise BadClasses(
            f"{where}: {len(kept)} labels have enough pictures, and {LABELS_MIN} to {LABELS_MAX} can be "
            f"told apart.{lacking}"
        )
    return kept, rare


def _lacking(label: str, groups: Sequence[str], needs: int, *, is_untested: bool) -> str:
    """Return a text on how many pictures or groups a label has and needs; empty if there are enough.

    Args:
        label: the label.
        groups: the group of each picture with this label.
        needs: the fewest groups that the label needs.
        is_untested: whether there is a test set without any picture of the label.
    """
    there = f"{label!r} ({len(groups)} picture{'' if len(groups) == 1 else 's'}"
    if len(groups) < FEWEST:
        return f"{there}, and needs {FEWEST})"
    if len(set(groups)) < needs:
        return f"{there} of {len(set(groups))} groups, and needs {needs} groups)"
    return f"{there} to learn from, and needs 1 in the test set)" if is_untested else ""


def check_twins(where: str, labels: Iterable[str]) -> None:
    """Refuse two labels that differ only in capital letters.

    Args:
        where: the beginning of the message: the table, and perhaps its column.
        labels: the labels.

    Raises:
        BadClasses: two labels differ only in capital letters; the message names both.
    """
    spellings: dict[str, str] = {}
    for label in sorted(labels):
        if (other := spellings.setdefault(label.casefold(), label)) != label:
            raise BadClasses(
                f"{where}: {other!r} and {label!r} differ in nothing but capital letters. Spell them alike."
            )


def _check_spelling(where: str, rare: Mapping[str, int], labels: Sequence[str]) -> None:
    """Refuse labels of too few pictures that may be misspellings of others.

    Args:
        where: the table, and perhaps its column.
        rare: the labels that are left out, with the number of pictures of each.
        labels: all labels.
    """
    pairs = [
        f"{label!r} ({pictures}) for {other!r}"
        for label, pictures in rare.items()
        if 0 < pictures < FEWEST
        for other in labels
        if (other not in rare or other > label) and _is_near(label.casefold(), other.casefold())
    ]
    if pairs:
        raise BadClasses(
            f"{where}: is this a misspelling: {', '.join(pairs[:SHOWN])}? Spell both alike. A label of "
            f"its own needs {FEWEST} different pictures or more: add some, or take the name out."
        )


def _is_near(name: str, other: str) -> bool:
    """Tell whether one of two names may be a misspelling of the other.

    Names that differ in digits alone, as sizes do, are not near.
    """
    if DIGIT.findall(name) != DIGIT.findall(other):
        return False
    return bool(get_close_matches(name, [other], cutoff=ALIKE))

"""Which labels of a table can be learnt and measured: of the class, and of each attribute.

A label that too few pictures or groups show is left out, and named with what it would need; its pictures are
unknown, and no examples of other labels. Where its pictures are too few, and its name is nearly another one,
it may be a misspelling, and a person is asked. `wardrobe data` and every training call `find_measurable`.
Touches nothing.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from inference.plain_text import join_first
from training.errors import BadClasses

FEWEST: Final = 3
"""Different pictures that a label needs to be learnt: one to hold out, and some to learn from."""

GROUPS_OF_CLASS: Final = 3
"""Fewest groups of the pictures of a class: each fold but one learns one. Near copies are of one group."""

GROUPS_OF_ATTRIBUTE: Final = 2
"""Fewest groups of the pictures of an attribute's label: a head that learnt one answers the other."""

LABELS_MIN: Final = 2
LABELS_MAX: Final = 256

ALIKE: Final = 0.75
"""Share of the letters that a misspelling has in common with a name, in their order."""

DIGIT: Final = re.compile(r"\d")

SHOWN: Final = 5
"""Labels that a message names."""


def rare_in_words(where: str, rare: Mapping[str, str]) -> str:
    """Return a sentence on labels that are left out; empty if there are none.

    Args:
        where: the table, and perhaps its column.
        rare: the labels, with a text on the number of pictures that each has and needs.
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
    """Tell labels that can be measured from those that are left out.

    Args:
        where: begins a message: the table, and perhaps its column.
        labels: the labels of N different pictures; empty if one is not known.
        groups: the group of each.
        tested: whether each is for the test set, and not learnt; empty if there is no test set.
        needs: groups of a label.
        keep: labels of a release that this training is to make better.
        gone: labels of which corrections may have left no picture.

    Returns:
        The labels that are learnt, in order of their names; and by each label that is left out, what there is
        of it and what it needs.

    Raises:
        BadClasses: two labels differ in capitals alone; one with too few pictures is nearly another one, or
            is to be kept; or fewer than LABELS_MIN or more than LABELS_MAX are left.
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
    """Say how much there is of a label and how much it needs; empty if there is enough of it.

    Args:
        label: the label.
        groups: the group of each picture that shows it.
        needs: the fewest groups.
        is_untested: whether there is a test set that has none of it.
    """
    there = f"{label!r} ({len(groups)} picture{'' if len(groups) == 1 else 's'}"
    if len(groups) < FEWEST:
        return f"{there}, and needs {FEWEST})"
    if len(set(groups)) < needs:
        return f"{there} of {len(set(groups))} groups, and needs {needs} groups)"
    return f"{there} to learn from, and needs 1 in the test set)" if is_untested else ""


def check_twins(where: str, labels: Iterable[str]) -> None:
    """Refuse two labels that differ in nothing but capital letters.

    Raises:
        BadClasses: it names them.
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

"""Choose the kinds that a card of the review sheet offers beside the class.

A kind is a garment as shops name it (skirt). A class is a label of the release (Dress), and some kinds belong
to no class. A title that contradicts the photo names one to three kinds. A button for each answers the card
at once:

    one class is of this kind         the class and the kind
    no class is of this kind          "none of these" and the kind
    several classes are of this kind  nothing yet: the list of classes opens

Whoever answers "none of these" is asked for the kind on the same card.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.release_labels import NONE, OTHER_KIND, has_known_kinds
from inference.words.kinds import KIND, KINDS, sort_kinds
from labelling.decide.row_decision import DecisionContext
from labelling.rows import Record, TableRow

MAX_TITLE_BUTTONS: Final = 3
"""Largest number of kinds of a title that get a button on a card. A title that allows more kinds says
little."""


class KindChoice(NamedTuple):
    """A button of a card that answers the class, and perhaps the kind (the garment as shops name it).

    Attributes:
        text: the text on the button.
        label: the class that a click answers; empty if a click opens the list of classes.
        kind: the label of the attribute `kind` that a click answers; empty for none.
    """

    text: str
    label: str
    kind: str = ""


def suggest_class_and_kind(row: TableRow, context: DecisionContext) -> tuple[str, str]:
    """Return the likeliest answer about class and kind, which one press of Enter takes.

    Args:
        row: the row that a card asks about; it has an answer about the class.
        context: the facts about the whole table.

    Returns:
        A class and no kind, as in ("Coat", ""), since the class says the kind; or NONE and a kind without a
        class, as in (NONE, "watch").
    """
    answer = row.record.answers[LABEL]
    decided = row.class_decision.answer
    suggested_label = decided.suggested_label if decided else None
    if suggested_label and suggested_label != NONE:
        return suggested_label, ""
    # Without a suggestion, photos alone decided. Then the kind says more than the class: of a watch, any of
    # the classes is wrong.
    photo_kind = row.record.answers[KIND].label if KIND in row.record.answers else ""
    kinds_without_class = find_kinds_without_class(row.record, context)
    likely_kinds = (*row.suggested_kinds, photo_kind) if suggested_label else (photo_kind,)
    kind = next((kind for kind in likely_kinds if kind in kinds_without_class), "")
    return (NONE, kind) if suggested_label or kind else (answer.label, "")


def make_kind_choices(row: TableRow, context: DecisionContext) -> tuple[KindChoice, ...]:
    """Return the buttons of a card on which title and photo contradict each other.

    Args:
        row: the row that the card asks about; it has an answer about the class.
        context: the facts about the whole table.

    Returns:
        A button for each kind that is suggested, and for up to MAX_TITLE_BUTTONS kinds that the title allows,
        the likeliest first; and one for the photo's own class.
    """
    shares = _find_kind_shares(row.record, context)
    title_kinds = sorted(sort_kinds(row.title_kinds), key=lambda kind: -shares.get(kind, 0.0))
    suggested_kinds = [kind for kind in row.suggested_kinds if kind != OTHER_KIND]
    # The photo can be sure of something else. So suggestions never take the place of what the title says.
    kinds = list(dict.fromkeys([*suggested_kinds, *title_kinds[:MAX_TITLE_BUTTONS]]))
    choices = _merge_equal_choices([_make_choice(kind, context) for kind in kinds])
    own_label = row.record.answers[LABEL].label
    if own_label not in {choice.label for choice in choices}:
        choices.append(KindChoice(own_label, own_label))
    return tuple(choices)


def _merge_equal_choices(choices: Sequence[KindChoice]) -> list[KindChoice]:
    """Return the choices with one button for kinds that have the same answer, such as "scarf / gloves".

    A release without the kinds scarf and gloves answers `none of these` for both.
    """
    texts = dict[tuple[str, str], list[str]]()
    for choice in choices:
        # A button without a class opens the list of classes, which is no answer yet.
        answer = (choice.label, choice.kind) if choice.label else (choice.label, choice.text)
        texts.setdefault(answer, []).append(choice.text)
    return [
        KindChoice(" / ".join(names), label, kind if label else "") for (label, kind), names in texts.items()
    ]


def find_classes_of_kinds(context: DecisionContext) -> dict[str, str]:
    """Return for each kind the only class that it belongs to; empty for a kind of none or of several."""
    names = dict.fromkeys([*KINDS, *context.settings.heads.get(KIND, ())])
    classes = {
        kind: [label for label, kinds in context.class_kinds.items() if kind in kinds] for kind in names
    }
    return {kind: labels[0] if len(labels) == 1 else "" for kind, labels in classes.items()}


def _make_choice(kind: str, context: DecisionContext) -> KindChoice:
    """Return the button of a kind: for a skirt ("skirt", NONE, "skirt"), if no class contains skirts."""
    classes = [label for label, kinds in context.class_kinds.items() if kind in kinds]
    kind_label = kind if kind in context.settings.heads.get(KIND, ()) else ""
    if len(classes) > 1:
        return KindChoice(kind, "")
    return KindChoice(kind, classes[0] if classes else NONE, kind_label)


def find_kinds_without_class(record: Record, context: DecisionContext) -> tuple[str, ...]:
    """Return the kinds of garments that belong to no class of the release, such as `skirt`.

    Args:
        record: the picture or product that the card asks about.
        context: the facts about the whole table.

    Returns:
        The kinds, with the likeliest by the photos first and OTHER_KIND last; empty if the release answers no
        kinds.
    """
    names = context.settings.heads.get(KIND, ())
    if not has_known_kinds(names):
        return ()
    kinds_of_classes = frozenset[str]().union(*context.class_kinds.values())
    kinds = [kind for kind in names if kind not in kinds_of_classes]
    shares = _find_kind_shares(record, context)
    return tuple(sorted(kinds, key=lambda kind: (kind == OTHER_KIND, -shares.get(kind, 0.0))))


def _find_kind_shares(record: Record, context: DecisionContext) -> dict[str, float]:
    """Return the probability of each kind by the photos, as in {"skirt": .7}; empty if none was answered."""
    if KIND not in record.answers:
        return {}
    return context.titles.compute_label_probabilities(record, KIND)

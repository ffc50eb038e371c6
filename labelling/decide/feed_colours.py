"""Choose the colours of a product for a feed, the file that a sales platform such as Google imports.

the list says    the photos say    a person says    the feed has
Navy             blue              -                Navy
Navy             blue              blue             Navy
Navy             blue              green            green
-                blue              -                blue, if the answer is certain enough
"""

from typing import Final

from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE
from labelling.decide.list_colours import ListColourDecision
from labelling.rows import HeadAnswer, HeadDecision

MAX_FEED_COLOURS: Final = 3
"""Largest number of colours of a product in a feed, the file that a sales platform imports. Google accepts no
more."""


def choose_feed_colours(
    colour: HeadDecision, list_colours: ListColourDecision | None, photo_colour: HeadAnswer | None
) -> tuple[str, ...]:
    """Return the colours of a product for a feed: from a person, the shop's own words, or the photos.

    If a person confirms a label that the shop's word stands for, the feed keeps the shop's word: "Navy" does
    not become "blue". If a person gives another label, the feed has this label.

    Args:
        colour: the decision of the table about the colour.
        list_colours: the colours that the list names; None if it names none.
        photo_colour: the answer of the photos; None without one.

    Returns:
        Up to MAX_FEED_COLOURS colours, the main colour first; empty if the colour is doubtful.
    """
    own_texts = list_colours.feed_texts[:MAX_FEED_COLOURS] if list_colours else ()
    if colour.decided_by == DecidedBy.PERSON:
        if list_colours and own_texts and _is_confirmed_colour(colour, list_colours):
            return own_texts
        return (colour.label,) if colour.label and colour.label != NONE else ()
    if list_colours and own_texts:
        # Beside its colour, a title has other words, and a phrase that no photo confirms can be a name.
        is_name = list_colours.is_denied_by_photos and list_colours.title_phrases
        return () if is_name else own_texts
    if photo_colour is None or not photo_colour.is_accepted or photo_colour.label == NONE:
        return ()
    # People gave different colours, so the photos' colour is doubtful, too.
    if colour.reason == Reason.CONTRADICTING:
        return ()
    return (photo_colour.label, *photo_colour.also)[:MAX_FEED_COLOURS]


def _is_confirmed_colour(colour: HeadDecision, list_colours: ListColourDecision) -> bool:
    """Return whether a person's colour means the shop's word, or was suggested by photos that confirm it."""
    is_suggested = not list_colours.is_denied_by_photos and colour.label == colour.predicted_label
    return is_suggested or colour.label in list_colours.labels

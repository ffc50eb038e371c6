"""Options that earlier versions had, and what to do in their place: one line in place of `unrecognized`."""

from collections.abc import Mapping
from typing import Final

REMOVED: Final[Mapping[str, str]] = {
    "--colour": "photos of own classes are read in colour, 192 x 192. Leave it out",
    "--folds": "photos of own classes are always answered in folds, others never. Leave it out",
    "--image-size": "photos of own classes are read in colour, 192 x 192. Leave it out",
    "--new-classes": "a folder's classes become a release without --from. Name --data alone",
}
"""By the option. It was no option of this version's verb, else it would be known."""


def in_place_of(unrecognized: str) -> str | None:
    """What replaces the first option among words that a verb does not know; None if it never had one."""
    for word in unrecognized.split():
        if (option := word.partition("=")[0]) in REMOVED:
            return f"{option}: {REMOVED[option]}"
    return None

"""Options that earlier versions had, and what to do in their place: one line in place of `unrecognized`."""

from collections.abc import Mapping
from typing import Final

LAB: Final = "soft targets are made by lab/pixel_network.py of the repository. Leave it out"

PINNED: Final = "a version of a store is named with it: STORE@VERSION"

REMOVED: Final[Mapping[str, str]] = {
    "--average-folds": "one head answers own classes, fitted to all pictures. Leave it out",
    "--blend": "one head answers own classes, fitted to all pictures. Leave it out",
    "--colour": "photos of own classes are read in colour, 192 x 192. Leave it out",
    "--folds": "photos of own classes are always answered in folds, others never. Leave it out",
    "--image-size": "photos of own classes are read in colour, 192 x 192. Leave it out",
    "--new-classes": "a folder's classes become a release without --from. Name --data alone",
    "--save-answers": "every release has its answers, in answers.csv.gz. Leave it out",
    "--from-version": PINNED,
    "--teacher": LAB,
    "--temperature": LAB,
    "--variants": "a photo is read whole, in colour, in one way. Leave it out",
    "--version": PINNED,
    "--version-a": PINNED,
    "--version-b": PINNED,
}
"""By the option. It was no option of this version's verb, else it would be known."""


def in_place_of(unrecognized: str) -> str | None:
    """What replaces the first option among words that a verb does not know; None if it never had one."""
    for word in unrecognized.split():
        if (option := word.partition("=")[0]) in REMOVED:
            return f"{option}: {REMOVED[option]}"
    return None

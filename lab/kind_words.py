"""What photos show, by what tables call it: the kind that networks and heads learn, and its name.

A kind is one of the classes, or one of kinds.csv, which adds kinds up to the names of the attribute `kind`.
What has no kind there is not learnt, to judge own kinds on.
"""

import csv
from functools import cache
from pathlib import Path
from typing import Final

from lab.pretraining_photos import Photo

CLASSES: Final = ("top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
OTHER: Final = "other"
"""The name of what has no other one; it is never accepted."""
WORDS: Final = Path(__file__).with_name("kinds.csv")
"""What sources and the catalogue call photos that have no class, the kind that is learnt, and its name."""


@cache
def kinds_of_words() -> dict[str, tuple[str, str]]:
    """Kind and name of each word."""
    with WORDS.open(encoding="utf-8", newline="") as file:
        return {row["word"]: (row["kind"], row["name"]) for row in csv.DictReader(file)}


def names_of_kinds() -> tuple[str, ...]:
    """Those of the classes, further ones, and OTHER."""
    further = dict.fromkeys(name for _, name in kinds_of_words().values() if name not in {*CLASSES, OTHER})
    return (*CLASSES, *further, OTHER)


def kind_of(photo: Photo) -> tuple[str, str]:
    """Kind and name of what a photo shows; an empty kind is not learnt, an empty name not asked."""
    if photo.label is not None:
        return CLASSES[photo.label], CLASSES[photo.label]
    word = (photo.source_label or photo.kind or "").rpartition(":")[2].casefold()
    return kinds_of_words().get(word, ("", ""))

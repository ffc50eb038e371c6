"""How well a head names the kinds of a whole shop, of sources that it and its network know nothing of.

python -m lab.kinds PHOTOS VECTORS

VECTORS is a file of strangers.py. A photo of a part of the sources is answered by a head that learnt the
other parts, the shop and the collection. The head learns the kinds of kinds.csv, and the names add them up;
what has no kind there is not learnt, to judge own kinds on. Prints a row for each name. Class names are
accepted from one confidence and further names from another, each for RIGHT of strangers_table.py: a head
takes most of what is none of the ten for one of the ten.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from lab.pretraining_photos import Photo
from lab.strangers import asked_photos
from lab.strangers_heads import SOURCES, UNITS, parts_of
from lab.strangers_table import threshold
from lab.tuning_photos import MEASURED_ALONE, PARTS
from training.data.vectors import Features
from training.features.weights import read_npz
from training.heads.hidden import fit_hidden_head
from training.heads.photo_head import BALANCE

CLASSES: Final = ("top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
OTHER: Final = "other"
"""The name of what has no other one; it is never accepted."""
WORDS: Final = Path(__file__).with_name("kinds.csv")
"""What sources call photos of none of the classes, the kind that a head learns, and its name."""


@cache
def kinds_of_words() -> dict[str, tuple[str, str]]:
    """Kind and name of each word."""
    with WORDS.open(encoding="utf-8", newline="") as file:
        return {row["word"]: (row["kind"], row["name"]) for row in csv.DictReader(file)}


def kind_of(photo: Photo) -> tuple[str, str]:
    """Kind and name of what a photo shows; an empty kind is not learnt, an empty name not asked."""
    if photo.label is not None:
        return CLASSES[photo.label], CLASSES[photo.label]
    word = (photo.source_label or photo.kind or "").rpartition(":")[2].casefold()
    return kinds_of_words().get(word, ("", ""))


def weights_of(photos: Sequence[Photo], kinds: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,): n photos of a kind, tier and source have n^(1 - BALANCE)."""
    cells = [f"{kind} {photo.tier} {photo.source}" for kind, photo in zip(kinds, photos, strict=True)]
    _, of_each, counts = np.unique(cells, return_inverse=True, return_counts=True)
    return np.asarray(counts[of_each] ** -BALANCE)


def answered(
    photos: Sequence[Photo], both: NDArray[np.float32], names: Sequence[str]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Of each part of the sources the photos that are asked, and their probabilities, float64 (N, names).

    Args:
        photos: all of them.
        both: float32 (2, N, D), their vectors and those of their mirror images.
        names: to answer.
    """
    kinds, shown = (np.array(column) for column in zip(*map(kind_of, photos), strict=True))
    learnable = (kinds != "") & [photo.source not in MEASURED_ALONE for photo in photos]
    askable = (shown != "") & [photo.archive.startswith(SOURCES) for photo in photos]
    weights, parts = weights_of(photos, kinds), parts_of(photos)
    for part in range(PARTS):
        learnt, asked = np.flatnonzero(learnable & (parts != part)), np.flatnonzero(askable & (parts == part))
        of_head, labels = np.unique(kinds[learnt], return_inverse=True)
        head = fit_hidden_head(Features(*both[:, learnt]), labels.astype(np.uint8), weights[learnt], UNITS)
        of_kinds = softmax(head.logits(both[0, asked]).astype(np.float64), 1)
        name_of = dict(zip(kinds.tolist(), shown.tolist(), strict=True))
        has = np.array([[name_of[kind] == name for name in names] for kind in of_head.tolist()])
        yield asked, of_kinds @ has


def accepted(
    answers: NDArray[np.str_], sure: NDArray[np.float64], right: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Bool (N,), class names and further names from a confidence for RIGHT each."""
    taken, of_class = np.zeros(len(answers), np.bool_), np.isin(answers, CLASSES)
    for mine in (of_class, ~of_class & (answers != OTHER)):
        taken |= mine & (sure >= threshold(sure[mine], right[mine]))
    return taken


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.kinds", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of a network, by lab.strangers")
    given = parser.parse_args(argv)
    photos, further = asked_photos(given.photos), [name for _, name in kinds_of_words().values()]
    names = [*CLASSES, *dict.fromkeys([name for name in further if name != OTHER]), OTHER]
    both = read_npz(given.vectors)["both"].astype(np.float32)
    places, chances = (np.concatenate(some) for some in zip(*answered(photos, both, names), strict=True))
    shown = np.array([kind_of(photos[place])[1] for place in places.tolist()])
    sources = np.array([photos[place].source for place in places.tolist()])
    answers = np.array(names)[chances.argmax(1)]
    right = answers == shown
    taken = accepted(answers, chances.max(1), right)
    sys.stdout.write(
        f"| kind | n | sources | recall | precision | accepted | of these right |\n{'|---' * 7}|\n"
    )
    rows = [(name, shown == name, answers == name) for name in names]
    no_class = ~np.isin(shown, CLASSES)
    for name, shows, answer in [*rows, ("none of the ten classes", no_class, no_class)]:
        shares = (right[shows], right[answer], taken[shows], right[answer & taken])
        cells = (f"{share.sum() / max(len(share), 1):.2f}" for share in shares)
        row = " | ".join([name, str(shows.sum()), str(len(np.unique(sources[shows]))), *cells])
        sys.stdout.write(f"| {row} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

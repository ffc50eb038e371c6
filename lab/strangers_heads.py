"""Answers to photos of sources by networks and heads that know nothing of them, and what these decide.

python -m lab.strangers_heads PHOTOS VECTORS --out FILE [--network start]

VECTORS is the folder of strangers.py. A photo of a part of the sources, or of development senders in it, is
answered by heads on the network of that part, which learnt the other parts, the shop, the collection and made
outfits. MEMBERS differ in what photos weigh. Writes FILE, a row a photo. The table: strangers_table.py.
"""

import argparse
import csv
import gzip
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lab.pretraining_photos import MADE, Photo
from lab.strangers import COLUMNS, asked_photos
from lab.tuning_photos import MEASURED_ALONE, NONE, PARTS, labels_of, part_of, shown_by
from training.features.npz import read_npz
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.heads.photo_head import BALANCE, OF_OTHER_KINDS
from training.pictures.vectors import Features

UNITS: Final = 256
"""Of each of the three networks in a member."""
MEMBERS: Final = ("released", "shirts", "coats", "dro")
"""As released; others' shirts three times; others' coats .3 times; more of what the first answers ill."""
SHIRT, COAT = 6, 4
STEEP: Final = 1.0
"""Of dro: a group's weight grows by e to the STEEP times its mean loss, in units of all groups' mean."""


def parts_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """The part that nothing learnt of a photo: of its source, or of its sender; -1 of what all learn."""
    return np.array([_part(photo) for photo in photos])


def _part(photo: Photo) -> int:
    if photo.archive.startswith(("sources", MADE)):
        return part_of(photo.source)
    return part_of(photo.sender or photo.id) if photo.sender or not photo.archive else -1


def weights_of(photos: Sequence[Photo], member: str) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,), as photo_head.py weighs them but for the member's change."""
    labels, of_others = labels_of(photos), np.array([photo.archive.startswith("sources") for photo in photos])
    names = [f"{shown_by(photo)} {photo.tier} {photo.source}" for photo in photos]
    _, cells, counts = np.unique(names, return_inverse=True, return_counts=True)
    weights = counts[cells] ** -BALANCE * np.where(labels == NONE, OF_OTHER_KINDS, 1)
    if member == "shirts":
        weights *= np.where(of_others & (labels == SHIRT), 3, 1)
    if member == "coats":
        weights *= np.where(of_others & (labels == COAT), 0.3, 1)
    return np.asarray(weights)


def heads_of(photos: Sequence[Photo], seen: Features, names: Sequence[str]) -> Iterator[HiddenHead]:
    """A head for each member."""
    labels = labels_of(photos).astype(np.uint8)
    first: HiddenHead | None = None
    for member in names:
        weights = weights_of(photos, member)
        if member == "dro" and first is not None:
            logits = first.logits(seen.upright)
            losses = np.logaddexp.reduce(logits, 1) - logits[np.arange(len(logits)), labels]
            groups = [f"{photo.tier} {photo.source} {shown_by(photo)}" for photo in photos]
            _, of_each, counts = np.unique(groups, return_inverse=True, return_counts=True)
            means = np.bincount(of_each, losses) / counts
            weights *= np.exp(STEEP * np.minimum(means / means.mean(), 3))[of_each]
        head = fit_hidden_head(seen, labels, weights, UNITS)
        first = first or head
        yield head


def main(argv: Sequence[str] | None = None) -> int:
    """Write the answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers_heads", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--network", metavar="NAME", help="that answers all (that of each part)")
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=MEMBERS)
    given = parser.parse_args(argv)
    photos = asked_photos(given.photos)
    parts, text = parts_of(photos), io.StringIO()
    alone = np.array([photo.source in MEASURED_ALONE for photo in photos])
    only_learnt = np.array([photo.archive.startswith(("pool", "more", MADE)) for photo in photos])
    table = csv.writer(text)
    table.writerow([*COLUMNS, *(f"{name} {label}" for name in given.members for label in range(NONE + 1))])
    for part in range(PARTS):
        both = read_npz(given.vectors / f"{given.network or f'part-{part}'}.npz")["both"].astype(np.float32)
        learnt = np.flatnonzero((parts != part) & ~alone)
        asked = np.flatnonzero((parts == part) & ~only_learnt)
        heads = heads_of([photos[place] for place in learnt], Features(*both[:, learnt]), given.members)
        logits = np.concatenate([head.logits(both[0, asked]) for head in heads], 1)
        for place, row in zip(asked.tolist(), logits, strict=True):
            one = photos[place]
            label = "" if one.label is None else one.label
            about = (one.id, one.source, one.tier, label, shown_by(one), part)
            table.writerow([*about, *(f"{value:.2f}" for value in row)])
        sys.stdout.write(f"part {part}: {len(learnt)} learnt, {len(asked)} answered\n")
        sys.stdout.flush()
    given.out.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Answer photos of each source by a network and a head that have learnt nothing from that source.

python -m lab.strangers_heads PHOTOS VECTORS --out FILE

VECTORS is the folder of lab.strangers. The sources are divided into three parts. A photo is answered by a
head on the network without its part. That head has learnt the other parts, the first shop, the first
collection and made outfits. A development photo is answered by the head without the part of its sender. FILE
gets one row for each photo. lab.sealing decides the thresholds by these answers.
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
from scipy.special import logsumexp, softmax

from lab.pretraining_photos import MADE, Photo, hash_photo, read_source_names
from lab.strangers import COLUMNS, list_asked_photos
from lab.tuning_photos import (
    MEASURED_ALONE,
    NONE,
    PARTS,
    choose_part,
    find_labels,
    has_left_out_kind,
    name_shown_thing,
)
from reports.answers import NO_CLASS, PICTURE_NAME_DIGITS, Answers
from training.data.photos import OOD_LABEL_PREFIX
from training.data.vectors import Features, FeatureVectors
from training.features.weights import read_npz
from training.heads.hidden import fit_hidden_layer_head
from training.heads.photo_head import BALANCE_EXPONENT, OOD_PHOTO_WEIGHT, PHOTO_FOLDS, TIER_WEIGHTS

UNITS: Final = 256
"""Number of hidden units in each of the three networks of a head."""
SOURCES: Final = "sources"
"""Beginning of the names of archives with photos of other shops and people."""


def find_parts(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Return the part of each photo, int64 (N,); -1 if all networks learn it.

    The network and the head without this part answer the photo.
    """
    return np.array([_find_part(photo) for photo in photos])


def _find_part(photo: Photo) -> int:
    """Return the part of the source or sender of a photo; -1 if all networks learn it."""
    if photo.archive.startswith((SOURCES, MADE)):
        return choose_part(photo.source)
    return choose_part(photo.sender or photo.id) if photo.sender or not photo.archive else -1


def weigh_photos(photos: Sequence[Photo]) -> NDArray[np.float64]:
    """Return the weight of each photo in the loss, float64 (N,), as the released head weighs photos."""
    names = [f"{name_shown_thing(photo)} {photo.tier} {photo.source}" for photo in photos]
    _, cells, counts = np.unique(names, return_inverse=True, return_counts=True)
    factors = np.where(find_labels(photos) == NONE, OOD_PHOTO_WEIGHT, 1)
    of_tiers = [TIER_WEIGHTS.get(photo.tier, 1.0) for photo in photos]
    return np.asarray(counts[cells] ** -BALANCE_EXPONENT * factors * of_tiers)


def answer_photos(photos: Sequence[Photo], vectors: Path) -> Iterator[tuple[int, int, str]]:
    """Yield the part, the position and the logits of each photo that is answered."""
    parts = find_parts(photos)
    only_learnt = np.array([photo.archive.startswith(("pool", "more", MADE)) for photo in photos])
    alone = np.array([photo.source in MEASURED_ALONE or has_left_out_kind(photo) for photo in photos])
    for part in range(PARTS):
        learnt = np.flatnonzero((parts != part) & ~alone)
        tested = np.flatnonzero((parts == part) & ~only_learnt)
        of_learnt = [photos[place] for place in learnt.tolist()]
        labels = find_labels(of_learnt).astype(np.uint8)
        weights = weigh_photos(of_learnt)
        both = read_vectors(vectors, part)
        head = fit_hidden_layer_head(Features(*both[:, learnt]), labels, NONE + 1, weights, UNITS)
        sys.stdout.write(f"part {part}: {len(learnt)} learnt, {len(tested)} answered\n")
        sys.stdout.flush()
        for place, row in zip(tested.tolist(), head.compute_logits(both[0, tested]), strict=True):
            yield part, place, " ".join(f"{value:.3f}" for value in row)


def read_vectors(vectors: Path, part: int | None) -> FeatureVectors:
    """Return the vectors of all photos and of their mirror images, float32 (2, N, D).

    Args:
        vectors: the folder of lab.strangers.
        part: the part that the network has not learnt; None for the network that learnt all.
    """
    name = "whole" if part is None else f"part-{part}"
    return np.asarray(read_npz(vectors / f"{name}.npz")["both"], np.float32)


def read_answers(path: Path) -> Answers:
    """Read the answers to photos of other sources from FILE. Nothing is decided about them yet."""
    rows = csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
    of_sources = [row for row in rows if row["name"]]
    column = {name: np.array([row[name] for row in of_sources]) for name in COLUMNS}
    logits = np.array([row["logits"].split() for row in of_sources], np.float64)
    is_known = column["label"] != ""
    return Answers.make_answers(
        column["tier"],
        np.array([int(label or NO_CLASS) for label in column["label"].tolist()]),
        pictures=column["picture"],
        groups=column["product"],
        folds=column["part"].astype(np.int64) + 1 + PHOTO_FOLDS,
        networks="photos",
        spelt=np.where(is_known, "", np.char.add(OOD_LABEL_PREFIX, column["shown"])),
        sources=column["name"],
        distances=logits[:, NONE] - logsumexp(logits[:, :NONE], 1),
        probabilities=softmax(logits[:, :NONE], 1),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write the answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers_heads", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(argv)
    photos = list_asked_photos(given.photos)
    names = read_source_names(given.photos)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for part, place, logits in answer_photos(photos, given.vectors):
        photo = photos[place]
        of_source = photo.archive.startswith(SOURCES)
        label = "" if photo.label is None else photo.label
        about = (
            photo.id,
            hash_photo(given.photos, photo)[:PICTURE_NAME_DIGITS],
            names[photo.source] if of_source else "",
            photo.source,
        )
        product = photo.sender if of_source else ""
        table.writerow((*about, photo.tier, label, name_shown_thing(photo), product, part, logits))
    given.out.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Answers to photos of sources by networks and heads that know nothing of them.

python -m lab.strangers_heads PHOTOS VECTORS --out FILE

VECTORS is the folder of strangers.py. A photo of a part of the sources is answered by a head on the network
without that part, which learnt the other parts, the shop, the collection and made outfits; a development
photo by the head of a part that its sender is in. Writes FILE, a row a photo. What the answers decide:
sealing.py.
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
from training.heads.hidden import fit_hidden_head
from training.heads.photo_head import BALANCE_EXPONENT, OOD_PHOTO_WEIGHT, PHOTO_FOLDS, TIER_WEIGHTS

UNITS: Final = 256
"""Of each of the three networks in a head."""
SOURCES: Final = "sources"
"""How the archives of other shops' and people's photos begin."""


def find_parts(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """The part that nothing learnt of a photo: of its source, or of its sender; -1 of what all learn."""
    return np.array([_find_part(photo) for photo in photos])


def _find_part(photo: Photo) -> int:
    if photo.archive.startswith((SOURCES, MADE)):
        return choose_part(photo.source)
    return choose_part(photo.sender or photo.id) if photo.sender or not photo.archive else -1


def weigh_photos(photos: Sequence[Photo]) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,), as photo_head.py weighs them."""
    names = [f"{name_shown_thing(photo)} {photo.tier} {photo.source}" for photo in photos]
    _, cells, counts = np.unique(names, return_inverse=True, return_counts=True)
    factors = np.where(find_labels(photos) == NONE, OOD_PHOTO_WEIGHT, 1)
    of_tiers = [TIER_WEIGHTS.get(photo.tier, 1.0) for photo in photos]
    return np.asarray(counts[cells] ** -BALANCE_EXPONENT * factors * of_tiers)


def answer_photos(photos: Sequence[Photo], vectors: Path) -> Iterator[tuple[int, int, str]]:
    """The part, the position and the logits of each photo that is asked."""
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
        head = fit_hidden_head(Features(*both[:, learnt]), labels, NONE + 1, weights, UNITS)
        sys.stdout.write(f"part {part}: {len(learnt)} learnt, {len(tested)} answered\n")
        sys.stdout.flush()
        for place, row in zip(tested.tolist(), head.compute_logits(both[0, tested]), strict=True):
            yield part, place, " ".join(f"{value:.3f}" for value in row)


def read_vectors(vectors: Path, part: int | None) -> FeatureVectors:
    """Of all photos and their mirror images, float32 (2, N, D); by the network of a part, or of none."""
    name = "whole" if part is None else f"part-{part}"
    return np.asarray(read_npz(vectors / f"{name}.npz")["both"], np.float32)


def read_answers(path: Path) -> Answers:
    """What the file says was answered to photos of other sources; nothing is decided yet."""
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

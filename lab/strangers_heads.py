"""Answers to photos of sources by networks and heads that know nothing of them.

python -m lab.strangers_heads PHOTOS VECTORS --out FILE [--network start]

VECTORS is the folder of strangers.py. A photo of a part of the sources is answered by heads on the network of
that part, or on NETWORK, which learnt the other parts, the shop, the collection and made outfits; one of the
sources that the released network did not learn by a head on that one, where its vectors are there; a
development photo by heads of a part that its sender is in. Writes FILE, a row a photo. The table:
strangers_table.py; what the answers decide: sealing.py.
"""

import argparse
import csv
import gzip
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lab.pretraining_photos import MADE, Photo, names_of_sources
from lab.strangers import COLUMNS, asked_photos
from lab.tuning_photos import MEASURED_ALONE, NONE, PARTS, labels_of, of_left_out_kind, part_of, shown_by
from reports.answers import NAME_LENGTH
from training.data.vectors import Features
from training.features.weights import read_npz
from training.heads.hidden import fit_hidden_head
from training.heads.photo_head import BALANCE, OF_OTHER_THINGS

UNITS: Final = 256
"""Of each of the three networks in a head."""
SOURCES: Final = "sources"
"""How the archives of other shops' and people's photos begin."""
NOT_RELEASED: Final = "sources5"
"""The same of the sources of which the released network learnt nothing, though heads on it do."""
RELEASED: Final = "released"


def parts_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """The part that nothing learnt of a photo: of its source, or of its sender; -1 of what all learn."""
    return np.array([_part(photo) for photo in photos])


def _part(photo: Photo) -> int:
    if photo.archive.startswith((SOURCES, MADE)):
        return part_of(photo.source)
    return part_of(photo.sender or photo.id) if photo.sender or not photo.archive else -1


def weights_of(photos: Sequence[Photo]) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,), as photo_head.py weighs them."""
    names = [f"{shown_by(photo)} {photo.tier} {photo.source}" for photo in photos]
    _, cells, counts = np.unique(names, return_inverse=True, return_counts=True)
    factors = np.where(labels_of(photos) == NONE, OF_OTHER_THINGS, 1)
    return np.asarray(counts[cells] ** -BALANCE * factors)


def answered(photos: Sequence[Photo], vectors: Path, network: str | None) -> Iterator[tuple[int, int, str]]:
    """The part, the position and the logits of each photo that is asked."""
    parts = parts_of(photos)
    only_learnt = np.array([photo.archive.startswith(("pool", "more", MADE)) for photo in photos])
    alone = np.array([photo.source in MEASURED_ALONE or of_left_out_kind(photo) for photo in photos])
    for part in range(PARTS):
        learnt = np.flatnonzero((parts != part) & ~alone)
        of_learnt = [photos[place] for place in learnt.tolist()]
        labels, weights = labels_of(of_learnt).astype(np.uint8), weights_of(of_learnt)
        for path, of_network in networks_of(photos, vectors, network or f"part-{part}"):
            both = read_npz(path)["both"].astype(np.float32)
            tested = np.flatnonzero((parts == part) & ~only_learnt & of_network)
            head = fit_hidden_head(Features(*both[:, learnt]), labels, weights, UNITS)
            sys.stdout.write(f"part {part}, {path.stem}: {len(learnt)} learnt, {len(tested)} answered\n")
            sys.stdout.flush()
            for place, row in zip(tested.tolist(), head.logits(both[0, tested]), strict=True):
                yield part, place, " ".join(f"{value:.3f}" for value in row)


def networks_of(photos: Sequence[Photo], vectors: Path, network: str) -> list[tuple[Path, NDArray[np.bool_]]]:
    """The vectors of each network that answers, and which photos it answers, bool (N,)."""
    released = vectors / f"{RELEASED}.npz"
    if not released.exists():
        return [(vectors / f"{network}.npz", np.ones(len(photos), np.bool_))]
    of_released = np.array([photo.archive.startswith(NOT_RELEASED) for photo in photos])
    return [(vectors / f"{network}.npz", ~of_released), (released, of_released)]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers_heads", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--network", metavar="NAME", help="that answers all (that of each part)")
    given = parser.parse_args(argv)
    photos, names, text = asked_photos(given.photos), names_of_sources(given.photos), io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for part, place, logits in answered(photos, given.vectors, given.network):
        photo = photos[place]
        of_source = photo.archive.startswith(SOURCES)
        label = "" if photo.label is None else photo.label
        about = (
            photo.id,
            _picture(given.photos, photo),
            names[photo.source] if of_source else "",
            photo.source,
        )
        product = photo.sender if of_source else ""
        table.writerow((*about, photo.tier, label, shown_by(photo), product, part, logits))
    given.out.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    return 0


def _picture(folder: Path, photo: Photo) -> str:
    """What names its content in a release's answers."""
    if photo.archive:
        with zipfile.ZipFile(folder / photo.archive) as archive:
            content = archive.read(photo.member)
    else:
        content = (folder / photo.member).read_bytes()
    return hashlib.sha256(content).hexdigest()[:NAME_LENGTH]


if __name__ == "__main__":
    sys.exit(main())

"""Write the table by which the network for photos is fitted: the photos to learn, and those to measure on.

python -m lab.photo_tables PHOTOS --out FOLDER

PHOTOS is the folder that lab.fetch makes. FOLDER gets the photos of the archives and learn.csv. Its column
`checked` marks the development set, by which the network is measured. The table also has enlarged pictures of
Fashion-MNIST, light on dark and dark on light, because people try a service with these. They are training
pictures, each used once.
"""

import argparse
import csv
import os
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from lab.pretraining_photos import (
    MADE,
    Photo,
    list_made_photos,
    list_photos,
    list_source_photos,
    read_pool_photos,
    read_source_names,
)
from lab.tuning_photos import MEASURED_ALONE, OTHER_THINGS, has_left_out_kind
from training.data.photos import OOD_LABEL_PREFIX, OOD_TIER
from training.data.pictures import Pictures
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder
from training.errors import BadRecipe
from training.features.shipped import SCALED_TIER

COLUMNS: Final = ("path", "label", "tier", "group", "source", "checked")
"""Columns of learn.csv."""
Row = tuple[str, ...]

SOURCES: Final = {
    "clo": "clothing-dataset",
    "kag": "Fashion Product Images",
    "mag": "Magento sample data",
}
"""Names of collections, by what the ids of their photos begin with.

Other ids belong to `read_source_names`, or to USERS_ARCHIVE.
"""

USERS_ARCHIVE: Final = "colours_users.zip"
"""Archive of photos of the first of SOURCES. Their ids do not begin with its name."""

OTHER_KINDS: Final = (
    *("belt", "bra", "bracelet", "briefs", "cap", "earrings", "flats", "formal shoes", "nail polish"),
    *("necklace", "ring", "shorts", "skirt", "sunglasses", "tie", "watch"),
)
"""Kinds of the catalogue that show none of the ten classes."""

PHOTOS_PER_KIND: Final = 60
"""Number of photos of each kind that only the catalogue has."""

SCALED_PER_CLASS: Final = 100
"""Number of enlarged pictures of each class."""
EDGES: Final = (56, 100, 224)
"""Heights and widths of enlarged pictures, in pixels."""
SEED: Final = 0
"""Seed by which pictures are drawn to be enlarged."""


def list_learnt_photos(folder: Path) -> Iterator[Photo]:
    """Yield the photos to learn: pools, other sources, made outfits, and other things of the catalogue."""
    learnt = (
        *read_pool_photos(folder, "pool"),
        *read_pool_photos(folder, "more"),
        *list_source_photos(folder),
    )
    yield from (
        photo for photo in learnt if photo.source not in MEASURED_ALONE and not has_left_out_kind(photo)
    )
    yield from (*list_made_photos(folder), *list_catalogue_things(folder))


def list_catalogue_things(folder: Path) -> Iterator[Photo]:
    """Yield some photos of things that are none of the ten classes and that only the catalogue has."""
    of_kinds = defaultdict[str, list[Photo]](list)
    for photo in list_photos(folder):
        if not photo.tier and photo.kind in OTHER_KINDS:
            of_kinds[photo.kind].append(replace(photo, tier=OTHER_THINGS))
    for some in of_kinds.values():
        yield from sorted(some, key=partial(Photo.compute_lot, use="learn "))[:PHOTOS_PER_KIND]


def find_source(photo: Photo, others: dict[str, str]) -> str:
    """Return the name of the collection or repository that a photo comes from, which a release has to list.

    Args:
        photo: a photo of the folder.
        others: the names of further sources, from `read_source_names`.

    Raises:
        BadRecipe: nothing names it.
    """
    name = "clo" if photo.archive == USERS_ARCHIVE else photo.source
    try:
        return (SOURCES | others)[name]
    except KeyError as error:
        raise BadRecipe(
            f"{photo.archive or 'PHOTOS'}: nothing says which source {photo.member} is from. Add what its "
            f"id begins with, {photo.source!r}, to SOURCES in lab/photo_tables.py, or the photo to a table."
        ) from error


def make_rows(folder: Path, photos: Iterable[Photo], out: Path, checked: str = "") -> Iterator[Row]:
    """Yield a row of the table for each photo.

    The file of the photo is in FOLDER, or unpacked beside the table.
    """
    others = read_source_names(folder)
    for photo in photos:
        path = folder / photo.member
        if photo.archive:
            path = out / Path(photo.archive).stem / photo.member
        label = (
            f"{OOD_LABEL_PREFIX}{photo.source_label or photo.kind}"
            if photo.label is None
            else str(photo.label)
        )
        group = photo.sender if photo.archive.startswith(MADE) else others.get(photo.source) or photo.sender
        # Relative, so that the tables are the same wherever the folders lie beside one another.
        source = find_source(photo, others)
        yield os.path.relpath(path, out), label, photo.tier or OOD_TIER, group, source, checked


def write_scaled_pictures(train: Pictures, out: Path) -> Iterator[Row]:
    """Write SCALED_PER_CLASS enlarged pictures of each class, and yield their rows by class."""
    rows = defaultdict[int, list[Row]](list)
    for place, index in enumerate(np.random.default_rng(SEED).permutation(len(train)).tolist()):
        label = int(train.classes[index])
        if len(rows[label]) < SCALED_PER_CLASS:
            edge = EDGES[place % len(EDGES)]
            is_negative = place // len(EDGES) % 2
            image = cv2.resize(train.images[index], (edge, edge), interpolation=cv2.INTER_LINEAR)
            path = out / SCALED_TIER / f"{index:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), 255 - image if is_negative else image)
            rows[label].append((str(path.relative_to(out)), str(label), SCALED_TIER, "", "", ""))
    for of_class in rows.values():
        yield from of_class


def _write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write a CSV with COLUMNS."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


def main(argv: list[str] | None = None) -> int:
    """Unpack the archives and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m lab.photo_tables", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    idx = "IDX files of the data set"
    parser.add_argument("--data", type=Path, default=FASHION_MNIST_FOLDER, metavar="FOLDER", help=idx)
    given = parser.parse_args(argv)
    folder, out = given.photos, given.out
    for archive in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(out / archive.stem)
    scaled = write_scaled_pictures(read_idx_folder(given.data).train, out)
    learnt = list_learnt_photos(folder)
    dev = read_pool_photos(folder, "dev")
    _write_table(
        out / "learn.csv", [*make_rows(folder, learnt, out), *scaled, *make_rows(folder, dev, out, "1")]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Make photos of outfits: a top over trousers or a skirt, in the proportions of a body, on plain grounds.

python -m lab.outfits PHOTOS --out FOLDER

An outfit shows none of the ten classes, because neither garment fills two thirds of it. The network has to
learn this. Each garment is cut from a shop's photo with a plain ground. The sources are divided into parts,
one of which each measuring network leaves out. An outfit has garments of one part only, and a source name of
the same part. FOLDER gets made.csv, made_X.zip, and links to the tables and archives of PHOTOS. Outfits that
people wear are in lab/outfits.csv.
"""

import argparse
import csv
import io
import itertools
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.pictures.framing import shrink_to_edge
from lab.pretraining_photos import Photo, decode_photo, list_photos, list_source_photos
from lab.tuning_photos import MEASURED_ALONE, PARTS, choose_part, is_left_out
from lab.views import EDGE, cut_garment

OUTFITS_PER_PART: Final = 400
"""Number of outfits whose garments come from one part of the sources, if the command does not say another
one."""

TOPS: Final = (0, 2, 4, 6)
"""Classes that are worn above."""
TROUSERS: Final = 1
"""Class of trousers."""
SKIRTS: Final = ("kaggle:Skirts", "skirt")
"""Labels of skirts in the tables."""

TOP: Final = (0.38, 0.5)
"""Range of the share of the height that a top takes."""
OVERLAP: Final = 0.1
"""Share of the height by which the top covers the other garment."""
WIDEST: Final = {True: 0.6, False: 0.8}
"""Largest width of trousers (True) and of skirts (False), as a share of the top's width."""
NARROWEST: Final = 0.45
"""Smallest width of the lower garment, as a share of the top's width."""
WHITE: Final = 0.5
"""Share of the outfits that have a white ground; the others have a light grey one."""

Garment = tuple[Picture, Mask]
"""A garment cut out of a photo, and the mask that says where it is."""


def make_outfit(top: Garment, below: Garment, *, trousers: bool, rng: np.random.Generator) -> Picture:
    """Return a picture of a top over another garment on a plain light ground, uint8 (EDGE, EDGE, 3)."""
    light = 255 if rng.random() < WHITE else rng.integers(150, 250) + rng.integers(-6, 6, 3)
    picture = np.full((EDGE, EDGE, 3), light, np.uint8)
    height = round(EDGE * rng.uniform(0.85, 0.98))
    of_top = round(height * rng.uniform(*TOP))
    width = min(round(of_top * rng.uniform(0.9, 1.1) * top[1].shape[1] / top[1].shape[0]), EDGE)
    of_below = height - of_top + round(height * OVERLAP)
    natural = of_below * below[1].shape[1] / below[1].shape[0]
    narrow = round(np.clip(natural, width * NARROWEST, width * WIDEST[trousers]))
    first = (EDGE - height) // 2
    _lay_garment(picture, below, first + height - of_below, narrow, of_below)
    _lay_garment(picture, top, first, width, of_top)
    return picture


def _lay_garment(picture: Picture, garment: Garment, first: int, width: int, height: int) -> None:
    """Lay a garment into the middle of a picture, in place, with its upper edge at the row `first`."""
    over, where = (cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA) for layer in garment)
    left = (EDGE - width) // 2
    inside = picture[first : first + height, left : left + width]
    cover = cv2.GaussianBlur(where, (3, 3), 0)[..., None] / 255.0
    inside[:] = inside * (1 - cover) + over * cover


def make_outfits(folder: Path, part: int, count: int) -> Iterator[Picture]:
    """Yield some outfits of garments from the first shop and from one part of the sources."""
    photos = [photo for photo in list_photos(folder) if photo.tier in {"A", "X"} and not photo.sender]
    photos = [photo for photo in photos if photo.label is None or not is_left_out(photo)]
    others = [photo for photo in list_source_photos(folder) if photo.source not in MEASURED_ALONE]
    others = [photo for photo in others if choose_part(photo.source) == part and photo.tier in {"A", "X"}]
    rng = np.random.default_rng(part)
    chosen = [some for some in (photos, others) if any(photo.label in TOPS for photo in some)]
    made = 0
    while made < count:
        tops = chosen[int(rng.integers(len(chosen)))]
        below = chosen[int(rng.integers(len(chosen)))]
        trousers = bool(rng.random() < 0.5)
        top = _draw_garment(folder, [photo for photo in tops if photo.label in TOPS], rng)
        other = _draw_garment(folder, [photo for photo in below if _is_worn_below(photo, trousers)], rng)
        if top is not None and other is not None and other[1].shape[0] > other[1].shape[1] * 0.8:
            made += 1
            yield make_outfit(top, other, trousers=trousers, rng=rng)


def _is_worn_below(photo: Photo, trousers: bool) -> bool:
    """Return whether a photo shows trousers, or a skirt if `trousers` is false."""
    return photo.label == TROUSERS if trousers else photo.source_label in SKIRTS


def _draw_garment(folder: Path, photos: Sequence[Photo], rng: np.random.Generator) -> Garment | None:
    """Cut the garment out of a photo drawn at random; None without photos, or if its ground is not plain."""
    if not photos:
        return None
    photo = photos[int(rng.integers(len(photos)))]
    return cut_garment(shrink_to_edge(decode_photo(folder, photo).picture, EDGE))


def choose_source_name(part: int) -> str:
    """Return the name of a source that belongs to a part; a hash of the name decides the part."""
    return next(name for name in map("made{}".format, itertools.count()) if choose_part(name) == part)


def main(argv: list[str] | None = None) -> int:
    """Write the table and the archive."""
    parser = argparse.ArgumentParser(prog="python -m lab.outfits", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--count", type=int, default=OUTFITS_PER_PART, metavar="NUMBER", help="of each part (%(default)s)"
    )
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    for path in given.photos.absolute().iterdir():
        if not (given.out / path.name).exists():
            (given.out / path.name).symlink_to(path)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("file", "tier", "label", "source_label", "source", "group", "colour"))
    with zipfile.ZipFile(given.out / "made_X.zip", "w") as archive:
        for part in range(PARTS):
            source = choose_source_name(part)
            for number, picture in enumerate(make_outfits(given.photos, part, given.count)):
                name = f"X/X_outfit/{source}-{number:03}.png"
                # ZipInfo has a date of its own: two runs write the same bytes.
                archive.writestr(zipfile.ZipInfo(name), cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
                table.writerow((name, "X", "", "outfit", "made outfits", source, ""))
    (given.out / "made.csv").write_text(text.getvalue(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

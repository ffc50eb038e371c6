"""Compare heads of own attributes, logistic and with a hidden layer, by how many photos they learn.

python -m lab.own_attributes PHOTOS [--run RUN]

Colours, kinds and patterns of a shop's photos (attributes.csv). The heads learn photos of some brands, drawn
DRAWS times, all labels with the same weight, and answer photos of others, by the vectors that own classes
have. Prints a row for each question and size, and the processor's time of a fit; RUN keeps the vectors.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lab.colour import UNITS
from lab.coloured_photos import shop_photos
from lab.pretraining_photos import Photo
from lab.tuning_own import decoded_pixels
from training.features.blocks import BLOCKS, network, spread, vectors
from training.features.npz import read_npz, write_npz
from training.heads.hidden import fit_hidden_head
from training.heads.logistic import fit_head
from training.pictures.vectors import Features, Vectors

QUESTIONS: Final = ("colour", "kind", "pattern")

SIZES: Final = (200, 600, 1400)
"""Photos that a head learns."""

LEARNT: Final = 2800
ASKED: Final = 1000
"""Photos of the brands that are learnt, and of the others."""

DRAWS: Final = 3

LEAST: Final = 3
"""Photos of a label that is learnt."""

AT_ONCE: Final = 100

Row = dict[str, str]
"""What attributes.csv says of a photo."""


def drawn_photos(folder: Path) -> list[tuple[Row, Photo]]:
    """LEARNT photos of the brands to learn and ASKED of those to answer; half of each have a pattern."""
    photos = list(shop_photos(folder))
    found, rng = list[tuple[Row, Photo]](), np.random.default_rng(0)
    for split, count in (("learn", LEARNT), ("test", ASKED)):
        order = rng.permutation(len(photos)).tolist()
        some = [photos[place] for place in order if photos[place][0]["split"] == split]
        patterned = [one for one in some if one[0]["pattern"]][: count // 2]
        found += patterned + [one for one in some if not one[0]["pattern"]][: count - len(patterned)]
    return found


def see(folder: Path, photos: Sequence[Photo], run: Path) -> Features:
    """Their vectors, but for what an earlier run saw."""
    path = run / "own-attributes.npz"
    if not path.exists():
        pixels = decoded_pixels(folder, photos, run / "own-attributes.npy")
        batches = (pixels[start : start + AT_ONCE] for start in range(0, len(pixels), AT_ONCE))
        seen = vectors(network(), batches)
        write_npz(path, upright=seen.upright, mirrored=seen.mirrored)
    kept = read_npz(path)
    return Features(kept["upright"], kept["mirrored"])


def _logistic(seen: Features, labels: NDArray[np.uint8], brands: NDArray[np.str_], asked: Vectors) -> Vectors:
    return fit_head(seen, labels, brands, spread=spread(BLOCKS)).logits(asked)


def _hidden(seen: Features, labels: NDArray[np.uint8], brands: NDArray[np.str_], asked: Vectors) -> Vectors:
    del brands
    return fit_hidden_head(seen, labels, 1 / np.bincount(labels)[labels], UNITS).logits(asked)


HEADS: Final = {"logistic": _logistic, "hidden": _hidden}


def compared(rows: Sequence[Row], seen: Features, question: str, size: int) -> Iterator[str]:
    """Of each head: accuracy of the draws and their mean, and the seconds of a fit."""
    values = np.array([row[question] for row in rows])
    brands = np.array([row["brand"] for row in rows])
    to_learn = np.flatnonzero((values != "") & [row["split"] == "learn" for row in rows])
    to_ask = np.flatnonzero((values != "") & [row["split"] == "test" for row in rows])
    for name, head in HEADS.items():
        right, began, n = list[float](), time.process_time(), 0
        for draw in range(DRAWS):
            some = np.random.default_rng(draw).permutation(to_learn)[:size]
            counts = Counter(values[some].tolist())
            labels = sorted(label for label, count in counts.items() if count >= LEAST)
            some, asked = some[np.isin(values[some], labels)], to_ask[np.isin(values[to_ask], labels)]
            truth = np.searchsorted(labels, values[some]).astype(np.uint8)
            logits = head(seen.take(some), truth, brands[some], seen.upright[asked])
            right.append(float(np.mean(np.array(labels)[logits.argmax(axis=1)] == values[asked])))
            n = len(asked)
        seconds = (time.process_time() - began) / DRAWS
        each = " ".join(f"{one:.3f}" for one in right)
        yield f"| {question} | {size} | {n} | {name} | {np.mean(right):.3f} | {each} | {seconds:.1f} |"


def main(argv: list[str] | None = None) -> int:
    """Print a row for each question, size and head."""
    parser = argparse.ArgumentParser(prog="python -m lab.own_attributes", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--run", type=Path, default=Path("runs/own-attributes"), metavar="FOLDER")
    given = parser.parse_args(argv)
    rows, photos = zip(*drawn_photos(given.photos), strict=True)
    seen = see(given.photos, photos, given.run)
    sys.stdout.write(
        "| question | learnt | asked | head | right | draws | s of a fit |\n|---|---|---|---|---|---|---|\n"
    )
    for question in QUESTIONS:
        for size in SIZES:
            for line in compared(rows, seen, question, size):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which start tells colours apart: python -m benchmarks.own_colours PHOTOS.

PHOTOS holds catalogue.csv and catalogue.zip. The shipped backbone has learnt KINDS: measure with one that was
trained with --leave-out in its place (training/transfer/BACKBONE.md). Of each kind, the colours with LEAST
photos or more are classes; half of the photos are learnt and half hidden, DRAWS times. A linear probe on each
start and a logistic regression on histograms answer the same hidden photos. Labels come from product names,
unchecked. Saves docs/results/own-colours.json.
"""

import argparse
import csv
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.results import save
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from model_store.local import bundled
from scripts.training.options import input_of
from training.transfer.probe import Features, fit_probe
from training.transfer.starts import Start, bundled_start, start_in_colour

KINDS: Final = ("backpack", "shorts", "socks")
LEAST: Final = 20
DRAWS: Final = 3
BINS: Final = 6

HISTOGRAM: Final = "histogram of colours, logistic regression"


def main() -> int:
    """Measure all starts on all kinds and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    folder = parser.parse_args().photos
    release = bundled()
    starts = (bundled_start(release, input_of(release)), start_in_colour())
    figures = {kind: _measured(list(photos), starts) for kind, photos in _photos(folder)}
    for kind, found in figures.items():
        print(kind, found)
    save("own-colours", "python -m benchmarks.own_colours PHOTOS", {"draws": DRAWS, "kinds": figures})
    return 0


def _photos(folder: Path) -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """The photos of one colour, and the colour, by kind."""
    rows = list(csv.DictReader((folder / "catalogue.csv").open(encoding="utf-8", newline="")))
    with zipfile.ZipFile(folder / "catalogue.zip") as archive:
        for kind in KINDS:
            by_colour = defaultdict(list)
            for row in rows:
                if row["kind"] == kind and len(row["colours"].split()) == 1:
                    by_colour[row["colours"]].append(archive.read(row["file"]))
            frequent = sorted(colour for colour, photos in by_colour.items() if len(photos) >= LEAST)
            yield kind, [(photo, colour) for colour in frequent for photo in by_colour[colour]]


def _measured(photos: list[tuple[bytes, str]], starts: tuple[Start, ...]) -> dict[str, object]:
    colours, classes = np.unique([colour for _, colour in photos], return_inverse=True)
    labels = classes.astype(np.uint8)
    histograms = np.stack([_histogram(photo) for photo, _ in photos])
    seen = {start.name: _features(start, [photo for photo, _ in photos]) for start in starts}
    right: dict[str, list[float]] = defaultdict(list)
    half = len(photos) // 2
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(photos))
        learnt, hidden = order[:half], order[half:]
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        answers = model.fit(histograms[learnt], labels[learnt]).predict(histograms[hidden])
        right[HISTOGRAM].append(float(np.mean(answers == labels[hidden])))
        for name, features in seen.items():
            keys = np.array([str(index) for index in learnt])
            probe = fit_probe(features.take(learnt), labels[learnt], keys)
            answers = probe.probabilities(features.upright[hidden]).argmax(axis=1)
            right[name].append(float(np.mean(answers == labels[hidden])))
    return {"colours": colours.tolist(), "learnt": half, "hidden": len(photos) - half, "right": dict(right)}


def _histogram(photo: bytes) -> NDArray[np.float32]:
    picture = np.asarray(decode(photo, MAX_PIXELS).picture)
    counts = cv2.calcHist([picture], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return np.asarray(np.sqrt(counts.ravel() / counts.sum()), np.float32)


def _features(start: Start, photos: list[bytes]) -> Features:
    decoded = [decode(photo, MAX_PIXELS, start.reads) for photo in photos]
    return Features.of(start.body(), np.stack([decoded_to_pixels(one, start.reads) for one in decoded]))


if __name__ == "__main__":
    sys.exit(main())

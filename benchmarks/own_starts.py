"""Which start tells colours apart, and users' garments: python -m benchmarks.own_starts RELEASE PHOTOS.

RELEASE has learnt none of the development photos. PHOTOS holds catalogue.csv and catalogue.zip, and dev.csv
with the photos that it names. The shipped backbone has learnt KINDS: measure with one that was trained with
--leave-out in its place (training/transfer/BACKBONE.md). Of each kind, the colours with LEAST photos or more
are classes, whose names come from products, unchecked; of users' photos on floors and beds, tier C, the
garments. Half of the photos, or of their senders, are learnt and half hidden, DRAWS times. A linear probe on
each start and a logistic regression on histograms of colours answer the same hidden photos. Saves
docs/results/own-starts.json.
"""

import argparse
import csv
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.results import save
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from model_store.local import open_release
from scripts.training.options import input_of
from training.transfer.probe import Features, fit_probe
from training.transfer.starts import Start, bundled_start, start_in_colour, start_of_imagenet

KINDS: Final = ("backpack", "shorts", "socks")
LEAST: Final = 20
DRAWS: Final = 3
BINS: Final = 6

GARMENTS: Final = "garments on floors and beds"

HISTOGRAM: Final = "histogram of colours, logistic regression"


class Photo(NamedTuple):
    """A file's bytes, its class, and which photos are learnt or hidden together with it."""

    content: bytes
    label: str
    group: str


def main() -> int:
    """Measure all starts on all kinds and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("photos", type=Path)
    arguments = parser.parse_args()
    release = open_release(arguments.release)
    starts = (bundled_start(release, input_of(release)), start_in_colour(), start_of_imagenet())
    figures = {}
    for what, photos in (*_of_one_colour(arguments.photos), (GARMENTS, _of_users(arguments.photos))):
        figures[what] = _measured(photos, starts)
        print(what, figures[what], flush=True)
    about = {"release": release.version, "draws": DRAWS, "kinds": figures}
    save("own-starts", "python -m benchmarks.own_starts RELEASE PHOTOS", about)
    return 0


def _of_one_colour(folder: Path) -> Iterator[tuple[str, list[Photo]]]:
    """Each kind with its photos of one colour."""
    rows = list(csv.DictReader((folder / "catalogue.csv").open(encoding="utf-8", newline="")))
    with zipfile.ZipFile(folder / "catalogue.zip") as archive:
        for kind in KINDS:
            by_colour = defaultdict(list)
            for row in rows:
                if row["kind"] == kind and len(row["colours"].split()) == 1:
                    by_colour[row["colours"]].append(row["file"])
            frequent = sorted(colour for colour, files in by_colour.items() if len(files) >= LEAST)
            yield (
                kind,
                [
                    Photo(archive.read(file), colour, file)
                    for colour in frequent
                    for file in by_colour[colour]
                ],
            )


def _of_users(folder: Path) -> list[Photo]:
    rows = csv.DictReader((folder / "dev.csv").open(encoding="utf-8", newline=""))
    return [
        Photo((folder / row["file"]).read_bytes(), row["label"], row["group"])
        for row in rows
        if row["tier"] == "C"
    ]


def _measured(photos: list[Photo], starts: tuple[Start, ...]) -> dict[str, object]:
    names, classes = np.unique([photo.label for photo in photos], return_inverse=True)
    labels, groups = classes.astype(np.uint8), np.array([photo.group for photo in photos])
    histograms = np.stack([_histogram(photo.content) for photo in photos])
    seen = {start.name: _features(start, [photo.content for photo in photos]) for start in starts}
    draws = []
    for draw in range(DRAWS):
        learnt, hidden = _halves(groups, draw)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        answers = model.fit(histograms[learnt], labels[learnt]).predict(histograms[hidden])
        right = {HISTOGRAM: float(np.mean(answers == labels[hidden]))}
        for name, features in seen.items():
            known, of_learnt = np.unique(labels[learnt], return_inverse=True)
            probe = fit_probe(features.take(learnt), of_learnt.astype(np.uint8), groups[learnt])
            answers = known[probe.probabilities(features.upright[hidden]).argmax(axis=1)]
            right[name] = float(np.mean(answers == labels[hidden]))
        draws.append({"learnt": len(learnt), "hidden": len(hidden), "right": right})
    return {"classes": names.tolist(), "draws": draws}


def _halves(groups: NDArray[np.str_], draw: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The positions of the photos of half of the groups, and of those of the others."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = np.random.default_rng(draw).permutation(np.sort(first))
    mine = np.isin(first[group], order[: len(order) // 2])
    return np.flatnonzero(mine), np.flatnonzero(~mine)


def _histogram(photo: bytes) -> NDArray[np.float32]:
    picture = np.asarray(decode(photo, MAX_PIXELS).picture)
    counts = cv2.calcHist([picture], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return np.asarray(np.sqrt(counts.ravel() / counts.sum()), np.float32)


def _features(start: Start, photos: list[bytes]) -> Features:
    decoded = [decode(photo, MAX_PIXELS, start.reads) for photo in photos]
    return Features.of(start.body(), np.stack([decoded_to_pixels(one, start.reads) for one in decoded]))


if __name__ == "__main__":
    sys.exit(main())

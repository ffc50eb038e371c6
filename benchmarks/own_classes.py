"""Which start few photos of new classes need: python -m benchmarks.own_classes PHOTOS.

PHOTOS holds catalogue.csv and catalogue.zip, the photos of a shop by kind. Of each of KINDS, LEARNT are
learnt and the others hidden, three times. `wardrobe train` with several starts and a logistic regression on
histograms of gradients and colours answer the same hidden photos. Saves docs/results/own-classes.json.

The shipped backbone has learnt these kinds: measure with one that was trained with --leave-out in its place,
and negatives that were drawn so (training/transfer/BACKBONE.md).
"""

import argparse
import csv
import hashlib
import io
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.results import save
from inference.decode import MAX_PIXELS, decode
from inference.framing import fit_whole
from model_store.answers import TEST_SET, answers_in
from model_store.local import open_release
from model_store.report import wilson_interval

KINDS: Final = ("backpack", "bra", "heels", "necklace", "scarf", "shorts", "skirt", "socks")
"""None of them is one of the bundled release's classes."""

LEARNT: Final = 60
"""Photos of a kind that are learnt; half of them where there are fewer than twice as many."""

DRAWS: Final = 3

STARTS: Final = {
    "a linear probe, the default": (),
    "--from bundled": ("--from", "bundled", "--folds", "0"),
    "--network compact32, the default before": ("--network", "compact32", "--folds", "0"),
    "--colour, a linear probe on the backbone": ("--colour",),
    "--colour --image-size 192, a linear probe on EfficientNet-Lite0": ("--colour", "--image-size", "192"),
    "--colour --network compact_any": ("--colour", "--network", "compact_any", "--folds", "0"),
}

COMMAND: Final = "python -m benchmarks.own_classes PHOTOS --draws"

EDGE: Final = 64
CELL: Final = 8
DIRECTIONS: Final = 9
BINS: Final = 6


def main() -> int:
    """Measure all starts on all draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--draws", type=int, default=DRAWS)
    arguments = parser.parse_args()
    found = defaultdict[str, list[dict[str, float]]](list)
    kinds = _photos(arguments.photos)
    for seed in range(arguments.draws):
        with tempfile.TemporaryDirectory() as name:
            data = Path(name) / "data"
            _write(kinds, data, seed)
            found["gradients and colours, logistic regression"].append(_by_histograms(data))
            for number, (start, options) in enumerate(STARTS.items()):
                found[start].append(_trained(data, Path(name) / str(number), *options))
                print(seed, start, found[start][-1], flush=True)
            save(
                "own-classes",
                f"{COMMAND} {seed + 1}",
                {"kinds": KINDS, "learnt": LEARNT, "draws": dict(found)},
            )
    return 0


def _photos(folder: Path) -> dict[str, dict[str, bytes]]:
    """The photos of each kind by the hash of their bytes, without those of two kinds."""
    found, kind_of = defaultdict[str, dict[str, bytes]](dict), dict[str, str]()
    with zipfile.ZipFile(folder / "catalogue.zip") as archive:
        text = io.StringIO((folder / "catalogue.csv").read_text("utf-8"))
        for row in csv.DictReader(text):
            if row["kind"] not in KINDS:
                continue
            content = archive.read(row["file"])
            digest = hashlib.sha256(content).hexdigest()
            if (other := kind_of.setdefault(digest, row["kind"])) != row["kind"]:
                found[other].pop(digest, None)
            else:
                found[row["kind"]][digest] = content
    return found


def _write(kinds: dict[str, dict[str, bytes]], folder: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    for kind in KINDS:
        names = sorted(kinds[kind])
        learnt = min(LEARNT, len(names) // 2)
        for place, index in enumerate(random.permutation(len(names)).tolist()):
            to = folder / ("train" if place < learnt else "test") / kind / f"{names[index]}.jpg"
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(kinds[kind][names[index]])


def _by_histograms(data: Path) -> dict[str, float]:
    with _measured() as figures:
        (seen, labels), (hidden, truth) = (_described(data / part) for part in ("train", "test"))
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(seen, labels)
        _judge(figures, model.predict(hidden) == truth)
    return figures


def _described(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Histograms of gradients (Dalal and Triggs 2005) and of colours, and the kinds, of the photos below."""
    files = sorted(folder.glob("*/*.jpg"))
    return (
        np.stack([_histograms(file) for file in files]),
        np.array([KINDS.index(file.parent.name) for file in files]),
    )


def _histograms(file: Path) -> NDArray[np.float32]:
    small = np.asarray(fit_whole(decode(file.read_bytes(), MAX_PIXELS).picture, (EDGE, EDGE)))
    colours = cv2.calcHist([small], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return np.concatenate([_gradients(small), np.sqrt(colours.ravel() / EDGE**2)]).astype(np.float32)


def _gradients(small: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Shares of DIRECTIONS in each cell, normalized over blocks of 2 x 2 cells."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float64)
    down, right = np.gradient(np.sqrt(grey))
    direction = (np.arctan2(down, right) % np.pi * DIRECTIONS / np.pi).astype(int) % DIRECTIONS
    cells = EDGE // CELL
    place = np.add.outer(np.arange(EDGE) // CELL * cells, np.arange(EDGE) // CELL) * DIRECTIONS + direction
    counts = np.bincount(place.ravel(), np.hypot(down, right).ravel(), cells**2 * DIRECTIONS)
    blocks = np.lib.stride_tricks.sliding_window_view(
        counts.reshape(cells, cells, DIRECTIONS), (2, 2), (0, 1)
    )
    flat = blocks.reshape((cells - 1) ** 2, -1)
    normalized: NDArray[np.floating] = flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1)
    return normalized.ravel()


def _trained(data: Path, folder: Path, *options: str) -> dict[str, float]:
    words = [sys.executable, "-m", "scripts", "train", "--data", str(data), "--run", str(folder)]
    with _measured() as figures:
        subprocess.run(  # noqa: S603 - our own words
            [*words, "--out", str(folder / "store"), *options], check=True, capture_output=True
        )
    made = folder / "release"
    found = answers_in(open_release(made).manifest, lambda name: (made / name).read_bytes(), str(made))
    _judge(figures, found.of_set(TEST_SET).right)
    return figures


def _judge(figures: dict[str, float], right: NDArray[np.bool_]) -> None:
    low, high = wilson_interval(int(right.sum()), len(right))
    figures |= {"n": len(right), "accuracy": float(right.mean()), "low": low, "high": high}


@contextmanager
def _measured() -> Iterator[dict[str, float]]:
    """Seconds of processor time, so that other work on the machine does not count."""
    figures: dict[str, float] = {}
    before = _processor()
    yield figures
    figures["processor_seconds"] = round(_processor() - before, 1)


def _processor() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    sys.exit(main())

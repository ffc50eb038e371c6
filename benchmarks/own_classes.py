"""What `wardrobe train --data` makes of classes of one's own: python -m benchmarks.own_classes PHOTOS.

PHOTOS holds catalogue.csv and catalogue.zip, the photos of a shop with their kinds and colours. In each draw
a part of each class is learnt and the rest hidden: of six of KINDS, beside two that are other things, and of
the colours of one of KINDS. A logistic regression on histograms of gradients and colours learns and answers
the same photos. Saves docs/results/own-classes.json.

The shipped files have learnt these photos: measure in a checkout with a backbone and negatives in their place
that the commands of commit de9b550a made with --leave-out, and with a network below that did not learn KINDS,
as EfficientNet-Lite0's did not; Lite2's has learnt four of them (training/features/BACKBONE.md).
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.results import save
from inference.decode import MAX_PIXELS, decode
from inference.framing import fit_whole
from model_store.local import open_release
from reports.answers import TEST_SET, answers_in
from reports.intervals import wilson_interval

KINDS: Final = ("backpack", "bra", "heels", "necklace", "scarf", "shorts", "skirt", "socks")
"""None of them is one of the bundled release's classes."""

COLOURED: Final = ("backpack", "shorts", "socks")
"""The kinds with four colours or more of LEAST photos, by draw."""

LEAST: Final = 20
LEARNT: Final = 60
"""Photos of a class that are learnt; half of them where there are fewer than twice as many."""

DRAWS: Final = 3

EDGE: Final = 64
CELL: Final = 8
DIRECTIONS: Final = 9
BINS: Final = 6

Photos: TypeAlias = dict[str, dict[str, bytes]]
"""By class, then by name."""

Figures: TypeAlias = dict[str, object]


def main() -> int:
    """Measure both on all draws, and save after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--draws", type=int, default=DRAWS)
    arguments = parser.parse_args()
    figures = defaultdict[str, list[Figures]](list)
    for draw in range(arguments.draws):
        kinds, others = _of_kinds(arguments.photos, draw)
        figures["six kinds"].append(_measured(kinds, others, draw))
        figures["colours of one kind"].append(_measured(_of_colours(arguments.photos, draw), {}, draw))
        print({name: draws[-1] for name, draws in figures.items()}, flush=True)
        save("own-classes", f"python -m benchmarks.own_classes PHOTOS --draws {draw + 1}", dict(figures))
    return 0


def _of_kinds(folder: Path, draw: int) -> tuple[Photos, Photos]:
    """The classes, and the two kinds that are other things in this draw."""
    others = {KINDS[2 * draw % len(KINDS)], KINDS[(2 * draw + 3) % len(KINDS)]}
    photos = photos_by(folder, lambda row: row["kind"] if row["kind"] in KINDS else None)
    return (
        {kind: its for kind, its in photos.items() if kind not in others},
        {kind: photos[kind] for kind in others},
    )


def _of_colours(folder: Path, draw: int) -> Photos:
    """The photos of one kind that have one colour, by colour."""
    kind = COLOURED[draw % len(COLOURED)]
    one_colour = photos_by(
        folder,
        lambda row: row["colours"] if row["kind"] == kind and len(row["colours"].split()) == 1 else None,
    )
    return {colour: photos for colour, photos in one_colour.items() if len(photos) >= LEAST}


def photos_by(folder: Path, class_of: Callable[[dict[str, str]], str | None]) -> Photos:
    """The photos of a catalogue that have a class, by its row in the table; one that comes twice, once."""
    photos: Photos = defaultdict(dict)
    seen = set[bytes]()
    with zipfile.ZipFile(folder / "catalogue.zip") as archive:
        for row in csv.DictReader((folder / "catalogue.csv").read_text("utf-8").splitlines()):
            label = class_of(row)
            if label is not None and (content := archive.read(row["file"])) not in seen:
                seen.add(content)
                photos[label][Path(row["file"]).name] = content
    return photos


def _measured(classes: Photos, others: Photos, seed: int) -> Figures:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        _write(classes, scratch / "data", seed)
        write_photos(others, scratch / "others")
        return {
            "classes": sorted(classes),
            "others": sorted(others),
            "learnt": len(list((scratch / "data" / "train").glob("*/*"))),
            "histograms": _by_histograms(scratch / "data"),
            "wardrobe": _trained(scratch),
        }


def _write(classes: Photos, folder: Path, seed: int) -> None:
    """`train` and `test` below the folder."""
    random = np.random.default_rng(seed)
    for label, photos in sorted(classes.items()):
        names = random.permutation(sorted(photos)).tolist()
        learnt = min(LEARNT, len(names) // 2)
        for part, its in (("train", names[:learnt]), ("test", names[learnt:])):
            write_photos({label: {name: photos[name] for name in its}}, folder / part)


def write_photos(photos: Photos, folder: Path) -> None:
    """Write each photo as folder/class/name."""
    for label, its in photos.items():
        (folder / label).mkdir(parents=True)
        for name, content in its.items():
            (folder / label / name).write_bytes(content)


def _by_histograms(data: Path) -> Figures:
    before = _processor()
    (seen, labels), (hidden, truth) = (_described(data / part) for part in ("train", "test"))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(seen, labels)
    right = _share(model.predict(hidden) == truth)
    return {"processor_seconds": round(_processor() - before, 1), "right": right}


def _described(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Histograms of gradients (Dalal and Triggs 2005) and of colours, and the classes, of the photos."""
    files = sorted(folder.glob("*/*.jpg"))
    return np.stack([_histograms(file) for file in files]), np.array([file.parent.name for file in files])


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


def _trained(scratch: Path) -> Figures:
    """What the release of the command's own choice answers to the hidden photos, and to other things."""
    run, store = scratch / "run", scratch / "store"
    before = _processor()
    _wardrobe("train", "--data", scratch / "data", "--run", run, "--out", store)
    seconds = round(_processor() - before, 1)
    release = open_release(run / "release")
    answers = answers_in(release.manifest, lambda name: (run / "release" / name).read_bytes(), str(run))
    hidden = answers.of_set(TEST_SET)
    return {
        "processor_seconds": seconds,
        "right": _share(hidden.right),
        "accepted": _share(hidden.accepted),
        "right_of_accepted": _share(hidden.right[hidden.accepted]),
        "others_accepted": _share(_accepted(scratch / "others", store)),
    }


def _accepted(folder: Path, store: Path) -> NDArray[np.bool_]:
    if not folder.is_dir():
        return np.zeros(0, np.bool_)
    table = folder.with_suffix(".csv")
    _wardrobe("label", folder, "--model", store, "--out", table)
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    return np.array([row["decision"] == "accept" for row in rows])


def _wardrobe(*words: object) -> None:
    subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "scripts", *map(str, words)], check=True, capture_output=True
    )


def _share(which: NDArray[np.bool_]) -> Figures | None:
    """How many there are, and the share that is so, with its 95% interval; none of none."""
    if not which.size:
        return None
    low, high = wilson_interval(int(which.sum()), which.size)
    return {"n": which.size, "share": float(which.mean()), "low": low, "high": high}


def _processor() -> float:
    """Seconds of processor time, so that other work on the machine does not count."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    sys.exit(main())

"""Give a release its first network that answers photos, and keep vectors of some of these for later.

python -m lab.photo_network --from RELEASE --photos CSV --check-photos CSV

Takes the options of `wardrobe train`, which fits the head again where a release has one. Also writes, in the
run's folder, vectors.npz: what was seen of the checked photos and of a sample of the others, with which
`wardrobe train --from bundled --photos corrections.csv` keeps what is known; and photo-answers.csv.gz: what
heads of folds answered to the checked photos before anything was decided, with which lab/sealing.py decides.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from model_store.cache import find_release
from reports.answers import packed
from scripts.publish import open_target
from scripts.terminal import perform
from scripts.train import build_parser
from scripts.training.photo_network import fit_photos

if TYPE_CHECKING:
    from training.features.shipped import SeenPhotos
    from training.ten_classes import PhotoHead

SAMPLE: Final = 10_600
"""Photos beside the checked ones, as many of each class in each tier as there are, up to an equal share."""

SEED: Final = 0

PHOTO_ANSWERS: Final = "photo-answers.csv.gz"


def main(argv: list[str] | None = None) -> int:
    """Fit, export, and keep vectors."""
    return perform(build_parser(), _make, argv)


def _make(arguments: argparse.Namespace) -> object:
    release = find_release(arguments.release, arguments.from_version)
    return fit_photos(arguments, release, open_target(arguments), keep=_keep)


def _keep(learnt: "SeenPhotos", fitted: "PhotoHead", names: tuple[str, ...], folder: Path) -> None:
    from training.features.shipped import Shipped  # noqa: PLC0415 - needs Keras
    from training.release.photo_release import answers_of_folds  # noqa: PLC0415 - needs Keras

    (folder / PHOTO_ANSWERS).write_bytes(packed(answers_of_folds(learnt, fitted)))
    cells = np.char.add(np.char.add(learnt.tiers, " "), learnt.kinds)
    chosen = np.flatnonzero(learnt.checked)
    others = np.random.default_rng(SEED).permutation(np.flatnonzero(~learnt.checked))
    _, cell = np.unique(cells[others], return_inverse=True)
    rank = np.zeros(len(others), np.int64)
    for one in np.unique(cell):
        rank[cell == one] = np.arange((cell == one).sum())
    first = others[np.argsort(rank, kind="stable")][:SAMPLE]
    Shipped(learnt.take(np.sort(np.concatenate([chosen, first]))), names).save(folder / "vectors.npz")


if __name__ == "__main__":
    sys.exit(main())

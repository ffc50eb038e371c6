"""Give a release a network that answers photos, and store vectors of some of the photos for later trainings.

python -m lab.photo_network RELEASE --photos CSV

`wardrobe train --from` fits the head of a release again. This command makes the first one. It also writes two
files into the run's folder. vectors.npz has the feature vectors of the checked photos and of a sample of the
others: with them, `wardrobe train --from bundled --photos corrections.csv` learns corrections without
forgetting the rest. photo-answers.csv.gz has the answers to checked photos by heads that did not learn them,
by which lab.sealing decides the thresholds.
"""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.decomposition import PCA

from inference.contract import LABEL
from model_store.local_releases import open_release
from reports.answers_file import serialize_answers
from training.data.data_source import DataSource
from training.data.labels import OOD
from training.data.pictures import Pictures
from training.features.blocks import fit_scaling
from training.features.shipped import STORED_COLUMN_NAMES, STORED_OOD_CODE
from training.features.weights import write_npz
from training.heads.photo_head import PhotoHead
from training.progress import ProgressLines
from training.ten_classes import make_cross_fitted_answers, train_photo_head

MAX_STORED_PHOTOS: Final = 12_000
"""Number of photos whose vectors are stored: all checked ones, all of other sources, and of the rest about as
many for each class and tier.
"""

SEED: Final = 0
"""Seed of the sample."""

PHOTO_ANSWERS: Final = "photo-answers.csv.gz"
"""Name of the file with the answers."""

COMPONENTS: Final = 256
"""Number of principal components of a stored vector.

They have 95% of the variance of EfficientNet-Lite2's features of photos.
"""

MAX_STEPS: Final = 127
"""Largest whole number that stands for a component, in int8."""


def main(argv: list[str] | None = None) -> int:
    """Fit, export, and keep vectors."""
    parser = argparse.ArgumentParser(prog="python -m lab.photo_network", description=main.__doc__)
    add = parser.add_argument
    add("release", type=Path, metavar="RELEASE", help="folder of the release that gets the network")
    add("--photos", type=Path, required=True, metavar="CSV", help="what is learnt")
    anew = "leave out what RELEASE has of such a network, attributes too: the network below is another one"
    add("--anew", action="store_true", help=anew)
    add("--run", type=Path, metavar="FOLDER", help="of the new release")
    given = parser.parse_args(argv)
    photos = DataSource(place=str(given.photos), photo_use="learn")
    release = open_release(given.release)
    if given.anew:
        networks = {"pixels": release.manifest.get_network("pixels")}
        release = replace(release, manifest=release.manifest.replace_fields(networks=networks))
    trained, head = train_photo_head(release, photos, ProgressLines(), given.run, shlex.join(sys.orig_argv))
    _write_answers_and_vectors(trained.run_folder, head)
    return 0


def _write_answers_and_vectors(folder: Path, head: PhotoHead) -> None:
    """Write photo-answers.csv.gz and vectors.npz into the folder of a run."""
    learnt = head.learnt_photos
    (folder / PHOTO_ANSWERS).write_bytes(serialize_answers(make_cross_fitted_answers(head)))
    cells = np.char.add(np.char.add(learnt.tiers, " "), learnt.spelt)
    of_sources = (learnt.groups == learnt.sources) & (learnt.groups != "")
    chosen = np.flatnonzero(learnt.is_checked | of_sources)
    others = np.random.default_rng(SEED).permutation(np.flatnonzero(~(learnt.is_checked | of_sources)))
    _, cell = np.unique(cells[others], return_inverse=True)
    rank = np.zeros(len(others), np.int64)
    for one in np.unique(cell):
        rank[cell == one] = np.arange((cell == one).sum())
    first = others[np.argsort(rank, kind="stable")][: MAX_STORED_PHOTOS - len(chosen)]
    kept = learnt.take(np.sort(np.concatenate([chosen, first])))
    save_vectors(kept, folder / "vectors.npz")


def save_vectors(photos: Pictures, path: Path) -> None:
    """Write the vectors of photos, reduced to COMPONENTS numbers each (fewer if there are fewer photos)."""
    seen = photos.features
    mean, deviation = fit_scaling(seen.upright)
    upright, mirrored = ((one - mean) / deviation for one in (seen.upright, seen.mirrored))
    axes = PCA(min(COMPONENTS, *upright.shape)).fit(upright).components_
    found = [one @ axes.T for one in (upright, mirrored)]
    steps = np.abs(np.concatenate(found)).max(axis=0) / MAX_STEPS
    whole = [np.round(one / steps).astype(np.int8) for one in found]
    write_npz(
        path,
        names=np.array(photos.labels[LABEL].names),
        mean=mean.astype(np.float32),
        axes=(steps[:, None] * axes * deviation).astype(np.float32),
        upright=whole[0],
        mirrored=whole[1],
        checked=photos.is_checked,
        labels=np.where(photos.classes == OOD, STORED_OOD_CODE, photos.classes).astype(np.uint8),
        **{kept: getattr(photos, name) for name, kept in STORED_COLUMN_NAMES.items()},
    )


if __name__ == "__main__":
    sys.exit(main())

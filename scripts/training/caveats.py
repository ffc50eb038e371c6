"""What `wardrobe train` says before hours of training: which figures would rest on too little."""

import argparse
from collections.abc import Sequence

from model_store.acceptance import needed
from scripts.terminal import complain
from training.data.datasets import LabelledData, doubt_of_weights
from training.data.splitting import Split, doubt_of
from training.export.out_of_fold import Fold
from training.fitting.starting import ParentLearnt
from training.photos.reading import Photos


def complain_of_parent(parent: ParentLearnt, data: LabelledData, *, photos: bool) -> None:
    """Say where figures may come from what the release of --from learnt."""
    doubts = [parent.doubt(data), parent.doubt_of_photos() if photos else None]
    for doubt in filter(None, doubts):
        complain(doubt)


def complain_of_doubts(
    arguments: argparse.Namespace,
    data: LabelledData,
    parts: Split,
    folds: Sequence[Fold],
    checked: Photos | None,
) -> None:
    """Say before hours of training where too few answers would choose the thresholds."""
    # Here: SciPy is not installed where serving alone is.
    from training.evaluation.calibration import (  # noqa: PLC0415
        doubts_of_photos,
        usual_accept_right,
    )

    promised = arguments.accept_right or usual_accept_right(own_classes=data.named)
    held_out = 0 if data.cross_fitted else len(parts.validation)
    few = doubt_of(held_out + sum(len(fold.pictures) for fold in folds), needed(promised))
    of_photos = doubts_of_photos(() if checked is None else checked.known_tiers)
    for doubt in of_photos if few is None else [few, *of_photos]:
        complain(doubt)


def complain_of_rare_classes(parts: Split, names: tuple[str, ...], learnt: Photos | None) -> None:
    """Say where a class is too rare to count alike; where photos are learnt, no picture has a weight."""
    if learnt is None and (doubt := doubt_of_weights(parts.train.labels, names)):
        complain(doubt)

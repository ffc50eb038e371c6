"""What `wardrobe train` says before hours of training: which figures would rest on too little."""

import argparse
from collections.abc import Sequence

from model_store.acceptance import needed
from scripts.terminal import complain
from training.data.datasets import LabelledData, doubt_of_weights
from training.export.out_of_fold import Fold
from training.fitting.starting import ParentLearnt
from training.split import Split, doubt_of


def complain_of_parent(parent: ParentLearnt, data: LabelledData) -> None:
    """Say where figures may come from what the release of --from learnt."""
    if doubt := parent.doubt(data):
        complain(doubt)


def complain_of_doubts(
    arguments: argparse.Namespace, data: LabelledData, parts: Split, folds: Sequence[Fold]
) -> None:
    """Say before hours of training where too few answers would choose the thresholds."""
    # Here: SciPy is not installed where serving alone is.
    from training.evaluation.calibration import usual_accept_right  # noqa: PLC0415

    promised = arguments.accept_right or usual_accept_right(own_classes=data.named)
    held_out = 0 if data.cross_fitted else len(parts.validation)
    if doubt := doubt_of(held_out + sum(len(fold.pictures) for fold in folds), needed(promised)):
        complain(doubt)


def complain_of_rare_classes(parts: Split, names: tuple[str, ...]) -> None:
    """Say where a class is too rare to count alike."""
    if doubt := doubt_of_weights(parts.train.labels, names):
        complain(doubt)

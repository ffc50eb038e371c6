"""What `wardrobe train` says before hours of training: which figures would rest on too little."""

import argparse

from reports.acceptance import needed
from scripts.terminal import complain
from training.pictures.fashion import LabelledData, doubt_of_weights
from training.pictures.split import Split, doubt_of


def complain_of_doubts(arguments: argparse.Namespace, data: LabelledData, answers: int) -> None:
    """Say before hours of training where too few answers would choose the thresholds."""
    # Here: SciPy is not installed where serving alone is.
    from training.measure.calibration import usual_accept_right  # noqa: PLC0415

    promised = arguments.accept_right or usual_accept_right(own_classes=data.named)
    if doubt := doubt_of(answers, needed(promised)):
        complain(doubt)


def complain_of_rare_classes(parts: Split, names: tuple[str, ...]) -> None:
    """Say where a class is too rare to count alike."""
    if doubt := doubt_of_weights(parts.train.labels, names):
        complain(doubt)

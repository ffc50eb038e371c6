"""Fit teachers in folds and store their answers, or make a release of a network that learns these.

python -m lab.pixel_network teach --network wide4 --soft-targets FILE
python -m lab.pixel_network train --recipe first --soft-targets FILE

Takes those options of `wardrobe train` that name data, recipe, run and store. `teach` writes FILE; `train`
makes a release, which records the hash of the soft targets behind its command, and in learnt.npy what the
teachers learnt, too. The same command goes on after a stop.
"""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from lab.soft_targets import SoftTargets, answers_of, load_soft_targets, soften
from scripts.publish import RELEASE, hand_over, open_target
from scripts.terminal import console, perform, run
from scripts.train import build_parser
from scripts.training.fitting import carry_out, fit_alone
from scripts.training.loading import allow_many_networks
from scripts.training.options import conditions_of, load_data, parts_of, planned
from scripts.training.starting import start_named, task_of
from training.gradient.fitting.checkpoints import Run
from training.gradient.recipes import Recipe
from training.heads.out_of_fold import Fold, deal
from training.pictures.fashion import LabelledData
from training.pictures.learnt import Learnt
from training.pictures.split import Split

FOLDS: Final = 4

TEMPERATURE: Final = 0.66
"""Fitted to the pictures that the teachers hold out."""


def main(argv: list[str] | None = None) -> int:
    """Do one of the two steps."""
    parser = build_parser()
    steps = {"teach": _teach, "train": _train}
    parser.add_argument("step", choices=steps)
    stored = "the teachers' answers"
    parser.add_argument("--soft-targets", type=Path, required=True, metavar="FILE", help=stored)

    def step(arguments: argparse.Namespace) -> object:
        if given := [name for name in NOT_HERE if getattr(arguments, name)]:
            option = "from" if given[0] == "release" else given[0].replace("_", "-")
            arguments.error(f"--{option} is not for {arguments.step}, which learns all of the data set anew")
        return steps[arguments.step](arguments)

    return perform(parser, step, argv)


NOT_HERE: Final = ("release", "photos", "check_photos", "fresh", "limit")
"""Options of `wardrobe train`, by their names in its arguments, that neither step has a use for."""


def _named(arguments: argparse.Namespace) -> tuple[LabelledData, Recipe]:
    return load_data(arguments), planned(start_named(arguments), arguments)


def _teach(arguments: argparse.Namespace) -> object:
    """Fit a network for each fold, and store the mean answer of those that did not learn the picture."""
    data, recipe = _named(arguments)
    parts = parts_of(data, recipe)
    task, folds = task_of(arguments, data, recipe), deal(parts, FOLDS)
    allow_many_networks()
    total = np.zeros((len(data.train), len(data.labels)))
    networks = np.zeros(len(data.train), np.int64)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(parts.train)), fold.pictures)
        learnt = replace(parts, train=parts.train.take(others))
        # Its fold, and what no network learns: held-out pictures are answered by all.
        asked = ~np.isin(data.train.contents, learnt.train.contents)
        console().print(f"Fold {fold.number} of {FOLDS}: answers {asked.sum():,} pictures.")
        fitted = fit_alone(_of_fold(task, fold), data, learnt, recipe)
        total[asked] += answers_of(fitted.model, data.train.images[asked], flip=recipe.flip)
        networks += asked
    targets = SoftTargets(
        soften(total / networks[:, None], TEMPERATURE),
        data.train.sha256(),
        (f"{recipe.network} in {FOLDS} folds",),
        TEMPERATURE,
        Learnt.of(parts.train.contents),
    )
    targets.save(arguments.soft_targets)
    by_one = networks == 1
    right = float(np.mean(total[by_one].argmax(axis=1) == data.train.labels[by_one]))
    console().print(f"{targets.sha256}: {right:.2%} of {by_one.sum():,} unseen pictures answered rightly.")
    return {"targets": targets.sha256, "right": right}


def _of_fold(task: Run, fold: Fold) -> Run:
    """Where the checkpoint of a fold's teacher is, and what this must carry."""
    name = f"fold{fold.number}of{FOLDS}"
    return replace(task, folder=task.folder / name, fingerprint=f"{task.fingerprint}-{name}", events=None)


def _train(arguments: argparse.Namespace) -> object:
    """Fit a network to the stored answers and the labels, and make a release of it."""
    targets, store = load_soft_targets(arguments.soft_targets), open_target(arguments)
    data, recipe = _named(arguments)
    data = replace(data, licence=arguments.data_licence)
    # Held out is what no teacher learnt.
    learnt = targets.learnt.has(data.train.contents)
    parts = Split(*(data.train.take(np.flatnonzero(mine)) for mine in (learnt, ~learnt)))
    command = shlex.join(["python", "-m", "lab.pixel_network", *arguments.words])
    task = task_of(arguments, data, recipe)
    task = replace(
        task,
        folder=arguments.run or Path(f"{task.folder}-{targets.sha256}"),
        fingerprint=f"{task.fingerprint}-{targets.sha256}",
        command=f"{command}  # soft targets {targets.sha256}",
    )
    fitted = fit_alone(task, data, parts, recipe, targets.beside_labels(data.train, parts.train))
    carry_out(task, data, parts, recipe, fitted=fitted, accept=conditions_of(arguments))
    return hand_over(task.folder / RELEASE, store, arguments)


if __name__ == "__main__":
    sys.exit(run(main))

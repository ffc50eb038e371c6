"""Fit teachers in folds and store their answers, or make a release of a network that learns these.

python -m lab.pixels teach FILE
python -m lab.pixels train FILE

`teach` writes FILE; `train` makes a release in the run's folder, which records the hash of the soft targets
behind its command, and in learnt.npy what the teachers learnt, too. The same command goes on after a stop.
"""

import argparse
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np

from lab.soft_targets import SoftTargets, answers_of, load_soft_targets, soften
from lab.wide import NAME, WideRecipe
from training.data.fashion import LabelledData
from training.data.learnt_hashes import Learnt
from training.data.named import Named, load
from training.data.split import Split, parts_of
from training.gradient.fitting.checkpoints import Run
from training.gradient.fitting.fit import fit
from training.gradient.recipes import COMPACT, RECIPES, Recipe
from training.heads.cross_val import Fold, folds_of
from training.loading import allow_many_networks
from training.pixel_network import fit_network, release_pixels, run_of
from training.progress import Lines

FOLDS: Final = 4

TEMPERATURE: Final = 0.66
"""Fitted to the pictures that the teachers hold out."""

TEACHER: Final = WideRecipe(
    **asdict(COMPACT) | {"network": NAME, "epochs": 30, "label_smoothing": 0.1, "erase": 10, "mixup": 0.2}
)
LEARNER: Final = RECIPES["first"]


def main(argv: list[str] | None = None) -> int:
    """Do one of the two steps."""
    parser = argparse.ArgumentParser(prog="python -m lab.pixels", description=main.__doc__)
    steps = {"teach": teach, "train": train}
    parser.add_argument("step", choices=steps)
    parser.add_argument("soft_targets", type=Path, metavar="FILE", help="the teachers' answers")
    parser.add_argument("--data", metavar="FOLDER", help="IDX files of Fashion-MNIST")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="folder of checkpoint and release")
    given = parser.parse_args(argv)
    steps[given.step](load(Named(place=given.data), Lines()), given.soft_targets, given.run)
    return 0


def teach(data: LabelledData, file: Path, run: Path | None, recipe: Recipe = TEACHER) -> None:
    """Fit a network for each fold, and store the mean answer of those that did not learn the picture."""
    progress, parts = Lines(), parts_of(data, None)
    task, folds = run_of(recipe, data, run), folds_of(parts, FOLDS)
    allow_many_networks()
    total = np.zeros((len(data.train), len(data.labels)))
    networks = np.zeros(len(data.train), np.int64)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(parts.train)), fold.pictures)
        learnt = replace(parts, train=parts.train.take(others))
        # Its fold, and what no network learns: held-out pictures are answered by all.
        answered = ~np.isin(data.train.sha256, learnt.train.sha256)
        progress.say(f"Fold {fold.number} of {FOLDS}: answers {answered.sum():,} pictures.")
        fitted = fit_network(_of_fold(task, fold), data, learnt, recipe, progress)
        total[answered] += answers_of(fitted.model, data.train.images[answered], flip=recipe.flip)
        networks += answered
    targets = SoftTargets(
        soften(total / networks[:, None], TEMPERATURE),
        data.train.digest(),
        (f"{recipe.network} in {FOLDS} folds",),
        TEMPERATURE,
        Learnt.of(parts.train.sha256),
    )
    targets.save(file)
    by_one = networks == 1
    right = float(np.mean(total[by_one].argmax(axis=1) == data.train.classes[by_one]))
    progress.say(f"{targets.sha256}: {right:.2%} of {by_one.sum():,} unseen pictures answered rightly.")


def _of_fold(task: Run, fold: Fold) -> Run:
    """Where the checkpoint of a fold's teacher is, and what this must carry."""
    name = f"fold{fold.number}of{FOLDS}"
    return replace(task, folder=task.folder / name, fingerprint=f"{task.fingerprint}-{name}", events=None)


def train(data: LabelledData, file: Path, run: Path | None, recipe: Recipe = LEARNER) -> None:
    """Fit a network to the stored answers and the labels, and make a release of it."""
    targets, progress = load_soft_targets(file), Lines()
    # Held out is what no teacher learnt.
    learnt = targets.learnt.has(data.train.sha256)
    parts = Split(*(data.train.take(np.flatnonzero(rows)) for rows in (learnt, ~learnt)))
    task = run_of(recipe, data)
    task = replace(
        task,
        folder=run or Path(f"{task.folder}-{targets.sha256}"),
        fingerprint=f"{task.fingerprint}-{targets.sha256}",
        command=f"{shlex.join(sys.orig_argv)}  # soft targets {targets.sha256}",
    )
    wanted = targets.beside_labels(data.train, parts.train)
    with progress.epochs(recipe.epochs) as watcher:
        fitted = fit(parts, len(data.labels), recipe, task, watcher, targets=wanted)
    made = release_pixels(task, recipe, fitted, data, parts, progress)
    progress.say(f"Release: {made.release}")


if __name__ == "__main__":
    sys.exit(main())

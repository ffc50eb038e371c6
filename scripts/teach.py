"""Store soft targets: the answers of larger networks to a training set, for distillation.

A RELEASE is `bundled`, a release's folder or a store. With --folds, networks are trained here, each on all
folds of the training set but one, and each picture is answered by the one that has not seen it; the
same command continues after a kill, after the last finished epoch. The stored file:
training/fitting/distillation.py.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from labelling.labeller import open_model
from model_store.find import find_release
from scripts.fitting import FRESH, allow_many_networks, fit_alone
from scripts.terminal import at_least, command_parser, console, perform, resumable, run
from scripts.training_options import (
    OPTIONS,
    add_data_options,
    add_recipe_options,
    load_data,
    network_recipe,
    parts_of,
    planned,
    sized,
)
from training.data.splitting import FEWEST_FOLDS
from training.errors import SoftTargetsUnfit
from training.export.out_of_fold import deal
from training.fitting.checkpoints import Run, forget_checkpoint
from training.fitting.distillation import SoftTargets, answers_of, join, soften, teach, unseen
from training.recipes import CHOICES, DEFAULT_NETWORK, default_run_folder, run_fingerprint

EXAMPLES = (
    "wardrobe teach bundled --out answers.npz --temperature 2",
    "wardrobe teach --folds 5 --network dense --out answers.npz",
)


def main(argv: list[str] | None = None) -> int:
    """Ask the releases that the arguments name, or networks fitted in folds, and store their answers."""
    return perform(build_parser(), _teach, argv)


def _teach(arguments: argparse.Namespace) -> object:
    _check(arguments)
    if arguments.folds is None:
        targets, right = _by_releases(arguments), None
    else:
        with resumable("The same command goes on after the last finished epoch."):
            targets, right = _in_folds(arguments)
    targets.save(arguments.out)
    size = arguments.out.stat().st_size
    console().print(f"{arguments.out}: {size:,} bytes, targets {targets.sha256}.")
    return {
        "out": str(arguments.out),
        "bytes": size,
        "targets": targets.sha256,
        "pictures": len(targets.probabilities),
        "teachers": targets.teachers,
        "temperature": targets.temperature,
        "right_unseen": right,
    }


def _by_releases(arguments: argparse.Namespace) -> SoftTargets:
    releases = [find_release(name) for name in arguments.releases]
    teachers = {release.version: open_model(release) for release in releases}
    labels = {teacher.contract.labels for teacher in teachers.values()}
    if len(labels) > 1:
        raise SoftTargetsUnfit(f"The teachers know different classes: {sorted(labels)}.")
    train = load_data(arguments).under(labels.pop()).train
    console().print(f"asking {', '.join(teachers)} about {len(train):,} pictures and their mirror images")
    return teach(teachers, train, arguments.temperature)


def _in_folds(arguments: argparse.Namespace) -> tuple[SoftTargets, float]:
    """What the networks say, and the share of their answers to pictures they had not seen that is right."""
    data = load_data(arguments)
    start = sized(network_recipe(arguments.network, data.reads), data)
    data, recipe = planned(data, start, arguments)
    parts = parts_of(data, recipe)
    task = Run(default_run_folder(recipe, data), run_fingerprint(recipe, data))
    folds = deal(parts, None, arguments.folds, pictures=True)
    if arguments.fresh:
        for fold in folds:
            forget_checkpoint(fold.run(task, recipe))
    allow_many_networks()
    asked = [unseen(data.train, recipe, fold.pictures) for fold in folds]
    answers = []
    for fold, places in zip(folds, asked, strict=True):
        run, (learnt, _) = fold.run(task, recipe), fold.learnt(parts, None)
        console().print(
            f"{recipe.network}, fold {fold.number} of {fold.of}: {len(learnt.train):,} training pictures, "
            f"{len(places):,} to answer. Checkpoint in {run.folder}."
        )
        answers.append(answers_of(fit_alone(run, data, learnt, recipe).model, data.train.images[places]))
    mean, dealt = join(asked, answers)
    name = f"{recipe.network} in {len(folds)} folds"
    probabilities = soften(mean, arguments.temperature)
    targets = SoftTargets(probabilities, data.train.sha256(), (name,), arguments.temperature)
    right = float(np.mean(probabilities[dealt].argmax(axis=1) == data.train.labels[dealt]))
    console().print(
        f"{right:.2%} of the {dealt.sum():,} answers by a network that had not seen the picture are right."
    )
    return targets, right


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("teach", __doc__, EXAMPLES)
    add = parser.add_argument
    add("releases", nargs="*", metavar="RELEASE", help="bundled, a release's folder or a store")
    add("--out", type=Path, required=True, metavar="FILE", help="what to write")
    temperature = "above 1 softens, below 1 sharpens (default 1)"
    add("--temperature", type=_above_zero, default=1.0, metavar="T", help=temperature)
    add_data_options(parser)
    group = parser.add_argument_group("in place of releases", "networks that are trained here")
    add = group.add_argument
    add("--folds", type=at_least(FEWEST_FOLDS), metavar="K", help="train one on all but each of K folds")
    add("--network", choices=CHOICES["network"], help=f"start from its recipe ({DEFAULT_NETWORK})")
    add(FRESH, action="store_true", help="delete the checkpoints and start over")
    add_recipe_options(group)
    return parser


def _above_zero(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return value


def _check(arguments: argparse.Namespace) -> None:
    """End as wrong usage where the arguments contradict each other."""
    if arguments.teacher is not None or arguments.teaching is not None:
        arguments.error(
            "--teacher and --teaching are for the student (wardrobe train): teachers learn from the labels"
        )
    if arguments.releases and arguments.folds:
        arguments.error("give RELEASEs to ask, or --folds to train networks and ask these, not both")
    if not arguments.releases and not arguments.folds:
        arguments.error("name the RELEASEs to ask, such as bundled, or train networks with --folds K")
    given = [name for name in ("network", *OPTIONS) if getattr(arguments, name) is not None]
    given += ["fresh"] if arguments.fresh else []
    if arguments.releases and given:
        option = given[0].replace("_", "-")
        arguments.error(f"--{option} is of the networks that --folds trains; a RELEASE is asked as it is")
    if not arguments.out.parent.is_dir():
        arguments.error(f"--out {arguments.out}: there is no folder {arguments.out.parent}")


if __name__ == "__main__":
    sys.exit(run(main))

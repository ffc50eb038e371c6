"""Train a release: data, network, fit, export, measure, publish.

The same command continues a training that was killed or stopped, after its last finished epoch. Recipes:
training/recipes.py; the release: training/release.py.
"""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from model_store.local import LocalRelease
from model_store.store import Store
from scripts.publish import RELEASE, add_target_options, hand_over, open_target
from scripts.terminal import at_least, command_parser, console, perform, resumable, run
from scripts.training.caveats import complain_of_doubts, complain_of_parent, complain_of_rare_classes
from scripts.training.fitting import FRESH, answer_out_of_fold, carry_out
from scripts.training.loading import check_tensorflow
from scripts.training.options import (
    add_accept_options,
    add_data_options,
    add_input_options,
    add_recipe_options,
    add_start_options,
    check_own_pictures,
    conditions_of,
    given_fields,
    load_data,
    parts_of,
    planned,
    sized,
)
from scripts.training.own_classes import blocks_for, fit_and_carry_out, reads_and_recipe
from scripts.training.photo_network import (
    add_photo_options,
    check_learns_photos,
    check_photo_options,
    fit_photos,
)
from scripts.training.starting import input_named, named_release, shown_recipe, start_named, task_of
from training.data.corrections import read_corrections
from training.data.datasets import LabelledData
from training.data.learnt import NOTHING, Learnt
from training.data.listing import list_pictures
from training.errors import BadRecipe
from training.export.out_of_fold import Fold, deal
from training.fitting.checkpoints import Run, forget_checkpoint
from training.fitting.starting import ParentLearnt, check_classes
from training.recipes import NETWORKS, Recipe, as_toml
from training.split import (
    FEWEST_FOLDS,
    USUAL_FOLDS,
    Split,
    first,
    rarest_class,
    usual_folds,
)

EXAMPLES = (
    "wardrobe train --recipe quick --out releases",
    "wardrobe train --data pictures --publish s3://models/wardrobe",
    "wardrobe train --data pictures --from bundled --epochs 5",
)


def main(argv: list[str] | None = None) -> int:
    """Train, or continue a training, and publish the release."""
    return perform(build_parser(), _train, argv)


def trained(words: list[str]) -> object:
    """Train as `wardrobe train WORDS` does; what it did, as JSON values."""
    arguments = build_parser().parse_args(words)
    arguments.words = words
    return _train(arguments)


def _train(arguments: argparse.Namespace) -> object:
    if arguments.show_recipe:
        recipe = shown_recipe(arguments)
        print(as_toml(recipe), end="")
        return recipe.as_json()
    _check(arguments)
    check_own_pictures(arguments)
    store = open_target(arguments)
    release = named_release(arguments)
    if release is not None and arguments.photos is not None:
        check_learns_photos(release, arguments.release, arguments.photos)
        return fit_photos(arguments, release, store)
    if (folder := _own_classes(arguments)) is not None:
        return hand_over(folder / RELEASE, store, arguments)
    return _fit(arguments, release, store)


def _fit(arguments: argparse.Namespace, release: LocalRelease | None, store: Store) -> object:
    """Fit by gradient, export and publish."""
    parent = None if release is None else ParentLearnt.of(release)
    known = NOTHING if parent is None else parent.known
    data, start = _data_and_start(arguments, release, known)
    recipe = planned(start, arguments)
    if parent is not None:
        data = replace(data, known=known)
        complain_of_parent(parent, data)
    parts = parts_of(data, recipe)
    task = task_of(arguments, data, recipe, release)
    folds = folds_of(arguments, parts, known=parent is not None and parent.learnt_some(data.train))
    if arguments.fresh:
        _forget([task, *(fold.run(task, recipe) for fold in folds)])
    console().print(
        f"{recipe.network}, seed {recipe.seed}: {len(parts.train):,} training pictures, "
        f"{len(parts.validation):,} held out, {len(data.test):,} for the report. Checkpoint in {task.folder}."
    )
    complain_of_doubts(arguments, data, parts, folds)
    complain_of_rare_classes(parts, data.labels)
    with resumable(f"The same command goes on after the last finished epoch, from {task.folder}."):
        others = answer_out_of_fold(task, data, parts, recipe, folds)
        carry_out(task, data, parts, recipe, others=others, accept=conditions_of(arguments))
    return hand_over(task.folder / RELEASE, store, arguments)


def _data_and_start(
    arguments: argparse.Namespace, release: LocalRelease | None, known: Learnt
) -> tuple[LabelledData, Recipe]:
    """What is learnt, and the recipe before any option changes it."""
    reads = input_named(arguments, release)
    _check_classes(arguments, release)
    start = start_named(arguments, reads, release)
    data = load_data(arguments, reads, known=known)
    data = replace(data, licence=arguments.data_licence)
    if release is not None:
        data = data.like(release.manifest.model.labels)
    return data, start if arguments.recipe else sized(start, data)


def _check_classes(arguments: argparse.Namespace, release: LocalRelease | None) -> None:
    """Refuse a data set with fewer classes than its parent, before it is read, unless that is wanted."""
    if release is None or arguments.new_classes or arguments.data in {None, "keras"}:
        return
    place = Path(arguments.data).expanduser()
    if place.exists() and not any(place.glob("*-ubyte*")):
        check_classes({one.label for one in list_pictures(place).pictures}, release.manifest)


def _own_classes(arguments: argparse.Namespace) -> Path | None:
    """Fit a head on frozen networks, where the command leaves the choice of the network to us.

    Returns:
        The folder of its release; None where another fit is wanted, or a class is too small for folds.
    """
    if (blocks := blocks_for(arguments, given_fields(arguments))) is None:
        return None
    reads, recipe = reads_and_recipe(arguments, blocks)
    data = load_data(arguments, reads, read_corrections(arguments.corrections), division="cross-fitted")
    data = replace(data, licence=arguments.data_licence)
    if data.cross_fitted and recipe.limit is not None:
        few = first(data.train, recipe.limit)
        data = replace(data, train=few, test=few)
    parts = parts_of(data, recipe)
    count = min(USUAL_FOLDS, rarest_class(parts.train.labels, parts.train.groups))
    if arguments.folds is None and count < FEWEST_FOLDS:
        return None
    folds = deal(parts, arguments.folds or count)
    complain_of_doubts(arguments, data, parts, folds)
    with resumable("The same command begins again: heads take minutes at most."):
        return fit_and_carry_out(arguments, data, recipe, folds, blocks)


def _forget(runs: Sequence[Run]) -> None:
    """Remove the checkpoints, so that all of it starts over."""
    for one in runs:
        forget_checkpoint(one)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse contradicting options and missing packages, before any work."""
    check_photo_options(arguments)
    if arguments.folds == 1:
        arguments.error("--folds 1: with one there would be nothing to learn from; 2 or more, or 0")
    check_tensorflow()


def folds_of(arguments: argparse.Namespace, parts: Split, *, known: bool) -> tuple[Fold, ...]:
    """The folds that choose thresholds: as many as were asked for, else some where few are held out.

    Args:
        arguments: have --folds.
        parts: of the training pictures.
        known: whether the release that every fold would start from learnt these pictures.

    Raises:
        BadRecipe: folds were asked for, and no network could answer them as new ones.
    """
    if known and arguments.folds:
        raise BadRecipe(
            f"--folds {arguments.folds}: the release of --from learnt these pictures, so no network that "
            "starts from it answers them as new. Leave out --folds or --from."
        )
    usual = 0 if known else usual_folds(parts)
    count = usual if arguments.folds is None else arguments.folds
    return deal(parts, count) if count else ()


OTHER_MODES = {"test": "evaluate", "eval": "evaluate", "evaluate": "evaluate", "predict": "predict"}
"""The verbs that do what other projects call a mode."""


def _mode(text: str) -> str:
    if text != "train":
        verb = OTHER_MODES.get(text, "--help")
        raise argparse.ArgumentTypeError(f"{text!r}: this verb trains; type `wardrobe {verb}`")
    return text


COMMON = (
    "--help",
    "--help-all",
    "--data",
    "--network",
    "--recipe",
    "--from",
    "--epochs",
    "--fast",
    "--folds",
    "--accept-right",
    "--out",
    "--publish",
)
"""The options that `--help` shows; `--help-all` shows every one."""


class ShowCommon(argparse.Action):
    """Print the help of the options that most trainings need, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """As argparse's own action for --help."""
        shown = [action for action in parser._actions if set(action.option_strings) & set(COMMON)]
        formatter = parser._get_formatter()
        formatter.add_usage("%(prog)s [option ...]", (), ())
        formatter.add_text(parser.description)
        formatter.start_section("options that most trainings need")
        formatter.add_arguments(shown)
        formatter.end_section()
        formatter.add_text(parser.epilog)
        print(formatter.format_help(), end="")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    parser = command_parser("train", __doc__, EXAMPLES, allow_abbrev=False, add_help=False)
    parser.add_argument("-h", "--help", action=ShowCommon, nargs=0, help="show this")
    parser.add_argument("--help-all", action="help", help="show every option")
    add_data_options(parser)
    add_input_options(parser.add_argument_group("what the model reads", "of pictures of your own"))
    add_photo_options(parser)
    networks = textwrap.fill(f"networks: {', '.join(NETWORKS)}", 76)
    recipe = parser.add_argument_group("what to do", networks)
    add_start_options(recipe)
    add_recipe_options(recipe)
    folds = f"choose thresholds by K folds ({USUAL_FOLDS}, or 0 with much data)"
    recipe.add_argument("--folds", type=at_least(0), metavar="K", help=folds)
    recipe.add_argument(
        "--mode", type=_mode, metavar="train", help="as other projects call it; changes nothing"
    )
    add_accept_options(recipe, right="own classes: 0.95")
    group = parser.add_argument_group("where it goes")
    add = group.add_argument
    add(
        "--run",
        type=Path,
        metavar="FOLDER",
        help="folder of the checkpoint (default: one per recipe in runs/)",
    )
    add(FRESH, action="store_true", help="delete the checkpoint and start over")
    add("--tensorboard", type=Path, metavar="FOLDER", help="log every epoch for TensorBoard, below FOLDER")
    add_target_options(group)
    return parser


if __name__ == "__main__":
    sys.exit(run(main))

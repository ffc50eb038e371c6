"""Train a release: data, network, fit, export, measure, publish.

The same command continues a training that was killed or stopped, after its last finished epoch. Recipes:
training/gradient/recipes.py; the release: training/release/builder.py.
"""

import argparse
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from model_store.cache import find_release
from model_store.store import Store
from reports.values import size_in_words
from scripts.publish import RELEASE, add_target_options, hand_over, open_target
from scripts.terminal import command_parser, console, perform, print_table, resumable, run
from scripts.training.caveats import complain_of_doubts, complain_of_rare_classes
from scripts.training.fitting import FRESH, carry_out
from scripts.training.loading import check_tensorflow, start_tensorflow
from scripts.training.options import (
    add_accept_options,
    add_data_options,
    add_recipe_options,
    add_start_options,
    check_own_pictures,
    conditions_of,
    load_data,
    names_photos,
    parts_of,
    planned,
    sized,
)
from scripts.training.own_classes import train_own_classes
from scripts.training.photo_network import (
    add_photo_options,
    check_learns_photos,
    check_photo_options,
    fit_photos,
)
from scripts.training.starting import shown_recipe, start_named, task_of
from training.gradient.fitting.checkpoints import forget_checkpoint
from training.gradient.recipes import NETWORKS, as_toml
from training.pictures.fashion import LABELS

EXAMPLES = (
    "wardrobe train --data my-pictures --publish s3://models/wardrobe",
    "wardrobe train --from bundled --photos corrections.csv",
    "wardrobe train --recipe quick --out releases",
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
    if arguments.show:
        return _show_network(arguments)
    check_photo_options(arguments)
    check_tensorflow()
    check_own_pictures(arguments)
    store = open_target(arguments)
    if arguments.photos is not None:
        release = find_release(arguments.release, arguments.from_version)
        check_learns_photos(release, arguments.release, arguments.photos)
        return fit_photos(arguments, release, store)
    if names_photos(arguments.data):
        return hand_over(train_own_classes(arguments) / RELEASE, store, arguments)
    if arguments.fast:
        arguments.error("--fast is for photos of own classes")
    return _fit(arguments, store)


def _show_network(arguments: argparse.Namespace) -> object:
    """Print the layers of the network that would be trained by gradient, for Fashion-MNIST's classes."""
    start_tensorflow()
    # TensorFlow takes seconds to load, which --help and a wrong argument should not.
    from training.gradient.networks.registry import build, trainable_count  # noqa: PLC0415

    network = build(shown_recipe(arguments), len(LABELS))
    rows = [
        {
            "layer": one.name,
            "kind": type(one).__name__,
            "shape": list(one.output.shape[1:]),
            "parameters": one.count_params(),
        }
        for one in network.layers
    ]
    print_table(
        [
            {**row, "shape": " x ".join(map(str, row["shape"])), "parameters": f"{row['parameters']:,}"}
            for row in rows
        ]
    )
    total, trainable = network.count_params(), trainable_count(network)
    console().print(f"{network.name}: {size_in_words(total, None, trainable)}.")
    return {"network": network.name, "layers": rows, "parameters": total, "trainable_parameters": trainable}


def _fit(arguments: argparse.Namespace, store: Store) -> object:
    """Fit by gradient, export and publish."""
    start, data = start_named(arguments), load_data(arguments)
    data = replace(data, licence=arguments.data_licence)
    recipe = planned(start if arguments.recipe else sized(start, data), arguments)
    parts = parts_of(data, recipe)
    task = task_of(arguments, data, recipe)
    if arguments.fresh:
        forget_checkpoint(task)
    console().print(
        f"{recipe.network}, seed {recipe.seed}: {len(parts.train):,} training pictures, "
        f"{len(parts.validation):,} held out, {len(data.test):,} for the report. Checkpoint in {task.folder}."
    )
    complain_of_doubts(arguments, data, len(parts.validation))
    complain_of_rare_classes(parts, data.labels)
    with resumable(f"The same command goes on after the last finished epoch, from {task.folder}."):
        carry_out(task, data, parts, recipe, accept=conditions_of(arguments))
    return hand_over(task.folder / RELEASE, store, arguments)


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
    "--fast",
    "--from",
    "--photos",
    "--network",
    "--recipe",
    "--epochs",
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
    add_photo_options(parser)
    networks = textwrap.fill(f"networks: {', '.join(NETWORKS)}", 76)
    recipe = parser.add_argument_group("what to do", networks)
    add_start_options(recipe)
    add_recipe_options(recipe)
    fast = "own classes: answers in a sixth of the time"
    recipe.add_argument("--fast", action="store_true", help=fast)
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

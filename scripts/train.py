"""Train a release: data, network, fit, export, measure, publish.

The same command continues a training that was killed or stopped, after its last finished epoch. Recipes:
training/gradient/recipes.py; the release: training/release/complete.py.
"""

import argparse
import shlex
import textwrap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import read_command_settings
from model_store.local_releases import LocalRelease, open_release
from model_store.named_release import find_release, parse_store_address
from reports.judge import compared_with
from scripts.__main__ import command
from scripts.doubted import write_doubted
from scripts.options import (
    add_accept_options,
    add_data_options,
    add_recipe_options,
    add_start_options,
    named_of,
    options_of,
    typed_names,
)
from scripts.progress import Terminal, say_promises
from scripts.target import ELSEWHERE, Target, add_target_options, next_commands, open_target
from scripts.terminal import command_parser, console
from training.errors import UnusedOption
from training.gradient.recipes import NETWORKS
from training.improve import check_learns_photos
from training.loading import check_tensorflow
from training.options import Options, check_used
from training.release.run_folder import claim_new_run
from training.stories import RunRequest, name_photos, train_on_photos, train_on_pictures

if TYPE_CHECKING:  # needs Keras
    from training.release.make import Trained

EXAMPLES = (
    "wardrobe train --data my-pictures --publish s3://models/wardrobe",
    "wardrobe train --from bundled --photos corrections.csv",
    "wardrobe train --recipe quick --out releases",
)


def execute(arguments: argparse.Namespace) -> object:
    """Train, or continue a training, and publish the release."""
    options = options_of(arguments)
    _check_places(options, arguments)
    with claim_named_run(arguments), usage_errors(arguments):
        check_tensorflow()
        if options.photos is not None:
            return _train_photos(options, arguments)
        console().print("Reading the pictures; then TensorFlow starts.")
        named, target = named_of(arguments), open_target(arguments, options.data)
        made = train_on_pictures(
            named,
            options,
            run_request(arguments, "train"),
            Terminal(),
            target.check_labels,
            typed_names(arguments),
        )
        say_promises(made.release, console().print)
        write_doubted(made.run, made.answers, made.labels)
        return target.hand_over(made.release)


def claim_named_run(arguments: argparse.Namespace) -> AbstractContextManager[Path | None]:
    """Claim the folder of --run, before any picture is read; without the option nothing is claimed yet.

    Raises:
        OutputUnusable: the folder has a release, another training is at work in it, or it is no folder.
    """
    return nullcontext() if arguments.run is None else claim_new_run(arguments.run)


@contextmanager
def usage_errors(arguments: argparse.Namespace) -> Iterator[None]:
    """End as wrong usage if the training does not use an option that was typed."""
    try:
        yield
    except UnusedOption as error:
        arguments.error(str(error))


def run_request(arguments: argparse.Namespace, verb: str) -> RunRequest:
    """Return the values of --run, --tensorboard and --fresh, and the command line.

    Args:
        arguments: the arguments of a training, with its `words`.
        verb: the command that was typed.
    """
    return RunRequest(
        folder=arguments.run,
        command=shlex.join(["wardrobe", verb, *arguments.words]),
        events=arguments.tensorboard,
        is_fresh=arguments.fresh,
    )


def _check_places(options: Options, arguments: argparse.Namespace) -> None:
    """End as wrong usage if --from and --photos do not fit one another, or other options do not fit them."""
    if options.photos is None and options.release is not None:
        arguments.error(
            "--from fits a head again, on --photos. Own classes: --data PLACE alone; corrections: "
            "wardrobe improve CSV"
        )
    if options.photos is not None and options.release is None:
        arguments.error("--photos fits a network of the release that --from names, such as --from bundled")
    if options.photos is not None:
        with usage_errors(arguments):
            check_used(typed_names(arguments), "photos")


def _train_photos(options: Options, arguments: argparse.Namespace) -> object:
    place, photos = str(options.release), Path(str(options.photos))
    named, target = name_photos(options), open_target(arguments, photos)
    parent = find_release(place, read_command_settings().cache_dir)
    check_learns_photos(parent, place, photos)
    console().print("Reading the photos; then TensorFlow starts.")
    run = run_request(arguments, "train")
    target.check_labels(parent.manifest.labels)
    listing = named.list_photos(parent.manifest.labels)
    made = train_on_photos(parent, named, options, run, Terminal(), target.check_labels, listing)
    if listing.corrections is None:
        write_doubted(made.run, made.answers, made.labels)
        return target.hand_over(made.release)
    return hand_over_photos(made, place, parent, target, arguments)


def hand_over_photos(
    made: "Trained", place: str, parent: LocalRelease, target: Target, arguments: argparse.Namespace
) -> object:
    """Store a release that learnt corrections if that is asked for; otherwise print the commands that do.

    Args:
        made: the new release.
        place: the name of its parent, as --from has it.
        parent: the release that it was made of.
        target: the store, and the pictures to compare both on.
        arguments: the arguments of the training.

    Returns:
        The outcome, as JSON values.
    """
    write_doubted(made.run, made.answers, made.labels)
    if arguments.out or arguments.publish:
        return hand_over_compared(made.release, target, parent)
    verdict, store = (
        compared_with(open_release(made.release), parent),
        parse_store_address(place) or ELSEWHERE,
    )
    print("\n".join([verdict, *next_commands(place, made.release, target.pictures or "PICTURES", store)]))
    return {"release": str(made.release), "verdict": verdict}


def hand_over_compared(release: Path, target: Target, parent: LocalRelease) -> object:
    """Store a release. If the gate does not judge it there, print its verdict on release and parent."""
    if target.is_judged:
        return target.hand_over(release)
    verdict = compared_with(open_release(release), parent)
    console().print(verdict)
    return target.hand_over(release) | {"verdict": verdict}


OTHER_MODES = {"test": "evaluate", "eval": "evaluate", "evaluate": "evaluate", "predict": "predict"}
"""The verbs for the modes of other projects' scripts."""


def _mode(text: str) -> str:
    if text != "train":
        verb = OTHER_MODES.get(text, "--help")
        raise argparse.ArgumentTypeError(f"{text!r}: this verb trains; type `wardrobe {verb}`")
    return text


def _add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add --from and --photos."""
    layout = (
        "of the ten classes, in FOLDER/tier/label/, or a CSV of `path`, `label`, `tier`, perhaps `group`, "
        "`source` and `checked`"
    )
    add = parser.add_argument_group("photos of real garments", layout).add_argument
    parent = "fit its head for photos again: bundled, say"
    add("--from", dest="release", metavar="RELEASE", help=parent)
    fits = "photos of the ten classes, which that head learns"
    add("--photos", type=Path, metavar="FOLDER|CSV", help=fits)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = command_parser("train", __doc__, EXAMPLES, allow_abbrev=False)
    add_data_options(parser)
    column = "a column of the CSV, such as colour: learnt, too"
    parser.add_argument("--attribute", action="append", metavar="COLUMN", help=column)
    _add_photo_options(parser)
    networks = textwrap.fill(f"networks: {', '.join(NETWORKS)}", 76)
    recipe = parser.add_argument_group("what to do", networks)
    add_start_options(recipe)
    add_recipe_options(recipe)
    fast = "own classes: answers in a ninth of the time"
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
    add("--fresh", action="store_true", help="delete the checkpoint and start over")
    add("--tensorboard", type=Path, metavar="FOLDER", help="log every epoch for TensorBoard, below FOLDER")
    add_target_options(group)
    return parser


if __name__ == "__main__":
    raise SystemExit(command("train"))

"""Train a release: data, network, fit, export, measure, publish.

The same command continues a training that was killed or stopped, after its last finished epoch. Recipes:
training/gradient/recipes.py; the release: training/release/complete.py.
"""

import argparse
import shlex
import textwrap
from contextlib import AbstractContextManager, nullcontext
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
    planned,
    sized,
    start_named,
    typed_names,
)
from scripts.progress import Terminal, say_promises
from scripts.target import ELSEWHERE, Target, add_target_options, next_commands, open_target
from scripts.terminal import command_parser, console, resumable
from training.data.contents import Contents
from training.data.decoded_pictures import look_for_photo
from training.data.hashed_files import NO_FILES, HashedFiles
from training.data.listing import Listing
from training.data.named import Named
from training.data.read import load
from training.errors import UnusedOption
from training.gradient.fitting.checkpoints import forget_checkpoint
from training.gradient.recipes import NETWORKS
from training.improve import check_learns_photos
from training.loading import check_tensorflow, start_tensorflow
from training.options import Options, Story, check_used
from training.release.run_folder import claim_new_run

if TYPE_CHECKING:  # needs Keras
    from training.release.make import Trained

EXAMPLES = (
    "wardrobe train --data my-pictures --publish s3://models/wardrobe",
    "wardrobe train --from bundled --photos corrections.csv",
    "wardrobe train --recipe quick --out releases",
)


def execute(arguments: argparse.Namespace) -> object:
    """Train, or continue a training, and publish the release."""
    with claim_named_run(arguments):
        return train(options_of(arguments), arguments, shlex.join(["wardrobe", "train", *arguments.words]))


def claim_named_run(arguments: argparse.Namespace) -> AbstractContextManager[Path | None]:
    """Claim the folder of --run, before any picture is read; without the option nothing is claimed yet.

    Raises:
        OutputUnusable: the folder has a release, another training is at work in it, or it is no folder.
    """
    return nullcontext() if arguments.run is None else claim_new_run(arguments.run)


def train(
    options: Options,
    arguments: argparse.Namespace,
    command: str,
    parent: LocalRelease | None = None,
    compared: Path | None = None,
) -> object:
    """Train with these options.

    Args:
        options: of the training.
        arguments: of this command, which say where the release goes; the folder of --run is claimed.
        command: what was typed, which the release records.
        parent: the release that is to become better; the result has what the gate says of both.
        compared: pictures to compare both on.

    Returns:
        What was done, as JSON values.
    """
    photos = _photos_of(options, arguments)
    check_tensorflow()
    console().print("Reading the pictures; then TensorFlow starts.")
    named = named_of(arguments, options, parent)
    listing, classes, is_of_photos, known = named.list_pictures(), None, False, NO_FILES
    contents = None
    if listing is not None:
        classes = named.check_listing(listing)
    if photos is None:
        is_of_photos, known = _shows_photos(listing, arguments)
    if listing is not None:
        contents = named.make_contents(listing, known)
        contents.check(Terminal().warn, skip_unreadable=named.skip_unreadable)
    target = open_target(arguments, compared or options.data)
    if photos is not None:
        return _train_photos(photos, options, arguments, target, command, compared)
    if classes is not None:
        target.check_labels(classes)
    if contents and is_of_photos:
        made = _train_own_classes(named, contents, options, arguments, command)
    else:
        made = _train_pixels(named, contents, options, arguments, target, command)
    say_promises(made.release, console().print)
    write_doubted(made.run, made.answers, made.labels)
    return _handed_over(made.release, target, parent)


def _train_own_classes(
    named: Named,
    contents: Contents,
    options: Options,
    arguments: argparse.Namespace,
    command: str,
) -> "Trained":
    start_tensorflow()
    from training.own_classes import train_own_classes  # noqa: PLC0415 - needs Keras

    with resumable("The same command begins again: heads take minutes at most."):
        return train_own_classes(named, contents, options, Terminal(), arguments.run, command)


def _train_photos(  # noqa: PLR0913, PLR0917 - what is learnt, as it was typed, and where it goes
    named: Named,
    options: Options,
    arguments: argparse.Namespace,
    target: Target,
    command: str,
    compared: Path | None,
) -> object:
    place, photos = str(options.release), Path(str(options.photos))
    release = find_release(place, read_command_settings().cache_dir)
    check_learns_photos(release, place, photos)
    target.check_labels(release.manifest.labels)
    start_tensorflow()
    from training.ten_classes import train_photos  # noqa: PLC0415 - needs Keras

    listing = named.list_photos(release.manifest.labels)
    trained, _ = train_photos(release, named, Terminal(), arguments.run, command, options.as_json(), listing)
    write_doubted(trained.run, trained.answers, trained.labels)
    if listing.corrections is None:
        return target.hand_over(trained.release)
    if arguments.out or arguments.publish:
        return _handed_over(trained.release, target, release)
    verdict = compared_with(open_release(trained.release), release)
    store = parse_store_address(place) or ELSEWHERE
    print("\n".join([verdict, *next_commands(place, trained.release, compared or photos, store)]))
    return {"release": str(trained.release), "verdict": verdict}


def _handed_over(made: Path, target: Target, parent: LocalRelease | None) -> object:
    """Store a release; where the gate does not decide there, its sentence on the parent is printed."""
    if parent is None or target.is_judged:
        return target.hand_over(made)
    verdict = compared_with(open_release(made), parent)
    console().print(verdict)
    return target.hand_over(made) | {"verdict": verdict}


def _train_pixels(  # noqa: PLR0913, PLR0917 - pictures, what was typed, and where it goes
    named: Named,
    contents: Contents | None,
    options: Options,
    arguments: argparse.Namespace,
    target: Target,
    command: str,
) -> "Trained":
    start = start_named(options)
    data = load(named, Terminal(), contents=contents)
    target.check_labels(data.labels)
    recipe = planned(start if options.recipe else sized(start, data), options)
    start_tensorflow()
    from training.pixel_network import run_of, train_pixels  # noqa: PLC0415 - needs Keras

    task = run_of(recipe, data, arguments.run, arguments.tensorboard, command, options.as_json())
    with nullcontext() if arguments.run else claim_new_run(task.folder):
        if arguments.fresh:
            forget_checkpoint(task)
        with resumable(f"The same command goes on after the last finished epoch, from {task.folder}."):
            return train_pixels(data, recipe, task, Terminal(), options.accept)


def _shows_photos(listing: Listing | None, arguments: argparse.Namespace) -> tuple[bool, HashedFiles]:
    """Find out which story the pictures need; an option that it does not use ends as wrong usage.

    Returns:
        Whether there are photos of own classes, and the files that were read to find out.
    """
    _check_used(arguments, *(("pixels",) if listing is None else ("own classes", "pixels")))
    if listing is None:
        return False, NO_FILES
    is_of_photos, known = look_for_photo(listing, Terminal())
    _check_used(arguments, "own classes" if is_of_photos else "pixels")
    return is_of_photos, known


def _check_used(arguments: argparse.Namespace, *stories: Story) -> None:
    """End as wrong usage if an option was typed that none of these stories uses."""
    try:
        check_used(typed_names(arguments), *stories)
    except UnusedOption as error:
        arguments.error(str(error))


def _photos_of(options: Options, arguments: argparse.Namespace) -> Named | None:
    """The photos that the options name; a contradiction among these ends as wrong usage."""
    if options.photos is None:
        if options.release is not None:
            arguments.error(
                "--from fits a head again, on --photos. Own classes: --data PLACE alone; corrections: "
                "wardrobe improve CSV"
            )
        return None
    if options.release is None:
        arguments.error("--photos fits a network of the release that --from names, such as --from bundled")
    _check_used(arguments, "photos")
    return Named(
        place=options.photos,
        corrections=tuple(map(Path, options.corrections)),
        reading=options.reading,
        tiers="learn",
    )


OTHER_MODES = {"test": "evaluate", "eval": "evaluate", "evaluate": "evaluate", "predict": "predict"}
"""The verbs that do what other projects call a mode."""


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
    """The parser of the command."""
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

"""Train a release: data, network, fit, export, measure, publish.

The same command continues a training that was killed or stopped, after its last finished epoch. Recipes:
training/gradient/recipes.py; the release: training/release/complete.py.
"""

import argparse
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.settings import read_command_settings
from model_store.local_releases import LocalRelease, open_release
from model_store.named_release import find_release, parse_store_address
from reports.judge import compared_with
from scripts.__main__ import command
from scripts.data_options import (
    add_accept_options,
    add_corrections,
    add_csv_pair,
    add_place,
    add_recipe_options,
    add_start_options,
    named_of,
    options_of,
    typed_names,
)
from scripts.doubted import write_doubted
from scripts.list_options import add_list_options, add_product_column
from scripts.progress_bars import Terminal, say_promises
from scripts.target import ELSEWHERE, Target, add_store_options, next_commands, open_target
from scripts.terminal import command_parser, console
from training.errors import UnusedOption
from training.gradient.recipes import NETWORKS
from training.improve import check_learns_photos
from training.loading import check_tensorflow
from training.options import RECIPE_FIELDS, Options, Story, check_used
from training.release.run_folder import claim_new_run
from training.stories import RunRequest, name_photos, train_on_photos, train_on_pictures

if TYPE_CHECKING:  # needs Keras
    from training.release.make import Trained

EXAMPLES = (
    "wardrobe train --data my-pictures --publish s3://models/wardrobe",
    "wardrobe train --from bundled --photos corrections.csv",
    "wardrobe train --recipe quick --out store",
)


def execute(arguments: argparse.Namespace) -> object:
    """Train a release, or continue an interrupted training, and send the release to the store.

    Returns:
        The result for --json.
    """
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
    """Return a context in which no other training may use the folder of --run, before pictures are read.

    Without the option, the context is empty, and the training claims its folder later.

    Raises:
        OutputUnusable: the folder has a release, another training is at work in it, or it is no folder.
    """
    return nullcontext() if arguments.run is None else claim_new_run(arguments.run)


@contextmanager
def usage_errors(arguments: argparse.Namespace) -> Iterator[None]:
    """End the command as wrong usage if a block raises UnusedOption: an option was typed without effect.

    Args:
        arguments: the arguments of the command, which have its function `error`.
    """
    try:
        yield
    except UnusedOption as error:
        arguments.error(str(error))


def run_request(arguments: argparse.Namespace, verb: str) -> RunRequest:
    """Return the folders and the command line of a training run, from --run, --tensorboard and --fresh.

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
    """Store a release whose head for photos was fitted again, or print the commands that store it.

    It is stored if --out or --publish was typed.

    Args:
        made: the new release.
        place: the name of the release that it was made from, as --from has it.
        parent: the release that it was made from.
        target: the store, and the pictures to compare both releases on.
        arguments: the arguments of the training.

    Returns:
        The result for --json.
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
    """Store a new release, after comparing it with the release that it was made from.

    If the gate of the store judges the release anyway, there is no further comparison.

    Args:
        release: the folder of the new release.
        target: the store.
        parent: the release that the new one was made from.

    Returns:
        The result for --json.
    """
    if target.is_judged:
        return target.hand_over(release)
    verdict = compared_with(open_release(release), parent)
    console().print(verdict)
    return target.hand_over(release) | {"verdict": verdict}


OTHER_MODES = {"test": "evaluate", "eval": "evaluate", "evaluate": "evaluate", "predict": "predict"}
"""The command to suggest if --mode has a value that other projects use, by this value."""


def _mode(text: str) -> str:
    if text != "train":
        verb = OTHER_MODES.get(text, "--help")
        raise argparse.ArgumentTypeError(f"{text!r}: this verb trains; type `wardrobe {verb}`")
    return text


GROUPS: Final[Mapping[Story, tuple[str, str]]] = {
    "own classes": (
        "own classes",
        "Photos of classes of your own. A head learns them on networks that stay as they are.",
    ),
    "pixels": (
        "by gradient",
        "Fashion-MNIST, and pictures in its form, of 28 x 28. A network learns them whole. "
        f"Networks: {', '.join(NETWORKS)}.",
    ),
    "photos": (
        "photos of the ten classes",
        "Photos in FOLDER/tier/label/, or in a CSV of `path`, `label`, `tier`, and perhaps `group`, `source` "
        "and `checked`. The head of a release that answers photos is fitted again.",
    ),
}
"""Title and description of the options in the help, for each story. A story is one way of training."""

ANY_STORY: Final = "every training"
"""Title of the options in the help that every way of training uses."""

ALSO: Final = f"; also {GROUPS['pixels'][0]}"
"""End of the help of an option that is listed under own classes and that a training by gradient uses too."""


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe train`: common options, then those of each way of training."""
    parser = command_parser("train", __doc__, EXAMPLES, allow_abbrev=False)
    _add_options_of_all(parser.add_argument_group(ANY_STORY))
    groups = {story: parser.add_argument_group(*_filled(*text)) for story, text in GROUPS.items()}
    own, gradient, photos = groups["own classes"], groups["pixels"], groups["photos"]
    add_place(own, ALSO)
    column = "column of the CSV that is learnt, too, such as colour; may be repeated"
    own.add_argument("--attribute", action="append", metavar="COLUMN", help=column)
    own.add_argument("--fast", action="store_true", help="make a smaller model, nine times as fast")
    add_recipe_options(own, OWN_FIELDS, ALSO)
    add_accept_options(own, ALSO)
    licence = f"licence of the data, such as MIT or `our own pictures`, for the model card{ALSO}"
    own.add_argument("--data-licence", metavar="TEXT", help=licence)
    add_csv_pair(gradient)
    add_start_options(gradient)
    add_recipe_options(gradient, [name for name in RECIPE_FIELDS if name not in OWN_FIELDS])
    gradient.add_argument("--fresh", action="store_true", help="delete the checkpoint and start over")
    log = "folder below which every epoch is logged for TensorBoard"
    gradient.add_argument("--tensorboard", type=Path, metavar="FOLDER", help=log)
    release = "release whose head for photos is fitted again, such as bundled"
    photos.add_argument("--from", dest="release", metavar="RELEASE", help=release)
    learnt = "photos of the ten classes, which that head learns"
    photos.add_argument("--photos", type=Path, metavar="FOLDER|CSV", help=learnt)
    return parser


OWN_FIELDS: Final = ("seed", "limit")
"""Fields of a recipe that a training of own classes uses or records, too."""


def _filled(title: str, description: str) -> tuple[str, str]:
    """Return title and description of a group, whose lines argparse leaves as they are."""
    return title, textwrap.fill(description, 76)


def _add_options_of_all(group: "argparse._ArgumentGroup") -> None:
    """Add the options that every training uses."""
    add_corrections(group)
    add_list_options(group)
    add_product_column(group)
    place = "folder of the checkpoint and the release (default: one in runs/ for each training)"
    group.add_argument("--run", type=Path, metavar="FOLDER", help=place)
    add_store_options(group)
    mode = "name that other projects have for this verb; changes nothing"
    group.add_argument("--mode", type=_mode, metavar="train", help=mode)


if __name__ == "__main__":
    raise SystemExit(command("train"))

"""Train a release, measure it, and put it into a store.

The same command continues a training that was killed or stopped, after its last finished epoch. The values by
which a network is trained are called a recipe.
"""

import argparse
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

from app.settings import read_command_settings
from model_store.named_release import find_release
from scripts.__main__ import command
from scripts.compared_releases import publish_photo_release
from scripts.console import make_console
from scripts.data_options import (
    add_accept_options,
    add_corrections_option,
    add_csv_pair_options,
    add_place_options,
    add_recipe_options,
    add_start_recipe_options,
    list_typed_options,
    read_data_set_options,
    read_training_options,
)
from scripts.doubted_labels import write_doubted_labels
from scripts.list_options import add_list_options, add_product_column_option
from scripts.parsers import make_command_parser
from scripts.progress_bars import TerminalProgress, print_promises
from scripts.release_target import open_release_target
from scripts.store_options import add_store_options
from training.corrected_release import check_has_photo_network
from training.errors import UnusedOption
from training.gradient.recipes import NETWORK_NAMES
from training.loading import check_tensorflow
from training.methods import RunRequest, make_photo_source, train_on_photos, train_on_pictures
from training.options import RECIPE_FIELDS, TrainingMethod, TrainingOptions, check_options_used
from training.release.run_folder import claim_new_run

EXAMPLE_COMMANDS = (
    "wardrobe train --data my-pictures --publish s3://models/wardrobe",
    "wardrobe train --from bundled --photos corrections.csv",
    "wardrobe train --recipe quick --out store",
)


def execute(arguments: argparse.Namespace) -> object:
    """Train a release, or continue an interrupted training, and send the release to the store.

    Returns:
        The result for --json.
    """
    options = read_training_options(arguments)
    _check_places(options, arguments)
    with claim_run_folder(arguments), report_usage_errors(arguments):
        check_tensorflow()
        if options.photos is not None:
            return _train_photos(options, arguments)
        make_console().print("Reading the pictures; then TensorFlow starts.")
        data_source = read_data_set_options(arguments)
        target = open_release_target(arguments, options.data)
        new_release = train_on_pictures(
            data_source,
            options,
            make_run_request(arguments, "train"),
            TerminalProgress(),
            target.check_labels,
            list_typed_options(arguments),
        )
        print_promises(new_release.release_folder, make_console().print)
        write_doubted_labels(
            new_release.run_folder,
            new_release.answers,
            new_release.labels,
            has_named_folder=arguments.run is not None,
        )
        return target.publish_and_report(new_release.release_folder)


def claim_run_folder(arguments: argparse.Namespace) -> AbstractContextManager[Path | None]:
    """Return a context in which no other training may use the folder of --run, before pictures are read.

    Without the option, the context is empty, and the training claims its folder later.

    Raises:
        OutputUnusable: the folder has a release, another training is at work in it, or it is no folder.
    """
    return nullcontext() if arguments.run is None else claim_new_run(arguments.run)


@contextmanager
def report_usage_errors(arguments: argparse.Namespace) -> Iterator[None]:
    """End the command with an error of usage if a block raises UnusedOption: an option has no effect.

    Args:
        arguments: the arguments of the command, which have its function `error`.
    """
    try:
        yield
    except UnusedOption as error:
        arguments.error(str(error))


def make_run_request(arguments: argparse.Namespace, verb: str) -> RunRequest:
    """Return the folders and the command line of a training run, from --run, --tensorboard and --fresh.

    Args:
        arguments: the arguments of a training, with its `words`.
        verb: the command that was typed.
    """
    return RunRequest(
        folder=arguments.run,
        command_line=shlex.join(["wardrobe", verb, *arguments.words]),
        tensorboard_folder=arguments.tensorboard,
        is_fresh=arguments.fresh,
    )


def _check_places(options: TrainingOptions, arguments: argparse.Namespace) -> None:
    """End the command with an error of usage if --from, --photos and other options do not fit together."""
    if options.photos is None and options.release is not None:
        arguments.error(
            "--from fits a head again, on --photos. Own classes: --data PLACE alone; corrections: "
            "wardrobe improve CSV"
        )
    if options.photos is not None and options.release is None:
        arguments.error("--photos fits a network of the release that --from names, such as --from bundled")
    if options.photos is not None:
        with report_usage_errors(arguments):
            check_options_used(list_typed_options(arguments), "photos")


def _train_photos(options: TrainingOptions, arguments: argparse.Namespace) -> object:
    """Fit the head for photos of the release --from again, on --photos, and return the result for --json."""
    release_name = str(options.release)
    photos = Path(str(options.photos))
    data_source = make_photo_source(options)
    target = open_release_target(arguments, photos)
    parent = find_release(release_name, read_command_settings().cache_dir)
    check_has_photo_network(parent, release_name, photos)
    make_console().print("Reading the photos; then TensorFlow starts.")
    run = make_run_request(arguments, "train")
    target.check_labels(parent.manifest.labels)
    listing = data_source.list_photos(parent.manifest.labels)
    new_release = train_on_photos(
        parent, data_source, options, run, TerminalProgress(), target.check_labels, listing
    )
    write_doubted_labels(
        new_release.run_folder,
        new_release.answers,
        new_release.labels,
        has_named_folder=arguments.run is not None,
    )
    if listing.corrections is None:
        return target.publish_and_report(new_release.release_folder)
    return publish_photo_release(new_release, release_name, parent, target, arguments)


VERBS_BY_MODE = {"test": "evaluate", "eval": "evaluate", "evaluate": "evaluate", "predict": "predict"}
"""The command to suggest if --mode has a value that other projects use, by this value."""


def _parse_mode(text: str) -> str:
    """Parse the value of --mode, which other projects have. Only `train` is accepted."""
    if text != "train":
        verb = VERBS_BY_MODE.get(text, "--help")
        raise argparse.ArgumentTypeError(f"{text!r}: this verb trains; type `wardrobe {verb}`")
    return text


OPTION_GROUPS: Final[Mapping[TrainingMethod, tuple[str, str]]] = {
    "own classes": (
        "own classes",
        "Photos of classes of your own. A head learns them on networks that stay as they are.",
    ),
    "pixels": (
        "by gradient",
        "Fashion-MNIST, and pictures in its form, of 28 x 28. A network learns them whole. "
        f"Networks: {', '.join(NETWORK_NAMES)}.",
    ),
    "photos": (
        "photos of the ten classes",
        "Photos in FOLDER/tier/label/, or in a CSV of `path`, `label`, `tier`, and perhaps `group`, `source` "
        "and `checked`. The head of a release that answers photos is fitted again.",
    ),
}
"""Title and description in the help for the options of each way to train."""

COMMON_OPTIONS_TITLE: Final = "every training"
"""Title in the help for the options that every way to train uses."""

ALSO_BY_GRADIENT_NOTE: Final = f"; also {OPTION_GROUPS['pixels'][0]}"
"""End of the help of an option that stands under own classes, if a training by gradient uses it, too."""


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe train`: common options, then those of each way of training."""
    parser = make_command_parser("train", __doc__, EXAMPLE_COMMANDS)
    _add_common_options(parser.add_argument_group(COMMON_OPTIONS_TITLE))
    groups = {
        method: parser.add_argument_group(*_wrap_group(*text)) for method, text in OPTION_GROUPS.items()
    }
    own_classes, gradient, photos = groups["own classes"], groups["pixels"], groups["photos"]
    add_place_options(own_classes, ALSO_BY_GRADIENT_NOTE)
    column = "column of the CSV that is learnt, too, such as colour; may be repeated"
    own_classes.add_argument("--attribute", action="append", metavar="COLUMN", help=column)
    own_classes.add_argument("--fast", action="store_true", help="make a smaller model, nine times as fast")
    add_recipe_options(own_classes, OWN_CLASS_FIELDS, ALSO_BY_GRADIENT_NOTE)
    add_accept_options(own_classes, ALSO_BY_GRADIENT_NOTE)
    licence = (
        f"licence of the data, such as MIT or `our own pictures`, for the model card{ALSO_BY_GRADIENT_NOTE}"
    )
    own_classes.add_argument("--data-licence", metavar="TEXT", help=licence)
    add_csv_pair_options(gradient)
    add_start_recipe_options(gradient)
    add_recipe_options(gradient, [name for name in RECIPE_FIELDS if name not in OWN_CLASS_FIELDS])
    gradient.add_argument("--fresh", action="store_true", help="delete the checkpoint and start over")
    log = "folder below which every epoch is logged for TensorBoard"
    gradient.add_argument("--tensorboard", type=Path, metavar="FOLDER", help=log)
    release = "release whose head for photos is fitted again, such as bundled"
    photos.add_argument("--from", dest="release", metavar="RELEASE", help=release)
    photos_help = "photos of the ten classes, which that head learns"
    photos.add_argument("--photos", type=Path, metavar="FOLDER|CSV", help=photos_help)
    return parser


OWN_CLASS_FIELDS: Final = ("seed", "limit")
"""Fields of a recipe that a training of own classes uses or records, too."""


def _wrap_group(title: str, description: str) -> tuple[str, str]:
    """Return the title and the description of a group, wrapped, because argparse does not wrap it here."""
    return title, textwrap.fill(description, 76)


def _add_common_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options that every training uses."""
    add_corrections_option(group)
    add_list_options(group)
    add_product_column_option(group)
    place = "folder of the checkpoint and the release (default: one in runs/ for each training)"
    group.add_argument("--run", type=Path, metavar="FOLDER", help=place)
    add_store_options(group)
    mode = "name that other projects have for this verb; changes nothing"
    group.add_argument("--mode", type=_parse_mode, metavar="train", help=mode)


if __name__ == "__main__":
    raise SystemExit(command("train"))

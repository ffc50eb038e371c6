"""The options that name a data set and change a recipe, for the commands that train or measure.

A recipe is the set of values by which a network is trained, such as the number of epochs. Each option of a
recipe has the name of the field that it changes: --epochs changes `epochs`. Without the option, the field
stays as it is.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE
from scripts.list_options import add_list_options, add_product_column_option
from scripts.parsers import parse_number, parse_whole_number
from scripts.progress_bars import TerminalProgress
from training.data.data_source import DataSource
from training.data.decoded_pictures import decode_until_photo
from training.data.fashion import LabelledData
from training.data.pictures import Pictures
from training.data.read import load_data_set
from training.gradient.recipes import (
    DEFAULT_NETWORK,
    NETWORK_NAMES,
    RECIPES,
    Recipe,
)
from training.methods import make_data_source
from training.options import RECIPE_FIELDS, TrainingOptions

MIN_ACCEPT_RIGHT: Final = 0.5
"""Smallest value of --accept-right, as for the setting WARDROBE_ACCEPT_TARGET."""

NETWORK_ALIASES: Final = {"vgg_like": "vgg", "custom": "arch2", "v1": "arch1"}
"""Names that networks have in the project that they are from (Fashion-MNIST-CNN), each with its name here."""

OPTIMIZER_ALIASES: Final = {"rms": "rmsprop"}
"""Names that optimizers have in that project, in small letters, each with the name here."""


def parse_accept_right(text: str) -> float:
    """Parse the value of --accept-right, the share of accepted answers that must be right.

    Raises:
        ArgumentTypeError: the text is no number, less than MIN_ACCEPT_RIGHT, or 1 or more.
    """
    value = parse_number(text)
    if not MIN_ACCEPT_RIGHT <= value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected {MIN_ACCEPT_RIGHT} or more, and less than 1")
    return value


def parse_accept_confidence(text: str) -> float:
    """Parse the value of --accept-confidence, the confidence that each accepted answer needs.

    Raises:
        ArgumentTypeError: the text is no number, negative, or 1 or more.
    """
    value = parse_number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 0 or more, and less than 1")
    return value


def add_accept_options(group: "argparse._ActionsContainer", note: str = "") -> None:
    """Add the options --accept-right and --accept-confidence.

    Args:
        note: the end of the help of each option.
    """
    usual = "default: 0.95 for own classes, 0.99 for Fashion-MNIST"
    accept_right_help = f"share of accepted answers that must be right ({usual}){note}"
    group.add_argument("--accept-right", type=parse_accept_right, metavar="X", help=accept_right_help)
    accept_confidence_help = (
        f"confidence that each accepted answer needs (default: {DEFAULT_ACCEPT_CONFIDENCE}){note}"
    )
    group.add_argument(
        "--accept-confidence", type=parse_accept_confidence, metavar="X", help=accept_confidence_help
    )


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add all options that name a data set, and those for reading it.

    These are --data, --skip-unreadable, --corrections, --train and --test, the options of lists, and
    --product-column.
    """
    title = "pictures and classes of your own, Fashion-MNIST, or anything in its form"
    group = parser.add_argument_group("data set", title)
    add_place_options(group)
    add_corrections_option(group)
    add_csv_pair_options(group)
    add_list_options(group)
    add_product_column_option(group)


def add_place_options(group: "argparse._ActionsContainer", note: str = "") -> None:
    """Add the options --data and --skip-unreadable.

    Args:
        note: the end of the help of each option.
    """
    place = f"folder of pictures per class, a CSV, IDX files, or keras (default: Fashion-MNIST){note}"
    group.add_argument("--data", metavar="FOLDER|CSV", help=place)
    unreadable = f"leave out files of --data that are no pictures{note}"
    group.add_argument("--skip-unreadable", action="store_true", help=unreadable)


def add_corrections_option(group: "argparse._ActionsContainer") -> None:
    """Add the option --corrections, which names files with other labels of some pictures."""
    corrections_help = (
        "file with other labels of some pictures, in the columns `path` and `label`; an empty label leaves "
        "the picture out; may be repeated"
    )
    group.add_argument(
        "--corrections", type=Path, action="append", default=[], metavar="CSV", help=corrections_help
    )


def add_csv_pair_options(group: "argparse._ActionsContainer") -> None:
    """Add the options --train and --test, which name a training set and a test set of pixels as CSV."""
    group.add_argument("--train", type=Path, metavar="CSV", help="training set: label and 784 pixels per row")
    group.add_argument("--test", type=Path, metavar="CSV", help="test set in the same form")


def add_start_recipe_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options --network and --recipe, which choose the recipe that other options change."""
    networks = f"network that is trained (default: {DEFAULT_NETWORK})"
    group.add_argument(
        "--network", type=parse_network_name, choices=NETWORK_NAMES, metavar="NAME", help=networks
    )
    group.add_argument(
        "--model-arch",
        dest="network",
        type=parse_network_name,
        choices=NETWORK_NAMES,
        help=argparse.SUPPRESS,
    )
    recipes = f"recipe to start from: {', '.join(sorted(RECIPES))} (default: the network's own)"
    group.add_argument("--recipe", type=_parse_recipe_name, metavar="NAME", help=recipes)


def parse_network_name(text: str) -> str:
    """Return the name of a network for its name in this program or in the project that it is from."""
    return NETWORK_ALIASES.get(text, text)


def _parse_optimizer_name(text: str) -> str:
    """Return the name of an optimizer in small letters, also for a name of another project."""
    return OPTIMIZER_ALIASES.get(text.lower(), text.lower())


def _parse_recipe_name(text: str) -> str:
    """Parse the value of --recipe. The error message about `bundled`, which 2.0 had, names its successors."""
    if text == "bundled":
        raise argparse.ArgumentTypeError(
            "'bundled': no recipe makes the bundled release any more. For photos use --from bundled "
            "--photos CSV, for a network like its pixel network --recipe first"
        )
    if text not in RECIPES:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {', '.join(sorted(RECIPES))}")
    return text


def read_data_set_options(arguments: argparse.Namespace) -> DataSource:
    """Return the data set that the options --data, --train and --test name.

    If these options contradict each other, the command ends with an error of usage.
    """
    options = read_training_options(arguments)
    train = arguments.train
    test = arguments.test
    if (train is None) != (test is None):
        arguments.error(
            "--train and --test belong together: one CSV file each. `wardrobe evaluate --data CSV` measures "
            "on one alone"
        )
    if train is not None and options.data is not None:
        arguments.error(
            "--data names pictures or IDX files, --train and --test a CSV pair: give one of the two"
        )
    return make_data_source(options, (train, test) if train is not None else None)


def list_data_files(arguments: argparse.Namespace, *parts: Pictures) -> list[Path]:
    """Return the paths of all files that a command reads for its data: tables, corrections and pictures.

    Args:
        arguments: the arguments of a command with `add_data_options`.
        parts: the parts of the data set, with the files of their pictures.
    """
    tables = (arguments.data and Path(arguments.data), arguments.train, arguments.test)
    table_files = [table for table in (*tables, *arguments.corrections) if table and not table.is_dir()]
    return [*table_files, *(file for part in parts for file in part.files)]


def load_pixel_pictures(arguments: argparse.Namespace) -> LabelledData:
    """Read the data set that the arguments name as pictures of 28 x 28, for training a whole network.

    If the data set has photos of own classes, the command ends with an error of usage, because those are
    learnt by a head (last layer) on frozen networks.
    """
    data_source = read_data_set_options(arguments)
    if (listing := data_source.list_pictures()) is None:
        return load_data_set(data_source, TerminalProgress())
    is_of_photos, known_files = decode_until_photo(listing, TerminalProgress())
    if is_of_photos:
        arguments.error("photos of own classes are learnt by a head: wardrobe train --data PLACE")
    unique_pictures = data_source.make_unique_pictures(listing, known_files)
    unique_pictures.check_pictures(TerminalProgress().warn, skip_unreadable=data_source.skip_unreadable)
    return load_data_set(data_source, TerminalProgress(), unique_pictures=unique_pictures)


def add_recipe_options(
    group: "argparse._ActionsContainer", names: Sequence[str] = RECIPE_FIELDS, note: str = ""
) -> None:
    """Add an option for each of some fields of a recipe. Type and help come from the field's annotation.

    Args:
        names: the names of the fields, such as `batch_size` for --batch-size.
        note: the end of the help of each option.
    """
    hints = get_type_hints(Recipe, include_extras=True)
    for name in names:
        kind = _find_plain_type(hints[name])
        default = RECIPE_DEFAULT_TEXTS.get(name, "as in the recipe")
        text = f"{_find_description(hints[name])} (default: {default}){note}"
        option = f"--{name.replace('_', '-')}"
        if kind is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif get_origin(kind) is Literal:
            parse = _parse_optimizer_name if name == "optimizer" else str.lower
            group.add_argument(option, type=parse, choices=get_args(kind), help=text)
        elif kind is int:
            group.add_argument(option, type=parse_whole_number, metavar="N", help=text)
        else:
            group.add_argument(option, type=parse_number, metavar="X", help=text)
    # Names that these options have in other projects.
    if "epochs" in names:
        group.add_argument("--num_epochs", dest="epochs", type=parse_whole_number, help=argparse.SUPPRESS)
    if "batch_size" in names:
        group.add_argument("-b", dest="batch_size", type=parse_whole_number, help=argparse.SUPPRESS)


RECIPE_DEFAULT_TEXTS: Final = {"limit": "all", "dropout": "the network's own"}
"""Texts in the help for the default of fields that no recipe sets, by the name of the field."""


def _find_plain_type(hint: Any) -> Any:  # noqa: ANN401 - types are of many types
    """Return the type in an annotation: `int` for `Annotated[int | None, ...]`; a Literal stays."""
    while get_origin(hint) is not Literal and (inner := get_args(hint)):
        hint = inner[0]
    return hint


def _find_description(hint: Any) -> str:  # noqa: ANN401 - as above
    """Return the description in the annotation of a recipe's field."""
    return str(next(value.description for value in hint.__metadata__ if getattr(value, "description", None)))


UNRECORDED_ARGUMENTS: Final = frozenset(
    {
        *("words", "error", "json"),  # every command has these
        *("train", "test", "mode", "run", "fresh", "tensorboard"),
        *("out", "publish", "sign", "force", "by", "unconditional"),  # they say where a release goes
        *("networks", "seeds", "trials"),  # compare and tune
        *("split", "model", "labels"),  # evaluate and adopt
    }
)
"""Arguments of commands that a release does not record among the options of its training."""


def list_typed_options(arguments: argparse.Namespace) -> set[str]:
    """Return the names of the options that were typed for a training, such as `data_licence`."""
    unrecorded_values = {
        name: getattr(arguments, name, None) for name in UNRECORDED_ARGUMENTS - {"words", "error", "json"}
    }
    typed_names = {
        name for name, value in unrecorded_values.items() if value is not None and value is not False
    }
    return typed_names | read_training_options(arguments).option_names


def read_training_options(arguments: argparse.Namespace) -> TrainingOptions:
    """Return the options that were typed for a training and that its release records.

    Each argument of the command must be an option of `TrainingOptions`, a field of a recipe, or one of
    UNRECORDED_ARGUMENTS.
    """
    # A flag that was not typed is False, and a repeatable option []. A field of a recipe may really be False.

    typed_values = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(arguments).items()
        if name not in UNRECORDED_ARGUMENTS
        and (name in RECIPE_FIELDS or (value is not False and value != []))
    }
    return TrainingOptions.parse_settings(
        {**typed_values, "corrections": [*map(str, arguments.corrections)] or None}
    )

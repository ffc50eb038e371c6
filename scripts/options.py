"""The options that name a data set and change a recipe, shared by the commands that train or measure.

Each option of a recipe has the name of the field that it changes; without it the field stays as it is. What
the fields mean: training/gradient/recipes.py.
"""

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from inference.contract import GREY_28, InputContract
from inference.decode import prepare_decoders
from reports.acceptance import ACCEPT_CONFIDENCE, Conditions
from scripts.progress import counting
from scripts.terminal import complain
from scripts.training.loading import start_tensorflow
from training.errors import BadPictures
from training.gradient.recipes import DEFAULT_NETWORK, NETWORKS, RECIPES, Recipe, for_few
from training.pictures.checks import check_at_once
from training.pictures.corrections import Corrections, read_corrections
from training.pictures.fashion import SYSTEM_FOLDER, LabelledData, from_csv, from_idx, from_keras
from training.pictures.listing import has_idx, list_pictures, unwrapped
from training.pictures.own_pictures import Division, from_pictures
from training.pictures.picture_files import decode_file
from training.pictures.split import Split, first, split

LEAST_RIGHT: Final = 0.5
"""As WARDROBE_ACCEPT_TARGET has it."""


def share_right(text: str) -> float:
    """The type of --accept-right."""
    value = float(text)
    if not LEAST_RIGHT <= value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected {LEAST_RIGHT} or more, and less than 1")
    return value


def share_sure(text: str) -> float:
    """The type of --accept-confidence."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 0 or more, and less than 1")
    return value


def add_accept_options(group: "argparse._ActionsContainer", right: str) -> None:
    """Add --accept-right, whose help ends with `right`, and --accept-confidence."""
    of_all = f"accepted answers that must be right ({right})"
    group.add_argument("--accept-right", type=share_right, metavar="X", help=of_all)
    each = f"confidence that each accepted answer needs ({ACCEPT_CONFIDENCE})"
    group.add_argument(
        "--accept-confidence", type=share_sure, default=ACCEPT_CONFIDENCE, metavar="X", help=each
    )


def conditions_of(arguments: argparse.Namespace) -> Conditions:
    """What these two say."""
    return Conditions(arguments.accept_right, arguments.accept_confidence)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --skip-unreadable, --corrections, --train and --test."""
    title = "pictures and classes of your own, Fashion-MNIST, or anything in its form"
    add = parser.add_argument_group("data set", title).add_argument
    place = f"a folder of pictures per class, a CSV, IDX files, or keras ({SYSTEM_FOLDER})"
    add("--data", metavar="FOLDER|CSV", help=place)
    add("--skip-unreadable", action="store_true", help="leave out files of --data that are no pictures")
    corrected = (
        "other labels of some pictures of --data, or of photos, in the columns `path` and `label`; an empty "
        "label leaves the picture out. May be given again"
    )
    add("--corrections", type=Path, action="append", default=[], metavar="CSV", help=corrected)
    add("--train", type=Path, metavar="CSV", help="training set: label and 784 pixels per row")
    add("--test", type=Path, metavar="CSV", help="test set in the same form")


def add_start_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options that choose the recipe which the others change."""
    networks = f"train this network ({DEFAULT_NETWORK})"
    group.add_argument("--network", choices=NETWORKS, metavar="NAME", help=networks)
    recipes = f"start from {', '.join(sorted(RECIPES))}, or a TOML file"
    group.add_argument("--recipe", type=_recipe_name, metavar="NAME|FILE", help=recipes)
    layers = "print the network's layers, shapes and parameters, and train nothing"
    group.add_argument("--show", action="store_true", help=layers)
    show = "print the recipe as a TOML file, and train nothing"
    group.add_argument("--show-recipe", action="store_true", help=show)


def _recipe_name(text: str) -> str:
    if text == "bundled":
        raise argparse.ArgumentTypeError(
            "'bundled': no recipe makes the bundled release any more. For photos use --from bundled "
            "--photos CSV, for a network like its pixel network --recipe first"
        )
    if text not in RECIPES and not text.endswith(".toml"):
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected {', '.join(sorted(RECIPES))}, or a recipe file, whose name ends in .toml"
        )
    return text


def load_data(
    arguments: argparse.Namespace,
    reads: InputContract = GREY_28,
    corrections: Corrections | None = None,
    *,
    division: Division = "divided",
) -> LabelledData:
    """Read the data set that the arguments name; a contradiction among them ends as wrong usage.

    What was left out of a folder of pictures is said on stderr.

    Args:
        arguments: with those of `add_data_options`.
        reads: what the model reads.
        corrections: of its labels; those that the arguments name unless they are given.
        division: of pictures of one's own; see `from_pictures`.

    Raises:
        DataError: a file is missing or wrong; the message names it and the row.
    """
    found = read_corrections(arguments.corrections) if corrections is None else corrections
    data = _load(arguments, reads, found, division)
    found.check()
    if (data.reads.array_shape, data.reads.framing) != (reads.array_shape, reads.framing):
        raise BadPictures(
            f"The model is to read {reads.in_words}, but this data set has {data.reads.in_words}. "
            "Name pictures with --data: a folder with a sub-folder per class, or a CSV."
        )
    return data


def check_own_pictures(arguments: argparse.Namespace) -> None:
    """Refuse pictures of --data that cannot be learnt, before TensorFlow is loaded or a picture is decoded.

    Raises:
        DataError: see `check_at_once`.
    """
    if (place := place_of_pictures(arguments.data)) is not None:
        corrected = bool(arguments.corrections)
        check_at_once(list_pictures(place), skip_unreadable=arguments.skip_unreadable, corrected=corrected)


def place_of_pictures(data: str | None) -> Path | None:
    """Where the pictures of one's own are that --data names; None for keras, IDX files, or nothing."""
    if data in {None, "keras"}:
        return None
    place = unwrapped(Path(str(data)).expanduser())
    return place if place.exists() and not has_idx(place) else None


def names_photos(data: str | None) -> bool:
    """Whether --data names pictures, not all of them already pixels in the form of Fashion-MNIST."""
    if (place := place_of_pictures(data)) is None:
        return False
    read = (decode_file(one.path) for one in list_pictures(place).pictures)
    return any(not isinstance(one, str) and one[1].is_photo for one in read)


def check_no_photos(arguments: argparse.Namespace) -> None:
    """Let photos of own classes end as wrong usage where networks are trained by gradient."""
    if names_photos(arguments.data):
        arguments.error("photos of own classes are learnt by a head: wardrobe train --data PLACE")


def _load(
    arguments: argparse.Namespace,
    reads: InputContract,
    corrections: Corrections,
    division: Division,
) -> LabelledData:
    if (arguments.train is None) != (arguments.test is None):
        arguments.error("--train and --test belong together: one CSV file each")
    if arguments.train is not None and arguments.data is not None:
        arguments.error(
            "--data names pictures or IDX files, --train and --test a CSV pair: give one of the two"
        )
    if arguments.train is not None:
        return from_csv(arguments.train, arguments.test)
    if arguments.data not in {None, "keras"}:
        return _from_place(arguments, reads, corrections, division)
    if arguments.data is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_tensorflow()
    return from_keras()


def _from_place(
    arguments: argparse.Namespace,
    reads: InputContract,
    corrections: Corrections,
    division: Division,
) -> LabelledData:
    """Read what --data names: IDX files where there are any, else pictures of one's own."""
    place = unwrapped(Path(arguments.data).expanduser())
    if has_idx(place) or not place.exists():
        return from_idx(place)
    prepare_decoders()
    with counting("reading pictures") as watch:
        return from_pictures(
            *(place, complain, watch, reads),
            skip_unreadable=arguments.skip_unreadable,
            corrections=corrections,
            division=division,
        )


_CHOSEN_OTHERWISE: Final = (
    "network", "warm_up", "averaging", "schedule", "weight_decay"
)  # fmt: skip
"""Fields of a recipe that other options set, or files alone."""

OPTIONS: Final = tuple(field.name for field in fields(Recipe) if field.name not in _CHOSEN_OTHERWISE)
"""The fields of a recipe that options of the same names change."""


def add_recipe_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options that change a recipe's fields."""
    hints = get_type_hints(Recipe, include_extras=True)
    for name in OPTIONS:
        kind, text = _plain(hints[name]), _description(hints[name])
        option = f"--{name.replace('_', '-')}"
        if kind is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif get_origin(kind) is Literal:
            group.add_argument(option, choices=get_args(kind), help=text)
        else:
            group.add_argument(option, type=kind, metavar="N" if kind is int else "X", help=text)
    group.add_argument("--num_epochs", dest="epochs", type=int, help=argparse.SUPPRESS)


def _plain(hint: Any) -> Any:  # noqa: ANN401 - types are of many types
    """The type in an annotation: `int` of `Annotated[int | None, ...]`, and a Literal as it is."""
    while get_origin(hint) is not Literal and (inner := get_args(hint)):
        hint = inner[0]
    return hint


def _description(hint: Any) -> str:  # noqa: ANN401 - as above
    return str(next(one.description for one in hint.__metadata__ if getattr(one, "description", None)))


def given_fields(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of a recipe that the arguments set, with their values."""
    return {name: getattr(arguments, name) for name in OPTIONS if getattr(arguments, name) is not None}


def sized(recipe: Recipe, data: LabelledData) -> Recipe:
    """The recipe adapted to the size of the data, if these are pictures of one's own."""
    return for_few(recipe, len(data.train)) if data.named else recipe


def planned(start: Recipe, arguments: argparse.Namespace) -> Recipe:
    """The recipe that the arguments make.

    Args:
        start: the fields that the arguments leave alone.
        arguments: parsed; those of OPTIONS that are None change nothing.

    Raises:
        BadRecipe: a field cannot be trained with.
    """
    return replace(start, **given_fields(arguments))


def parts_of(data: LabelledData, recipe: Recipe) -> Split:
    """What the recipe learns from, and what it holds out.

    Raises:
        BadRecipe: the recipe does not fit the training set.
    """
    if data.cross_fitted:
        return Split(data.train, data.train)
    train = first(data.train, recipe.limit)
    return split(train, len(data.labels))
